/* SPDX-License-Identifier: MIT
 *
 * group_table.c -- see group_table.h.
 */
#include "godb/group_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "godb/godb.h"

void
group_table_init(struct group_table *table, unsigned key_words, unsigned sum_count)
{
    memset(table, 0, sizeof *table);
    table->key_words = key_words;
    table->sum_count = sum_count;
    /* A count of nothing by nothing has entries all the same. */
    table->entry_words = key_words + sum_count > 0 ? key_words + sum_count : 1;
}

void
group_table_free(struct group_table *table)
{
    for (size_t i = 0; i < table->chunk_count; i++)
        free(table->chunks[i]);
    free(table->chunks);
    free(table->slots);
    memset(table, 0, sizeof *table);
}

/* --- Memory ----------------------------------------------------------------------- */

enum { HUGE_PAGE = 2 << 20 };

/* Large arrays are asked for in huge pages: touching a gigabyte for the first time
 * costs half a second in small ones.  Not for the first piece of a table, which may
 * stay small. */
static void *
allocate(size_t bytes, bool is_large)
{
    if (!is_large || bytes < HUGE_PAGE / 2) return malloc(bytes);
    bytes = (bytes + HUGE_PAGE - 1) & ~(size_t)(HUGE_PAGE - 1);
    void *memory = aligned_alloc(HUGE_PAGE, bytes);
    if (memory != NULL) madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* --- Growing ---------------------------------------------------------------------- */

static void
place(struct group_slot *slots, size_t slot_count, struct group_slot what)
{
    size_t at = what.hash & (slot_count - 1);
    while (slots[at].entry != 0)
        at = (at + 1) & (slot_count - 1);
    slots[at] = what;
}

static int
grow_slots(struct group_table *table)
{
    const size_t slot_count = table->slot_count ? table->slot_count * 2 : 1024;
    const size_t bytes = slot_count * sizeof(struct group_slot);
    struct group_slot *slots = allocate(bytes, true);
    if (slots == NULL) return GODB_ENOMEM;
    memset(slots, 0, bytes);
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].entry != 0) place(slots, slot_count, table->slots[i]);
    free(table->slots);
    table->slots = slots;
    table->slot_count = slot_count;
    return GODB_OK;
}

static int
grow_entries(struct group_table *table)
{
    uint64_t **chunks =
        realloc(table->chunks, (table->chunk_count + 1) * sizeof(uint64_t *));
    if (chunks == NULL) return GODB_ENOMEM;
    table->chunks = chunks;
    chunks[table->chunk_count] =
        allocate((size_t)GROUP_CHUNK * table->entry_words * sizeof(uint64_t),
            table->chunk_count > 0);
    if (chunks[table->chunk_count] == NULL) return GODB_ENOMEM;
    table->chunk_count++;
    return GODB_OK;
}

/* Room for a whole batch of new keys, with at most two thirds of the slots used. */
static int
reserve(struct group_table *table)
{
    const size_t need = table->count + GROUP_BATCH;
    if (need >= UINT32_MAX) return GODB_ENOMEM;
    if (need * 3 > table->slot_count * 2 && grow_slots(table) != GODB_OK)
        return GODB_ENOMEM;
    if (need > table->chunk_count * GROUP_CHUNK && grow_entries(table) != GODB_OK)
        return GODB_ENOMEM;
    return GODB_OK;
}

/* --- Adding ----------------------------------------------------------------------- */

static inline bool
same_key(const uint64_t *a, const uint64_t *b, unsigned words)
{
    uint64_t difference = 0;
    for (unsigned i = 0; i < words; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

/* The entry with this key; a new one has sums of 0. */
static uint64_t *
find_or_insert(struct group_table *table, const uint64_t *key, uint32_t hash)
{
    size_t at = hash & (table->slot_count - 1);
    for (;; at = (at + 1) & (table->slot_count - 1)) {
        const struct group_slot slot = table->slots[at];
        if (slot.entry == 0) break;
        uint64_t *entry = group_entry(table, slot.entry - 1);
        if (slot.hash == hash && same_key(entry, key, table->key_words)) return entry;
    }
    uint64_t *entry = group_entry(table, table->count);
    memcpy(entry, key, table->key_words * sizeof *key);
    memset(entry + table->key_words, 0, table->sum_count * sizeof *key);
    table->slots[at] = (struct group_slot){hash, (uint32_t)++table->count};
    return entry;
}

void
group_hash(uint32_t *hashes, const uint64_t *keys, unsigned key_words, size_t count,
    uint64_t seed)
{
    /* A constant length lets the compiler pick the short path of the hash. */
    if (key_words == 1)
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(keys + i, sizeof *keys, seed);
    else
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                keys + i * key_words, key_words * sizeof *keys, seed);
}

static void
fetch_entries(const struct group_table *table, const uint32_t *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct group_slot slot =
            table->slots[hashes[i] & (table->slot_count - 1)];
        if (slot.entry != 0) __builtin_prefetch(group_entry(table, slot.entry - 1), 1);
    }
}

int
group_table_add(struct group_table *table, const uint64_t *keys, const uint64_t *sums,
    const uint32_t *hashes, size_t count)
{
    if (reserve(table) != GODB_OK) return GODB_ENOMEM;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&table->slots[hashes[i] & (table->slot_count - 1)], 1);
    fetch_entries(table, hashes, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t *entry = find_or_insert(table, keys + i * table->key_words, hashes[i]);
        uint64_t *into = entry + table->key_words;
        const uint64_t *from = sums + i * table->sum_count;
        for (unsigned s = 0; s < table->sum_count; s++)
            into[s] = godb_sum(into[s], from[s]);
    }
    return GODB_OK;
}
