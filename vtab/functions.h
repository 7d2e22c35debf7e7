/* SPDX-License-Identifier: MIT
 *
 * functions.h -- goprobe's SQL functions.
 */
#ifndef VTAB_FUNCTIONS_H
#define VTAB_FUNCTIONS_H

#include "vtab/session.h"

/* goprobe_scope(), ip_in(), human_bytes(), human_count(). */
int functions_register(sqlite3 *db, struct session *session);

/* xFindFunction of flows and traffic: ip_in(column, net) becomes a term of the plan. */
int function_find(sqlite3_vtab *table, int argc, const char *name,
    void (**out)(sqlite3_context *, int, sqlite3_value **), void **out_arg);

#endif
