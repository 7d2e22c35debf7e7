/* SPDX-License-Identifier: MIT
 *
 * Damaged databases: what cannot be read is told and skipped, the rest still answers,
 * and no number in a header is believed.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/bytes.h"
#include "godb/codec.h"
#include "godb/colfile.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400)

/* Three blocks of 10 flows. */
static int
set_up(void **state)
{
    struct store_fixture *f = store_fixture_new();
    for (int i = 1; i <= 3; i++)
        assert_int_equal(
            store_append(f->db, "eth0", DAY + 300 * i, 10 * i, 10, NULL), GODB_OK);
    *state = f;
    return 0;
}

static void
path_of(const struct store_fixture *f, const char *file, char *out)
{
    snprintf(out, 600, "%s/eth0/%lld/%s", f->root, (long long)DAY, file);
}

static void
overwrite(const struct store_fixture *f, const char *file, off_t at, const void *bytes,
    size_t count)
{
    char path[600];
    path_of(f, file, path);
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, at), (ssize_t)count);
    close(fd);
}

/* Section 0 end, 1 stamp, 2 length. */
static void
set_slot(const struct store_fixture *f, const char *file, int section, int slot,
    uint64_t value)
{
    uint8_t bytes[8];
    put_be64(bytes, value);
    overwrite(f, file, section * 4096 + slot * 8, bytes, 8);
}

static struct store_sums
sum_all(struct store_fixture *f)
{
    f->warnings.count = 0;
    return store_sum(f->db, GODB_COLUMNS_ALL, &f->warnings);
}

static void
a_slot_that_points_outside_the_file_costs_its_blocks_only(void **state)
{
    struct store_fixture *f = *state;
    set_slot(f, "dport.gpf", 0, 2, UINT64_C(1) << 40);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "dport.gpf"));
    assert_non_null(strstr(f->warnings.last, "slot 2"));
}

static void
absurd_numbers_in_a_slot_are_not_believed(void **state)
{
    struct store_fixture *f = *state;
    static const uint64_t absurd[] = {0, 1, 15, 17, 12287, UINT32_MAX,
        UINT64_C(1) << 62, INT64_MAX, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++)
        for (int section = 0; section < 3; section += 2)
            for (int slot = 0; slot < 3; slot++) {
                char path[600];
                path_of(f, "sip.gpf", path);
                int fd = open(path, O_RDONLY);
                uint8_t old[8];
                const off_t at = section * 4096 + slot * 8;
                assert_int_equal(pread(fd, old, 8, at), 8);
                close(fd);
                set_slot(f, "sip.gpf", section, slot, absurd[i]);
                assert_true(sum_all(f).rows <= 20);
                assert_true(f->warnings.count > 0);
                overwrite(f, "sip.gpf", at, old, 8);
            }
    assert_int_equal(sum_all(f).rows, 30);
}

static void
a_huge_claimed_length_allocates_nothing(void **state)
{
    struct store_fixture *f = *state;
    set_slot(f, "bytes_rcvd.gpf", 2, 1, 16 + (UINT64_C(1) << 40));
    set_slot(f, "pkts_sent.gpf", 2, 1, 16 + (UINT64_C(1) << 40));
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
}

static void
garbage_in_a_block_is_found_by_its_size_or_its_stamps(void **state)
{
    struct store_fixture *f = *state;
    overwrite(f, "bytes_sent.gpf", 12288 + 2, "\xff\xff\xff\xff\xff\xff", 6);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "bytes_sent.gpf"));
}

static void
columns_that_a_question_does_not_need_do_not_hurt_it(void **state)
{
    struct store_fixture *f = *state;
    overwrite(f, "bytes_sent.gpf", 12288, "garbage", 7);
    const struct store_sums sums =
        store_sum(f->db, GODB_COLUMN_BIT(GODB_BYTES_RCVD), &f->warnings);
    assert_int_equal(sums.rows, 30);
    assert_int_equal(f->warnings.count, 0);
}

