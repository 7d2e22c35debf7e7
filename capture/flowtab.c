/* SPDX-License-Identifier: MIT
 *
 * flowtab.c -- see flowtab.h.
 *
 * Flows stand in chunks that are never moved; the index holds a part of the hash and
 * the flow's number.  A sweep removes flows and then builds the index anew, which costs
 * less than tombstones that every lookup would pay for.
 */
#include "capture/flowtab.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CHUNK_FLOWS = 4096, TCP = 6, DNS = 53 };

struct slot {
    uint32_t hash;
    uint32_t flow; /* number + 1; 0: free */
};

struct flowtab {
    struct flow **chunks;
    size_t chunk_count, count, max_flows;
    struct slot *slots;
    size_t slot_count; /* a power of two */
    uint64_t seed;     /* so that nobody outside can choose keys that collide */
};

static struct flow *
flow_at(const struct flowtab *table, size_t i)
{
    return &table->chunks[i / CHUNK_FLOWS][i % CHUNK_FLOWS];
}

struct flowtab *
flowtab_new(size_t max_flows)
{
    struct flowtab *table = calloc(1, sizeof *table);
    if (table == NULL) return NULL;
    table->max_flows = max_flows;
    table->slot_count = 1024;
    table->slots = calloc(table->slot_count, sizeof *table->slots);
    if (table->slots == NULL) {
        free(table);
        return NULL;
    }
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
        table->seed = (uintptr_t)table;
    return table;
}

void
flowtab_free(struct flowtab *table)
{
    if (table == NULL) return;
    for (size_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    free(table->slots);
    free(table);
}

size_t
flowtab_count(const struct flowtab *table)
{
    return table->count;
}

/* --- Keys -------------------------------------------------------------------- */

static struct flow_key
key_of(const struct packet *packet, uint16_t iface)
{
    struct flow_key key;
    memset(&key, 0, sizeof key);
    memcpy(key.sip, packet->sip, 16);
    memcpy(key.dip, packet->dip, 16);
    key.dport = packet->dport;
    if (packet->proto == TCP && packet->sport != DNS && packet->dport != DNS)
        key.sport = packet->sport;
    key.iface = iface;
    key.proto = packet->proto;
    return key;
}

/* The key that a packet the other way has. */
static struct flow_key
reversed(const struct flow_key *key, const struct packet *packet)
{
    struct flow_key other = *key;
    memcpy(other.sip, key->dip, 16);
    memcpy(other.dip, key->sip, 16);
    other.dport = packet->sport;
    other.sport = key->sport ? packet->dport : 0;
    return other;
}

static uint32_t
hash_of(const struct flowtab *table, const struct flow_key *key)
{
    return (uint32_t)XXH3_64bits_withSeed(key, sizeof *key, table->seed);
}

static struct flow *
find(const struct flowtab *table, const struct flow_key *key, uint32_t hash)
{
    const size_t mask = table->slot_count - 1;
    for (size_t at = hash & mask; table->slots[at].flow != 0; at = (at + 1) & mask) {
        if (table->slots[at].hash != hash) continue;
        struct flow *flow = flow_at(table, table->slots[at].flow - 1);
        if (memcmp(&flow->key, key, sizeof *key) == 0) return flow;
    }
    return NULL;
}

/* --- Growing ----------------------------------------------------------------- */

static void
place(struct slot *slots, size_t slot_count, struct slot what)
{
    size_t at = what.hash & (slot_count - 1);
    while (slots[at].flow != 0)
        at = (at + 1) & (slot_count - 1);
    slots[at] = what;
}

static bool
grow_slots(struct flowtab *table)
{
    const size_t slot_count = table->slot_count * 2;
    struct slot *slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) return false;
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].flow != 0) place(slots, slot_count, table->slots[i]);
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return true;
}

static bool
grow_chunks(struct flowtab *table)
{
    struct flow **chunks =
        realloc(table->chunks, (table->chunk_count + 1) * sizeof(struct flow *));
    if (chunks == NULL) return false;
    table->chunks = chunks;
    chunks[table->chunk_count] = malloc(CHUNK_FLOWS * sizeof(struct flow));
    if (chunks[table->chunk_count] == NULL) return false;
    table->chunk_count++;
    return true;
}

static struct flow *
insert(struct flowtab *table, const struct flow_key *key, uint32_t hash)
{
    if (table->count >= table->max_flows) return NULL;
    if (table->count * 2 >= table->slot_count && !grow_slots(table)) return NULL;
    if (table->count == table->chunk_count * CHUNK_FLOWS && !grow_chunks(table))
        return NULL;
    struct flow *flow = flow_at(table, table->count++);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    place(table->slots, table->slot_count, (struct slot){hash, (uint32_t)table->count});
    return flow;
}

/* --- Packets ----------------------------------------------------------------- */

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

struct flow *
flowtab_add(struct flowtab *table, const struct packet *packet, uint16_t iface,
    bool *out_is_forward)
{
    const struct flow_key key = key_of(packet, iface);
    const uint32_t hash = hash_of(table, &key);
    struct flow *flow = find(table, &key, hash);
    *out_is_forward = true;
    if (flow == NULL) {
        const struct flow_key other = reversed(&key, packet);
        flow = find(table, &other, hash_of(table, &other));
        *out_is_forward = flow == NULL;
    }
    if (flow == NULL) {
        flow = insert(table, &key, hash);
        if (flow == NULL) return NULL;
        flow->first_sport = packet->sport;
    }
    learn_direction(flow, packet, *out_is_forward);
    count_packet(flow, packet);
    return flow;
}

/* --- Visiting ---------------------------------------------------------------- */

void
flowtab_visit(struct flowtab *table, size_t *cursor, size_t count,
    void (*visit)(void *arg, struct flow *flow), void *arg)
{
    if (count > table->count) count = table->count;
    for (size_t i = 0; i < count; i++) {
        if (*cursor >= table->count) *cursor = 0;
        visit(arg, flow_at(table, (*cursor)++));
    }
}

static void
rebuild_slots(struct flowtab *table)
{
    memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    for (size_t i = 0; i < table->count; i++) {
        const uint32_t hash = hash_of(table, &flow_at(table, i)->key);
        place(table->slots, table->slot_count, (struct slot){hash, (uint32_t)i + 1});
    }
}

void
flowtab_sweep(
    struct flowtab *table, bool (*visit)(void *arg, struct flow *flow), void *arg)
{
    size_t kept = 0;
    for (size_t i = 0; i < table->count; i++) {
        struct flow *flow = flow_at(table, i);
        if (!visit(arg, flow)) continue;
        if (kept != i) *flow_at(table, kept) = *flow;
        kept++;
    }
    table->count = kept;
    rebuild_slots(table);
}
