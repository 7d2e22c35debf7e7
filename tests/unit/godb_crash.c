/* SPDX-License-Identifier: MIT
 *
 * The power fails during an append: of what was written since a file's last sync any
 * sectors may have reached the disk, in any order, and any others not.
 *
 * An append is recorded, call by call.  For each sync the states are made that a disk
 * can be in while it waits for it: the directory as it was, every synced write, and a
 * choice of the sectors of 512 bytes that are not synced; new files, lengths and names
 * are there up to some point, in their order, as a journal has it.  In each state every
 * committed block is read, no block is half there, and the next append works.
 *
 * There are thousands of states; a tenth of them is tried, and all of them with
 * GOPROBE_TORN=all (make torn).
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "tests/deeds.h"

enum { SECTOR_BYTES = 512, OPS_MAX = 4000, RANDOM_CHOICES = 24, SLICE = 10 };

enum op_kind { OP_WRITE, OP_SYNC, OP_MKDIR, OP_CREATE, OP_LENGTH, OP_NAME, OP_GONE };

struct op {
    enum op_kind kind;
    char path[200]; /* below the database */
    char to[200];
    uint8_t bytes[SECTOR_BYTES];
    size_t count;
    off_t offset; /* or a length */
    size_t rows;  /* committed before it */
    bool is_safe; /* while the states of a sync are made: it is on disk */
};

static struct {
    bool is_on;
    char root[300];
    struct op *ops;
    size_t count;
    size_t rows;
} tape;

/* --- Recording -------------------------------------------------------------------- */

static struct op *
new_op(enum op_kind kind)
{
    if (tape.count == OPS_MAX) abort();
    struct op *op = &tape.ops[tape.count++];
    memset(op, 0, sizeof *op);
    op->kind = kind;
    op->rows = tape.rows;
    return op;
}

static void
set_path(char out[200], const char *path)
{
    const size_t length = strlen(tape.root);
    if (strncmp(path, tape.root, length) != 0) abort();
    snprintf(out, 200, "%s", path[length] ? path + length + 1 : ".");
}

static void
path_of(char out[200], int fd, const char *name)
{
    char link[64], path[600];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, 300);
    if (length <= 0) abort();
    path[length] = '\0';
    if (name) snprintf(path + length, sizeof path - (size_t)length, "/%s", name);
    set_path(out, path);
}

static void
record_write(int fd, const uint8_t *bytes, size_t count, off_t offset)
{
    while (count > 0) {
        struct op *op = new_op(OP_WRITE);
        size_t part = SECTOR_BYTES - (size_t)(offset % SECTOR_BYTES);
        if (part > count) part = count;
        path_of(op->path, fd, NULL);
        memcpy(op->bytes, bytes, part);
        op->count = part;
        op->offset = offset;
        bytes += part;
        offset += (off_t)part;
        count -= part;
    }
}

static int
record_sync(int fd)
{
    if (tape.is_on) path_of(new_op(OP_SYNC)->path, fd, NULL);
    return 0;
}

ssize_t __real_pwrite(int fd, const void *from, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_unlinkat(int dir_fd, const char *path, int flags);
int __wrap_unlinkat(int dir_fd, const char *path, int flags);

ssize_t
__wrap_pwrite(int fd, const void *from, size_t count, off_t offset)
{
    const ssize_t put = __real_pwrite(fd, from, count, offset);
    if (tape.is_on && put > 0) record_write(fd, from, (size_t)put, offset);
    return put;
}

int
__wrap_fsync(int fd)
{
    return record_sync(fd);
}

int
__wrap_fdatasync(int fd)
{
    return record_sync(fd);
}

static void
record_length(const char *path, off_t length)
{
    struct op *op = new_op(OP_LENGTH);
    snprintf(op->path, sizeof op->path, "%s", path);
    op->offset = length;
}

int
__wrap_ftruncate(int fd, off_t length)
{
    char path[200];
    const int rc = __real_ftruncate(fd, length);
    if (!tape.is_on || rc != 0) return rc;
    path_of(path, fd, NULL);
    record_length(path, length);
    return rc;
}

int
__wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    struct stat st;
    const bool was_there = !(flags & O_CREAT) || fstatat(dir_fd, path, &st, 0) == 0;
    const int fd = __real_openat(dir_fd, path, flags, 0666);
    if (!tape.is_on || fd < 0 || !(flags & (O_CREAT | O_TRUNC))) return fd;
    if (!was_there) path_of(new_op(OP_CREATE)->path, fd, NULL);
    if (was_there && flags & O_TRUNC) {
        char name[200];
        path_of(name, fd, NULL);
        record_length(name, 0);
    }
    return fd;
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    const int rc = __real_mkdir(path, mode);
    if (tape.is_on && rc == 0) set_path(new_op(OP_MKDIR)->path, path);
    return rc;
}

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    const int rc = __real_renameat(from_fd, from, to_fd, to);
    if (!tape.is_on || rc != 0) return rc;
    struct op *op = new_op(OP_NAME);
    path_of(op->path, from_fd, from);
    path_of(op->to, to_fd, to);
    return rc;
}

