/* SPDX-License-Identifier: MIT
 *
 * Every call of an append, of an index build, of a summary update and of deleting old
 * days fails: once, or from then on, or the process dies there; memory, descriptors and
 * the disk in turn.  Afterwards the database reads as before or as after, never
 * between, what was known of earlier blocks still is, and the next append works.
 */
#include <sys/wait.h>

#include "tests/deeds.h"
#include "tests/faults.h"

/* --- What is done ----------------------------------------------------------------- */

static bool
three_or_less(size_t rows)
{
    return rows == 10 || rows == 60 || rows == 110 || rows == 160;
}

static int
build_index(struct godb *db)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    return godb_index(&counts, db, &all, GODB_INDEX_ALL, NULL, NULL, NULL);
}

static int
delete_old(struct godb *db)
{
    struct godb_clean_counts counts;
    return godb_clean(&counts, db, DAY + 86400, false, NULL, NULL, NULL);
}

static bool
ten(size_t rows)
{
    return rows == 10;
}

static bool
ten_or_none(size_t rows)
{
    return rows == 10 || rows == 0;
}

struct deed {
    const char *name;
    int (*act)(struct godb *db);
    bool (*is_right)(size_t rows); /* of eth0's before and after */
    int least_calls;               /* that it makes on the disk */
};

static const struct deed append_deed = {"append", append_three, three_or_less, 60};
static const struct deed index_deed = {"index", build_index, ten, 3};
static const struct deed clean_deed = {"clean", delete_old, ten_or_none, 2};

/* --- Every call ------------------------------------------------------------------- */

/* In a process of its own.  True: it died where it should. */
static bool
die(const struct deed *deed, struct godb *db)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) _exit(deed->act(db) == GODB_OK ? 0 : 1);
    fault.mode = FAULT_NONE;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == FAULT_DEATH_STATUS;
}

/* The `at`th call fails.  False: there are not so many. */
static bool
one_fault(
    const struct deed *deed, enum fault_mode mode, unsigned calls, int os_errno, int at)
{
    char *root = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    begin(db);
    faults_arm(mode, calls, os_errno, at);
    bool happened;
    if (mode == FAULT_DEATH) {
        happened = die(deed, db);
    } else {
        deed->act(db);
        happened = faults_disarm();
    }
    const size_t rows = expect_whole_blocks(db);
    if (!deed->is_right(rows))
        fail_msg("%s, mode %d, calls %u, at %d: %zu rows", deed->name, (int)mode, calls,
            at, rows);
    expect_statistics(db);
    expect_append_works(db, rows, deed->act != delete_old);
    godb_close(db);
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
    return happened;
}

static int
every_call(const struct deed *deed, enum fault_mode mode, unsigned calls, int os_errno)
{
    int at = 1;
    while (one_fault(deed, mode, calls, os_errno, at))
        at++;
    print_message("# %s: %d calls failed one by one\n", deed->name, at - 1);
    return at - 1;
}

static void
on_all_of_disk(const struct deed *deed)
{
    const int count = every_call(deed, FAULT_ONCE, FAULT_DISK, EIO);
    assert_true(count >= deed->least_calls);
    assert_true(every_call(deed, FAULT_FROM, FAULT_DISK, ENOSPC) > 0);
    assert_int_equal(every_call(deed, FAULT_DEATH, FAULT_DISK, 0), count);
}

static void
every_write_of_an_append_fails_and_nothing_is_half_there(void **state)
{
    (void)state;
    on_all_of_disk(&append_deed);
    every_call(&append_deed, FAULT_ONCE, FAULT_DISK, EDQUOT);
    every_call(&append_deed, FAULT_ONCE, FAULT_DISK, EINTR);
}

static void
every_open_and_close_of_an_append_fails_and_nothing_is_half_there(void **state)
{
    (void)state;
    assert_true(every_call(&append_deed, FAULT_ONCE, FAULT_OPEN, 0) > 30);
    assert_true(every_call(&append_deed, FAULT_FROM, FAULT_OPEN, 0) > 0);
    assert_true(every_call(&append_deed, FAULT_ONCE, FAULT_CLOSE, EIO) > 30);
}

