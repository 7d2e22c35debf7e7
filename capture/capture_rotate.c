/* SPDX-License-Identifier: MIT
 *
 * capture_rotate.c -- the end of an interval: what was lost in it is said, its flows go
 * to be written, and counting goes on.
 */
#include <inttypes.h>

#include "capture/capture_state.h"
#include "capture/log.h"

void
capture_submit(void *arg, struct rotation *rotation)
{
    struct capture *c = arg;
    c->submitted++;
    writeout_submit(c->writeout, rotation);
}

static struct pipeline_drops
drops_of_interval(struct capture *c)
{
    struct source_stats now;
    if (c->options->file != NULL) return (struct pipeline_drops){-1, NULL};
    source_read_stats(c->source, &now);
    const struct pipeline_drops drops = {
        (int64_t)(now.dropped - c->stats.dropped), misses_take(c->misses, c->ifaces)};
    c->stats = now;
    if (drops.ring > 0)
        log_line("warning: %" PRId64
                 " packets were lost, the ring was full; try a larger "
                 "--buffer",
            drops.ring);
    return drops;
}

/* What is no IP is no surprise, and is in the block's statistics alone. */
static void
tell_undecoded(const struct capture *c, size_t iface)
{
    const struct pipeline_counters counters = pipeline_interval(c->pipeline, iface);
    const uint64_t *count = counters.verdicts;
    if (count[PACKET_TRUNCATED] + count[PACKET_BAD] + count[PACKET_TOO_DEEP] == 0)
        return;
    log_line("warning: %s: packets not counted: %" PRIu64 " cut off, %" PRIu64
             " with a bad IP header, %" PRIu64 " with too many tags or labels",
        ifaces_view(c->ifaces, (int)iface).name, count[PACKET_TRUNCATED],
        count[PACKET_BAD], count[PACKET_TOO_DEEP]);
}

static void
tell_lack(struct capture *c)
{
    const struct flowtab_lack lack = pipeline_take_lack(c->pipeline);
    c->lack.shared_packets += lack.shared_packets;
    c->lack.lost_packets += lack.lost_packets;
    if (lack.shared_packets > 0)
        log_line("warning: %" PRIu64
                 " packets counted without addresses, the table of %d flows is full; "
                 "see --max-flows",
            lack.shared_packets, c->options->config.max_flows);
    if (lack.lost_packets > 0)
        log_line("warning: %" PRIu64 " packets not counted, out of memory",
            lack.lost_packets);
    const uint64_t hurried = pipeline_hurried_packets(c->pipeline);
    if (hurried > c->hurried_packets)
        log_line("warning: %" PRIu64
                 " packets counted without a look at layer 7, to lose none",
            hurried - c->hurried_packets);
    c->hurried_packets = hurried;
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++)
        tell_undecoded(c, (size_t)i);
}

void
capture_rotate(struct capture *c, int64_t time_s)
{
    const struct pipeline_drops drops = drops_of_interval(c);
    tell_lack(c);
    if (!pipeline_end_interval(c->pipeline, time_s, &drops))
        log_line("warning: out of memory, this interval goes into the next block");
    ifaces_end_interval(c->ifaces);
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++)
        if (ifaces_view(c->ifaces, i).name == NULL)
            pipeline_forget_iface(c->pipeline, (size_t)i);
}

/* What found no memory stays in the table, for a next block that is not to come. */
bool
capture_rotate_last(struct capture *c, int64_t time_s)
{
    capture_rotate(c, time_s);
    pipeline_collect(c->pipeline, SIZE_MAX);
    const uint64_t packets = pipeline_held_packets(c->pipeline);
    if (packets > 0)
        log_line("error: %" PRIu64 " packets are lost: out of memory", packets);
    return packets == 0;
}
