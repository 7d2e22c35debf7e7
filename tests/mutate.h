/* SPDX-License-Identifier: MIT
 *
 * mutate.h -- a directory tree kept in memory, and one thing done wrong to it on disk.
 */
#ifndef TESTS_MUTATE_H
#define TESTS_MUTATE_H

#include <fcntl.h>
#include <ftw.h>
#include <lz4.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/bytes.h"
#include "tests/store.h"

/* --- Random numbers --------------------------------------------------------------- */

static uint64_t mutate_seed;

static inline unsigned
mutate_pick(unsigned below)
{
    mutate_seed =
        mutate_seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((mutate_seed >> 33) % below);
}

/* --- Trees ------------------------------------------------------------------------ */

enum { TREE_FILES_MAX = 128 };

struct tree_file {
    char path[200]; /* below the root */
    uint8_t *bytes;
    size_t count;
    struct timespec mtime;
    bool is_dirty; /* was changed on disk */
};

struct tree {
    char root[400];
    struct tree_file files[TREE_FILES_MAX];
    size_t count;
    bool is_dirty; /* names were changed on disk */
};

static struct tree *tree_being_read;

static inline int
tree_take(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)at;
    struct tree *tree = tree_being_read;
    if (kind != FTW_F) return 0;
    assert_true(tree->count < TREE_FILES_MAX);
    struct tree_file *file = &tree->files[tree->count++];
    snprintf(file->path, sizeof file->path, "%s", path + strlen(tree->root) + 1);
    file->count = (size_t)st->st_size;
    file->mtime = st->st_mtim;
    file->bytes = malloc(file->count + 1);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, file->bytes, file->count), (ssize_t)file->count);
    close(fd);
    return 0;
}

static inline int
tree_compare(const void *a, const void *b)
{
    return strcmp(
        ((const struct tree_file *)a)->path, ((const struct tree_file *)b)->path);
}

static inline void
tree_read(struct tree *tree, const char *root)
{
    snprintf(tree->root, sizeof tree->root, "%s", root);
    tree_being_read = tree;
    assert_int_equal(nftw(root, tree_take, 8, FTW_PHYS), 0);
    qsort(tree->files, tree->count, sizeof *tree->files, tree_compare);
}

static inline int
tree_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static inline void
tree_remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0)
        assert_int_equal(nftw(path, tree_remove_one, 8, FTW_PHYS | FTW_DEPTH), 0);
}

static inline void
tree_make_dirs(const char *path)
{
    char part[700];
    for (const char *slash = strchr(path + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0750);
    }
}

/* Write one file as it was; its time too, unless it is to look touched. */
static inline void
tree_write(
    const char *path, const uint8_t *bytes, size_t count, const struct timespec *mtime)
{
    tree_make_dirs(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, count), (ssize_t)count);
    if (mtime) {
        const struct timespec times[2] = {{0, UTIME_OMIT}, *mtime};
        assert_int_equal(futimens(fd, times), 0);
    }
    close(fd);
}

/* Everything as it was: anew, where more than single files was changed. */
static inline void
tree_restore(struct tree *tree, bool keeps_times)
{
    char path[700];
    if (tree->is_dirty) {
        tree_remove(tree->root);
        mkdir(tree->root, 0750);
    }
    for (size_t i = 0; i < tree->count; i++) {
        struct tree_file *file = &tree->files[i];
        const struct timespec times[2] = {{0, UTIME_OMIT},
            keeps_times ? file->mtime : (struct timespec){0, UTIME_NOW}};
        snprintf(path, sizeof path, "%s/%s", tree->root, file->path);
        if (tree->is_dirty || file->is_dirty)
            tree_write(path, file->bytes, file->count, NULL);
        file->is_dirty = false;
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    tree->is_dirty = false;
}

/* --- Mutations -------------------------------------------------------------------- */

struct mutation {
    struct tree *tree;
    const char *root;
    bool keeps_times; /* as a failing disk does */
    char what[300];
};

static inline struct tree_file *
pick_file(struct mutation *mutation, const char *ending)
{
    for (;;) {
        struct tree_file *file =
            &mutation->tree->files[mutate_pick((unsigned)mutation->tree->count)];
        const size_t length = strlen(file->path);
        if (length >= strlen(ending) &&
            strcmp(file->path + length - strlen(ending), ending) == 0)
            return file;
    }
}

static inline void
put(struct mutation *mutation, struct tree_file *file, const uint8_t *bytes,
    size_t count)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", mutation->root, file->path);
    file->is_dirty = true;
    tree_write(path, bytes, count, mutation->keeps_times ? &file->mtime : NULL);
}

static inline uint8_t *
copy_of(struct tree_file *file, size_t more)
{
    uint8_t *bytes = calloc(1, file->count + more + 1);
    memcpy(bytes, file->bytes, file->count);
    return bytes;
}

#define SAY(...) snprintf(mutation->what, sizeof mutation->what, __VA_ARGS__)

