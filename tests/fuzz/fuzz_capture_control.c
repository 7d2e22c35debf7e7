/* SPDX-License-Identifier: MIT
 *
 * Any bytes to the daemon's socket, in two pieces: the answer is a whole one of its
 * length, or an error of one line, or nothing where no line came; and the next client
 * is served.
 *
 *      byte 0     where the bytes are parted
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/control.h"
#include "capture/unix_socket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ANSWER_MAX = 64 << 10 };

static struct scene {
    char root[64], db[80], socket[80];
    struct exchange *exchange;
    struct writeout *writeout;
    struct control *control;
    pthread_t capture;
} scene;

static void
check(bool holds)
{
    if (!holds) abort();
}

static struct view *
view_of_one(bool with_flows)
{
    struct view *view = view_new(1);
    if (view == NULL) return NULL;
    strcpy(view->ifaces[0].name, "eth0");
    view->stamp_s = 1700000100;
    if (with_flows) {
        const struct rotation_row row = {
            .iface = 0, .flow = {.proto = 6, .dport = 443, .bytes_rcvd = 1}};
        view->rows = rotation_new(0, 0);
        check(view->rows != NULL && rotation_add(view->rows, &row, 1));
    }
    return view;
}

/* What the capture thread does between packets. */
static void *
capture(void *arg)
{
    struct exchange *exchange = arg;
    struct pollfd fd = {.fd = exchange_fd(exchange), .events = POLLIN};
    for (;;) {
        bool with_flows;
        if (poll(&fd, 1, -1) < 0) continue;
        exchange_woken(exchange);
        const uint32_t ticket = exchange_asked(exchange, &with_flows);
        if (ticket != 0) exchange_answer(exchange, ticket, view_of_one(with_flows));
    }
    return NULL;
}

static void
end(void)
{
    char command[100];
    control_close(scene.control);
    writeout_close(scene.writeout);
    snprintf(command, sizeof command, "rm -r %s", scene.root);
    if (system(command) != 0) perror(command);
}

static void
begin(void)
{
    struct godb_err err;
    char error[CONTROL_ERROR_MAX];
    if (scene.control != NULL) return;
    snprintf(scene.root, sizeof scene.root, "/tmp/goprobe-fuzz-XXXXXX");
    check(mkdtemp(scene.root) != NULL);
    snprintf(scene.db, sizeof scene.db, "%s/db", scene.root);
    snprintf(scene.socket, sizeof scene.socket, "%s/socket", scene.root);
    const struct writeout_options options = {.db_path = scene.db};
    check(writeout_open(&scene.writeout, &options, &err) == GODB_OK);
    scene.exchange = exchange_new();
    check(scene.exchange != NULL);
    check(pthread_create(&scene.capture, NULL, capture, scene.exchange) == 0);
    const struct control_options control = {
        .path = scene.socket, .exchange = scene.exchange, .writeout = scene.writeout};
    check(control_open(&scene.control, &control, error));
    atexit(end);
}

static void
say(int fd, const void *bytes, size_t count)
{
    /* It may have its answer and be gone. */
    if (count > 0) (void)TEMP_FAILURE_RETRY(send(fd, bytes, count, MSG_NOSIGNAL));
}

static size_t
answer_to(const uint8_t *first, size_t first_bytes, const uint8_t *second,
    size_t second_bytes, char *answer)
{
    size_t used = 0;
    int fd = unix_socket_connect(scene.socket);
    check(fd >= 0);
    say(fd, first, first_bytes);
    say(fd, second, second_bytes);
    shutdown(fd, SHUT_WR);
    for (ssize_t got; used < ANSWER_MAX; used += (size_t)got) {
        got = TEMP_FAILURE_RETRY(recv(fd, answer + used, ANSWER_MAX - used, 0));
        if (got <= 0) break;
    }
    close(fd);
    return used;
}

static void
expect_whole(const char *answer, size_t size, bool had_line)
{
    unsigned long long length;
    const char *end = memchr(answer, '\n', size);
    if (size == 0) {
        if (had_line) fprintf(stderr, "no answer\n");
        check(!had_line);
        return;
    }
    check(end != NULL);
    const size_t behind = size - (size_t)(end + 1 - answer);
    if (strncmp(answer, "ERROR ", 6) == 0)
        check(behind == 0);
    else
        check(sscanf(answer, "OK %llu\n", &length) == 1 && length == behind);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char answer[ANSWER_MAX + 1];
    if (size == 0) return 0;
    begin();
    const size_t half = data[0] < size - 1 ? data[0] : size - 1;
    const uint8_t *bytes = data + 1;
    size_t got = answer_to(bytes, half, bytes + half, size - 1 - half, answer);
    answer[got] = '\0';
    /* A question that is too long may be answered before all of it was sent, and what
     * was not read takes the answer along. */
    if (size - 1 <= 64)
        expect_whole(answer, got, memchr(bytes, '\n', size - 1) != NULL);
    got = answer_to((const uint8_t *)"status json\n", 12, NULL, 0, answer);
    answer[got] = '\0';
    if (strncmp(answer, "OK ", 3) != 0) fprintf(stderr, "then: %s\n", answer);
    check(strncmp(answer, "OK ", 3) == 0);
    return 0;
}
