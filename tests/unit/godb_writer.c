/* SPDX-License-Identifier: MIT
 *
 * Appending and reading back: what is written is what is read, in the right days, with
 * the side files that goDB 2.x keeps.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/block.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400) /* 2023-11-15 00:00 UTC */

static void
expect_flow(const struct godb_chunk *chunk, uint32_t row, uint64_t i)
{
    const struct godb_flow want = store_flow(i);
    assert_memory_equal(chunk->sip[row], want.sip, 16);
    assert_memory_equal(chunk->dip[row], want.dip, 16);
    assert_int_equal(chunk->proto[row], want.proto);
    assert_int_equal(chunk->dport[row], want.dport);
    assert_int_equal(chunk->l7proto[row], want.l7proto);
    assert_int_equal(chunk->counters[0][row], want.bytes_rcvd);
    assert_int_equal(chunk->counters[1][row], want.bytes_sent);
    assert_int_equal(chunk->counters[2][row], want.packets_rcvd);
    assert_int_equal(chunk->counters[3][row], want.packets_sent);
}

static void
every_field_of_every_row_comes_back(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 700, NULL), GODB_OK);
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_OK);
    assert_string_equal(chunk.iface, "eth0");
    assert_int_equal(chunk.time_s, DAY + 300);
    assert_int_equal(chunk.row_count, 700);
    assert_null(chunk.selected);
    bool seen[700] = {false};
    for (uint32_t row = 0; row < 700; row++) {
        const uint64_t i = chunk.counters[2][row] - 3;
        assert_true(i < 700 && !seen[i]);
        seen[i] = true;
        expect_flow(&chunk, row, i);
    }
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_DONE);
    godb_scan_close(scan);
    godb_close(db);
    free(root);
}

static void
a_block_stamped_at_midnight_opens_the_new_day(void **state)
{
    (void)state;
    char *root = store_new(), path[600];
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY - 300, 0, 5, NULL), GODB_OK);
    assert_int_equal(store_append(db, "eth0", DAY, 5, 5, NULL), GODB_OK);
    snprintf(path, sizeof path, "%s/eth0/%lld/sip.gpf", root, (long long)DAY);
    assert_int_equal(access(path, F_OK), 0);
    snprintf(path, sizeof path, "%s/eth0/%lld/sip.gpf", root, (long long)DAY - 86400);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 10);
    godb_close(db);
    free(root);
}

static void
a_block_that_is_not_later_than_the_last_is_refused(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_err err;
    assert_int_equal(store_append(db, "eth0", DAY + 600, 0, 5, NULL), GODB_OK);
    assert_int_equal(store_append(db, "eth0", DAY + 600, 0, 5, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "eth0"));
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 5, &err), GODB_EARG);
    assert_int_equal(store_append(db, "eth0", DAY - 300, 0, 5, &err), GODB_EARG);
    assert_int_equal(store_append(db, "eth1", DAY + 300, 0, 5, &err), GODB_OK);
    assert_int_equal(store_sum(db, 0, NULL).rows, 10);
    godb_close(db);
    free(root);
}

static void
the_513th_block_of_a_day_is_refused_and_the_others_stay(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *writer;
    struct godb_block *block;
    struct godb_err err;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 3);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i < GODB_DAY_BLOCKS; i++)
        assert_int_equal(
            godb_writer_append(writer, DAY + 1 + i, block, NULL, &err), GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 600, block, NULL, &err), GODB_EFULL);
    assert_int_equal(godb_writer_commit(writer, &err), GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 86400, block, NULL, &err), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, &err), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    const struct store_sums sums = store_sum(db, GODB_COLUMNS_ALL, NULL);
    assert_int_equal(sums.blocks, GODB_DAY_BLOCKS + 1);
    godb_close(db);
    free(root);
}

/* The bytes of a column file; for free(3). */
static char *
column_bytes(const char *root, const char *iface, const char *file, size_t *length)
{
    char path[600], *bytes = malloc(1 << 20);
    snprintf(path, sizeof path, "%s/%s/%lld/%s", root, iface, (long long)DAY, file);
    FILE *in = fopen(path, "rb");
    if (in == NULL || bytes == NULL) fail_msg("%s", path);
    *length = fread(bytes, 1, 1 << 20, in);
    fclose(in);
    return bytes;
}

