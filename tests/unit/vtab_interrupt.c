/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and time-outs: a question that was interrupted at work ends, and leaves
 * neither a thread nor a statement behind.
 *
 * The interrupt comes while the question looks whether there is one: a progress handler
 * counts those looks, and waits for the interrupt within one of them.  The database is
 * one day of one interface, linked under as many names as it takes for a question to
 * look at all.
 */
#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "tests/store.h"
#include "vtab/register.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 40, ROWS = 2000, IFACES_MAX = 10000, HANDLER_OPS = 1000 };

struct question {
    const char *text;
    int iface_count; /* of so many interfaces it lasts long enough */
};

static struct question summing = {
    "SELECT sip, dip, dport, bytes FROM traffic ORDER BY bytes DESC LIMIT 3", 1};
/* Both are in every block, never in one row. */
static struct question finding_nothing = {
    "SELECT count(*) FROM flows('sip = 10.0.0.1 & dport = 1005')", 1};

static struct question listing = {"SELECT * FROM interfaces", 1};

static char *root;
static int iface_count;
static sqlite3 *sql;

/* --- The database ----------------------------------------------------------------- */

static void
link_day(const char *from, const char *to)
{
    DIR *dir = opendir(from);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char old[GODB_PATH_MAX], new[GODB_PATH_MAX];
        if (entry->d_type != DT_REG) continue;
        snprintf(old, sizeof old, "%s/%s", from, entry->d_name);
        snprintf(new, sizeof new, "%s/%s", to, entry->d_name);
        assert_int_equal(link(old, new), 0);
    }
    closedir(dir);
}

static void
add_ifaces(int count)
{
    char first[300], dir[300], day[330];
    snprintf(first, sizeof first, "%s/eth0/%lld", root, (long long)DAY);
    for (; iface_count < count; iface_count++) {
        snprintf(dir, sizeof dir, "%s/eth%d", root, iface_count);
        snprintf(day, sizeof day, "%s/%lld", dir, (long long)DAY);
        assert_int_equal(mkdir(dir, 0755), 0);
        assert_int_equal(mkdir(day, 0755), 0);
        link_day(first, day);
    }
}

static void
make_first_iface(void)
{
    struct godb *db = store_open(root, GODB_CREATE);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(
            store_append(db, "eth0", DAY + i * GODB_INTERVAL_S, 0, ROWS, NULL),
            GODB_OK);
    godb_close(db);
    iface_count = 1;
}

/* --- Asking ----------------------------------------------------------------------- */

static int
ask(const char *text)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(sql, text, -1, &statement, NULL), SQLITE_OK);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        continue;
    sqlite3_finalize(statement);
    return rc;
}

static void
set_scope(const char *name, const char *value)
{
    char *text = sqlite3_mprintf("SELECT goprobe_scope(%Q, %Q)", name, value);
    assert_int_equal(ask(text), SQLITE_DONE);
    sqlite3_free(text);
}

static void
ask_of(int count)
{
    sqlite3_str *list = sqlite3_str_new(NULL);
    add_ifaces(count);
    for (int i = 0; i < count; i++)
        sqlite3_str_appendf(list, "%seth%d", i ? "," : "", i);
    char *text = sqlite3_str_finish(list);
    set_scope("iface", text);
    sqlite3_free(text);
}

/* Ask of ever more interfaces until *calls, which a handler counts, is not 0; what the
 * question then came to. */
static int
ask_until_called(struct question *question, const int *calls)
{
    for (;;) {
        ask_of(question->iface_count);
        const int rc = ask(question->text);
        if (*calls > 0) return rc;
        assert_int_equal(rc, SQLITE_DONE);
        question->iface_count *= 2;
        if (question->iface_count > IFACES_MAX)
            fail_msg("not one look over %d interfaces", IFACES_MAX);
    }
}

static void *
interrupt(void *arg)
{
    sqlite3_interrupt(arg);
    return NULL;
}

static void
interrupt_from_a_thread(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt, sql), 0);
    pthread_join(thread, NULL);
}

struct handler {
    int calls, interrupt_at; /* 0: ends the statement itself */
};

static int
on_progress(void *arg)
{
    struct handler *handler = arg;
    if (++handler->calls == handler->interrupt_at) interrupt_from_a_thread();
    return handler->interrupt_at == 0;
}

