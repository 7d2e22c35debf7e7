/* SPDX-License-Identifier: MIT
 *
 * Blocks by time and interface: the same blocks as without an order, each once, and
 * none before its turn, whatever headers say and directories are called.
 */
#include "tests/store.h"

#define DAY INT64_C(1700006400)

/* More than the readers that a scan keeps. */
enum { IFACES = 19, DAYS = 3, BLOCKS = 4, ALL = IFACES * DAYS * BLOCKS };

struct block {
    int64_t time_s;
    char iface[GODB_IFACE_MAX];
    uint64_t first_bytes; /* of its first flow: tells blocks apart */
};

static char *root;
static struct godb *db;

/* Interfaces start at different times, so that their blocks interlace. */
static void
fill(void)
{
    root = store_new();
    db = store_open(root, GODB_CREATE);
    for (uint64_t i = 0; i < ALL; i++) {
        char iface[GODB_IFACE_MAX];
        const uint64_t number = i % IFACES, at = i / IFACES;
        snprintf(iface, sizeof iface, "eth%02u", (unsigned)number);
        const int64_t time_s = DAY + (int64_t)(at / BLOCKS) * GODB_DAY_S +
                               (int64_t)(at % BLOCKS) * GODB_INTERVAL_S +
                               (int64_t)(number % 3) * GODB_INTERVAL_S / 3;
        assert_int_equal(
            store_append(db, iface, time_s, i * 10, 1 + i % 3, NULL), GODB_OK);
    }
}

static size_t
scan(struct block *out, const struct godb_scan_spec *spec)
{
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err;
    size_t count = 0;
    int rc;
    if (godb_scan_open(&scan, db, spec, &err) != GODB_OK) fail_msg("%s", err.msg);
    while ((rc = godb_scan_next(scan, &chunk, &err)) == GODB_OK) {
        assert_true(count < ALL);
        out[count].time_s = chunk.time_s;
        snprintf(out[count].iface, GODB_IFACE_MAX, "%s", chunk.iface);
        const uint32_t row = chunk.selected ? chunk.selected[0] : 0;
        out[count++].first_bytes = chunk.counters[GODB_SUM_BYTES_RCVD][row];
    }
    assert_int_equal(rc, GODB_DONE);
    assert_int_equal(godb_scan_next(scan, &chunk, &err), GODB_DONE);
    godb_scan_close(scan);
    return count;
}

/* As the order says, and equal ones by interface. */
static int
compare(const struct block *a, const struct block *b, const struct godb_scan_spec *spec)
{
    const int by_time = (a->time_s > b->time_s) - (a->time_s < b->time_s);
    for (size_t i = 0; i < spec->block_order_count; i++) {
        const struct godb_block_order *term = &spec->block_order[i];
        const int order =
            term->key == GODB_BLOCK_TIME ? by_time : strcmp(a->iface, b->iface);
        if (order != 0) return term->descending ? -order : order;
    }
    return strcmp(a->iface, b->iface);
}

static int
compare_bytes(const void *a, const void *b)
{
    const struct block *one = a, *two = b;
    return one->first_bytes < two->first_bytes ? -1
                                               : one->first_bytes > two->first_bytes;
}

static void
expect_ordered(struct godb_scan_spec spec, size_t wanted)
{
    static struct block in_order[ALL], as_written[ALL];
    const size_t count = scan(in_order, &spec);
    for (size_t i = 1; i < count; i++)
        if (compare(&in_order[i - 1], &in_order[i], &spec) > 0)
            fail_msg("%s %lld comes before %s %lld", in_order[i - 1].iface,
                (long long)in_order[i - 1].time_s, in_order[i].iface,
                (long long)in_order[i].time_s);
    spec.block_order_count = 0;
    assert_int_equal(scan(as_written, &spec), count);
    assert_int_equal(count, wanted);
    qsort(in_order, count, sizeof *in_order, compare_bytes);
    qsort(as_written, count, sizeof *as_written, compare_bytes);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(in_order[i].first_bytes, as_written[i].first_bytes);
}

static const struct godb_block_order orders[][2] = {
    {{GODB_BLOCK_TIME, false}, {GODB_BLOCK_IFACE, false}},
    {{GODB_BLOCK_TIME, true}, {GODB_BLOCK_IFACE, false}},
    {{GODB_BLOCK_TIME, true}, {GODB_BLOCK_IFACE, true}},
    {{GODB_BLOCK_IFACE, true}, {GODB_BLOCK_TIME, false}},
    {{GODB_BLOCK_IFACE, false}, {GODB_BLOCK_TIME, true}},
};

