/* SPDX-License-Identifier: MIT
 *
 * result.h -- the groups of an aggregation, and the order in which they are given.
 */
#ifndef GODB_RESULT_H
#define GODB_RESULT_H

#include "godb/day_list.h"
#include "godb/group_key.h"
#include "godb/group_table.h"
#include "godb/intern.h"

/* Groups whose addresses are all IPv4, and the others; see group_key.h. */
enum { RESULT_NARROW, RESULT_WIDE, RESULT_TABLES };

struct godb_result {
    struct day_list days; /* owns the interfaces' names */
    struct intern l7;
    unsigned sums;                     /* GODB_SUM_BITs */
    uint8_t sum_place[GODB_SUM_COUNT]; /* in an entry's sums, where wanted */
    struct key_layout layouts[RESULT_TABLES];
    struct group_table tables[RESULT_TABLES];
    uint64_t totals[GODB_SUM_COUNT];
    size_t group_count;
    uint64_t *rows; /* table in the top bit, entry in the others */
    size_t row_count;
};

/* Sum up the totals, and choose and order the rows as spec asks. */
int result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    struct godb_err *err);

#endif
