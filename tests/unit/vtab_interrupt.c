/* SPDX-License-Identifier: MIT
 *
 * Ctrl-C and time-outs: a question ends soon after it was interrupted, wherever it is,
 * and leaves neither a thread nor a statement behind.
 *
 * The database is one day of one interface, linked under as many names as it takes for
 * a question to last several times as long as an interrupted one may.
 */
#include <dirent.h>
#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/store.h"
#include "vtab/register.h"

#define DAY INT64_C(1700006400)

enum {
    BLOCKS = 40,
    ROWS = 2000,
    BOUND_MS = 200, /* wanted: 50; the rest is for sanitizers and busy machines */
    LASTS_MS = 3 * BOUND_MS,
    IFACES_MAX = 10000
};

struct question {
    const char *text;
    int iface_count; /* of so many interfaces it lasts */
    int64_t lasts_ms;
};

static struct question summing = {
    "SELECT sip, dip, dport, bytes FROM traffic ORDER BY bytes DESC LIMIT 3", 1, 0};
/* Both are in every block, never in one row. */
static struct question finding_nothing = {
    "SELECT count(*) FROM flows('sip = 10.0.0.1 & dport = 1005')", 1, 0};

static struct question listing = {"SELECT * FROM interfaces", 1, 0};

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

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

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

/* Ask of ever more interfaces until the answer takes long enough. */
static void
make_it_last(struct question *question)
{
    for (;;) {
        ask_of(question->iface_count);
        if (question->lasts_ms >= LASTS_MS) return;
        const int64_t start_ms = now_ms();
        assert_int_equal(ask(question->text), SQLITE_DONE);
        question->lasts_ms = now_ms() - start_ms;
        if (question->lasts_ms >= LASTS_MS) return;
        question->iface_count *= 2;
        if (question->iface_count > IFACES_MAX)
            fail_msg("half of %d interfaces take %lld ms alone", IFACES_MAX,
                (long long)question->lasts_ms);
    }
}

struct interruption {
    int64_t after_ms, at_ms;
};

static void *
interrupt_later(void *arg)
{
    struct interruption *interruption = arg;
    const struct timespec pause = {
        interruption->after_ms / 1000, interruption->after_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    interruption->at_ms = now_ms();
    sqlite3_interrupt(sql);
    return NULL;
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
expect_prompt_end(struct question *question)
{
    make_it_last(question);
    for (int64_t part = 1; part <= 2; part++) {
        struct interruption interruption = {question->lasts_ms * part / 4, 0};
        pthread_t thread;
        assert_int_equal(
            pthread_create(&thread, NULL, interrupt_later, &interruption), 0);
        const int rc = ask(question->text);
        const int64_t end_ms = now_ms();
        pthread_join(thread, NULL);
        assert_int_equal(rc, SQLITE_INTERRUPT);
        assert_string_equal(sqlite3_errmsg(sql), "interrupted");
        if (end_ms - interruption.at_ms > BOUND_MS)
            fail_msg("went on for %lld ms", (long long)(end_ms - interruption.at_ms));
        assert_int_equal(count_threads(), threads_at_rest);
        assert_null(sqlite3_next_stmt(sql, NULL));
    }
}

/* --- Tests ------------------------------------------------------------------------ */

static void
an_interrupt_ends_an_aggregation_soon(void **state)
{
    (void)state;
    static const char *const threads[] = {"1", "3"};
    for (int i = 0; i < 2; i++) {
        set_scope("threads", threads[i]);
        expect_prompt_end(&summing);
    }
    set_scope("threads", NULL);
}

static void
an_interrupt_ends_a_scan_without_rows_soon(void **state)
{
    (void)state;
    expect_prompt_end(&finding_nothing);
}

static void
an_interrupt_ends_the_list_of_interfaces_soon(void **state)
{
    (void)state;
    expect_prompt_end(&listing);
}

static void
the_next_statement_is_answered(void **state)
{
    (void)state;
    make_it_last(&summing);
    sqlite3_interrupt(sql);
    assert_int_equal(ask(summing.text), SQLITE_DONE);
}

/* A time-out as hosts write it. */
static int
ends_at(void *arg)
{
    int64_t *until_ms = arg;
    return now_ms() >= *until_ms;
}

static void
a_progress_handler_ends_it_too(void **state)
{
    (void)state;
    struct question *const questions[] = {&summing, &finding_nothing};
    for (int i = 0; i < 2; i++) {
        make_it_last(questions[i]);
        int64_t until_ms = now_ms() + questions[i]->lasts_ms / 4;
        sqlite3_progress_handler(sql, 1000, ends_at, &until_ms);
        const int rc = ask(questions[i]->text);
        const int64_t late_ms = now_ms() - until_ms;
        sqlite3_progress_handler(sql, 0, NULL, NULL);
        assert_int_equal(rc, SQLITE_INTERRUPT);
        assert_true(late_ms >= 0);
        if (late_ms > BOUND_MS) fail_msg("went on for %lld ms", (long long)late_ms);
        assert_int_equal(count_threads(), threads_at_rest);
    }
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
    expect_prompt_end(&summing);
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
    int count = 0;
    make_it_last(&summing);
    sqlite3_trace_v2(sql, SQLITE_TRACE_STMT, count_traced, &count);
    assert_int_equal(ask(summing.text), SQLITE_DONE);
    sqlite3_trace_v2(sql, 0, NULL, NULL);
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
    struct interruption none = {0, 0};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_later, &none), 0);
    pthread_join(thread, NULL);
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
        cmocka_unit_test(an_interrupt_ends_an_aggregation_soon),
        cmocka_unit_test(an_interrupt_ends_a_scan_without_rows_soon),
        cmocka_unit_test(an_interrupt_ends_the_list_of_interfaces_soon),
        cmocka_unit_test(the_next_statement_is_answered),
        cmocka_unit_test(a_progress_handler_ends_it_too),
        cmocka_unit_test(a_host_that_allows_nothing_but_select_can_interrupt),
        cmocka_unit_test(a_trace_shows_the_probe_once),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
