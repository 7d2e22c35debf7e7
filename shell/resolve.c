/* SPDX-License-Identifier: MIT
 *
 * resolve.c -- see resolve.h.
 *
 * c-ares sends all questions at once and never blocks, so that a server which does not
 * answer costs the time-out once, not once a name.
 */
#include "shell/resolve.h"

#include <ares.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "shell/shell_err.h"

enum {
    TRIES = 2, /* one repetition within the time, for a datagram that is lost */
    /* One less than c-ares has bits for: its macros shift the last one into the sign.
     */
    SOCKETS_MAX = ARES_GETSOCK_MAXNUM - 1
};

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The channel ------------------------------------------------------------------ */

static int
open_channel(ares_channel *out, int64_t timeout_ms, struct godb_err *err)
{
    struct ares_options options = {
        .timeout = (int)(timeout_ms / TRIES) + 1, .tries = TRIES};
    int rc = ares_library_init(ARES_LIB_INIT_ALL);
    if (rc == ARES_SUCCESS)
        rc = ares_init_options(out, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (rc == ARES_SUCCESS) return GODB_OK;
    return shell_err(err, rc == ARES_ENOMEM ? GODB_ENOMEM : GODB_EIO,
        "names cannot be resolved: %s", ares_strerror(rc));
}

static void
close_channel(ares_channel channel)
{
    ares_destroy(channel);
    ares_library_cleanup();
}

static void
process(ares_channel channel, const struct pollfd *polled, nfds_t count)
{
    for (nfds_t i = 0; i < count; i++) {
        const bool can_read = polled[i].revents & (POLLIN | POLLERR | POLLHUP);
        const bool can_write = polled[i].revents & POLLOUT;
        if (can_read || can_write)
            ares_process_fd(channel, can_read ? polled[i].fd : ARES_SOCKET_BAD,
                can_write ? polled[i].fd : ARES_SOCKET_BAD);
    }
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* its time-outs */
}

static nfds_t
list_sockets(ares_channel channel, struct pollfd out[SOCKETS_MAX])
{
    ares_socket_t sockets[SOCKETS_MAX];
    const int bits = ares_getsock(channel, sockets, SOCKETS_MAX);
    nfds_t count = 0;
    for (int i = 0; i < SOCKETS_MAX; i++) {
        const short events = (short)((ARES_GETSOCK_READABLE(bits, i) ? POLLIN : 0) |
                                     (ARES_GETSOCK_WRITABLE(bits, i) ? POLLOUT : 0));
        if (events) out[count++] = (struct pollfd){sockets[i], events, 0};
    }
    return count;
}

/* Until all questions are answered or the time is over. */
static void
wait_for_answers(ares_channel channel, int64_t timeout_ms)
{
    const int64_t end_ms = now_ms() + timeout_ms;
    struct pollfd polled[SOCKETS_MAX];
    for (;;) {
        const nfds_t count = list_sockets(channel, polled);
        const int64_t left_ms = end_ms - now_ms();
        if (count == 0) return;
        if (left_ms <= 0) break;
        const int wait_ms = left_ms < 50 ? (int)left_ms : 50;
        if (poll(polled, count, wait_ms) < 0 && errno != EINTR) break;
        process(channel, polled, count);
    }
    ares_cancel(channel);
}

/* --- Names to addresses ----------------------------------------------------------- */

struct host_answer {
    uint8_t (*ips)[GODB_IP_BYTES];
    size_t count, max;
};

/* An address in the form that flows have it; false for other families. */
static bool
take_address(uint8_t out[GODB_IP_BYTES], const struct ares_addrinfo_node *node)
{
    memset(out, 0, GODB_IP_BYTES);
    if (node->ai_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, node->ai_addr, sizeof v4);
        memcpy(out, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (node->ai_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, node->ai_addr, sizeof v6);
        memcpy(out, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return node->ai_family == AF_INET || node->ai_family == AF_INET6;
}

static void
take_host(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
    struct host_answer *answer = arg;
    (void)timeouts;
    if (status != ARES_SUCCESS || info == NULL) return;
    for (const struct ares_addrinfo_node *node = info->nodes;
         node && answer->count < answer->max; node = node->ai_next)
        answer->count += take_address(answer->ips[answer->count], node);
    ares_freeaddrinfo(info);
}

int
resolve_host(void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max)
{
    /* One kind of socket, or each address would come once for every kind. */
    const struct ares_addrinfo_hints hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    const int64_t timeout_ms = *(const int64_t *)arg;
    struct host_answer answer = {out, 0, max};
    struct godb_err err;
    ares_channel channel;
    if (open_channel(&channel, timeout_ms, &err) != GODB_OK) return -1;
    ares_getaddrinfo(channel, host, NULL, &hints, take_host, &answer);
    wait_for_answers(channel, timeout_ms);
    close_channel(channel);
    return answer.count > 0 ? (int)answer.count : -1;
}

/* --- Addresses to names ----------------------------------------------------------- */

static void
take_name(void *arg, int status, int timeouts, struct hostent *host)
{
    struct resolve_query *query = arg;
    (void)timeouts;
    if (status == ARES_SUCCESS && host && host->h_name)
        snprintf(query->name, sizeof query->name, "%s", host->h_name);
}

int
resolve_names(struct resolve_query *queries, size_t count, int64_t timeout_ms,
    struct godb_err *err)
{
    ares_channel channel;
    for (size_t i = 0; i < count; i++)
        queries[i].name[0] = '\0';
    int rc = open_channel(&channel, timeout_ms, err);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < count; i++) {
        const bool is_v4 = godb_ip_is_v4(queries[i].ip);
        ares_gethostbyaddr(channel, queries[i].ip, is_v4 ? 4 : GODB_IP_BYTES,
            is_v4 ? AF_INET : AF_INET6, take_name, &queries[i]);
    }
    wait_for_answers(channel, timeout_ms);
    close_channel(channel);
    return GODB_OK;
}
