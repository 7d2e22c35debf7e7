/* SPDX-License-Identifier: MIT
 *
 * flow_key.h -- what makes packets one flow.
 *
 *      iface, addresses, ports, proto.  TCP has both ports, and its two ends in an
 * order of their own, so that both ways of a connection have one key.  Others, and TCP
 *      with port 53, have the port of the first packet's destination alone, so that the
 *      many short flows of DNS and other UDP share one entry; their answers are found
 *      by the key turned round.
 */
#ifndef CAPTURE_FLOW_KEY_H
#define CAPTURE_FLOW_KEY_H

#include <string.h>

#include "capture/packet.h"

struct flow_key {
    uint8_t sip[16], dip[16];
    uint16_t dport, sport;
    uint16_t iface;
    uint8_t proto;
    uint8_t zero; /* padding that is hashed */
};

/* Where a packet's flow would be. */
struct flow_place {
    struct flow_key key, turned; /* turned: only where has_turned */
    uint32_t hash, turned_hash;
    bool has_turned;
    bool is_forward; /* the packet goes the way of key */
};

/* seed: so that nobody outside can choose keys that collide. */
void flow_place_of(
    struct flow_place *out, const struct packet *packet, uint16_t iface, uint64_t seed);

uint32_t flow_key_hash(const struct flow_key *key, uint64_t seed);

static inline bool
flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
    uint64_t x[5], y[5], difference = 0;
    _Static_assert(sizeof x == sizeof *a, "a key is five words");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    for (int i = 0; i < 5; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

#endif
