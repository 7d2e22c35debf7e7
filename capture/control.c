/* SPDX-License-Identifier: MIT
 *
 * control.c -- see control.h.
 */
#include "capture/control.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "capture/request.h"
#include "capture/status_text.h"
#include "capture/unix_socket.h"
#include "capture/view_bytes.h"

enum {
    REQUEST_MS = 1000,  /* for the whole question to come */
    SEND_MS = 5000,     /* without a byte that the client takes */
    CLIENT_MS = 60000,  /* for one client, all in all */
    VIEW_MS = 10000,    /* for the capture thread */
    WRITING_MS = 15000, /* for blocks that are on their way to disk */
    ACCEPT_PAUSE_MS = 100,
    DISCARDS_MAX = 64, /* KiB that a client may say in vain */
    TRIES = 3,         /* an interval may end in between */
    CONTROL_NICE = 5
};

struct control {
    struct control_options options;
    int listen_fd, stop_fd;
    pthread_t thread;
};

/* --- Bytes to and from a client --------------------------------------------------- */

struct client {
    const struct control *control;
    int fd;
    int64_t end_ms; /* of its time */
};

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: it takes too long, or the capture ends. */
static bool
wait_for(const struct client *client, short events, int64_t timeout_ms)
{
    const int64_t left_ms = client->end_ms - now_ms();
    struct pollfd fds[2] = {{.fd = client->fd, .events = events},
        {.fd = client->control->stop_fd, .events = POLLIN}};
    if (timeout_ms > left_ms) timeout_ms = left_ms;
    if (timeout_ms <= 0) return false;
    int ready;
    do
        ready = poll(fds, 2, (int)timeout_ms);
    while (ready < 0 && errno == EINTR);
    return ready > 0 && fds[1].revents == 0;
}

static bool
send_bytes(void *arg, const void *bytes, size_t count)
{
    const struct client *client = arg;
    const char *next = bytes;
    while (count > 0) {
        if (!wait_for(client, POLLOUT, SEND_MS)) return false;
        const ssize_t sent = send(client->fd, next, count, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (sent <= 0) return false;
        next += sent;
        count -= (size_t)sent;
    }
    return true;
}

static void
send_error(struct client *client, const char *why)
{
    char line[200];
    const int length = snprintf(line, sizeof line, "ERROR %.180s\n", why);
    (void)send_bytes(client, line, (size_t)length);
}

static bool
send_size(struct client *client, uint64_t size)
{
    char line[40];
    const int length =
        snprintf(line, sizeof line, "OK %llu\n", (unsigned long long)size);
    return send_bytes(client, line, (size_t)length);
}

/* The question, or REQUEST_MORE where it does not come. */
static enum request
receive_request(struct client *client)
{
    char bytes[REQUEST_MAX];
    size_t used = 0;
    enum request request = REQUEST_MORE;
    const int64_t until_ms = now_ms() + REQUEST_MS;
    while (request == REQUEST_MORE) {
        if (!wait_for(client, POLLIN, until_ms - now_ms())) return REQUEST_MORE;
        const ssize_t got =
            recv(client->fd, bytes + used, sizeof bytes - used, MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (got <= 0) return REQUEST_MORE;
        used += (size_t)got;
        request = request_parse(bytes, used);
    }
    return request;
}

/* --- Status ----------------------------------------------------------------------- */

/* All interfaces from one question to the kernel.  False: out of memory. */
static bool
complete_links(struct view *view)
{
    const size_t count = view->iface_count;
    struct link_stats *now = calloc(count + 1, sizeof *now);
    const char **names = calloc(count + 1, sizeof *names);
    if (now != NULL && names != NULL) {
        for (size_t i = 0; i < count; i++)
            if (view->ifaces[i].name[0] != '\0') names[i] = view->ifaces[i].name;
        link_stats_read(now, names, count);
        for (size_t i = 0; i < count; i++) {
            view->ifaces[i].missed += link_stats_missed(&view->ifaces[i].link, &now[i]);
            view->ifaces[i].link = now[i];
        }
    }
    const bool is_done = now != NULL && names != NULL;
    free(now);
    free(names);
    return is_done;
}

/* What the capture thread does not spend its time on. */
static bool
complete(const struct control *control, struct view *view)
{
    for (size_t i = 0; i < view->iface_count; i++) {
        struct view_iface *iface = &view->ifaces[i];
        if (iface->name[0] == '\0') continue;
        const struct writeout_state state =
            writeout_state(control->options.writeout, iface->name);
        iface->written_s = state.written_s;
        iface->waiting_count = state.kept_count;
    }
    return complete_links(view);
}

static enum status_format
format_of(enum request request)
{
    if (request == REQUEST_STATUS_JSON) return STATUS_JSON;
    return request == REQUEST_STATUS_PROMETHEUS ? STATUS_PROMETHEUS : STATUS_TEXT;
}

static void
serve_status(struct client *client, enum request request)
{
    const struct control *control = client->control;
    char *text = NULL;
    size_t size = 0;
    struct view *view = exchange_ask(control->options.exchange, false, VIEW_MS);
    if (view == NULL) {
        send_error(client, "the capture does not answer");
        return;
    }
    const bool is_made =
        complete(control, view) && status_text(&text, &size, view, format_of(request));
    view_free(view);
    if (is_made && send_size(client, size)) (void)send_bytes(client, text, size);
    if (!is_made) send_error(client, "out of memory");
    free(text);
}

/* --- Flows ------------------------------------------------------------------------ */

struct gathering {
    struct view *view;
    bool has_failed;
};

static bool
add_kept(struct view *view, int iface, const struct rotation_row *kept, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct rotation_row row = kept[i];
        row.iface = (uint16_t)iface;
        if (!rotation_add(view->rows, &row, 1)) return false;
    }
    return true;
}

/* An interface that is gone by now may still have flows to write. */
static void
take_state(
    void *arg, const struct writeout_state *state, const struct rotation_row *kept)
{
    struct gathering *gathering = arg;
    const int iface = view_iface_of(&gathering->view, state->iface);
    if (iface >= 0) gathering->view->ifaces[iface].written_s = state->written_s;
    if (iface < 0 || !add_kept(gathering->view, iface, kept, state->kept_count))
        gathering->has_failed = true;
}

/* Flows of the interval at hand, and those of intervals before it that are not on disk.
 * NULL, and *why. */
static struct view *
gather(const struct control *control, const char **why)
{
    for (int try = 0; try < TRIES; try++) {
        struct gathering gathering = {
            exchange_ask(control->options.exchange, true, VIEW_MS), false};
        if (gathering.view == NULL) {
            *why = "the capture does not answer, or has no memory for it";
            return NULL;
        }
        const enum writeout_moment moment = writeout_look(control->options.writeout,
            gathering.view->submitted, WRITING_MS, take_state, &gathering);
        if (moment == WRITEOUT_QUIET && !gathering.has_failed) return gathering.view;
        *why = gathering.has_failed      ? "out of memory"
               : moment == WRITEOUT_BUSY ? "blocks are still on their way to disk"
                                         : "intervals end too often";
        view_free(gathering.view);
        if (moment != WRITEOUT_PAST) return NULL;
    }
    return NULL;
}

static void
serve_flows(struct client *client)
{
    const struct control *control = client->control;
    const char *why = "";
    struct view *view = gather(control, &why);
    if (view != NULL && !rotation_merge(view->rows)) {
        why = "out of memory";
        view_free(view);
        view = NULL;
    }
    if (view == NULL) {
        send_error(client, why);
        return;
    }
    const struct godb_l7_names *names = control->options.l7_names;
    if (send_size(client, view_bytes_size(view, names)))
        (void)view_bytes_send(view, names, send_bytes, client);
    view_free(view);
}

/* --- The thread ------------------------------------------------------------------- */

/* What was sent and not read would take the answer with it when the socket closes. */
static void
discard_rest(const struct client *client)
{
    char bytes[1024];
    for (int i = 0; i < DISCARDS_MAX; i++)
        if (recv(client->fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) return;
}

static void
serve(struct client *client)
{
    const enum request request = receive_request(client);
    discard_rest(client);
    if (request != REQUEST_MORE && !unix_socket_peer_may(client->fd))
        send_error(client, "not permitted");
    else if (request == REQUEST_FLOWS)
        serve_flows(client);
    else if (request == REQUEST_BAD)
        send_error(client, "there is no such request");
    else if (request != REQUEST_MORE)
        serve_status(client, request);
}

/* As the thread that writes: it must not take the capture thread's processor. */
static void
be_patient(void)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, CONTROL_NICE);
}