static inline void
flip_bits(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    uint8_t *bytes = copy_of(file, 0);
    const unsigned count = 1 + mutate_pick(4);
    /* Most bytes of a header are zeros: half of the flips hit what is behind it. */
    const bool behind = file->count > 12400 && mutate_pick(2);
    const bool before = !behind && mutate_pick(2);
    unsigned at = 0;
    for (unsigned i = 0; i < count; i++) {
        at = behind ? 12288 + mutate_pick((unsigned)file->count - 12288)
             : before && file->count > 8300 ? mutate_pick(3) * 4096 + mutate_pick(40)
                                            : mutate_pick((unsigned)file->count);
        bytes[at] ^= (uint8_t)(1u << mutate_pick(8));
    }
    SAY("flip %u bits of %.200s, the last at %u", count, file->path, at);
    put(mutation, file, bytes, file->count);
    free(bytes);
}

static inline void
truncate_file(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    const size_t count = mutate_pick(4) ? mutate_pick((unsigned)file->count) : 0;
    SAY("truncate %.200s to %zu", file->path, count);
    put(mutation, file, file->bytes, count);
}

static inline void
extend_file(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    const unsigned more = 1 + mutate_pick(5000);
    uint8_t *bytes = copy_of(file, more);
    for (unsigned i = 0; i < more; i++)
        bytes[file->count + i] = (uint8_t)mutate_pick(256);
    SAY("extend %.200s by %u", file->path, more);
    put(mutation, file, bytes, file->count + more);
    free(bytes);
}

static inline void
zero_range(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    uint8_t *bytes = copy_of(file, 0);
    const unsigned at = mutate_pick((unsigned)file->count);
    const unsigned count = 1 + mutate_pick((unsigned)file->count - at);
    memset(bytes + at, mutate_pick(2) ? 0 : 0xff, count);
    SAY("fill %u bytes of %.200s from %u", count, file->path, at);
    put(mutation, file, bytes, file->count);
    free(bytes);
}

static inline uint64_t
absurd_number(uint64_t now)
{
    static const uint64_t numbers[] = {0, 1, 15, 16, 17, 12287, 12288, 12289, INT32_MAX,
        UINT32_MAX, UINT64_C(1) << 40, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX - 7,
        UINT64_MAX};
    switch (mutate_pick(3)) {
    case 0:
        return now + mutate_pick(64) - 32;
    case 1:
        return now ^ (UINT64_C(1) << mutate_pick(64));
    default:
        return numbers[mutate_pick(sizeof numbers / sizeof numbers[0])];
    }
}

static inline void
change_number(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, ".gpf");
    uint8_t *bytes = copy_of(file, 0);
    const unsigned at = mutate_pick(3) * 4096 + 8 * mutate_pick(5);
    const uint64_t number = absurd_number(get_be64(bytes + at));
    put_be64(bytes + at, number);
    SAY("put %llu at %u of %.200s", (unsigned long long)number, at, file->path);
    put(mutation, file, bytes, file->count);
    free(bytes);
}

static inline void
swap_headers(struct mutation *mutation)
{
    struct tree_file *one = pick_file(mutation, ".gpf");
    struct tree_file *two = pick_file(mutation, ".gpf");
    uint8_t *first = copy_of(one, 0), *second = copy_of(two, 0);
    memcpy(first, two->bytes, 12288);
    memcpy(second, one->bytes, 12288);
    SAY("swap headers of %.130s and %.130s", one->path, two->path);
    put(mutation, one, first, one->count);
    put(mutation, two, second, two->count);
    free(first);
    free(second);
}

static inline void
swap_slots(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, ".gpf");
    uint8_t *bytes = copy_of(file, 0);
    const unsigned from = mutate_pick(4), to = mutate_pick(4),
                   sections = mutate_pick(8);
    for (unsigned i = 0; i < 3; i++)
        if (sections & 1u << i)
            memcpy(bytes + i * 4096 + to * 8, file->bytes + i * 4096 + from * 8, 8);
    SAY("copy slot %u to %u, sections %u, of %.200s", from, to, sections, file->path);
    put(mutation, file, bytes, file->count);
    free(bytes);
}

/* The first block becomes a few KiB that claim to be, or are, some MiB. */
static inline void
plant_bomb(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, ".gpf");
    const size_t raw_bytes = (size_t)1 << (16 + mutate_pick(9));
    char *raw = calloc(1, raw_bytes);
    const int bound = LZ4_compressBound((int)raw_bytes);
    uint8_t *bytes = copy_of(file, (size_t)bound);
    memcpy(raw, file->bytes + 4096, 8);
    memcpy(raw + raw_bytes - 8, file->bytes + 4096, 8);
    const int packed =
        LZ4_compress_default(raw, (char *)bytes + 12288, (int)raw_bytes, bound);
    put_be64(bytes, 12288 + (uint64_t)packed);
    put_be64(
        bytes + 8192, mutate_pick(2) ? raw_bytes : UINT64_C(255) * (uint64_t)packed);
    SAY("plant a bomb of %zu bytes in %.200s", raw_bytes, file->path);
    put(mutation, file, bytes, 12288 + (size_t)packed);
    free(raw);
    free(bytes);
}