static void
a_truncated_file_costs_what_was_cut_off(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    struct stat st;
    path_of(f, "dip.gpf", path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size - 1), 0);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(truncate(path, 12288), 0);
    assert_int_equal(sum_all(f).rows, 0);
    assert_int_equal(f->warnings.count, 3);
}

static void
a_file_shorter_than_its_header_costs_the_day(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "dip.gpf", path);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(store_append(f->db, "eth1", DAY + 300, 0, 4, NULL), GODB_OK);
    assert_int_equal(sum_all(f).rows, 4);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "dip.gpf"));
}

static void
a_missing_column_is_told_and_not_created(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "proto.gpf", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sum_all(f).rows, 0);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "proto.gpf"));
    assert_int_equal(access(path, F_OK), -1);
    path_of(f, "pkts_sent.gpf", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sum_all(f).rows, 0);
    assert_int_equal(f->warnings.count, 1);
}

static void
a_missing_l7proto_column_reads_as_zeros(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "l7proto.gpf", path);
    assert_int_equal(unlink(path), 0);
    path_of(f, "blocks.index", path); /* which would miss it */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sum_all(f).rows, 30);
    assert_int_equal(f->warnings.count, 0);
}

static void
a_database_without_json_files_reads_and_grows(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "meta.json", path);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/summary.json", f->root);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sum_all(f).rows, 30);
    struct godb_iface_info *ifaces;
    size_t count;
    assert_int_equal(
        godb_ifaces(f->db, &ifaces, &count, NULL, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(ifaces[0].flow_count, 30);
    assert_false(ifaces[0].has_traffic);
    godb_ifaces_free(ifaces);
    assert_int_equal(store_append(f->db, "eth0", DAY + 1200, 40, 10, NULL), GODB_OK);
    char *summary = store_file(f->root, "summary.json");
    assert_non_null(strstr(summary, "\"flowcount\":40,"));
    free(summary);
}

static void
what_a_crash_left_at_the_end_does_not_shift_later_blocks(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "sip.gpf", path);
    FILE *file = fopen(path, "ab");
    fputs("bytes that no slot names", file);
    fclose(file);
    assert_int_equal(store_append(f->db, "eth0", DAY + 1200, 40, 10, NULL), GODB_OK);
    assert_int_equal(sum_all(f).rows, 40);
    assert_int_equal(f->warnings.count, 0);
}

static void
a_column_with_another_number_of_rows_costs_the_block(void **state)
{
    struct store_fixture *f = *state;
    /* Block 1 of another database has five rows. */
    char *other = store_new(), from[600], to[600], command[1400];
    struct godb *db = store_open(other, GODB_CREATE);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(
            store_append(db, "eth0", DAY + 300 * i, 10 * i, i == 2 ? 5 : 10, NULL),
            GODB_OK);
    snprintf(from, sizeof from, "%s/eth0/%lld/dport.gpf", other, (long long)DAY);
    path_of(f, "dport.gpf", to);
    snprintf(command, sizeof command, "cp '%s' '%s'", from, to);
    assert_int_equal(system(command), 0);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "5 flows"));
    godb_close(db);
    free(other);
}

static void
the_block_list_names_the_damage(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    set_slot(f, "dport.gpf", 0, 2, UINT64_C(1) << 40);
    assert_int_equal(
        godb_block_list_open(&list, f->db, &sel, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
        assert_string_equal(info.status, "ok");
        assert_int_equal(info.flow_count, 10);
        assert_true(info.compressed_bytes > 0);
    }
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_non_null(strstr(info.status, "dport.gpf"));
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_DONE);
    godb_block_list_close(list);
}

static void
directories_that_are_no_days_are_ignored(void **state)
{
    struct store_fixture *f = *state;
    static const char *const names[] = {"x", "007", "-5", "99999999999999999999",
        "9223372036854720000", "1700006400x", "0"};
    char path[600];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/eth0/%s", f->root, names[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    assert_int_equal(sum_all(f).rows, 30);
    assert_int_equal(f->warnings.count, 0);
}

/* --- Headers that no index vouches for ------------------------------------------- */