static int
count_threads(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

/* TSan's own thread is there before the first question. */
static int threads_at_rest;

static void
expect_end(struct question *question, int interrupt_at)
{
    struct handler handler = {0, interrupt_at};
    sqlite3_progress_handler(sql, HANDLER_OPS, on_progress, &handler);
    const int rc = ask_until_called(question, &handler.calls);
    sqlite3_progress_handler(sql, 0, NULL, NULL);
    assert_int_equal(rc, SQLITE_INTERRUPT);
    assert_string_equal(sqlite3_errmsg(sql), "interrupted");
    /* The look at which it happened was the last. */
    assert_int_equal(handler.calls, interrupt_at > 0 ? interrupt_at : 1);
    assert_int_equal(count_threads(), threads_at_rest);
    assert_null(sqlite3_next_stmt(sql, NULL));
}

/* --- Tests ------------------------------------------------------------------------ */

static void
an_interrupt_ends_an_aggregation(void **state)
{
    (void)state;
    static const char *const threads[] = {"1", "3"};
    for (int i = 0; i < 2; i++) {
        set_scope("threads", threads[i]);
        expect_end(&summing, 1);
    }
    set_scope("threads", NULL);
}

static void
an_interrupt_ends_a_scan_without_rows(void **state)
{
    (void)state;
    expect_end(&finding_nothing, 1);
}

static void
an_interrupt_ends_the_list_of_interfaces(void **state)
{
    (void)state;
    expect_end(&listing, 1);
}

static void
the_next_statement_is_answered(void **state)
{
    (void)state;
    sqlite3_interrupt(sql);
    assert_int_equal(ask(summing.text), SQLITE_DONE);
}

/* A time-out as hosts write it. */
static void
a_progress_handler_ends_it_too(void **state)
{
    (void)state;
    expect_end(&summing, 0);
    expect_end(&finding_nothing, 0);
}

static int
only_select(
    void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)arg, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION
               ? SQLITE_OK
               : SQLITE_DENY;
}

static void
a_host_that_allows_nothing_but_select_can_interrupt(void **state)
{
    (void)state;
    sqlite3_set_authorizer(sql, only_select, NULL);
    expect_end(&summing, 1);
    sqlite3_set_authorizer(sql, NULL, NULL);
}

static int
count_traced(unsigned type, void *count, void *statement, void *text)
{
    (void)type, (void)statement, (void)text;
    ++*(int *)count;
    return 0;
}

static void
a_trace_shows_the_probe_once(void **state)
{
    (void)state;
    struct handler handler = {0, -1};
    int count = 0;
    sqlite3_progress_handler(sql, HANDLER_OPS, on_progress, &handler);
    do {
        handler.calls = count = 0;
        ask_of(summing.iface_count);
        sqlite3_trace_v2(sql, SQLITE_TRACE_STMT, count_traced, &count);
        assert_int_equal(ask(summing.text), SQLITE_DONE);
        sqlite3_trace_v2(sql, 0, NULL, NULL);
        if (handler.calls == 0) summing.iface_count *= 2;
    } while (handler.calls == 0 && summing.iface_count <= IFACES_MAX);
    sqlite3_progress_handler(sql, 0, NULL, NULL);
    assert_int_equal(count, 2);
}

static int
set_up(void **state)
{
    char *error = NULL;
    (void)state;
    root = store_new();
    make_first_iface();
    assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
    if (goprobe_register(sql, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s", error);
    set_scope("db", root);
    interrupt_from_a_thread();
    threads_at_rest = count_threads();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    free(root);
    return sqlite3_close(sql) == SQLITE_OK ? 0 : -1;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interrupt_ends_an_aggregation),
        cmocka_unit_test(an_interrupt_ends_a_scan_without_rows),
        cmocka_unit_test(an_interrupt_ends_the_list_of_interfaces),
        cmocka_unit_test(the_next_statement_is_answered),
        cmocka_unit_test(a_progress_handler_ends_it_too),
        cmocka_unit_test(a_host_that_allows_nothing_but_select_can_interrupt),
        cmocka_unit_test(a_trace_shows_the_probe_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
