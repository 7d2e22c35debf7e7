/* SPDX-License-Identifier: MIT
 *
 * Every call that an aggregation makes fails once, with a temporary file and without
 * one: the question ends with an error that names what failed, or with the right
 * answer.  So it does wherever it is stopped.
 *
 * The calls are wrapped at link time (-Wl,--wrap, see the Makefile).  Reads and writes
 * count only where they go to a file without a name, which is the temporary one.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 4, FLOWS = 900, KIB = 1024 };

enum victim { NOTHING, MEMORY, WRITES, READS, ENDS, THREADS };

static struct {
    enum victim victim;
    atomic_int countdown; /* calls until it happens; above 0: not yet */
    bool stutters;        /* calls are interrupted, and do half of what they should */
    atomic_uint stuttered;
} fault;

static bool
strikes(enum victim victim)
{
    return fault.victim == victim && atomic_fetch_sub(&fault.countdown, 1) == 1;
}

static bool
is_temporary(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0;
}

/* Every third call is interrupted; the others do half. */
static bool
stutter(size_t *count)
{
    if (!fault.stutters) return false;
    if (*count > 1) *count /= 2;
    errno = EINTR;
    return atomic_fetch_add(&fault.stuttered, 1) % 3 == 0;
}

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
ssize_t __real_pwrite(int fd, const void *from, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset);
ssize_t __real_pread(int fd, void *to, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *to, size_t count, off_t offset);
int __real_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*call)(void *), void *arg);
int __wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*call)(void *), void *arg);

void *
__wrap_malloc(size_t bytes)
{
    return strikes(MEMORY) ? NULL : __real_malloc(bytes);
}

void *
__wrap_calloc(size_t count, size_t bytes)
{
    return strikes(MEMORY) ? NULL : __real_calloc(count, bytes);
}

void *
__wrap_realloc(void *memory, size_t bytes)
{
    return strikes(MEMORY) ? NULL : __real_realloc(memory, bytes);
}

ssize_t
__wrap_pwrite(int fd, const void *from, size_t count, off_t offset)
{
    if (!is_temporary(fd)) return __real_pwrite(fd, from, count, offset);
    if (stutter(&count)) return -1;
    if (!strikes(WRITES)) return __real_pwrite(fd, from, count, offset);
    errno = ENOSPC;
    return -1;
}

ssize_t
__wrap_pread(int fd, void *to, size_t count, off_t offset)
{
    if (!is_temporary(fd)) return __real_pread(fd, to, count, offset);
    if (stutter(&count)) return -1;
    if (strikes(ENDS)) return 0;
    if (!strikes(READS)) return __real_pread(fd, to, count, offset);
    errno = EIO;
    return -1;
}

int
__wrap_pthread_create(
    pthread_t *thread, const pthread_attr_t *attr, void *(*call)(void *), void *arg)
{
    return strikes(THREADS) ? EAGAIN : __real_pthread_create(thread, attr, call, arg);
}

/* --- Questions -------------------------------------------------------------------- */

static struct godb *
open_filled(void)
{
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(store_append(db, "eth0", DAY + 300 + 40000 * (i / 2) + 300 * i,
                             700 * (uint64_t)i, FLOWS, NULL),
            GODB_OK);
    free(root);
    return db;
}

/* All rows of a result, in their order, as one number. */
static int
digest(struct godb_result *result, uint64_t *out, struct godb_err *err)
{
    struct godb_row row;
    int rc;
    *out = godb_result_group_count(result) + godb_result_totals(result)[GODB_SUM_BYTES];
    while ((rc = godb_result_next(result, &row, err)) == GODB_OK)
        *out = *out * 31 + godb_row_id(&row) + row.sums[GODB_SUM_BYTES];
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* What is asked, and with how much memory. */
struct question {
    unsigned dims;
    int64_t limit;
    uint64_t memory_bytes;
};

#define MANY_GROUPS                                                                    \
    (GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DPORT) |                       \
        GODB_DIM_BIT(GODB_DIM_L7_NAME))

static const struct question spilling = {MANY_GROUPS, -1, 100 * KIB};
static const struct question in_memory = {MANY_GROUPS, -1, 1u << 30};
static const struct question the_first = {MANY_GROUPS, 100, 1u << 30};
static const struct question few_groups = {
    GODB_DIM_BIT(GODB_DIM_DPORT) | GODB_DIM_BIT(GODB_DIM_PROTO), -1, 1u << 30};
static const struct question one_row = {0, -1, 1u << 30};

static int
ask_until(struct godb *db, const struct question *question, godb_stop_fn *stop,
    void *stop_arg, uint64_t *out, struct godb_err *err)
{
    struct godb_result *result;
    struct godb_aggregate_spec spec = {.scan = store_spec(0, NULL),
        .dims = question->dims,
        .sums = GODB_SUMS_ALL,
        .order = {{GODB_KEY_SUM + GODB_SUM_BYTES, true}},
        .order_count = question->limit >= 0,
        .limit = question->limit,
        .threads = 2,
        .memory_bytes = question->memory_bytes};
    spec.scan.stop = stop;
    spec.scan.stop_arg = stop_arg;
    int rc = godb_aggregate(&result, db, &spec, err);
    if (rc != GODB_OK) return rc;
    rc = digest(result, out, err);
    godb_result_free(result);
    return rc;
}

