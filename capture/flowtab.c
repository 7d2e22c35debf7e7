/* SPDX-License-Identifier: MIT
 *
 * flowtab.c -- see flowtab.h.
 */
#include "capture/flowtab.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    CHUNK_BITS = 18, /* of 88 bytes: 22 MiB, eleven huge pages */
    CHUNK_FLOWS = 1 << CHUNK_BITS,
    PART_BITS = 8,
    PARTS = 1 << PART_BITS,
    PART_SLOTS = 16, /* to begin with */
    HUGE_PAGE = 2 << 20,
    TCP = 6,
    DNS = 53
};

struct slot {
    uint32_t hash;
    uint32_t flow; /* number + 1; 0: free */
};

struct part {
    struct slot *slots;
    uint32_t mask, count; /* slots less one, a power of two; of those used */
};

struct flowtab {
    struct part parts[PARTS];
    struct flow **chunks;
    size_t chunk_count;
    size_t end;   /* flows were made in the chunks up to here */
    size_t count; /* are used */
    size_t max_flows;
    uint32_t free; /* number + 1 of the first forgotten flow; key.sip leads on */
    uint64_t seed; /* so that nobody outside can choose keys that collide */
    uint8_t epoch;
    size_t sweep_at,
        sweep_end; /* what is left to sweep; later flows are of this epoch */
    struct flowtab_calls calls;
    struct flowtab_lack lack;
    uint32_t
        iface_counts[UINT16_MAX + 1]; /* flows of each; untouched ones take no memory */
};

static struct flow *
flow_at(const struct flowtab *table, size_t i)
{
    return &table->chunks[i >> CHUNK_BITS][i & (CHUNK_FLOWS - 1)];
}

static struct part *
part_of(struct flowtab *table, uint32_t hash)
{
    return &table->parts[hash >> (32 - PART_BITS)];
}

/* --- Life ------------------------------------------------------------------------- */

static bool
make_parts(struct flowtab *table)
{
    for (size_t i = 0; i < PARTS; i++) {
        table->parts[i].slots = calloc(PART_SLOTS, sizeof(struct slot));
        table->parts[i].mask = PART_SLOTS - 1;
        if (table->parts[i].slots == NULL) return false;
    }
    return true;
}

struct flowtab *
flowtab_new(size_t max_flows, const struct flowtab_calls *calls)
{
    struct flowtab *table = calloc(1, sizeof *table);
    if (table == NULL) return NULL;
    table->max_flows = max_flows;
    table->calls = *calls;
    if (getrandom(&table->seed, sizeof table->seed, GRND_NONBLOCK) < 0)
        table->seed = (uintptr_t)table;
    if (make_parts(table)) return table;
    flowtab_free(table);
    return NULL;
}

