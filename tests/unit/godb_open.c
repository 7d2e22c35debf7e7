/* SPDX-License-Identifier: MIT
 *
 * Opening a database, the names in it, and what a selection takes.
 */
#include <sys/stat.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

static void
interface_names_that_are_paths_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", ".hidden", "a/b", "/", "a\nb",
        "a\x7f", "123456789012345678901234567890123456789012345678901234567890abcd"};
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct godb_err err = {0};
        assert_int_equal(godb_iface_check(bad[i], &err), GODB_EARG);
        assert_null(strchr(err.msg, '\n'));
        struct godb_writer *writer;
        assert_int_equal(
            godb_writer_open(&writer, db, bad[i], NULL, NULL, NULL, &err), GODB_EARG);
        assert_false(godb_has_iface(db, bad[i]));
    }
    assert_int_equal(godb_iface_check("br-lan.100@if3", NULL), GODB_OK);
    godb_close(db);
    free(root);
}

/* A link counts, as its being there is told when it is opened; a file does not. */
static void
an_interface_is_a_directory_or_a_link(void **state)
{
    (void)state;
    char *root = store_new(), path[600];
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    snprintf(path, sizeof path, "%s/link", root);
    assert_int_equal(symlink("eth0", path), 0);
    assert_true(godb_has_iface(db, "eth0"));
    assert_true(godb_has_iface(db, "link"));
    assert_false(godb_has_iface(db, "summary.json"));
    assert_false(godb_has_iface(db, "eth1"));
    assert_int_equal(godb_iface_number(db, "eth0"), 0);
    assert_int_equal(godb_iface_number(db, "summary.json"), -1);
    godb_close(db);
    free(root);
}

static void
opening_says_what_is_wrong_with_the_path(void **state)
{
    (void)state;
    struct godb *db;
    struct godb_err err;
    assert_int_equal(
        godb_open(&db, "/nonexistent/db", GODB_READ, &err), GODB_ENOTFOUND);
    assert_string_equal(err.msg, "/nonexistent/db: no such database");
    assert_int_equal(godb_open(&db, "/etc/passwd", GODB_READ, &err), GODB_EARG);
    assert_int_equal(godb_open(&db, "", GODB_READ, &err), GODB_EARG);
    assert_int_equal(godb_open(&db, NULL, GODB_READ, &err), GODB_EARG);
    assert_int_equal(godb_open(&db, "/etc/passwd/db", GODB_READ, &err), GODB_EIO);
    assert_string_equal(err.msg, "/etc/passwd/db: Not a directory");
    assert_int_not_equal(godb_open(&db, "/proc/none/a/db", GODB_CREATE, &err), GODB_OK);
    assert_non_null(strstr(err.msg, "/proc/none: cannot be created: "));
    char *long_path = calloc(1, GODB_PATH_MAX);
    memset(long_path, 'p', GODB_PATH_MAX - 1);
    assert_int_equal(godb_open(&db, long_path, GODB_READ, &err), GODB_EARG);
    free(long_path);
}

static void
a_database_is_made_with_the_directories_above_it(void **state)
{
    (void)state;
    char *root = store_new(), path[600];
    struct stat st;
    snprintf(path, sizeof path, "%s/a//b/db//", root);
    for (int again = 0; again < 2; again++) {
        struct godb *db = store_open(path, GODB_CREATE);
        assert_string_equal(godb_root(db), path);
        godb_close(db);
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
    free(root);
}

/* No sum overflows, and no block is in it. */
static void
times_at_the_ends_of_all_times_select_nothing(void **state)
{
    static const int64_t ranges_s[][2] = {{INT64_MAX - 1, INT64_MAX},
        {GODB_STAMP_MAX + 5, INT64_MAX}, {INT64_MIN, INT64_MIN + 1},
        {INT64_MIN, -GODB_DAY_S - 7}};
    (void)state;
    for (size_t i = 0; i < sizeof ranges_s / sizeof ranges_s[0]; i++) {
        struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
        assert_int_equal(
            godb_selection_overlap(&sel, ranges_s[i][0], ranges_s[i][1], NULL),
            GODB_OK);
        assert_true(sel.first_s > DAY || sel.last_s < DAY);
    }
    struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    assert_int_equal(godb_selection_overlap(&all, INT64_MIN, INT64_MAX, NULL), GODB_OK);
    assert_true(all.first_s <= DAY && all.last_s >= DAY);
}

/* An empty list of interfaces is none, not all. */
static void
no_interface_has_no_flows(void **state)
{
    (void)state;
    const char *const none[] = {NULL};
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 2, NULL), GODB_OK);
    spec.sel.ifaces = none;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    assert_int_equal(godb_scan_next(scan, &chunk, NULL), GODB_DONE);
    godb_scan_close(scan);
    godb_close(db);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interface_names_that_are_paths_are_refused),
        cmocka_unit_test(an_interface_is_a_directory_or_a_link),
        cmocka_unit_test(opening_says_what_is_wrong_with_the_path),
        cmocka_unit_test(a_database_is_made_with_the_directories_above_it),
        cmocka_unit_test(times_at_the_ends_of_all_times_select_nothing),
        cmocka_unit_test(no_interface_has_no_flows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
