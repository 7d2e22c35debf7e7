/* SPDX-License-Identifier: MIT
 *
 * fragments.h -- protocol and ports of later fragments, remembered from the first one.
 *
 * A small direct-mapped cache: what is not in it (the first fragment came late, or
 * another datagram took the place) leaves the fragment with ports 0, its bytes counted
 * all the same.
 */
#ifndef CAPTURE_FRAGMENTS_H
#define CAPTURE_FRAGMENTS_H

#include "capture/packet.h"

enum { FRAGMENTS_SLOTS = 1024 };

struct fragments {
    struct {
        uint8_t sip[16], dip[16];
        uint32_t id, ifindex;
        uint16_t sport, dport;
        uint8_t proto, fragment_proto; /* of IPv6 headers may stand in between */
        bool is_used, has_ports;
    } slots[FRAGMENTS_SLOTS];
};

/* Remember what a first fragment has; give it to the later ones of its datagram. */
void fragments_apply(struct fragments *fragments, struct packet *packet);

#endif
