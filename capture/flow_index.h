/* SPDX-License-Identifier: MIT
 *
 * flow_index.h -- where flows are, by the hash of their keys.
 *
 *      parts    256, by the hash's upper bits: each grows by itself, in microseconds
 *        |
 *        '--> slots [hash, flow] [hash, flow] ...      open addressing, one by one
 *
 *      blocks   of one size of part each             1024 slots |part 0|part 1| ...
 *                                                    2048 slots |part 0| ...
 *
 * All parts of a size lie in one block, so that those of a large table are in the huge
 * pages that a part alone would not fill.  Parts fill alike: once one needs the next
 * size, the others will soon, and the block before is given back behind the last.
 */
#ifndef CAPTURE_FLOW_INDEX_H
#define CAPTURE_FLOW_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FLOW_INDEX_PART_BITS = 8,
    FLOW_INDEX_PARTS = 1 << FLOW_INDEX_PART_BITS,
    FLOW_INDEX_SIZES = 24 /* of parts: 16 slots, twice that, ... */
};

struct flow_slot {
    uint32_t hash;
    uint32_t number; /* + 1; 0: free */
};

struct flow_index_part {
    struct flow_slot *slots;
    uint32_t mask, count; /* slots less one, a power of two; of those used */
};

struct flow_index_block {
    struct flow_slot *slots;
    size_t user_count; /* parts that are here */
};

struct flow_index {
    struct flow_index_part parts[FLOW_INDEX_PARTS];
    struct flow_index_block blocks[FLOW_INDEX_SIZES];
};

/* False: out of memory; there is nothing to free then. */
bool flow_index_init(struct flow_index *index);
void flow_index_free(struct flow_index *index);

/* What slots take. */
size_t flow_index_bytes(const struct flow_index *index);

/* Make sure that a flow of this hash can be added.  False: out of memory. */
bool flow_index_reserve(struct flow_index *index, uint32_t hash);

/* Add a flow for whose hash room was reserved; number is less than UINT32_MAX. */
void flow_index_add(struct flow_index *index, uint32_t hash, uint32_t number);

/* Remove a flow that is there. */
void flow_index_remove(struct flow_index *index, uint32_t hash, uint32_t number);

/* --- Finding, for each packet --------------------------------------------------- */

struct flow_probe {
    const struct flow_slot *slots;
    uint32_t hash, mask, at;
};

static inline struct flow_probe
flow_index_probe(const struct flow_index *index, uint32_t hash)
{
    const struct flow_index_part *part =
        &index->parts[hash >> (32 - FLOW_INDEX_PART_BITS)];
    return (struct flow_probe){part->slots, hash, part->mask, hash & part->mask};
}

/* Ask for the memory of the first slot. */
static inline void
flow_index_fetch(const struct flow_index *index, uint32_t hash)
{
    const struct flow_probe probe = flow_index_probe(index, hash);
    __builtin_prefetch(&probe.slots[probe.at]);
}

/* The number + 1 of the next flow with this hash; 0: there is none. */
static inline uint32_t
flow_probe_next(struct flow_probe *probe)
{
    for (;;) {
        const struct flow_slot slot = probe->slots[probe->at];
        if (slot.number == 0) return 0;
        probe->at = (probe->at + 1) & probe->mask;
        if (slot.hash == probe->hash) return slot.number;
    }
}

#endif