static void
memory_runs_out_at_every_point_of_an_append(void **state)
{
    (void)state;
    assert_true(every_call(&append_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 40);
    assert_true(every_call(&append_deed, FAULT_FROM, FAULT_MEMORY, 0) > 0);
    assert_true(every_call(&append_deed, FAULT_ONCE, FAULT_JANSSON, 0) > 100);
}

static void
every_call_of_an_index_build_fails_and_answers_stay(void **state)
{
    (void)state;
    on_all_of_disk(&index_deed);
    every_call(&index_deed, FAULT_ONCE, FAULT_OPEN, 0);
    assert_true(every_call(&index_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 5);
}

static void
every_call_of_deleting_a_day_fails_and_it_is_there_or_gone(void **state)
{
    (void)state;
    on_all_of_disk(&clean_deed);
    every_call(&clean_deed, FAULT_ONCE, FAULT_OPEN, 0);
    assert_true(every_call(&clean_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 5);
}

/* --- The same writer goes on ------------------------------------------------------ */

/* As the daemon does: what failed is tried again later, with more, by the same writer.
 * False: the fault did not happen. */
static bool
try_again(enum fault_mode mode, unsigned calls, int at)
{
    char *root = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    struct godb_err err = {0};
    size_t rows = 10;
    begin(db);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 50);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    faults_arm(mode, calls, EIO, at);
    int rc = godb_writer_append(writer, DAY + 600, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, NULL);
    const bool happened = faults_disarm();
    rows += rc == GODB_OK ? 50 : 0;
    /* The same stamp, where it is free, or the next day. */
    store_fill(block, 100, 20);
    const int64_t time_s = rc == GODB_OK ? DAY + 900 : at % 2 ? DAY + 600 : DAY + 86400;
    if (godb_writer_append(writer, time_s, block, NULL, &err) != GODB_OK ||
        godb_writer_commit(writer, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(expect_whole_blocks(db), rows + 20);
    expect_statistics(db);
    godb_writer_close(writer);
    godb_block_free(block);
    expect_append_works(db, rows + 20, true);
    godb_close(db);
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
    return happened;
}

static void
a_writer_goes_on_after_any_failure_and_counts_nothing_twice(void **state)
{
    static const unsigned calls[] = {
        FAULT_DISK, FAULT_OPEN, FAULT_MEMORY, FAULT_JANSSON};
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        for (int mode = FAULT_ONCE; mode <= FAULT_FROM; mode++) {
            int at = 1;
            while (try_again((enum fault_mode)mode, calls[i], at))
                at++;
            assert_true(at > 5);
        }
}

/* --- Questions -------------------------------------------------------------------- */

/* What all flows of both interfaces come to; -1: it was said that it is not known. */
static int64_t
ask_scan(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, &warnings);
    struct godb_filter *filter = NULL;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int64_t rows = 0;
    if (godb_filter_parse(
            &filter, "dport != 9 & sip != 10.9.9.9", NULL, NULL, NULL, NULL) != GODB_OK)
        return -1;
    spec.filter = filter;
    int rc = godb_scan_open(&scan, db, &spec, NULL);
    if (rc == GODB_OK) {
        while ((rc = godb_scan_next(scan, &chunk, NULL)) == GODB_OK)
            rows += chunk.selected_count;
        godb_scan_close(scan);
    }
    godb_filter_free(filter);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t
ask_blocks(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    int64_t rows = 0;
    int rc = godb_block_list_open(&list, db, &all, store_warn, &warnings, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_block_list_next(list, &info, NULL)) == GODB_OK) {
        if (strcmp(info.status, "ok") != 0) warnings.count++;
        rows += (int64_t)info.flow_count;
    }
    godb_block_list_close(list);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t
ask_ifaces(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    struct godb_iface_info *ifaces;
    size_t count;
    int64_t rows = 0;
    if (godb_ifaces(db, &ifaces, &count, store_warn, &warnings, NULL, NULL, NULL) !=
        GODB_OK)
        return -1;
    for (size_t i = 0; i < count; i++)
        rows += (int64_t)ifaces[i].flow_count;
    godb_ifaces_free(ifaces);
    return warnings.count == 0 ? rows : -1;
}

static int64_t
ask_groups(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_aggregate_spec spec = {.scan = store_spec(0, &warnings),
        .dims = GODB_DIM_BIT(GODB_DIM_IFACE) | GODB_DIM_BIT(GODB_DIM_SIP) |
                GODB_DIM_BIT(GODB_DIM_L7_NAME),
        .sums = GODB_SUM_BIT(GODB_SUM_FLOWS),
        .order = {{GODB_KEY_DIM + GODB_DIM_SIP, false}},
        .order_count = 1,
        .limit = -1,
        .threads = 1};
    struct godb_result *result;
    struct godb_row row;
    int64_t rows = 0;
    int rc = godb_aggregate(&result, db, &spec, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_result_next(result, &row, NULL)) == GODB_OK)
        rows += (int64_t)row.sums[GODB_SUM_FLOWS];
    godb_result_free(result);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

/* Any call of it fails: an answer that is given is right. */
static void
every_call_of_a_question_fails_and_no_answer_is_wrong(void **state)
{
    static int64_t (*const questions[])(struct godb *) = {
        ask_scan, ask_blocks, ask_ifaces, ask_groups};
    static const unsigned calls[] = {
        FAULT_READ, FAULT_OPEN, FAULT_MEMORY, FAULT_JANSSON};
    (void)state;
    char *root = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    begin(db);
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++)
        for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++)
            for (int at = 1;; at++) {
                faults_arm(
                    at % 2 ? FAULT_ONCE : FAULT_FROM, calls[c], EIO, (at + 1) / 2);
                const int64_t rows = questions[q](db);
                const bool happened = faults_disarm();
                if (rows != 15 && (rows != -1 || !happened))
                    fail_msg("question %zu, calls %u, at %d: %lld rows", q, calls[c],
                        at, (long long)rows);
                if (!happened) break;
            }
    godb_close(db);
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_of_an_append_fails_and_nothing_is_half_there),
        cmocka_unit_test(
            every_open_and_close_of_an_append_fails_and_nothing_is_half_there),
        cmocka_unit_test(memory_runs_out_at_every_point_of_an_append),
        cmocka_unit_test(every_call_of_an_index_build_fails_and_answers_stay),
        cmocka_unit_test(every_call_of_deleting_a_day_fails_and_it_is_there_or_gone),
        cmocka_unit_test(a_writer_goes_on_after_any_failure_and_counts_nothing_twice),
        cmocka_unit_test(every_call_of_a_question_fails_and_no_answer_is_wrong),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
