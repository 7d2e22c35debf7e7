/* SPDX-License-Identifier: MIT
 *
 * The thread that writes blocks: rising stamps under a clock that stands still or was
 * set back, and full days.
 */
#include "tests/writeout.h"

static const char *const ifaces[] = {"eth0", "eth1"};

static struct writeout *
open_writeout(const char *path, bool is_strict)
{
    const struct writeout_options options = {
        .db_path = path, .ifaces = ifaces, .iface_count = 2, .is_strict = is_strict};
    return writeout_new(&options);
}

/* One flow of one packet on eth0. */
static struct rotation *
one_flow(int64_t time_s)
{
    const struct rotation_row row = {
        .iface = 0, .flow = {.proto = 17, .bytes_rcvd = 100, .packets_rcvd = 1}};
    struct rotation *rotation = rotation_new(2, time_s);
    assert_non_null(rotation);
    for (size_t i = 0; i < 2; i++) {
        strcpy(rotation->ifaces[i].name, ifaces[i]);
        rotation->ifaces[i].is_active = true;
    }
    assert_true(rotation_add(rotation, &row, 1));
    return rotation;
}

/* Stamps of eth0's blocks, at most max of them; packets is their sum. */
static size_t
read_stamps(const char *path, int64_t *stamps, size_t max, int64_t *packets)
{
    struct godb *db;
    struct godb_block_list *list;
    struct godb_block_info info;
    struct godb_err err;
    const struct godb_selection sel = {ifaces, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    size_t count = 0;
    *packets = 0;
    assert_int_equal(godb_open(&db, path, GODB_READ, &err), GODB_OK);
    assert_int_equal(godb_block_list_open(&list, db, &sel, NULL, NULL, &err), GODB_OK);
    while (godb_block_list_next(list, &info, &err) == GODB_OK) {
        assert_string_equal(info.status, "ok");
        assert_true(count < max);
        stamps[count++] = info.time_s;
        *packets += info.packets_logged;
    }
    godb_block_list_close(list);
    godb_close(db);
    return count;
}

static void
blocks_rise_where_the_clock_stands_before_the_last_one(void **state)
{
    (void)state;
    char *path = store_new();
    int64_t stamps[8], packets;
    struct writeout *writeout = open_writeout(path, false);
    writeout_submit(writeout, one_flow(1700000100));
    assert_int_equal(writeout_close(writeout), 0);
    /* Started again, with a clock two hours back. */
    writeout = open_writeout(path, false);
    writeout_submit(writeout, one_flow(1699992900));
    writeout_submit(writeout, one_flow(1699993200));
    writeout_submit(writeout, one_flow(1700000400));
    assert_int_equal(writeout_close(writeout), 0);
    assert_int_equal(read_stamps(path, stamps, 8, &packets), 4);
    assert_int_equal(stamps[0], 1700000100);
    assert_int_equal(stamps[1], 1700000101);
    assert_int_equal(stamps[2], 1700000102);
    assert_int_equal(stamps[3], 1700000400);
    assert_int_equal(packets, 4);
    free(path);
}

/* All slots but one, in one commit. */
static void
fill_day(const char *path, int64_t first_s)
{
    struct godb *db;
    struct godb_writer *writer;
    struct godb_block *block;
    struct godb_err err;
    assert_int_equal(godb_open(&db, path, GODB_CREATE, &err), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, &err), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    for (int i = 0; i < GODB_DAY_BLOCKS - 1; i++)
        assert_int_equal(
            godb_writer_append(writer, first_s + i, block, NULL, &err), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, &err), GODB_OK);
    godb_block_free(block);
    godb_writer_close(writer);
    godb_close(db);
}

static void
a_day_that_is_full_is_followed_by_the_next(void **state)
{
    (void)state;
    char *path = store_new();
    static int64_t stamps[GODB_DAY_BLOCKS + 8];
    const int64_t first_s = 1700006401; /* the day's first second but one */
    int64_t packets;
    fill_day(path, first_s);
    struct writeout *writeout = open_writeout(path, false);
    for (int i = 0; i < 3; i++)
        writeout_submit(writeout, one_flow(1699992900 + 300 * i));
    assert_int_equal(writeout_close(writeout), 0);
    const size_t count = read_stamps(path, stamps, GODB_DAY_BLOCKS + 8, &packets);
    assert_int_equal(count, GODB_DAY_BLOCKS + 2);
    assert_int_equal(stamps[GODB_DAY_BLOCKS - 1], first_s + GODB_DAY_BLOCKS - 1);
    assert_int_equal(stamps[GODB_DAY_BLOCKS], 1700006400 + GODB_DAY_S);
    assert_int_equal(stamps[GODB_DAY_BLOCKS + 1], 1700006400 + GODB_DAY_S + 1);
    assert_int_equal(packets, 3);
    free(path);
}

