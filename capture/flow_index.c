/* SPDX-License-Identifier: MIT
 *
 * flow_index.c -- see flow_index.h.
 */
#include "capture/flow_index.h"

#include <string.h>

#include "capture/huge_memory.h"

enum { PART_SLOTS = 16 /* to begin with */ };

static struct flow_index_part *
part_of(struct flow_index *index, uint32_t hash)
{
    return &index->parts[hash >> (32 - FLOW_INDEX_PART_BITS)];
}

/* --- Blocks ----------------------------------------------------------------------- */

static uint32_t
slots_of_size(int size)
{
    return (uint32_t)PART_SLOTS << size;
}

static size_t
block_bytes(int size)
{
    return (size_t)slots_of_size(size) * FLOW_INDEX_PARTS * sizeof(struct flow_slot);
}

static int
size_of_part(const struct flow_index_part *part)
{
    return __builtin_ctz(part->mask + 1) - __builtin_ctz(PART_SLOTS);
}

/* Room for a part of this size; all of it is free.  NULL: out of memory. */
static struct flow_slot *
enter_block(struct flow_index *index, size_t part, int size)
{
    struct flow_index_block *block = &index->blocks[size];
    if (block->user_count == 0) block->slots = huge_memory_new(block_bytes(size));
    if (block->slots == NULL) return NULL;
    block->user_count++;
    return block->slots + part * slots_of_size(size);
}

static void
leave_block(struct flow_index *index, int size)
{
    struct flow_index_block *block = &index->blocks[size];
    if (--block->user_count > 0) return;
    huge_memory_free(block->slots, block_bytes(size));
    block->slots = NULL;
}

size_t
flow_index_bytes(const struct flow_index *index)
{
    size_t bytes = 0;
    bool is_largest = true;
    for (int size = FLOW_INDEX_SIZES - 1; size >= 0; size--) {
        const size_t users = index->blocks[size].user_count;
        if (users == 0) continue;
        /* Memory that no part has come to yet is none. */
        bytes += is_largest ? block_bytes(size) / FLOW_INDEX_PARTS * users
                            : block_bytes(size);
        is_largest = false;
    }
    return bytes;
}

/* --- Life ------------------------------------------------------------------------- */

bool
flow_index_init(struct flow_index *index)
{
    memset(index, 0, sizeof *index);
    for (size_t i = 0; i < FLOW_INDEX_PARTS; i++) {
        struct flow_slot *slots = enter_block(index, i, 0);
        if (slots == NULL) return false;
        index->parts[i] = (struct flow_index_part){slots, PART_SLOTS - 1, 0};
    }
    return true;
}

void
flow_index_free(struct flow_index *index)
{
    for (int size = 0; size < FLOW_INDEX_SIZES; size++)
        if (index->blocks[size].user_count > 0)
            huge_memory_free(index->blocks[size].slots, block_bytes(size));
}

/* --- Adding ----------------------------------------------------------------------- */

static void
put(struct flow_index_part *part, struct flow_slot what)
{
    uint32_t at = what.hash & part->mask;
    while (part->slots[at].number != 0)
        at = (at + 1) & part->mask;
    part->slots[at] = what;
}

static bool
grow(struct flow_index *index, struct flow_index_part *part)
{
    const int size = size_of_part(part);
    if (size + 1 == FLOW_INDEX_SIZES) return false;
    struct flow_index_part bigger = {
        enter_block(index, (size_t)(part - index->parts), size + 1),
        slots_of_size(size + 1) - 1, part->count};
    if (bigger.slots == NULL) return false;
    for (uint32_t i = 0; i <= part->mask; i++)
        if (part->slots[i].number != 0) put(&bigger, part->slots[i]);
    leave_block(index, size);
    *part = bigger;
    return true;
}

/* At most three quarters of the slots are used. */
bool
flow_index_reserve(struct flow_index *index, uint32_t hash)
{
    struct flow_index_part *part = part_of(index, hash);
    const uint64_t slot_count = (uint64_t)part->mask + 1;
    return (part->count + 1) * UINT64_C(4) <= slot_count * 3 || grow(index, part);
}

void
flow_index_add(struct flow_index *index, uint32_t hash, uint32_t number)
{
    struct flow_index_part *part = part_of(index, hash);
    put(part, (struct flow_slot){hash, number + 1});
    part->count++;
}

/* --- Removing --------------------------------------------------------------------- */

/* Close the gap that a free slot would leave in the probes that pass it. */
static void
remove_slot(struct flow_index_part *part, uint32_t at)
{
    const uint32_t mask = part->mask;
    uint32_t gap = at;
    for (uint32_t next = (at + 1) & mask; part->slots[next].number != 0;
         next = (next + 1) & mask) {
        const uint32_t home = part->slots[next].hash & mask;
        /* May it stand at the gap?  Not if it would come before its home. */
        if (((next - home) & mask) < ((next - gap) & mask)) continue;
        part->slots[gap] = part->slots[next];
        gap = next;
    }
    part->slots[gap].number = 0;
    part->count--;
}

void
flow_index_remove(struct flow_index *index, uint32_t hash, uint32_t number)
{
    struct flow_index_part *part = part_of(index, hash);
    uint32_t at = hash & part->mask;
    while (part->slots[at].number != number + 1)
        at = (at + 1) & part->mask;
    remove_slot(part, at);
}
