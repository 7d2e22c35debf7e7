/* SPDX-License-Identifier: MIT
 *
 * Directions, fragments, the flow table and its rotations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/fragments.h"
#include "capture/options.h"
#include "capture/rotation.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ICMPV6 = 58 };

/* client 10.0.0.1, server 10.0.0.2 */
static struct packet
packet_of(uint8_t proto, uint16_t sport, uint16_t dport, uint8_t flags)
{
    struct packet p = {.proto = proto,
        .sport = sport,
        .dport = dport,
        .tcp_flags = flags,
        .has_ports = true,
        .is_v4 = true,
        .wire_bytes = 100};
    memcpy(p.sip, "\x0a\0\0\x01", 4);
    memcpy(p.dip, "\x0a\0\0\x02", 4);
    return p;
}

/* The same packet on its way back. */
static struct packet
answer_to(struct packet p, uint8_t flags)
{
    struct packet back = p;
    memcpy(back.sip, p.dip, 16);
    memcpy(back.dip, p.sip, 16);
    back.sport = p.dport;
    back.dport = p.sport;
    back.tcp_flags = flags;
    back.direction = PACKET_SENT;
    return back;
}

static void
directions_follow_the_rules_in_their_order(void **state)
{
    (void)state;
    static const struct {
        uint8_t proto;
        uint16_t sport, dport;
        uint8_t flags;
        enum direction want;
    } cases[] = {
        {TCP, 40000, 443, PACKET_SYN, DIRECTION_KEEP},
        {TCP, 443, 40000, PACKET_SYN | PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 443, 40000, PACKET_SYN, DIRECTION_KEEP},        /* a server that calls */
        {TCP, 40000, 443, PACKET_SYN | 0xc0, DIRECTION_KEEP}, /* with ECN */
        {TCP, 40000, 443, PACKET_ACK, DIRECTION_KEEP},
        {TCP, 443, 40000, PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 20001, 1023, PACKET_ACK, DIRECTION_KEEP},
        {TCP, 20000, 1023, PACKET_ACK, DIRECTION_UNKNOWN},
        {TCP, 25000, 5222, PACKET_ACK, DIRECTION_KEEP},
        {TCP, 8080, 25000, PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 1352, 25000, PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 40000, 9999, PACKET_ACK, DIRECTION_KEEP},
        {TCP, 9999, 40000, PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 40000, 50000, PACKET_ACK, DIRECTION_UNKNOWN},
        /* The end of a connection, where neither ports nor a handshake tell. */
        {TCP, 40000, 50000, PACKET_FIN, DIRECTION_KEEP},
        {TCP, 40000, 50000, PACKET_FIN | PACKET_ACK, DIRECTION_REVERSE},
        {TCP, 40000, 50000, PACKET_FIN | PACKET_ACK | 8, DIRECTION_UNKNOWN},
        {TCP, 40000, 443, PACKET_FIN | PACKET_ACK, DIRECTION_KEEP},
        {TCP, 443, 40000, PACKET_FIN, DIRECTION_REVERSE},
        {UDP, 40000, 53, 0, DIRECTION_KEEP},
        {UDP, 53, 40000, 0, DIRECTION_REVERSE},
        {UDP, 53, 53, 0, DIRECTION_UNKNOWN},
        {UDP, 68, 67, 0, DIRECTION_KEEP},
        {UDP, 67, 68, 0, DIRECTION_REVERSE},
        /* Relays of DHCP, and what only looks like it. */
        {UDP, 67, 67, 0, DIRECTION_UNKNOWN},
        {UDP, 68, 40000, 0, DIRECTION_REVERSE},
        {UDP, 25000, 1352, 0, DIRECTION_KEEP},
        {UDP, 25000, 5353, 0, DIRECTION_KEEP},
        {UDP, 25000, 8612, 0, DIRECTION_KEEP},
        {UDP, 17500, 25000, 0, DIRECTION_REVERSE},
        {UDP, 25000, 17501, 0, DIRECTION_UNKNOWN},
        {UDP, 32768, 32767, 0, DIRECTION_KEEP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool certain;
        const struct packet p =
            packet_of(cases[i].proto, cases[i].sport, cases[i].dport, cases[i].flags);
        assert_int_equal(direction_of(&p, &certain), cases[i].want);
        assert_int_equal(certain, (cases[i].flags & PACKET_SYN) != 0);
    }
}

static enum direction
direction_to(const char *dip, bool is_v4)
{
    bool certain;
    struct packet p = packet_of(UDP, 53, 40000, 0); /* the ports say: an answer */
    memcpy(p.dip, dip, is_v4 ? 4 : 16);
    p.is_v4 = is_v4;
    const enum direction direction = direction_of(&p, &certain);
    assert_false(certain);
    return direction;
}

static void
to_a_group_or_to_everybody_is_asked(void **state)
{
    (void)state;
    assert_int_equal(direction_to("\xe0\0\0\xfb", true), DIRECTION_KEEP);
    assert_int_equal(direction_to("\xe0\0\1\1", true), DIRECTION_KEEP);
    assert_int_equal(direction_to("\xef\xff\xff\xfa", true), DIRECTION_KEEP);
    assert_int_equal(direction_to("\xff\xff\xff\xff", true), DIRECTION_KEEP);
    assert_int_equal(direction_to("\xf0\0\0\1", true), DIRECTION_REVERSE);
    assert_int_equal(
        direction_to("\xff\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xfb", false), DIRECTION_KEEP);
    /* An IPv6 address that begins like a group of IPv4 is none. */
    assert_int_equal(
        direction_to("\xe0\0\0\xfb\0\0\0\0\0\0\0\0\0\0\0\1", false), DIRECTION_REVERSE);
}

static enum direction
direction_of_icmp(uint8_t proto, uint8_t type)
{
    bool certain;
    struct packet p = packet_of(proto, 0, 0, 0);
    p.has_ports = false;
    p.has_icmp_type = true;
    p.icmp_type = type;
    return direction_of(&p, &certain);
}

static void
icmp_types_ask_and_answer(void **state)
{
    (void)state;
    static const uint8_t asks[] = {8, 13}, answers[] = {0, 3, 11, 12, 14};
    static const uint8_t asks6[] = {128}, answers6[] = {1, 3, 4, 129};
    for (size_t i = 0; i < sizeof asks; i++)
        assert_int_equal(direction_of_icmp(ICMP, asks[i]), DIRECTION_KEEP);
    for (size_t i = 0; i < sizeof answers; i++)
        assert_int_equal(direction_of_icmp(ICMP, answers[i]), DIRECTION_REVERSE);
    for (size_t i = 0; i < sizeof asks6; i++)
        assert_int_equal(direction_of_icmp(ICMPV6, asks6[i]), DIRECTION_KEEP);
    for (size_t i = 0; i < sizeof answers6; i++)
        assert_int_equal(direction_of_icmp(ICMPV6, answers6[i]), DIRECTION_REVERSE);
    assert_int_equal(direction_of_icmp(ICMP, 5), DIRECTION_UNKNOWN);
    assert_int_equal(direction_of_icmp(ICMPV6, 135), DIRECTION_UNKNOWN);
}

static void
a_fragment_without_its_icmp_type_is_no_echo_reply(void **state)
{
    (void)state;
    bool certain;
    struct packet p = packet_of(ICMP, 0, 0, 0);
    p.has_ports = false;
    p.is_fragment = true;
    assert_int_equal(direction_of(&p, &certain), DIRECTION_UNKNOWN);
}

/* A table and the rows of its last interval. */
struct scene {
    struct flowtab *table;
    struct rotation *rotation;
    size_t forgotten;
};

static bool
take(void *arg, const struct flow *flow)
{
    struct scene *scene = arg;
    return rotation_take(scene->rotation, NULL, flow);
}

static void
forget(void *arg, struct flow *flow)
{
    struct scene *scene = arg;
    assert_true(flow->is_used);
    scene->forgotten++;
}

static void
begin(struct scene *scene, size_t max_flows)
{
    const struct flowtab_calls calls = {take, forget, scene};
    *scene = (struct scene){.table = flowtab_new(max_flows, &calls)};
    assert_non_null(scene->table);
}

static struct flow *
add(struct scene *scene, const struct packet *packet, uint16_t iface, bool *forward)
{
    struct flow_place place;
    flowtab_prepare(scene->table, packet, iface, &place);
    flowtab_fetch(scene->table, &place);
    return flowtab_add(scene->table, &place, packet, forward);
}

static void
begin_interval(struct scene *scene)
{
    scene->rotation = rotation_new(4, 300);
    assert_non_null(scene->rotation);
    flowtab_begin_epoch(scene->table);
}

/* The rows of the interval so far, merged; the caller frees. */
static struct rotation *
rows_of(struct scene *scene)
{
    begin_interval(scene);
    assert_false(flowtab_sweep(scene->table, SIZE_MAX));
    assert_true(rotation_merge(scene->rotation));
    return scene->rotation;
}

static void
both_ways_of_a_connection_are_one_flow(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    const struct packet syn = packet_of(TCP, 40000, 443, PACKET_SYN);
    const struct packet back = answer_to(syn, PACKET_SYN | PACKET_ACK);
    bool forward;
    struct flow *flow = add(&scene, &syn, 0, &forward);
    assert_true(forward);
    assert_ptr_equal(add(&scene, &back, 0, &forward), flow);
    assert_false(forward);
    assert_int_equal(flowtab_count(scene.table), 1);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 1);
    assert_memory_equal(rows->rows[0].flow.sip, syn.sip, 16);
    assert_int_equal(rows->rows[0].flow.dport, 443);
    assert_int_equal(rows->rows[0].flow.bytes_rcvd, 100);
    assert_int_equal(rows->rows[0].flow.bytes_sent, 100);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
a_flow_first_seen_by_its_answer_is_turned_round(void **state)
{
    (void)state;
    for (int proto = TCP; proto <= UDP; proto += UDP - TCP) {
        struct scene scene;
        begin(&scene, 100);
        const struct packet ask = packet_of((uint8_t)proto, 40000, 53, 0);
        const struct packet back = answer_to(ask, 0);
        bool forward;
        add(&scene, &back, 0, &forward);
        add(&scene, &ask, 0, &forward);
        struct rotation *rows = rows_of(&scene);
        assert_int_equal(rows->count, 1);
        assert_memory_equal(rows->rows[0].flow.sip, ask.sip, 16);
        assert_memory_equal(rows->rows[0].flow.dip, ask.dip, 16);
        assert_int_equal(rows->rows[0].flow.dport, 53);
        rotation_free(rows);
        flowtab_free(scene.table);
    }
}

static void
a_handshake_corrects_what_ports_had_said(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    /* Data first (the capture began in between), then the port is used again. */
    const struct packet data = packet_of(TCP, 443, 40000, PACKET_ACK);
    const struct packet syn = packet_of(TCP, 443, 40000, PACKET_SYN);
    bool forward;
    add(&scene, &data, 0, &forward);
    add(&scene, &syn, 0, &forward);
    struct rotation *rows = rows_of(&scene);
    assert_memory_equal(rows->rows[0].flow.sip, syn.sip, 16);
    assert_int_equal(rows->rows[0].flow.dport, 40000);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
source_ports_tell_tcp_flows_apart_but_not_dns_and_udp(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 1000);
    bool forward;
    for (uint16_t port = 40000; port < 40010; port++) {
        struct packet p = packet_of(TCP, port, 443, PACKET_SYN);
        add(&scene, &p, 0, &forward);
        p = packet_of(TCP, port, 53, PACKET_SYN);
        add(&scene, &p, 0, &forward);
        p = packet_of(UDP, port, 123, 0);
        add(&scene, &p, 0, &forward);
    }
    assert_int_equal(flowtab_count(scene.table), 10 + 1 + 1);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 3); /* stored without source ports */
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(rows->rows[i].flow.packets_rcvd, 10);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
interfaces_have_flows_of_their_own(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    const struct packet p = packet_of(UDP, 40000, 53, 0);
    bool forward;
    add(&scene, &p, 0, &forward);
    add(&scene, &p, 3, &forward);
    assert_int_equal(flowtab_count(scene.table), 2);
    flowtab_free(scene.table);
}

static void
a_rotation_keeps_what_goes_on_and_forgets_what_ended(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    const struct packet back = answer_to(packet_of(TCP, 50000, 40000, 0), PACKET_ACK);
    const struct packet syn = packet_of(TCP, 50000, 40000, PACKET_SYN);
    const struct packet other = packet_of(UDP, 1, 2, 0);
    bool forward;
    add(&scene, &syn, 0, &forward);
    add(&scene, &other, 0, &forward);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 2);
    rotation_free(rows);
    assert_int_equal(flowtab_count(scene.table), 2);
    /* The ports alone would not tell, but the table remembers the handshake. */
    add(&scene, &back, 0, &forward);
    rows = rows_of(&scene);
    assert_int_equal(rows->count, 1);
    assert_memory_equal(rows->rows[0].flow.sip, syn.sip, 16);
    assert_int_equal(rows->rows[0].flow.packets_sent, 1);
    assert_int_equal(rows->rows[0].flow.packets_rcvd, 0);
    rotation_free(rows);
    assert_int_equal(flowtab_count(scene.table), 1);
    flowtab_free(scene.table);
}

