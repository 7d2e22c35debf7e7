/* SPDX-License-Identifier: MIT
 *
 * result.h -- the groups of an aggregation, and the order in which they are given: from
 * memory, or from the runs of a spill file.
 */
#ifndef GODB_RESULT_H
#define GODB_RESULT_H

#include "godb/day_list.h"
#include "godb/ranking.h"
#include "godb/run_merge.h"

struct godb_result {
    struct day_list days; /* owns the interfaces' names */
    struct grouping grouping;
    struct group_order order;
    uint64_t totals[GODB_SUM_COUNT];
    uint64_t group_count;
    uint64_t rows_left;
    /* In memory. */
    struct ranked_list *lists;
    struct ranking ranking;
    /* In the spill file. */
    bool is_spilled;
    struct run_merge merge;
};

/* Sum up the totals, and choose and order the rows as spec asks, within memory_bytes.
 */
int result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    size_t thread_count, uint64_t memory_bytes, struct job *job, struct godb_err *err);

#endif
