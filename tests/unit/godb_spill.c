/* SPDX-License-Identifier: MIT
 *
 * Aggregation within a memory limit: whatever was written to the temporary file and
 * read back, answers are those that memory alone gives.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "godb/grouper.h"
#include "godb/ranking.h"
#include "godb/regroup.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 12, FLOWS = 900, KIB = 1024 };

#define BIT(dim) GODB_DIM_BIT(GODB_DIM_##dim)

/* Many groups, most of them in several blocks. */
static struct godb *
open_filled(void)
{
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(
            store_append(db, i % 2 ? "eth1" : "eth0", DAY + 300 + 40000 * (i / 2),
                700 * (uint64_t)i, FLOWS, NULL),
            GODB_OK);
    free(root);
    return db;
}

static struct godb_aggregate_spec
spec_of(unsigned dims, uint64_t memory_bytes, int threads)
{
    return (struct godb_aggregate_spec){.scan = store_spec(0, NULL),
        .dims = dims,
        .sums = GODB_SUMS_ALL,
        .limit = -1,
        .threads = threads,
        .memory_bytes = memory_bytes};
}

static struct godb_result *
ask(struct godb *db, const struct godb_aggregate_spec *spec)
{
    struct godb_result *result;
    struct godb_err err = {0};
    if (godb_aggregate(&result, db, spec, &err) != GODB_OK) fail_msg("%s", err.msg);
    return result;
}

static void
expect_same(struct godb *db, struct godb_aggregate_spec spec)
{
    struct godb_result *limited = ask(db, &spec);
    spec.memory_bytes = 1u << 30;
    struct godb_result *free_of_limits = ask(db, &spec);
    struct godb_row a, b;
    struct godb_err err = {0};
    int rc;
    assert_int_equal(
        godb_result_group_count(limited), godb_result_group_count(free_of_limits));
    assert_memory_equal(godb_result_totals(limited), godb_result_totals(free_of_limits),
        GODB_SUM_COUNT * sizeof(uint64_t));
    do {
        rc = godb_result_next(limited, &a, &err);
        assert_int_equal(godb_result_next(free_of_limits, &b, NULL), rc);
        if (rc != GODB_OK) break;
        assert_true(godb_row_id(&a) == godb_row_id(&b));
        assert_memory_equal(a.sums, b.sums, sizeof a.sums);
    } while (rc == GODB_OK);
    assert_int_equal(rc, GODB_DONE);
    assert_int_equal(godb_result_next(limited, &a, &err), GODB_DONE);
    godb_result_free(limited);
    godb_result_free(free_of_limits);
}

/* Questions that need a temporary file fail where there is no place for one. */
static bool
spills(struct godb *db, const struct godb_aggregate_spec *spec)
{
    struct godb_result *result = NULL;
    struct godb_err err = {0};
    setenv("SQLITE_TMPDIR", "/nowhere at all", 1);
    int rc = godb_aggregate(&result, db, spec, &err);
    unsetenv("SQLITE_TMPDIR");
    godb_result_free(rc == GODB_OK ? result : NULL);
    return rc == GODB_EIO && strstr(err.msg, "/nowhere at all") != NULL;
}

static const unsigned choices[] = {BIT(SIP) | BIT(DIP) | BIT(DPORT) | BIT(PROTO),
    BIT(SIP), BIT(TIME) | BIT(IFACE) | BIT(DPORT), BIT(SIP) | BIT(L7_NAME),
    BIT(L7_CATEGORY) | BIT(DIP) | BIT(L7PROTO),
    BIT(TIME) | BIT(IFACE) | BIT(SIP) | BIT(DIP) | BIT(DPORT) | BIT(PROTO) |
        BIT(L7PROTO) | BIT(L7_NAME) | BIT(L7_CATEGORY)};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void
spilled_answers_are_those_of_memory(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    static const uint64_t memory[] = {1, 100 * KIB, 400 * KIB};
    static const int threads[] = {1, 2, 5};
    for (size_t c = 0; c < COUNT(choices); c++)
        for (size_t m = 0; m < COUNT(memory); m++)
            for (size_t t = 0; t < COUNT(threads); t++)
                expect_same(db, spec_of(choices[c], memory[m], threads[t]));
    godb_close(db);
}