static inline void
plant_garbage(struct mutation *mutation)
{
    static const char *const texts[] = {"", "{", "[]", "null", "{}", "\0",
        "{\"blocks\":{}}", "{\"blocks\":[1,null,{}]}",
        "{\"blocks\":[{\"timestamp\":1e400}]}", "{\"blocks\":[{\"timestamp\":-1}]}",
        "{\"interfaces\":[]}", "{\"interfaces\":{\"eth0\":7}}",
        "{\"version\":2,\"name_spaces\":[]}", "{\"version\":1,\"name_spaces\":[{}]}",
        "{\"version\":1,\"name_spaces\":[{\"from\":1,\"library\":\"x\",\"protocols\":"
        "[[1,\"\xff\xfe\",\"\"]]}]}",
        "\xff\xfe\x00\x01"};
    struct tree_file *file = pick_file(mutation, ".json");
    static char deep[200000];
    const char *text = texts[mutate_pick(sizeof texts / sizeof texts[0])];
    if (mutate_pick(8) == 0) {
        memset(deep, '[', sizeof deep - 1);
        text = deep;
    }
    SAY("write '%.40s' to %.200s", text, file->path);
    put(mutation, file, (const uint8_t *)text, strlen(text));
}

/* A digit of a JSON text becomes another one. */
static inline void
change_digit(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, ".json");
    uint8_t *bytes = copy_of(file, 0);
    unsigned at;
    do
        at = mutate_pick((unsigned)file->count);
    while (bytes[at] < '0' || bytes[at] > '9');
    bytes[at] = (uint8_t)('0' + (bytes[at] - '0' + 1 + mutate_pick(9)) % 10);
    SAY("change the digit at %u of %.200s", at, file->path);
    put(mutation, file, bytes, file->count);
    free(bytes);
}

static inline void
plant_link(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    struct tree_file *other = pick_file(mutation, "");
    char path[700], target[700];
    snprintf(path, sizeof path, "%s/%s", mutation->root, file->path);
    snprintf(target, sizeof target, "%s/%s", mutation->root, other->path);
    const char *targets[] = {
        "/etc/passwd", ".", "..", "/dev/zero", "/nowhere", target, path};
    const char *to = targets[mutate_pick(7)];
    /* The file, its day or its interface. */
    for (unsigned up = mutate_pick(4); up > 1; up--)
        if (strchr(path + strlen(mutation->root) + 1, '/')) *strrchr(path, '/') = '\0';
    SAY("link %.130s to %.130s", path, to);
    mutation->tree->is_dirty = true;
    tree_remove(path);
    assert_int_equal(symlink(to, path), 0);
}

static inline void
swap_files(struct mutation *mutation)
{
    struct tree_file *one = pick_file(mutation, "");
    struct tree_file *two = pick_file(
        mutation, strrchr(one->path, '/') ? strrchr(one->path, '/') : one->path);
    SAY("swap %.130s and %.130s", one->path, two->path);
    put(mutation, one, two->bytes, two->count);
    put(mutation, two, one->bytes, one->count);
}

static inline void
copy_file(struct mutation *mutation)
{
    struct tree_file *one = pick_file(mutation, "");
    struct tree_file *two = pick_file(mutation, ".gpf");
    SAY("copy %.130s over %.130s", one->path, two->path);
    put(mutation, two, one->bytes, one->count);
}

static inline void
remove_file(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    char path[700];
    snprintf(path, sizeof path, "%s/%s", mutation->root, file->path);
    SAY("remove %.200s", file->path);
    mutation->tree->is_dirty = true;
    assert_int_equal(unlink(path), 0);
}

static inline void
change_kind(struct mutation *mutation)
{
    struct tree_file *file = pick_file(mutation, "");
    char path[700];
    const unsigned kind = mutate_pick(2);
    snprintf(path, sizeof path, "%s/%s", mutation->root, file->path);
    SAY("make %.200s a %s", file->path, kind ? "FIFO" : "directory");
    mutation->tree->is_dirty = true;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(kind ? mkfifo(path, 0640) : mkdir(path, 0750), 0);
}

/* One thing goes wrong. */
static inline void
mutate(struct mutation *mutation)
{
    static void (*const kinds[])(struct mutation *) = {flip_bits, flip_bits, flip_bits,
        truncate_file, extend_file, zero_range, change_number, change_number,
        swap_headers, swap_slots, plant_bomb, plant_garbage, change_digit, plant_link,
        swap_files, swap_files, copy_file, remove_file, change_kind};
    kinds[mutate_pick(sizeof kinds / sizeof kinds[0])](mutation);
}

#undef SAY

#endif
