/* SPDX-License-Identifier: MIT
 *
 * link_stats.h -- what the kernel says of interfaces: are they up, and how many packets
 * they lost before anyone could see them.
 */
#ifndef CAPTURE_LINK_STATS_H
#define CAPTURE_LINK_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link_stats {
    bool is_there, is_up;
    uint32_t missed; /* by the hardware, and for want of room in its queue; wraps */
};

/* One for each name; all of them from one question to the kernel.  Where it does not
 * answer none is there. */
void link_stats_read(
    struct link_stats *out, const char *const *ifaces, size_t iface_count);

/* How many packets were missed between two readings. */
uint64_t link_stats_missed(
    const struct link_stats *before, const struct link_stats *now);

#endif
