/* SPDX-License-Identifier: MIT
 *
 * A recorded capture for benchmarks: many connections at once, packets of all of them
 * mixed.
 *
 *     capture_make_packets FILE FLOWS PACKETS SNAPLEN
 *
 * Of the flows 60 % are TLS, 15 % HTTP, 15 % DNS, the rest is nothing known; 15 % are
 * IPv6.  Half of the packets are of any flow, half of few busy ones.  300 seconds long,
 * and the same each time.
 */
#include <inttypes.h>
#include <math.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TCP = 6,
    UDP = 17,
    ETHERNET = 14,
    FRAME_MAX = 1600,
    DATA_BYTES = 1400,
    START_S = 1700006400,
    SPAN_US = 299000000,
    FIN_FLAG = 1,
    SYN = 2,
    PUSH = 8,
    ACK = 16
};

enum app { APP_TLS, APP_HTTP, APP_DNS, APP_OTHER };

struct maker {
    uint64_t random;
    uint32_t flow_count;
    uint8_t *stages; /* packets that each flow has had, up to 255 */
    pcap_dumper_t *out;
    bpf_u_int32 snaplen;
};

/* One packet to be built. */
struct build {
    uint64_t traits; /* what is fixed for its flow */
    enum app app;
    int stage;
    int proto;
    int is_v6, is_answer;
    uint8_t flags;
    uint8_t frame[FRAME_MAX];
    size_t payload_bytes;
};

static uint64_t
mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t
next_random(struct maker *maker)
{
    maker->random += UINT64_C(0x9e3779b97f4a7c15);
    return mix(maker->random);
}

static void
put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static uint32_t
choose_flow(struct maker *maker)
{
    const uint64_t r = next_random(maker);
    if (r & 1) return (uint32_t)((r >> 8) % maker->flow_count);
    const double part = (double)(r >> 11) / 9007199254740992.0;
    const uint32_t rank = (uint32_t)pow(maker->flow_count, part);
    return (uint32_t)(mix(rank) % maker->flow_count);
}

/* --- Payloads --------------------------------------------------------------------- */

static size_t
tls_hello(uint8_t *to)
{
    static const char name[] = "www.example.org";
    const size_t name_bytes = sizeof name - 1, extension = name_bytes + 9;
    const size_t body = 2 + 32 + 1 + 2 + 2 + 2 + 2 + extension;
    uint8_t *at = to;
    memcpy(at, "\x16\x03\x01", 3);
    put16(at + 3, (unsigned)body + 4);
    memcpy(at + 5, "\x01\x00", 2);
    put16(at + 7, (unsigned)body);
    at += 9;
    memcpy(at, "\x03\x03", 2);
    memset(at + 2, 0x5a, 32);
    at += 34;
    memcpy(at, "\x00\x00\x02\x13\x01\x01\x00", 7); /* no session, one cipher */
    put16(at + 7, (unsigned)extension);
    at += 9;
    put16(at, 0); /* server name */
    put16(at + 2, (unsigned)name_bytes + 5);
    put16(at + 4, (unsigned)name_bytes + 3);
    at[6] = 0;
    put16(at + 7, (unsigned)name_bytes);
    memcpy(at + 9, name, name_bytes);
    return (size_t)(at + extension - to);
}

static size_t
dns(uint8_t *to, const struct build *build)
{
    static const uint8_t question[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, 'w', 'w',
        'w', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 0, 1, 0, 1};
    static const uint8_t answer[] = {
        0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 34};
    memcpy(to, question, sizeof question);
    put16(to, (unsigned)(build->traits & 0xffff));
    if (!build->is_answer) return sizeof question;
    to[2] = 0x81;
    to[3] = 0x80;
    to[7] = 1;
    memcpy(to + sizeof question, answer, sizeof answer);
    return sizeof question + sizeof answer;
}

static size_t
first_request(uint8_t *to, const struct build *build)
{
    if (build->app == APP_TLS) return tls_hello(to);
    if (build->app == APP_HTTP)
        return (size_t)sprintf((char *)to,
            "GET /%u HTTP/1.1\r\nHost: host%u.example.org\r\nAccept: */*\r\n\r\n",
            (unsigned)(build->traits & 0xfff), (unsigned)(build->traits >> 12 & 0xfff));
    for (size_t i = 0; i < 120; i++)
        to[i] = (uint8_t)mix(build->traits + i);
    return 120;
}

/* Handshake, request, then data, most of it from the server. */
static size_t
tcp_payload(struct build *build, uint8_t *to, uint64_t random)
{
    switch (build->stage) {
    case 0:
        build->flags = SYN;
        return 0;
    case 1:
        build->flags = SYN | ACK;
        build->is_answer = 1;
        return 0;
    case 2:
        build->flags = ACK;
        return 0;
    case 3:
        build->flags = PUSH | ACK;
        return first_request(to, build);
    default:
        build->flags = ACK;
        build->is_answer = build->stage == 4 || (random & 1) != 0;
        if (random & 2) return 0;
        memset(to, 0x5a, DATA_BYTES);
        return build->is_answer ? DATA_BYTES : 200;
    }
}

static size_t
udp_payload(struct build *build, uint8_t *to, uint64_t random)
{
    build->is_answer = build->app == APP_DNS ? build->stage & 1 : (int)(random & 1);
    if (build->app == APP_DNS) return dns(to, build);
    memset(to, 0x5a, 900);
    memcpy(to, &random, sizeof random);
    return random & 2 ? 180 : 900;
}

/* --- Headers ---------------------------------------------------------------------- */