static void
a_growing_table_finds_every_flow_again(void **state)
{
    (void)state;
    enum { FLOWS = 50000 };
    struct scene scene;
    begin(&scene, FLOWS);
    bool forward;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < FLOWS; i++) {
            struct packet p = packet_of(UDP, 40000, 53, 0);
            memcpy(p.sip, &i, sizeof i);
            if (pass == 1) p = answer_to(p, 0);
            assert_non_null(add(&scene, &p, 0, &forward));
            assert_int_equal(forward, pass == 0);
        }
    assert_int_equal(flowtab_count(scene.table), FLOWS);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, FLOWS);
    for (size_t i = 0; i < FLOWS; i++) {
        assert_int_equal(rows->rows[i].flow.packets_rcvd, 1);
        assert_int_equal(rows->rows[i].flow.packets_sent, 1);
    }
    rotation_free(rows);
    rows = rows_of(&scene);
    assert_int_equal(rows->count, 0);
    assert_int_equal(flowtab_count(scene.table), 0);
    assert_int_equal(scene.forgotten, FLOWS);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
what_a_full_table_has_no_room_for_is_counted_without_addresses(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 10);
    bool forward;
    uint64_t packets = 0, bytes = 0;
    for (uint16_t port = 1; port <= 40; port++) {
        struct packet p = packet_of(port % 4 ? UDP : TCP, 50000, port, 0);
        assert_non_null(add(&scene, &p, port % 2, &forward));
        p = answer_to(p, 0);
        assert_non_null(add(&scene, &p, port % 2, &forward));
    }
    const struct flowtab_lack lack = flowtab_take_lack(scene.table);
    assert_int_equal(lack.shared_packets, 60);
    assert_int_equal(lack.lost_packets, 0);
    assert_int_equal(flowtab_take_lack(scene.table).shared_packets, 0);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 10 + 3); /* UDP on both interfaces, TCP on one */
    for (size_t i = 0; i < rows->count; i++) {
        packets += rows->rows[i].flow.packets_rcvd + rows->rows[i].flow.packets_sent;
        bytes += rows->rows[i].flow.bytes_rcvd + rows->rows[i].flow.bytes_sent;
    }
    assert_int_equal(packets, 80);
    assert_int_equal(bytes, 8000);
    rotation_free(rows);
    flowtab_free(scene.table);
}

