/* SPDX-License-Identifier: MIT
 *
 * link_stats.c -- see link_stats.h.
 */
#include "capture/link_stats.h"

#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

/* Which of the names this is, -1: none.  They come in about the same order: *next is
 * where to look first. */
static int
find(const char *const *ifaces, size_t iface_count, const char *name, size_t *next)
{
    for (size_t i = 0; i < iface_count; i++) {
        const size_t at = (*next + i) % iface_count;
        if (ifaces[at] == NULL || strcmp(ifaces[at], name) != 0) continue;
        *next = at + 1;
        return (int)at;
    }
    return -1;
}

void
link_stats_read(struct link_stats *out, const char *const *ifaces, size_t iface_count)
{
    struct ifaddrs *list;
    size_t next = 0;
    memset(out, 0, iface_count * sizeof *out);
    if (getifaddrs(&list) != 0) return;
    for (const struct ifaddrs *entry = list; entry; entry = entry->ifa_next) {
        if (entry->ifa_addr == NULL || entry->ifa_addr->sa_family != AF_PACKET ||
            entry->ifa_data == NULL)
            continue;
        const int at = find(ifaces, iface_count, entry->ifa_name, &next);
        if (at < 0) continue;
        const struct rtnl_link_stats *stats = entry->ifa_data;
        out[at].is_there = true;
        out[at].is_up = (entry->ifa_flags & IFF_UP) && (entry->ifa_flags & IFF_RUNNING);
        out[at].missed = stats->rx_missed_errors + stats->rx_fifo_errors;
    }
    freeifaddrs(list);
}

uint64_t
link_stats_missed(const struct link_stats *before, const struct link_stats *now)
{
    if (!now->is_there) return 0;
    const uint32_t missed = now->missed - before->missed;
    /* An interface that was made anew counts from 0, which is no wrap. */
    return before->is_there && missed < UINT32_MAX / 2 ? missed : now->missed;
}
