/* SPDX-License-Identifier: MIT
 *
 * grouper.h -- rows of chunks into groups: what one thread of an aggregation does.
 *
 *      chunk --> keys of 3 bytes ---------> small groups: pages
 *        `-----> keys, sums, hashes ------> own groups: a table that fits the cache
 *                       |                      |     too many groups
 *                       | few rows a group     v
 *                       `---------------> a chunk for each part --> the part
 *                                                                  (shared, locked)
 *
 * Rows go column after column, so that each loop touches one array.  A question with
 * few groups is answered by what threads sum up for themselves; one with many deals its
 * rows out as they are, as soon as that has been found to bring nothing.
 */
#ifndef GODB_GROUPER_H
#define GODB_GROUPER_H

#include "godb/grouping.h"
#include "godb/own_groups.h"
#include "godb/small_groups.h"

struct grouper_batch;

struct grouper {
    struct grouping *grouping;
    struct intern l7;   /* texts that this thread has met ... */
    uint32_t *l7_codes; /* ... and their codes in the grouping */
    size_t l7_known;
    struct own_groups own[GROUP_KINDS];
    bool uses_own[GROUP_KINDS];
    struct small_groups small; /* instead, where keys have numbers */
    bool uses_small;
    struct grouper_batch *batches; /* on their way to each part */
    struct group_table table;      /* for folding */
    uint64_t rows[GROUP_BATCH * ROW_WORDS_MAX];
};

/* GODB_OK or GODB_ENOMEM; to be freed after both. */
int grouper_init(struct grouper *grouper, struct grouping *grouping);
void grouper_free(struct grouper *grouper);

/* Add the selected rows of a chunk; iface is its interface's number in the keys. */
int grouper_add(struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface,
    struct godb_err *err);

/* Give the parts all that this thread still has. */
int grouper_flush(struct grouper *grouper, struct godb_err *err);

#endif
