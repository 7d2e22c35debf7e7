/* SPDX-License-Identifier: MIT
 *
 * The packet parser: every link type and header that it knows, and every one of them
 * cut off at every length.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/packet.h"

/* A packet being put together. */
struct build {
    uint8_t bytes[512];
    uint32_t length;
};

static void
put(struct build *b, const char *bytes, size_t count)
{
    assert_true(b->length + count <= sizeof b->bytes);
    memcpy(b->bytes + b->length, bytes, count);
    b->length += (uint32_t)count;
}

#define PUT(b, literal) put(b, literal, sizeof(literal) - 1)

static void
put_ethernet(struct build *b, uint16_t type)
{
    const char bytes[2] = {(char)(type >> 8), (char)type};
    PUT(b, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01");
    put(b, bytes, 2);
}

/* 10.0.0.1 -> 192.168.1.2, with `more` bytes behind the 20 of the header. */
static void
put_ipv4(struct build *b, uint8_t proto, uint16_t fragment, uint16_t more)
{
    char h[20] = {0x45, 0, 0, 0, 0x12, 0x34, 0, 0, 64, 0, 0, 0, 10, 0, 0, 1, (char)192,
        (char)168, 1, 2};
    const uint16_t total = (uint16_t)(20 + more);
    h[2] = (char)(total >> 8);
    h[3] = (char)total;
    h[6] = (char)(fragment >> 8);
    h[7] = (char)fragment;
    h[9] = (char)proto;
    put(b, h, sizeof h);
}

/* 2001:db8::1 -> 2001:db8::2 */
static void
put_ipv6(struct build *b, uint8_t next, uint16_t more)
{
    const char h[8] = {0x60, 0, 0, 0, (char)(more >> 8), (char)more, (char)next, 64};
    put(b, h, sizeof h);
    PUT(b, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01");
    PUT(b, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02");
}

/* 40000 -> 443, flags SYN, with five bytes of payload. */
static void
put_tcp(struct build *b)
{
    PUT(b, "\x9c\x40\x01\xbb\0\0\0\1\0\0\0\0\x50\x02\xff\xff\0\0\0\0hello");
}

/* 5353 -> 53, with four bytes of payload. */
static void
put_udp(struct build *b)
{
    PUT(b, "\x14\xe9\0\x35\0\x0c\0\0data");
}

static enum packet_verdict
parse(struct packet *out, enum packet_link link, const struct build *b)
{
    return packet_parse(out, link, b->bytes, b->length, b->length);
}

static void
expect_tcp_v4(enum packet_link link, const struct build *b)
{
    struct packet p;
    assert_int_equal(parse(&p, link, b), PACKET_OK);
    assert_true(p.is_v4);
    assert_memory_equal(p.sip, "\x0a\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(p.dip, "\xc0\xa8\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(p.proto, 6);
    assert_true(p.has_ports);
    assert_int_equal(p.sport, 40000);
    assert_int_equal(p.dport, 443);
    assert_int_equal(p.tcp_flags, PACKET_SYN);
    assert_int_equal(p.payload_bytes, 5);
    assert_int_equal(p.ip_bytes, 45);
}

static void
tcp_over_ipv4_is_found_behind_every_link_header(void **state)
{
    (void)state;
    static const struct {
        enum packet_link link;
        const char *header;
        size_t length;
    } links[] = {
        {PACKET_RAW, "", 0},
        {PACKET_ETHERNET, "\1\2\3\4\5\6\1\2\3\4\5\6\x08\x00", 14},
        {PACKET_ETHERNET, "\1\2\3\4\5\6\1\2\3\4\5\6\x81\x00\0\x64\x08\x00", 18},
        {PACKET_ETHERNET,
            "\1\2\3\4\5\6\1\2\3\4\5\6\x88\xa8\0\x64\x81\x00\0\x65\x08\x00", 22},
        {PACKET_ETHERNET, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\x64\x11\0\0\1\0\x2f\x00\x21",
            22},
        {PACKET_ETHERNET, "\1\2\3\4\5\6\1\2\3\4\5\6\x88\x47\0\0\x10\x40\0\0\x21\x40",
            22},
        {PACKET_SLL, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00", 16},
        {PACKET_SLL2, "\x08\0\0\0\0\0\0\x07\0\1\0\6\1\2\3\4\5\6\0\0", 20},
        {PACKET_NULL, "\2\0\0\0", 4},
        {PACKET_NULL, "\0\0\0\2", 4},
        {PACKET_PPP, "\xff\3\0\x21", 4},
        {PACKET_PPP, "\0\x21", 2},
    };
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        struct build b = {.length = 0};
        put(&b, links[i].header, links[i].length);
        /* The second MPLS label is the bottom of the stack. */
        if (links[i].length == 22 && memcmp(links[i].header + 12, "\x88\x47", 2) == 0)
            b.bytes[20] |= 1;
        put_ipv4(&b, 6, 0, 25);
        put_tcp(&b);
        expect_tcp_v4(links[i].link, &b);
    }
}

static void
cooked_headers_tell_direction_interface_and_the_length_of_the_frame(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    PUT(&b, "\x08\0\0\0\0\0\0\x07\0\1\4\6\1\2\3\4\5\6\0\0");
    put_ipv4(&b, 17, 0, 12);
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_SLL2, &b), PACKET_OK);
    assert_int_equal(p.direction, PACKET_SENT);
    assert_int_equal(p.ifindex, 7);
    assert_int_equal(p.wire_bytes, 32 + 14);
    b.bytes[10] = 0;
    assert_int_equal(parse(&p, PACKET_SLL2, &b), PACKET_OK);
    assert_int_equal(p.direction, PACKET_RECEIVED);
    /* A tunnel (hatype 65534) has no header of its own. */
    b.bytes[8] = 0xff;
    b.bytes[9] = 0xfe;
    assert_int_equal(parse(&p, PACKET_SLL2, &b), PACKET_OK);
    assert_int_equal(p.wire_bytes, 32);
}

static void
extension_headers_of_ipv6_are_stepped_over(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv6(&b, 0, 8 + 16 + 8 + 25);
    PUT(&b, "\x2b\0\1\4\0\0\0\0");                 /* hop by hop */
    PUT(&b, "\x3c\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0"); /* routing */
    PUT(&b, "\x06\0\1\4\0\0\0\0");                 /* destination */
    put_tcp(&b);
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_int_equal(p.proto, 6);
    assert_int_equal(p.dport, 443);
    assert_int_equal(p.payload_bytes, 5);
    assert_false(p.is_v4);
}

static void
fragments_are_told_apart(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 17, 0x2000, 12); /* first of more */
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_true(p.is_fragment && p.is_first_fragment && p.has_ports);
    assert_int_equal(p.fragment_id, 0x1234);
    b.length = 0;
    put_ipv4(&b, 17, 0x0010, 12); /* last, at an offset */
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_true(p.is_fragment && !p.is_first_fragment);
    assert_false(p.has_ports);
    b.length = 0;
    put_ipv6(&b, 44, 8 + 12);
    PUT(&b, "\x11\0\0\1\0\0\xab\xcd"); /* first of more */
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_true(p.is_fragment && p.is_first_fragment && p.has_ports);
    assert_int_equal(p.fragment_id, 0xabcd);
    b.bytes[42] = 0;
    b.bytes[43] = 0x08; /* offset 1 */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_false(p.has_ports);
    b.bytes[43] = 0; /* atomic: neither offset nor more */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_true(!p.is_fragment && p.has_ports);
}

static void
options_of_ipv4_are_stepped_over(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 17, 0, 4 + 12);
    b.bytes[0] = 0x46;
    PUT(&b, "\x94\4\0\0");
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_int_equal(p.dport, 53);
    assert_int_equal(p.payload_bytes, 4);
}

