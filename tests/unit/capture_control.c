/* SPDX-License-Identifier: MIT
 *
 * The daemon's socket and its clients: those that say nothing, too much or half of it,
 * hang up in the middle or are many; and calls of the system that fail in between.
 * Each answer is a whole one of its length or an error of one line, and the next client
 * is served.
 */
#include <jansson.h>
#include <signal.h>
#include <sys/un.h>

#include "capture/control.h"
#include "capture/unix_socket.h"
#include "tests/broken.h"
#include "tests/store.h"

enum { ROWS = 20000, ANSWER_MAX = 4 << 20 };

/* --- A capture that is asked ------------------------------------------------------ */

/* What its views are to look like. */
static struct scene {
    char *root;
    char db[200], socket[200];
    struct exchange *exchange;
    struct writeout *writeout;
    struct control *control;
    pthread_t capture;
    int stop_fd;
    size_t row_count;
    uint64_t submitted;
    const char *second; /* name of an interface beside eth0, which is gone */
} scene;

static bool
fill_rows(struct rotation *rows)
{
    for (size_t i = 0; i < scene.row_count; i++) {
        struct rotation_row row = {.iface = 0, .flow = {.proto = 6, .bytes_rcvd = 1}};
        row.flow.dport = (uint16_t)i;
        if (!rotation_add(rows, &row, 1)) return false;
    }
    return true;
}

static struct view *
make_view(bool with_flows)
{
    struct view *view = view_new(3);
    if (view == NULL) return NULL;
    strcpy(view->ifaces[0].name, "eth0");
    snprintf(view->ifaces[2].name, sizeof view->ifaces[2].name, "%s", scene.second);
    view->started_s = 1700000000;
    view->now_s = 1700090061;
    view->stamp_s = 1700090100;
    view->submitted = scene.submitted;
    if (!with_flows) return view;
    view->rows = rotation_new(0, 0);
    if (view->rows != NULL && fill_rows(view->rows)) return view;
    view_free(view);
    return NULL;
}

/* What the capture thread does between packets. */
static void *
capture(void *arg)
{
    struct pollfd fds[2] = {{.fd = exchange_fd(scene.exchange), .events = POLLIN},
        {.fd = scene.stop_fd, .events = POLLIN}};
    (void)arg;
    for (;;) {
        bool with_flows;
        fds[1].revents = 0;
        __real_poll(fds, 2, -1);
        if (fds[1].revents != 0) return NULL;
        exchange_woken(scene.exchange);
        const uint32_t ticket = exchange_asked(scene.exchange, &with_flows);
        if (ticket != 0) exchange_answer(scene.exchange, ticket, make_view(with_flows));
    }
}

static void
open_scene(size_t row_count)
{
    struct godb_err err;
    char error[CONTROL_ERROR_MAX];
    scene = (struct scene){.root = store_new(), .row_count = row_count, .second = ""};
    snprintf(scene.db, sizeof scene.db, "%s/db", scene.root);
    snprintf(scene.socket, sizeof scene.socket, "%s/socket", scene.root);
    const struct writeout_options options = {.db_path = scene.db};
    assert_int_equal(writeout_open(&scene.writeout, &options, &err), GODB_OK);
    scene.exchange = exchange_new();
    assert_non_null(scene.exchange);
    scene.stop_fd = __real_eventfd(0, 0);
    assert_int_equal(pthread_create(&scene.capture, NULL, capture, NULL), 0);
    const struct control_options control = {
        .path = scene.socket, .exchange = scene.exchange, .writeout = scene.writeout};
    if (!control_open(&scene.control, &control, error)) fail_msg("%s", error);
}

static void
stop_capture(void)
{
    const uint64_t one = 1;
    assert_int_equal(write(scene.stop_fd, &one, sizeof one), sizeof one);
    pthread_join(scene.capture, NULL);
    close(scene.stop_fd);
}

static void
close_scene(void)
{
    exchange_close(scene.exchange);
    control_close(scene.control);
    assert_int_equal(access(scene.socket, F_OK), -1);
    stop_capture();
    writeout_close(scene.writeout);
    exchange_free(scene.exchange);
    free(scene.root);
}

