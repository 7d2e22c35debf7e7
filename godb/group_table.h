/* SPDX-License-Identifier: MIT
 *
 * group_table.h -- rows with the same key become one: open addressing over a list.
 *
 *      slots    | hash, number | free | hash, number | ...      8 bytes each
 *                        |                     |
 *      list     [key words | sums] [key words | sums] ... | rows to come
 *               `------------ groups ---------------'
 *
 * Slots are probed in line and hold the hash, so that a group is touched only where its
 * key is most likely the one, and growing moves slots alone.  Rows are added in
 * batches: first slots, then groups, each fetched ahead of its use.
 *
 * Groups stand at the front of a list, in the order of arrival.  The rows to add may be
 * those behind them in the same list (group_table_fold): there is never more to write
 * than was read.  So a list is what stays, and slots, which one thread has for all its
 * lists, are made anew each time: to read a list from front to back costs less than to
 * find slots in memory again.
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
    uint64_t seed;  /* of hashes; unpredictable to whoever chooses the keys */
    uint64_t count; /* of groups, at the front of the list */
    uint32_t next;  /* number of the row behind them */
};

/* A table of zeros has nothing to free. */
void group_table_free(struct group_table *table);

/* Begin with a list whose first `count` rows are groups, all different; about
 * `expected` of them there will be in the end.  GODB_OK or GODB_ENOMEM.  list is
 * borrowed until the next begin. */
int group_table_begin(struct group_table *table, struct row_list *list,
    unsigned key_words, uint64_t seed, uint64_t count, uint64_t expected);

/* The hash of each of `count` keys, which begin row_words apart. */
void group_hash(uint32_t *hashes, const uint64_t *rows, unsigned key_words,
    unsigned row_words, size_t count, uint64_t seed);

/* Add at most GROUP_BATCH rows: new groups go behind the others, where the list has to
 * have room for them.  Sums stop at UINT64_MAX.  GODB_OK, or GODB_ENOMEM and nothing
 * was added. */
int group_table_add(struct group_table *table, const uint64_t *rows,
    const uint32_t *hashes, size_t count);

/* Make groups of all rows of a list whose first *count are groups already; the list is
 * cut to them, and *count says how many there are.  GODB_OK, or GODB_ENOMEM and the
 * list is only good to be freed. */
int group_table_fold(struct group_table *table, struct row_list *list,
    unsigned key_words, uint64_t seed, uint64_t *count);

/* At most so many bytes are needed to fold `count` rows, the list included. */
uint64_t group_table_bytes(size_t chunk_bytes, unsigned row_words, uint64_t count);

#endif
