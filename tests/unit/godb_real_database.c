/* SPDX-License-Identifier: MIT
 *
 * A database that the original goProbe wrote: read every column, write the same rows
 * anew, and compare what the blocks decompress to, byte by byte; meta.json and
 * summary.json come out equal as files.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "godb/block.h"
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

/* The block of this slot, its rows in the order in which a writer stores them. */
static void
read_sorted(struct godb_block *out, struct godb *db, const char *iface, int64_t time_s)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    spec.sel = (struct godb_selection){&iface, 1, time_s, time_s};
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    godb_block_reset(out);
    if (godb_scan_next(scan, &chunk, NULL) == GODB_OK) add_chunk(out, &chunk);
    godb_scan_close(scan);
    assert_int_equal(block_sort(out), GODB_OK);
}

static void
expect_column(struct colfile *file, uint32_t slot, const struct godb_block *want)
{
    struct colfile_extent extent;
    const uint8_t *packed;
    static uint8_t raw[1 << 20];
    assert_int_equal(colfile_extent(file, slot, &extent, NULL), GODB_OK);
    assert_int_equal(extent.row_count, want->count);
    assert_true(extent.raw_bytes <= sizeof raw);
    assert_int_equal(colfile_load(file, slot, &extent, 0, &packed, NULL), GODB_OK);
    assert_int_equal(colfile_unpack(file, slot, &extent, packed, raw, NULL), GODB_OK);
    assert_memory_equal(raw + 8, want->columns[file->column], extent.raw_bytes - 16);
}

/* Every block of the real day is in the copied one, in its slot, with the same rows. */
static void
expect_same_blocks(struct godb *real, const char *iface, int dir_a, int dir_b)
{
    struct colfile a, b[GODB_COLUMN_COUNT];
    struct godb_block *want;
    assert_int_equal(godb_block_new(&want), GODB_OK);
    assert_int_equal(colfile_open(&a, dir_a, GODB_SIP, NULL), GODB_OK);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        assert_int_equal(
            colfile_open(&b[col], dir_b, (enum godb_column)col, NULL), GODB_OK);
        assert_int_equal(a.used, b[col].used);
    }
    assert_true(a.used > 0);
    for (uint32_t slot = 0; slot < a.used; slot++) {
        read_sorted(want, real, iface, colfile_time(&a, slot));
        for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
            assert_int_equal(colfile_time(&a, slot), colfile_time(&b[col], slot));
            expect_column(&b[col], slot, want);
        }
    }
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        colfile_close(&b[col]);
    colfile_close(&a);
    godb_block_free(want);
}

static void
expect_same_day(struct godb *real, const char *root, const char *iface, const char *day)
{
    char name[200];
    snprintf(name, sizeof name, REAL "/%s/%s", iface, day);
    DIR *dir_a = opendir(name);
    char path[800];
    snprintf(path, sizeof path, "%s/%s/%s", root, iface, day);
    DIR *dir_b = opendir(path);
    assert_non_null(dir_a);
    assert_non_null(dir_b);
    expect_same_blocks(real, iface, dirfd(dir_a), dirfd(dir_b));
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
a_rewritten_database_has_the_same_rows_and_side_files(void **state)
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
    assert_int_equal(
        godb_ifaces(from, &ifaces, &count, NULL, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(count, 7);
    for (size_t i = 0; i < count; i++) {
        copy_iface(from, to, ifaces[i].name);
        expect_same_day(from, root, ifaces[i].name, "1456358400");
        expect_same_day(from, root, ifaces[i].name, "1456444800");
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
        cmocka_unit_test(a_rewritten_database_has_the_same_rows_and_side_files),
        cmocka_unit_test(its_24472_flows_are_all_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
