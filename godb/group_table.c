/* SPDX-License-Identifier: MIT
 *
 * group_table.c -- see group_table.h.
 */
#include "godb/group_table.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "godb/godb.h"

/* A count of nothing by nothing has entries all the same. */
static unsigned
words_of(unsigned key_words, unsigned sum_count)
{
    return key_words + sum_count > 0 ? key_words + sum_count : 1;
}

static unsigned
bits_for(size_t count)
{
    unsigned bits = 0;
    while ((size_t)1 << bits < count)
        bits++;
    return bits;
}

void
group_table_init(struct group_table *table, struct chunk_pool *pool, unsigned key_words,
    unsigned sum_count)
{
    memset(table, 0, sizeof *table);
    table->pool = pool;
    table->key_words = key_words;
    table->row_words = words_of(key_words, sum_count);
    table->chunk_entries =
        (uint32_t)(pool->chunk_bytes / (table->row_words * sizeof(uint64_t)));
    table->entry_bits = bits_for(table->chunk_entries);
    table->slot_bits = bits_for(pool->chunk_bytes / sizeof(struct group_slot));
}

const uint64_t *
group_chunk(const struct group_table *table, size_t i, size_t *out_count)
{
    const size_t before = i * table->chunk_entries;
    const size_t left = table->count > before ? table->count - before : 0;
    *out_count = left < table->chunk_entries ? left : table->chunk_entries;
    return table->entries[i];
}

/* --- Memory ----------------------------------------------------------------------- */

static size_t
slot_chunks(const struct group_table *table, size_t slot_count)
{
    return slot_count >> table->slot_bits;
}

size_t
group_table_chunks(const struct group_table *table)
{
    return slot_chunks(table, table->slot_count) + table->entry_chunk_count;
}

/* At most two thirds of the slots are used. */
static bool
has_slots_for(uint64_t slot_count, uint64_t count)
{
    return count * 3 <= slot_count * 2;
}

uint64_t
group_table_bytes(
    size_t chunk_bytes, unsigned key_words, unsigned sum_count, uint64_t count)
{
    const uint64_t entries =
        chunk_bytes / (words_of(key_words, sum_count) * sizeof(uint64_t));
    uint64_t slots = chunk_bytes / sizeof(struct group_slot);
    while (!has_slots_for(slots, count + GROUP_BATCH))
        slots *= 2;
    /* Half as many slots are held as well while their hashes move. */
    return ((count + GROUP_BATCH) / entries + 1) * chunk_bytes +
           slots * sizeof(struct group_slot) * 3 / 2;
}

static void
give_all(struct chunk_pool *pool, struct group_slot **chunks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        chunk_pool_give(pool, chunks[i]);
    free(chunks);
}

static void
give_slots(struct group_table *table)
{
    give_all(table->pool, table->slots, slot_chunks(table, table->slot_count));
    table->slots = NULL;
    table->slot_count = 0;
}

static void
give_entries(struct group_table *table)
{
    for (size_t i = 0; i < table->entry_chunk_count; i++)
        chunk_pool_give(table->pool, table->entries[i]);
    table->entry_chunk_count = 0;
    table->count = table->next = 0;
}

void
group_table_free(struct group_table *table)
{
    if (table->pool == NULL) return;
    give_entries(table);
    give_slots(table);
    free(table->entries);
    memset(table, 0, sizeof *table);
}

void
group_table_clear(struct group_table *table)
{
    const bool was_sparse = table->count * 4 < table->slot_count;
    give_entries(table);
    if (was_sparse) give_slots(table);
    for (size_t i = 0; i < slot_chunks(table, table->slot_count); i++)
        memset(table->slots[i], 0, table->pool->chunk_bytes);
}

/* --- Growing ---------------------------------------------------------------------- */

static inline struct group_slot *
slot_at(const struct group_table *table, size_t i)
{
    return table->slots[i >> table->slot_bits] +
           (i & (((size_t)1 << table->slot_bits) - 1));
}

static void
place(struct group_table *table, struct group_slot what)
{
    size_t at = what.hash & (table->slot_count - 1);
    while (slot_at(table, at)->entry != 0)
        at = (at + 1) & (table->slot_count - 1);
    *slot_at(table, at) = what;
}

/* All chunks or none. */
static int
take_slots(struct group_table *table, size_t count, bool must_have)
{
    struct group_slot **chunks = malloc(count * sizeof *chunks);
    if (chunks == NULL) return GODB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        void *chunk;
        int rc = chunk_pool_take(table->pool, must_have, &chunk);
        if (rc != GODB_OK) {
            give_all(table->pool, chunks, i);
            return rc;
        }
        chunks[i] = memset(chunk, 0, table->pool->chunk_bytes);
    }
    table->slots = chunks;
    table->slot_count = count << table->slot_bits;
    return GODB_OK;
}

