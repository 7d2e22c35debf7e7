/* SPDX-License-Identifier: MIT
 *
 * classify.h -- layer 7 protocols by what packets look like, through nDPI.
 *
 * The only part that knows nDPI.  A classifier belongs to one thread: the library keeps
 * the packet at hand and unlocked caches in it.
 */
#ifndef CAPTURE_CLASSIFY_H
#define CAPTURE_CLASSIFY_H

#include "capture/flowtab.h"
#include "godb/godb.h"

struct classify;

/* The states of flows that are looked into take at most max_bytes, about; flows beyond
 * get a guess by their port.  NULL: out of memory.  Takes about 20 ms and 6 MiB.  A
 * thread has one. */
struct classify *classify_new(size_t max_bytes);
void classify_free(struct classify *classify);

/* How many flows are looked into, and what their states take. */
size_t classify_count(const struct classify *classify);
size_t classify_bytes(const struct classify *classify);

/* Ask for the memory of the flow's state; some packets later it is there. */
void classify_fetch(const struct classify *classify, const struct flow *flow);

/* Look at a packet of a flow, and set flow->l7proto and l7_done as they become known.
 * is_forward: it goes the way of the flow's key.  time_ms is the packet's. */
void classify_packet(struct classify *classify, struct flow *flow,
    const struct packet *packet, bool is_forward, uint64_t time_ms);

/* The best that is known of a flow by now: what was found, or a guess by its ports. */
uint16_t classify_now(struct classify *classify, const struct flow *flow);

/* Give up on a flow that has been silent for long: its state is wanted elsewhere. */
void classify_age(struct classify *classify, struct flow *flow, uint64_t time_ms);

/* Give up on a flow that ends: the last chance for a guess.  Frees its state. */
void classify_end(struct classify *classify, struct flow *flow);

/* What the ids mean, from the library at hand.  For godb_l7_names_free(). */
int classify_names(
    struct classify *classify, struct godb_l7_names **out, struct godb_err *err);

#endif