static void
what_is_no_ip_is_not_counted_as_ip(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ethernet(&b, 0x0806);
    PUT(&b, "\0\1\x08\0\6\4\0\1aaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(parse(&p, PACKET_ETHERNET, &b), PACKET_NOT_IP);
    assert_int_equal(p.wire_bytes, b.length);
    b.length = 0;
    PUT(&b, "\x70garbage that is neither version");
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_BAD);
}

static void
a_header_that_contradicts_itself_is_bad(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 6, 0, 25);
    put_tcp(&b);
    b.bytes[0] = 0x44; /* a header of 16 bytes */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_BAD);
    b.bytes[0] = 0x45;
    b.bytes[3] = 19; /* shorter than its header */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_BAD);
}

static void
a_length_of_0_is_segmentation_offload(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 6, 0, 25);
    put_tcp(&b);
    b.bytes[2] = b.bytes[3] = 0;
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_int_equal(p.dport, 443);
    assert_int_equal(p.ip_bytes, 45);
}

static void
padding_behind_the_packet_is_no_payload(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ethernet(&b, 0x0800);
    put_ipv4(&b, 6, 0, 20);
    put_tcp(&b);
    b.length -= 5;
    PUT(&b, "padding padding");
    assert_int_equal(parse(&p, PACKET_ETHERNET, &b), PACKET_OK);
    assert_int_equal(p.payload_bytes, 0);
    assert_int_equal(p.ip_captured_bytes, 40);
}

