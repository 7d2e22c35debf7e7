/* SPDX-License-Identifier: MIT
 *
 * blocks.index: it saves reading, and never changes an answer.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/block_index.h"
#include "godb/bytes.h"
#include "tests/mischief.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 6, FLOWS = 200 };

static uint64_t seed = 1;

static unsigned
pick(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((seed >> 33) % below);
}

/* Blocks of different flows over two days: block b has flows 200 b to 200 b + 199,
 * whose sources and counters no other block has. */
static int
set_up(void **state)
{
    struct store_fixture *f = store_fixture_new();
    for (int b = 0; b < BLOCKS; b++)
        assert_int_equal(
            store_append(f->db, "eth0", DAY + (b < BLOCKS / 2 ? 300 : 86400) + 300 * b,
                (uint64_t)(FLOWS * b), FLOWS, NULL),
            GODB_OK);
    *state = f;
    return 0;
}

/* --- Asking ----------------------------------------------------------------------- */

struct answer {
    size_t rows;
    uint64_t bytes_rcvd, packets_sent;
};

static struct answer
ask(struct store_fixture *f, const char *condition)
{
    struct answer answer = {0, 0, 0};
    struct godb_filter *filter = NULL;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err;
    if (godb_filter_parse(&filter, condition, NULL, NULL, NULL, &err) != GODB_OK)
        fail_msg("%s: %s", condition, err.msg);
    f->warnings.count = 0;
    struct godb_scan_spec spec =
        store_spec(GODB_COLUMN_BIT(GODB_DIP) | GODB_COLUMN_BIT(GODB_BYTES_RCVD) |
                       GODB_COLUMN_BIT(GODB_PACKETS_SENT),
            &f->warnings);
    spec.filter = filter;
    assert_int_equal(godb_scan_open(&scan, f->db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        for (uint32_t i = 0; i < chunk.selected_count; i++) {
            const uint32_t row = chunk.selected ? chunk.selected[i] : i;
            answer.rows++;
            answer.bytes_rcvd += chunk.counters[0][row];
            answer.packets_sent += chunk.counters[3][row] + chunk.dip[row][3];
        }
    godb_scan_close(scan);
    godb_filter_free(filter);
    return answer;
}

static struct godb_index_counts
index_all(struct store_fixture *f, enum godb_index_mode mode)
{
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    f->warnings.count = 0;
    assert_int_equal(
        godb_index(&counts, f->db, &sel, mode, store_warn, &f->warnings, NULL),
        GODB_OK);
    return counts;
}

static void
path_of(const struct store_fixture *f, int64_t day_s, const char *file, char *out)
{
    snprintf(out, 600, "%s/eth0/%lld/%s", f->root, (long long)day_s, file);
}

/* Spoil the last byte of a column's first block, as a failing disk would: the file
 * looks untouched. */
static void
rot(const struct store_fixture *f, const char *file)
{
    char path[600];
    struct stat st;
    uint8_t bytes[8];
    path_of(f, DAY, file, path);
    assert_int_equal(stat(path, &st), 0);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, bytes, 8, 0), 8);
    const off_t at = (off_t)get_be64(bytes) - 12;
    assert_int_equal(pread(fd, bytes, 1, at), 1);
    bytes[0] ^= 1;
    assert_int_equal(pwrite(fd, bytes, 1, at), 1);
    const struct timespec times[2] = {{0, UTIME_OMIT}, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

static const char *const conditions[] = {
    "sip = 10.0.0.1",
    "sip = 10.0.1.44",
    "dip = 192.168.1.9",
    "host = 10.0.2.20",
    "host = 10.9.9.9",
    "snet = 10.0.3.0/24",
    "snet = 10.0.0.0/16",
    "snet = 10.0.0.0/8",
    "net = 172.16.0.0/12",
    "net = 203.0.113.0/24",
    "snet = 2001:db8::/48",
    "snet = 2001:db8::/64",
    "net = 2001:db9::/48",
    "snet = 0.0.0.0/0",
    "dport = 443",
    "dport = 1005",
    "dport = 9999",
    "dport < 443",
    "dport != 443",
    "dport > 1500 & proto = 6",
    "proto = UDP",
    "proto != UDP",
    "proto = ICMP",
    "proto != ICMP",
    "proto > 5 & proto < 18",
    "l7proto = 3",
    "l7proto = 4",
    "l7proto != 4",
    "!(dport = 443 | sip = 10.0.0.1)",
    "!(proto = 6 | proto = 17)",
    "!(snet = 10.0.0.0/8)",
    "sip != 10.0.0.1",
    "sip = 10.0.0.1 | dip = 10.9.9.9",
    "sip = 10.0.4.2 & dport = 443",
    "sip = 10.0.4.2 & dport = 9999",
    "(sip = 10.0.0.1 | sip = 10.0.4.2) & proto = 6",
};
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

/* --- Tests ------------------------------------------------------------------------ */

static void
a_writer_indexes_what_it_appends(void **state)
{
    struct store_fixture *f = *state;
    const struct godb_index_counts counts = index_all(f, GODB_INDEX_CHECK);
    assert_int_equal(counts.day_count, 2);
    assert_int_equal(counts.block_count, BLOCKS);
    assert_int_equal(counts.indexed_count, BLOCKS);
    assert_int_equal(index_all(f, GODB_INDEX_MISSING).built_count, 0);
}

static void
an_index_that_is_built_later_is_the_one_that_the_writer_made(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    snprintf(path, sizeof path, "eth0/%lld/blocks.index", (long long)DAY);
    path_of(f, DAY, "blocks.index", path);
    struct stat st;
    static uint8_t first[1 << 17], second[1 << 17];
    int fd = open(path, O_RDONLY);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(pread(fd, first, sizeof first, 0), st.st_size);
    close(fd);
    unlink(path);
    assert_int_equal(index_all(f, GODB_INDEX_MISSING).built_count, 1);
    fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, second, sizeof second, 0), st.st_size);
    close(fd);
    assert_memory_equal(first, second, (size_t)st.st_size);
}