/* --- Clients ---------------------------------------------------------------------- */

static int
connect_client(void)
{
    const int fd = unix_socket_connect(scene.socket);
    assert_true(fd >= 0);
    return fd;
}

static void
say(int fd, const char *text)
{
    assert_int_equal(
        __real_send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Up to its end, with a NUL; its length. */
static size_t
hear(int fd, char *answer)
{
    size_t used = 0;
    ssize_t got;
    while ((got = __real_recv(fd, answer + used, ANSWER_MAX - 1 - used, 0)) > 0)
        used += (size_t)got;
    answer[used] = '\0';
    close(fd);
    return used;
}

static size_t
ask(const char *request, char *answer)
{
    const int fd = connect_client();
    say(fd, request);
    return hear(fd, answer);
}

/* Where the bytes behind "OK 123\n" begin, all of which are there. */
static char *
expect_whole(char *answer, size_t size)
{
    char *end;
    if (strncmp(answer, "OK ", 3) != 0) fail_msg("%.100s", answer);
    const unsigned long long length = strtoull(answer + 3, &end, 10);
    assert_int_equal(*end, '\n');
    assert_int_equal(answer + size - (end + 1), length);
    return end + 1;
}

static void
expect_served(void)
{
    static char answer[ANSWER_MAX];
    const size_t size = ask("status text\n", answer);
    if (strstr(expect_whole(answer, size), "\neth0 ") == NULL) fail_msg("%s", answer);
}

/* --- Tests ------------------------------------------------------------------------ */

static void
a_client_that_says_nothing_is_left_after_a_second(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    const int silent = connect_client(), half = connect_client();
    say(half, "stat");
    expect_served();
    assert_int_equal(hear(silent, answer), 0);
    assert_int_equal(hear(half, answer), 0);
    /* One that is there when the capture ends waits for nothing either. */
    const int last = connect_client();
    close_scene();
    assert_int_equal(hear(last, answer), 0);
}

static void
a_question_may_come_in_pieces(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    const int fd = connect_client();
    const char *const text = "status json\n";
    for (size_t i = 0; text[i] != '\0'; i++) {
        const char piece[2] = {text[i], '\0'};
        say(fd, piece);
        usleep(1000);
    }
    const size_t size = hear(fd, answer);
    assert_int_equal(expect_whole(answer, size)[0], '{');
    close_scene();
}

static void
a_client_that_says_too_much_costs_nobody_else_an_answer(void **state)
{
    (void)state;
    static char garbage[256 << 10];
    open_scene(1);
    memset(garbage, 'x', sizeof garbage);
    const int fd = connect_client();
    /* As much as the kernel takes before it is read. */
    assert_true(
        __real_send(fd, garbage, sizeof garbage, MSG_DONTWAIT | MSG_NOSIGNAL) > 0);
    expect_served();
    close(fd);
    static char answer[ANSWER_MAX];
    ask("statuses\n", answer);
    assert_string_equal(answer, "ERROR there is no such request\n");
    close_scene();
}

static void
a_client_that_hangs_up_in_the_middle_of_an_answer_costs_nobody_else(void **state)
{
    (void)state;
    char head[10];
    open_scene(ROWS);
    int fd = connect_client();
    say(fd, "flows\n");
    assert_int_equal(__real_recv(fd, head, sizeof head, MSG_WAITALL), sizeof head);
    close(fd);
    expect_served();
    fd = connect_client();
    say(fd, "flows\n");
    close(fd);
    expect_served();
    close_scene();
}

static void
a_client_that_reads_nothing_is_left_after_five_seconds(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(ROWS);
    const int fd = connect_client();
    say(fd, "flows\n");
    expect_served();
    const size_t got = hear(fd, answer);
    const size_t whole = ask("flows\n", answer);
    assert_true(got < whole); /* what the kernel had taken */
    expect_whole(answer, whole);
    close_scene();
}

static void
many_clients_at_once_are_all_answered(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    enum { CLIENTS = 30 };
    int fds[CLIENTS];
    open_scene(10);
    for (size_t i = 0; i < CLIENTS; i++)
        say(fds[i] = connect_client(), i % 2 ? "flows\n" : "status prometheus\n");
    for (size_t i = 0; i < CLIENTS; i++) {
        const size_t size = hear(fds[i], answer);
        const char *const bytes = expect_whole(answer, size);
        assert_memory_equal(bytes, i % 2 ? "GODBLIV1" : "# HELP g", 8);
    }
    close_scene();
}

static void
a_call_that_fails_once_costs_no_answer(void **state)
{
    (void)state;
    static const struct {
        const char *call;
        int at, os_errno;
    } calls[] = {
        {"poll", 1, EINTR},
        {"poll", 2, EINTR},
        {"recv", 1, EINTR},
        {"recv", 1, EAGAIN},
        {"send", 1, EINTR},
        {"send", 2, EAGAIN},
        {"accept4", 1, EMFILE},
        {"accept4", 1, EINTR},
    };
    open_scene(1);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        expect_served(); /* it waits in its first poll() now */
        broken_once(calls[i].call, calls[i].at, calls[i].os_errno);
        expect_served();
        expect_served();
        if (!broken_mend()) fail_msg("%s was not called", calls[i].call);
    }
    close_scene();
}

/* Whoever waits then is left; where it is nobody, nothing is lost. */
static void
a_wait_without_memory_costs_one_client_at_most(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    for (int i = 0; i < 20; i++) {
        if (i % 2) usleep(2000); /* it waits for clients */
        broken_once("poll", 1 + i % 3, ENOMEM);
        ask("status text\n", answer); /* it may be cut off: it says its length */
        broken_mend();
        expect_served();
    }
    close_scene();
}

static void
a_client_whom_the_kernel_does_not_name_is_not_answered(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    broken_once("getsockopt", 1, EINVAL);
    ask("status text\n", answer);
    assert_true(broken_mend());
    assert_string_equal(answer, "ERROR not permitted\n");
    expect_served();
    close_scene();
}

/* False: there are not so many calls. */
static bool
ask_without_memory(const char *request, int at)
{
    static char answer[ANSWER_MAX];
    broken_once("memory", at, ENOMEM);
    const size_t size = ask(request, answer);
    const bool has_broken = broken_mend();
    if (strncmp(answer, "ERROR ", 6) != 0)
        expect_whole(answer, size);
    else if (strstr(answer, "memory") == NULL && strstr(answer, "answer") == NULL)
        fail_msg("%s", answer);
    expect_served();
    return has_broken;
}

static void
answers_are_whole_or_errors_where_memory_runs_out(void **state)
{
    (void)state;
    static const char *const requests[] = {
        "status text\n", "status json\n", "status prometheus\n", "flows\n"};
    open_scene(10);
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        int at = 1;
        while (ask_without_memory(requests[i], at))
            at++;
        assert_true(at > 3);
    }
    close_scene();
}

