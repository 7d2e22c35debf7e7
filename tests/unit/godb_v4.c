/* SPDX-License-Identifier: MIT
 *
 * Days of goDB v4 give the flows that were put into them, and hostile ones no harm.
 */
#include "godb/v4_day.h"
#include "tests/v4.h"

#define DAY INT64_C(1456358400) /* 2016-02-25 */

static const struct v4_test_block blocks[] = {
    {DAY + 300, 0, 50, V4_LZ4},
    {DAY + 600, 50, 3, V4_NULL},
    {DAY + 900, 0, 0, V4_LZ4},
    {DAY + 1200, 53, 200, V4_ZSTD},
};

enum { BLOCK_COUNT = 4, FLOW_COUNT = 253 };

/* The flows as text, in the order of their numbers. */
static char *
flows_of(struct godb *db)
{
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err = {0};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    int rc = godb_scan_open(&scan, db, &spec, &err);
    if (rc != GODB_OK) fail_msg("%s", err.msg);
    while ((rc = godb_scan_next(scan, &chunk, &err)) == GODB_OK)
        for (uint32_t i = 0; i < chunk.row_count; i++) {
            char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
            godb_ip_format(sip, chunk.sip[i]);
            godb_ip_format(dip, chunk.dip[i]);
            fprintf(out, "%lld %s %s %u %u %u", (long long)chunk.time_s, sip, dip,
                chunk.dport[i], chunk.proto[i], chunk.l7proto[i]);
            for (int c = 0; c < 4; c++)
                fprintf(out, " %llu", (unsigned long long)chunk.counters[c][i]);
            fputc('\n', out);
        }
    if (rc != GODB_DONE) fail_msg("%s", err.msg);
    godb_scan_close(scan);
    fclose(out);
    return text;
}

/* What flows_of() must say of blocks[]. */
static char *
expected(void)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    for (size_t b = 0; b < BLOCK_COUNT; b++)
        for (int family = 0; family < 2; family++)
            for (size_t i = 0; i < blocks[b].count; i++) {
                const struct godb_flow flow = store_flow(blocks[b].first + i);
                char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
                if (godb_ip_is_v4(flow.sip) != (family == 0)) continue;
                godb_ip_format(sip, flow.sip);
                godb_ip_format(dip, flow.dip);
                fprintf(out, "%lld %s %s %u %u 0 %llu %llu %llu %llu\n",
                    (long long)blocks[b].time_s, sip, dip, flow.dport, flow.proto,
                    (unsigned long long)flow.bytes_rcvd,
                    (unsigned long long)flow.bytes_sent,
                    (unsigned long long)flow.packets_rcvd,
                    (unsigned long long)flow.packets_sent);
            }
    fclose(out);
    return text;
}

/* A database with blocks[] in a directory of this name below eth0; for free(3). */
static char *
make_db(const char *name)
{
    char *root = store_new();
    char *dir = v4_make_dir("%s/eth0/%s", root, name);
    v4_write_day(dir, blocks, BLOCK_COUNT);
    free(dir);
    return root;
}

static void
check_db(const char *name)
{
    char *root = make_db(name);
    struct godb *db = store_open(root, GODB_READ);
    char *got = flows_of(db), *want = expected();
    assert_string_equal(got, want);
    godb_close(db);
    free(got);
    free(want);
    free(root);
}

static void
every_flow_is_there_whatever_its_block_is_encoded_with(void **state)
{
    (void)state;
    check_db("2016/02/1456358400");
    check_db("2016/02/1456358400_w3-0-0-2mW1-KQ81-DA-Xo");
}

static void
a_day_is_found_in_the_month_of_the_writers_zone(void **state)
{
    (void)state;
    /* 1456790400 is the first of March 2016. */
    const struct v4_test_block block = {1456790400 + 300, 0, 9, V4_LZ4};
    char *root = store_new();
    char *dir = v4_make_dir("%s/eth0/2016/02/1456790400_1", root);
    v4_write_day(dir, &block, 1);
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 9);
    godb_close(db);
    free(dir);
    free(root);
}

static void
other_directories_are_passed_over(void **state)
{
    (void)state;
    static const char *const names[] = {"2016/02/86401", "2016/02/9223372036854547200",
        "2016/02/9223372036854775807", "2016/02/99999999999999999999",
        "2016/2/1456444800", "16/02/1456444800", "2016/02/1456444800x", "2016/02/x_1",
        "2016/02/-86400", "20160/02/1456444800"};
    char *root = make_db("2016/02/1456358400");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *dir = v4_make_dir("%s/eth0/%s", root, names[i]);
        v4_write_day(dir, blocks, BLOCK_COUNT);
        free(dir);
    }
    struct store_warnings warnings = {0, ""};
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, FLOW_COUNT);
    assert_int_equal(warnings.count, 0);
    godb_close(db);
    free(root);
}