int
__wrap_unlinkat(int dir_fd, const char *path, int flags)
{
    const int rc = __real_unlinkat(dir_fd, path, flags);
    if (tape.is_on && rc == 0) path_of(new_op(OP_GONE)->path, dir_fd, path);
    return rc;
}

/* --- A state of the disk ---------------------------------------------------------- */

static void
apply_write(const char *path, const struct op *op)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return; /* its name never came */
    assert_int_equal(
        __real_pwrite(fd, op->bytes, op->count, op->offset), (ssize_t)op->count);
    close(fd);
}

static void
apply(const char *root, const struct op *op)
{
    char path[600], to[600];
    snprintf(path, sizeof path, "%.300s/%s", root, op->path);
    snprintf(to, sizeof to, "%.300s/%s", root, op->to);
    switch (op->kind) {
    case OP_WRITE:
        apply_write(path, op);
        break;
    case OP_MKDIR:
        assert_int_equal(mkdir(path, 0700), 0);
        break;
    case OP_CREATE:
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        break;
    case OP_LENGTH:
        assert_int_equal(truncate(path, op->offset), 0);
        break;
    case OP_NAME:
        assert_int_equal(rename(path, to), 0);
        break;
    case OP_GONE:
        unlink(path);
        break;
    case OP_SYNC:
        break;
    }
}

/* Begin with the database as it was before the append. */
static struct godb *
begin_state(const char *root)
{
    empty_directory(root);
    struct godb *db = store_open(root, GODB_CREATE);
    begin(db);
    return db;
}

static bool
is_name(const struct op *op)
{
    return op->kind != OP_WRITE && op->kind != OP_SYNC;
}

static bool
is_dir_of(const char *dir, const char *path)
{
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 1;
    return strlen(dir) == length && strncmp(dir, slash ? path : ".", length) == 0;
}

/* Is it on disk once this is synced?  A name is when its directory is. */
static bool
is_synced_by(const struct op *op, const char *synced)
{
    if (op->kind == OP_WRITE || op->kind == OP_LENGTH)
        return strcmp(op->path, synced) == 0;
    return is_dir_of(synced, op->kind == OP_NAME ? op->to : op->path);
}

static void
sync_ops(size_t end, const char *synced)
{
    for (size_t i = 0; i < end; i++)
        if (is_synced_by(&tape.ops[i], synced)) tape.ops[i].is_safe = true;
}

/* --- What must hold in each ------------------------------------------------------- */

struct moment {
    const char *root;
    size_t end;              /* calls that were made by then */
    size_t pending[OPS_MAX]; /* writes that are not synced */
    size_t pending_count;
    size_t least_names; /* calls up to here have their names on disk */
    size_t rows;        /* committed */
    uint64_t seed;
    bool is_all;
    size_t state_count, tried_count, mended_count;
};

static unsigned
pick(struct moment *m, unsigned below)
{
    m->seed = m->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((m->seed >> 33) % below);
}

/* By the time that the machine is up again. */
static void
age_lock(const char *root)
{
    char path[400];
    const struct timespec times[2] = {{1, 0}, {1, 0}};
    snprintf(path, sizeof path, "%.300s/summary.lock", root);
    (void)utimensat(AT_FDCWD, path, times, 0);
}