static void
the_limits_of_these_tests_make_them_spill(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    for (size_t c = 0; c < COUNT(choices); c++)
        for (int threads = 1; threads < 4; threads++) {
            const struct godb_aggregate_spec little =
                spec_of(choices[c], 100 * KIB, threads);
            const struct godb_aggregate_spec plenty =
                spec_of(choices[c], 1u << 30, threads);
            if (!spills(db, &little)) fail_msg("choice %zu does not spill", c);
            assert_false(spills(db, &plenty));
        }
    godb_close(db);
}

static void
spilled_rows_come_in_every_order_and_are_cut(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    static const struct godb_order orders[] = {{GODB_KEY_SUM + GODB_SUM_BYTES, true},
        {GODB_KEY_SUM + GODB_SUM_FLOWS, false}, {GODB_KEY_DIM + GODB_DIM_SIP, true},
        {GODB_KEY_DIM + GODB_DIM_DIP, false}, {GODB_KEY_DIM + GODB_DIM_DPORT, true},
        {GODB_KEY_DIM + GODB_DIM_TIME, false}, {GODB_KEY_DIM + GODB_DIM_IFACE, true},
        {GODB_KEY_DIM + GODB_DIM_L7_NAME, true}, {GODB_KEY_DIM + GODB_DIM_PROTO, false},
        {GODB_KEY_DIM + GODB_DIM_L7PROTO, true}};
    static const int64_t limits[] = {0, 1, 10, 1000, -1};
    for (size_t c = 0; c < COUNT(choices); c++)
        for (size_t o = 0; o < COUNT(orders); o++) {
            struct godb_aggregate_spec spec = spec_of(choices[c], 100 * KIB, 2);
            if (o > 0) spec.order[spec.order_count++] = orders[o - 1];
            spec.order[spec.order_count++] = orders[o];
            spec.limit = limits[(c + o) % COUNT(limits)];
            expect_same(db, spec);
        }
    godb_close(db);
}

static void
rows_that_fit_but_for_their_order_are_spilled(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    bool found = false;
    /* Somewhere between: tables fit, and with a limit nothing else is needed. */
    for (uint64_t kib = 200; kib < 8000 && !found; kib += 100) {
        struct godb_aggregate_spec all = spec_of(choices[0], kib * KIB, 1);
        struct godb_aggregate_spec few = all;
        few.limit = 5;
        found = spills(db, &all) && !spills(db, &few);
        if (found) expect_same(db, all);
    }
    assert_true(found);
    godb_close(db);
}

/* --- Parts, one by one ------------------------------------------------------------ */

/* n flows, all different and half of them IPv6, so often in a row, as groups by
 * address. Does the thread still sum up for itself? */
static bool
add_flows(struct grouping *grouping, uint64_t n, int times)
{
    enum { ROWS = 500 };
    static uint8_t sip[ROWS][GODB_IP_BYTES];
    static uint64_t bytes[ROWS];
    struct grouper *grouper = calloc(1, sizeof *grouper);
    assert_non_null(grouper);
    assert_int_equal(grouper_init(grouper, grouping), GODB_OK);
    for (uint64_t done = 0; done < n; done += ROWS) {
        struct godb_chunk chunk = {.row_count = ROWS,
            .selected_count = ROWS,
            .sip = (const uint8_t(*)[GODB_IP_BYTES])sip,
            .counters = {bytes}};
        memset(sip, 0, sizeof sip);
        for (uint64_t i = 0; i < ROWS; i++) {
            const uint64_t flow = done + i;
            memcpy(sip[i], &flow, 4);
            sip[i][15] = flow % 2;
            bytes[i] = UINT64_MAX / 4 * (flow == 0) + 1;
        }
        for (int i = 0; i < times; i++)
            assert_int_equal(grouper_add(grouper, &chunk, 0, NULL), GODB_OK);
    }
    const bool sums_up = grouper->uses_own[GROUPS_NARROW];
    assert_true(sums_up == grouper->uses_own[GROUPS_WIDE]);
    assert_int_equal(grouper_flush(grouper, NULL), GODB_OK);
    grouper_free(grouper);
    free(grouper);
    return sums_up;
}

static void
expect_groups(struct grouping *grouping, uint64_t n, uint64_t times)
{
    struct group_table table = {0};
    uint64_t count = 0, sum = 0;
    for (size_t i = 0; i < grouping->parts.count; i++) {
        struct group_part *part = &grouping->parts.parts[i];
        assert_int_equal(
            group_part_fold(part, &table, grouping->parts.seed, NULL), GODB_OK);
        count += part->groups.count;
        row_list_sum(&part->groups, part->key_words, &sum);
    }
    group_table_free(&table);
    assert_int_equal(count, n);
    assert_int_equal(sum, n * times);
}