static int
ask(struct godb *db, const struct question *question, uint64_t *out,
    struct godb_err *err)
{
    return ask_until(db, question, NULL, NULL, out, err);
}

static uint64_t
right_answer(struct godb *db, const struct question *question)
{
    const struct question roomy = {question->dims, question->limit, 1u << 30};
    uint64_t answer = 0;
    assert_int_equal(ask(db, &roomy, &answer, NULL), GODB_OK);
    return answer;
}

/* Let call 1, 2, 3, ... fail until no failure happens any more; how many there were. */
static int
fail_each_call_of(
    const struct question *question, enum victim victim, int status, const char *what)
{
    struct godb *db = open_filled();
    const uint64_t expected = right_answer(db, question);
    int at = 1;
    for (bool happened = true; happened; at++) {
        uint64_t answer = 0;
        struct godb_err err = {0};
        fault.victim = victim;
        atomic_store(&fault.countdown, at);
        int rc = ask(db, question, &answer, &err);
        happened = atomic_load(&fault.countdown) <= 0;
        fault.victim = NOTHING;
        if (rc == GODB_OK)
            assert_true(answer == expected);
        else if (rc != status || !strstr(err.msg, what))
            fail_msg("call %d: %d %s", at, rc, err.msg);
        /* Some allocations have an answer to failing; the file has none. */
        if (happened && rc == GODB_OK) assert_true(status == GODB_OK);
    }
    godb_close(db);
    return at;
}

static int
fail_each_call(enum victim victim, int status, const char *what)
{
    return fail_each_call_of(&spilling, victim, status, what);
}

static void
every_allocation_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_call(MEMORY, GODB_ENOMEM, "out of memory") > 100);
}

static void
every_allocation_without_a_file_fails_once(void **state)
{
    static const struct question *const questions[] = {
        &in_memory, &the_first, &few_groups, &one_row};
    (void)state;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        assert_true(
            fail_each_call_of(questions[i], MEMORY, GODB_ENOMEM, "out of memory") > 20);
}

/* --- Stopping --------------------------------------------------------------------- */

static bool
stop_now(void *arg)
{
    return atomic_fetch_sub((atomic_int *)arg, 1) <= 1;
}

/* At its first, second, third look whether it should, until it is through before. */
static void
a_question_ends_wherever_it_is_stopped(void **state)
{
    static const struct question *const questions[] = {
        &spilling, &in_memory, &the_first, &few_groups};
    (void)state;
    struct godb *db = open_filled();
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        const uint64_t expected = right_answer(db, questions[i]);
        int rc = GODB_ECANCELLED;
        for (int at = 1; rc != GODB_OK; at++) {
            atomic_int left = at;
            uint64_t answer;
            struct godb_err err = {0};
            rc = ask_until(db, questions[i], stop_now, &left, &answer, &err);
            if (rc == GODB_OK)
                assert_true(answer == expected);
            else if (rc != GODB_ECANCELLED || strcmp(err.msg, "cancelled") != 0)
                fail_msg("stopped at %d: %d %s", at, rc, err.msg);
        }
    }
    godb_close(db);
}

/* --- Interruptions ---------------------------------------------------------------- */

static void
every_write_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_call(WRITES, GODB_EIO, "No space left on device") > 20);
}

static void
every_read_fails_once(void **state)
{
    (void)state;
    assert_true(fail_each_call(READS, GODB_EIO, "Input/output error") > 20);
}

static void
the_file_ends_too_early_at_every_read(void **state)
{
    (void)state;
    assert_true(fail_each_call(ENDS, GODB_EIO, "ends before what was written") > 20);
}

static void
a_thread_that_cannot_be_started_is_done_without(void **state)
{
    (void)state;
    assert_true(fail_each_call(THREADS, GODB_OK, "") > 2);
}

static void
interrupted_and_short_calls_are_repeated(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    const uint64_t expected = right_answer(db, &spilling);
    uint64_t answer;
    fault.stutters = true;
    assert_int_equal(ask(db, &spilling, &answer, NULL), GODB_OK);
    fault.stutters = false;
    assert_true(answer == expected);
    assert_true(atomic_load(&fault.stuttered) > 100);
    godb_close(db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_allocation_without_a_file_fails_once),
        cmocka_unit_test(a_question_ends_wherever_it_is_stopped),
        cmocka_unit_test(every_write_fails_once),
        cmocka_unit_test(every_read_fails_once),
        cmocka_unit_test(the_file_ends_too_early_at_every_read),
        cmocka_unit_test(a_thread_that_cannot_be_started_is_done_without),
        cmocka_unit_test(interrupted_and_short_calls_are_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