static void
a_block_packed_before_is_stored_as_one_that_is_not(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_err err;
    struct godb_packer *packer;
    struct godb_block *block;
    struct godb_writer *writer;
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 1000, NULL), GODB_OK);
    assert_int_equal(godb_packer_new(&packer, GODB_EFFORT_SMALL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth1", NULL, NULL, NULL, NULL), GODB_OK);
    /* Neither for another stamp, nor without the rows that came later. */
    store_fill(block, 0, 999);
    assert_int_equal(godb_block_pack(packer, block, DAY + 300, &err), GODB_OK);
    const struct godb_flow last = store_flow(999);
    assert_int_equal(godb_block_add(block, &last), GODB_OK);
    assert_int_equal(godb_block_pack(packer, block, DAY + 600, &err), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 300, block, NULL, &err), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, &err), GODB_OK);
    static const char *const files[] = {"sip.gpf", "dport.gpf", "bytes_rcvd.gpf"};
    for (size_t i = 0; i < 3; i++) {
        size_t length[2];
        char *one = column_bytes(root, "eth0", files[i], &length[0]);
        char *two = column_bytes(root, "eth1", files[i], &length[1]);
        assert_int_equal(length[0], length[1]);
        assert_memory_equal(one, two, length[0]);
        free(one);
        free(two);
    }
    godb_packer_free(packer);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_close(db);
    free(root);
}

static void
a_quickly_packed_block_has_the_same_rows(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_err err;
    struct godb_packer *packer;
    struct godb_block *block;
    struct godb_writer *writer;
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 5000, NULL), GODB_OK);
    const struct store_sums want = store_sum(db, GODB_COLUMNS_ALL, NULL);
    assert_int_equal(godb_packer_new(&packer, GODB_EFFORT_QUICK), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth1", NULL, NULL, NULL, NULL), GODB_OK);
    store_fill(block, 0, 5000);
    assert_int_equal(godb_block_pack(packer, block, DAY + 300, &err), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 300, block, NULL, &err), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, &err), GODB_OK);
    const struct store_sums got = store_sum(db, GODB_COLUMNS_ALL, NULL);
    assert_int_equal(got.rows, 2 * want.rows);
    assert_int_equal(got.blocks, 2 * want.blocks);
    godb_packer_free(packer);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_close(db);
    free(root);
}

static void
what_is_not_committed_is_never_seen(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 5, NULL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 100);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 600, block, NULL, NULL), GODB_OK);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 5);
    godb_writer_close(writer);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 5);
    assert_int_equal(store_append(db, "eth0", DAY + 900, 0, 7, NULL), GODB_OK);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 12);
    godb_block_free(block);
    godb_close(db);
    free(root);
}

static void
side_files_are_what_the_original_writes(void **state)
{
    (void)state;
    char *root = store_new(), name[100];
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth1", DAY + 300, 0, 2, NULL), GODB_OK);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    assert_int_equal(store_append(db, "eth0", DAY + 600, 0, 1, NULL), GODB_OK);
    char *summary = store_file(root, "summary.json");
    assert_string_equal(summary,
        "{\"interfaces\":{"
        "\"eth0\":{\"flowcount\":3,\"traffic\":1019,\"begin\":1700006700,"
        "\"end\":1700007000},"
        "\"eth1\":{\"flowcount\":2,\"traffic\":1016,\"begin\":1700006700,"
        "\"end\":1700006700}}}\n");
    snprintf(name, sizeof name, "eth0/%lld/meta.json", (long long)DAY);
    char *meta = store_file(root, name);
    assert_string_equal(meta,
        "{\"blocks\":[{\"timestamp\":1700006700,\"pcap_packets_received\":-1,"
        "\"pcap_packets_dropped\":-1,\"pcap_packets_if_dropped\":-1,"
        "\"packets_logged\":15,\"flowcount\":2,\"traffic\":1016},"
        "{\"timestamp\":1700007000,\"pcap_packets_received\":-1,"
        "\"pcap_packets_dropped\":-1,\"pcap_packets_if_dropped\":-1,"
        "\"packets_logged\":7,\"flowcount\":1,\"traffic\":3}]}\n");
    char *lock = store_file(root, "summary.lock");
    assert_null(lock);
    free(summary);
    free(meta);
    godb_close(db);
    free(root);
}