/* What is to be found in the rows of each interval, counted beside the table. */
enum { MODEL_FLOWS = 3000, MODEL_INTERVALS = 30, MODEL_PACKETS = 4000 };

static unsigned
pick(uint64_t *seed, unsigned below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((*seed >> 33) % below);
}

static struct packet
model_packet(uint64_t *seed, uint32_t i)
{
    struct packet p = packet_of(i % 3 ? TCP : UDP, (uint16_t)(40000 + i % 7), 443, 0);
    memcpy(p.sip + 1, &i, 3);
    return pick(seed, 2) ? p : answer_to(p, PACKET_ACK);
}

static void
expect_counts(struct rotation *rows, const uint32_t *wanted)
{
    uint32_t got[MODEL_FLOWS] = {0};
    assert_true(rotation_merge(rows));
    for (size_t i = 0; i < rows->count; i++) {
        const struct godb_flow *flow = &rows->rows[i].flow;
        uint32_t number = 0;
        memcpy(&number, flow->sip + 1, 3);
        assert_true(number < MODEL_FLOWS);
        assert_int_equal(flow->dport, 443);
        got[number] += (uint32_t)(flow->packets_rcvd + flow->packets_sent);
    }
    assert_memory_equal(got, wanted, sizeof got);
    rotation_free(rows);
}