static void
a_day_in_both_forms_is_read_once(void **state)
{
    (void)state;
    struct godb_err err = {0};
    char *root = store_new();
    struct godb *db = store_open(root, GODB_WRITE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 7, &err), GODB_OK);
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400", root);
    v4_write_day(dir, blocks, BLOCK_COUNT);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 7);
    godb_close(db);
    free(dir);
    free(root);
}

static void
nothing_is_appended_to_it(void **state)
{
    (void)state;
    struct godb_err err = {0};
    char *root = make_db("2016/02/1456358400");
    struct godb *db = store_open(root, GODB_WRITE);
    assert_int_equal(store_append(db, "eth0", DAY + 90000, 0, 7, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "goDB v4 is only read"));
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, FLOW_COUNT);
    godb_close(db);
    free(root);
}

static void
interfaces_and_blocks_are_described(void **state)
{
    (void)state;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_iface_info *infos;
    struct godb_block_list *list;
    struct godb_block_info info;
    size_t count;
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < 50; i++)
        bytes += store_flow(i).bytes_rcvd + store_flow(i).bytes_sent;
    char *root = make_db("2016/02/1456358400");
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(
        godb_ifaces(db, &infos, &count, NULL, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(infos[0].flow_count, FLOW_COUNT);
    assert_int_equal(infos[0].block_count, BLOCK_COUNT);
    assert_true(infos[0].has_traffic);
    godb_ifaces_free(infos);
    assert_int_equal(godb_block_list_open(&list, db, &all, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_int_equal(info.traffic_bytes, bytes);
    assert_string_equal(info.status, "ok");
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_int_equal(info.pcap.dropped, 1);
    godb_block_list_close(list);
    godb_close(db);
    free(root);
}

static void
a_clock_that_was_set_back_has_its_stamps(void **state)
{
    (void)state;
    const struct v4_test_block back[] = {
        {DAY + 900, 0, 2, V4_NULL}, {DAY + 300, 2, 3, V4_NULL}};
    char *root = store_new();
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400", root);
    v4_write_day(dir, back, 2);
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).last_s, DAY + 300);
    godb_close(db);
    free(dir);
    free(root);
}

/* Every byte of .blockmeta, turned into something else, gives the right flows, fewer
 * with a warning, or other numbers: never a crash, never much memory. */
static void
every_byte_of_the_meta_may_lie(void **state)
{
    (void)state;
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    char *root = make_db("2016/02/1456358400");
    char *path = NULL;
    if (asprintf(&path, "%s/eth0/2016/02/1456358400/.blockmeta", root) < 0) abort();
    struct godb *db = store_open(root, GODB_READ);
    FILE *file = fopen(path, "r+b");
    for (long at = 0; at < 144 + 88 * BLOCK_COUNT; at++)
        for (size_t m = 0; m < sizeof masks; m++) {
            struct store_warnings warnings = {0, ""};
            fseek(file, at, SEEK_SET);
            const int byte = fgetc(file);
            fseek(file, at, SEEK_SET);
            fputc(byte ^ masks[m], file);
            fflush(file);
            const struct store_sums sums = store_sum(db, GODB_COLUMNS_ALL, &warnings);
            if (sums.rows > FLOW_COUNT) fail_msg("byte %ld: %zu rows", at, sums.rows);
            if (sums.rows < FLOW_COUNT && warnings.count == 0 && sums.blocks > 0 &&
                sums.last_s < DAY + GODB_DAY_S)
                fail_msg("byte %ld: rows are missing without a word", at);
            fseek(file, at, SEEK_SET);
            fputc(byte, file);
            fflush(file);
        }
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, FLOW_COUNT);
    fclose(file);
    godb_close(db);
    free(path);
    free(root);
}

static void
torn_and_missing_columns_are_told(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400");
    char *path = NULL;
    if (asprintf(&path, "%s/eth0/2016/02/1456358400/dip.gpf", root) < 0) abort();
    struct godb *db = store_open(root, GODB_READ);
    struct store_warnings warnings = {0, ""};
    assert_int_equal(truncate(path, 60), 0);
    assert_true(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows < FLOW_COUNT);
    assert_non_null(strstr(warnings.last, "dip.gpf"));
    /* What needs no addresses has them all. */
    assert_int_equal(store_sum(db, GODB_COLUMN_BIT(GODB_PROTO), NULL).rows, FLOW_COUNT);
    assert_int_equal(unlink(path), 0);
    warnings.count = 0;
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 0);
    assert_int_equal(warnings.count, 1);
    godb_close(db);
    free(path);
    free(root);
}

