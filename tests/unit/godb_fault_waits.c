/* SPDX-License-Identifier: MIT
 *
 * Waiting for others: a goprobe that answers slowly, half or not at all, and locks that
 * somebody else holds.  Time passes here as fast as a test says: sleeping takes none,
 * and the clock steps with each look at it.
 */
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "godb/live.h"
#include "godb/summary.h"
#include "tests/deeds.h"
#include "tests/faults.h"
#include "tests/live.h"

static struct {
    int64_t passed_ms; /* beside real time */
    int64_t step_ms;   /* with each look at the clock */
    unsigned sleeps;   /* every other is interrupted in the middle */
} passing;

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_nanosleep(const struct timespec *want, struct timespec *left);

int
__wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    const int rc = __real_clock_gettime(id, out);
    passing.passed_ms += passing.step_ms;
    out->tv_sec += passing.passed_ms / 1000;
    return rc;
}

int
__wrap_nanosleep(const struct timespec *want, struct timespec *left)
{
    const int64_t ms = want->tv_sec * 1000 + want->tv_nsec / 1000000;
    const int64_t half_ms = ms / 2;
    if (passing.sleeps++ % 2 || left == NULL || half_ms == 0) {
        passing.passed_ms += ms;
        return 0;
    }
    passing.passed_ms += half_ms;
    *left = (struct timespec){
        (ms - half_ms) / 1000, (ms - half_ms) % 1000 * INT64_C(1000000)};
    errno = EINTR;
    return -1;
}

struct scene {
    char *root;
    struct godb *db;
};

static int
set_up(void **state)
{
    static struct scene scene;
    scene.root = store_new_quick();
    scene.db = store_open(scene.root, GODB_CREATE);
    begin(scene.db);
    memset(&passing, 0, sizeof passing);
    *state = &scene;
    return 0;
}

static int
tear_down(void **state)
{
    const struct scene *scene = *state;
    godb_close(scene->db);
    empty_directory(scene->root);
    assert_int_equal(rmdir(scene->root), 0);
    free(scene->root);
    return 0;
}

/* --- A goprobe -------------------------------------------------------------------- */

enum { LIVE_FLOWS = 3000 };

static struct live_text text;
static char answer[sizeof text.bytes + 32];

/* More than is read at once. */
static size_t
make_answer(void)
{
    live_begin(&text, 1);
    live_put_iface(&text, "eth0", DAY + 300, DAY + 600, 0, LIVE_FLOWS);
    const int head = snprintf(answer, sizeof answer, "OK %zu\n", text.count);
    memcpy(answer + head, text.bytes, text.count);
    return (size_t)head + text.count;
}

static struct sockaddr_un
socket_address(const struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s/goprobe.sock", scene->root);
    return address;
}