static void
each_packet_counts_once_and_in_its_interval_however_the_table_is_swept(void **state)
{
    (void)state;
    static uint32_t wanted[MODEL_FLOWS], before[MODEL_FLOWS];
    struct scene scene;
    uint64_t seed = 7;
    bool forward;
    begin(&scene, MODEL_FLOWS);
    for (int interval = 0; interval < MODEL_INTERVALS; interval++) {
        /* Others each time: flows end, and come back. */
        const unsigned base = pick(&seed, MODEL_FLOWS);
        memset(wanted, 0, sizeof wanted);
        for (int i = 0; i < MODEL_PACKETS; i++) {
            const uint32_t number = (base + pick(&seed, 900)) % MODEL_FLOWS;
            const struct packet p = model_packet(&seed, number);
            assert_non_null(add(&scene, &p, 0, &forward));
            wanted[number]++;
            if (pick(&seed, 8) == 0) flowtab_sweep(scene.table, pick(&seed, 20));
        }
        if (scene.rotation) {
            flowtab_sweep(scene.table, SIZE_MAX);
            expect_counts(scene.rotation, before);
        }
        memcpy(before, wanted, sizeof before);
        begin_interval(&scene);
    }
    assert_true(scene.forgotten > 1000);
    assert_int_equal(flowtab_take_lack(scene.table).shared_packets, 0);
    rotation_free(scene.rotation);
    flowtab_free(scene.table);
}