static void
lengths_of_more_than_16_bits_are_the_frames(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ethernet(&b, 0x0800);
    put_ipv4(&b, 6, 0, 25);
    put_tcp(&b);
    b.bytes[16] = b.bytes[17] = 0; /* offloaded: too long for the field */
    assert_int_equal(
        packet_parse(&p, PACKET_ETHERNET, b.bytes, b.length, 185014), PACKET_OK);
    assert_int_equal(p.wire_bytes, 185014);
    assert_int_equal(p.dport, 443);
    b.length = 0;
    PUT(&b, "\x86\xdd\0\0\0\0\0\x07\0\1\4\6\1\2\3\4\5\6\0\0");
    put_ipv6(&b, 0, 0); /* a jumbogram: hop by hop says how long it is */
    PUT(&b, "\x06\0\xc2\4\0\2\xd2\xa0");
    put_tcp(&b);
    assert_int_equal(
        packet_parse(&p, PACKET_SLL2, b.bytes, b.length, 185020), PACKET_OK);
    assert_int_equal(p.wire_bytes, 185014); /* with an Ethernet header */
    assert_int_equal(p.proto, 6);
    assert_int_equal(p.dport, 443);
}

static void
a_stack_of_tags_or_labels_has_an_end(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    for (int tags = 0; tags <= 5; tags++) {
        b.length = 0;
        PUT(&b, "\x02\0\0\0\0\x02\x02\0\0\0\0\x01");
        for (int i = 0; i < tags; i++)
            PUT(&b, "\x81\0\0\x64");
        PUT(&b, "\x08\0");
        put_ipv4(&b, 17, 0, 12);
        put_udp(&b);
        assert_int_equal(
            parse(&p, PACKET_ETHERNET, &b), tags <= 4 ? PACKET_OK : PACKET_TOO_DEEP);
    }
    b.length = 0;
    put_ethernet(&b, 0x8847);
    for (int i = 0; i < 40; i++)
        PUT(&b, "\0\0\x10\x40");
    assert_int_equal(parse(&p, PACKET_ETHERNET, &b), PACKET_TOO_DEEP);
}

static void
a_chain_of_extension_headers_has_an_end(void **state)
{
    (void)state;
    struct packet p;
    for (int chain = 0; chain <= 20; chain++) {
        struct build b = {.length = 0};
        put_ipv6(&b, chain > 0 ? 60 : 17, (uint16_t)(8 * chain + 12));
        for (int i = 1; i <= chain; i++)
            put(&b, i < chain ? "\x3c\0\1\4\0\0\0\0" : "\x11\0\1\4\0\0\0\0", 8);
        put_udp(&b);
        assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
        assert_int_equal(p.proto, chain <= 16 ? 17 : 60);
        assert_int_equal(p.has_ports, chain <= 16);
    }
}

static void
tunnels_and_esp_are_their_outer_protocol(void **state)
{
    (void)state;
    static const uint8_t protos[] = {47, 4, 41, 50, 51, 2, 89};
    struct packet p;
    for (size_t i = 0; i < sizeof protos; i++) {
        struct build b = {.length = 0};
        put_ipv4(&b, protos[i], 0, 20 + 25);
        put_ipv4(&b, 6, 0, 25);
        put_tcp(&b);
        assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
        assert_int_equal(p.proto, protos[i]);
        assert_false(p.has_ports);
        assert_int_equal(p.sport, 0);
        assert_int_equal(p.dport, 0);
        assert_memory_equal(p.sip, "\x0a\0\0\x01", 4);
    }
}