static int
bind_socket(const struct scene *scene, int backlog)
{
    const struct sockaddr_un address = socket_address(scene);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static void
send_answer(int fd, size_t count)
{
    size_t sent = 0;
    while (sent < count) {
        const ssize_t now = send(fd, answer + sent, count - sent, MSG_NOSIGNAL);
        if (now < 0) break;
        sent += (size_t)now;
    }
}

/* A process that answers whoever asks, until it is killed. */
static pid_t
start_goprobe(int listen_fd, size_t count)
{
    char request[16];
    fflush(NULL);
    const pid_t child = fork();
    if (child != 0) return child;
    for (;;) {
        const int fd = accept(listen_fd, NULL, NULL);
        if (fd >= 0 && recv(fd, request, sizeof request, 0) > 0) send_answer(fd, count);
        close(fd);
    }
}

/* The `at`th call fails.  False: there are not so many. */
static bool
ask_with_fault(const struct scene *scene, enum fault_mode mode, unsigned calls,
    int os_errno, int at)
{
    struct godb_live *live = NULL;
    struct godb_err err = {0};
    faults_arm(mode, calls, os_errno, at);
    const int rc = godb_live_open(&live, scene->db, NULL, NULL, NULL, &err);
    const bool happened = faults_disarm();
    if (rc == GODB_OK)
        assert_int_equal(live_find(live, "eth0")->row_count, LIVE_FLOWS);
    else if (!happened || (strstr(err.msg, "goprobe.sock: ") == NULL &&
                              strcmp(err.msg, "out of memory") != 0))
        fail_msg("calls %u, at %d: %s", calls, at, err.msg);
    godb_live_free(live);
    return happened;
}

static void
any_call_of_asking_a_goprobe_fails_and_the_answer_is_whole_or_none(void **state)
{
    static const struct {
        unsigned calls;
        int os_errno;
    } faults[] = {{FAULT_SOCKET, EIO}, {FAULT_SOCKET, EINTR},
        {FAULT_SOCKET, ECONNREFUSED}, {FAULT_MEMORY, 0}};
    const struct scene *scene = *state;
    const size_t count = make_answer();
    const int fd = bind_socket(scene, 16);
    const pid_t goprobe = start_goprobe(fd, count);
    passing.step_ms = 1000;
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        for (int mode = FAULT_ONCE; mode <= FAULT_FROM; mode++) {
            int at = 1;
            while (ask_with_fault(
                scene, (enum fault_mode)mode, faults[i].calls, faults[i].os_errno, at))
                at++;
            assert_true(at > 4);
        }
    kill(goprobe, SIGKILL);
    assert_int_equal(waitpid(goprobe, NULL, 0), goprobe);
    close(fd);
}

static void
a_goprobe_that_is_silent_for_half_a_minute_is_given_up(void **state)
{
    const struct scene *scene = *state;
    struct godb_live *live;
    struct godb_err err;
    const int fd = bind_socket(scene, 4);
    passing.step_ms = 5000;
    assert_int_equal(
        godb_live_open(&live, scene->db, NULL, NULL, NULL, &err), GODB_EIO);
    assert_non_null(strstr(err.msg, "goprobe.sock: goprobe does not answer"));
    assert_in_range(passing.passed_ms, 30000, 50000);
    /* Nor does who does not want to know why wait longer. */
    assert_int_equal(
        godb_live_open(&live, scene->db, NULL, NULL, NULL, NULL), GODB_EIO);
    close(fd);
}

static bool
stop_at_the_third(void *arg)
{
    int *asked = arg;
    return ++*asked == 3;
}

static void
waiting_for_a_goprobe_ends_when_somebody_says_so(void **state)
{
    const struct scene *scene = *state;
    struct godb_live *live;
    struct godb_err err;
    int asked = 0;
    const int fd = bind_socket(scene, 4);
    assert_int_equal(
        godb_live_open(&live, scene->db, NULL, stop_at_the_third, &asked, &err),
        GODB_ECANCELLED);
    assert_int_equal(asked, 3);
    close(fd);
}

/* --- A goprobe whom many ask ------------------------------------------------------ */

enum { OTHERS_MAX = 16 };

struct queue {
    int listen_fd, others[OTHERS_MAX], count;
    int asked; /* whether to stop */
    size_t answer_bytes;
};

/* Others ask until nobody else finds room. */
static void
fill_queue(struct queue *queue, const struct scene *scene)
{
    const struct sockaddr_un address = socket_address(scene);
    queue->listen_fd = bind_socket(scene, 0);
    for (queue->count = 0; queue->count < OTHERS_MAX;) {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        queue->others[queue->count++] = fd;
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) break;
    }
    assert_true(queue->count < OTHERS_MAX);
}

static void
end_queue(const struct queue *queue)
{
    for (int i = 0; i < queue->count; i++)
        close(queue->others[i]);
    close(queue->listen_fd);
}

