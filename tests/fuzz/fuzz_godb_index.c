/* SPDX-License-Identifier: MIT
 *
 * Any bytes as the index of a day: questions end, and find no flow that is not there.
 * (That they miss none, either, holds for all bytes but those that were made with the
 * right hashes to deceive; unit/godb_index has that.)
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/godb.h"

#define DAY INT64_C(1700006400)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BLOCKS = 2, FLOWS = 80 };

static void
check(bool holds)
{
    if (!holds) abort();
}

static struct godb_flow
flow_of(int i)
{
    return (struct godb_flow){
        .sip = {10, 0, 0, (uint8_t)i},
        .dip = {192, 0, 2, 1},
        .proto = 6,
        .dport = 443,
        .bytes_rcvd = 1,
        .packets_rcvd = 1,
        .packets_sent = 1,
    };
}

static void
fill(struct godb *db)
{
    struct godb_writer *writer;
    struct godb_block *block;
    check(godb_block_new(&block) == GODB_OK);
    check(godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL) == GODB_OK);
    for (int b = 0; b < BLOCKS; b++) {
        godb_block_reset(block);
        for (int i = 0; i < FLOWS; i++) {
            const struct godb_flow flow = flow_of(FLOWS * b + i);
            check(godb_block_add(block, &flow) == GODB_OK);
        }
        check(godb_writer_append(writer, DAY + 300 * (b + 1), block, NULL, NULL) ==
              GODB_OK);
    }
    check(godb_writer_commit(writer, NULL) == GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
}

/* The time that the seeds of the corpus have for all columns, so that they count as
 * fresh. */
static void
set_times(const char *root)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        char path[200];
        const struct timespec times[2] = {{DAY, 0}, {DAY, 0}};
        snprintf(path, sizeof path, "%s/eth0/%lld/%s", root, (long long)DAY,
            godb_columns[col].file);
        check(utimensat(AT_FDCWD, path, times, 0) == 0);
    }
}

static char root[] = "/tmp/goprobe-fuzz-XXXXXX";

static void
forget(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", root);
    if (system(command) != 0) perror(command);
}

static struct godb *
database(void)
{
    static struct godb *db;
    if (db != NULL) return db;
    check(mkdtemp(root) != NULL);
    atexit(forget);
    check(godb_open(&db, root, GODB_CREATE, NULL) == GODB_OK);
    fill(db);
    set_times(root);
    return db;
}

static void
put_index(const uint8_t *data, size_t size)
{
    char path[200];
    snprintf(path, sizeof path, "%s/eth0/%lld/blocks.index", root, (long long)DAY);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    close(fd);
}

static void
ask(struct godb *db, const char *condition, size_t most)
{
    struct godb_scan_spec spec = {
        .sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL,
    };
    struct godb_filter *filter;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    size_t rows = 0;
    check(godb_filter_parse(&filter, condition, NULL, NULL, NULL, NULL) == GODB_OK);
    spec.filter = filter;
    check(godb_scan_open(&scan, db, &spec, NULL) == GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        for (uint32_t i = 0; i < chunk.selected_count; i++) {
            const uint32_t row = chunk.selected ? chunk.selected[i] : i;
            check(chunk.dport[row] == 443 && chunk.counters[3][row] == 1);
            rows++;
        }
    check(rows <= most);
    godb_scan_close(scan);
    godb_filter_free(filter);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct godb *db = database();
    put_index(data, size);
    ask(db, "sip = 10.0.0.3", 1);
    ask(db, "sip = 10.9.9.9", 0);
    ask(db, "dnet = 192.0.2.0/24 & dport = 443", BLOCKS * FLOWS);
    ask(db, "proto = UDP | sip = 10.0.0.100", 1);
    ask(db, "dport != 443", BLOCKS * FLOWS); /* a forged index may say: all of them */
    return 0;
}
