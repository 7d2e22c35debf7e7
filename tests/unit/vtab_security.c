/* SPDX-License-Identifier: MIT
 *
 * The extension in a host that trusts nobody: SQLite's authorizer, its limits, schemas
 * that are not trusted, and a database that is read and nothing else.
 */
#include <ftw.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/store.h"
#include "vtab/register.h"

#define DAY INT64_C(1700006400)

static char *root;

static sqlite3 *
connect_to(const char *file)
{
    sqlite3 *sql;
    char *error = NULL, *scope;
    assert_int_equal(sqlite3_open(file, &sql), SQLITE_OK);
    assert_int_equal(goprobe_register(sql, NULL, NULL, &error), SQLITE_OK);
    scope = sqlite3_mprintf("SELECT goprobe_scope('db', %Q)", root);
    assert_int_equal(sqlite3_exec(sql, scope, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_free(scope);
    return sql;
}

/* The error of a statement, borrowed until the next; "" where there is none. */
static const char *
error_of(sqlite3 *sql, const char *statement)
{
    return sqlite3_exec(sql, statement, NULL, NULL, NULL) == SQLITE_OK
               ? ""
               : sqlite3_errmsg(sql);
}

struct denied {
    int action;
    const char *name; /* of the table or function */
    const char *column;
};

static int
deny(void *arg, int action, const char *one, const char *two, const char *three,
    const char *four)
{
    const struct denied *denied = arg;
    (void)three;
    (void)four;
    if (action != denied->action) return SQLITE_OK;
    const char *name = action == SQLITE_FUNCTION ? two : one;
    if (name == NULL || strcmp(name, denied->name) != 0) return SQLITE_OK;
    if (denied->column && (two == NULL || strcmp(two, denied->column) != 0))
        return SQLITE_OK;
    return SQLITE_DENY;
}

static void
an_authorizer_says_which_columns_are_read(void **state)
{
    (void)state;
    sqlite3 *sql = connect_to(":memory:");
    struct denied denied = {SQLITE_READ, "flows", "sip"};
    sqlite3_set_authorizer(sql, deny, &denied);
    assert_string_equal(error_of(sql, "SELECT sum(bytes) FROM flows"), "");
    assert_non_null(strstr(error_of(sql, "SELECT sip FROM flows"), "prohibited"));
    assert_non_null(
        strstr(error_of(sql, "SELECT count(*) FROM flows WHERE sip = '10.0.0.1'"),
            "prohibited"));
    denied = (struct denied){SQLITE_READ, "traffic", "dip"};
    assert_string_equal(error_of(sql, "SELECT sip, bytes FROM traffic"), "");
    assert_non_null(strstr(error_of(sql, "SELECT * FROM talk_conv"), "prohibited"));
    sqlite3_close(sql);
}

/* Who may not set the scope cannot look into another database. */
static void
an_authorizer_says_whether_the_scope_may_be_set(void **state)
{
    (void)state;
    sqlite3 *sql = connect_to(":memory:");
    struct denied denied = {SQLITE_FUNCTION, "goprobe_scope", NULL};
    sqlite3_set_authorizer(sql, deny, &denied);
    assert_non_null(
        strstr(error_of(sql, "SELECT goprobe_scope('db', '/')"), "not authorized"));
    assert_string_equal(error_of(sql, "SELECT count(*) FROM flows"), "");
    denied = (struct denied){SQLITE_CREATE_VTABLE, "other", NULL};
    assert_non_null(strstr(error_of(sql, "CREATE VIRTUAL TABLE other USING flows('/')"),
        "not authorized"));
    sqlite3_close(sql);
}

static void
limits_of_the_connection_hold(void **state)
{
    (void)state;
    sqlite3 *sql = connect_to(":memory:");
    sqlite3_limit(sql, SQLITE_LIMIT_LENGTH, 2000);
    assert_string_equal(error_of(sql, "SELECT sip, dip, bytes FROM flows"), "");
    assert_non_null(strstr(
        error_of(sql, "SELECT group_concat(sip || dip || sip || dip) FROM flows"),
        "too big"));
    sqlite3_limit(sql, SQLITE_LIMIT_LENGTH, 1000000);
    sqlite3_limit(sql, SQLITE_LIMIT_COLUMN, 3);
    assert_non_null(strstr(error_of(sql, "SELECT 1, 2, 3, 4"), "too many columns"));
    sqlite3_close(sql);
}

/* A view that came with a database file may not read the disk for whoever opens it,
 * where the host says so; what the user asks, and the reports, still work. */
static void
views_of_a_file_read_nothing_where_its_schema_is_not_trusted(void **state)
{
    (void)state;
    char file[600];
    snprintf(file, sizeof file, "%s.sqlite", root);
    sqlite3 *sql = connect_to(file);
    assert_string_equal(
        error_of(sql, "CREATE VIEW bait AS SELECT count(*) FROM flows;"
                      "CREATE VIEW worse AS SELECT goprobe_scope('db', '/')"),
        "");
    assert_string_equal(error_of(sql, "SELECT * FROM bait"), "");
    assert_non_null(strstr(error_of(sql, "SELECT * FROM worse"), "unsafe use"));
    assert_string_equal(error_of(sql, "PRAGMA trusted_schema = OFF"), "");
    assert_non_null(strstr(error_of(sql, "SELECT * FROM bait"), "unsafe use"));
    assert_string_equal(error_of(sql, "SELECT count(*), sum(bytes) FROM flows"), "");
    assert_string_equal(error_of(sql, "SELECT * FROM talk_conv"), "");
    assert_string_equal(error_of(sql, "SELECT goprobe_scope('iface', 'eth0')"), "");
    sqlite3_close(sql);
}

static void
tables_cannot_be_written_to(void **state)
{
    (void)state;
    sqlite3 *sql = connect_to(":memory:");
    static const char *const statements[] = {
        "INSERT INTO flows(sip) VALUES('10.0.0.1')", "DELETE FROM flows",
        "UPDATE traffic SET bytes = 0", "DELETE FROM blocks", "DELETE FROM interfaces",
        "UPDATE talk_conv SET bytes = 0"};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        assert_non_null(strstr(error_of(sql, statements[i]), "modif"));
    sqlite3_close(sql);
}

/* Names, bytes, modes and times of everything in the database. */
static uint64_t state_of_all;

static int
add_state(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)kind;
    (void)at;
    for (const char *c = path; *c; c++)
        state_of_all = state_of_all * 31 + (unsigned char)*c;
    state_of_all = state_of_all * 31 + (uint64_t)st->st_size;
    state_of_all = state_of_all * 31 + (uint64_t)st->st_mode;
    state_of_all = state_of_all * 31 + (uint64_t)st->st_mtim.tv_sec;
    state_of_all = state_of_all * 31 + (uint64_t)st->st_mtim.tv_nsec;
    return 0;
}

static uint64_t
database_state(void)
{
    state_of_all = 0;
    assert_int_equal(nftw(root, add_state, 8, FTW_PHYS), 0);
    return state_of_all;
}

static void
no_question_changes_anything_in_the_database(void **state)
{
    (void)state;
    char path[600];
    snprintf(path, sizeof path, "%s/eth0/%lld/meta.json", root, (long long)DAY);
    assert_int_equal(unlink(path), 0); /* what a writer would make again */
    const uint64_t before = database_state();
    sqlite3 *sql = connect_to(":memory:");
    static const char *const questions[] = {"SELECT * FROM flows",
        "SELECT * FROM traffic", "SELECT * FROM blocks", "SELECT * FROM interfaces",
        "SELECT * FROM talk_conv", "SELECT * FROM flows('dport = 443', '-1d')"};
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        assert_string_equal(error_of(sql, questions[i]), "");
    sqlite3_close(sql);
    assert_true(before == database_state());
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_authorizer_says_which_columns_are_read),
        cmocka_unit_test(an_authorizer_says_whether_the_scope_may_be_set),
        cmocka_unit_test(limits_of_the_connection_hold),
        cmocka_unit_test(views_of_a_file_read_nothing_where_its_schema_is_not_trusted),
        cmocka_unit_test(tables_cannot_be_written_to),
        cmocka_unit_test(no_question_changes_anything_in_the_database),
    };
    root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (int b = 1; b <= 3; b++)
        if (store_append(db, "eth0", DAY + 300 * b, 100 * (uint64_t)b, 40, NULL) !=
            GODB_OK)
            return 1;
    godb_close(db);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(root);
    return failed;
}