/* At the third question the goprobe gets to work, and answers all of them. */
static bool
serve_queue(void *arg)
{
    struct queue *queue = arg;
    if (++queue->asked < 3) return false;
    const int flags = fcntl(queue->listen_fd, F_GETFL);
    fcntl(queue->listen_fd, F_SETFL, flags | O_NONBLOCK);
    for (int fd; (fd = accept(queue->listen_fd, NULL, NULL)) >= 0; close(fd))
        send_answer(fd, queue->answer_bytes);
    return queue->asked > 100;
}

static void
a_goprobe_that_is_busy_with_others_is_waited_for(void **state)
{
    const struct scene *scene = *state;
    struct queue queue = {.asked = 0};
    struct godb_live *live;
    struct godb_err err;
    live_begin(&text, 1);
    live_put_iface(&text, "eth0", DAY + 300, DAY + 600, 0, 5);
    const int head = snprintf(answer, sizeof answer, "OK %zu\n", text.count);
    memcpy(answer + head, text.bytes, text.count);
    queue.answer_bytes = (size_t)head + text.count;
    fill_queue(&queue, scene);
    if (godb_live_open(&live, scene->db, NULL, serve_queue, &queue, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(live_find(live, "eth0")->row_count, 5);
    godb_live_free(live);
    end_queue(&queue);
}

static void
a_goprobe_that_is_busy_for_half_a_minute_is_given_up(void **state)
{
    const struct scene *scene = *state;
    struct queue queue = {.asked = 0};
    struct godb_live *live;
    struct godb_err err;
    int asked = 0;
    fill_queue(&queue, scene);
    assert_int_equal(
        godb_live_open(&live, scene->db, NULL, NULL, NULL, &err), GODB_EIO);
    assert_non_null(strstr(err.msg, "goprobe.sock: goprobe does not answer"));
    assert_in_range(passing.passed_ms, 29000, 32000);
    assert_int_equal(
        godb_live_open(&live, scene->db, NULL, stop_at_the_third, &asked, &err),
        GODB_ECANCELLED);
    end_queue(&queue);
}

/* --- The lock of summary.json ----------------------------------------------------- */

static char *
path_of(const struct scene *scene, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", scene->root, name) < 0) abort();
    return path;
}

static void
make_file(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

/* goDB 2.x leaves its lock empty.  Whoever has it is waited for as goDB does. */
static void
a_summary_that_another_program_holds_is_waited_for_and_left_alone(void **state)
{
    const struct scene *scene = *state;
    const struct summary_entry more = {1, 2, DAY, DAY};
    struct godb_err err;
    char *path = path_of(scene, "summary.lock");
    make_file(path);
    char *before = store_file(scene->root, "summary.json");
    assert_int_equal(
        summary_update(scene->root, "eth0", &more, true, &err), GODB_EBUSY);
    assert_non_null(strstr(err.msg, scene->root));
    assert_non_null(strstr(err.msg, "summary.lock: held by another process"));
    assert_in_range(passing.passed_ms, 6000, 7000);
    char *after = store_file(scene->root, "summary.json");
    assert_string_equal(before, after);
    assert_int_equal(access(path, F_OK), 0);
    free(before);
    free(after);
    free(path);
}

static void
a_writer_whose_summary_is_held_writes_and_puts_it_right_later(void **state)
{
    const struct scene *scene = *state;
    struct store_warnings warnings = {0, ""};
    struct godb_writer *writer;
    struct godb_block *block;
    char *path = path_of(scene, "summary.lock");
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 10, 4);
    assert_int_equal(
        godb_writer_open(&writer, scene->db, "eth0", NULL, store_warn, &warnings, NULL),
        GODB_OK);
    make_file(path);
    assert_int_equal(godb_writer_append(writer, DAY + 600, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    assert_int_equal(warnings.count, 1);
    assert_non_null(strstr(warnings.last, "summary.lock: held by another process"));
    expect_summary(scene->db, "eth0", 10);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(godb_writer_append(writer, DAY + 900, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    assert_int_equal(warnings.count, 1);
    expect_summary(scene->db, "eth0", 18);
    godb_writer_close(writer);
    godb_block_free(block);
    free(path);
}

static void
a_summary_lock_of_more_than_a_minute_has_no_owner(void **state)
{
    const struct scene *scene = *state;
    const struct summary_entry more = {1, 2, DAY, DAY};
    char *path = path_of(scene, "summary.lock");
    make_file(path);
    passing.passed_ms = (SUMMARY_STALE_S + 2) * 1000;
    assert_int_equal(summary_update(scene->root, "eth0", &more, true, NULL), GODB_OK);
    expect_summary(scene->db, "eth0", 11);
    assert_int_equal(access(path, F_OK), -1);
    free(path);
}

/* --- The lock of an interface ----------------------------------------------------- */

/* What opening a writer says while another has the interface. */
static void
open_second(const struct scene *scene, struct godb_err *err)
{
    struct godb_writer *second = NULL;
    assert_int_equal(
        godb_writer_open(&second, scene->db, "eth0", NULL, NULL, NULL, err),
        GODB_EBUSY);
    assert_non_null(strstr(err->msg, "/eth0: "));
}

static void
the_process_that_writes_to_an_interface_is_named(void **state)
{
    const struct scene *scene = *state;
    struct godb_writer *first;
    struct godb_err err;
    char want[64];
    struct flock part = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = path_of(scene, "other");
    make_file(path);
    /* Locks of other kinds and files are in the same list. */
    const int before = open(path, O_RDWR), after = open(scene->root, O_RDONLY);
    assert_int_equal(fcntl(before, F_SETLK, &part), 0);
    assert_int_equal(flock(before, LOCK_EX), 0);
    assert_int_equal(
        godb_writer_open(&first, scene->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(flock(after, LOCK_EX), 0);
    open_second(scene, &err);
    snprintf(
        want, sizeof want, "process %ld is writing to this interface", (long)getpid());
    assert_non_null(strstr(err.msg, want));
    assert_in_range(passing.passed_ms, 4000, 6000);
    godb_writer_close(first);
    close(before);
    close(after);
    free(path);
}

/* The kernel says only that it is locked: so somebody, it is not known who. */
static void
an_interface_that_nobody_known_has_locked_is_busy_all_the_same(void **state)
{
    const struct scene *scene = *state;
    struct godb_err err;
    faults_arm(FAULT_FROM, FAULT_LOCK, EWOULDBLOCK, 1);
    open_second(scene, &err);
    assert_true(faults_disarm());
    assert_non_null(strstr(err.msg, "another program is writing to this interface"));
    struct godb_writer *first;
    assert_int_equal(
        godb_writer_open(&first, scene->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    /* The look at our own directory, to find who holds it. */
    faults_arm(FAULT_ONCE, FAULT_LOOK, EIO, 1);
    open_second(scene, &err);
    assert_true(faults_disarm());
    assert_non_null(strstr(err.msg, "another program is writing to this interface"));
    godb_writer_close(first);
}

#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SCENE(any_call_of_asking_a_goprobe_fails_and_the_answer_is_whole_or_none),
        WITH_SCENE(a_goprobe_that_is_silent_for_half_a_minute_is_given_up),
        WITH_SCENE(waiting_for_a_goprobe_ends_when_somebody_says_so),
        WITH_SCENE(a_goprobe_that_is_busy_with_others_is_waited_for),
        WITH_SCENE(a_goprobe_that_is_busy_for_half_a_minute_is_given_up),
        WITH_SCENE(a_summary_that_another_program_holds_is_waited_for_and_left_alone),
        WITH_SCENE(a_writer_whose_summary_is_held_writes_and_puts_it_right_later),
        WITH_SCENE(a_summary_lock_of_more_than_a_minute_has_no_owner),
        WITH_SCENE(the_process_that_writes_to_an_interface_is_named),
        WITH_SCENE(an_interface_that_nobody_known_has_locked_is_busy_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
