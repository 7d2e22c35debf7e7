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
    struct godb_err err = {0};
    const int rc = godb_index(&counts, db, &all, GODB_INDEX_ALL, NULL, NULL, &err);
    if (rc != GODB_OK && rc != GODB_ENOMEM)
        assert_non_null(strstr(err.msg, godb_root(db)));
    return rc;
}

/* The days that a writer has done with. */
static int
build_index_beside_a_writer(struct godb *db)
{
    struct godb_writer *writer = NULL;
    int rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL);
    if (rc == GODB_OK) rc = build_index(db);
    godb_writer_close(writer);
    return rc;
}

static int
delete_old(struct godb *db)
{
    struct godb_clean_counts counts;
    return godb_clean(&counts, db, DAY + 86400, false, NULL, NULL, NULL);
}

/* With names of another library, and then with libprotoident's again. */
static int
append_named(struct godb *db)
{
    static const struct godb_l7_entry entries[] = {
        {0, "Unknown", "Unspecified"}, {7, "OurHTTP", "Web"}};
    struct godb_l7_names *names = NULL;
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    struct godb_flow flow = store_flow(1);
    flow.l7proto = 7;
    int rc = godb_l7_names_new(&names, "nDPI 4.2.0", entries, 2, NULL);
    if (rc == GODB_OK) rc = godb_block_new(&block);
    if (rc == GODB_OK) rc = godb_block_add(block, &flow);
    for (int i = 0; i < 2 && rc == GODB_OK; i++) {
        rc = godb_writer_open(&writer, db, "eth0", i ? NULL : names, NULL, NULL, NULL);
        if (rc != GODB_OK) break;
        rc = godb_writer_append(writer, DAY + 600 + 300 * i, block, NULL, NULL);
        if (rc == GODB_OK) rc = godb_writer_commit(writer, NULL);
        godb_writer_close(writer);
    }
    godb_block_free(block);
    godb_l7_names_free(names);
    return rc;
}

static bool
two_or_less(size_t rows)
{
    return rows >= 10 && rows <= 12;
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

/* Id 7 means what it meant to whoever wrote it: the block of DAY + 600 alone has our
 * name for it. */
static void
expect_names(struct godb *db)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_L7PROTO), NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        assert_int_equal(strcmp(godb_l7_name(chunk.l7_names, 7), "OurHTTP") == 0,
            chunk.time_s == DAY + 600);
    godb_scan_close(scan);
}

struct deed {
    const char *name;
    int (*act)(struct godb *db);
    bool (*is_right)(size_t rows);   /* of eth0's before and after */
    int least_calls;                 /* that it makes on the disk */
    void (*expect)(struct godb *db); /* what else must hold; may be NULL */
};

static const struct deed append_deed = {
    "append", append_three, three_or_less, 60, NULL};
static const struct deed named_deed = {
    "named", append_named, two_or_less, 60, expect_names};
static const struct deed index_deed = {"index", build_index, ten, 3, NULL};
static const struct deed beside_deed = {
    "index beside a writer", build_index_beside_a_writer, ten, 3, NULL};
static const struct deed clean_deed = {"clean", delete_old, ten_or_none, 2, NULL};

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
    /* A meta.json that the disk does not give back is made anew, of what columns say.
     */
    const bool is_vague = calls == FAULT_JANSSON ||
                          ((calls & (FAULT_READ | FAULT_LOOK)) && os_errno == EIO);
    expect_statistics(db, is_vague);
    if (deed->expect) deed->expect(db);
    expect_append_works(db, rows, deed->act != delete_old, is_vague);
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
    every_call(&beside_deed, FAULT_ONCE, FAULT_OPEN, 0);
    assert_true(every_call(&beside_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 5);
}

static void
every_call_of_deleting_a_day_fails_and_it_is_there_or_gone(void **state)
{
    (void)state;
    on_all_of_disk(&clean_deed);
    every_call(&clean_deed, FAULT_ONCE, FAULT_OPEN, 0);
    assert_true(every_call(&clean_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 5);
}

static void
every_call_of_naming_protocols_fails_and_ids_keep_their_meaning(void **state)
{
    (void)state;
    on_all_of_disk(&named_deed);
    every_call(&named_deed, FAULT_ONCE, FAULT_OPEN, 0);
    assert_true(every_call(&named_deed, FAULT_ONCE, FAULT_MEMORY, 0) > 40);
    assert_true(every_call(&named_deed, FAULT_ONCE, FAULT_JANSSON, 0) > 100);
}

/* What is read on the way, and what only looks at the disk. */
static void
every_look_at_the_disk_fails_and_nothing_is_lost(void **state)
{
    static const struct deed *const deeds[] = {
        &append_deed, &named_deed, &index_deed, &clean_deed};
    static const unsigned calls[] = {FAULT_READ, FAULT_LOOK, FAULT_LIST, FAULT_LOCK};
    (void)state;
    for (size_t d = 0; d < sizeof deeds / sizeof deeds[0]; d++)
        for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
            assert_true(every_call(deeds[d], FAULT_ONCE, calls[c], EIO) > 0);
            assert_true(every_call(deeds[d], FAULT_FROM, calls[c], EIO) > 0);
            every_call(deeds[d], FAULT_ONCE, calls[c], EINTR);
        }
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
    expect_statistics(db, false);
    godb_writer_close(writer);
    godb_block_free(block);
    expect_append_works(db, rows + 20, true, false);
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
        cmocka_unit_test(
            every_call_of_naming_protocols_fails_and_ids_keep_their_meaning),
        cmocka_unit_test(every_look_at_the_disk_fails_and_nothing_is_lost),
        cmocka_unit_test(a_writer_goes_on_after_any_failure_and_counts_nothing_twice),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
