/* SPDX-License-Identifier: MIT
 *
 * cost.h -- what a plan will cost and give, so that SQLite orders joins well.
 *
 *      flows of the interfaces      summary.json
 *        in the range of times      read:    filtered, and summed in traffic
 *          that pass the terms      handed:  to SQLite, one by one   } flows
 *            grouped by the fields  handed                           } traffic
 *
 * The unit is SQLite's: a row of a plain table costs 3.
 */
#ifndef VTAB_COST_H
#define VTAB_COST_H

#include <sqlite3ext.h>

#include "godb/godb.h"
#include "vtab/plan.h"

struct cost {
    const struct godb_size *size;
    int64_t now_s;           /* what times like -1d count from */
    int64_t first_s, last_s; /* that the terms leave, where their values are known */
    int64_t scope_first_s, scope_last_s; /* without arguments of their own */
    bool has_first, has_last;
    double read_share; /* of the flows, beside the range of times */
    double pass_share; /* of those */
    unsigned fixed;    /* FIELD_BITs with `=` */
};

/* *size is borrowed; stamps are those of the session's scope. */
void cost_begin(struct cost *cost, const struct godb_size *size, int64_t now_s,
    int64_t first_s, int64_t last_s);

/* A term that the engine takes; value is NULL where it is not known yet. */
void cost_term(struct cost *cost, const struct plan_term *term, sqlite3_value *value);

/* Set estimates and flags; fields are those that the statement uses. */
void cost_finish(const struct cost *cost, bool is_traffic, unsigned fields,
    sqlite3_index_info *info);

/* The same for `blocks`. */
void cost_of_blocks(const struct cost *cost, sqlite3_index_info *info);

#endif
