/* SPDX-License-Identifier: MIT
 *
 * group_table.c -- see group_table.h.
 */
#include "godb/group_table.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "godb/godb.h"

enum { SLOTS_MIN = 1024 };

void
group_table_free(struct group_table *table)
{
    free(table->slots);
    memset(table, 0, sizeof *table);
}

/* --- Slots ------------------------------------------------------------------------ */

/* At most two thirds of the slots are used. */
static bool
has_slots_for(uint64_t slot_count, uint64_t count)
{
    return count * 3 <= slot_count * 2;
}

static size_t
slots_for(uint64_t count)
{
    size_t slots = SLOTS_MIN;
    while (!has_slots_for(slots, count))
        slots *= 2;
    return slots;
}

uint64_t
group_table_bytes(size_t chunk_bytes, unsigned row_words, uint64_t count)
{
    const uint64_t chunk_rows = chunk_bytes / (row_words * sizeof(uint64_t));
    /* Half as many slots are there as well while their hashes move. */
    return (count / chunk_rows + 1) * chunk_bytes +
           slots_for(count + GROUP_BATCH) * sizeof(struct group_slot) * 3 / 2;
}

static inline void
place(struct group_table *table, struct group_slot what)
{
    const size_t mask = table->slot_count - 1;
    size_t at = what.hash & mask;
    while (table->slots[at].number != 0)
        at = (at + 1) & mask;
    table->slots[at] = what;
}

/* Empty slots for `count` groups. */
static int
clear_slots(struct group_table *table, uint64_t count)
{
    const size_t slot_count = slots_for(count);
    if (slot_count > table->slot_capacity) {
        free(table->slots);
        table->slot_count = table->slot_capacity = 0;
        table->slots = malloc(slot_count * sizeof *table->slots);
        if (table->slots == NULL) return GODB_ENOMEM;
        table->slot_capacity = slot_count;
    }
    table->slot_count = slot_count;
    memset(table->slots, 0, slot_count * sizeof *table->slots);
    return GODB_OK;
}

static int
grow_slots(struct group_table *table, uint64_t count)
{
    struct group_slot *old = table->slots;
    const size_t old_count = table->slot_count, slot_count = slots_for(count);
    struct group_slot *slots = malloc(slot_count * sizeof *slots);
    if (slots == NULL) return GODB_ENOMEM;
    /* Not calloc(3): pages that are read before they are written fault twice. */
    memset(slots, 0, slot_count * sizeof *slots);
    table->slots = slots;
    table->slot_count = table->slot_capacity = slot_count;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].number != 0) place(table, old[i]);
    free(old);
    return GODB_OK;
}

/* --- Hashes ----------------------------------------------------------------------- */

void
group_hash(uint32_t *hashes, const uint64_t *rows, unsigned key_words,
    unsigned row_words, size_t count, uint64_t seed)
{
    if (key_words == 1)
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                rows + i * row_words, sizeof *rows, seed);
    else if (key_words == 2)
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                rows + i * row_words, 2 * sizeof *rows, seed);
    else
        for (size_t i = 0; i < count; i++)
            hashes[i] = (uint32_t)XXH3_64bits_withSeed(
                rows + i * row_words, key_words * sizeof *rows, seed);
}

/* --- Groups ----------------------------------------------------------------------- */

/* The rows of the list, known to be all different, get their slots. */
static void
place_groups(struct group_table *table)
{
    const struct row_list *list = table->list;
    uint32_t hashes[GROUP_BATCH];
    for (size_t i = 0; i < list->chunk_count; i++) {
        size_t count;
        const uint64_t *rows = row_list_chunk(list, i, &count);
        for (size_t done = 0; done < count; done += GROUP_BATCH) {
            const size_t now = count - done < GROUP_BATCH ? count - done : GROUP_BATCH;
            group_hash(hashes, rows + done * list->row_words, table->key_words,
                list->row_words, now, table->seed);
            for (size_t k = 0; k < now; k++) {
                place(table, (struct group_slot){hashes[k], table->next + 1});
                table->next = row_list_next(list, table->next);
            }
        }
    }
}

