/* SPDX-License-Identifier: MIT
 *
 * grouping.h -- rows of chunks into groups: what one thread of an aggregation does.
 *
 *      chunk --> keys, counters, hashes --> a batch for each part --> the part's tables
 *                                                                    (shared, locked)
 *
 * Rows go column after column, so that each loop touches one array.  A key's hash says
 * which part of the result its group is in, so that threads meet only where they add to
 * the same part at the same time, and nothing has to be merged.  Rows whose addresses
 * are all IPv4 have short keys, in a table of their own.
 */
#ifndef GODB_GROUPING_H
#define GODB_GROUPING_H

#include <pthread.h>

#include "godb/group_key.h"
#include "godb/group_table.h"
#include "godb/intern.h"

/* Groups whose addresses are all IPv4, and the others; see group_key.h. */
enum { GROUPS_NARROW, GROUPS_WIDE, GROUPS_TABLES };

struct group_part {
    pthread_mutex_t lock;
    struct group_table tables[GROUPS_TABLES];
};

/* How rows become groups, which is constant, and the groups. */
struct grouping {
    unsigned dims, sums;               /* GODB_DIM_BITs, GODB_SUM_BITs */
    uint8_t sum_place[GODB_SUM_COUNT]; /* in a group's sums, where wanted */
    unsigned sum_count;
    bool has_ips;
    struct key_layout layouts[GROUPS_TABLES];
    uint64_t seed; /* of the hash */
    struct group_part *parts;
    size_t part_count;
    pthread_mutex_t l7_lock;
    struct intern l7; /* texts of L7_NAME and L7_CATEGORY */
};

/* GODB_OK or GODB_ENOMEM; to be freed after both. */
int grouping_init(
    struct grouping *grouping, unsigned dims, unsigned sums, size_t part_count);
void grouping_free(struct grouping *grouping);

/* Bits of the columns that keys and sums come from. */
unsigned grouping_columns(unsigned dims, unsigned sums);

struct grouper_batch;

/* What one thread adds rows with. */
struct grouper {
    struct grouping *grouping;
    struct intern l7;   /* texts that this thread has met ... */
    uint32_t *l7_codes; /* ... and their codes in the grouping */
    size_t l7_known;
    struct grouper_batch *batches; /* of each part and table; NULL with one part */
    uint64_t keys[GROUP_BATCH * GROUP_KEY_WORDS_MAX];
    uint64_t sums[GROUP_BATCH * GODB_SUM_COUNT];
    uint32_t hashes[GROUP_BATCH];
};

/* GODB_OK or GODB_ENOMEM; to be freed after both. */
int grouper_init(struct grouper *grouper, struct grouping *grouping);
void grouper_free(struct grouper *grouper);

/* Add the selected rows of a chunk; iface is its interface's number in the keys.
 * GODB_OK or GODB_ENOMEM. */
int grouper_add(
    struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface);

/* Add what is still in batches. */
int grouper_flush(struct grouper *grouper);

#endif