/* The index doubles where a part of it is three quarters full: right behind that it is
 * largest. */
static void
a_flow_takes_112_bytes_at_most(void **state)
{
    (void)state;
    enum { FLOWS = 900000 };
    struct scene scene;
    size_t most = 0;
    bool forward;
    begin(&scene, FLOWS);
    for (uint32_t i = 0; i < FLOWS; i++) {
        struct packet p = packet_of(UDP, 40000, 53, 0);
        memcpy(p.sip, &i, sizeof i);
        assert_non_null(add(&scene, &p, i % 3 ? 1 : 2, &forward));
        if (i < 100000 || i % 1000 != 0) continue;
        const size_t bytes = flowtab_bytes(scene.table) / (i + 1);
        if (bytes > most) most = bytes;
    }
    print_message("# %zu bytes a flow at most\n", most);
    assert_true(most <= 112);
    assert_int_equal(flowtab_count_of(scene.table, 1), FLOWS / 3 * 2);
    assert_int_equal(flowtab_count_of(scene.table, 2), FLOWS / 3);
    /* What was forgotten makes room: the next ones take no more. */
    const size_t bytes = flowtab_bytes(scene.table);
    rotation_free(rows_of(&scene));
    rotation_free(rows_of(&scene));
    assert_int_equal(flowtab_count_of(scene.table, 1), 0);
    for (uint32_t i = FLOWS; i < 2 * FLOWS; i++) {
        struct packet p = packet_of(UDP, 40000, 53, 0);
        memcpy(p.sip, &i, sizeof i);
        assert_non_null(add(&scene, &p, 0, &forward));
    }
    assert_true(flowtab_bytes(scene.table) <= bytes + bytes / 20);
    assert_int_equal(flowtab_take_lack(scene.table).shared_packets, 0);
    flowtab_free(scene.table);
}