static void
a_thread_sums_up_for_itself_as_long_as_that_brings_something(void **state)
{
    (void)state;
    enum { GROUPS = 50000 };
    static const int times[] = {1, 5};
    for (size_t i = 0; i < COUNT(times); i++) {
        struct grouping grouping;
        assert_int_equal(grouping_init(&grouping, BIT(SIP),
                             GODB_SUM_BIT(GODB_SUM_FLOWS), 16, 1, 64u << 20),
            GODB_OK);
        assert_true(grouping.own_rows < GROUPS / 4);
        assert_true(add_flows(&grouping, GROUPS, times[i]) == (times[i] > 1));
        expect_groups(&grouping, GROUPS, (uint64_t)times[i]);
        grouping_free(&grouping);
    }
}

/* --- Order ------------------------------------------------------------------------ */

enum { LISTS = 7, LIST_ROWS = 300 };

/* Groups by sip, as many of them with the same sum as it takes to look at the key. */
static void
fill_lists(struct grouping *grouping, struct row_list *rows, struct ranked_list *lists)
{
    for (uint64_t i = 0; i < LISTS; i++) {
        row_list_init(&rows[i], &grouping->parts.pool, 2);
        lists[i] = (struct ranked_list){&rows[i], GROUPS_NARROW};
        for (uint64_t n = 0; n < i * LIST_ROWS; n++) {
            const uint64_t row[] = {(n * LISTS + i) * 2654435761 % UINT32_MAX, n % 17};
            assert_int_equal(row_list_append(&rows[i], row, 1, false), GODB_OK);
        }
    }
}

static void
expect_ranking(const struct ranking *a, const struct ranking *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_memory_equal(ranking_row(a, &a->groups[i]),
            ranking_row(b, &b->groups[i]), 2 * sizeof(uint64_t));
}

static void
any_number_of_threads_ranks_groups_alike(void **state)
{
    (void)state;
    static const uint64_t limits[] = {0, 1, 100, UINT64_MAX};
    struct grouping grouping;
    struct row_list rows[LISTS];
    struct ranked_list lists[LISTS];
    struct group_order order;
    struct ranking one, several;
    struct job job;
    const struct godb_aggregate_spec spec = {
        .order = {{GODB_KEY_SUM + GODB_SUM_FLOWS, true}}, .order_count = 1};
    assert_int_equal(
        grouping_init(&grouping, BIT(SIP), GODB_SUM_BIT(GODB_SUM_FLOWS), 1, 1, 1 << 24),
        GODB_OK);
    fill_lists(&grouping, rows, lists);
    group_order_init(&order, &grouping, NULL, &spec);
    job_init(&job, NULL, NULL);
    for (size_t i = 0; i < COUNT(limits); i++)
        for (size_t threads = 2; threads <= LISTS + 2; threads++) {
            assert_int_equal(
                ranking_make(&one, &order, lists, LISTS, limits[i], 1, &job, NULL),
                GODB_OK);
            assert_int_equal(ranking_make(&several, &order, lists, LISTS, limits[i],
                                 threads, &job, NULL),
                GODB_OK);
            expect_ranking(&one, &several);
            ranking_free(&one);
            ranking_free(&several);
        }
    job_free(&job);
    for (int i = 0; i < LISTS; i++)
        row_list_free(&rows[i]);
    grouping_free(&grouping);
}

static void
parts_too_large_for_a_thread_are_read_in_slices(void **state)
{
    (void)state;
    enum { GROUPS = 40000, LIMIT = 7 };
    struct grouping grouping;
    struct group_order order;
    struct regrouped regrouped;
    struct job job;
    struct godb_aggregate_spec spec = {.limit = LIMIT};
    assert_int_equal(grouping_init(&grouping, BIT(SIP),
                         GODB_SUM_BIT(GODB_SUM_BYTES_RCVD), 4, 1, 600 * KIB),
        GODB_OK);
    add_flows(&grouping, GROUPS, 5);
    group_order_init(&order, &grouping, NULL, &spec);
    job_init(&job, NULL, NULL);
    assert_int_equal(
        regroup(&regrouped, &grouping, &order, LIMIT, 3, 64 * KIB, &job, NULL),
        GODB_OK);
    assert_true(regrouped.run_count > 2 * grouping.parts.count);
    assert_int_equal(regrouped.group_count, GROUPS);
    /* The first group's sum stopped at the largest number. */
    assert_true(regrouped.totals[0] == UINT64_MAX);
    for (size_t i = 0; i < regrouped.run_count; i++)
        assert_true(regrouped.runs[i].extent.row_count <= LIMIT);
    free(regrouped.runs);
    job_free(&job);
    grouping_free(&grouping);
}

