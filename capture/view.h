/* SPDX-License-Identifier: MIT
 *
 * view.h -- what a capture shows of itself at one moment: its counters, and, if wanted,
 * the flows of the interval at hand.
 */
#ifndef CAPTURE_VIEW_H
#define CAPTURE_VIEW_H

#include "capture/link_stats.h"
#include "capture/pipeline.h"

struct view_iface {
    char name[GODB_IFACE_MAX]; /* "": there is none of this number */
    struct pipeline_counters total, interval;
    uint64_t flow_count;
    uint64_t missed;        /* by the interface, up to `link` */
    struct link_stats link; /* at the last reading */
    int64_t written_s;      /* stamp of its last block; 0: none; -1: not known yet */
    uint64_t waiting_count; /* flows of blocks that could not be written */
};

/* The longest time in which nobody took packets from the ring, though some waited. */
struct view_pauses {
    uint64_t interval_us, ever_us; /* in the interval at hand; since the start */
};

struct view {
    int64_t started_s, now_s;
    int64_t stamp_s; /* that the interval at hand is to have */
    struct source_stats ring;
    struct view_pauses pauses;
    uint64_t flow_count, max_flows, flow_bytes;
    uint64_t shared_packets, lost_packets;
    uint64_t dpi_count, dpi_bytes, dpi_skipped; /* skipped: packets, to lose none */
    uint64_t submitted;    /* rotations that were handed out to be written before it */
    struct rotation *rows; /* NULL: not wanted */
    size_t iface_count;
    struct view_iface ifaces[];
};

/* Zeros.  NULL: out of memory. */
struct view *view_new(size_t iface_count);

/* The number of an interface, which is added where there is none of that name, so that
 * *view may move; -1: out of memory. */
int view_iface_of(struct view **view, const char *name);
void view_free(struct view *view);

/* The packets of an interface that are in no flow, by reason. */
uint64_t view_undecoded(
    const struct pipeline_counters *counters, enum godb_undecoded why);

#endif