static void
remove_file(const struct store_fixture *f, const char *file)
{
    char path[600];
    path_of(f, file, path);
    assert_int_equal(unlink(path), 0);
}

/* In all columns. */
static void
set_stamp(const struct store_fixture *f, int slot, int64_t time_s)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        set_slot(f, godb_columns[col].file, 1, slot, (uint64_t)time_s);
}

static struct godb_index_counts
build_index(struct store_fixture *f, enum godb_index_mode mode)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    f->warnings.count = 0;
    assert_int_equal(
        godb_index(&counts, f->db, &all, mode, store_warn, &f->warnings, NULL),
        GODB_OK);
    return counts;
}

static void
a_stamp_that_is_there_twice_counts_once(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    remove_file(f, "blocks.index");
    set_stamp(f, 1, DAY + 300);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(
        godb_block_list_open(&list, f->db, &all, NULL, NULL, NULL), GODB_OK);
    for (int i = 1; i <= 3; i += 2) {
        assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
        assert_int_equal(info.time_s, DAY + 300 * i);
    }
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_DONE);
    godb_block_list_close(list);
    assert_int_equal(build_index(f, GODB_INDEX_ALL).indexed_count, 2);
    assert_int_equal(build_index(f, GODB_INDEX_CHECK).block_count, 2);
    assert_int_equal(sum_all(f).rows, 20);
}

/* Where blocks.index knows another stamp there, it is told. */
static void
a_stamp_that_became_another_is_told_by_the_list(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    set_stamp(f, 1, DAY + 300);
    assert_int_equal(
        godb_block_list_open(&list, f->db, &all, store_warn, &f->warnings, NULL),
        GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK)
        continue;
    godb_block_list_close(list);
    assert_true(f->warnings.count > 0);
    assert_non_null(strstr(f->warnings.last, "pkts_sent.gpf"));
}

/* Each block has its stamp in front and behind. */
static void
a_block_under_the_stamp_of_another_is_found_without_an_index(void **state)
{
    struct store_fixture *f = *state;
    remove_file(f, "blocks.index");
    set_stamp(f, 1, DAY + 601);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(
        strstr(f->warnings.last, "slot 1: the block's stamps are not the header's"));
    const struct godb_index_counts counts = build_index(f, GODB_INDEX_ALL);
    assert_int_equal(counts.bad_count, 1);
    assert_int_equal(counts.indexed_count, 2);
    assert_int_equal(f->warnings.count, 1);
}

static void
the_stamp_behind_a_block_is_looked_at_too(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    struct colfile file;
    struct colfile_extent extent;
    const uint8_t *packed;
    uint8_t raw[64], again[128];
    remove_file(f, "blocks.index");
    snprintf(path, sizeof path, "%s/eth0/%lld", f->root, (long long)DAY);
    const int dir_fd = open(path, O_RDONLY | O_DIRECTORY);
    struct codec_state *codec = codec_state_new();
    assert_int_equal(colfile_open_write(&file, dir_fd, GODB_PROTO, NULL), GODB_OK);
    assert_int_equal(colfile_extent(&file, 2, &extent, NULL), GODB_OK);
    assert_int_equal(colfile_load(&file, 2, &extent, 0, &packed, NULL), GODB_OK);
    assert_int_equal(colfile_unpack(&file, 2, &extent, packed, raw, NULL), GODB_OK);
    raw[extent.raw_bytes - 1] ^= 1;
    const size_t bytes = codec_pack(
        codec, CODEC_SMALL, again, sizeof again, raw, (size_t)extent.raw_bytes);
    assert_int_equal(
        pwrite(file.fd, again, bytes, (off_t)extent.start), (ssize_t)bytes);
    assert_int_equal(
        colfile_write_extent(&file, 2, extent.start + bytes, extent.raw_bytes), 0);
    colfile_close(&file);
    codec_state_free(codec);
    close(dir_fd);
    assert_int_equal(sum_all(f).rows, 20);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "proto.gpf: slot 2: the block's stamps"));
}