static void
a_pool_keeps_its_limit_unless_it_must_not(void **state)
{
    (void)state;
    enum { CHUNKS = 300 };
    struct chunk_pool pool;
    void *chunk, *chunks[CHUNKS];
    chunk_pool_init(&pool, CHUNK_BYTES_MIN, CHUNKS * CHUNK_BYTES_MIN + 100);
    for (int i = 0; i < CHUNKS; i++) {
        assert_int_equal(chunk_pool_take(&pool, false, &chunks[i]), GODB_OK);
        memset(chunks[i], i, CHUNK_BYTES_MIN);
    }
    assert_int_equal(chunk_pool_take(&pool, false, &chunk), CHUNK_POOL_FULL);
    assert_int_equal(pool.used_bytes, CHUNKS * CHUNK_BYTES_MIN);
    for (int i = 0; i < CHUNKS; i++)
        for (int at = 0; at < CHUNK_BYTES_MIN; at++)
            assert_int_equal(((uint8_t *)chunks[i])[at], (uint8_t)i);
    chunk_pool_give(&pool, chunks[7]);
    assert_int_equal(chunk_pool_take(&pool, false, &chunk), GODB_OK);
    assert_ptr_equal(chunk, chunks[7]);
    assert_int_equal(chunk_pool_take(&pool, true, &chunk), GODB_OK);
    assert_int_equal(pool.used_bytes, (CHUNKS + 1) * CHUNK_BYTES_MIN);
    chunk_pool_free(&pool);
}

/* --- The temporary file ----------------------------------------------------------- */

static void
expect_error_with(struct godb *db, const char *dir, const char *what)
{
    const struct godb_aggregate_spec spec = spec_of(choices[0], 100 * KIB, 2);
    struct godb_result *result;
    struct godb_err err = {0};
    assert_int_equal(godb_aggregate(&result, db, &spec, &err), GODB_EIO);
    if (!strstr(err.msg, dir) || !strstr(err.msg, what) ||
        !strstr(err.msg, "memory_limit") || !strstr(err.msg, "SQLITE_TMPDIR"))
        fail_msg("%s", err.msg);
}

static void
a_bad_temporary_directory_is_named(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    char *file = NULL, *dir = store_new();
    assert_true(asprintf(&file, "%s/file", dir) > 0);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    setenv("SQLITE_TMPDIR", "/nowhere", 1);
    setenv("TMPDIR", dir, 1); /* not looked at */
    expect_error_with(db, "/nowhere", "No such file");
    setenv("SQLITE_TMPDIR", "", 1); /* names none */
    setenv("TMPDIR", file, 1);
    expect_error_with(db, file, "Not a directory");
    char *too_long = malloc(GODB_PATH_MAX + 10);
    memset(too_long, 'a', GODB_PATH_MAX + 9);
    too_long[0] = '/';
    too_long[GODB_PATH_MAX + 9] = '\0';
    setenv("TMPDIR", too_long, 1);
    expect_error_with(db, "/aaaaaaaa", "too long");
    unsetenv("TMPDIR");
    free(too_long);
    free(file);
    free(dir);
    godb_close(db);
}

/* A limit on the size of files stands for a full disk. */
static void
a_full_temporary_directory_is_named(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    char *dir = store_new();
    struct rlimit before, tight = {50 * KIB, 50 * KIB};
    getrlimit(RLIMIT_FSIZE, &before);
    tight.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    setenv("SQLITE_TMPDIR", dir, 1);
    setrlimit(RLIMIT_FSIZE, &tight);
    expect_error_with(db, dir, "cannot write to a temporary file");
    setrlimit(RLIMIT_FSIZE, &before);
    unsetenv("SQLITE_TMPDIR");
    free(dir);
    godb_close(db);
}