static void
append_with(struct godb *db, int64_t time_s, const struct godb_block_stats *stats)
{
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(godb_writer_append(writer, time_s, block, stats, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_block_free(block);
    godb_writer_close(writer);
}

static void
statistics_stand_behind_what_the_original_knows_and_come_back(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    const struct godb_block_stats stats = {{70, 5, 3, {1, 2, 0, 4}}, 55};
    struct godb_block_list *list;
    struct godb_block_info info;
    append_with(db, DAY + 300, &stats);
    append_with(db, DAY + 600, NULL);
    char name[64];
    snprintf(name, sizeof name, "eth0/%lld/meta.json", (long long)DAY);
    char *meta = store_file(root, name);
    assert_non_null(
        strstr(meta, "{\"timestamp\":1700006700,\"pcap_packets_received\":70,"
                     "\"pcap_packets_dropped\":5,\"pcap_packets_if_dropped\":3,"
                     "\"packets_logged\":55,\"flowcount\":0,"));
    assert_non_null(strstr(meta,
        ",\"packets_not_ip\":1,\"packets_truncated\":2,\"packets_bad_header\":0,"
        "\"packets_too_deep\":4},"));
    assert_null(strstr(strstr(meta, "1700007000"), "packets_not_ip"));
    free(meta);
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    assert_int_equal(godb_block_list_open(&list, db, &sel, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_memory_equal(&info.pcap, &stats.pcap, sizeof info.pcap);
    assert_int_equal(info.packets_logged, 55);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        assert_int_equal(info.pcap.undecoded[i], -1);
    godb_block_list_close(list);
    godb_close(db);
    free(root);
}

static void
an_empty_block_is_a_block(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 0, NULL), GODB_OK);
    struct godb_iface_info *ifaces;
    size_t count;
    assert_int_equal(
        godb_ifaces(db, &ifaces, &count, NULL, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(ifaces[0].block_count, 1);
    assert_int_equal(ifaces[0].flow_count, 0);
    assert_int_equal(ifaces[0].end_s, DAY + 300);
    godb_ifaces_free(ifaces);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).blocks, 0);
    godb_close(db);
    free(root);
}

static void
a_second_writer_of_the_same_interface_is_turned_away(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *first, *second, *other;
    struct godb_err err;
    assert_int_equal(
        godb_writer_open(&first, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(
        godb_writer_open(&second, db, "eth0", NULL, NULL, NULL, &err), GODB_EBUSY);
    assert_non_null(strstr(err.msg, "eth0"));
    assert_int_equal(
        godb_writer_open(&other, db, "eth1", NULL, NULL, NULL, NULL), GODB_OK);
    godb_writer_close(first);
    godb_writer_close(other);
    godb_close(db);
    free(root);
}

static void
a_lock_that_a_killed_process_left_is_taken_over(void **state)
{
    (void)state;
    char *root = store_new(), path[600];
    struct godb *db = store_open(root, GODB_CREATE);
    snprintf(path, sizeof path, "%s/summary.lock", root);
    int fd = open(path, O_CREAT | O_WRONLY, 0666);
    assert_true(fd >= 0);
    const struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
    assert_int_equal(futimens(fd, old), 0);
    close(fd);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    assert_int_equal(access(path, F_OK), -1);
    char *summary = store_file(root, "summary.json");
    assert_non_null(summary);
    assert_non_null(strstr(summary, "eth0"));
    free(summary);
    godb_close(db);
    free(root);
}

static void
damaged_side_files_are_rebuilt_from_the_columns(void **state)
{
    (void)state;
    char *root = store_new(), path[600], name[100];
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    snprintf(name, sizeof name, "eth0/%lld/meta.json", (long long)DAY);
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *file = fopen(path, "w");
    fputs("{\"blocks\":[{\"timest", file);
    fclose(file);
    snprintf(path, sizeof path, "%s/summary.json", root);
    file = fopen(path, "w");
    fputs("}", file);
    fclose(file);
    assert_int_equal(store_append(db, "eth0", DAY + 600, 2, 1, NULL), GODB_OK);
    char *meta = store_file(root, name), *summary = store_file(root, "summary.json");
    assert_non_null(strstr(meta, "\"timestamp\":1700006700"));
    assert_non_null(
        strstr(meta, "\"packets_logged\":15,\"flowcount\":2,\"traffic\":1016"));
    assert_non_null(strstr(meta, "\"timestamp\":1700007000"));
    assert_non_null(strstr(summary, "\"flowcount\":3,"));
    free(meta);
    free(summary);
    godb_close(db);
    free(root);
}

static void
a_stamp_that_is_no_time_is_refused(void **state)
{
    static const int64_t bad_s[] = {0, -1, INT64_MIN, INT64_MAX, GODB_STAMP_MAX + 1};
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (size_t i = 0; i < sizeof bad_s / sizeof bad_s[0]; i++) {
        struct godb_err err;
        assert_int_equal(store_append(db, "eth0", bad_s[i], 0, 2, &err), GODB_EARG);
        assert_non_null(strstr(err.msg, "is no time for a block"));
    }
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, 2);
    godb_close(db);
    free(root);
}

/* A flow whose counters are not compressed away. */
static struct godb_flow
noisy_flow(uint64_t i)
{
    struct godb_flow flow = store_flow(i);
    flow.bytes_rcvd = (i + 1) * UINT64_C(0x9e3779b97f4a7c15) >> 8;
    return flow;
}

/* The larger a block, the less time it is worth, and the longer are its columns: more
 * than a reader takes at once. */
static void
large_blocks_come_back_whole(void **state)
{
    static const size_t counts[] = {40000, 140000, 530000};
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *writer;
    struct godb_block *block;
    uint64_t bytes_rcvd = 0, rows = 0;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        godb_block_reset(block);
        for (uint64_t at = 0; at < counts[i]; at++) {
            const struct godb_flow flow = noisy_flow(at);
            assert_int_equal(godb_block_add(block, &flow), GODB_OK);
            bytes_rcvd += flow.bytes_rcvd;
        }
        rows += counts[i];
        assert_int_equal(
            godb_writer_append(writer, DAY + 300 * ((int64_t)i + 1), block, NULL, NULL),
            GODB_OK);
    }
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    const struct store_sums sums = store_sum(
        db, GODB_COLUMN_BIT(GODB_SIP) | GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    assert_int_equal(sums.rows, rows);
    assert_true(sums.bytes_rcvd == bytes_rcvd);
    godb_close(db);
    free(root);
}

/* Its columns would be longer than what can be compressed at once.  Nothing is read of
 * rows that are not there. */
static void
a_block_of_too_many_flows_is_refused(void **state)
{
    (void)state;
    struct godb_packer *packer;
    struct godb_err err;
    struct godb_block block = {.count = 200 << 20};
    assert_int_equal(godb_packer_new(&packer, GODB_EFFORT_SMALL), GODB_OK);
    assert_int_equal(godb_block_pack(packer, &block, DAY + 300, &err), GODB_EARG);
    assert_string_equal(err.msg, "209715200 flows are too many for one block");
    godb_packer_free(packer);
}

static void
l7_names_travel_with_the_day_and_change_from_a_stamp_on(void **state)
{
    (void)state;
    static const struct godb_l7_entry table[] = {
        {0, "Unknown", "Unspecified"}, {2, "Gopher", "Web"}};
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_l7_names *names;
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(store_append(db, "eth0", DAY + 300, 2, 1, NULL), GODB_OK);
    assert_int_equal(godb_l7_names_new(&names, "nDPI 0.1", table, 2, NULL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 2, 1);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", names, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 600, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_l7_names_free(names);

    const struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_L7PROTO), NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_OK);
    assert_string_equal(godb_l7_library(chunk.l7_names), "libprotoident");
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_OK);
    assert_string_equal(godb_l7_library(chunk.l7_names), "nDPI 0.1");
    assert_string_equal(godb_l7_name(chunk.l7_names, chunk.l7proto[0]), "Gopher");
    assert_string_equal(godb_l7_category(chunk.l7_names, 2), "Web");
    godb_scan_close(scan);
    godb_close(db);
    free(root);
}

static void
appending_sorts_rows_and_keeps_them_whole(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_block *block;
    struct godb_writer *writer;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    for (uint64_t i = 500; i > 0; i--) {
        const struct godb_flow flow = store_flow(i - 1);
        assert_int_equal(godb_block_add(block, &flow), GODB_OK);
    }
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 300, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_OK);
    for (uint32_t row = 0; row < chunk.row_count; row++) {
        expect_flow(&chunk, row, chunk.counters[2][row] - 3);
        if (row > 0) assert_true(memcmp(chunk.sip[row - 1], chunk.sip[row], 16) <= 0);
    }
    godb_scan_close(scan);
    godb_close(db);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_row_comes_back),
        cmocka_unit_test(a_block_stamped_at_midnight_opens_the_new_day),
        cmocka_unit_test(a_block_packed_before_is_stored_as_one_that_is_not),
        cmocka_unit_test(a_quickly_packed_block_has_the_same_rows),
        cmocka_unit_test(a_block_that_is_not_later_than_the_last_is_refused),
        cmocka_unit_test(the_513th_block_of_a_day_is_refused_and_the_others_stay),
        cmocka_unit_test(what_is_not_committed_is_never_seen),
        cmocka_unit_test(side_files_are_what_the_original_writes),
        cmocka_unit_test(statistics_stand_behind_what_the_original_knows_and_come_back),
        cmocka_unit_test(an_empty_block_is_a_block),
        cmocka_unit_test(a_second_writer_of_the_same_interface_is_turned_away),
        cmocka_unit_test(a_lock_that_a_killed_process_left_is_taken_over),
        cmocka_unit_test(damaged_side_files_are_rebuilt_from_the_columns),
        cmocka_unit_test(l7_names_travel_with_the_day_and_change_from_a_stamp_on),
        cmocka_unit_test(appending_sorts_rows_and_keeps_them_whole),
        cmocka_unit_test(a_stamp_that_is_no_time_is_refused),
        cmocka_unit_test(large_blocks_come_back_whole),
        cmocka_unit_test(a_block_of_too_many_flows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