static void
a_capture_that_does_not_answer_is_told(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    exchange_close(scene.exchange);
    stop_capture();
    ask("status text\n", answer);
    assert_string_equal(answer, "ERROR the capture does not answer\n");
    ask("flows\n", answer);
    assert_string_equal(
        answer, "ERROR the capture does not answer, or has no memory for it\n");
    control_close(scene.control);
    writeout_close(scene.writeout);
    exchange_free(scene.exchange);
    free(scene.root);
}

/* --- Blocks that are not written -------------------------------------------------- */

static struct rotation *
one_flow(const char *iface)
{
    const struct rotation_row row = {.iface = 0,
        .flow = {.proto = 17, .dport = 53, .bytes_rcvd = 100, .packets_rcvd = 1}};
    struct rotation *rotation = rotation_new(1, 1700000100);
    assert_non_null(rotation);
    strcpy(rotation->ifaces[0].name, iface);
    rotation->ifaces[0].is_active = true;
    assert_true(rotation_add(rotation, &row, 1));
    return rotation;
}

static void
flows_are_not_given_where_intervals_end_too_often(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    open_scene(1);
    writeout_submit(scene.writeout, one_flow("eth0")); /* later than any view */
    size_t size;
    do { /* until it is written */
        size = ask("flows\n", answer);
        assert_true(size > 0);
    } while (strncmp(answer, "OK", 2) == 0);
    assert_string_equal(answer, "ERROR intervals end too often\n");
    expect_served();
    close_scene();
}