/* Whose path below eth0's only day is for free(3). */
static char *
path_below(const char *root, const char *file)
{
    char *path = NULL;
    if (asprintf(&path, "%s/eth0/2016/02/1456358400/%s", root, file) < 0) abort();
    return path;
}

/* What the blocks' sums of bytes come to; -1: one is not known. */
static int64_t
listed_traffic(struct godb *db)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    int64_t sum = 0;
    assert_int_equal(godb_block_list_open(&list, db, &all, NULL, NULL, NULL), GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK)
        sum = info.traffic_bytes < 0 || sum < 0 ? -1 : sum + info.traffic_bytes;
    godb_block_list_close(list);
    return sum;
}

static void
the_traffic_of_a_block_is_not_known_without_its_counters(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400");
    char *path = path_below(root, "bytes_rcvd.gpf");
    struct godb *db = store_open(root, GODB_READ);
    int64_t want = 0;
    for (uint64_t i = 0; i < FLOW_COUNT; i++) {
        const struct godb_flow flow = store_flow(i);
        want += (int64_t)(flow.bytes_rcvd + flow.bytes_sent);
    }
    assert_int_equal(listed_traffic(db), want);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(listed_traffic(db), -1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(listed_traffic(db), -1);
    godb_close(db);
    free(path);
    free(root);
}

/* Encoded bytes that turned on the disk decode to nothing, or to another length. */
static void
garbage_in_a_column_costs_its_blocks_alone(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400");
    char *path = path_below(root, "sip.gpf");
    struct godb *db = store_open(root, GODB_READ);
    struct store_warnings warnings = {0, ""};
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    uint8_t *garbage = malloc((size_t)st.st_size);
    assert_non_null(garbage);
    memset(garbage, 0xf7, (size_t)st.st_size);
    FILE *file = fopen(path, "r+b");
    assert_int_equal(fwrite(garbage, 1, (size_t)st.st_size, file), st.st_size);
    fclose(file);
    /* Block 2 is not encoded, and has no check. */
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 3);
    assert_int_equal(warnings.count, 2);
    assert_non_null(
        strstr(warnings.last, "sip.gpf: block 1456359600 cannot be decoded"));
    assert_int_equal(store_sum(db, GODB_COLUMN_BIT(GODB_DIP), NULL).rows, FLOW_COUNT);
    godb_close(db);
    free(garbage);
    free(path);
    free(root);
}

/* Something else in the place of a column hangs nobody. */
static void
a_fifo_in_the_place_of_a_column_is_told(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400");
    char *path = path_below(root, "proto.gpf");
    struct godb *db = store_open(root, GODB_READ);
    struct store_warnings warnings = {0, ""};
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 0);
    assert_int_equal(warnings.count, BLOCK_COUNT - 1);
    assert_non_null(strstr(warnings.last, "proto.gpf"));
    godb_close(db);
    free(path);
    free(root);
}

/* A day whose intervals saw nothing has columns without a byte, or none at all. */
static void
a_day_without_flows_needs_no_columns(void **state)
{
    (void)state;
    static const struct v4_test_block quiet[] = {
        {DAY + 300, 0, 0, V4_LZ4}, {DAY + 600, 0, 0, V4_NULL}};
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    char *root = store_new();
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400", root);
    v4_write_day(dir, quiet, 2);
    char *path = path_below(root, "sip.gpf");
    struct godb *db = store_open(root, GODB_READ);
    for (int with_files = 0; with_files < 2; with_files++) {
        struct store_warnings warnings = {0, ""};
        struct godb_block_list *list;
        struct godb_block_info info;
        if (with_files) fclose(fopen(path, "w"));
        assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 0);
        assert_int_equal(warnings.count, 0);
        assert_int_equal(
            godb_block_list_open(&list, db, &all, NULL, NULL, NULL), GODB_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
            assert_string_equal(info.status, "ok");
            assert_int_equal(info.traffic_bytes, 0);
        }
        assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_DONE);
        godb_block_list_close(list);
    }
    /* A counter without even its width is none.  Behind 72 bytes and 4 columns of 8 + 2
     * * 9 stand the file's length and the lengths of the first block. */
    static const uint8_t nothing[16] = {[7] = 1};
    char *meta = path_below(root, ".blockmeta");
    FILE *file = fopen(meta, "r+b");
    assert_int_equal(fseek(file, 72 + 4 * 26, SEEK_SET), 0);
    assert_int_equal(fwrite(nothing, 1, 16, file), 16);
    fclose(file);
    assert_int_equal(listed_traffic(db), -1);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 0);
    godb_close(db);
    free(meta);
    free(path);
    free(dir);
    free(root);
}

