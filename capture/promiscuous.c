/* SPDX-License-Identifier: MIT
 *
 * promiscuous.c -- see promiscuous.h.
 */
#include "capture/promiscuous.h"

#include <linux/if_packet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

bool
promiscuous_open(struct promiscuous *out)
{
    *out = (struct promiscuous){.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)};
    return out->fd >= 0;
}

void
promiscuous_close(struct promiscuous *p)
{
    if (p->fd >= 0) close(p->fd);
    free(p->ifindexes);
}

static void
change(const struct promiscuous *p, uint32_t ifindex, int how)
{
    const struct packet_mreq request = {
        .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
    /* A device without the mode (a tunnel) sees all its packets anyway; that of one
     * that has vanished went with it. */
    (void)setsockopt(p->fd, SOL_PACKET, how, &request, sizeof request);
}

static bool
has_ifindex(const uint32_t *list, size_t count, uint32_t ifindex)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == ifindex) return true;
    return false;
}

void
promiscuous_set(
    struct promiscuous *p, const struct source_target *targets, size_t count)
{
    size_t wanted_count = 0;
    uint32_t *wanted = calloc(count + 1, sizeof *wanted);
    if (wanted == NULL) return; /* those of before stay */
    for (size_t i = 0; i < count; i++)
        if (targets[i].promiscuous && targets[i].ifindex != 0)
            wanted[wanted_count++] = targets[i].ifindex;
    for (size_t i = 0; i < wanted_count; i++)
        if (!has_ifindex(p->ifindexes, p->count, wanted[i]))
            change(p, wanted[i], PACKET_ADD_MEMBERSHIP);
    for (size_t i = 0; i < p->count; i++)
        if (!has_ifindex(wanted, wanted_count, p->ifindexes[i]))
            change(p, p->ifindexes[i], PACKET_DROP_MEMBERSHIP);
    free(p->ifindexes);
    p->ifindexes = wanted;
    p->count = wanted_count;
}