static void
the_temporary_file_has_no_name_and_goes_away(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    char *dir = store_new();
    const struct godb_aggregate_spec spec = spec_of(choices[0], 100 * KIB, 2);
    struct godb_row row;
    setenv("SQLITE_TMPDIR", dir, 1);
    const int before = dup(0);
    struct godb_result *result = ask(db, &spec);
    assert_int_equal(godb_result_next(result, &row, NULL), GODB_OK);
    assert_int_not_equal(rmdir(dir), -1); /* it is empty, even now */
    unsetenv("SQLITE_TMPDIR");
    godb_result_free(result);
    const int after = dup(0);
    assert_int_equal(after, before + 1);
    close(before);
    close(after);
    free(dir);
    godb_close(db);
}

/* --- Stopping --------------------------------------------------------------------- */

struct patience {
    atomic_int left;
};

static bool
out_of_patience(void *arg)
{
    struct patience *patience = arg;
    return atomic_fetch_sub(&patience->left, 1) <= 0;
}

static void
a_question_can_be_stopped_at_any_point(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    for (int threads = 1; threads <= 3; threads += 2) {
        int rc = GODB_ECANCELLED, patience_count = 0;
        for (; rc == GODB_ECANCELLED; patience_count += 1 + patience_count / 8) {
            struct patience patience = {patience_count};
            struct godb_aggregate_spec spec = spec_of(choices[0], 100 * KIB, threads);
            struct godb_result *result = NULL;
            spec.scan.stop = out_of_patience;
            spec.scan.stop_arg = &patience;
            rc = godb_aggregate(&result, db, &spec, NULL);
            if (rc == GODB_OK) godb_result_free(result);
        }
        assert_int_equal(rc, GODB_OK);
        /* It was asked for more than blocks. */
        assert_true(patience_count > 2 * BLOCKS);
    }
    godb_close(db);
}

/* --- Sizes ------------------------------------------------------------------------ */

static void
sizes_are_read_with_and_without_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } sizes[] = {{"1", 1}, {"1073741824", 1u << 30}, {"1GiB", 1u << 30},
        {"1 gib", 1u << 30}, {"1G", 1u << 30}, {"512M", 512u << 20}, {"3 k", 3 * KIB},
        {"3KiB", 3 * KIB}, {"007B", 7}, {"2T", UINT64_C(2) << 40},
        {"18446744073709551615", UINT64_MAX},
        {"16777215TiB", UINT64_C(16777215) << 40}};
    static const char *const others[] = {"", " ", "G", "0", "0G", "-1", "+1", "1.5G",
        "1GB", "1 G B", "1G ", " 1G", "1PiB", "18446744073709551616", "16777216TiB",
        "17179869184G", "1e9", "0x10", "50%", "1\n", "1KiBx", "99999999999999999999G"};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        uint64_t bytes = 0;
        if (godb_size_parse(&bytes, sizes[i].text, NULL) != GODB_OK)
            fail_msg("%s", sizes[i].text);
        assert_true(bytes == sizes[i].bytes);
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        uint64_t bytes = 4711;
        struct godb_err err;
        if (godb_size_parse(&bytes, others[i], &err) != GODB_EARG)
            fail_msg("'%s' passed", others[i]);
        assert_non_null(strstr(err.msg, "no size"));
        assert_int_equal(bytes, 4711);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spilled_answers_are_those_of_memory),
        cmocka_unit_test(the_limits_of_these_tests_make_them_spill),
        cmocka_unit_test(spilled_rows_come_in_every_order_and_are_cut),
        cmocka_unit_test(rows_that_fit_but_for_their_order_are_spilled),
        cmocka_unit_test(a_thread_sums_up_for_itself_as_long_as_that_brings_something),
        cmocka_unit_test(any_number_of_threads_ranks_groups_alike),
        cmocka_unit_test(parts_too_large_for_a_thread_are_read_in_slices),
        cmocka_unit_test(a_pool_keeps_its_limit_unless_it_must_not),
        cmocka_unit_test(a_bad_temporary_directory_is_named),
        cmocka_unit_test(a_full_temporary_directory_is_named),
        cmocka_unit_test(the_temporary_file_has_no_name_and_goes_away),
        cmocka_unit_test(a_question_can_be_stopped_at_any_point),
        cmocka_unit_test(sizes_are_read_with_and_without_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