static int
grow_slots(struct group_table *table, bool must_have)
{
    struct group_slot **old = table->slots;
    const size_t old_count = slot_chunks(table, table->slot_count);
    int rc = take_slots(table, old_count > 0 ? old_count * 2 : 1, must_have);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < old_count; i++)
        for (size_t slot = 0; slot < (size_t)1 << table->slot_bits; slot++)
            if (old[i][slot].entry != 0) place(table, old[i][slot]);
    give_all(table->pool, old, old_count);
    return GODB_OK;
}

static int
grow_entries(struct group_table *table, bool must_have)
{
    if (table->entry_chunk_count == table->entry_chunk_capacity) {
        const size_t capacity = table->entry_chunk_capacity * 2 + 8;
        uint64_t **chunks = realloc(table->entries, capacity * sizeof *chunks);
        if (chunks == NULL) return GODB_ENOMEM;
        table->entries = chunks;
        table->entry_chunk_capacity = capacity;
    }
    if ((table->entry_chunk_count + 1) << table->entry_bits >= UINT32_MAX)
        return GODB_ENOMEM;
    void *chunk;
    int rc = chunk_pool_take(table->pool, must_have, &chunk);
    if (rc == GODB_OK) table->entries[table->entry_chunk_count++] = chunk;
    return rc;
}

int
group_table_reserve(struct group_table *table, size_t count, bool must_have)
{
    int rc = GODB_OK;
    while (rc == GODB_OK && !has_slots_for(table->slot_count, table->count + count))
        rc = grow_slots(table, must_have);
    while (rc == GODB_OK &&
           table->entry_chunk_count * table->chunk_entries < table->count + count)
        rc = grow_entries(table, must_have);
    return rc;
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

/* A new entry, which is the row. */
static void
insert(struct group_table *table, struct group_slot *slot, const uint64_t *row,
    uint32_t hash)
{
    const uint32_t number = table->next++;
    const uint32_t mask = (1u << table->entry_bits) - 1;
    if ((table->next & mask) == table->chunk_entries) table->next = (number | mask) + 1;
    table->count++;
    *slot = (struct group_slot){hash, number + 1};
    memcpy(group_entry(table, number), row, table->row_words * sizeof *row);
}

static inline void
add_row(struct group_table *table, const uint64_t *row, uint32_t hash)
{
    const size_t mask = table->slot_count - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct group_slot *slot = slot_at(table, at);
        if (slot->entry == 0) {
            insert(table, slot, row, hash);
            return;
        }
        if (slot->hash != hash) continue;
        uint64_t *entry = group_entry(table, slot->entry - 1);
        if (!same_key(entry, row, table->key_words)) continue;
        for (unsigned word = table->key_words; word < table->row_words; word++)
            entry[word] = godb_sum(entry[word], row[word]);
        return;
    }
}

void
group_hash(uint32_t *hashes, const uint64_t *rows, unsigned key_words,
    unsigned row_words, size_t count, uint64_t seed)
{
    if (key_words == 1)
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                rows + i * row_words, sizeof *rows, seed);
    else
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                rows + i * row_words, key_words * sizeof *rows, seed);
}

static void
fetch_entries(const struct group_table *table, const uint32_t *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct group_slot slot =
            *slot_at(table, hashes[i] & (table->slot_count - 1));
        if (slot.entry != 0) __builtin_prefetch(group_entry(table, slot.entry - 1), 1);
    }
}

void
group_table_add(struct group_table *table, const uint64_t *rows, const uint32_t *hashes,
    size_t count)
{
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(slot_at(table, hashes[i] & (table->slot_count - 1)), 1);
    fetch_entries(table, hashes, count);
    for (size_t i = 0; i < count; i++)
        add_row(table, rows + i * table->row_words, hashes[i]);
}

void
group_table_sum(const struct group_table *table, uint64_t *sums)
{
    for (size_t i = 0; i < table->entry_chunk_count; i++) {
        size_t count;
        const uint64_t *entry = group_chunk(table, i, &count);
        for (; count > 0; count--, entry += table->row_words)
            for (unsigned word = table->key_words; word < table->row_words; word++)
                sums[word - table->key_words] =
                    godb_sum(sums[word - table->key_words], entry[word]);
    }
}
