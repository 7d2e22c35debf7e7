/* SPDX-License-Identifier: MIT
 *
 * What a block's record in blocks.index is worth: damage that no other check sees is
 * found by it, and a good block is not blamed for the record of another.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/bytes.h"
#include "tests/mischief.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 3, FLOWS = 40 };

/* eth0 and eth1: blocks of the same stamps and numbers of flows, but other flows. */
static int
set_up(void **state)
{
    struct store_fixture *f = store_fixture_new();
    for (int iface = 0; iface < 2; iface++)
        for (int b = 0; b < BLOCKS; b++)
            assert_int_equal(
                store_append(f->db, iface ? "eth1" : "eth0", DAY + 300 * (b + 1),
                    (uint64_t)(10000 + 4000 * iface + 100 * b), FLOWS, NULL),
                GODB_OK);
    *state = f;
    return 0;
}

static void
path_of(const struct store_fixture *f, const char *iface, const char *file, char *out)
{
    snprintf(out, 600, "%s/%s/%lld/%s", f->root, iface, (long long)DAY, file);
}

static void
copy(const struct store_fixture *f, const char *from, const char *to, const char *file)
{
    char source[600], target[600];
    static uint8_t bytes[1 << 20];
    path_of(f, from, file, source);
    path_of(f, to, file, target);
    int fd = open(source, O_RDONLY);
    const ssize_t count = read(fd, bytes, sizeof bytes);
    assert_true(count > 0);
    close(fd);
    fd = open(target, O_WRONLY | O_TRUNC);
    assert_int_equal(write(fd, bytes, (size_t)count), count);
    close(fd);
}

static struct store_sums
sum(struct store_fixture *f, unsigned columns)
{
    memset(&f->warnings, 0, sizeof f->warnings);
    return store_sum(f->db, columns, &f->warnings);
}

static void
put_number(
    const struct store_fixture *f, const char *file, int section, int slot, uint64_t n)
{
    char path[600];
    uint8_t bytes[8];
    path_of(f, "eth0", file, path);
    put_be64(bytes, n);
    int fd = open(path, O_RDWR);
    assert_int_equal(pwrite(fd, bytes, 8, section * 4096 + slot * 8), 8);
    close(fd);
}

/* --- Foreign records -------------------------------------------------------------- */

static void
an_index_copied_from_another_interface_blames_no_block(void **state)
{
    struct store_fixture *f = *state;
    copy(f, "eth1", "eth0", "blocks.index");
    assert_int_equal(sum(f, GODB_COLUMNS_ALL).rows, 2 * BLOCKS * FLOWS);
    assert_int_equal(f->warnings.count, 0);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        assert_int_equal(sum(f, GODB_COLUMN_BIT(col)).rows, 2 * BLOCKS * FLOWS);
        assert_int_equal(f->warnings.count, 0);
    }
}

static void
building_an_index_blames_no_block_for_a_foreign_record(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    copy(f, "eth1", "eth0", "blocks.index");
    assert_int_equal(godb_index(&counts, f->db, &sel, GODB_INDEX_MISSING, store_warn,
                         &f->warnings, NULL),
        GODB_OK);
    assert_int_equal(counts.built_count, 1);
    assert_int_equal(counts.bad_count, 0);
    assert_int_equal(counts.indexed_count, 2 * BLOCKS);
}

static void
a_renamed_interface_is_read_and_its_damage_is_found(void **state)
{
    struct store_fixture *f = *state;
    char from[600], to[600], path[600];
    snprintf(from, sizeof from, "%s/eth0", f->root);
    snprintf(to, sizeof to, "%s/wan", f->root);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(sum(f, GODB_COLUMNS_ALL).rows, 2 * BLOCKS * FLOWS);
    assert_int_equal(f->warnings.count, 0);
    path_of(f, "wan", "bytes_rcvd.gpf", path);
    mischief_flip(path, 12288 + 40, 3);
    sum(f, GODB_COLUMNS_ALL);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "bytes_rcvd.gpf"));
}

/* --- Damage ----------------------------------------------------------------------- */

/* A counter in a stored block: LZ4 and both stamps stay right. */
static void
flip_a_counter(const struct store_fixture *f, const char *file)
{
    char path[600];
    uint8_t end[8];
    path_of(f, "eth0", file, path);
    int fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, end, 8, 0), 8);
    close(fd);
    mischief_flip(path, (unsigned)get_be64(end) - 10, 0);
}