/* The next append, which mends, and says so where blocks go. */
static void
expect_mended(struct moment *m, struct godb *db, size_t rows)
{
    struct store_warnings warnings = {0, ""};
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    struct godb_err err = {0};
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 7, 3);
    if (godb_writer_open(&writer, db, "eth0", NULL, store_warn, &warnings, &err) !=
            GODB_OK ||
        godb_writer_append(writer, godb_writer_last_s(writer) + 1, block, NULL, &err) !=
            GODB_OK ||
        godb_writer_commit(writer, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    godb_writer_close(writer);
    godb_block_free(block);
    m->mended_count += warnings.count > 0;
    assert_int_equal(expect_whole_blocks(db), rows + 3);
    expect_statistics(db, false);
    expect_append_works(db, rows + 3, true, false);
}

static void
expect_state(struct moment *m, size_t names_end, const bool *chosen)
{
    if (!m->is_all && m->state_count++ % SLICE != 0) return;
    m->tried_count++;
    struct godb *db = begin_state(m->root);
    for (size_t i = 0; i < m->end; i++) {
        const struct op *op = &tape.ops[i];
        if (is_name(op) ? i < names_end : op->is_safe || chosen[i]) apply(m->root, op);
    }
    const size_t rows = expect_whole_blocks(db);
    if (rows < m->rows || (rows != 10 && rows != 60 && rows != 110 && rows != 160))
        fail_msg("at call %zu: %zu rows, %zu were committed", m->end, rows, m->rows);
    expect_statistics(db, false);
    age_lock(m->root);
    expect_mended(m, db, rows);
    godb_close(db);
}

/* --- All states ------------------------------------------------------------------- */

enum choice { NONE, ALL, FIRST, ALL_BUT, ONLY, RANDOM };

static void
choose(struct moment *m, bool *chosen, enum choice choice, size_t which)
{
    memset(chosen, 0, OPS_MAX);
    for (size_t i = 0; i < m->pending_count; i++) {
        bool is_there = choice == ALL;
        if (choice == FIRST) is_there = i < which;
        if (choice == ALL_BUT) is_there = i != which;
        if (choice == ONLY) is_there = i == which;
        if (choice == RANDOM) is_there = pick(m, 2);
        chosen[m->pending[i]] = is_there;
    }
}

static void
every_choice(struct moment *m)
{
    bool chosen[OPS_MAX];
    for (size_t i = 0; i < m->pending_count; i++)
        for (int choice = FIRST; choice <= ONLY; choice++) {
            choose(m, chosen, (enum choice)choice, i);
            expect_state(m, m->end, chosen);
        }
    for (int i = 0; i < RANDOM_CHOICES && m->pending_count > 1; i++) {
        choose(m, chosen, RANDOM, 0);
        expect_state(m, m->end, chosen);
    }
    for (size_t names_end = m->least_names; names_end <= m->end; names_end++) {
        if (names_end < m->end && !is_name(&tape.ops[names_end])) continue;
        for (int choice = NONE; choice <= ALL; choice++) {
            choose(m, chosen, (enum choice)choice, 0);
            expect_state(m, names_end, chosen);
        }
    }
}

/* The states while a sync is waited for, or after the last call. */
static void
look_at(struct moment *m, size_t end)
{
    m->end = end;
    m->pending_count = m->least_names = 0;
    m->rows = end < tape.count ? tape.ops[end].rows : tape.rows;
    for (size_t i = 0; i < end; i++) {
        const struct op *op = &tape.ops[i];
        if (is_name(op) && op->is_safe) m->least_names = i + 1;
        if (op->kind == OP_WRITE && !op->is_safe) m->pending[m->pending_count++] = i;
    }
    every_choice(m);
}

/* As append_deed, noting what is committed. */
static void
record_append(struct godb *db)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 50);
    tape.rows = 10;
    tape.is_on = true;
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i < 3; i++) {
        const int64_t time_s = i < 2 ? DAY + 600 + 300 * i : DAY + 86400;
        assert_int_equal(
            godb_writer_append(writer, time_s, block, NULL, NULL), GODB_OK);
        if (i == 0) continue; /* two in one commit */
        assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
        tape.rows = i == 1 ? 110 : 160;
    }
    tape.is_on = false;
    godb_writer_close(writer);
    godb_block_free(block);
}

static void
no_sector_that_is_torn_off_takes_a_block_with_it(void **state)
{
    (void)state;
    static struct moment m;
    const char *torn = getenv("GOPROBE_TORN");
    char *root = store_new_quick(), *again = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    m.is_all = torn != NULL && strcmp(torn, "all") == 0;
    m.root = again;
    m.seed = 1;
    begin(db);
    snprintf(tape.root, sizeof tape.root, "%s", root);
    tape.ops = calloc(OPS_MAX, sizeof *tape.ops);
    assert_non_null(tape.ops);
    record_append(db);
    godb_close(db);
    for (size_t end = 0; end <= tape.count; end++) {
        if (end < tape.count && tape.ops[end].kind != OP_SYNC) continue;
        look_at(&m, end);
        if (end < tape.count) sync_ops(end, tape.ops[end].path);
    }
    print_message("# %zu calls recorded, %zu states of the disk tried, %zu mended\n",
        tape.count, m.tried_count, m.mended_count);
    assert_true(m.tried_count > 100);
    assert_true(m.mended_count > 0);
    empty_directory(root);
    empty_directory(again);
    assert_int_equal(rmdir(root) + rmdir(again), 0);
    free(tape.ops);
    free(again);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_sector_that_is_torn_off_takes_a_block_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