static void
icmp_types_are_there_when_they_were_captured(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 1, 0, 8);
    PUT(&b, "\x08\0\0\0\0\1\0\1");
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_true(p.has_icmp_type);
    assert_int_equal(p.icmp_type, 8);
    assert_int_equal(packet_parse(&p, PACKET_RAW, b.bytes, 20, b.length), PACKET_OK);
    assert_false(p.has_icmp_type);
    b.bytes[7] = 1; /* a later fragment */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_false(p.has_icmp_type);
}

/* First and later fragments name the same datagram, whatever stands in front of UDP. */
static void
fragments_of_ipv6_are_of_one_datagram_also_with_options(void **state)
{
    (void)state;
    struct packet first, later;
    struct build b = {.length = 0};
    put_ipv6(&b, 44, 8 + 8 + 12);
    PUT(&b, "\x3c\0\0\1\0\0\xab\xcd"); /* first of more */
    PUT(&b, "\x11\0\1\4\0\0\0\0");
    put_udp(&b);
    assert_int_equal(parse(&first, PACKET_RAW, &b), PACKET_OK);
    assert_true(first.is_first_fragment && first.has_ports);
    assert_int_equal(first.proto, 17);
    b.bytes[42] = 0;
    b.bytes[43] = 0x10; /* the last */
    assert_int_equal(parse(&later, PACKET_RAW, &b), PACKET_OK);
    assert_true(later.is_fragment && !later.is_first_fragment);
    assert_int_equal(later.fragment_proto, first.fragment_proto);
    assert_int_equal(later.fragment_id, first.fragment_id);
}

/* --- Odd packets ------------------------------------------------------------------ */

static void
tcp_that_is_cut_off_or_lies_about_its_header_has_ports_and_no_payload(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 6, 0, 25);
    put_tcp(&b);
    assert_int_equal(packet_parse(&p, PACKET_RAW, b.bytes, 24, b.length), PACKET_OK);
    assert_true(p.has_ports && p.dport == 443);
    assert_int_equal(p.tcp_flags, 0);
    b.bytes[20 + 12] = 0x40; /* a header of 16 bytes */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_int_equal(p.tcp_flags, PACKET_SYN);
    assert_int_equal(p.payload_bytes, 0);
    b.bytes[20 + 12] = 0xf0; /* longer than all there is */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_int_equal(p.payload_bytes, 0);
}

static void
ports_that_the_length_leaves_no_room_for_are_none(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 17, 0, 3);
    put_udp(&b); /* padding */
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_false(p.has_ports);
    assert_int_equal(p.ip_bytes, 23);
}

static void
options_of_ipv4_that_are_cut_off_leave_addresses(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    put_ipv4(&b, 17, 0, 40 + 12);
    b.bytes[0] = 0x4f;
    PUT(&b, "\x94\4\0\0");
    assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
    assert_false(p.has_ports);
    assert_int_equal(p.proto, 17);
    assert_memory_equal(p.dip, "\xc0\xa8\x01\x02", 4);
}

static void
an_extension_longer_than_its_packet_ends_it(void **state)
{
    (void)state;
    static const uint8_t extensions[] = {0, 43, 60, 135};
    for (size_t i = 0; i < sizeof extensions; i++) {
        struct packet p;
        struct build b = {.length = 0};
        put_ipv6(&b, extensions[i], 8 + 12);
        PUT(&b, "\x11\xff\1\4\0\0\0\0"); /* of 2048 bytes */
        put_udp(&b);
        assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
        assert_false(p.has_ports);
        assert_int_equal(p.proto, extensions[i]);
        b.bytes[41] = 0;
        assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
        assert_true(p.has_ports && p.dport == 53);
        assert_int_equal(p.payload_bytes, 4);
        b.bytes[5] = 4; /* no room for it at all */
        assert_int_equal(parse(&p, PACKET_RAW, &b), PACKET_OK);
        assert_false(p.has_ports);
    }
}

/* A header of a link, and what comes of IPv4, or of nothing, behind it. */
struct odd_link {
    enum packet_link link;
    const char *header;
    size_t length;
    bool has_ip;
    enum packet_verdict verdict;
};

#define ODD(link, header, has_ip, verdict)                                             \
    {                                                                                  \
        link, header, sizeof(header) - 1, has_ip, verdict                              \
    }
#define MACS "\1\2\3\4\5\6\1\2\3\4\5\6"

