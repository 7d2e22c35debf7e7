/* SPDX-License-Identifier: MIT
 *
 * direction.c -- see direction.h.
 *
 * The rules are goProbe's, first hit wins:
 *
 *   1  TCP: SYN asks, SYN with ACK answers.  Tested as bits: 2.x compares the whole
 *      byte, and so misses handshakes that negotiate ECN.
 *   2  ICMP and ICMPv6: requests ask, replies and errors answer (as goProbe 4).
 *   3  To a multicast group or to everybody: asks.
 *   4  DHCP: port 68 asks port 67.
 *   5  A port below 1024, or one that servers are known by, against one above 20000.
 *
 * and where these leave it open, goProbe 4's:
 *
 *   6  An ephemeral port (32768 and up) against another: the ephemeral one asks.
 *
 * and at last 2.x's for the end of a connection, which it asks before all others:
 *
 *   7  TCP: a bare FIN asks, FIN with ACK, and no other flag, answers.  Either end may
 *      close, so ports know better.
 */
#include "capture/direction.h"

#include <string.h>

enum { TCP = 6, UDP = 17, ICMP = 1, ICMPV6 = 58, EPHEMERAL = 32768 };

static enum direction
by_icmp(const struct packet *packet)
{
    if (packet->proto == ICMP) switch (packet->icmp_type) {
        case 8:  /* echo request */
        case 13: /* timestamp request */
            return DIRECTION_KEEP;
        case 0:  /* echo reply */
        case 3:  /* destination unreachable */
        case 11: /* time exceeded */
        case 12: /* parameter problem */
        case 14: /* timestamp reply */
            return DIRECTION_REVERSE;
        default:
            return DIRECTION_UNKNOWN;
        }
    switch (packet->icmp_type) {
    case 128: /* echo request */
        return DIRECTION_KEEP;
    case 1:   /* destination unreachable */
    case 3:   /* time exceeded */
    case 4:   /* parameter problem */
    case 129: /* echo reply */
        return DIRECTION_REVERSE;
    default:
        return DIRECTION_UNKNOWN;
    }
}

static bool
is_to_many(const struct packet *packet)
{
    static const uint8_t broadcast[4] = {255, 255, 255, 255};
    if (!packet->is_v4) return packet->dip[0] == 0xff;
    return (packet->dip[0] & 0xf0) == 0xe0 || memcmp(packet->dip, broadcast, 4) == 0;
}

static bool
is_service(uint16_t port)
{
    switch (port) {
    case 1352:  /* Lotus Notes */
    case 5222:  /* XMPP */
    case 5353:  /* multicast DNS */
    case 8080:  /* HTTP */
    case 8612:  /* Canon BJNP */
    case 17500: /* Dropbox */
        return true;
    default:
        return port < 1024;
    }
}

static enum direction
by_ports(uint16_t sport, uint16_t dport)
{
    if (sport == 68 && dport == 67) return DIRECTION_KEEP;
    if (sport == 67 && dport == 68) return DIRECTION_REVERSE;
    if (is_service(dport) && sport > 20000) return DIRECTION_KEEP;
    if (is_service(sport) && dport > 20000) return DIRECTION_REVERSE;
    if (sport >= EPHEMERAL && dport < EPHEMERAL) return DIRECTION_KEEP;
    if (dport >= EPHEMERAL && sport < EPHEMERAL) return DIRECTION_REVERSE;
    return DIRECTION_UNKNOWN;
}

static enum direction
by_end(const struct packet *packet)
{
    if (packet->proto != TCP) return DIRECTION_UNKNOWN;
    if (packet->tcp_flags == PACKET_FIN) return DIRECTION_KEEP;
    if (packet->tcp_flags == (PACKET_FIN | PACKET_ACK)) return DIRECTION_REVERSE;
    return DIRECTION_UNKNOWN;
}

enum direction
direction_of(const struct packet *packet, bool *out_certain)
{
    *out_certain = false;
    if (packet->proto == TCP && (packet->tcp_flags & PACKET_SYN)) {
        *out_certain = true;
        return packet->tcp_flags & PACKET_ACK ? DIRECTION_REVERSE : DIRECTION_KEEP;
    }
    if (packet->has_icmp_type) {
        const enum direction icmp = by_icmp(packet);
        if (icmp != DIRECTION_UNKNOWN) return icmp;
    }
    if (is_to_many(packet)) return DIRECTION_KEEP;
    if (!packet->has_ports) return DIRECTION_UNKNOWN;
    const enum direction ports = by_ports(packet->sport, packet->dport);
    return ports != DIRECTION_UNKNOWN ? ports : by_end(packet);
}