static void
memory_says_how_many_flows_there_may_be(void **state)
{
    (void)state;
    assert_int_equal(options_flows_for(0), 65536);
    assert_int_equal(options_flows_for(UINT64_C(256) << 20), 131072);
    assert_int_equal(options_flows_for(UINT64_C(1) << 30), 524288);
    assert_int_equal(options_flows_for(UINT64_C(24) << 30), 12582912);
    assert_int_equal(options_flows_for(UINT64_C(1) << 40), 16777216);
}

static void
later_fragments_get_the_ports_of_the_first(void **state)
{
    (void)state;
    static struct fragments fragments;
    struct packet first = packet_of(UDP, 40000, 53, 0);
    first.is_fragment = first.is_first_fragment = true;
    first.fragment_id = 77;
    fragments_apply(&fragments, &first);
    struct packet later = packet_of(UDP, 0, 0, 0);
    later.is_fragment = true;
    later.has_ports = false;
    later.fragment_id = 77;
    fragments_apply(&fragments, &later);
    assert_true(later.has_ports);
    assert_int_equal(later.dport, 53);
    struct packet stranger = later;
    stranger.has_ports = false;
    stranger.fragment_id = 78;
    fragments_apply(&fragments, &stranger);
    assert_false(stranger.has_ports);
}

/* Much more of them than the cache has slots, which differ from the first in one thing.
 */
static void
datagrams_that_meet_in_the_cache_do_not_share_ports(void **state)
{
    (void)state;
    static struct fragments fragments;
    struct packet first = packet_of(UDP, 40000, 53, 0);
    first.is_fragment = first.is_first_fragment = true;
    first.fragment_id = 77;
    first.fragment_proto = UDP;
    fragments_apply(&fragments, &first);
    for (uint32_t i = 1; i < 20 * FRAGMENTS_SLOTS; i++)
        for (int what = 0; what < 4; what++) {
            struct packet other = first;
            other.is_first_fragment = other.has_ports = false;
            other.sport = other.dport = 0;
            if (what == 0) other.fragment_id += i;
            if (what == 1) other.ifindex += i;
            if (what == 2) memcpy(other.sip + 8, &i, sizeof i);
            if (what == 3) memcpy(other.dip + 8, &i, sizeof i);
            fragments_apply(&fragments, &other);
            assert_false(other.has_ports);
        }
    /* Another protocol's datagram may have the same number. */
    for (uint32_t i = 0; i < 20 * FRAGMENTS_SLOTS; i++) {
        struct packet one = first, other = first;
        one.fragment_id = other.fragment_id = i;
        other.is_first_fragment = other.has_ports = false;
        other.fragment_proto = (uint8_t)(UDP + 1 + i % 200);
        fragments_apply(&fragments, &one);
        fragments_apply(&fragments, &other);
        assert_false(other.has_ports);
    }
}

