/* SPDX-License-Identifier: MIT
 *
 * flowtab.c -- see flowtab.h.
 */
#include "capture/flowtab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "capture/flow_index.h"
#include "capture/huge_memory.h"

enum {
    CHUNK_BITS = 18, /* of 80 bytes: 20 MiB, ten huge pages */
    CHUNK_FLOWS = 1 << CHUNK_BITS,
    CHUNK_BYTES = CHUNK_FLOWS * sizeof(struct flow)
};

struct flowtab {
    struct flow_index index;
    struct flow **chunks;
    size_t chunk_count;
    size_t end;   /* flows were made in the chunks up to here */
    size_t count; /* are used */
    size_t max_flows;
    uint32_t free; /* number + 1 of the first forgotten flow; key.sip leads on */
    uint64_t seed;
    bool epoch;
    size_t sweep_at,
        sweep_end; /* what is left to sweep; later flows are of this epoch */
    struct flowtab_calls calls;
    struct flowtab_lack lack;
    uint32_t
        iface_counts[UINT16_MAX + 1]; /* flows of each; untouched ones take no memory */
};

_Static_assert(sizeof(struct flow) == 80, "five in five lines of the cache");

static struct flow *
flow_at(const struct flowtab *table, size_t i)
{
    return &table->chunks[i >> CHUNK_BITS][i & (CHUNK_FLOWS - 1)];
}

/* --- Life ------------------------------------------------------------------------- */

struct flowtab *
flowtab_new(size_t max_flows, const struct flowtab_calls *calls)
{
    struct flowtab *table = calloc(1, sizeof *table);
    if (table == NULL) return NULL;
    table->max_flows = max_flows;
    table->calls = *calls;
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
        table->seed = (uintptr_t)table;
    if (flow_index_init(&table->index)) return table;
    free(table);
    return NULL;
}

void
flowtab_free(struct flowtab *table)
{
    if (table == NULL) return;
    flow_index_free(&table->index);
    for (size_t i = 0; i < table->chunk_count; i++)
        huge_memory_free(table->chunks[i], CHUNK_BYTES);
    free(table->chunks);
    free(table);
}

size_t
flowtab_count(const struct flowtab *table)
{
    return table->count;
}

size_t
flowtab_count_of(const struct flowtab *table, uint16_t iface)
{
    return table->iface_counts[iface];
}

size_t
flowtab_bytes(const struct flowtab *table)
{
    return table->end * sizeof(struct flow) + flow_index_bytes(&table->index);
}

struct flowtab_lack
flowtab_see_lack(const struct flowtab *table)
{
    return table->lack;
}

struct flowtab_lack
flowtab_take_lack(struct flowtab *table)
{
    const struct flowtab_lack lack = table->lack;
    table->lack = (struct flowtab_lack){0, 0};
    return lack;
}

/* --- Finding ---------------------------------------------------------------------- */

void
flowtab_prepare(const struct flowtab *table, const struct packet *packet,
    uint16_t iface, struct flow_place *out)
{
    flow_place_of(out, packet, iface, table->seed);
    flow_index_fetch(&table->index, out->hash);
    if (out->has_turned) flow_index_fetch(&table->index, out->turned_hash);
}

static void
fetch_flow(const struct flowtab *table, uint32_t hash)
{
    struct flow_probe probe = flow_index_probe(&table->index, hash);
    const uint32_t number = flow_probe_next(&probe);
    if (number == 0) return;
    const struct flow *flow = flow_at(table, number - 1);
    __builtin_prefetch(flow, 1);
    __builtin_prefetch((const char *)(flow + 1) - 1, 1);
}

void
flowtab_fetch(const struct flowtab *table, const struct flow_place *place)
{
    fetch_flow(table, place->hash);
    if (place->has_turned) fetch_flow(table, place->turned_hash);
}

static struct flow *
find(const struct flowtab *table, const struct flow_key *key, uint32_t hash)
{
    struct flow_probe probe = flow_index_probe(&table->index, hash);
    uint32_t number;
    while ((number = flow_probe_next(&probe)) != 0) {
        struct flow *flow = flow_at(table, number - 1);
        if (flow_key_equal(&flow->key, key)) return flow;
    }
    return NULL;
}

/* --- Making ----------------------------------------------------------------------- */

static bool
grow_chunks(struct flowtab *table)
{
    struct flow **chunks =
        realloc(table->chunks, (table->chunk_count + 1) * sizeof(struct flow *));
    if (chunks == NULL) return false;
    table->chunks = chunks;
    _Static_assert(CHUNK_BYTES % HUGE_PAGE_BYTES == 0, "whole pages");
    struct flow *chunk = huge_memory_new(CHUNK_BYTES);
    if (chunk == NULL) return false;
    chunks[table->chunk_count++] = chunk;
    return true;
}

/* Room for a flow: its number + 1, or 0. */
static uint32_t
take_room(struct flowtab *table)
{
    const uint32_t number = table->free;
    if (number != 0) {
        memcpy(&table->free, flow_at(table, number - 1)->key.sip, sizeof table->free);
        return number;
    }
    if (table->end == table->chunk_count * CHUNK_FLOWS && !grow_chunks(table)) return 0;
    return (uint32_t)++table->end;
}

