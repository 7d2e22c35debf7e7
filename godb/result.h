/* SPDX-License-Identifier: MIT
 *
 * result.h -- the groups of an aggregation, and the order in which they are given.
 */
#ifndef GODB_RESULT_H
#define GODB_RESULT_H

#include "godb/day_list.h"
#include "godb/grouping.h"

struct godb_result {
    struct day_list days; /* owns the interfaces' names */
    struct grouping grouping;
    uint64_t totals[GODB_SUM_COUNT];
    uint64_t group_count;
    uint64_t *rows; /* references: part, table (1 bit), entry (32 bits) */
    size_t row_count, next_row;
};

/* Sum up the totals, and choose and order the rows as spec asks. */
int result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    struct godb_err *err);

#endif