static void
odd_headers_of_links_have_the_verdict_that_is_theirs(void **state)
{
    (void)state;
    static const struct odd_link odds[] = {
        ODD(PACKET_ETHERNET, MACS "\x91\x00\0\x64\x08\x00", true, PACKET_OK),
        /* MPLS: cut inside a label, nothing behind the last, no IP behind it */
        ODD(PACKET_ETHERNET, MACS "\x88\x47\0\0", false, PACKET_TRUNCATED),
        ODD(PACKET_ETHERNET, MACS "\x88\x47\0\0\x11\x40", false, PACKET_TRUNCATED),
        ODD(PACKET_ETHERNET, MACS "\x88\x47\0\0\x11\x40\0\0\0\0", true, PACKET_NOT_IP),
        ODD(PACKET_ETHERNET, MACS "\x88\x47\0\0\x11\x40\x60", false, PACKET_TRUNCATED),
        /* PPPoE and PPP: cut off, another protocol, half of address and control */
        ODD(PACKET_ETHERNET, MACS "\x88\x64\x11\0\0", false, PACKET_TRUNCATED),
        ODD(PACKET_ETHERNET, MACS "\x88\x64\x11\0\0\1\0\2\xc0\x21", true,
            PACKET_NOT_IP),
        ODD(PACKET_PPP, "\xff\x04\0\x21", true, PACKET_NOT_IP),
        ODD(PACKET_PPP, "\xff\x03\0", false, PACKET_TRUNCATED),
        /* families of other systems, and none */
        ODD(PACKET_NULL, "\x0a\0\0\0", true, PACKET_OK),
        ODD(PACKET_NULL, "\0\0\0\x18", true, PACKET_OK),
        ODD(PACKET_NULL, "\x1c\0\0\0", true, PACKET_OK),
        ODD(PACKET_NULL, "\x1e\0\0\0", true, PACKET_OK),
        ODD(PACKET_NULL, "\x07\0\0\0", true, PACKET_NOT_IP),
        ODD(PACKET_NULL, "\2\0\0", false, PACKET_TRUNCATED),
        /* a tunnel: bare IP under no type; its types are types all the same */
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\0\0", true, PACKET_OK),
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\0\0", false, PACKET_NOT_IP),
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\0\0\x11", true,
            PACKET_NOT_IP),
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\x81\0\x40\1\x08\0", true,
            PACKET_OK),
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\x88\x47\x40\0\x11\x40", true,
            PACKET_OK),
        ODD(PACKET_SLL, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\x88\x64\x41\0\0\1\0\2\0\x21",
            true, PACKET_OK),
        ODD(PACKET_SLL2, "\0\0\0\0\0\0\0\7\xff\xfe\0\0\0\0\0\0\0\0\0\0", true,
            PACKET_OK),
    };
    for (size_t i = 0; i < sizeof odds / sizeof odds[0]; i++) {
        struct packet p;
        struct build b = {.length = 0};
        put(&b, odds[i].header, odds[i].length);
        if (odds[i].has_ip) {
            put_ipv4(&b, 6, 0, 25);
            put_tcp(&b);
        }
        const enum packet_verdict verdict = parse(&p, odds[i].link, &b);
        if (verdict != odds[i].verdict) fail_msg("header %zu: %d", i, (int)verdict);
        if (verdict == PACKET_OK) expect_tcp_v4(odds[i].link, &b);
    }
}

static void
a_bare_tunnel_of_ipv6_is_ip_too(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    PUT(&b, "\0\0\xff\xfe\0\0\0\0\0\0\0\0\0\0\0\0");
    put_ipv6(&b, 17, 12);
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_SLL, &b), PACKET_OK);
    assert_false(p.is_v4);
    assert_int_equal(p.dport, 53);
}

static void
lo_counts_its_frames_and_a_length_shorter_than_the_header_is_left(void **state)
{
    (void)state;
    struct packet p;
    struct build b = {.length = 0};
    PUT(&b, "\x08\0\0\0\0\0\0\1\3\4\0\6\0\0\0\0\0\0\0\0"); /* hatype 772 */
    put_ipv4(&b, 17, 0, 12);
    put_udp(&b);
    assert_int_equal(parse(&p, PACKET_SLL2, &b), PACKET_OK);
    assert_int_equal(p.wire_bytes, 32 + 14);
    packet_parse(&p, PACKET_SLL2, b.bytes, b.length, 19);
    assert_int_equal(p.wire_bytes, 19 + 14);
}

