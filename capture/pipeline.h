/* SPDX-License-Identifier: MIT
 *
 * pipeline.h -- packets in, the rows of intervals out.
 *
 *      packet --> parse --> fragments --> batch of 64 --+
 *                                                       |
 *           +-------------------------------------------+
 *           v
 *      all prepared --> all fetched --> each: flow found or made, counted, classified
 *                                                       |
 *                             interval over: rows <-----+   a few flows with each batch
 *                                               |
 *                                               v
 *                                           done(rotation)
 *
 * Belongs to one thread.
 */
#ifndef CAPTURE_PIPELINE_H
#define CAPTURE_PIPELINE_H

#include "capture/ifaces.h"
#include "capture/rotation.h"
#include "capture/source.h"

struct pipeline;

struct pipeline_options {
    enum packet_link link;
    struct ifaces *ifaces; /* borrowed until pipeline_free() */
    size_t max_flows;
    struct classify *classify; /* NULL: no layer 7; borrowed likewise */
    /* A packet came of an index that ifaces does not know: look for it, or have it
     * ignored.  NULL: it is. */
    void (*learn)(void *arg, uint32_t ifindex);
    /* All rows of an interval; done frees it. */
    void (*done)(void *arg, struct rotation *rotation);
    void *arg;
};

/* NULL: out of memory. */
struct pipeline *pipeline_new(const struct pipeline_options *options);
void pipeline_free(struct pipeline *pipeline);

/* Take a packet; its bytes are not needed afterwards, but those of one that is_lasting
 * until pipeline_flush(). */
void pipeline_packet(struct pipeline *pipeline, const struct source_packet *packet);

/* While packets come faster than they can be classified, they are only counted, so that
 * none is lost: what a flow is shows with later ones, or by its port. */
void pipeline_hurry(struct pipeline *pipeline, bool is_in_hurry);

/* Packets that were only counted, but would have been classified. */
uint64_t pipeline_hurried_packets(const struct pipeline *pipeline);

/* What was taken is counted; to be called where packets pause. */
void pipeline_flush(struct pipeline *pipeline);

/* Packets that were lost in an interval before they came. */
struct pipeline_drops {
    int64_t ring; /* by the kernel's ring, which all interfaces share; -1: not known */
    const uint64_t *link; /* by each interface itself; NULL: not known */
};

/* The interval that ends at time_s is over: later packets count for the next one. Its
 * rows are collected meanwhile, by pipeline_flush() and pipeline_collect().  False: out
 * of memory; it goes on. */
bool pipeline_end_interval(
    struct pipeline *pipeline, int64_t time_s, const struct pipeline_drops *drops);

/* Look at `count` more flows for the interval that is over; false: it is done, or there
 * is none. */
bool pipeline_collect(struct pipeline *pipeline, size_t count);

/* All that came on one interface; indexed by enum packet_direction and _verdict.  Only
 * packets whose verdict is PACKET_OK are in a flow. */
struct pipeline_counters {
    uint64_t packets[2], bytes[2];
    uint64_t verdicts[PACKET_VERDICT_COUNT];
};

/* Since the pipeline was made, and in the interval at hand. */
struct pipeline_counters pipeline_total(const struct pipeline *pipeline, size_t iface);
struct pipeline_counters pipeline_interval(
    const struct pipeline *pipeline, size_t iface);

/* The slot is free: its counters begin anew. */
void pipeline_forget_iface(struct pipeline *pipeline, size_t iface);

/* What had no flow of its own since the last call, and without ending that. */
struct flowtab_lack pipeline_take_lack(struct pipeline *pipeline);
struct flowtab_lack pipeline_see_lack(const struct pipeline *pipeline);

/* The verdict that stands for a reason. */
enum packet_verdict pipeline_verdict_of(enum godb_undecoded why);

size_t pipeline_flow_count(const struct pipeline *pipeline);

/* Packets that are in no rotation yet. */
uint64_t pipeline_held_packets(const struct pipeline *pipeline);
size_t pipeline_flow_count_of(const struct pipeline *pipeline, size_t iface);
size_t pipeline_flow_bytes(const struct pipeline *pipeline);

/* --- Views: a copy of the interval at hand, while packets come ------------------- */

enum pipeline_view { PIPELINE_VIEW_MORE, PIPELINE_VIEW_WHOLE, PIPELINE_VIEW_FAILED };

/* Copy the flows of the interval at hand to rows, which are borrowed until
 * pipeline_end_view(). */
void pipeline_begin_view(struct pipeline *pipeline, struct rotation *rows);

/* Look at `count` more flows.  MORE as well while the interval before is still being
 * collected; where an interval ends in between, the copy begins again with the next
 * one.  WHOLE: the rows are those of the interval at hand, each flow as it was when it
 * was looked at.  FAILED: out of memory. */
enum pipeline_view pipeline_copy_view(struct pipeline *pipeline, size_t count);
void pipeline_end_view(struct pipeline *pipeline);

#endif
