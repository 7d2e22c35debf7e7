/* SPDX-License-Identifier: MIT
 *
 * flowtab.h -- the flows seen since the last write-out, and those that go on.
 *
 *      flow_key.h --> flow_index.h --> chunks of flows, which never move
 *      key, hash      by the hash       while they live
 *
 * A table of a million flows lives in memory, not in the cache.  So packets come in
 * batches: flowtab_prepare() for all of them, then flowtab_fetch(), then flowtab_add(),
 * each of which finds ready what the one before asked the memory for.
 *
 * An interval ends by a new epoch.  A flow's counters are taken when its first packet
 * of the new epoch comes, or when flowtab_sweep() passes it: no moment at which all of
 * them have to be.
 */
#ifndef CAPTURE_FLOWTAB_H
#define CAPTURE_FLOWTAB_H

#include "capture/direction.h"
#include "capture/flow_key.h"

/* 80 bytes, which are never in more than two lines of the cache. */
struct flow {
    struct flow_key key;
    uint64_t bytes_rcvd, bytes_sent, packets_rcvd, packets_sent;
    uint16_t sport; /* of the key's sip, where the key lacks it: the first packet's */
    uint16_t l7proto;
    uint32_t dpi : 24; /* state of the detection, or 0: none; see classify.h */
    bool epoch : 1;
    bool is_used : 1;
    bool is_reversed : 1; /* the key's sip is the server */
    bool is_known : 1;    /* its direction */
    bool is_certain : 1;  /* a handshake said so */
    bool l7_done : 1;     /* l7proto will not change any more */
    bool is_overflow : 1; /* stands for all that had no room */
};

struct flowtab;

/* What becomes of flows at the end of an interval. */
struct flowtab_calls {
    /* The flow's counters of the interval that is over, which are not all 0.  False:
     * there is no room for them now; they stay, and count for the next one. */
    bool (*take)(void *arg, const struct flow *flow);
    /* The flow had no packet in that interval, and is forgotten. */
    void (*forget)(void *arg, struct flow *flow);
    void *arg;
};

/* At most max_flows are held; those beyond share one flow for each interface and
 * protocol, without addresses.  NULL: out of memory. */
struct flowtab *flowtab_new(size_t max_flows, const struct flowtab_calls *calls);
void flowtab_free(struct flowtab *table);
size_t flowtab_count(const struct flowtab *table);
size_t flowtab_count_of(const struct flowtab *table, uint16_t iface);

/* What flows and their index take: at most 112 bytes a flow, of the most that there
 * were at a time. */
size_t flowtab_bytes(const struct flowtab *table);

/* Packets that went to such shared flows, or (memory is out) nowhere, since the last
 * call. */
struct flowtab_lack {
    uint64_t shared_packets, lost_packets;
};
struct flowtab_lack flowtab_take_lack(struct flowtab *table);
struct flowtab_lack flowtab_see_lack(const struct flowtab *table); /* it stays */

/* Keys and hashes of a packet. */
void flowtab_prepare(const struct flowtab *table, const struct packet *packet,
    uint16_t iface, struct flow_place *out);

/* Ask for the memory of the flow; some packets later it is there. */
void flowtab_fetch(const struct flowtab *table, const struct flow_place *place);

/* The flow of this packet, found or new, its counters and direction brought up to date;
 * *out_is_forward: the packet goes the way of the flow's key.  NULL where memory is
 * out. The flow is good until the next sweep. */
struct flow *flowtab_add(struct flowtab *table, const struct flow_place *place,
    const struct packet *packet, bool *out_is_forward);

/* The interval is over: what comes from now on counts for the next one.  An earlier one
 * that is not swept to its end is first. */
void flowtab_begin_epoch(struct flowtab *table);

/* Look at the next `count` flows for counters of the interval before.  False once all
 * have been looked at. */
bool flowtab_sweep(struct flowtab *table, size_t count);

/* Call visit() for the next `count` flows, from *cursor, which is 0 at first.  False
 * once all have been visited. */
bool flowtab_walk(const struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, const struct flow *flow), void *arg);

/* Call visit() for the next `count` flows, going round.  *cursor says where it stands:
 * the caller's, from 0. */
void flowtab_visit(struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, struct flow *flow), void *arg);

#endif