static void *
run(void *arg)
{
    struct control *control = arg;
    struct pollfd fds[2] = {{.fd = control->listen_fd, .events = POLLIN},
        {.fd = control->stop_fd, .events = POLLIN}};
    be_patient();
    for (;;) {
        fds[1].revents = 0;
        (void)poll(fds, 2, -1); /* where it fails, for once, who waits is found below */
        if (fds[1].revents != 0) break;
        struct client client = {control, -1, now_ms() + CLIENT_MS};
        client.fd =
            accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        /* Out of descriptors, say: it waits, and so do we. */
        if (client.fd < 0) (void)poll(&fds[1], 1, ACCEPT_PAUSE_MS);
        if (client.fd < 0) continue;
        serve(&client);
        close(client.fd);
    }
    return NULL;
}

/* Signals are the capture thread's. */
static int
start_thread(struct control *control)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int rc = pthread_create(&control->thread, NULL, run, control);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

static void
fail(const struct control_options *options, int os_errno, char *error)
{
    snprintf(error, CONTROL_ERROR_MAX, "socket %.120s: %s", options->path,
        strerror(os_errno));
}

/* Both descriptors are there; false: there is a line in error. */
static bool
listen_to_clients(struct control *control, char *error)
{
    _Static_assert((int)CONTROL_ERROR_MAX >= (int)UNIX_SOCKET_ERROR_MAX, "it fits");
    control->listen_fd = unix_socket_listen(control->options.path, error);
    if (control->listen_fd < 0) return false;
    const int rc = start_thread(control);
    if (rc == 0) return true;
    fail(&control->options, rc, error);
    close(control->listen_fd);
    unlink(control->options.path);
    return false;
}

bool
control_open(struct control **out, const struct control_options *options, char *error)
{
    struct control *control = calloc(1, sizeof *control);
    const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (control == NULL || stop_fd < 0) {
        fail(options, errno, error);
    } else {
        *control = (struct control){.options = *options, .stop_fd = stop_fd};
        if (listen_to_clients(control, error)) {
            *out = control;
            return true;
        }
    }
    if (stop_fd >= 0) close(stop_fd);
    free(control);
    return false;
}

void
control_close(struct control *control)
{
    const uint64_t one = 1;
    if (control == NULL) return;
    (void)!write(control->stop_fd, &one, sizeof one);
    pthread_join(control->thread, NULL);
    unlink(control->options.path);
    close(control->listen_fd);
    close(control->stop_fd);
    free(control);
}
