/* SPDX-License-Identifier: MIT
 *
 * constraint.h -- one WHERE term with its value, into a query.
 */
#ifndef VTAB_CONSTRAINT_H
#define VTAB_CONSTRAINT_H

#include "vtab/query.h"

/* Narrow the query to the rows for which SQLite would find the term true.  Terms that
 * are no comparison (arguments of the table, LIMIT) change nothing here. */
int constraint_apply(struct query *query, const struct plan_term *term,
    sqlite3_value *value, struct godb_err *err);

#endif
