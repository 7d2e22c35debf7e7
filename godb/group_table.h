/* SPDX-License-Identifier: MIT
 *
 * group_table.h -- sums by key: open addressing over dense entries.
 *
 *      slots    | hash, entry | free | hash, entry | ...      8 bytes each
 *                      |                    |
 *      entries  [key words | sums] [key words | sums] ...     in order of arrival, in
 *                                                             chunks that never move
 *
 * Slots are probed in line and hold half of the hash, so that an entry is touched only
 * where its key is most likely the one, and growing moves slots alone.  Rows are added
 * in batches: hashes first, then slots, then entries, each fetched ahead of its use,
 * for a table of millions of groups lives in memory, not in the cache.
 */
#ifndef GODB_GROUP_TABLE_H
#define GODB_GROUP_TABLE_H

#include <stddef.h>
#include <stdint.h>

enum { GROUP_KEY_WORDS_MAX = 8, GROUP_BATCH = 128 };

struct group_slot {
    uint32_t hash;
    uint32_t entry; /* number + 1; 0: free */
};

enum { GROUP_CHUNK_BITS = 16, GROUP_CHUNK = 1 << GROUP_CHUNK_BITS };

struct group_table {
    unsigned key_words, sum_count, entry_words;
    uint64_t **chunks; /* of GROUP_CHUNK entries each, which never move */
    size_t count, chunk_count;
    struct group_slot *slots;
    size_t slot_count; /* a power of two */
};

void group_table_init(
    struct group_table *table, unsigned key_words, unsigned sum_count);
void group_table_free(struct group_table *table);

static inline uint64_t *
group_entry(const struct group_table *table, size_t i)
{
    return table->chunks[i >> GROUP_CHUNK_BITS] +
           (i & (GROUP_CHUNK - 1)) * table->entry_words;
}

/* The hash of each of `count` keys, key_words long, one after the other.  seed:
 * unpredictable to whoever chooses the keys. */
void group_hash(uint32_t *hashes, const uint64_t *keys, unsigned key_words,
    size_t count, uint64_t seed);

/* Add `count` rows (at most GROUP_BATCH).  keys: key_words each, one after the other;
 * sums: sum_count each.  Sums stop at UINT64_MAX.  GODB_OK or GODB_ENOMEM. */
int group_table_add(struct group_table *table, const uint64_t *keys,
    const uint64_t *sums, const uint32_t *hashes, size_t count);

#endif