static struct flow *
insert(struct flowtab *table, const struct flow_key *key, uint32_t hash)
{
    if (!flow_index_reserve(&table->index, hash)) return NULL;
    const uint32_t number = take_room(table);
    if (number == 0) return NULL;
    struct flow *flow = flow_at(table, number - 1);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->epoch = table->epoch;
    flow->is_used = true;
    flow_index_add(&table->index, hash, number - 1);
    table->count++;
    table->iface_counts[key->iface]++;
    return flow;
}

/* The flow that stands for those of its interface and protocol that have no room. */
static struct flow *
shared_flow(struct flowtab *table, const struct flow_key *of)
{
    struct flow_key key = {.iface = of->iface, .proto = of->proto};
    const uint32_t hash = flow_key_hash(&key, table->seed);
    struct flow *flow = find(table, &key, hash);
    if (flow == NULL) flow = insert(table, &key, hash);
    if (flow == NULL) return NULL;
    table->lack.shared_packets++;
    flow->is_overflow = flow->is_known = flow->is_certain = flow->l7_done = true;
    return flow;
}

static struct flow *
make_flow(
    struct flowtab *table, const struct flow_place *place, const struct packet *packet)
{
    struct flow *flow = NULL;
    if (table->count < table->max_flows) {
        flow = insert(table, &place->key, place->hash);
        if (flow != NULL) {
            flow->sport = place->is_forward ? packet->sport : packet->dport;
            flow->is_reversed = !place->is_forward;
            return flow;
        }
    }
    flow = shared_flow(table, &place->key);
    if (flow == NULL) table->lack.lost_packets++;
    return flow;
}

/* --- Packets ---------------------------------------------------------------------- */

/* A handshake overrules ports; ports only decide what is open. */
static void
learn_direction(struct flow *flow, const struct packet *packet, bool is_forward)
{
    bool certain;
    if (flow->is_certain) return;
    const enum direction direction = direction_of(packet, &certain);
    if (direction == DIRECTION_UNKNOWN || (flow->is_known && !certain)) return;
    flow->is_known = true;
    flow->is_certain = certain;
    flow->is_reversed = (direction == DIRECTION_REVERSE) == is_forward;
}

static void
count_packet(struct flow *flow, const struct packet *packet)
{
    if (packet->direction == PACKET_SENT) {
        flow->bytes_sent += packet->wire_bytes;
        flow->packets_sent++;
    } else {
        flow->bytes_rcvd += packet->wire_bytes;
        flow->packets_rcvd++;
    }
}

static bool
has_packets(const struct flow *flow)
{
    return flow->packets_rcvd + flow->packets_sent > 0;
}

/* Bring a flow into the epoch at hand. */
static void
take_counters(struct flowtab *table, struct flow *flow)
{
    if (has_packets(flow) && table->calls.take(table->calls.arg, flow)) {
        flow->bytes_rcvd = flow->bytes_sent = 0;
        flow->packets_rcvd = flow->packets_sent = 0;
    }
    flow->epoch = table->epoch;
}

struct flow *
flowtab_add(struct flowtab *table, const struct flow_place *place,
    const struct packet *packet, bool *out_is_forward)
{
    struct flow *flow = find(table, &place->key, place->hash);
    *out_is_forward = place->is_forward;
    if (flow == NULL && place->has_turned) {
        flow = find(table, &place->turned, place->turned_hash);
        *out_is_forward = flow == NULL;
    }
    if (flow == NULL) flow = make_flow(table, place, packet);
    if (flow == NULL) return NULL;
    if (flow->epoch != table->epoch) take_counters(table, flow);
    learn_direction(flow, packet, *out_is_forward);
    count_packet(flow, packet);
    return flow;
}

/* --- Intervals -------------------------------------------------------------------- */

static void
forget(struct flowtab *table, struct flow *flow, uint32_t number)
{
    const uint32_t hash = flow_key_hash(&flow->key, table->seed);
    flow_index_remove(&table->index, hash, number);
    table->iface_counts[flow->key.iface]--;
    table->calls.forget(table->calls.arg, flow);
    flow->is_used = false;
    memcpy(flow->key.sip, &table->free, sizeof table->free);
    table->free = number + 1;
    table->count--;
}

bool
flowtab_sweep(struct flowtab *table, size_t count)
{
    for (; count > 0 && table->sweep_at < table->sweep_end; count--) {
        const size_t i = table->sweep_at++;
        struct flow *flow = flow_at(table, i);
        if (!flow->is_used || flow->epoch == table->epoch) continue;
        if (has_packets(flow))
            take_counters(table, flow);
        else
            forget(table, flow, (uint32_t)i);
    }
    return table->sweep_at < table->sweep_end;
}

void
flowtab_begin_epoch(struct flowtab *table)
{
    flowtab_sweep(table, SIZE_MAX);
    table->epoch = !table->epoch;
    table->sweep_at = 0;
    table->sweep_end = table->end;
}

/* --- Visiting --------------------------------------------------------------------- */

bool
flowtab_walk(const struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, const struct flow *flow), void *arg)
{
    for (; count > 0 && *cursor < table->end; count--) {
        const struct flow *flow = flow_at(table, (*cursor)++);
        if (flow->is_used) visit(arg, flow);
    }
    return *cursor < table->end;
}

void
flowtab_visit(struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, struct flow *flow), void *arg)
{
    if (count > table->end) count = table->end;
    for (size_t i = 0; i < count; i++) {
        if (*cursor >= table->end) *cursor = 0;
        struct flow *flow = flow_at(table, (*cursor)++);
        if (flow->is_used) visit(arg, flow);
    }
}
