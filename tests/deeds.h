/* SPDX-License-Identifier: MIT
 *
 * deeds.h -- an append and what must hold after it, whatever came in between.
 */
#ifndef TESTS_DEEDS_H
#define TESTS_DEEDS_H

#include <ftw.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    return at->level == 0 ? 0 : remove(path);
}

/* All that is in the directory. */
static inline void
empty_directory(const char *root)
{
    assert_int_equal(nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* As store_new(), in memory where that can be had: for tests that make thousands of
 * databases, and take each away again. */
static inline char *
store_new_quick(void)
{
    if (access("/dev/shm", W_OK) != 0) return store_new();
    char *path = strdup("/dev/shm/goprobe-test.XXXXXX");
    if (path == NULL || mkdtemp(path) == NULL) abort();
    return path;
}

/* --- What is done ----------------------------------------------------------------- */

/* A first day of one block and statistics, and another interface. */
static inline void
begin(struct godb *db)
{
    const struct godb_block_stats stats = {{70, 3, 6, {1, 2, 3, 4}}, 60};
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 10);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 300, block, &stats, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    assert_int_equal(store_append(db, "wan0", DAY + 300, 0, 5, NULL), GODB_OK);
}

/* Two blocks in one commit, and one of a new day. */
static inline int
append_three(struct godb *db)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    int rc = godb_block_new(&block);
    for (uint64_t i = 0; i < 50 && rc == GODB_OK; i++) {
        const struct godb_flow flow = store_flow(i);
        rc = godb_block_add(block, &flow);
    }
    if (rc == GODB_OK)
        rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 600, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 900, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 86400, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, NULL);
    godb_writer_close(writer);
    godb_block_free(block);
    return rc;
}

/* --- What must hold --------------------------------------------------------------- */

/* Each block of eth0 whole in every column, and no damage told. */
static inline size_t
expect_whole_blocks(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const char *const eth0 = "eth0";
    size_t rows = 0;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(col), &warnings);
        struct godb_scan *scan;
        struct godb_chunk chunk;
        size_t count = 0;
        spec.sel.ifaces = &eth0;
        spec.sel.iface_count = 1;
        if (godb_scan_open(&scan, db, &spec, NULL) != GODB_OK) return 0;
        while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
            count += chunk.row_count;
        godb_scan_close(scan);
        if (col > 0) assert_int_equal(count, rows);
        rows = count;
    }
    if (warnings.count) fail_msg("%s", warnings.last);
    return rows;
}

/* What pcap said of the first block is known as long as the block is there. */
static inline void
expect_statistics(struct godb *db, bool is_vague)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    assert_int_equal(godb_block_list_open(&list, db, &all, NULL, NULL, NULL), GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK) {
        assert_string_equal(info.status, "ok");
        if (info.time_s != DAY + 300 || strcmp(info.iface, "eth0") != 0) continue;
        /* What only a file knew that could not be read is not known. */
        if (is_vague) continue;
        assert_int_equal(info.packets_logged, 60);
        assert_int_equal(info.pcap.received, 70);
        assert_int_equal(info.pcap.undecoded[3], 4);
    }
    godb_block_list_close(list);
}

static inline void
expect_summary(struct godb *db, const char *iface, size_t flow_count)
{
    char *summary = store_file(godb_root(db), "summary.json"), want[100];
    assert_non_null(summary);
    snprintf(want, sizeof want, "\"%s\":{\"flowcount\":%zu,", iface, flow_count);
    if (strstr(summary, want) == NULL) fail_msg("%s lacks %s", summary, want);
    free(summary);
}

/* One more block is appended, and everything is there. */
static inline void
expect_append_works(struct godb *db, size_t rows, bool has_wan0, bool is_vague)
{
    struct godb_err err = {0};
    if (store_append(db, "eth0", DAY + 90000, 7, 3, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(expect_whole_blocks(db), rows + 3);
    expect_statistics(db, is_vague);
    expect_summary(db, "eth0", rows + 3);
    if (has_wan0) expect_summary(db, "wan0", 5);
}

#endif
