/* SPDX-License-Identifier: MIT
 *
 * regroup.h -- parts of a result that were spilled, brought together one after the
 * other.
 *
 *      part 0   | rows | rows | rows |   --> folded, ordered, cut --> run --.
 *      part 1   | rows | rows |          --> folded, ordered, cut --> run --+-> merge
 *      part 2   | rows | rows | ...      --> the lower half of hashes --> run
 *       (too many for the memory)        --> then the others          --> run
 *
 * All of a group's rows are in one part, and there in one slice of its hashes: so each
 * run has all of its groups, and no other run has one of them.  Threads take the next
 * part until none is left, each with its share of the memory.
 */
#ifndef GODB_REGROUP_H
#define GODB_REGROUP_H

#include "godb/job.h"
#include "godb/run_merge.h"

/* What comes out of it. */
struct regrouped {
    struct run *runs;
    size_t run_count;
    uint64_t group_count;
    uint64_t totals[GODB_SUM_COUNT]; /* by place */
};

/* All groups of the grouping, in memory or spilled, into runs of at most `limit`
 * groups; its tables and their memory are gone afterwards.  out->runs is for free(3)
 * after success and failure. */
int regroup(struct regrouped *out, struct grouping *grouping,
    const struct group_order *order, uint64_t limit, size_t thread_count,
    uint64_t memory_bytes, struct job *job, struct godb_err *err);

#endif