/* The last block is the one with the latest stamp. */
static void
stamps_that_do_not_rise_do_not_let_a_writer_go_back(void **state)
{
    struct store_fixture *f = *state;
    struct godb_err err;
    remove_file(f, "blocks.index");
    set_stamp(f, 1, DAY + 5000);
    assert_int_equal(store_append(f->db, "eth0", DAY + 4000, 0, 5, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "is not later than the last one"));
    assert_int_equal(store_append(f->db, "eth0", DAY + 5001, 0, 5, &err), GODB_OK);
}

/* Nothing is written where a header that nobody vouches for points. */
static void
a_header_that_points_into_itself_stops_the_writer(void **state)
{
    static const uint64_t ends[] = {5, UINT64_C(1) << 50};
    struct store_fixture *f = *state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct godb_err err;
        if (i == 0) remove_file(f, "blocks.index");
        set_slot(f, "dip.gpf", 0, 2, ends[i]);
        assert_int_equal(
            store_append(f->db, "eth0", DAY + 1200, 0, 5, &err), GODB_ECORRUPT);
        assert_non_null(strstr(err.msg, "dip.gpf: the header puts the next block at"));
        assert_non_null(strstr(err.msg, "move the day away to go on"));
    }
    /* Another day is free. */
    assert_int_equal(store_append(f->db, "eth0", DAY + 86400, 0, 5, NULL), GODB_OK);
}

/* A block that cannot be found in its own commit column has no record. */
static void
an_index_leaves_out_what_it_cannot_read(void **state)
{
    struct store_fixture *f = *state;
    remove_file(f, "blocks.index");
    set_slot(f, "pkts_sent.gpf", 0, 1, UINT64_C(1) << 40);
    const struct godb_index_counts counts = build_index(f, GODB_INDEX_ALL);
    assert_int_equal(counts.block_count, 3);
    assert_true(counts.bad_count > 0);
    assert_true(f->warnings.count > 0);
    assert_non_null(strstr(f->warnings.last, "pkts_sent.gpf"));
    assert_true(build_index(f, GODB_INDEX_CHECK).indexed_count < 3);
}

/* As those of goProbe 1.x were before it looked into layer 7. */
static void
a_day_without_l7proto_is_indexed(void **state)
{
    struct store_fixture *f = *state;
    remove_file(f, "blocks.index");
    remove_file(f, "l7proto.gpf");
    assert_int_equal(build_index(f, GODB_INDEX_ALL).indexed_count, 3);
    assert_int_equal(f->warnings.count, 0);
    for (uint64_t id = 0; id < 2; id++) {
        struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, &f->warnings);
        struct godb_filter *filter;
        struct godb_scan *scan;
        struct godb_chunk chunk;
        size_t rows = 0;
        assert_int_equal(godb_filter_numbers(&filter, GODB_L7PROTO, &id, 1), GODB_OK);
        spec.filter = filter;
        assert_int_equal(godb_scan_open(&scan, f->db, &spec, NULL), GODB_OK);
        while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
            rows += chunk.selected_count;
        godb_scan_close(scan);
        godb_filter_free(filter);
        assert_int_equal(rows, id == 0 ? 30 : 0);
    }
    assert_int_equal(f->warnings.count, 0);
}

static void
a_side_file_of_absurd_length_is_not_read(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    char path[600];
    path_of(f, "meta.json", path);
    assert_int_equal(truncate(path, INT64_C(1) << 40), 0);
    assert_int_equal(
        godb_block_list_open(&list, f->db, &all, store_warn, &f->warnings, NULL),
        GODB_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
        assert_int_equal(info.flow_count, 10);
        assert_int_equal(info.traffic_bytes, -1);
    }
    godb_block_list_close(list);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "meta.json: longer than"));
}

/* Neither hangs the writer nor keeps it from writing. */
static void
a_fifo_in_the_place_of_the_index_is_replaced(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "blocks.index", path);
    remove_file(f, "blocks.index");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(store_append(f->db, "eth0", DAY + 1200, 40, 10, NULL), GODB_OK);
    assert_int_equal(sum_all(f).rows, 40);
    assert_int_equal(f->warnings.count, 0);
    assert_int_equal(build_index(f, GODB_INDEX_CHECK).indexed_count, 4);
}

