/* SPDX-License-Identifier: MIT
 *
 * group_table.h -- rows with the same key become one: open addressing over a list.
 *
 *      slots    | hash, number | free | hash, number | ...      8 bytes each
 *                        |                     |
 *      list     [key words | sums] [key words | sums] ...
 *
 * Slots are probed in line and hold the hash, so that a group is touched only where its
 * key is most likely the one, and growing moves slots alone.  Rows are added in
 * batches: first slots, then groups, each fetched ahead of its use.
 *
 * Groups stand in a list, in the order of arrival.  The list is what stays: slots,
 * which one thread has for all its lists, are made anew each time, as reading a list
 * from front to back costs less than finding slots in memory again.
 */
#ifndef GODB_GROUP_TABLE_H
#define GODB_GROUP_TABLE_H

#include "godb/row_list.h"

enum { GROUP_KEY_WORDS_MAX = 8, GROUP_BATCH = 128 };

struct group_slot {
    uint32_t hash;
    uint32_t number; /* of a row, + 1; 0: free */
};

struct group_table {
    struct group_slot *slots;
    size_t slot_count, slot_capacity; /* powers of two, or 0 */
    struct row_list *list;
    unsigned key_words;
    uint64_t seed; /* of hashes; unpredictable to whoever chooses the keys */
    uint32_t next; /* number of the row behind the groups */
};

/* A table of zeros has nothing to free. */
void group_table_free(struct group_table *table);

/* Begin with a list of groups, all different; there will be about `expected` in the
 * end. GODB_OK or GODB_ENOMEM.  list is borrowed until the next begin. */
int group_table_begin(struct group_table *table, struct row_list *list,
    unsigned key_words, uint64_t seed, uint64_t expected);

/* The hash of each of `count` keys, which begin row_words apart. */
void group_hash(uint32_t *hashes, const uint64_t *rows, unsigned key_words,
    unsigned row_words, size_t count, uint64_t seed);

/* Add rows that are not in the list; it grows by what groups are new, whatever its pool
 * says.  Sums stop at UINT64_MAX.  GODB_OK, or GODB_ENOMEM and some rows were added. */
int group_table_add(struct group_table *table, const uint64_t *rows, size_t count);

/* At most so many bytes are needed for `count` groups, the list included. */
uint64_t group_table_bytes(size_t chunk_bytes, unsigned row_words, uint64_t count);

#endif
