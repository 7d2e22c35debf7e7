/* SPDX-License-Identifier: MIT
 *
 * Deleting days: what is goDB's by its name goes, whatever else lies there stays.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

struct fixture {
    char *root;
    struct godb *db;
    struct store_warnings warnings;
};

/* Two days of eth0, with one and two blocks. */
static int
set_up(void **state)
{
    static struct fixture fixture;
    struct fixture *f = &fixture;
    memset(f, 0, sizeof *f);
    f->root = store_new();
    f->db = store_open(f->root, GODB_CREATE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(store_append(f->db, "eth0", DAY + 300 + 86100 * i,
                             (uint64_t)(10 * i), 10, NULL),
            GODB_OK);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    godb_close(f->db);
    free(f->root);
    return 0;
}

__attribute__((format(printf, 2, 3))) static char *
path_of(const struct fixture *f, const char *format, ...)
{
    char *below = NULL, *path = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&below, format, args) < 0) abort();
    va_end(args);
    if (asprintf(&path, "%s/eth0/%s", f->root, below) < 0) abort();
    free(below);
    return path;
}

static void
make_file(char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    free(path);
}

static bool
is_there(char *path)
{
    const bool is = access(path, F_OK) == 0;
    free(path);
    return is;
}

static struct godb_clean_counts
clean(struct fixture *f, bool is_dry)
{
    struct godb_clean_counts counts;
    struct godb_err err;
    if (godb_clean(&counts, f->db, DAY + GODB_DAY_S, is_dry, store_warn, &f->warnings,
            &err) != GODB_OK)
        fail_msg("%s", err.msg);
    return counts;
}

static void
a_dry_run_counts_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    for (int dry = 1; dry >= 0; dry--) {
        const struct godb_clean_counts counts = clean(f, dry);
        assert_int_equal(counts.day_count, 1);
        assert_int_equal(counts.block_count, 1);
        assert_int_equal(counts.flow_count, 10);
        assert_int_equal(is_there(path_of(f, "%lld", (long long)DAY)), dry);
    }
    assert_int_equal(store_sum(f->db, GODB_COLUMNS_ALL, NULL).rows, 20);
    assert_int_equal(f->warnings.count, 0);
}

/* A file becomes what it is under another name first, which a crash can leave. */
static void
what_a_crash_left_of_files_goes_with_the_day(void **state)
{
    struct fixture *f = *state;
    make_file(path_of(f, "%lld/.meta.json.4711", (long long)DAY));
    make_file(path_of(f, "%lld/.l7proto.json.1", (long long)DAY));
    assert_int_equal(clean(f, false).day_count, 1);
    assert_false(is_there(path_of(f, "%lld", (long long)DAY)));
    assert_false(is_there(path_of(f, ".deleted-%lld", (long long)DAY)));
    assert_int_equal(f->warnings.count, 0);
}

static void
hidden_files_of_others_stay_and_are_told(void **state)
{
    static const char *const names[] = {".hidden", ".meta.json.", ".meta.json.12x",
        ".notes.txt.12", ".1",
        ".a.name.that.is.much.longer.than.any.of.goDB.may.be.and.so.is.not.one.of.it."
        "7"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make_file(path_of(f, "%lld/%s", (long long)DAY, names[i]));
    }
    const struct godb_clean_counts counts = clean(f, false);
    assert_int_equal(counts.kept_count, 1);
    assert_int_equal(f->warnings.count, 1);
    assert_non_null(strstr(f->warnings.last, "holds files that are not goDB's"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(is_there(path_of(f, "%lld/%s", (long long)DAY, names[i])));
    assert_false(is_there(path_of(f, "%lld/sip.gpf", (long long)DAY)));
    assert_int_equal(store_sum(f->db, GODB_COLUMNS_ALL, NULL).rows, 20);
}

/* Neither a number that is no day, nor a name that only begins as ours. */
static void
directories_that_only_look_like_days_stay(void **state)
{
    struct fixture *f = *state;
    char *number = path_of(f, "86401"), *longer = path_of(f, ".deleted-%070d", 1);
    assert_int_equal(mkdir(number, 0755), 0);
    assert_int_equal(mkdir(longer, 0755), 0);
    make_file(path_of(f, "86401/sip.gpf"));
    make_file(path_of(f, ".deleted-%070d/sip.gpf", 1));
    assert_int_equal(clean(f, false).day_count, 1);
    assert_true(is_there(path_of(f, "86401/sip.gpf")));
    assert_true(is_there(path_of(f, ".deleted-%070d/sip.gpf", 1)));
    free(number);
    free(longer);
}

/* Without anybody to hear warnings. */
static void
the_summary_begins_where_what_is_left_does(void **state)
{
    struct fixture *f = *state;
    struct godb_clean_counts counts;
    assert_int_equal(
        godb_clean(&counts, f->db, DAY + GODB_DAY_S, false, NULL, NULL, NULL), GODB_OK);
    char *summary = store_file(f->root, "summary.json"), want[100];
    snprintf(want, sizeof want, "\"begin\":%lld,\"end\":%lld", (long long)DAY + 86400,
        (long long)DAY + 172500);
    assert_non_null(strstr(summary, want));
    assert_non_null(strstr(summary, "\"flowcount\":20,"));
    free(summary);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_dry_run_counts_and_changes_nothing),
        TEST(what_a_crash_left_of_files_goes_with_the_day),
        TEST(hidden_files_of_others_stay_and_are_told),
        TEST(directories_that_only_look_like_days_stay),
        TEST(the_summary_begins_where_what_is_left_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
