/* SPDX-License-Identifier: MIT
 *
 * live.c -- ask a goprobe for what it has not written yet.
 *
 *      "flows\n"                         -->  goprobe.sock
 *      "OK 12345\n" and so many bytes    <--
 *      "ERROR why\n"                     <--
 */
#include "godb/live.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "godb/error.h"

enum {
    WAIT_MS = 50,             /* between two looks at stop */
    SILENCE_MAX_MS = 30000,   /* of the goprobe; it may have to wait for its disk */
    HEAD_MAX = 600,           /* of the first line */
    FIRST_CAPACITY = 1 << 16, /* what follows is believed as it comes */
};

struct call {
    int fd;
    const char *path;
    godb_stop_fn *stop;
    void *stop_arg;
    struct godb_err *err;
};

/* --- Waiting ---------------------------------------------------------------------- */

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the socket is ready, or it takes too long. */
static int
wait_for(const struct call *call, short events)
{
    const int64_t end_ms = now_ms() + SILENCE_MAX_MS;
    do {
        struct pollfd fd = {.fd = call->fd, .events = events};
        if (poll(&fd, 1, WAIT_MS) > 0) return GODB_OK;
        if (call->stop && call->stop(call->stop_arg))
            return err_set(call->err, GODB_ECANCELLED, "cancelled");
    } while (now_ms() < end_ms);
    return err_set(call->err, GODB_EIO, "%s: goprobe does not answer", call->path);
}

static bool
is_waiting(int os_errno)
{
    return os_errno == EAGAIN || os_errno == EINTR;
}

/* --- Talking ---------------------------------------------------------------------- */

static int
no_goprobe(const struct call *call)
{
    return err_set(call->err, GODB_ENOTFOUND, "%s: no goprobe answers", call->path);
}

static int
try_connect(const struct call *call, const struct sockaddr_un *address)
{
    const int64_t end_ms = now_ms() + SILENCE_MAX_MS;
    while (connect(call->fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return no_goprobe(call);
        if (!is_waiting(errno)) return err_sys(call->err, errno, "%s", call->path);
        /* Others are asking: there is nothing to poll for. */
        const struct timespec pause = {0, WAIT_MS * 1000000L};
        nanosleep(&pause, NULL);
        if (call->stop && call->stop(call->stop_arg))
            return err_set(call->err, GODB_ECANCELLED, "cancelled");
        if (now_ms() >= end_ms)
            return err_set(
                call->err, GODB_EIO, "%s: goprobe does not answer", call->path);
    }
    return GODB_OK;
}

static int
send_request(const struct call *call)
{
    static const char request[] = "flows\n";
    int rc = wait_for(call, POLLOUT);
    if (rc != GODB_OK) return rc;
    const ssize_t sent = send(call->fd, request, sizeof request - 1, MSG_NOSIGNAL);
    if (sent == (ssize_t)sizeof request - 1) return GODB_OK;
    return err_sys(call->err, sent < 0 ? errno : EIO, "%s", call->path);
}

/* Some bytes, at least one; 0 of them: the end. */
static int
receive(const struct call *call, void *to, size_t count, size_t *out_count)
{
    for (;;) {
        int rc = wait_for(call, POLLIN);
        if (rc != GODB_OK) return rc;
        const ssize_t got = recv(call->fd, to, count, 0);
        if (got < 0 && is_waiting(errno)) continue;
        if (got < 0) return err_sys(call->err, errno, "%s", call->path);
        *out_count = (size_t)got;
        return GODB_OK;
    }
}

/* The first line, without its end: byte by byte, for what follows is no text. */
static int
receive_line(const struct call *call, char line[HEAD_MAX])
{
    size_t used = 0, got = 1;
    while (used < HEAD_MAX - 1) {
        int rc = receive(call, line + used, 1, &got);
        if (rc != GODB_OK) return rc;
        if (got == 0 || line[used] == '\n') break;
        used++;
    }
    line[used] = '\0';
    if (got == 1 && used < HEAD_MAX - 1) return GODB_OK;
    return err_set(call->err, GODB_EIO, "%s: goprobe does not answer", call->path);
}

static int
receive_size(const struct call *call, size_t *out_bytes)
{
    char line[HEAD_MAX], *end;
    int rc = receive_line(call, line);
    if (rc != GODB_OK) return rc;
    if (strncmp(line, "ERROR ", 6) == 0)
        return err_set(
            call->err, GODB_EIO, "%s: goprobe says: %s", call->path, line + 6);
    errno = 0;
    const unsigned long long size =
        strncmp(line, "OK ", 3) == 0 ? strtoull(line + 3, &end, 10) : (end = line, 0);
    if (end == line || *end != '\0' || errno != 0 || size > SIZE_MAX / 2)
        return err_set(
            call->err, GODB_ECORRUPT, "%s: no answer of a goprobe", call->path);
    *out_bytes = (size_t)size;
    return GODB_OK;
}

static int
receive_bytes(const struct call *call, size_t size, uint8_t **out)
{
    size_t capacity = 0, used = 0;
    while (used < size) {
        size_t got;
        if (used == capacity) {
            capacity = capacity ? capacity * 2 : FIRST_CAPACITY;
            if (capacity > size) capacity = size;
            uint8_t *more = realloc(*out, capacity);
            if (more == NULL) return err_nomem(call->err);
            *out = more;
        }
        int rc = receive(call, *out + used, capacity - used, &got);
        if (rc != GODB_OK) return rc;
        if (got == 0)
            return err_set(
                call->err, GODB_EIO, "%s: goprobe's answer is cut off", call->path);
        used += got;
    }
    return GODB_OK;
}

static int
ask(const struct call *call, struct godb_live **out)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int rc = send_request(call);
    if (rc == GODB_OK) rc = receive_size(call, &size);
    if (rc == GODB_OK) rc = receive_bytes(call, size, &bytes);
    if (rc == GODB_OK) {
        rc = live_parse(out, bytes, size, call->err);
        if (rc == GODB_ECORRUPT) err_prefix(call->err, call->path);
    }
    free(bytes);
    return rc;
}

/* --- Opening ---------------------------------------------------------------------- */

static int
fill_address(struct sockaddr_un *address, const char *path, struct godb_err *err)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    const size_t length = strlen(path);
    if (length >= sizeof address->sun_path)
        return err_set(err, GODB_EARG, "%s: the path of a socket has %zu bytes at most",
            path, sizeof address->sun_path - 1);
    memcpy(address->sun_path, path, length + 1);
    return GODB_OK;
}

int
godb_live_open(struct godb_live **out, const struct godb *db, const char *path,
    godb_stop_fn *stop, void *stop_arg, struct godb_err *err)
{
    char usual[GODB_PATH_MAX];
    struct sockaddr_un address;
    struct godb_err own;
    snprintf(usual, sizeof usual, "%s/%s", godb_root(db), GODB_LIVE_SOCKET);
    struct call call = {-1, path ? path : usual, stop, stop_arg, err ? err : &own};
    int rc = fill_address(&address, call.path, err);
    if (rc != GODB_OK) return rc;
    call.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (call.fd < 0) return err_sys(err, errno, "%s", call.path);
    rc = try_connect(&call, &address);
    if (rc == GODB_OK) rc = ask(&call, out);
    close(call.fd);
    return rc;
}