static void
an_address_that_talks_to_itself_has_one_flow_of_it(void **state)
{
    (void)state;
    struct scene scene;
    bool forward, backward;
    begin(&scene, 100);
    struct packet there = packet_of(TCP, 40000, 443, PACKET_ACK);
    memcpy(there.dip, there.sip, 16);
    const struct packet back = answer_to(there, PACKET_ACK);
    struct flow *flow = add(&scene, &there, 0, &forward);
    assert_ptr_equal(add(&scene, &back, 0, &backward), flow);
    assert_int_not_equal(forward, backward);
    assert_int_equal(flowtab_count(scene.table), 1);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->rows[0].flow.dport, 443);
    assert_int_equal(rows->rows[0].flow.bytes_rcvd, 100);
    assert_int_equal(rows->rows[0].flow.bytes_sent, 100);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
a_later_fragment_takes_the_protocol_that_the_first_one_showed(void **state)
{
    (void)state;
    static struct fragments fragments;
    /* Behind the fragment header stand destination options, then UDP. */
    struct packet first = packet_of(UDP, 40000, 53, 0);
    first.is_v4 = false;
    first.is_fragment = first.is_first_fragment = true;
    first.fragment_id = 77;
    first.fragment_proto = 60;
    fragments_apply(&fragments, &first);
    struct packet later = packet_of(60, 0, 0, 0);
    later.is_v4 = false;
    later.is_fragment = true;
    later.has_ports = false;
    later.fragment_id = 77;
    later.fragment_proto = 60;
    fragments_apply(&fragments, &later);
    assert_true(later.has_ports);
    assert_int_equal(later.proto, UDP);
    assert_int_equal(later.sport, 40000);
    assert_int_equal(later.dport, 53);
    /* And where there are no ports. */
    first.proto = ICMPV6;
    first.has_ports = false;
    first.sport = first.dport = 0;
    fragments_apply(&fragments, &first);
    later.proto = 60;
    fragments_apply(&fragments, &later);
    assert_int_equal(later.proto, ICMPV6);
    assert_false(later.has_ports);
}

static void
frames_longer_than_16_bits_count_whole(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    struct packet p = packet_of(TCP, 40000, 443, PACKET_ACK);
    bool forward;
    p.wire_bytes = 185000; /* what BIG TCP hands to the card at once */
    add(&scene, &p, 0, &forward);
    p.wire_bytes = 65550;
    add(&scene, &p, 0, &forward);
    p = answer_to(p, PACKET_ACK);
    p.wire_bytes = UINT32_MAX;
    add(&scene, &p, 0, &forward);
    add(&scene, &p, 0, &forward);
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 1);
    assert_int_equal(rows->rows[0].flow.bytes_rcvd, 185000 + 65550);
    assert_int_equal(rows->rows[0].flow.bytes_sent, 2 * (uint64_t)UINT32_MAX);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
answers_seen_first_have_flows_of_their_own_until_a_request_comes(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    bool forward;
    /* Three client ports, of which one asks too. */
    for (uint16_t port = 40000; port < 40003; port++) {
        const struct packet back = answer_to(packet_of(UDP, port, 443, 0), 0);
        add(&scene, &back, 0, &forward);
    }
    assert_int_equal(flowtab_count(scene.table), 3);
    const struct packet ask = packet_of(UDP, 40009, 443, 0);
    add(&scene, &ask, 0, &forward);
    assert_int_equal(flowtab_count(scene.table), 4);
    /* The ports tell, so that they are one row all the same. */
    struct rotation *rows = rows_of(&scene);
    assert_int_equal(rows->count, 1);
    assert_memory_equal(rows->rows[0].flow.sip, ask.sip, 16);
    assert_int_equal(rows->rows[0].flow.dport, 443);
    assert_int_equal(rows->rows[0].flow.packets_rcvd, 1);
    assert_int_equal(rows->rows[0].flow.packets_sent, 3);
    rotation_free(rows);
    flowtab_free(scene.table);
}