void
flowtab_free(struct flowtab *table)
{
    if (table == NULL) return;
    for (size_t i = 0; i < PARTS; i++)
        free(table->parts[i].slots);
    for (size_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
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
    size_t slots = 0;
    for (size_t i = 0; i < PARTS; i++)
        slots += table->parts[i].mask + 1;
    return table->end * sizeof(struct flow) + slots * sizeof(struct slot);
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

/* --- Keys ------------------------------------------------------------------------- */

static uint32_t
hash_of(const struct flowtab *table, const struct flow_key *key)
{
    return (uint32_t)XXH3_64bits_withSeed(key, sizeof *key, table->seed);
}

static bool
same_key(const struct flow_key *a, const struct flow_key *b)
{
    uint64_t x[5], y[5], difference = 0;
    _Static_assert(sizeof x == sizeof *a, "a key is five words");
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    for (int i = 0; i < 5; i++)
        difference |= x[i] ^ y[i];
    return difference == 0;
}

/* The last eight bytes of a key, in a register: the hash reads them as one word, which
 * had to wait for stores of single fields. */
static uint64_t
tail_of(uint16_t dport, uint16_t sport, uint16_t iface, uint8_t proto)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return dport | (uint64_t)sport << 16 | (uint64_t)iface << 32 |
           (uint64_t)proto << 48;
#else
    return (uint64_t)dport << 48 | (uint64_t)sport << 32 | (uint64_t)iface << 16 |
           (uint64_t)proto << 8;
#endif
}

static struct flow_key
make_key(const uint8_t *sip, const uint8_t *dip, uint64_t tail)
{
    struct flow_key key = {.zero = 0};
    _Static_assert(sizeof key == offsetof(struct flow_key, dport) + sizeof tail, "");
    memcpy(key.sip, sip, 16);
    memcpy(key.dip, dip, 16);
    memcpy(&key.dport, &tail, sizeof tail);
    return key;
}

static uint64_t
word(const uint8_t *ip)
{
    uint64_t value;
    memcpy(&value, ip, sizeof value);
    return value;
}

/* Is the packet's source the end that stands second in the key of a connection?  Any
 * order will do that is the other way round for the answer. */
static bool
is_second(const struct packet *packet)
{
    const uint64_t a = word(packet->sip), b = word(packet->dip);
    const uint64_t c = word(packet->sip + 8), d = word(packet->dip + 8);
    if (a != b) return a > b;
    if (c != d) return c > d;
    return packet->sport > packet->dport;
}

static void
fetch_slot(const struct flowtab *table, uint32_t hash)
{
    const struct part *part = &table->parts[hash >> (32 - PART_BITS)];
    __builtin_prefetch(&part->slots[hash & part->mask]);
}

static void
prepare_connection(const struct flowtab *table, const struct packet *packet,
    uint16_t iface, struct flowtab_place *out)
{
    const bool turned = is_second(packet);
    const uint8_t *ends[2] = {packet->sip, packet->dip};
    const uint16_t ports[2] = {packet->sport, packet->dport};
    out->key = make_key(ends[turned], ends[!turned],
        tail_of(ports[!turned], ports[turned], iface, packet->proto));
    out->hash = hash_of(table, &out->key);
    fetch_slot(table, out->hash);
    out->is_forward = !turned;
    out->has_turned = false;
}

static void
prepare_request(const struct flowtab *table, const struct packet *packet,
    uint16_t iface, struct flowtab_place *out)
{
    out->key = make_key(
        packet->sip, packet->dip, tail_of(packet->dport, 0, iface, packet->proto));
    out->hash = hash_of(table, &out->key);
    fetch_slot(table, out->hash);
    out->is_forward = true;
    out->has_turned = true;
    out->turned = make_key(
        packet->dip, packet->sip, tail_of(packet->sport, 0, iface, packet->proto));
    out->turned_hash = hash_of(table, &out->turned);
    fetch_slot(table, out->turned_hash);
}

void
flowtab_prepare(const struct flowtab *table, const struct packet *packet,
    uint16_t iface, struct flowtab_place *out)
{
    if (packet->proto == TCP && packet->sport != DNS && packet->dport != DNS)
        prepare_connection(table, packet, iface, out);
    else
        prepare_request(table, packet, iface, out);
}

/* --- Finding ---------------------------------------------------------------------- */

static void
fetch_flow(const struct flowtab *table, uint32_t hash)
{
    const struct part *part = &table->parts[hash >> (32 - PART_BITS)];
    uint32_t at = hash & part->mask;
    while (part->slots[at].hash != hash && part->slots[at].flow != 0)
        at = (at + 1) & part->mask;
    if (part->slots[at].flow == 0) return;
    const struct flow *flow = flow_at(table, part->slots[at].flow - 1);
    __builtin_prefetch(flow, 1);
    __builtin_prefetch((const char *)flow + sizeof *flow - 1, 1);
}

void
flowtab_fetch(const struct flowtab *table, const struct flowtab_place *place)
{
    fetch_flow(table, place->hash);
    if (place->has_turned) fetch_flow(table, place->turned_hash);
}

static struct flow *
find(const struct flowtab *table, const struct flow_key *key, uint32_t hash)
{
    const struct part *part = &table->parts[hash >> (32 - PART_BITS)];
    uint32_t at = hash & part->mask;
    for (; part->slots[at].flow != 0; at = (at + 1) & part->mask) {
        if (part->slots[at].hash != hash) continue;
        struct flow *flow = flow_at(table, part->slots[at].flow - 1);
        if (same_key(&flow->key, key)) return flow;
    }
    return NULL;
}

/* --- Making ----------------------------------------------------------------------- */

static void
put_slot(struct part *part, struct slot what)
{
    uint32_t at = what.hash & part->mask;
    while (part->slots[at].flow != 0)
        at = (at + 1) & part->mask;
    part->slots[at] = what;
}

/* At most three quarters of the slots are used. */
static bool
reserve_slot(struct part *part)
{
    const uint32_t slot_count = part->mask + 1;
    if ((part->count + 1) * 4 <= slot_count * 3) return true;
    struct part bigger = {calloc((size_t)slot_count * 2, sizeof(struct slot)),
        slot_count * 2 - 1, part->count};
    if (bigger.slots == NULL) return false;
    for (uint32_t i = 0; i < slot_count; i++)
        if (part->slots[i].flow != 0) put_slot(&bigger, part->slots[i]);
    free(part->slots);
    *part = bigger;
    return true;
}

static bool
grow_chunks(struct flowtab *table)
{
    struct flow **chunks =
        realloc(table->chunks, (table->chunk_count + 1) * sizeof(struct flow *));
    if (chunks == NULL) return false;
    table->chunks = chunks;
    const size_t bytes = CHUNK_FLOWS * sizeof(struct flow);
    _Static_assert(CHUNK_FLOWS * sizeof(struct flow) % HUGE_PAGE == 0, "whole pages");
    struct flow *chunk = aligned_alloc(HUGE_PAGE, bytes);
    if (chunk == NULL) return false;
    madvise(chunk, bytes, MADV_HUGEPAGE); /* a lookup misses the address cache less */
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
    struct part *part = part_of(table, hash);
    if (!reserve_slot(part)) return NULL;
    const uint32_t number = take_room(table);
    if (number == 0) return NULL;
    struct flow *flow = flow_at(table, number - 1);
    memset(flow, 0, sizeof *flow);
    flow->key = *key;
    flow->epoch = table->epoch;
    flow->is_used = true;
    put_slot(part, (struct slot){hash, number});
    part->count++;
    table->count++;
    table->iface_counts[key->iface]++;
    return flow;
}

/* The flow that stands for those of its interface and protocol that have no room. */
static struct flow *
shared_flow(struct flowtab *table, const struct flow_key *of)
{
    struct flow_key key = {.iface = of->iface, .proto = of->proto};
    const uint32_t hash = hash_of(table, &key);
    table->lack.shared_packets++;
    struct flow *flow = find(table, &key, hash);
    if (flow == NULL) flow = insert(table, &key, hash);
    if (flow == NULL) return NULL;
    flow->is_overflow = flow->is_known = flow->is_certain = flow->l7_done = true;
    return flow;
}

static struct flow *
make_flow(struct flowtab *table, const struct flowtab_place *place,
    const struct packet *packet)
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
flowtab_add(struct flowtab *table, const struct flowtab_place *place,
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

/* Close the gap that a free slot would leave in the probes that pass it. */
static void
remove_slot(struct part *part, uint32_t at)
{
    const uint32_t mask = part->mask;
    uint32_t gap = at;
    for (uint32_t next = (at + 1) & mask; part->slots[next].flow != 0;
         next = (next + 1) & mask) {
        const uint32_t home = part->slots[next].hash & mask;
        /* May it stand at the gap?  Not if it would come before its home. */
        if (((next - home) & mask) < ((next - gap) & mask)) continue;
        part->slots[gap] = part->slots[next];
        gap = next;
    }
    part->slots[gap].flow = 0;
    part->count--;
}

static void
forget(struct flowtab *table, struct flow *flow, uint32_t number)
{
    const uint32_t hash = hash_of(table, &flow->key);
    struct part *part = part_of(table, hash);
    uint32_t at = hash & part->mask;
    while (part->slots[at].flow != number)
        at = (at + 1) & part->mask;
    remove_slot(part, at);
    table->iface_counts[flow->key.iface]--;
    table->calls.forget(table->calls.arg, flow);
    flow->is_used = false;
    memcpy(flow->key.sip, &table->free, sizeof table->free);
    table->free = number;
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
            forget(table, flow, (uint32_t)i + 1);
    }
    return table->sweep_at < table->sweep_end;
}

void
flowtab_begin_epoch(struct flowtab *table)
{
    flowtab_sweep(table, SIZE_MAX);
    table->epoch++;
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