static void
damage_of_all_columns_at_hand_is_found_in_a_copied_database(void **state)
{
    struct store_fixture *f = *state;
    flip_a_counter(f, "bytes_rcvd.gpf");
    flip_a_counter(f, "bytes_sent.gpf");
    flip_a_counter(f, "pkts_sent.gpf");
    mischief_do(f->root, MISCHIEF_TOUCH, NULL);
    const unsigned columns = GODB_COLUMN_BIT(GODB_BYTES_RCVD) |
                             GODB_COLUMN_BIT(GODB_BYTES_SENT) |
                             GODB_COLUMN_BIT(GODB_PACKETS_SENT);
    assert_int_equal(sum(f, columns).rows, (2 * BLOCKS - 1) * FLOWS);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "bytes_rcvd.gpf"));
}

static void
a_column_of_another_interface_is_found(void **state)
{
    struct store_fixture *f = *state;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        const char *file = godb_columns[col].file;
        /* Their protocols and ports are the same, or the same by chance. */
        if (col == GODB_PROTO || col == GODB_DPORT || col == GODB_L7PROTO) continue;
        char path[600], spare[620];
        path_of(f, "eth0", file, path);
        snprintf(spare, sizeof spare, "%s.spare", path);
        assert_int_equal(link(path, spare), 0);
        assert_int_equal(unlink(path), 0);
        close(open(path, O_WRONLY | O_CREAT, 0600));
        copy(f, "eth1", "eth0", file);
        assert_int_equal(
            sum(f, GODB_COLUMN_BIT(col)).rows, BLOCKS * FLOWS); /* those of eth1 */
        assert_int_equal(f->warnings.count, BLOCKS);
        assert_non_null(strstr(f->warnings.last, file));
        assert_int_equal(rename(spare, path), 0);
    }
}

static void
blocks_that_the_commit_column_lost_are_missed(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    put_number(f, "pkts_sent.gpf", 1, 1, 0); /* slots 1 and 2 are gone */
    assert_int_equal(sum(f, 0).blocks, 2 * BLOCKS - 2);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "pkts_sent.gpf"));
    path_of(f, "eth0", "pkts_sent.gpf", path);
    assert_int_equal(truncate(path, 0), 0); /* as if it were just being made */
    assert_int_equal(sum(f, 0).blocks, BLOCKS);
    assert_int_equal(f->warnings.count, 1);
}

static void
name_record(const struct store_fixture *f, uint32_t slot, uint32_t at)
{
    enum { SLOTS_AT = 2048 };
    char path[600];
    uint8_t bytes[4];
    path_of(f, "eth0", "blocks.index", path);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    put_be32(bytes, at);
    assert_int_equal(pwrite(fd, bytes, sizeof bytes, SLOTS_AT + 4 * slot), 4);
    close(fd);
}

static void
a_block_that_two_turned_bits_name_once_more_is_not_missed(void **state)
{
    struct store_fixture *f = *state;
    const uint32_t first_record = 4096;
    name_record(f, 0, first_record ^ 0x100000);
    name_record(f, BLOCKS, first_record);
    assert_int_equal(sum(f, 0).blocks, 2 * BLOCKS);
    assert_int_equal(f->warnings.count, 0);
}

static void
a_stamp_that_turned_in_a_header_is_found(void **state)
{
    struct store_fixture *f = *state;
    static const int64_t stamps[] = {
        DAY + 900 + 300, -5, INT64_MAX, DAY + 300 /* as block 0 */};
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        put_number(f, "pkts_sent.gpf", 1, 2, (uint64_t)stamps[i]);
        assert_int_equal(sum(f, 0).blocks, 2 * BLOCKS - 1);
        assert_int_equal(f->warnings.count, 1);
        assert_non_null(strstr(f->warnings.last, "pkts_sent.gpf: slot 2"));
    }
}

static void
a_number_of_flows_that_turned_in_a_header_is_found(void **state)
{
    struct store_fixture *f = *state;
    put_number(f, "pkts_sent.gpf", 2, 1, 16 + 8 * (FLOWS + 1));
    assert_int_equal(sum(f, 0).blocks, 2 * BLOCKS - 1);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "pkts_sent.gpf: slot 1"));
    struct godb_iface_info *ifaces;
    size_t count;
    f->warnings.count = 0;
    assert_int_equal(
        godb_ifaces(f->db, &ifaces, &count, store_warn, &f->warnings, NULL, NULL, NULL),
        GODB_OK);
    assert_int_equal(f->warnings.count, 1);
    godb_ifaces_free(ifaces);
}