/* Its writer renames it with each block: for a moment a list may have both names. */
static void
a_day_under_two_names_is_read_once(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400_1");
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400_2", root);
    v4_write_day(dir, blocks, BLOCK_COUNT);
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, FLOW_COUNT);
    godb_close(db);
    free(dir);
    free(root);
}

static void
a_meta_of_absurd_length_is_not_read(void **state)
{
    (void)state;
    char *root = make_db("2016/02/1456358400");
    char *path = path_below(root, ".blockmeta");
    struct godb *db = store_open(root, GODB_READ);
    struct store_warnings warnings = {0, ""};
    assert_int_equal(truncate(path, INT64_C(1) << 40), 0);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 0);
    assert_int_equal(warnings.count, 1);
    assert_non_null(
        strstr(warnings.last, ".blockmeta: more than 17280 blocks in a day"));
    assert_int_equal(unlink(path), 0);
    warnings.count = 0;
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, 0);
    godb_close(db);
    free(path);
    free(root);
}

/* goprobe-index has nothing to do there. */
static void
a_day_of_v4_gets_no_index(void **state)
{
    (void)state;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    char *root = make_db("2016/02/1456358400");
    char *path = path_below(root, "blocks.index");
    struct godb *db = store_open(root, GODB_WRITE);
    assert_int_equal(
        godb_index(&counts, db, &all, GODB_INDEX_ALL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(counts.day_count, 0);
    assert_int_equal(counts.built_count, 0);
    assert_int_equal(access(path, F_OK), -1);
    godb_close(db);
    free(path);
    free(root);
}

static void
a_block_every_minute_is_read(void **state)
{
    (void)state;
    enum { COUNT = 1440 };
    static struct v4_test_block minutes[COUNT];
    for (int i = 0; i < COUNT; i++)
        minutes[i] =
            (struct v4_test_block){1456358400 + 60 * i, (uint64_t)i, 1, V4_LZ4};
    minutes[COUNT - 1].time_s = 1456358460; /* is there already: the first one counts */
    char *root = store_new();
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400", root);
    v4_write_day(dir, minutes, COUNT);
    struct godb *db = store_open(root, GODB_READ);
    struct store_warnings warnings = {0};
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, &warnings).rows, COUNT - 1);
    assert_int_equal(warnings.count, 0);
    godb_close(db);
    free(dir);
    free(root);
}

static void
more_blocks_than_a_day_can_have_are_refused(void **state)
{
    (void)state;
    struct v4_meta meta;
    struct godb_err err = {0};
    uint8_t bytes[24] = {[7] = 1, [14] = 0x43, [15] = 0x81};
    assert_int_equal(v4_meta_parse(&meta, bytes, sizeof bytes, &err), GODB_ECORRUPT);
    assert_non_null(strstr(err.msg, "17281 blocks; a day has one every 5 seconds"));
    bytes[7] = 2;
    assert_int_equal(v4_meta_parse(&meta, bytes, sizeof bytes, &err), GODB_ECORRUPT);
    assert_int_equal(v4_meta_parse(&meta, bytes, 3, &err), GODB_ECORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_flow_is_there_whatever_its_block_is_encoded_with),
        cmocka_unit_test(a_day_is_found_in_the_month_of_the_writers_zone),
        cmocka_unit_test(other_directories_are_passed_over),
        cmocka_unit_test(a_day_in_both_forms_is_read_once),
        cmocka_unit_test(nothing_is_appended_to_it),
        cmocka_unit_test(interfaces_and_blocks_are_described),
        cmocka_unit_test(a_clock_that_was_set_back_has_its_stamps),
        cmocka_unit_test(every_byte_of_the_meta_may_lie),
        cmocka_unit_test(torn_and_missing_columns_are_told),
        cmocka_unit_test(the_traffic_of_a_block_is_not_known_without_its_counters),
        cmocka_unit_test(garbage_in_a_column_costs_its_blocks_alone),
        cmocka_unit_test(a_fifo_in_the_place_of_a_column_is_told),
        cmocka_unit_test(a_day_without_flows_needs_no_columns),
        cmocka_unit_test(a_day_under_two_names_is_read_once),
        cmocka_unit_test(a_meta_of_absurd_length_is_not_read),
        cmocka_unit_test(a_day_of_v4_gets_no_index),
        cmocka_unit_test(a_block_every_minute_is_read),
        cmocka_unit_test(more_blocks_than_a_day_can_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
