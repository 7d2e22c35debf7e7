/* SPDX-License-Identifier: MIT
 *
 * session.h -- a SQLite connection of our own with goprobe's tables, and what its
 * questions are about.
 */
#ifndef SHELL_SESSION_H
#define SHELL_SESSION_H

#include <stdio.h>

#include <sqlite3.h>

#include "godb/godb.h"

/* The arguments of goprobe_scope().  Borrowed texts; NULL: not said. */
struct session_scope {
    const char *db, *iface, *first, *last, *condition, *memory_limit;
};

struct session {
    sqlite3 *db;
    int warning_count;
    char warning[256]; /* the first one */
};

/* Open it in place, in memory, and set the scope.  Warnings go to standard error as
 * they come, and are counted.  Close it in every case. */
int session_open(
    struct session *session, const struct session_scope *scope, struct godb_err *err);
void session_close(struct session *session);

/* Set one argument of the scope.  NULL: leave it. */
int session_set_scope(
    struct session *session, const char *name, const char *value, struct godb_err *err);

/* GODB_OK with a statement for sqlite3_finalize(). */
int session_prepare(
    struct session *session, const char *sql, sqlite3_stmt **out, struct godb_err *err);

/* The first statement of a text, and where the text goes on; *out is NULL where there
 * is none, but blanks and comments. */
int session_prepare_first(struct session *session, const char **text,
    sqlite3_stmt **out, struct godb_err *err);

/* GODB_OK: a row; GODB_DONE; or an error. */
int session_step(
    struct session *session, sqlite3_stmt *statement, struct godb_err *err);

/* The scope as SQL, to be pasted into a shell with the extension. */
void session_print_scope(const struct session_scope *scope, FILE *out);

#endif
