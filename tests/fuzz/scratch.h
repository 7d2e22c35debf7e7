/* SPDX-License-Identifier: MIT
 *
 * scratch.h -- a small database for fuzz targets: a block of one day and two of the
 * next, whose files a target changes and puts back.
 *
 * It lies in memory where there is a /dev/shm, as a target makes thousands a second.
 */
#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/godb.h"

#define SCRATCH_DAY INT64_C(1700006400)

enum { SCRATCH_BLOCKS = 3, SCRATCH_FLOWS = 40, SCRATCH_FILE_MAX = 64 << 10 };

struct scratch {
    char root[64];
    struct godb *db;
};

static inline void
check(bool holds)
{
    if (!holds) abort();
}

static inline struct godb_flow
scratch_flow(int i)
{
    return (struct godb_flow){.sip = {10, 0, 0, (uint8_t)i},
        .dip = {192, 0, 2, 1},
        .proto = i % 3 ? 6 : 17,
        .dport = i % 3 ? 443 : 53,
        .l7proto = 7,
        .bytes_rcvd = 1,
        .packets_rcvd = 1,
        .packets_sent = 1};
}

static inline int64_t
scratch_time_s(int block)
{
    return SCRATCH_DAY - (block == 0 ? GODB_DAY_S : 0) + 300 * (block + 1);
}

static inline int
scratch_append(struct godb *db, int64_t time_s)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block;
    check(godb_block_new(&block) == GODB_OK);
    for (int i = 0; i < SCRATCH_FLOWS; i++) {
        const struct godb_flow flow = scratch_flow(i);
        check(godb_block_add(block, &flow) == GODB_OK);
    }
    int rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, time_s, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, NULL);
    godb_writer_close(writer);
    godb_block_free(block);
    return rc;
}

static inline struct scratch *
scratch_get(void)
{
    static struct scratch scratch;
    if (scratch.db != NULL) return &scratch;
    snprintf(scratch.root, sizeof scratch.root, "%s/goprobe-fuzz-XXXXXX",
        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    check(mkdtemp(scratch.root) != NULL);
    check(godb_open(&scratch.db, scratch.root, GODB_CREATE, NULL) == GODB_OK);
    for (int i = 0; i < SCRATCH_BLOCKS; i++)
        check(scratch_append(scratch.db, scratch_time_s(i)) == GODB_OK);
    return &scratch;
}

/* For atexit(). */
static inline void
scratch_remove(void)
{
    char command[100];
    struct scratch *scratch = scratch_get();
    godb_close(scratch->db);
    snprintf(command, sizeof command, "rm -r %s", scratch->root);
    if (system(command) != 0) perror(command);
}

/* A file of the database, kept as it was. */
struct scratch_file {
    const char *name; /* below the database */
    uint8_t *bytes;   /* NULL: there was none */
    size_t size;
};

static inline int
scratch_open(const struct scratch *scratch, const char *name, int flags)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%.100s", scratch->root, name);
    return open(path, flags | O_CLOEXEC, 0600);
}

static inline struct scratch_file
scratch_load(const struct scratch *scratch, const char *name)
{
    struct scratch_file file = {name, NULL, 0};
    int fd = scratch_open(scratch, name, O_RDONLY);
    if (fd < 0) return file;
    file.bytes = malloc(SCRATCH_FILE_MAX);
    check(file.bytes != NULL);
    const ssize_t got = read(fd, file.bytes, SCRATCH_FILE_MAX);
    check(got >= 0 && got < SCRATCH_FILE_MAX);
    file.size = (size_t)got;
    close(fd);
    return file;
}

static inline void
scratch_store(
    const struct scratch *scratch, const char *name, const void *bytes, size_t size)
{
    int fd = scratch_open(scratch, name, O_WRONLY | O_CREAT | O_TRUNC);
    check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    close(fd);
}

static inline void
scratch_put_back(const struct scratch *scratch, const struct scratch_file *file)
{
    char path[200];
    if (file->bytes != NULL) {
        scratch_store(scratch, file->name, file->bytes, file->size);
        return;
    }
    snprintf(path, sizeof path, "%s/%.100s", scratch->root, file->name);
    unlink(path);
}

enum { SCRATCH_FILES = GODB_COLUMN_COUNT + 4 };

/* The files that a question or a writer meets: the columns first. */
static inline struct scratch_file *
scratch_files(const struct scratch *scratch)
{
    static const char *const others[] = {"eth0/1700006400/blocks.index",
        "eth0/1700006400/meta.json", "eth0/1700006400/l7proto.json", "summary.json"};
    static struct scratch_file kept[SCRATCH_FILES];
    static char paths[GODB_COLUMN_COUNT][64];
    if (kept[0].name != NULL) return kept;
    atexit(scratch_remove);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        snprintf(paths[col], sizeof paths[col], "eth0/1700006400/%s",
            godb_columns[col].file);
        kept[col] = scratch_load(scratch, paths[col]);
    }
    for (int i = GODB_COLUMN_COUNT; i < SCRATCH_FILES; i++)
        kept[i] = scratch_load(scratch, others[i - GODB_COLUMN_COUNT]);
    return kept;
}

/* The next byte of an input; 0 behind its end. */
static inline uint8_t
take_byte(const uint8_t **data, size_t *size)
{
    if (*size == 0) return 0;
    --*size;
    return *(*data)++;
}

static inline uint64_t
take_number(const uint8_t **data, size_t *size, int bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | take_byte(data, size);
    return value;
}

#endif
