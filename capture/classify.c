/* SPDX-License-Identifier: MIT
 *
 * classify.c -- see classify.h.
 *
 * nDPI's states are large, so a TCP flow gets one with its first payload only; the
 * library gives up on connections that it did not see begin, so it is shown a SYN
 * first.  A flow is looked into for 10 (TCP) or 8 (others) packets and as long as the
 * library says that more may come to light, then it guesses.  Compared with looking at
 * 80 and 24 packets this calls the same protocol for 99.9 % of flows at half of the
 * calls.
 */
#include "capture/classify.h"

#include <malloc.h>
#include <ndpi_api.h>
#include <ndpi_main.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/huge_memory.h"

enum {
    TCP = 6,
    UDP = 17,
    TCP_PACKETS = 10,
    OTHER_PACKETS = 8,
    EXTRA_PACKETS = 16,  /* for what refines a protocol that is known already */
    PACKET_MAX = 2048,   /* of a packet that has to be copied */
    IDLE_MS = 30 * 1000, /* without a packet: nothing more is expected */
    IDS_MAX = 512
};

/* Flows know theirs by its number, from 1. */
struct state {
    uint64_t last_ms; /* time of the last packet that it was shown */
    uint32_t next;    /* of those that are free; 0: none */
    uint16_t packet_count;
    bool is_detected;
    struct ndpi_flow_struct ndpi;
};

enum {
    CHUNK_BYTES = HUGE_PAGE_BYTES,
    CHUNK_STATES = CHUNK_BYTES / sizeof(struct state),
    STATES_MAX = (1 << 24) - 1 /* that a flow can name */
};

struct classify {
    struct ndpi_detection_module_struct *module;
    struct state **chunks; /* that never move: the library may keep pointers */
    size_t chunk_count;
    uint32_t end;                 /* states were made up to this number */
    uint32_t free;                /* first one that is; 0: none */
    size_t state_count;           /* are in use */
    size_t max_bytes, base_bytes; /* of states; of the module */
};

static struct state *
state_at(const struct classify *classify, uint32_t number)
{
    const uint32_t i = number - 1;
    return &classify->chunks[i / CHUNK_STATES][i % CHUNK_STATES];
}

static struct state *
state_of(const struct classify *classify, const struct flow *flow)
{
    return state_at(classify, flow->dpi);
}

/* --- Memory ------------------------------------------------------------------ */

/* What the library has allocated in this thread.  A variable of the thread, since the
 * library's allocators are functions without an argument.  States grow with what
 * packets say, so that a number of them would be no bound. */
static _Thread_local size_t allocated_bytes;

enum { MALLOC_HEADER = 8 };

static void *
count_malloc(size_t size)
{
    void *memory = malloc(size);
    if (memory != NULL) allocated_bytes += malloc_usable_size(memory) + MALLOC_HEADER;
    return memory;
}

static void
count_free(void *memory)
{
    if (memory == NULL) return;
    allocated_bytes -= malloc_usable_size(memory) + MALLOC_HEADER;
    free(memory);
}

size_t
classify_count(const struct classify *classify)
{
    return classify->state_count;
}

size_t
classify_bytes(const struct classify *classify)
{
    return allocated_bytes - classify->base_bytes +
           classify->state_count * (sizeof(struct state));
}

/* --- Life -------------------------------------------------------------------- */

struct classify *
classify_new(size_t max_bytes)
{
    struct classify *classify = calloc(1, sizeof *classify);
    if (classify == NULL) return NULL;
    classify->max_bytes = max_bytes;
    set_ndpi_malloc(count_malloc);
    set_ndpi_free(count_free);
    classify->module = ndpi_init_detection_module(ndpi_no_prefs);
    if (classify->module == NULL) {
        free(classify);
        return NULL;
    }
    NDPI_PROTOCOL_BITMASK all;
    NDPI_BITMASK_SET_ALL(all);
    ndpi_set_protocol_detection_bitmask2(classify->module, &all);
    ndpi_finalize_initialization(classify->module);
    classify->base_bytes = allocated_bytes;
    return classify;
}

void
classify_free(struct classify *classify)
{
    if (classify == NULL) return;
    ndpi_exit_detection_module(classify->module);
    for (size_t i = 0; i < classify->chunk_count; i++)
        huge_memory_free(classify->chunks[i], CHUNK_BYTES);
    free(classify->chunks);
    free(classify);
}

/* --- States ------------------------------------------------------------------ */

static bool
add_chunk(struct classify *classify)
{
    struct state **chunks = reallocarray(
        classify->chunks, classify->chunk_count + 1, sizeof(struct state *));
    if (chunks == NULL) return false;
    classify->chunks = chunks;
    struct state *chunk = huge_memory_new(CHUNK_BYTES);
    if (chunk == NULL) return false;
    chunks[classify->chunk_count++] = chunk;
    return true;
}