int
group_table_begin(struct group_table *table, struct row_list *list, unsigned key_words,
    uint64_t seed, uint64_t expected)
{
    table->list = list;
    table->key_words = key_words;
    table->seed = seed;
    table->next = 0;
    if (expected < list->count) expected = list->count;
    if (clear_slots(table, expected + GROUP_BATCH) != GODB_OK) return GODB_ENOMEM;
    place_groups(table);
    return GODB_OK;
}

/* The loops over words are compiled for the common shapes of rows: what is known of a
 * shape stands here, and all functions that use it are inlined. */
struct shape {
    unsigned key_words, row_words;
};

#define INLINE static inline __attribute__((always_inline))

INLINE bool
same_key(const uint64_t *a, const uint64_t *b, unsigned words)
{
    uint64_t difference = 0;
    for (unsigned i = 0; i < words; i++)
        difference |= a[i] ^ b[i];
    return difference == 0;
}

INLINE void
insert(struct group_table *table, struct group_slot *slot, const uint64_t *row,
    uint32_t hash, struct shape shape)
{
    uint64_t *group = row_list_row(table->list, table->next);
    *slot = (struct group_slot){hash, table->next + 1};
    for (unsigned word = 0; word < shape.row_words; word++)
        group[word] = row[word];
    table->next = row_list_next(table->list, table->next);
    table->list->count++;
}

INLINE void
add_row(
    struct group_table *table, const uint64_t *row, uint32_t hash, struct shape shape)
{
    struct group_slot *const slots = table->slots;
    const size_t mask = table->slot_count - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct group_slot *slot = &slots[at];
        if (slot->number == 0) {
            insert(table, slot, row, hash, shape);
            return;
        }
        if (slot->hash != hash) continue;
        uint64_t *group = row_list_row(table->list, slot->number - 1);
        if (!same_key(group, row, shape.key_words)) continue;
        for (unsigned word = shape.key_words; word < shape.row_words; word++)
            group[word] = godb_sum(group[word], row[word]);
        return;
    }
}

INLINE void
add_rows(struct group_table *table, const uint64_t *rows, const uint32_t *hashes,
    size_t count, struct shape shape)
{
    for (size_t i = 0; i < count; i++)
        add_row(table, rows + i * shape.row_words, hashes[i], shape);
}

static void
add_rows_of_any_shape(struct group_table *table, const uint64_t *rows,
    const uint32_t *hashes, size_t count)
{
    const struct shape shape = {table->key_words, table->list->row_words};
    if (shape.key_words == 1 && shape.row_words == 2)
        add_rows(table, rows, hashes, count, (struct shape){1, 2});
    else if (shape.key_words == 1 && shape.row_words == 3)
        add_rows(table, rows, hashes, count, (struct shape){1, 3});
    else if (shape.key_words == 2 && shape.row_words == 4)
        add_rows(table, rows, hashes, count, (struct shape){2, 4});
    else
        add_rows(table, rows, hashes, count, shape);
}

static void
fetch(const struct group_table *table, const uint32_t *hashes, size_t count)
{
    const size_t mask = table->slot_count - 1;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&table->slots[hashes[i] & mask], 1);
    for (size_t i = 0; i < count; i++) {
        const struct group_slot *slot = &table->slots[hashes[i] & mask];
        if (slot->number != 0)
            __builtin_prefetch(row_list_row(table->list, slot->number - 1), 1);
    }
}

static int
add_batch(struct group_table *table, const uint64_t *rows, size_t count)
{
    uint32_t hashes[GROUP_BATCH];
    struct row_list *list = table->list;
    const uint64_t most = list->count + count;
    if (!has_slots_for(table->slot_count, most) && grow_slots(table, most) != GODB_OK)
        return GODB_ENOMEM;
    if (row_list_reserve(list, most, true) != GODB_OK) return GODB_ENOMEM;
    group_hash(hashes, rows, table->key_words, list->row_words, count, table->seed);
    fetch(table, hashes, count);
    add_rows_of_any_shape(table, rows, hashes, count);
    return GODB_OK;
}

int
group_table_add(struct group_table *table, const uint64_t *rows, size_t count)
{
    int rc = GODB_OK;
    while (count > 0 && rc == GODB_OK) {
        const size_t now = count < GROUP_BATCH ? count : GROUP_BATCH;
        rc = add_batch(table, rows, now);
        rows += now * table->list->row_words;
        count -= now;
    }
    return rc;
}