static void
an_l7proto_column_that_was_deleted_is_missed(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    path_of(f, "eth0", "l7proto.gpf", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(sum(f, GODB_COLUMN_BIT(GODB_L7PROTO)).rows, BLOCKS * FLOWS);
    assert_int_equal(f->warnings.count, BLOCKS);
    assert_non_null(strstr(f->warnings.last, "l7proto.gpf"));
}

static void
a_traffic_that_turned_in_meta_json_is_found(void **state)
{
    struct store_fixture *f = *state;
    char path[600], name[100];
    path_of(f, "eth0", "meta.json", path);
    snprintf(name, sizeof name, "eth0/%lld/meta.json", (long long)DAY);
    char *text = store_file(f->root, name);
    char *digit = strstr(text, "\"traffic\":") + strlen("\"traffic\":");
    mischief_flip(path, (unsigned)(digit - text), 0);
    free(text);
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    assert_int_equal(
        godb_block_list_open(&list, f->db, &sel, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_non_null(strstr(info.status, "meta.json"));
    assert_int_equal(info.traffic_bytes, -1);
    assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    assert_string_equal(info.status, "ok");
    assert_true(info.traffic_bytes > 0);
    godb_block_list_close(list);
}

/* --- Packets in meta.json --------------------------------------------------------- */

enum { COUNTED = BLOCKS }; /* the slot of the block that append_counted() adds */

/* One block more of eth0, with all counts of packets known. */
static void
append_counted(struct store_fixture *f)
{
    const struct godb_block_stats stats = {{70, 3, 6, {1, 2, 3, 4}}, 60};
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 50000, FLOWS);
    assert_int_equal(
        godb_writer_open(&writer, f->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 300 * (BLOCKS + 1), block, &stats, NULL),
        GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
}

/* What the block list says of the block in this slot of eth0. */
static struct godb_block_info
listed(const struct store_fixture *f, int slot)
{
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    assert_int_equal(
        godb_block_list_open(&list, f->db, &sel, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i <= slot; i++)
        assert_int_equal(godb_block_list_next(list, &info, NULL), GODB_OK);
    godb_block_list_close(list);
    return info;
}

/* In eth0's meta.json, the first time that it stands there. */
static void
replace_in_meta(const struct store_fixture *f, const char *old, const char *new)
{
    char path[600], name[100];
    path_of(f, "eth0", "meta.json", path);
    snprintf(name, sizeof name, "eth0/%lld/meta.json", (long long)DAY);
    char *text = store_file(f->root, name);
    char *at = strstr(text, old);
    assert_non_null(at);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
    assert_int_equal(fclose(file), 0);
    free(text);
}

static void
expect_counts_are_told(const struct store_fixture *f)
{
    const struct godb_block_info info = listed(f, COUNTED);
    assert_non_null(strstr(info.status, "meta.json: packets"));
    assert_int_equal(info.pcap.received, -1);
    assert_int_equal(info.packets_logged, -1);
    assert_true(info.traffic_bytes > 0);
    assert_string_equal(listed(f, 0).status, "ok");
}

static void
any_count_of_packets_that_turned_in_meta_json_is_found(void **state)
{
    struct store_fixture *f = *state;
    static const char *const turns[][2] = {
        {"packets_received\":70,", "packets_received\":71,"},
        {"packets_dropped\":3,", "packets_dropped\":2,"},
        {"if_dropped\":6,", "if_dropped\":7,"}, {"logged\":60,", "logged\":0,"},
        {"not_ip\":1,", "not_ip\":3,"}, {"bad_header\"", "bad_hearer\""}};
    append_counted(f);
    for (size_t i = 0; i < sizeof turns / sizeof turns[0]; i++) {
        replace_in_meta(f, turns[i][0], turns[i][1]);
        expect_counts_are_told(f);
        replace_in_meta(f, turns[i][1], turns[i][0]);
        assert_string_equal(listed(f, COUNTED).status, "ok");
    }
}

static void
goprobe_2_may_drop_the_reasons_of_undecoded_packets(void **state)
{
    struct store_fixture *f = *state;
    append_counted(f);
    replace_in_meta(f,
        ",\"packets_not_ip\":1,\"packets_truncated\":2,\"packets_bad_header\":3,"
        "\"packets_too_deep\":4",
        "");
    const struct godb_block_info info = listed(f, COUNTED);
    assert_string_equal(info.status, "ok");
    assert_int_equal(info.pcap.received, 70);
}

static void
counts_that_a_new_meta_json_cannot_have_are_unknown_and_no_damage(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    append_counted(f);
    path_of(f, "eth0", "meta.json", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        store_append(f->db, "eth0", DAY + 300 * (BLOCKS + 2), 7, 3, NULL), GODB_OK);
    const struct godb_block_info info = listed(f, COUNTED);
    assert_string_equal(info.status, "ok");
    assert_int_equal(info.pcap.received, -1);
    assert_true(info.packets_logged > 0);
}

static void
building_an_index_forgets_no_count_of_packets(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    char path[600];
    append_counted(f);
    replace_in_meta(f, "received\":70", "received\":71");
    path_of(f, "eth0", "", path);
    mischief_touch(path);
    assert_int_equal(
        godb_index(&counts, f->db, &sel, GODB_INDEX_MISSING, NULL, NULL, NULL),
        GODB_OK);
    assert_int_equal(counts.indexed_count, 2 * BLOCKS + 1);
    expect_counts_are_told(f);
    /* A first index has nothing else to believe than the file as it is. */
    path_of(f, "eth0", "blocks.index", path);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        godb_index(&counts, f->db, &sel, GODB_INDEX_MISSING, NULL, NULL, NULL),
        GODB_OK);
    assert_int_equal(listed(f, COUNTED).pcap.received, 71);
    replace_in_meta(f, "received\":71", "received\":70");
    expect_counts_are_told(f);
}

/* --- Blocks that only the index knows --------------------------------------------- */

static void
building_an_index_does_not_forget_lost_blocks(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    put_number(f, "pkts_sent.gpf", 1, 1, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(godb_index(&counts, f->db, &sel, GODB_INDEX_MISSING,
                             i ? store_warn : NULL, &f->warnings, NULL),
            GODB_OK);
        assert_int_equal(counts.bad_count, 2);
        assert_int_equal(f->warnings.count, i);
    }
    sum(f, 0);
    assert_int_equal(f->warnings.count, 1);
}

/* One block more. */
static void
append_told(struct store_fixture *f, struct store_warnings *told)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    memset(told, 0, sizeof *told);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 50000, FLOWS);
    assert_int_equal(
        godb_writer_open(&writer, f->db, "eth0", NULL, store_warn, told, NULL),
        GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 300 * (BLOCKS + 1), block, NULL, NULL),
        GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
}

/* The writer takes away what a crash left behind the used slots: committed blocks whose
 * slots the commit column lost are not that. */
static void
a_writer_drops_no_block_that_the_commit_column_lost(void **state)
{
    struct store_fixture *f = *state;
    struct store_warnings told;
    for (int slot = 1; slot < BLOCKS; slot++)
        for (int section = 0; section < 3; section++)
            put_number(f, "pkts_sent.gpf", section, slot, 0);
    append_told(f, &told);
    assert_int_equal(told.count, 1);
    assert_non_null(strstr(told.last, "pkts_sent.gpf"));
    assert_int_equal(sum(f, GODB_COLUMNS_ALL).rows, (2 * BLOCKS + 1) * FLOWS);
    assert_int_equal(f->warnings.count, 0);
    /* They count again, too. */
    char *summary = store_file(f->root, "summary.json");
    assert_non_null(strstr(summary, "\"eth0\":{\"flowcount\":160,"));
    free(summary);
}

static void
a_writer_restores_the_header_of_any_column(void **state)
{
    struct store_fixture *f = *state;
    struct store_warnings told;
    put_number(f, "sip.gpf", 0, 1, 77);
    put_number(f, "dport.gpf", 1, 2, 0);
    append_told(f, &told);
    assert_int_equal(told.count, 2);
    assert_int_equal(sum(f, GODB_COLUMNS_ALL).rows, (2 * BLOCKS + 1) * FLOWS);
    assert_int_equal(f->warnings.count, 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, store_fixture_free)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(an_index_copied_from_another_interface_blames_no_block),
        test(building_an_index_blames_no_block_for_a_foreign_record),
        test(a_renamed_interface_is_read_and_its_damage_is_found),
        test(damage_of_all_columns_at_hand_is_found_in_a_copied_database),
        test(a_column_of_another_interface_is_found),
        test(blocks_that_the_commit_column_lost_are_missed),
        test(a_block_that_two_turned_bits_name_once_more_is_not_missed),
        test(a_stamp_that_turned_in_a_header_is_found),
        test(a_number_of_flows_that_turned_in_a_header_is_found),
        test(an_l7proto_column_that_was_deleted_is_missed),
        test(a_traffic_that_turned_in_meta_json_is_found),
        test(any_count_of_packets_that_turned_in_meta_json_is_found),
        test(goprobe_2_may_drop_the_reasons_of_undecoded_packets),
        test(counts_that_a_new_meta_json_cannot_have_are_unknown_and_no_damage),
        test(building_an_index_forgets_no_count_of_packets),
        test(building_an_index_does_not_forget_lost_blocks),
        test(a_writer_drops_no_block_that_the_commit_column_lost),
        test(a_writer_restores_the_header_of_any_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