/* The number of a state that is free; 0: out of memory. */
static uint32_t
take_number(struct classify *classify)
{
    const uint32_t number = classify->free;
    if (number != 0) {
        classify->free = state_at(classify, number)->next;
        return number;
    }
    if (classify->end == classify->chunk_count * CHUNK_STATES &&
        (classify->end + CHUNK_STATES > STATES_MAX || !add_chunk(classify)))
        return 0;
    return ++classify->end;
}

static void
free_state(struct classify *classify, struct flow *flow)
{
    struct state *state = state_of(classify, flow);
    ndpi_free_flow_data(&state->ndpi);
    state->next = classify->free;
    classify->free = flow->dpi;
    flow->dpi = 0;
    classify->state_count--;
}

static bool
make_state(struct classify *classify, struct flow *flow)
{
    if (classify_bytes(classify) + sizeof(struct state) > classify->max_bytes)
        return false;
    const uint32_t number = take_number(classify);
    if (number == 0) return false;
    memset(state_at(classify, number), 0, sizeof(struct state));
    flow->dpi = number;
    classify->state_count++;
    return true;
}

void
classify_fetch(const struct classify *classify, const struct flow *flow)
{
    enum { LINE = 64 };
    if (flow->dpi == 0) return;
    const char *state = (const char *)state_of(classify, flow);
    for (size_t i = 0; i < sizeof(struct state); i += LINE)
        __builtin_prefetch(state + i, 1);
}

/* --- Packets ----------------------------------------------------------------- */

/* Of master and application ("TLS.Google") the application says more. */
static uint16_t
id_of(ndpi_protocol protocol)
{
    return protocol.app_protocol != NDPI_PROTOCOL_UNKNOWN ? protocol.app_protocol
                                                          : protocol.master_protocol;
}

/* Lower the lengths in a copy's headers to what was captured: the library drops a
 * packet that claims more than there is. */
static void
fix_lengths(uint8_t *ip, uint32_t captured, bool is_v4)
{
    const uint32_t header = is_v4 ? (uint32_t)(ip[0] & 15) * 4 : 40;
    const uint32_t ip_length = is_v4 ? captured : captured - 40;
    uint8_t *field = is_v4 ? ip + 2 : ip + 4;
    field[0] = (uint8_t)(ip_length >> 8);
    field[1] = (uint8_t)ip_length;
    const uint8_t proto = is_v4 ? ip[9] : ip[6];
    if (proto != UDP || captured < header + 8) return;
    const uint32_t udp_length = captured - header;
    ip[header + 4] = (uint8_t)(udp_length >> 8);
    ip[header + 5] = (uint8_t)udp_length;
}

static uint16_t
feed(struct classify *classify, struct flow *flow, const struct packet *packet,
    uint64_t time_ms)
{
    uint8_t copy[PACKET_MAX];
    const uint8_t *ip = packet->ip;
    uint32_t bytes = packet->ip_captured_bytes;
    if (bytes < packet->ip_bytes || bytes > UINT16_MAX) {
        if (bytes > sizeof copy) bytes = sizeof copy;
        memcpy(copy, ip, bytes);
        fix_lengths(copy, bytes, packet->is_v4);
        ip = copy;
    }
    struct state *state = state_of(classify, flow);
    state->packet_count++;
    state->last_ms = time_ms;
    return id_of(ndpi_detection_process_packet(
        classify->module, &state->ndpi, ip, (unsigned short)bytes, time_ms));
}

/* A bare SYN from one end to the other, as the library would have seen it. */
static void
feed_syn(struct classify *classify, struct flow *flow, const struct packet *packet,
    bool from_source, uint64_t time_ms)
{
    uint8_t syn[60] = {0};
    const uint32_t header = packet->is_v4 ? 20 : 40;
    const uint32_t width = packet->is_v4 ? 4 : 16;
    uint8_t *addresses = syn + (packet->is_v4 ? 12 : 8);
    const uint16_t ports[2] = {packet->sport, packet->dport};
    syn[0] = packet->is_v4 ? 0x45 : 0x60;
    if (packet->is_v4) {
        syn[3] = 40;
        syn[8] = 64;
        syn[9] = TCP;
    } else {
        syn[5] = 20;
        syn[6] = TCP;
        syn[7] = 64;
    }
    memcpy(addresses, from_source ? packet->sip : packet->dip, width);
    memcpy(addresses + width, from_source ? packet->dip : packet->sip, width);
    uint8_t *tcp = syn + header;
    for (size_t i = 0; i < 2; i++) {
        const uint16_t port = ports[from_source ? i : 1 - i];
        tcp[2 * i] = (uint8_t)(port >> 8);
        tcp[2 * i + 1] = (uint8_t)port;
    }
    tcp[12] = 0x50;
    tcp[13] = PACKET_SYN;
    ndpi_detection_process_packet(classify->module, &state_of(classify, flow)->ndpi,
        syn, (unsigned short)(header + 20), time_ms);
}

