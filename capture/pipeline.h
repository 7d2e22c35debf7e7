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

/* Take a packet; its bytes are not needed afterwards. */
void pipeline_packet(struct pipeline *pipeline, const struct source_packet *packet);

/* What was taken is counted; to be called where packets pause. */
void pipeline_flush(struct pipeline *pipeline);

/* The interval that ends at time_s is over: later packets count for the next one. Its
 * rows are collected meanwhile, by pipeline_flush() and pipeline_collect().  drops: of
 * the interval, shared by all interfaces. False: out of memory; it goes on. */
bool pipeline_end_interval(
    struct pipeline *pipeline, int64_t time_s, const struct source_stats *drops);

/* Look at `count` more flows for the interval that is over; false: it is done, or there
 * is none. */
bool pipeline_collect(struct pipeline *pipeline, size_t count);

/* What was not counted to a flow of its own since the last call. */
struct pipeline_lack {
    uint64_t verdicts[PACKET_VERDICT_COUNT]; /* packets that could not be parsed */
    struct flowtab_lack flows;
};
struct pipeline_lack pipeline_take_lack(struct pipeline *pipeline);

size_t pipeline_flow_count(const struct pipeline *pipeline);

#endif
