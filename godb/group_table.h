/* SPDX-License-Identifier: MIT
 *
 * group_table.h -- sums by key: open addressing over dense entries.
 *
 *      slots    | hash, entry | free | hash, entry | ...      8 bytes each
 *                      |                    |
 *      entries  [key words | sums] [key words | sums] ...     in order of arrival
 *
 * Slots are probed in line and hold the hash, so that an entry is touched only where
 * its key is most likely the one, and growing moves slots alone.  Rows are added in
 * batches: first slots, then entries, each fetched ahead of its use, for a table of
 * millions of groups lives in memory, not in the cache.  A row to add looks like an
 * entry.
 *
 * Both live in chunks of a pool, which never move.  An entry's number is that of its
 * chunk and its place in there: where a chunk is no power of two of entries, some
 * numbers stand for none.
 */
#ifndef GODB_GROUP_TABLE_H
#define GODB_GROUP_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "godb/chunk_pool.h"

enum { GROUP_KEY_WORDS_MAX = 8, GROUP_ROW_WORDS_MAX = 15, GROUP_BATCH = 128 };

struct group_slot {
    uint32_t hash;
    uint32_t entry; /* number + 1; 0: free */
};

struct group_table {
    struct chunk_pool *pool;
    unsigned key_words, row_words;
    unsigned slot_bits, entry_bits; /* of a number, for the place in its chunk */
    uint32_t chunk_entries;
    struct group_slot **slots; /* chunks */
    size_t slot_count;         /* a power of two, or 0 */
    uint64_t **entries;        /* chunks */
    size_t entry_chunk_count, entry_chunk_capacity;
    size_t count;
    uint32_t next; /* entry's number */
};

/* pool is borrowed until group_table_free(). */
void group_table_init(struct group_table *table, struct chunk_pool *pool,
    unsigned key_words, unsigned sum_count);
void group_table_free(struct group_table *table);

static inline uint64_t *
group_entry(const struct group_table *table, uint32_t number)
{
    return table->entries[number >> table->entry_bits] +
           (number & ((1u << table->entry_bits) - 1)) * table->row_words;
}

/* The entries of chunk i, one after the other, from number i << entry_bits on. */
const uint64_t *group_chunk(
    const struct group_table *table, size_t i, size_t *out_count);

/* Chunks of the pool that the table has. */
size_t group_table_chunks(const struct group_table *table);

/* At most so many bytes of chunks are taken for `count` groups. */
uint64_t group_table_bytes(
    size_t chunk_bytes, unsigned key_words, unsigned sum_count, uint64_t count);

/* The hash of each of `count` keys, which begin row_words apart.  seed: unpredictable
 * to whoever chooses the keys. */
void group_hash(uint32_t *hashes, const uint64_t *rows, unsigned key_words,
    unsigned row_words, size_t count, uint64_t seed);

/* Add each sum of all groups to sums[]. */
void group_table_sum(const struct group_table *table, uint64_t *sums);

/* Take room for `count` more groups: GODB_OK, GODB_ENOMEM, or what the pool says. */
int group_table_reserve(struct group_table *table, size_t count, bool must_have);

/* Add `count` rows, for which there is room.  Sums stop at UINT64_MAX. */
void group_table_add(struct group_table *table, const uint64_t *rows,
    const uint32_t *hashes, size_t count);

/* Forget all groups.  Entries go back to the pool; slots do where few were used. */
void group_table_clear(struct group_table *table);

#endif