static void
put_ends(const struct build *build, uint8_t *addresses, size_t width, uint8_t *ports)
{
    static const uint8_t nets[2][12] = {
        {0x20, 1, 0x0d, 0xb8, 0, 1}, {0x20, 1, 0x0d, 0xb8, 0, 2}};
    static const uint16_t server_ports[] = {
        [APP_TLS] = 443, [APP_HTTP] = 80, [APP_DNS] = 53};
    const uint32_t client = 10u << 24 | (uint32_t)(build->traits >> 8 & 0xffffff);
    const uint32_t server =
        198u << 24 | 18u << 16 | (uint32_t)(build->traits >> 40 & 0x1ffff);
    const unsigned other = 20000 + (unsigned)(build->traits >> 32 & 0x3fff);
    const unsigned port[2] = {1024 + (unsigned)(build->traits >> 16 & 0xffff) % 64000,
        build->app == APP_OTHER ? other : server_ports[build->app]};
    for (int end = 0; end < 2; end++) {
        const int which = end ^ build->is_answer;
        uint8_t *to = addresses + (size_t)end * width;
        if (width == 16) memcpy(to, nets[which], 12);
        const uint32_t host = which == 0 ? client : server;
        put16(to + width - 4, host >> 16);
        put16(to + width - 2, host & 0xffff);
        put16(ports + 2 * end, port[which]);
    }
}

/* Returns the length of the frame. */
static size_t
put_headers(struct build *build)
{
    uint8_t *ip = build->frame + ETHERNET;
    const size_t ip_bytes = build->is_v6 ? 40 : 20;
    uint8_t *transport = ip + ip_bytes;
    const size_t transport_bytes = build->proto == TCP ? 20 : 8;
    const size_t payload = transport_bytes + build->payload_bytes;
    memset(build->frame, 0, ETHERNET + ip_bytes + transport_bytes);
    build->frame[0] = build->frame[6] = 2;
    put16(build->frame + 12, build->is_v6 ? 0x86dd : 0x0800);
    if (build->is_v6) {
        ip[0] = 0x60;
        put16(ip + 4, (unsigned)payload);
        ip[6] = (uint8_t)build->proto;
        ip[7] = 64;
    } else {
        ip[0] = 0x45;
        put16(ip + 2, (unsigned)(ip_bytes + payload));
        ip[8] = 64;
        ip[9] = (uint8_t)build->proto;
    }
    put_ends(build, ip + (build->is_v6 ? 8 : 12), build->is_v6 ? 16 : 4, transport);
    if (build->proto == TCP) {
        transport[4] = (uint8_t)build->stage;
        transport[12] = 0x50;
        transport[13] = build->flags;
    } else {
        put16(transport + 4, (unsigned)payload);
    }
    return ETHERNET + ip_bytes + payload;
}

static size_t
build_packet(struct maker *maker, struct build *build)
{
    const uint32_t flow = choose_flow(maker);
    const uint64_t random = next_random(maker);
    build->traits = mix(flow + UINT64_C(0x5851f42d4c957f2d));
    const unsigned kind = (unsigned)(build->traits % 100);
    build->app = kind < 60   ? APP_TLS
                 : kind < 75 ? APP_HTTP
                 : kind < 90 ? APP_DNS
                             : APP_OTHER;
    build->is_v6 = build->traits / 100 % 100 < 15;
    const int is_udp =
        build->app == APP_DNS || (build->app == APP_OTHER && build->traits >> 63);
    build->proto = is_udp ? UDP : TCP;
    build->stage = maker->stages[flow];
    if (maker->stages[flow] < UINT8_MAX) maker->stages[flow]++;
    build->is_answer = 0;
    uint8_t *payload =
        build->frame + ETHERNET + (build->is_v6 ? 40 : 20) + (is_udp ? 8 : 20);
    build->payload_bytes = is_udp ? udp_payload(build, payload, random)
                                  : tcp_payload(build, payload, random);
    return put_headers(build);
}

static void
make_packets(struct maker *maker, uint64_t count)
{
    static struct build build;
    for (uint64_t i = 0; i < count; i++) {
        struct pcap_pkthdr header;
        const size_t length = build_packet(maker, &build);
        const uint64_t us = SPAN_US * i / count;
        header.ts.tv_sec = (time_t)(START_S + 1 + us / 1000000);
        header.ts.tv_usec = (suseconds_t)(us % 1000000);
        header.len = (bpf_u_int32)length;
        header.caplen = header.len < maker->snaplen ? header.len : maker->snaplen;
        pcap_dump((u_char *)maker->out, &header, build.frame);
    }
}

int
main(int argc, char **argv)
{
    if (argc != 5 || atol(argv[2]) < 1 || atol(argv[3]) < 1 || atol(argv[4]) < 64) {
        fprintf(stderr, "usage: %s FILE FLOWS PACKETS SNAPLEN\n", argv[0]);
        return 64;
    }
    struct maker maker = {.random = 1,
        .flow_count = (uint32_t)atol(argv[2]),
        .snaplen = (bpf_u_int32)atol(argv[4])};
    pcap_t *pcap = pcap_open_dead(DLT_EN10MB, (int)maker.snaplen);
    maker.stages = calloc(maker.flow_count, 1);
    maker.out = pcap ? pcap_dump_open(pcap, argv[1]) : NULL;
    if (maker.out == NULL || maker.stages == NULL) {
        fprintf(stderr, "make_packets: %s\n", pcap ? pcap_geterr(pcap) : "no memory");
        return 1;
    }
    make_packets(&maker, (uint64_t)atol(argv[3]));
    const int failed = pcap_dump_flush(maker.out);
    pcap_dump_close(maker.out);
    pcap_close(pcap);
    free(maker.stages);
    return failed ? 1 : 0;
}