static void
no_mischief_changes_an_answer(void **state)
{
    struct store_fixture *f = *state;
    struct answer wanted[CONDITIONS];
    mischief_do(f->root, MISCHIEF_DELETE, pick);
    for (int i = 0; i < CONDITIONS; i++)
        wanted[i] = ask(f, conditions[i]);
    for (int round = 0; round < 60; round++) {
        index_all(f, GODB_INDEX_ALL);
        mischief_do(f->root, (enum mischief)(round % MISCHIEF_KINDS), pick);
        for (int i = 0; i < CONDITIONS; i++) {
            const struct answer got = ask(f, conditions[i]);
            if (memcmp(&got, &wanted[i], sizeof got) != 0 || f->warnings.count != 0)
                fail_msg("%s, mischief %d: %zu rows, wanted %zu, %d warnings",
                    conditions[i], round % MISCHIEF_KINDS, got.rows, wanted[i].rows,
                    f->warnings.count);
        }
    }
}

static size_t
count_numbers(struct store_fixture *f, enum godb_column column, const uint64_t *values,
    size_t count)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(column), &f->warnings);
    struct godb_filter *filter = NULL;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    size_t rows = 0;
    assert_int_equal(godb_filter_numbers(&filter, column, values, count), GODB_OK);
    spec.filter = filter;
    assert_int_equal(godb_scan_open(&scan, f->db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        rows += chunk.selected_count;
    godb_scan_close(scan);
    godb_filter_free(filter);
    return rows;
}

/* Of counters an index has the ends alone; a long list is not looked up. */
static void
lists_of_numbers_are_answered_as_without_an_index(void **state)
{
    enum { MANY = 100 };
    struct store_fixture *f = *state;
    uint64_t values[GODB_COLUMN_COUNT][MANY];
    size_t wanted[GODB_COLUMN_COUNT][2], all = 0;
    for (uint64_t i = 0; i < MANY; i++) {
        const struct godb_flow flow = store_flow(i * 11);
        values[GODB_DPORT][i] = flow.dport;
        values[GODB_L7PROTO][i] = i;
        values[GODB_PROTO][i] = flow.proto + i % 2;
        values[GODB_BYTES_RCVD][i] = flow.bytes_rcvd;
        values[GODB_PACKETS_SENT][i] = flow.packets_sent;
    }
    static const enum godb_column columns[] = {
        GODB_DPORT, GODB_L7PROTO, GODB_PROTO, GODB_BYTES_RCVD, GODB_PACKETS_SENT};
    for (int with_index = 1; with_index >= 0; with_index--) {
        if (!with_index) mischief_do(f->root, MISCHIEF_DELETE, pick);
        for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++)
            for (int is_long = 0; is_long < 2; is_long++) {
                const size_t rows = count_numbers(
                    f, columns[c], values[columns[c]] + 2, is_long ? MANY - 2 : 1);
                if (with_index) wanted[columns[c]][is_long] = rows;
                assert_int_equal(rows, wanted[columns[c]][is_long]);
                all += rows;
            }
    }
    assert_true(all > 100);
    assert_int_equal(f->warnings.count, 0);
}