static void
flows_that_could_not_be_written_are_told_and_given(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX], more[ANSWER_MAX];
    char moved[220];
    open_scene(0);
    const size_t before = ask("flows\n", more);
    /* A file where the interface's directory would be. */
    snprintf(moved, sizeof moved, "%s/wan0", scene.db);
    FILE *file = fopen(moved, "w");
    assert_non_null(file);
    fclose(file);
    writeout_submit(scene.writeout, one_flow("wan0"));
    scene.submitted = 1;
    scene.second = "wan0";
    const size_t size = ask("flows\n", answer);
    expect_whole(answer, size);
    assert_true(size > before + 48); /* a flow more, of an interface more */
    ask("status text\n", answer);
    assert_non_null(strstr(answer, "never, 1 flows could not be written"));
    ask("status prometheus\n", answer);
    assert_non_null(strstr(answer, "goprobe_flows_not_written{iface=\"wan0\"} 1\n"));
    scene.second = "";
    /* An interface that is gone by now has its flows still. */
    assert_int_equal(ask("flows\n", answer), size);
    unlink(moved);
    close_scene();
}

/* --- Text ------------------------------------------------------------------------- */

static void
interfaces_are_named_as_each_format_has_to_quote_them(void **state)
{
    (void)state;
    static char answer[ANSWER_MAX];
    json_error_t why;
    open_scene(1);
    scene.second = "a\"b\\c";
    size_t size = ask("status json\n", answer);
    json_t *json = json_loads(expect_whole(answer, size), 0, &why);
    if (json == NULL) fail_msg("%s", why.text);
    const json_t *ifaces = json_object_get(json, "interfaces");
    assert_int_equal(json_array_size(ifaces), 2); /* not the one without a name */
    const json_t *second = json_array_get(ifaces, 1);
    assert_string_equal(
        json_string_value(json_object_get(second, "name")), scene.second);
    assert_string_equal(json_string_value(json_object_get(second, "state")), "gone");
    json_decref(json);
    size = ask("status prometheus\n", answer);
    const char *text = expect_whole(answer, size);
    assert_non_null(strstr(text, "goprobe_interface_up{iface=\"a\\\"b\\\\c\"} 0\n"));
    assert_null(strstr(text, "{iface=\"\""));
    size = ask("status text\n", answer);
    text = expect_whole(answer, size);
    assert_non_null(strstr(text, "\na\"b\\c           gone "));
    assert_non_null(strstr(text, "(1d 01:01:01)"));
    close_scene();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_that_says_nothing_is_left_after_a_second),
        cmocka_unit_test(a_question_may_come_in_pieces),
        cmocka_unit_test(a_client_that_says_too_much_costs_nobody_else_an_answer),
        cmocka_unit_test(
            a_client_that_hangs_up_in_the_middle_of_an_answer_costs_nobody_else),
        cmocka_unit_test(a_client_that_reads_nothing_is_left_after_five_seconds),
        cmocka_unit_test(many_clients_at_once_are_all_answered),
        cmocka_unit_test(a_call_that_fails_once_costs_no_answer),
        cmocka_unit_test(a_wait_without_memory_costs_one_client_at_most),
        cmocka_unit_test(a_client_whom_the_kernel_does_not_name_is_not_answered),
        cmocka_unit_test(answers_are_whole_or_errors_where_memory_runs_out),
        cmocka_unit_test(a_capture_that_does_not_answer_is_told),
        cmocka_unit_test(flows_are_not_given_where_intervals_end_too_often),
        cmocka_unit_test(flows_that_could_not_be_written_are_told_and_given),
        cmocka_unit_test(interfaces_are_named_as_each_format_has_to_quote_them),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