static void
a_file_that_goes_back_is_refused(void **state)
{
    (void)state;
    char *path = store_new();
    int64_t stamps[8], packets;
    struct writeout *writeout = open_writeout(path, true);
    writeout_submit(writeout, one_flow(1700000100));
    writeout_submit(writeout, one_flow(1699999800));
    assert_int_equal(writeout_close(writeout), -1);
    assert_int_equal(read_stamps(path, stamps, 8, &packets), 1);
    free(path);
}

/* What the last look at eth0 found. */
struct looked {
    int64_t written_s;
    uint64_t kept_count;
    uint64_t kept_packets;
    int ifaces;
};

static void
look_at(void *arg, const struct writeout_state *state, const struct rotation_row *kept)
{
    struct looked *looked = arg;
    looked->ifaces++;
    if (strcmp(state->iface, "eth0") != 0) return;
    looked->written_s = state->written_s;
    looked->kept_count = state->kept_count;
    looked->kept_packets = 0;
    for (uint64_t i = 0; i < state->kept_count; i++)
        looked->kept_packets += kept[i].flow.packets_rcvd;
}

/* A rotation whose interval had these statistics too. */
static struct rotation *
one_flow_of(int64_t time_s, int64_t received)
{
    struct rotation *rotation = one_flow(time_s);
    for (size_t i = 0; i < 2; i++)
        rotation->stats[i].pcap =
            (struct godb_pcap_stats){received, 1, 2, {3, 4, 5, 6}};
    return rotation;
}

static void
a_look_finds_what_is_on_disk_and_what_waits_for_it(void **state)
{
    (void)state;
    char *path = store_new(), *day = NULL;
    int64_t stamps[4], packets;
    struct looked looked = {0};
    /* A file where the day's directory should be: the block cannot be written. */
    struct writeout *writeout = open_writeout(path, false);
    if (asprintf(&day, "%s/eth0/1699920000", path) < 0) abort();
    FILE *obstacle = fopen(day, "w");
    assert_non_null(obstacle);
    fclose(obstacle);
    assert_int_equal(writeout_look(writeout, 0, 0, look_at, &looked), WRITEOUT_QUIET);
    assert_int_equal(looked.ifaces, 2);
    assert_int_equal(looked.written_s, 0);
    assert_int_equal(writeout_look(writeout, 1, 1, look_at, &looked), WRITEOUT_BUSY);
    writeout_submit(writeout, one_flow_of(1700000100, 10));
    writeout_submit(writeout, one_flow_of(1700000400, 20));
    assert_int_equal(
        writeout_look(writeout, 1, 60000, look_at, &looked), WRITEOUT_PAST);
    assert_int_equal(
        writeout_look(writeout, 2, 60000, look_at, &looked), WRITEOUT_QUIET);
    assert_int_equal(looked.kept_packets, 2);
    assert_int_equal(writeout_state(writeout, "eth0").kept_count, looked.kept_count);
    assert_int_equal(writeout_state(writeout, "eth1").written_s, 1700000400);
    assert_int_equal(writeout_state(writeout, "eth7").written_s, -1);
    assert_int_equal(unlink(day), 0);
    writeout_submit(writeout, one_flow_of(1700000700, 40));
    assert_int_equal(
        writeout_look(writeout, 3, 60000, look_at, &looked), WRITEOUT_QUIET);
    assert_int_equal(looked.kept_count, 0);
    assert_int_equal(looked.written_s, 1700000700);
    assert_int_equal(writeout_close(writeout), 0);
    assert_int_equal(read_stamps(path, stamps, 4, &packets), 1);
    assert_int_equal(packets, 3);
    char *meta = store_file(path, "eth0/1699920000/meta.json");
    assert_non_null(strstr(meta, "\"pcap_packets_received\":70,"
                                 "\"pcap_packets_dropped\":3,"
                                 "\"pcap_packets_if_dropped\":6,"));
    assert_non_null(strstr(meta, "\"packets_not_ip\":9,"));
    free(meta);
    free(day);
    free(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_rise_where_the_clock_stands_before_the_last_one),
        cmocka_unit_test(a_day_that_is_full_is_followed_by_the_next),
        cmocka_unit_test(a_file_that_goes_back_is_refused),
        cmocka_unit_test(a_look_finds_what_is_on_disk_and_what_waits_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
