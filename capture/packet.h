/* SPDX-License-Identifier: MIT
 *
 * packet.h -- the bytes of one captured packet as addresses, ports and lengths.
 *
 *      link header | VLAN tags | IP header | extension headers | TCP, UDP | payload
 *
 * Pure: no I/O, no memory, no pcap types.  Every byte is hostile and may be missing:
 * what was not captured is never read.
 */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum packet_link {
    PACKET_ETHERNET,
    PACKET_SLL,  /* Linux cooked, version 1 */
    PACKET_SLL2, /* version 2, with the interface's index */
    PACKET_RAW,  /* starts with the IP header */
    PACKET_NULL, /* BSD loopback: four bytes of address family, either byte order */
    PACKET_PPP,
    PACKET_LINK_COUNT
};

enum packet_verdict {
    PACKET_OK,
    PACKET_NOT_IP,    /* ARP, LLDP, ... */
    PACKET_TRUNCATED, /* not enough captured to know its addresses */
    PACKET_BAD,       /* a header contradicts itself */
    PACKET_TOO_DEEP,  /* more VLAN tags or MPLS labels than make sense */
    PACKET_VERDICT_COUNT
};

enum packet_direction {
    PACKET_RECEIVED, /* or the link type cannot tell */
    PACKET_SENT
};

enum { PACKET_FIN = 1, PACKET_SYN = 2, PACKET_RST = 4, PACKET_ACK = 16 };

struct packet {
    uint8_t sip[16], dip[16]; /* IPv4 in the first four bytes, the rest zero */
    uint16_t sport, dport;    /* 0 where has_ports is not set */
    uint8_t proto;            /* of the transport header, behind extension headers */
    uint8_t tcp_flags;
    uint8_t icmp_type;
    bool is_v4;
    bool has_ports; /* TCP, UDP, UDP-Lite, SCTP, DCCP with its ports captured */
    bool has_icmp_type;
    bool is_fragment, is_first_fragment;
    uint8_t fragment_proto; /* what all fragments of the datagram say that it holds */
    uint32_t fragment_id;
    enum packet_direction direction;
    uint32_t ifindex;    /* SLL2; else 0 */
    uint64_t wire_bytes; /* the frame on the wire, link header included */
    const uint8_t *ip;   /* the IP header, inside the caller's bytes */
    uint32_t ip_captured_bytes;
    uint32_t ip_bytes;      /* as the IP header says, at least what was captured */
    uint32_t payload_bytes; /* behind the TCP or UDP header, as the headers say */
};

/* captured_bytes are there, wire_bytes is the packet's length in the capture's terms.
 * PACKET_OK fills *out; otherwise only direction, ifindex and wire_bytes are set.
 *
 * For cooked captures of Ethernet and loopback devices the cooked header is replaced by
 * the 14 bytes of the frame's own, so that bytes are those that the interface counts.
 */
enum packet_verdict packet_parse(struct packet *out, enum packet_link link,
    const uint8_t *bytes, uint32_t captured_bytes, uint32_t wire_bytes);

#endif