/* --- Headers in the middle of a commit -------------------------------------------- */

/* The numbers of slot 2 of a column. */
static void
read_slot(const struct store_fixture *f, const char *file, uint64_t out[3])
{
    char path[600];
    path_of(f, file, path);
    const int fd = open(path, O_RDONLY);
    for (int section = 0; section < 3; section++) {
        uint8_t bytes[8];
        assert_int_equal(pread(fd, bytes, 8, section * 4096 + 16), 8);
        out[section] = get_be64(bytes);
    }
    close(fd);
}

/* A reader has a header as it was while slot 2 was written.  The writer takes it back,
 * or finishes it and writes another. */
static void
a_slot_that_was_read_in_the_middle_is_read_again(void **state)
{
    struct store_fixture *f = *state;
    uint64_t slot[3];
    remove_file(f, "blocks.index");
    read_slot(f, "pkts_sent.gpf", slot);
    for (int finishes = 1; finishes >= 0; finishes--) {
        struct store_warnings warnings = {0, ""};
        const struct godb_scan_spec spec =
            store_spec(GODB_COLUMN_BIT(GODB_PACKETS_SENT), &warnings);
        struct godb_scan *scan;
        struct godb_chunk chunk;
        size_t blocks = 0;
        set_slot(f, "pkts_sent.gpf", 0, 2, 0);
        assert_int_equal(godb_scan_open(&scan, f->db, &spec, NULL), GODB_OK);
        for (; godb_scan_next(scan, &chunk, NULL) == GODB_OK; blocks++) {
            if (blocks > 0) continue;
            set_slot(f, "pkts_sent.gpf", 0, 2, slot[0]);
            if (finishes) set_slot(f, "pkts_sent.gpf", 1, 3, DAY + 1200);
            if (!finishes) set_slot(f, "pkts_sent.gpf", 1, 2, 0);
        }
        godb_scan_close(scan);
        assert_int_equal(blocks, finishes ? 3 : 2);
        assert_int_equal(warnings.count, 0);
        set_slot(f, "pkts_sent.gpf", 1, 3, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, store_fixture_free)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_slot_that_points_outside_the_file_costs_its_blocks_only),
        TEST(absurd_numbers_in_a_slot_are_not_believed),
        TEST(a_huge_claimed_length_allocates_nothing),
        TEST(garbage_in_a_block_is_found_by_its_size_or_its_stamps),
        TEST(columns_that_a_question_does_not_need_do_not_hurt_it),
        TEST(a_truncated_file_costs_what_was_cut_off),
        TEST(a_file_shorter_than_its_header_costs_the_day),
        TEST(a_missing_column_is_told_and_not_created),
        TEST(a_missing_l7proto_column_reads_as_zeros),
        TEST(a_database_without_json_files_reads_and_grows),
        TEST(what_a_crash_left_at_the_end_does_not_shift_later_blocks),
        TEST(a_column_with_another_number_of_rows_costs_the_block),
        TEST(the_block_list_names_the_damage),
        TEST(directories_that_are_no_days_are_ignored),
        TEST(a_stamp_that_is_there_twice_counts_once),
        TEST(a_stamp_that_became_another_is_told_by_the_list),
        TEST(a_block_under_the_stamp_of_another_is_found_without_an_index),
        TEST(the_stamp_behind_a_block_is_looked_at_too),
        TEST(stamps_that_do_not_rise_do_not_let_a_writer_go_back),
        TEST(a_header_that_points_into_itself_stops_the_writer),
        TEST(an_index_leaves_out_what_it_cannot_read),
        TEST(a_day_without_l7proto_is_indexed),
        TEST(a_side_file_of_absurd_length_is_not_read),
        TEST(a_fifo_in_the_place_of_the_index_is_replaced),
        TEST(a_slot_that_was_read_in_the_middle_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