/* A block that is not read cannot be found damaged. */
static void
blocks_without_the_address_are_not_read(void **state)
{
    struct store_fixture *f = *state;
    rot(f, "dip.gpf");
    rot(f, "sip.gpf");
    assert_int_equal(ask(f, "sip = 10.0.4.2").rows, 1);
    assert_int_equal(f->warnings.count, 0);
    assert_int_equal(ask(f, "snet = 10.0.4.0/24 & dport = 443").rows > 0, 1);
    assert_int_equal(f->warnings.count, 0);
    ask(f, "sip = 10.0.0.1");
    assert_int_equal(f->warnings.count, 1);
}

static void
a_touched_column_is_read_before_its_index_is_believed(void **state)
{
    struct store_fixture *f = *state;
    rot(f, "sip.gpf");
    mischief_do(f->root, MISCHIEF_TOUCH, pick);
    assert_int_equal(ask(f, "sip = 10.0.4.2").rows, 1);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "sip.gpf: slot 0"));
}

static void
a_bit_that_turned_on_the_disk_is_found(void **state)
{
    struct store_fixture *f = *state;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        rot(f, godb_columns[col].file);
        f->warnings.count = 0;
        assert_int_equal(
            store_sum(f->db, GODB_COLUMNS_ALL, &f->warnings).blocks, BLOCKS - 1);
        assert_int_equal(f->warnings.count, 1);
        assert_non_null(strstr(f->warnings.last, godb_columns[col].file));
        assert_non_null(strstr(f->warnings.last, "another hash"));
        rot(f, godb_columns[col].file); /* back */
    }
    assert_int_equal(store_sum(f->db, GODB_COLUMNS_ALL, &f->warnings).blocks, BLOCKS);
}

static void
building_anew_does_not_whitewash_a_damaged_block(void **state)
{
    struct store_fixture *f = *state;
    rot(f, "bytes_sent.gpf");
    mischief_do(f->root, MISCHIEF_TOUCH, pick);
    struct godb_index_counts counts = index_all(f, GODB_INDEX_MISSING);
    assert_int_equal(counts.bad_count, 1);
    assert_int_equal(f->warnings.count, 1);
    f->warnings.count = 0;
    assert_int_equal(
        store_sum(f->db, GODB_COLUMNS_ALL, &f->warnings).blocks, BLOCKS - 1);
    /* Unless it is said that the files are right. */
    index_all(f, GODB_INDEX_ALL);
    f->warnings.last[0] = '\0';
    store_sum(f->db, GODB_COLUMNS_ALL, &f->warnings);
    assert_null(strstr(f->warnings.last, "another hash"));
}

/* As goProbe does it: columns and meta.json, and no index. */
static void
a_writer_indexes_what_came_without_an_index(void **state)
{
    struct store_fixture *f = *state;
    mischief_do(f->root, MISCHIEF_DELETE, pick);
    assert_int_equal(index_all(f, GODB_INDEX_CHECK).indexed_count, 0);
    assert_int_equal(
        store_append(f->db, "eth0", DAY + 86400 * 2 - 300, 5000, 50, NULL), GODB_OK);
    const struct godb_index_counts counts = index_all(f, GODB_INDEX_CHECK);
    assert_int_equal(counts.block_count, BLOCKS + 1);
    assert_int_equal(counts.indexed_count, BLOCKS / 2 + 1);
}

