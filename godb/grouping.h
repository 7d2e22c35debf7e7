/* SPDX-License-Identifier: MIT
 *
 * grouping.h -- rows of chunks into groups: what one thread of an aggregation does.
 *
 *      chunk --> keys, counters, hashes --> a batch for each part --> the part's table
 *                                                                    (shared, locked)
 *                                  no memory left: the largest part --> spill file
 *
 * Rows go column after column, so that each loop touches one array.  A key's hash says
 * which part of the result its group is in, so that threads meet only where they add to
 * the same part at the same time, and nothing has to be merged.  Rows whose addresses
 * are all IPv4 have short keys, and parts of their own.
 *
 * What a part has written to the spill file are sums as well: a group may be there
 * several times, and in the table once more.  regroup.h brings them together.
 */
#ifndef GODB_GROUPING_H
#define GODB_GROUPING_H

#include <pthread.h>
#include <stdatomic.h>

#include "godb/group_key.h"
#include "godb/group_table.h"
#include "godb/intern.h"
#include "godb/spill_file.h"

/* Keys whose addresses are all IPv4, and the others; see group_key.h. */
enum group_kind { GROUPS_NARROW, GROUPS_WIDE, GROUP_KINDS };

/* Rows in the spill file, one after the other. */
struct spill_extent {
    uint64_t offset_bytes, row_count;
};

struct group_part {
    pthread_mutex_t lock; /* of all but held_chunks */
    struct group_table table;
    atomic_size_t held_chunks; /* of the table, when it was last touched */
    struct spill_extent *spilled;
    size_t spilled_count;
};

/* How rows become groups, which is constant, and the groups. */
struct grouping {
    unsigned dims, sums;               /* GODB_DIM_BITs, GODB_SUM_BITs */
    uint8_t sum_place[GODB_SUM_COUNT]; /* in a group's sums, where wanted */
    unsigned sum_count;
    bool has_ips;
    struct key_layout layouts[GROUP_KINDS];
    uint64_t seed; /* of the hash */
    struct chunk_pool pool;
    size_t split_count;       /* parts of each kind */
    struct group_part *parts; /* narrow, wide, narrow, wide, ... */
    size_t part_count;
    struct spill_file spill;
    pthread_mutex_t l7_lock;
    struct intern l7; /* texts of L7_NAME and L7_CATEGORY */
};

/* limit_bytes: of tables, batches included; split_count gives way to it, too.  GODB_OK
 * or GODB_ENOMEM; to be freed after both. */
int grouping_init(struct grouping *grouping, unsigned dims, unsigned sums,
    size_t split_count, size_t thread_count, uint64_t limit_bytes);
void grouping_free(struct grouping *grouping);

/* Bits of the columns that keys and sums come from. */
unsigned grouping_columns(unsigned dims, unsigned sums);

static inline enum group_kind
group_kind_of(size_t part)
{
    return (enum group_kind)(part % GROUP_KINDS);
}

/* Words of a row of a kind: key and sums. */
unsigned grouping_row_words(const struct grouping *grouping, enum group_kind kind);

/* Where in its part a hash lies, as a fraction of 2^32. */
static inline uint32_t
grouping_place(const struct grouping *grouping, uint32_t hash)
{
    return (uint32_t)(hash * (uint64_t)grouping->split_count);
}

/* A table for the rows of a kind. */
void grouping_make_table(const struct grouping *grouping, enum group_kind kind,
    struct chunk_pool *pool, struct group_table *out);

/* Write a part's groups to the spill file, and empty it.  The caller is alone with the
 * part, or holds its lock. */
int group_part_spill(
    struct grouping *grouping, struct group_part *part, struct godb_err *err);

struct grouper_batch;

/* What one thread adds rows with. */
struct grouper {
    struct grouping *grouping;
    struct intern l7;   /* texts that this thread has met ... */
    uint32_t *l7_codes; /* ... and their codes in the grouping */
    size_t l7_known;
    struct grouper_batch *batches; /* of each part; NULL where there is one split */
    uint64_t rows[GROUP_BATCH * GROUP_ROW_WORDS_MAX]; /* keys and sums */
    uint32_t hashes[GROUP_BATCH];
};

/* GODB_OK or GODB_ENOMEM; to be freed after both. */
int grouper_init(struct grouper *grouper, struct grouping *grouping);
void grouper_free(struct grouper *grouper);

/* Add the selected rows of a chunk; iface is its interface's number in the keys. */
int grouper_add(struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface,
    struct godb_err *err);

/* Add what is still in batches. */
int grouper_flush(struct grouper *grouper, struct godb_err *err);

#endif
