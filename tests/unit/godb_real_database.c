/* SPDX-License-Identifier: MIT
 *
 * A database that the original goProbe wrote: read every column, write the same rows
 * anew, and compare what the blocks decompress to, byte by byte; meta.json and
 * summary.json come out equal as files.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "godb/colfile.h"
#include "godb/meta.h"
#include "tests/store.h"

#define REAL "../shared/data/testdb"

static bool
is_there(void)
{
    struct stat st;
    return stat(REAL, &st) == 0;
}

static void
add_chunk(struct godb_block *block, const struct godb_chunk *chunk)
{
    godb_block_reset(block);
    for (uint32_t row = 0; row < chunk->row_count; row++) {
        struct godb_flow flow;
        memcpy(flow.sip, chunk->sip[row], 16);
        memcpy(flow.dip, chunk->dip[row], 16);
        flow.proto = chunk->proto[row];
        flow.dport = chunk->dport[row];
        flow.l7proto = chunk->l7proto[row];
        flow.bytes_rcvd = chunk->counters[0][row];
        flow.bytes_sent = chunk->counters[1][row];
        flow.packets_rcvd = chunk->counters[2][row];
        flow.packets_sent = chunk->counters[3][row];
        assert_int_equal(godb_block_add(block, &flow), GODB_OK);
    }
}

/* The pcap counters are the one thing that the columns do not have. */
static struct godb_block_stats
stats_of(struct godb *db, const char *iface, int64_t time_s)
{
    const struct godb_selection sel = {&iface, 1, time_s, time_s};
    struct godb_block_list *list;
    struct godb_block_info info;
    assert_int_equal(godb_block_list_open(&list, db, &sel, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_string_equal(info.status, "ok");
    const struct godb_block_stats stats = {info.pcap, info.packets_logged};
    godb_block_list_close(list);
    return stats;
}

/* Empty blocks do not come out of a scan, so the block list leads. */
static void
copy_block(struct godb *from, struct godb_writer *writer, const char *iface,
    int64_t time_s, struct godb_block *block)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    const struct godb_block_stats stats = stats_of(from, iface, time_s);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    spec.sel = (struct godb_selection){&iface, 1, time_s, time_s};
    assert_int_equal(godb_scan_open(&scan, from, &spec, NULL), GODB_OK);
    godb_block_reset(block);
    if (godb_scan_next(scan, &chunk, NULL) == GODB_OK) add_chunk(block, &chunk);
    godb_scan_close(scan);
    assert_int_equal(godb_writer_append(writer, time_s, block, &stats, NULL), GODB_OK);
}

static void
copy_iface(struct godb *from, struct godb *to, const char *iface)
{
    const struct godb_selection sel = {&iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, to, iface, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(
        godb_block_list_open(&list, from, &sel, NULL, NULL, NULL), GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK)
        copy_block(from, writer, iface, info.time_s, block);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_block_list_close(list);
    godb_writer_close(writer);
    godb_block_free(block);
}

static void
expect_same_column(int dir_a, int dir_b, enum godb_column column)
{
    struct colfile a, b;
    static uint8_t raw_a[1 << 20], raw_b[1 << 20];
    assert_int_equal(colfile_open(&a, dir_a, column, NULL), GODB_OK);
    assert_int_equal(colfile_open(&b, dir_b, column, NULL), GODB_OK);
    assert_true(a.used > 0);
    assert_int_equal(a.used, b.used);
    for (uint32_t slot = 0; slot < a.used; slot++) {
        struct colfile_extent at_a, at_b;
        assert_int_equal(colfile_time(&a, slot), colfile_time(&b, slot));
        assert_int_equal(colfile_extent(&a, slot, &at_a, NULL), GODB_OK);
        assert_int_equal(colfile_extent(&b, slot, &at_b, NULL), GODB_OK);
        assert_int_equal(at_a.raw_bytes, at_b.raw_bytes);
        assert_true(at_a.raw_bytes <= sizeof raw_a);
        assert_int_equal(colfile_read(&a, slot, &at_a, 0, raw_a, NULL), GODB_OK);
        assert_int_equal(colfile_read(&b, slot, &at_b, 0, raw_b, NULL), GODB_OK);
        assert_memory_equal(raw_a, raw_b, at_a.raw_bytes);
    }
    colfile_close(&a);
    colfile_close(&b);
}

static void
expect_same_day(const char *root, const char *iface, const char *day)
{
    char name[200];
    snprintf(name, sizeof name, REAL "/%s/%s", iface, day);
    DIR *dir_a = opendir(name);
    char path[800];
    snprintf(path, sizeof path, "%s/%s/%s", root, iface, day);
    DIR *dir_b = opendir(path);
    assert_non_null(dir_a);
    assert_non_null(dir_b);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        expect_same_column(dirfd(dir_a), dirfd(dir_b), (enum godb_column)col);
    closedir(dir_a);
    closedir(dir_b);
    snprintf(name, sizeof name, "%s/%s/meta.json", iface, day);
    char *meta_a = store_file(REAL, name), *meta_b = store_file(root, name);
    assert_non_null(meta_a);
    assert_string_equal(meta_a, meta_b);
    free(meta_a);
    free(meta_b);
}

static void
a_rewritten_database_decompresses_to_the_same_bytes(void **state)
{
    (void)state;
    if (!is_there()) {
        print_message("no %s\n", REAL);
        skip();
    }
    char *root = store_new();
    struct godb *from = store_open(REAL, GODB_READ),
                *to = store_open(root, GODB_CREATE);
    struct godb_iface_info *ifaces;
    size_t count;
    assert_int_equal(godb_ifaces(from, &ifaces, &count, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        copy_iface(from, to, ifaces[i].name);
        expect_same_day(root, ifaces[i].name, "1456358400");
        expect_same_day(root, ifaces[i].name, "1456444800");
    }
    char *summary_a = store_file(REAL, "summary.json");
    char *summary_b = store_file(root, "summary.json");
    assert_string_equal(summary_a, summary_b);
    free(summary_a);
    free(summary_b);
    godb_ifaces_free(ifaces);
    godb_close(from);
    godb_close(to);
    free(root);
}

static void
its_24472_flows_are_all_read(void **state)
{
    (void)state;
    if (!is_there()) {
        print_message("no %s\n", REAL);
        skip();
    }
    struct godb *db = store_open(REAL, GODB_READ);
    struct store_warnings warnings = {0, ""};
    const struct store_sums sums = store_sum(db, GODB_COLUMNS_ALL, &warnings);
    assert_int_equal(sums.rows, 24472);
    assert_int_equal(sums.last_s, 1456472675);
    assert_int_equal(warnings.count, 0);
    godb_close(db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rewritten_database_decompresses_to_the_same_bytes),
        cmocka_unit_test(its_24472_flows_are_all_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
