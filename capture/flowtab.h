/* SPDX-License-Identifier: MIT
 *
 * flowtab.h -- the flows seen since the last write-out, and those that go on.
 *
 *      key     iface, sip, dip, dport, sport, proto: as the first packet had them;
 *              sport is 0 but for TCP without port 53, so that the many short flows of
 *              DNS and other UDP share one entry
 *      lookup  the packet's key, then the same turned round
 *
 * Open addressing over an array of flows that never move while they live, so that a
 * flow's pointer holds until the next rotation.
 */
#ifndef CAPTURE_FLOWTAB_H
#define CAPTURE_FLOWTAB_H

#include "capture/direction.h"
#include "capture/packet.h"

struct flow_key {
    uint8_t sip[16], dip[16];
    uint16_t dport, sport;
    uint16_t iface;
    uint8_t proto;
    uint8_t zero; /* padding that is hashed */
};

struct flow {
    struct flow_key key;
    uint16_t first_sport; /* the first packet's, which the key may lack */
    uint16_t l7proto;
    bool is_reversed; /* the key's sip is the server */
    bool is_known;    /* its direction */
    bool is_certain;  /* a handshake said so */
    bool l7_done;     /* l7proto will not change any more */
    uint64_t bytes_rcvd, bytes_sent, packets_rcvd, packets_sent;
    struct classify_flow *dpi; /* state of the detection, or NULL; see classify.h */
};

struct flowtab;

/* At most max_flows are held; NULL: out of memory. */
struct flowtab *flowtab_new(size_t max_flows);
void flowtab_free(struct flowtab *table);
size_t flowtab_count(const struct flowtab *table);

/* The flow of this packet, found or new, its counters and direction brought up to date;
 * *out_is_forward: the packet goes the way of the key.  NULL where the table is full or
 * memory is out. */
struct flow *flowtab_add(struct flowtab *table, const struct packet *packet,
    uint16_t iface, bool *out_is_forward);

/* Call visit() for the next `count` flows, going round.  *cursor says where it stands:
 * the caller's, from 0. */
void flowtab_visit(struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, struct flow *flow), void *arg);

/* Call visit() for each flow in turn; those for which it returns false are removed. */
void flowtab_sweep(
    struct flowtab *table, bool (*visit)(void *arg, struct flow *flow), void *arg);

#endif
