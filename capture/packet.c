/* SPDX-License-Identifier: MIT
 *
 * packet.c -- see packet.h.
 *
 * A cursor walks the headers.  It can only move forward, and only over bytes that are
 * there; take() is the one place that hands bytes out.
 */
#include "capture/packet.h"

#include <string.h>

enum {
    ETHERTYPE_IPV4 = 0x0800,
    ETHERTYPE_IPV6 = 0x86dd,
    ETHERTYPE_VLAN = 0x8100,
    ETHERTYPE_QINQ = 0x88a8,
    ETHERTYPE_QINQ_OLD = 0x9100,
    ETHERTYPE_PPPOE = 0x8864,
    ETHERTYPE_MPLS = 0x8847,
    VLAN_TAGS_MAX = 4,
    MPLS_LABELS_MAX = 16,

    ARPHRD_ETHER_ = 1,
    ARPHRD_LOOPBACK_ = 772,
    SLL_OUTGOING = 4, /* LINUX_SLL_OUTGOING */
    ETHERNET_HEADER = 14,
    SLL_HEADER = 16,
    SLL2_HEADER = 20,

    IPPROTO_HOPOPTS_ = 0,
    IPPROTO_TCP_ = 6,
    IPPROTO_UDP_ = 17,
    IPPROTO_ROUTING_ = 43,
    IPPROTO_FRAGMENT_ = 44,
    IPPROTO_DSTOPTS_ = 60,
    IPPROTO_MH_ = 135,
    IPPROTO_ICMP_ = 1,
    IPPROTO_ICMPV6_ = 58,
    IPPROTO_DCCP_ = 33,
    IPPROTO_SCTP_ = 132,
    IPPROTO_UDPLITE_ = 136,
    EXTENSIONS_MAX = 16
};

struct cursor {
    const uint8_t *at;
    uint32_t left;
};

/* The next `count` bytes, or NULL. */
static const uint8_t *
take(struct cursor *c, uint32_t count)
{
    if (count > c->left) return NULL;
    const uint8_t *bytes = c->at;
    c->at += count;
    c->left -= count;
    return bytes;
}

static uint16_t
be16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint32_t
be32(const uint8_t *bytes)
{
    return (uint32_t)be16(bytes) << 16 | be16(bytes + 2);
}

/* --- Transport --------------------------------------------------------------- */

static void
parse_tcp(struct packet *out, struct cursor c, uint32_t segment_bytes)
{
    const uint8_t *h = take(&c, 14);
    if (h == NULL) return;
    out->tcp_flags = h[13];
    const uint32_t header_bytes = (uint32_t)(h[12] >> 4) * 4;
    if (header_bytes >= 20 && segment_bytes > header_bytes)
        out->payload_bytes = segment_bytes - header_bytes;
}

/* c stands at the transport header, of which segment_bytes were sent. */
static void
parse_transport(struct packet *out, struct cursor c, uint32_t segment_bytes)
{
    const struct cursor start = c;
    const uint8_t *ports;
    switch (out->proto) {
    case IPPROTO_ICMP_:
    case IPPROTO_ICMPV6_:
        out->has_icmp_type = c.left > 0;
        if (out->has_icmp_type) out->icmp_type = *c.at;
        return;
    case IPPROTO_TCP_:
    case IPPROTO_UDP_:
    case IPPROTO_UDPLITE_:
    case IPPROTO_SCTP_:
    case IPPROTO_DCCP_:
        break;
    default:
        return;
    }
    if (segment_bytes < 4 || (ports = take(&c, 4)) == NULL) return;
    out->has_ports = true;
    out->sport = be16(ports);
    out->dport = be16(ports + 2);
    if (out->proto == IPPROTO_TCP_) parse_tcp(out, start, segment_bytes);
    if (out->proto == IPPROTO_UDP_ && segment_bytes > 8)
        out->payload_bytes = segment_bytes - 8;
}

/* A later fragment has no transport header; a first one may have it whole. */
static void
parse_payload(struct packet *out, struct cursor c, uint32_t segment_bytes)
{
    if (out->is_fragment && !out->is_first_fragment) return;
    parse_transport(out, c, segment_bytes);
}

/* --- IP ---------------------------------------------------------------------- */