static void
a_flow_of_no_known_direction_keeps_that_of_its_first_packet(void **state)
{
    (void)state;
    for (int proto = TCP; proto <= UDP; proto += UDP - TCP) {
        struct scene scene;
        begin(&scene, 100);
        const struct packet first =
            answer_to(packet_of((uint8_t)proto, 50000, 40000, PACKET_ACK), PACKET_ACK);
        const struct packet second = answer_to(first, PACKET_ACK);
        bool forward;
        add(&scene, &first, 0, &forward);
        add(&scene, &second, 0, &forward);
        struct rotation *rows = rows_of(&scene);
        assert_int_equal(rows->count, 1);
        assert_memory_equal(rows->rows[0].flow.sip, first.sip, 16);
        assert_int_equal(rows->rows[0].flow.dport, 50000);
        rotation_free(rows);
        flowtab_free(scene.table);
    }
}

static void
rows_kept_from_a_failed_block_are_summed_into_the_next(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene, 100);
    const struct packet p = packet_of(UDP, 40000, 53, 0);
    bool forward;
    add(&scene, &p, 2, &forward);
    struct rotation *failed = rows_of(&scene);
    add(&scene, &p, 2, &forward);
    begin_interval(&scene);
    struct rotation *next = scene.rotation;
    assert_true(rotation_add(next, failed->rows, failed->count));
    assert_false(flowtab_sweep(scene.table, SIZE_MAX));
    assert_true(rotation_merge(next));
    assert_int_equal(next->count, 1);
    assert_int_equal(next->rows[0].iface, 2);
    assert_int_equal(next->rows[0].flow.packets_rcvd, 2);
    rotation_free(failed);
    rotation_free(next);
    flowtab_free(scene.table);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_follow_the_rules_in_their_order),
        cmocka_unit_test(to_a_group_or_to_everybody_is_asked),
        cmocka_unit_test(icmp_types_ask_and_answer),
        cmocka_unit_test(a_fragment_without_its_icmp_type_is_no_echo_reply),
        cmocka_unit_test(both_ways_of_a_connection_are_one_flow),
        cmocka_unit_test(a_flow_first_seen_by_its_answer_is_turned_round),
        cmocka_unit_test(a_handshake_corrects_what_ports_had_said),
        cmocka_unit_test(source_ports_tell_tcp_flows_apart_but_not_dns_and_udp),
        cmocka_unit_test(interfaces_have_flows_of_their_own),
        cmocka_unit_test(a_rotation_keeps_what_goes_on_and_forgets_what_ended),
        cmocka_unit_test(a_growing_table_finds_every_flow_again),
        cmocka_unit_test(
            what_a_full_table_has_no_room_for_is_counted_without_addresses),
        cmocka_unit_test(
            each_packet_counts_once_and_in_its_interval_however_the_table_is_swept),
        cmocka_unit_test(a_flow_takes_112_bytes_at_most),
        cmocka_unit_test(memory_says_how_many_flows_there_may_be),
        cmocka_unit_test(later_fragments_get_the_ports_of_the_first),
        cmocka_unit_test(datagrams_that_meet_in_the_cache_do_not_share_ports),
        cmocka_unit_test(an_address_that_talks_to_itself_has_one_flow_of_it),
        cmocka_unit_test(a_later_fragment_takes_the_protocol_that_the_first_one_showed),
        cmocka_unit_test(frames_longer_than_16_bits_count_whole),
        cmocka_unit_test(
            answers_seen_first_have_flows_of_their_own_until_a_request_comes),
        cmocka_unit_test(a_flow_of_no_known_direction_keeps_that_of_its_first_packet),
        cmocka_unit_test(rows_kept_from_a_failed_block_are_summed_into_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
