/* SPDX-License-Identifier: MIT
 *
 * Damaged databases: what cannot be read is told and skipped, the rest still answers,
 * and no number in a header is believed.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/bytes.h"
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
    static const char *const names[] = {
        "x", "007", "-5", "99999999999999999999", "1700006400x", "0"};
    char path[600];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/eth0/%s", f->root, names[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    assert_int_equal(sum_all(f).rows, 30);
    assert_int_equal(f->warnings.count, 0);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
