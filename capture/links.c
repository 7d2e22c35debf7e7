/* SPDX-License-Identifier: MIT
 *
 * links.c -- see links.h.
 *
 * Two sockets: one hears of changes, and what it hears is only that there were some;
 * the other asks for the whole list.  So a message that was lost, because many came at
 * once, costs nothing: the socket says so, and the list is read.
 */
#include "capture/links.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    MESSAGE_MAX = 32 * 1024, /* what the kernel sends at a time */
    ANSWER_S = 2,            /* it answers at once, or something is wrong */
    TRIES = 8                /* at a list that changes while it is read */
};

struct links {
    struct mnl_socket *news, *query;
    unsigned sequence;
    struct link *list;
    size_t count, room;
    uint8_t message[MESSAGE_MAX];
};

static bool
fail(char *error, const char *what)
{
    snprintf(
        error, LINKS_ERROR_MAX, "list of interfaces: %s: %s", what, strerror(errno));
    return false;
}

/* --- Reading the list ---------------------------------------------------------- */

static struct link *
new_link(struct links *links)
{
    if (links->count == links->room) {
        const size_t room = links->room ? 2 * links->room : 64;
        struct link *list = realloc(links->list, room * sizeof *list);
        if (list == NULL) return NULL;
        links->list = list;
        links->room = room;
    }
    return &links->list[links->count++];
}

static int
take_attribute(const struct nlattr *attribute, void *arg)
{
    struct link *link = arg;
    if (mnl_attr_get_type(attribute) == IFLA_IFNAME &&
        mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        snprintf(link->name, sizeof link->name, "%s", mnl_attr_get_str(attribute));
    return MNL_CB_OK;
}

static bool
take_link(struct links *links, const struct nlmsghdr *header)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(header);
    if (header->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof *info) return true;
    struct link *link = new_link(links);
    if (link == NULL) return false;
    *link = (struct link){
        .ifindex = (uint32_t)info->ifi_index,
        .is_up = (info->ifi_flags & IFF_UP) && (info->ifi_flags & IFF_RUNNING),
        .is_loopback = info->ifi_flags & IFF_LOOPBACK,
    };
    mnl_attr_parse(header, sizeof *info, take_attribute, link);
    return true;
}

static bool
ask(struct links *links)
{
    uint8_t bytes[256];
    struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);
    header->nlmsg_type = RTM_GETLINK;
    header->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    header->nlmsg_seq = ++links->sequence;
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(header, sizeof *info);
    info->ifi_family = AF_UNSPEC;
    return mnl_socket_sendto(links->query, header, header->nlmsg_len) >= 0;
}

enum answer { ANSWER_MORE, ANSWER_WHOLE, ANSWER_TORN, ANSWER_FAILED };

/* With the reason in errno. */
static enum answer
refused(const struct nlmsghdr *header)
{
    const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
    errno =
        header->nlmsg_len < MNL_NLMSG_HDRLEN + sizeof *error ? EPROTO : -error->error;
    return ANSWER_FAILED;
}

/* One part of the kernel's answer.  The whole is torn where interfaces came or went
 * while the kernel listed them. */
static enum answer
take_part(struct links *links, size_t bytes, bool *is_torn)
{
    int left = (int)bytes;
    for (const struct nlmsghdr *header = (const void *)links->message;
         mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
        if (header->nlmsg_seq != links->sequence) continue; /* of an earlier question */
        if (header->nlmsg_flags & NLM_F_DUMP_INTR) *is_torn = true;
        if (header->nlmsg_type == NLMSG_ERROR) return refused(header);
        if (header->nlmsg_type == NLMSG_DONE) return ANSWER_WHOLE;
        if (header->nlmsg_type == RTM_NEWLINK && !take_link(links, header))
            return ANSWER_FAILED;
    }
    return ANSWER_MORE;
}

static enum answer
take_answer(struct links *links)
{
    enum answer answer = ANSWER_MORE;
    bool is_torn = false;
    links->count = 0;
    if (!ask(links)) return ANSWER_FAILED;
    while (answer == ANSWER_MORE) {
        const ssize_t count =
            mnl_socket_recvfrom(links->query, links->message, sizeof links->message);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return ANSWER_FAILED;
        answer = take_part(links, (size_t)count, &is_torn);
    }
    return answer == ANSWER_WHOLE && is_torn ? ANSWER_TORN : answer;
}

bool
links_read(struct links *links, char *error)
{
    struct links before = {.list = links->list, .count = links->count};
    enum answer answer = ANSWER_TORN;
    links->list = NULL;
    links->room = 0;
    for (int i = 0; i < TRIES && answer == ANSWER_TORN; i++)
        answer = take_answer(links);
    if (answer == ANSWER_WHOLE) {
        free(before.list);
        return true;
    }
    if (answer == ANSWER_TORN) errno = EAGAIN;
    fail(error, "no answer");
    free(links->list);
    links->list = before.list;
    links->count = links->room = before.count;
    return false;
}

const struct link *
links_list(const struct links *links, size_t *out_count)
{
    *out_count = links->count;
    return links->list;
}

/* --- News ------------------------------------------------------------------------ */

int
links_fd(const struct links *links)
{
    return mnl_socket_get_fd(links->news);
}

bool
links_have_changed(struct links *links)
{
    bool changed = false;
    ssize_t count;
    do {
        count = recv(links_fd(links), links->message, sizeof links->message,
            MSG_DONTWAIT | MSG_TRUNC);
        if (count >= 0 || errno == ENOBUFS) changed = true;
    } while (count >= 0 || errno == ENOBUFS || errno == EINTR);
    return changed;
}

/* --- Life ------------------------------------------------------------------------ */

static struct mnl_socket *
open_socket(unsigned groups)
{
    struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    if (socket == NULL) return NULL;
    if (mnl_socket_bind(socket, groups, MNL_SOCKET_AUTOPID) == 0) return socket;
    const int why = errno;
    mnl_socket_close(socket);
    errno = why;
    return NULL;
}

bool
links_open(struct links **out, char *error)
{
    const struct timeval patience = {.tv_sec = ANSWER_S};
    struct links *links = calloc(1, sizeof *links);
    if (links == NULL) return fail(error, "memory");
    links->news = open_socket(RTMGRP_LINK);
    links->query = open_socket(0);
    bool is_open = links->news && links->query;
    if (is_open) {
        setsockopt(mnl_socket_get_fd(links->query), SOL_SOCKET, SO_RCVTIMEO, &patience,
            sizeof patience);
        is_open = links_read(links, error);
    } else {
        fail(error, "netlink");
    }
    if (!is_open) {
        links_close(links);
        return false;
    }
    *out = links;
    return true;
}

void
links_close(struct links *links)
{
    if (links == NULL) return;
    if (links->news) mnl_socket_close(links->news);
    if (links->query) mnl_socket_close(links->query);
    free(links->list);
    free(links);
}
