/* SPDX-License-Identifier: MIT
 *
 * direction.h -- which end of a packet's flow asked, and which answered.
 *
 * A flow is stored from the side that asked: its sip is the client, its dport the
 * server's port.
 */
#ifndef CAPTURE_DIRECTION_H
#define CAPTURE_DIRECTION_H

#include "capture/packet.h"

enum direction {
    DIRECTION_UNKNOWN, /* nothing tells; the packet's own orientation stays */
    DIRECTION_KEEP,    /* the packet goes from the client to the server */
    DIRECTION_REVERSE  /* it is an answer */
};

/* What this packet tells alone.  *out_certain: a handshake says so, and overrules what
 * ports made of earlier packets. */
enum direction direction_of(const struct packet *packet, bool *out_certain);

#endif