/* Exact-size copies on the heap, so that a sanitizer sees any byte too far. */
static void
cut_at_every_length(enum packet_link link, const struct build *b)
{
    for (uint32_t length = 0; length <= b->length; length++) {
        struct packet p;
        uint8_t *copy = malloc(length + (length == 0));
        assert_non_null(copy);
        memcpy(copy, b->bytes, length);
        const enum packet_verdict verdict =
            packet_parse(&p, link, copy, length, b->length);
        if (length == b->length) assert_int_equal(verdict, PACKET_OK);
        if (verdict == PACKET_OK) {
            assert_true(p.ip >= copy && p.ip + p.ip_captured_bytes <= copy + length);
            assert_true(p.ip_captured_bytes <= p.ip_bytes);
        }
        free(copy);
    }
}

static void
packets_cut_off_at_every_length_are_never_read_past_their_end(void **state)
{
    (void)state;
    struct build b = {.length = 0};
    put_ethernet(&b, 0x8100);
    PUT(&b, "\0\x64\x08\0");
    put_ipv4(&b, 6, 0, 25);
    put_tcp(&b);
    cut_at_every_length(PACKET_ETHERNET, &b);
    b.length = 0;
    PUT(&b, "\x86\xdd\0\0\0\0\0\x07\0\1\4\6\1\2\3\4\5\6\0\0");
    put_ipv6(&b, 0, 8 + 8 + 8 + 12);
    PUT(&b, "\x2b\0\1\4\0\0\0\0");
    PUT(&b, "\x2c\0\0\0\0\0\0\0");
    PUT(&b, "\x11\0\0\1\0\0\xab\xcd");
    put_udp(&b);
    cut_at_every_length(PACKET_SLL2, &b);
    b.length = 0;
    PUT(&b, "\0\4\0\1\0\6\1\2\3\4\5\6\0\0\x08\x00");
    put_ipv4(&b, 1, 0, 8);
    PUT(&b, "\x08\0\0\0\0\1\0\1");
    cut_at_every_length(PACKET_SLL, &b);
    b.length = 0;
    PUT(&b, "\x1e\0\0\0");
    put_ipv6(&b, 58, 8);
    PUT(&b, "\x80\0\0\0\0\1\0\1");
    cut_at_every_length(PACKET_NULL, &b);
    b.length = 0;
    PUT(&b, "\xff\3\0\x57");
    put_ipv6(&b, 17, 12);
    put_udp(&b);
    cut_at_every_length(PACKET_PPP, &b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tcp_over_ipv4_is_found_behind_every_link_header),
        cmocka_unit_test(
            cooked_headers_tell_direction_interface_and_the_length_of_the_frame),
        cmocka_unit_test(extension_headers_of_ipv6_are_stepped_over),
        cmocka_unit_test(fragments_are_told_apart),
        cmocka_unit_test(options_of_ipv4_are_stepped_over),
        cmocka_unit_test(what_is_no_ip_is_not_counted_as_ip),
        cmocka_unit_test(a_header_that_contradicts_itself_is_bad),
        cmocka_unit_test(a_length_of_0_is_segmentation_offload),
        cmocka_unit_test(padding_behind_the_packet_is_no_payload),
        cmocka_unit_test(lengths_of_more_than_16_bits_are_the_frames),
        cmocka_unit_test(a_stack_of_tags_or_labels_has_an_end),
        cmocka_unit_test(a_chain_of_extension_headers_has_an_end),
        cmocka_unit_test(tunnels_and_esp_are_their_outer_protocol),
        cmocka_unit_test(icmp_types_are_there_when_they_were_captured),
        cmocka_unit_test(fragments_of_ipv6_are_of_one_datagram_also_with_options),
        cmocka_unit_test(
            tcp_that_is_cut_off_or_lies_about_its_header_has_ports_and_no_payload),
        cmocka_unit_test(ports_that_the_length_leaves_no_room_for_are_none),
        cmocka_unit_test(options_of_ipv4_that_are_cut_off_leave_addresses),
        cmocka_unit_test(an_extension_longer_than_its_packet_ends_it),
        cmocka_unit_test(odd_headers_of_links_have_the_verdict_that_is_theirs),
        cmocka_unit_test(a_bare_tunnel_of_ipv6_is_ip_too),
        cmocka_unit_test(
            lo_counts_its_frames_and_a_length_shorter_than_the_header_is_left),
        cmocka_unit_test(packets_cut_off_at_every_length_are_never_read_past_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
