/* SPDX-License-Identifier: MIT
 *
 * store.h -- databases for tests: a temporary directory, flows that are easily told
 * apart, and what a scan gives back.
 */
#ifndef TESTS_STORE_H
#define TESTS_STORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "godb/godb.h"

/* A new directory under $TMP, whose path is for free(3).  It stays: the runner removes
 * $TMP when the tests pass. */
static inline char *
store_new(void)
{
    const char *tmp = getenv("TMP");
    char *path = NULL;
    if (asprintf(&path, "%s/store.XXXXXX", tmp ? tmp : "/tmp") < 0) abort();
    if (mkdtemp(path) == NULL) abort();
    return path;
}

static inline struct godb *
store_open(const char *root, unsigned flags)
{
    struct godb *db;
    struct godb_err err = {0};
    if (godb_open(&db, root, flags, &err) != GODB_OK) fail_msg("%s", err.msg);
    return db;
}

/* Flow i of something: every field depends on i, and no two fields are alike. */
static inline struct godb_flow
store_flow(uint64_t i)
{
    struct godb_flow flow = {{0}, {0}, 0, 0, 0, 0, 0, 0, 0};
    if (i % 7 == 3) {
        memcpy(flow.sip, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0", 14);
        flow.sip[14] = (uint8_t)(i >> 8);
        flow.sip[15] = (uint8_t)i;
        memcpy(flow.dip, "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
    } else {
        memcpy(flow.sip, "\x0a\x00", 2);
        flow.sip[2] = (uint8_t)(i >> 8);
        flow.sip[3] = (uint8_t)i;
        memcpy(flow.dip, "\xc0\xa8\x01", 3);
        flow.dip[3] = (uint8_t)(i * 3);
    }
    flow.proto = i % 3 ? 6 : 17;
    flow.dport = (uint16_t)(i % 5 ? 443 : 1000 + i);
    flow.l7proto = (uint16_t)(i % 4);
    flow.bytes_rcvd = i * 1000 + 1;
    flow.bytes_sent = i * 10 + 2;
    flow.packets_rcvd = i + 3;
    flow.packets_sent = i / 2 + 4;
    return flow;
}

static inline void
store_fill(struct godb_block *block, uint64_t first, size_t count)
{
    godb_block_reset(block);
    for (size_t i = 0; i < count; i++) {
        const struct godb_flow flow = store_flow(first + i);
        assert_int_equal(godb_block_add(block, &flow), GODB_OK);
    }
}

/* Append one block of `count` flows counted from `first`, and commit it. */
static inline int
store_append(struct godb *db, const char *iface, int64_t time_s, uint64_t first,
    size_t count, struct godb_err *err)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, first, count);
    int rc = godb_writer_open(&writer, db, iface, NULL, NULL, NULL, err);
    if (rc == GODB_OK) rc = godb_writer_append(writer, time_s, block, NULL, err);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, err);
    godb_writer_close(writer);
    godb_block_free(block);
    return rc;
}

/* Warnings, counted and the last one kept. */
struct store_warnings {
    int count;
    char last[512];
};

static inline void
store_warn(void *arg, const struct godb_err *warning)
{
    struct store_warnings *warnings = arg;
    warnings->count++;
    snprintf(warnings->last, sizeof warnings->last, "%s", warning->msg);
}

/* An empty database, for the tests of one file that ask what it warns of. */
struct store_fixture {
    char *root;
    struct godb *db;
    struct store_warnings warnings;
};

static inline struct store_fixture *
store_fixture_new(void)
{
    struct store_fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->root = store_new();
    f->db = store_open(f->root, GODB_CREATE);
    return f;
}

/* For cmocka. */
static inline int
store_fixture_free(void **state)
{
    struct store_fixture *f = *state;
    godb_close(f->db);
    free(f->root);
    free(f);
    return 0;
}

static inline struct godb_scan_spec
store_spec(unsigned columns, struct store_warnings *warnings)
{
    return (struct godb_scan_spec){
        .sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX},
        .columns = columns,
        .warn = warnings ? store_warn : NULL,
        .warn_arg = warnings,
    };
}

/* What a scan of everything gives: blocks, rows, and the sum of bytes_rcvd. */
struct store_sums {
    size_t blocks, rows;
    uint64_t bytes_rcvd;
    int64_t last_s;
};

static inline struct store_sums
store_sum(struct godb *db, unsigned columns, struct store_warnings *warnings)
{
    const struct godb_scan_spec spec = store_spec(columns, warnings);
    struct store_sums sums = {0, 0, 0, 0};
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err = {0};
    int rc = godb_scan_open(&scan, db, &spec, &err);
    if (rc != GODB_OK) fail_msg("%s", err.msg);
    while ((rc = godb_scan_next(scan, &chunk, &err)) == GODB_OK) {
        sums.blocks++;
        sums.rows += chunk.selected_count;
        sums.last_s = chunk.time_s;
        for (uint32_t i = 0; chunk.counters[0] && i < chunk.row_count; i++)
            sums.bytes_rcvd += chunk.counters[0][i];
    }
    if (rc != GODB_DONE) fail_msg("%s", err.msg);
    godb_scan_close(scan);
    return sums;
}

/* Read a whole file as text for free(3); NULL where there is none. */
static inline char *
store_file(const char *root, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", root, name) < 0) abort();
    FILE *file = fopen(path, "rb");
    free(path);
    if (file == NULL) return NULL;
    char *text = calloc(1, 1 << 20);
    if (text == NULL) abort();
    size_t got = fread(text, 1, (1 << 20) - 1, file);
    text[got] = '\0';
    fclose(file);
    return text;
}

#endif
