/* SPDX-License-Identifier: MIT
 *
 * summary.json: what is added to it and taken from it, and what is done about one that
 * others have written.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/summary.h"
#include "tests/store.h"

static int
set_up(void **state)
{
    *state = store_new();
    return 0;
}

static int
tear_down(void **state)
{
    free(*state);
    return 0;
}

static void
put_text(const char *root, const char *text)
{
    char *path = NULL;
    if (asprintf(&path, "%s/summary.json", root) < 0) abort();
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    free(path);
}

static void
expect_text(const char *root, const char *want)
{
    char *text = store_file(root, "summary.json");
    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static const struct summary_entry some = {10, 1000, 2000, 3000};

static void
what_is_added_widens_the_times_and_never_narrows_them(void **state)
{
    const char *root = *state;
    const struct summary_entry earlier = {1, 2, 1000, 1500},
                               within = {1, 2, 2000, 2100};
    assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
    assert_int_equal(summary_update(root, "eth0", &earlier, true, NULL), GODB_OK);
    assert_int_equal(summary_update(root, "eth0", &within, true, NULL), GODB_OK);
    expect_text(root, "{\"interfaces\":{\"eth0\":{\"flowcount\":12,\"traffic\":1004,"
                      "\"begin\":1000,\"end\":3000}}}\n");
}

static void
an_entry_that_says_nothing_of_its_begin_gets_one(void **state)
{
    const char *root = *state;
    put_text(root, "{\"interfaces\":{\"eth0\":{\"flowcount\":1}}}");
    assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
    expect_text(root, "{\"interfaces\":{\"eth0\":{\"flowcount\":11,\"traffic\":1000,"
                      "\"begin\":2000,\"end\":3000}}}\n");
}

/* Interfaces stand in the order of their names; what is no entry becomes one. */
static void
an_entry_that_is_none_is_replaced(void **state)
{
    const char *root = *state;
    put_text(root, "{\"interfaces\":{\"wan0\":null,\"eth0\":[1,2]}}");
    assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
    expect_text(root, "{\"interfaces\":{\"eth0\":{\"flowcount\":10,\"traffic\":1000,"
                      "\"begin\":2000,\"end\":3000},\"wan0\":null}}\n");
}

static void
numbers_stop_at_their_ends(void **state)
{
    const char *root = *state;
    const struct summary_entry most = {INT64_MAX, INT64_MAX, 1, 1};
    const struct summary_entry too_much = {INT64_MAX, 5, 7, 0};
    assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
    assert_int_equal(summary_update(root, "eth0", &most, true, NULL), GODB_OK);
    expect_text(root,
        "{\"interfaces\":{\"eth0\":{\"flowcount\":9223372036854775807,\"traffic\":"
        "9223372036854775807,\"begin\":1,\"end\":3000}}}\n");
    assert_int_equal(summary_update(root, "eth0", &some, false, NULL), GODB_OK);
    assert_int_equal(summary_subtract(root, "eth0", &too_much, NULL), GODB_OK);
    expect_text(root, "{\"interfaces\":{\"eth0\":{\"flowcount\":0,\"traffic\":995,"
                      "\"begin\":7,\"end\":3000}}}\n");
}

/* Nothing is made only to take something out of it. */
static void
where_there_is_nothing_nothing_is_taken_away(void **state)
{
    const char *root = *state;
    static const char others[] = "{\"interfaces\":{\"wan0\":{\"flowcount\":1,"
                                 "\"traffic\":2,\"begin\":3,\"end\":4}}}\n";
    assert_int_equal(summary_subtract(root, "eth0", &some, NULL), GODB_OK);
    assert_int_equal(summary_forget(root, "eth0", NULL), GODB_OK);
    assert_null(store_file(root, "summary.json"));
    put_text(root, others);
    assert_int_equal(summary_subtract(root, "eth0", &some, NULL), GODB_OK);
    expect_text(root, others);
    assert_int_equal(summary_forget(root, "eth0", NULL), GODB_OK);
    expect_text(root, others);
    assert_int_equal(summary_forget(root, "wan0", NULL), GODB_OK);
    expect_text(root, "{\"interfaces\":{}}\n");
}

static void
a_summary_that_cannot_be_understood_starts_afresh(void **state)
{
    const char *root = *state;
    static const char *const bad[] = {"", "{", "[]", "{\"interfaces\":3}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct summary_entry entry;
        struct godb_err err;
        put_text(root, bad[i]);
        assert_int_equal(summary_read(&entry, root, "eth0", &err), GODB_ECORRUPT);
        assert_non_null(strstr(err.msg, "summary.json"));
        assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
        assert_int_equal(summary_read(&entry, root, "eth0", &err), GODB_OK);
        assert_memory_equal(&entry, &some, sizeof some);
    }
}

/* JSON has no other letters.  Flows are not lost by it: nothing depends on this file.
 */
static void
a_name_that_is_not_utf8_is_refused_and_named(void **state)
{
    const char *root = *state;
    struct godb_err err;
    assert_int_equal(summary_update(root, "eth\xff", &some, true, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "summary.json: interface 'eth"));
    assert_non_null(strstr(err.msg, root));
    assert_null(store_file(root, "summary.json"));
    assert_int_equal(
        summary_update("/nonexistent", "eth0", &some, true, &err), GODB_ENOTFOUND);
    assert_non_null(strstr(err.msg, "/nonexistent: "));
}

/* What is told of a selection is of its interfaces alone. */
static void
a_size_is_of_the_interfaces_asked_for(void **state)
{
    const char *root = *state;
    const char *const wanted[] = {"eth0", "eth7"}, *const none[] = {"eth7"};
    struct godb_selection sel = {wanted, 2, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_size size;
    struct godb_err err;
    struct godb *db = store_open(root, GODB_READ);
    const struct summary_entry other = {99, 1, 1, 9999};
    assert_int_equal(godb_size(&size, db, &sel, &err), GODB_ENOTFOUND);
    assert_int_equal(summary_update(root, "eth0", &some, true, NULL), GODB_OK);
    assert_int_equal(summary_update(root, "wan0", &other, true, NULL), GODB_OK);
    assert_int_equal(godb_size(&size, db, &sel, &err), GODB_OK);
    assert_int_equal(size.flow_count, 10);
    assert_int_equal(size.iface_count, 1);
    assert_int_equal(size.begin_s, 2000);
    assert_int_equal(size.end_s, 3000);
    sel.ifaces = none;
    sel.iface_count = 1;
    assert_int_equal(godb_size(&size, db, &sel, &err), GODB_ENOTFOUND);
    assert_non_null(strstr(err.msg, "no flows of these interfaces"));
    godb_close(db);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_added_widens_the_times_and_never_narrows_them),
        TEST(an_entry_that_says_nothing_of_its_begin_gets_one),
        TEST(an_entry_that_is_none_is_replaced),
        TEST(numbers_stop_at_their_ends),
        TEST(where_there_is_nothing_nothing_is_taken_away),
        TEST(a_summary_that_cannot_be_understood_starts_afresh),
        TEST(a_name_that_is_not_utf8_is_refused_and_named),
        TEST(a_size_is_of_the_interfaces_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