static enum packet_verdict
parse_ipv4(struct packet *out, struct cursor c)
{
    const struct cursor start = c;
    const uint8_t *h = take(&c, 20);
    if (h == NULL) return PACKET_TRUNCATED;
    const uint32_t header_bytes = (uint32_t)(h[0] & 15) * 4;
    uint32_t total_bytes = be16(h + 2);
    /* TCP segmentation offload leaves 0 for what does not fit into 16 bits. */
    if (total_bytes == 0) total_bytes = start.left;
    if (header_bytes < 20 || total_bytes < header_bytes) return PACKET_BAD;
    const uint16_t fragment = be16(h + 6);
    memcpy(out->sip, h + 12, 4);
    memcpy(out->dip, h + 16, 4);
    out->is_v4 = true;
    out->proto = out->fragment_proto = h[9];
    out->is_fragment = (fragment & 0x3fff) != 0; /* more to come, or an offset */
    out->is_first_fragment = out->is_fragment && (fragment & 0x1fff) == 0;
    out->fragment_id = be16(h + 4);
    out->ip = start.at;
    out->ip_bytes = total_bytes;
    out->ip_captured_bytes = start.left < total_bytes ? start.left : total_bytes;
    c.left = out->ip_captured_bytes - 20;
    if (take(&c, header_bytes - 20) == NULL) return PACKET_OK; /* cut inside options */
    parse_payload(out, c, total_bytes - header_bytes);
    return PACKET_OK;
}

static bool
is_extension(uint8_t proto)
{
    return proto == IPPROTO_HOPOPTS_ || proto == IPPROTO_ROUTING_ ||
           proto == IPPROTO_FRAGMENT_ || proto == IPPROTO_DSTOPTS_ ||
           proto == IPPROTO_MH_;
}

/* Step over one extension header; false where it is not all there: no more was captured
 * than *segment_bytes.  AH is no extension
 * here: it is what the original counts as a protocol of its own. */
static bool
skip_extension(struct packet *out, struct cursor *c, uint32_t *segment_bytes)
{
    const uint8_t *h = take(c, 8);
    if (h == NULL) return false;
    uint32_t more_bytes = (uint32_t)h[1] * 8;
    if (out->proto == IPPROTO_FRAGMENT_) {
        const uint16_t offset = be16(h + 2);
        more_bytes = 0;
        /* An atomic fragment, neither offset nor more to come, is whole. */
        out->is_fragment = (offset & 0xfff9) != 0;
        out->is_first_fragment = out->is_fragment && (offset & 0xfff8) == 0;
        out->fragment_id = be32(h + 4);
        out->fragment_proto = h[0];
    }
    if (take(c, more_bytes) == NULL) return false;
    *segment_bytes -= 8 + more_bytes;
    out->proto = h[0];
    return true;
}

static enum packet_verdict
parse_ipv6(struct packet *out, struct cursor c)
{
    const struct cursor start = c;
    const uint8_t *h = take(&c, 40);
    if (h == NULL) return PACKET_TRUNCATED;
    uint32_t segment_bytes = be16(h + 4);
    /* A jumbogram, or segmentation offload. */
    if (segment_bytes == 0) segment_bytes = c.left;
    memcpy(out->sip, h + 8, 16);
    memcpy(out->dip, h + 24, 16);
    out->proto = h[6];
    out->ip = start.at;
    out->ip_bytes = 40 + segment_bytes;
    out->ip_captured_bytes = start.left < out->ip_bytes ? start.left : out->ip_bytes;
    c.left = out->ip_captured_bytes - 40;
    for (int i = 0; i < EXTENSIONS_MAX && is_extension(out->proto); i++) {
        if (!skip_extension(out, &c, &segment_bytes)) return PACKET_OK;
        if (out->is_fragment && !out->is_first_fragment) return PACKET_OK;
    }
    parse_payload(out, c, segment_bytes);
    return PACKET_OK;
}

static enum packet_verdict
parse_ip(struct packet *out, struct cursor c)
{
    if (c.left == 0) return PACKET_TRUNCATED;
    switch (*c.at >> 4) {
    case 4:
        return parse_ipv4(out, c);
    case 6:
        return parse_ipv6(out, c);
    default:
        return PACKET_BAD;
    }
}

/* --- Link -------------------------------------------------------------------- */

/* The protocol behind a PPP header, with or without address and control bytes. */
static enum packet_verdict
parse_ppp(struct packet *out, struct cursor c)
{
    const uint8_t *h = take(&c, 2);
    if (h != NULL && h[0] == 0xff && h[1] == 0x03) h = take(&c, 2);
    if (h == NULL) return PACKET_TRUNCATED;
    const uint16_t proto = be16(h);
    return proto == 0x0021 || proto == 0x0057 ? parse_ip(out, c) : PACKET_NOT_IP;
}

static enum packet_verdict
parse_mpls(struct packet *out, struct cursor c)
{
    for (int i = 0; i < MPLS_LABELS_MAX; i++) {
        const uint8_t *label = take(&c, 4);
        if (label == NULL) return PACKET_TRUNCATED;
        if ((label[2] & 1) == 0) continue; /* not the bottom of the stack */
        if (c.left == 0) return PACKET_TRUNCATED;
        const uint8_t version = *c.at >> 4;
        return version == 4 || version == 6 ? parse_ip(out, c) : PACKET_NOT_IP;
    }
    return PACKET_TOO_DEEP;
}

