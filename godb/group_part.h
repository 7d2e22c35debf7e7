/* SPDX-License-Identifier: MIT
 *
 * group_part.h -- one part of a result: rows that were collected, folded now and then.
 *
 *      rows     | groups, all different | rows as they came             |
 *               `-- group_count --------'
 *      fold     | groups                     |      back to the pool
 *      spill    |                        all to the spill file, and begin again
 *
 * A row to add looks like a group, and what was spilled is rows as well: a group may be
 * in the file several times, and in memory once more.  regroup.h brings them together.
 *
 * Collecting first and folding later is what makes an aggregation fast: a part is small
 * enough for the processor's cache, while all of them together are not, and many rows
 * are summed each time that it is there.
 */
#ifndef GODB_GROUP_PART_H
#define GODB_GROUP_PART_H

#include <pthread.h>
#include <stdatomic.h>

#include "godb/group_table.h"
#include "godb/spill_file.h"

/* Rows in the spill file, one after the other. */
struct spill_extent {
    uint64_t offset_bytes, row_count;
};

struct group_part {
    pthread_mutex_t lock; /* of all but held_chunks */
    struct row_list rows;
    unsigned key_words;
    uint64_t group_count;
    atomic_size_t held_chunks; /* of rows, when it was last touched */
    struct spill_extent *spilled;
    size_t spilled_count;
};

/* Parts of one result, which share a pool and a file. */
struct group_parts {
    struct group_part *parts;
    size_t count;
    uint64_t seed; /* of hashes */
    struct chunk_pool pool;
    struct spill_file spill;
};

void group_part_init(struct group_part *part, struct chunk_pool *pool,
    unsigned key_words, unsigned row_words);
void group_part_free(struct group_part *part);

/* Add rows to part i; where there are many, fold them with the caller's table.  Where
 * memory is short, other parts are folded or spilled. */
int group_parts_add(struct group_parts *parts, size_t i, const uint64_t *rows,
    size_t count, struct group_table *table, struct godb_err *err);

/* Fold all rows of a part.  The caller is alone with it, or holds its lock. */
int group_part_fold(struct group_part *part, struct group_table *table, uint64_t seed,
    struct godb_err *err);

/* Write all rows of a part to the spill file, and empty it.  The caller is alone with
 * it, or holds its lock. */
int group_part_spill(
    struct group_part *part, struct spill_file *file, struct godb_err *err);

#endif
