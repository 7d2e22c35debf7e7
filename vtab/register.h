/* SPDX-License-Identifier: MIT
 *
 * register.h -- goprobe's tables, functions and views for a program that links them in.
 */
#ifndef VTAB_REGISTER_H
#define VTAB_REGISTER_H

#include <sqlite3.h>

/* Told about a block that was skipped; one line, borrowed for the call. */
typedef void goprobe_warn_fn(void *arg, const char *message);

/* Do for this connection what `.load goprobe` does.  Warnings go to warn, or to
 * standard error where it is NULL.  On failure *error is a message for sqlite3_free().
 */
int goprobe_register(sqlite3 *db, goprobe_warn_fn *warn, void *warn_arg, char **error);

#endif
