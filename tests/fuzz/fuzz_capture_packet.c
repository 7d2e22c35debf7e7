/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a packet of any link type: what is found lies inside the bytes, and the
 * way through fragments, flow table and nDPI holds.
 *
 *      byte 0     link type
 *      byte 1     how much longer the packet was on the wire
 *      byte 2...  the packet
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/classify.h"
#include "capture/flowtab.h"
#include "capture/fragments.h"
#include "capture/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PACKET_BYTES_MAX = 4096, FEEDS = 12 };

/* Slow to make, so that all inputs share it; it keeps nothing of one for the next. */
static struct classify *
shared_classify(void)
{
    static struct classify *classify;
    if (classify == NULL) classify = classify_new(64 << 10);
    if (classify == NULL) abort();
    return classify;
}

static void
check_bounds(const struct packet *packet, const uint8_t *bytes, size_t size)
{
    if (packet->ip < bytes || packet->ip > bytes + size) abort();
    if (packet->ip_captured_bytes > (size_t)(bytes + size - packet->ip)) abort();
    if (packet->ip_captured_bytes > packet->ip_bytes) abort();
    if (packet->ip_captured_bytes < (packet->is_v4 ? 20 : 40)) abort();
    if (packet->payload_bytes > packet->ip_bytes) abort();
}

static bool
take(void *arg, const struct flow *flow)
{
    (void)arg;
    if (flow->packets_rcvd + flow->packets_sent != FEEDS) abort();
    return true;
}

static void
end_flow(void *arg, struct flow *flow)
{
    classify_end(arg, flow);
}

/* Likewise: making it would take a hundred times as long as the rest. */
static struct flowtab *
shared_table(void)
{
    static struct flowtab *table;
    const struct flowtab_calls calls = {take, end_flow, shared_classify()};
    if (table == NULL) table = flowtab_new(4, &calls);
    if (table == NULL) abort();
    return table;
}

/* As often as it takes until the detection has given up. */
static void
feed(const struct packet *packet)
{
    struct classify *classify = shared_classify();
    struct flowtab *table = shared_table();
    struct flow_place place;
    bool is_forward;
    for (uint64_t i = 0; i < FEEDS; i++) {
        flowtab_prepare(table, packet, 0, &place);
        flowtab_fetch(table, &place);
        struct flow *flow = flowtab_add(table, &place, packet, &is_forward);
        if (flow == NULL || flow->packets_rcvd + flow->packets_sent != i + 1) abort();
        if (!flow->l7_done) classify_packet(classify, flow, packet, is_forward, i);
    }
    flowtab_begin_epoch(table); /* takes its counters */
    flowtab_begin_epoch(table); /* forgets it */
    if (flowtab_sweep(table, 100) || flowtab_count(table) != 0) abort();
    if (classify_count(classify) != 0) abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fragments fragments;
    struct packet packet;
    if (size < 2 || size > PACKET_BYTES_MAX) return 0;
    const enum packet_link link = data[0] % PACKET_LINK_COUNT;
    const size_t captured = size - 2;
    /* A copy of the exact size: a read behind it is seen. */
    uint8_t *bytes = malloc(captured + (captured == 0));
    if (bytes == NULL) return 0;
    memcpy(bytes, data + 2, captured);
    if (packet_parse(&packet, link, bytes, (uint32_t)captured,
            (uint32_t)captured + data[1]) == PACKET_OK) {
        check_bounds(&packet, bytes, captured);
        fragments_apply(&fragments, &packet);
        feed(&packet);
    }
    free(bytes);
    return 0;
}