static bool
is_vlan(uint16_t type)
{
    return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ ||
           type == ETHERTYPE_QINQ_OLD;
}

/* Step over VLAN tags (802.1Q, QinQ), of which *type is the first. */
static enum packet_verdict
skip_vlans(uint16_t *type, struct cursor *c)
{
    for (int i = 0; is_vlan(*type); i++) {
        if (i == VLAN_TAGS_MAX) return PACKET_TOO_DEEP;
        const uint8_t *tag = take(c, 4);
        if (tag == NULL) return PACKET_TRUNCATED;
        *type = be16(tag + 2);
    }
    return PACKET_OK;
}

static enum packet_verdict
parse_ethertype(struct packet *out, uint16_t type, struct cursor c)
{
    const enum packet_verdict verdict = skip_vlans(&type, &c);
    if (verdict != PACKET_OK) return verdict;
    switch (type) {
    case ETHERTYPE_IPV4:
    case ETHERTYPE_IPV6:
        return parse_ip(out, c);
    case ETHERTYPE_MPLS:
        return parse_mpls(out, c);
    case ETHERTYPE_PPPOE:
        return take(&c, 6) ? parse_ppp(out, c) : PACKET_TRUNCATED;
    default:
        return PACKET_NOT_IP;
    }
}

static enum packet_verdict
parse_ethernet(struct packet *out, struct cursor c)
{
    const uint8_t *h = take(&c, ETHERNET_HEADER);
    if (h == NULL) return PACKET_TRUNCATED;
    return parse_ethertype(out, be16(h + 12), c);
}

/* The frame had a header of its own, which the cooked one replaced. */
static void
count_as_frame(struct packet *out, uint16_t hatype, uint32_t cooked_bytes)
{
    if (out->wire_bytes >= cooked_bytes) out->wire_bytes -= cooked_bytes;
    if (hatype == ARPHRD_ETHER_ || hatype == ARPHRD_LOOPBACK_)
        out->wire_bytes += ETHERNET_HEADER;
}

static enum packet_verdict
parse_cooked(struct packet *out, uint16_t hatype, uint16_t type, struct cursor c)
{
    /* Tunnel devices may carry bare IP under a type that is none. */
    const bool is_bare =
        hatype != ARPHRD_ETHER_ && c.left > 0 && (*c.at >> 4 == 4 || *c.at >> 4 == 6) &&
        type != ETHERTYPE_MPLS && type != ETHERTYPE_PPPOE && type != ETHERTYPE_VLAN;
    return is_bare ? parse_ip(out, c) : parse_ethertype(out, type, c);
}

static enum packet_verdict
parse_sll(struct packet *out, struct cursor c)
{
    const uint8_t *h = take(&c, SLL_HEADER);
    if (h == NULL) return PACKET_TRUNCATED;
    if (be16(h) == SLL_OUTGOING) out->direction = PACKET_SENT;
    count_as_frame(out, be16(h + 2), SLL_HEADER);
    return parse_cooked(out, be16(h + 2), be16(h + 14), c);
}

static enum packet_verdict
parse_sll2(struct packet *out, struct cursor c)
{
    const uint8_t *h = take(&c, SLL2_HEADER);
    if (h == NULL) return PACKET_TRUNCATED;
    out->ifindex = be32(h + 4);
    if (h[10] == SLL_OUTGOING) out->direction = PACKET_SENT;
    count_as_frame(out, be16(h + 8), SLL2_HEADER);
    return parse_cooked(out, be16(h + 8), be16(h), c);
}

/* Families of IPv4 and IPv6 on the systems that write such files; the value is below
 * 256 in the writer's byte order. */
static enum packet_verdict
parse_null(struct packet *out, struct cursor c)
{
    const uint8_t *h = take(&c, 4);
    if (h == NULL) return PACKET_TRUNCATED;
    const uint8_t family = h[0] ? h[0] : h[3];
    const bool is_ip =
        family == 2 || family == 10 || family == 24 || family == 28 || family == 30;
    return is_ip ? parse_ip(out, c) : PACKET_NOT_IP;
}

enum packet_verdict
packet_parse(struct packet *out, enum packet_link link, const uint8_t *bytes,
    uint32_t captured_bytes, uint32_t wire_bytes)
{
    const struct cursor c = {bytes, captured_bytes};
    memset(out, 0, sizeof *out);
    out->wire_bytes = wire_bytes;
    switch (link) {
    case PACKET_ETHERNET:
        return parse_ethernet(out, c);
    case PACKET_SLL:
        return parse_sll(out, c);
    case PACKET_SLL2:
        return parse_sll2(out, c);
    case PACKET_RAW:
        return parse_ip(out, c);
    case PACKET_NULL:
        return parse_null(out, c);
    case PACKET_PPP:
        return parse_ppp(out, c);
    case PACKET_LINK_COUNT:
        break;
    }
    return PACKET_NOT_IP;
}
