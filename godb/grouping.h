/* SPDX-License-Identifier: MIT
 *
 * grouping.h -- how rows become groups, which is constant during a question, and the
 * parts that the groups are in.
 *
 * A key's hash says which part a group is in, so that threads meet only where they add
 * to the same part at the same time, and nothing has to be merged.  Rows whose
 * addresses are all IPv4 have short keys, and parts of their own.
 */
#ifndef GODB_GROUPING_H
#define GODB_GROUPING_H

#include "godb/group_key.h"
#include "godb/group_part.h"
#include "godb/intern.h"

/* Keys whose addresses are all IPv4, and the others; see group_key.h. */
enum group_kind { GROUPS_NARROW, GROUPS_WIDE, GROUP_KINDS };

struct grouping {
    unsigned dims, sums;               /* GODB_DIM_BITs, GODB_SUM_BITs */
    uint8_t sum_place[GODB_SUM_COUNT]; /* in a group's sums, where wanted */
    unsigned sum_count;
    bool has_ips;
    bool has_row_dims; /* else all rows of a block are of one group */
    struct key_layout layouts[GROUP_KINDS];
    size_t split_count;       /* parts of each kind */
    size_t own_rows;          /* of groups that a thread may have for itself */
    struct group_parts parts; /* narrow, wide, narrow, wide, ... */
    pthread_mutex_t l7_lock;
    struct intern l7; /* texts of L7_NAME and L7_CATEGORY */
};

/* limit_bytes: of rows, batches included; split_count gives way to it, too.  GODB_OK
 * or GODB_ENOMEM; to be freed after both. */
int grouping_init(struct grouping *grouping, unsigned dims, unsigned sums,
    size_t split_count, size_t thread_count, uint64_t limit_bytes);
void grouping_free(struct grouping *grouping);

/* Bits of the columns that keys and sums come from. */
unsigned grouping_columns(unsigned dims, unsigned sums);

/* The counters, by enum godb_measure, that a sum is made of. */
struct sum_parts {
    uint8_t first, count;
};
extern const struct sum_parts sum_parts[GODB_SUM_COUNT];

static inline enum group_kind
group_kind_of(size_t part)
{
    return (enum group_kind)(part % GROUP_KINDS);
}

/* Words of a row of a kind: key and sums. */
unsigned grouping_row_words(const struct grouping *grouping, enum group_kind kind);

/* The upper bits of the hash choose the part: the lower ones choose the slot in it. */
static inline size_t
grouping_part_of(const struct grouping *grouping, enum group_kind kind, uint32_t hash)
{
    return ((uint64_t)hash * grouping->split_count >> 32) * GROUP_KINDS + (size_t)kind;
}

/* Where in its part a hash lies, as a fraction of 2^32. */
static inline uint32_t
grouping_place(const struct grouping *grouping, uint32_t hash)
{
    return (uint32_t)(hash * (uint64_t)grouping->split_count);
}

#endif