static void
expect_every_order(const struct godb_scan_spec *unordered, size_t wanted)
{
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        for (size_t terms = 1; terms <= 2; terms++) {
            struct godb_scan_spec spec = *unordered;
            memcpy(spec.block_order, orders[i], sizeof spec.block_order);
            spec.block_order_count = terms;
            expect_ordered(spec, wanted);
        }
}

static void
every_order_gives_every_block_once(void **state)
{
    (void)state;
    const struct godb_scan_spec spec =
        store_spec(GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    expect_every_order(&spec, ALL);
}

static void
an_order_gives_what_is_selected(void **state)
{
    (void)state;
    static const char *const ifaces[] = {"eth03", "eth11", "eth01"};
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    spec.sel.ifaces = ifaces;
    spec.sel.iface_count = 3;
    spec.sel.first_s = DAY + GODB_INTERVAL_S;
    spec.sel.last_s = DAY + GODB_DAY_S + GODB_INTERVAL_S - 1;
    /* eth01 and eth11 are 100 and 200 s late. */
    expect_every_order(&spec, 3 * (BLOCKS - 1) + 3);
}

static void
filtered_rows_come_in_order_too(void **state)
{
    (void)state;
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    struct godb_filter *filter;
    assert_int_equal(godb_filter_number(&filter, GODB_PROTO, GODB_EQ, 17), GODB_OK);
    spec.filter = filter;
    static struct block blocks[ALL];
    const size_t count = scan(blocks, &spec);
    assert_true(count > 10 && count < ALL);
    expect_every_order(&spec, count);
    godb_filter_free(filter);
}

static void
a_day_under_another_name_breaks_no_order(void **state)
{
    (void)state;
    char from[400], to[400];
    snprintf(from, sizeof from, "%s/eth04/%lld", root, (long long)DAY);
    snprintf(to, sizeof to, "%s/eth04/%lld", root, (long long)DAY + 9 * GODB_DAY_S);
    assert_int_equal(rename(from, to), 0);
    const struct godb_scan_spec spec =
        store_spec(GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    expect_every_order(&spec, ALL);
    assert_int_equal(rename(to, from), 0);
}

static void
a_day_that_cannot_be_read_is_told_once(void **state)
{
    (void)state;
    char path[400], aside[420];
    struct store_warnings warnings = {0};
    static struct block blocks[ALL];
    static const enum godb_column columns[] = {GODB_PACKETS_SENT, GODB_SIP};
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/eth02/%lld/%s", root, (long long)DAY,
            godb_columns[columns[i]].file);
        snprintf(aside, sizeof aside, "%s.aside", path);
        assert_int_equal(rename(path, aside), 0);
        warnings.count = 0;
        struct godb_scan_spec spec = store_spec(
            GODB_COLUMN_BIT(GODB_BYTES_RCVD) | GODB_COLUMN_BIT(GODB_SIP), &warnings);
        spec.block_order[0] = orders[1][0];
        spec.block_order_count = 1;
        /* Few enough for each to keep its reader. */
        static const char *const ifaces[] = {"eth02", "eth03", "eth04"};
        spec.sel.ifaces = ifaces;
        spec.sel.iface_count = 3;
        assert_int_equal(scan(blocks, &spec), (3 * DAYS - 1) * BLOCKS);
        assert_int_equal(warnings.count, 1);
        assert_non_null(strstr(warnings.last, "eth02"));
        assert_int_equal(rename(aside, path), 0);
    }
}

static bool
stop_at_once(void *arg)
{
    (void)arg;
    return true;
}

static void
ordering_can_be_cancelled(void **state)
{
    (void)state;
    struct godb_scan *scan = NULL;
    struct godb_err err;
    struct godb_scan_spec spec = store_spec(0, NULL);
    spec.stop = stop_at_once;
    spec.block_order_count = 1;
    assert_int_equal(godb_scan_open(&scan, db, &spec, &err), GODB_ECANCELLED);
    assert_null(scan);
}

static int
set_up(void **state)
{
    (void)state;
    fill();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    godb_close(db);
    free(root);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_gives_every_block_once),
        cmocka_unit_test(an_order_gives_what_is_selected),
        cmocka_unit_test(filtered_rows_come_in_order_too),
        cmocka_unit_test(a_day_under_another_name_breaks_no_order),
        cmocka_unit_test(a_day_that_cannot_be_read_is_told_once),
        cmocka_unit_test(ordering_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