/* What the ports alone suggest. */
static uint16_t
guess_by_port(struct classify *classify, const struct flow *flow)
{
    const uint16_t client = flow->is_reversed ? flow->key.dport : flow->sport;
    const uint16_t server = flow->is_reversed ? flow->sport : flow->key.dport;
    return id_of(ndpi_guess_undetected_protocol(
        classify->module, NULL, flow->key.proto, 0, client, 0, server));
}

static void
give_up(struct classify *classify, struct flow *flow)
{
    u_int8_t guessed = 0;
    const uint16_t id = id_of(ndpi_detection_giveup(
        classify->module, &state_of(classify, flow)->ndpi, 1, &guessed));
    if (id != NDPI_PROTOCOL_UNKNOWN) flow->l7proto = id;
    flow->l7_done = true;
    free_state(classify, flow);
}

static bool
wants_more(struct classify *classify, const struct flow *flow)
{
    struct state *state = state_of(classify, flow);
    const uint16_t limit = flow->key.proto == TCP ? TCP_PACKETS : OTHER_PACKETS;
    if (!state->is_detected) return state->packet_count < limit;
    return state->packet_count < limit + EXTRA_PACKETS &&
           ndpi_extra_dissection_possible(classify->module, &state->ndpi);
}

/* Has a TCP packet come that is worth a state? */
static bool
start(struct classify *classify, struct flow *flow, const struct packet *packet,
    bool is_forward, uint64_t time_ms)
{
    if (flow->dpi != 0) return true;
    if (packet->proto == TCP && packet->payload_bytes == 0) return false;
    if (!make_state(classify, flow)) {
        flow->l7proto = guess_by_port(classify, flow);
        flow->l7_done = true;
        return false;
    }
    /* The client's end sends it: the key's source, unless that is the server. */
    if (packet->proto == TCP)
        feed_syn(classify, flow, packet, is_forward != flow->is_reversed, time_ms);
    return true;
}

void
classify_packet(struct classify *classify, struct flow *flow,
    const struct packet *packet, bool is_forward, uint64_t time_ms)
{
    if (flow->l7_done || packet->ip_captured_bytes < 20) return;
    /* Pieces of a datagram would be taken for whole ones. */
    if (packet->is_fragment) return;
    if (!start(classify, flow, packet, is_forward, time_ms)) return;
    const uint16_t id = feed(classify, flow, packet, time_ms);
    if (id != NDPI_PROTOCOL_UNKNOWN) {
        flow->l7proto = id;
        state_of(classify, flow)->is_detected = true;
    }
    if (!wants_more(classify, flow) || classify_bytes(classify) > classify->max_bytes)
        give_up(classify, flow);
}

uint16_t
classify_now(struct classify *classify, const struct flow *flow)
{
    if (flow->l7proto != NDPI_PROTOCOL_UNKNOWN || flow->l7_done) return flow->l7proto;
    return guess_by_port(classify, flow);
}

void
classify_age(struct classify *classify, struct flow *flow, uint64_t time_ms)
{
    if (flow->dpi != 0 && time_ms > state_of(classify, flow)->last_ms + IDLE_MS)
        give_up(classify, flow);
}

void
classify_end(struct classify *classify, struct flow *flow)
{
    if (flow->dpi != 0) give_up(classify, flow);
}

/* --- Names ------------------------------------------------------------------- */

int
classify_names(
    struct classify *classify, struct godb_l7_names **out, struct godb_err *err)
{
    struct godb_l7_entry entries[IDS_MAX];
    char library[64];
    size_t count = ndpi_get_num_supported_protocols(classify->module);
    if (count > IDS_MAX) count = IDS_MAX;
    for (size_t id = 0; id < count; id++) {
        ndpi_protocol protocol = {.app_protocol = (u_int16_t)id};
        const ndpi_protocol_category_t category =
            ndpi_get_proto_category(classify->module, protocol);
        entries[id].id = (uint16_t)id;
        entries[id].name = ndpi_get_proto_name(classify->module, (u_int16_t)id);
        entries[id].category = ndpi_category_get_name(classify->module, category);
    }
    snprintf(library, sizeof library, "nDPI %s", ndpi_revision());
    return godb_l7_names_new(out, library, entries, count, err);
}
