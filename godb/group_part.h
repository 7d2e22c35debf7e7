/* SPDX-License-Identifier: MIT
 *
 * group_part.h -- one part of a result: rows that were collected, folded now and then.
 *
 *      groups   | all different                 |   a list, see row_list.h
 *      come     | rows | rows | rows | ...          chunks, as threads filled them
 *      fold     come --> groups                     chunks go back to the pool
 *      spill    both --> the spill file, and begin again
 *
 * A row to add looks like a group, and what was spilled is rows as well: a group may be
 * in the file several times, and in memory once more.  regroup.h brings them together.
 *
 * Collecting first and folding later is what makes an aggregation fast: a part is small
 * enough for the processor's cache, while all of them together are not, and many rows
 * are summed each time that it is there.  Rows are written once until then, by the
 * thread that read them, into a chunk that goes from hand to hand.
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

/* A chunk of the pool with rows in it. */
struct come_chunk {
    uint64_t *rows;
    size_t count;
};

struct group_part {
    pthread_mutex_t lock; /* of all but held_chunks */
    struct row_list groups;
    unsigned key_words;
    struct come_chunk *come;
    size_t come_count, come_capacity;
    uint64_t come_rows;        /* in all of them */
    atomic_size_t held_chunks; /* when it was last touched */
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

/* A chunk for rows of the parts.  Where memory is short, parts are folded, with the
 * caller's table, or spilled.  The caller has no part's lock. */
int group_parts_take(struct group_parts *parts, struct group_table *table,
    uint64_t **out, struct godb_err *err);

/* Part i has the chunk from now on, with `count` rows in it.  Where many have come,
 * they are folded with the caller's table. */
int group_parts_give(struct group_parts *parts, size_t i, uint64_t *chunk, size_t count,
    struct group_table *table, struct godb_err *err);

/* Fold all rows of a part.  The caller is alone with it, or holds its lock. */
int group_part_fold(struct group_part *part, struct group_table *table, uint64_t seed,
    struct godb_err *err);

/* Write all rows of a part to the spill file, and empty it.  The caller is alone with
 * it, or holds its lock. */
int group_part_spill(
    struct group_part *part, struct spill_file *file, struct godb_err *err);

#endif