static void
an_index_older_than_its_columns_is_built_before_it_grows(void **state)
{
    struct store_fixture *f = *state;
    char path[600], old[600];
    path_of(f, DAY + 86400, "blocks.index", path);
    path_of(f, DAY + 86400, "old", old);
    assert_int_equal(link(path, old), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(
        store_append(f->db, "eth0", DAY + 86400 * 2 - 600, 5000, 50, NULL), GODB_OK);
    assert_int_equal(rename(old, path), 0);
    struct godb_index_counts counts = index_all(f, GODB_INDEX_CHECK);
    assert_int_equal(counts.indexed_count, BLOCKS);
    assert_int_equal(ask(f, "sip = 10.0.19.138").rows, 1); /* flow 5002 */
    assert_int_equal(
        store_append(f->db, "eth0", DAY + 86400 * 2 - 300, 6000, 50, NULL), GODB_OK);
    counts = index_all(f, GODB_INDEX_CHECK);
    assert_int_equal(counts.block_count, BLOCKS + 2);
    assert_int_equal(counts.indexed_count, BLOCKS + 2);
}

static void
the_newest_day_of_a_writer_is_left_to_it(void **state)
{
    struct store_fixture *f = *state;
    struct godb_writer *writer;
    mischief_do(f->root, MISCHIEF_DELETE, pick);
    assert_int_equal(
        godb_writer_open(&writer, f->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    struct godb_index_counts counts = index_all(f, GODB_INDEX_MISSING);
    assert_int_equal(counts.busy_count, 1);
    assert_int_equal(counts.built_count, 1);
    godb_writer_close(writer);
    counts = index_all(f, GODB_INDEX_MISSING);
    assert_int_equal(counts.busy_count, 0);
    assert_int_equal(counts.indexed_count, BLOCKS);
}

static void
something_else_in_its_place_is_no_index(void **state)
{
    struct store_fixture *f = *state;
    char path[600];
    mischief_do(f->root, MISCHIEF_DELETE, pick);
    path_of(f, DAY, "blocks.index", path);
    assert_int_equal(mkfifo(path, 0600), 0); /* must not hang */
    path_of(f, DAY + 86400, "blocks.index", path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(ask(f, "sip = 10.0.4.2").rows, 1);
    assert_int_equal(f->warnings.count, 0);
    struct store_warnings warnings = {0, ""};
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 7000, 40);
    assert_int_equal(
        godb_writer_open(&writer, f->db, "eth0", NULL, store_warn, &warnings, NULL),
        GODB_OK);
    assert_int_equal(
        godb_writer_append(writer, DAY + 86400 * 2 - 300, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.last, "blocks.index"));
    assert_int_equal(store_sum(f->db, GODB_COLUMNS_ALL, NULL).blocks, BLOCKS + 1);
}

static void
a_sieve_finds_what_it_holds_and_seldom_more(void **state)
{
    (void)state;
    enum { ROWS = 3000, ASKED = 20000 };
    static uint8_t sip[ROWS * 16], dip[ROWS * 16], port[ROWS * 2], zeros[ROWS * 8];
    const uint8_t *columns[GODB_COLUMN_COUNT];
    uint8_t *lines;
    uint32_t line_count;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        columns[col] = zeros;
    for (uint32_t row = 0; row < ROWS; row++) {
        put_be32(sip + 16 * row, 0x0a000000 + pick(900));
        put_be32(dip + 16 * row, pick(1u << 31) * 2);
        put_be16(port + 2 * row, (uint16_t)(pick(3) ? 443 : pick(60000)));
    }
    columns[GODB_SIP] = sip;
    columns[GODB_DIP] = dip;
    columns[GODB_DPORT] = port;
    assert_int_equal(sieve_build(&lines, &line_count, columns, ROWS, DAY), GODB_OK);
    for (uint32_t i = 0; i < line_count; i++) {
        assert_true(sieve_line_check(lines + 64 * i, DAY, i));
        assert_false(sieve_line_check(lines + 64 * i, DAY, i + 1));
        assert_false(sieve_line_check(lines + 64 * i, DAY + 300, i));
    }
    int extra = 0;
    for (uint32_t row = 0; row < ROWS; row++) {
        const struct sieve_key keys[] = {sieve_key_ip(GODB_SIP, sip + 16 * row),
            sieve_key_ip(GODB_DIP, dip + 16 * row),
            sieve_key_net(GODB_DIP, dip + 16 * row, true),
            sieve_key_number(GODB_DPORT, get_be16(port + 2 * row))};
        for (int i = 0; i < 4; i++)
            assert_true(sieve_line_may_hold(
                lines + 64 * sieve_line_of(keys[i], line_count), keys[i]));
    }
    for (int i = 0; i < ASKED; i++) {
        uint8_t ip[16] = {0};
        put_be32(ip, pick(1u << 31) * 2 + 1);
        const struct sieve_key key = sieve_key_ip(GODB_DIP, ip);
        extra += sieve_line_may_hold(lines + 64 * sieve_line_of(key, line_count), key);
    }
    /* One in sixteen as designed; one in ten is too many. */
    assert_true(extra < ASKED / 10);
    /* 7 bits a distinct key, of which there are about 900 + 3000 + 3000 + 1000. */
    assert_true(line_count * 64 < 7900);
    free(lines);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, store_fixture_free)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_writer_indexes_what_it_appends),
        test(an_index_that_is_built_later_is_the_one_that_the_writer_made),
        test(no_mischief_changes_an_answer),
        test(lists_of_numbers_are_answered_as_without_an_index),
        test(blocks_without_the_address_are_not_read),
        test(a_touched_column_is_read_before_its_index_is_believed),
        test(a_bit_that_turned_on_the_disk_is_found),
        test(building_anew_does_not_whitewash_a_damaged_block),
        test(a_writer_indexes_what_came_without_an_index),
        test(an_index_older_than_its_columns_is_built_before_it_grows),
        test(the_newest_day_of_a_writer_is_left_to_it),
        test(something_else_in_its_place_is_no_index),
        cmocka_unit_test(a_sieve_finds_what_it_holds_and_seldom_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
