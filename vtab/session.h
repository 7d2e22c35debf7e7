/* SPDX-License-Identifier: MIT
 *
 * session.h -- what a connection's statements take where they say nothing: database,
 * interfaces, time range, condition.  Set by goprobe_scope(), the parameters of views.
 */
#ifndef VTAB_SESSION_H
#define VTAB_SESSION_H

#include <stdbool.h>

#include <sqlite3ext.h>

#include "godb/godb.h"
#include "vtab/register.h"

enum scope {
    SCOPE_DB,
    SCOPE_IFACE, /* comma list; ANY or NULL: all */
    SCOPE_FIRST,
    SCOPE_LAST,
    SCOPE_CONDITION,
    SCOPE_THREADS,      /* that `traffic` works with; NULL: one a core */
    SCOPE_MEMORY_LIMIT, /* of `traffic`, as godb_size_parse() takes it; NULL: default */
    SCOPE_ON_CORRUPT,   /* 'skip' what is damaged; 'error', as NULL */
    SCOPE_LIVE,         /* 1, or a socket: flows that are not written yet too */
    SCOPE_COUNT
};

struct session {
    int references;
    char *values[SCOPE_COUNT]; /* NULL: not set; sqlite3_malloc'ed */
    unsigned change_count;     /* of values */
    int warning_count;         /* of the last statement */
    struct live_view *views;   /* that cursors hold; see live.h */
    goprobe_warn_fn *warn;
    void *warn_arg;
};

/* One reference, for the caller. */
struct session *session_new(goprobe_warn_fn *warn, void *warn_arg);
struct session *session_ref(struct session *session);
void session_unref(void *session);

/* The database: the scope's, $GOPROBE_DB's, or the installed default.  Borrowed until
 * the scope changes. */
const char *session_db(const struct session *session);

/* How many threads to work with; 0: one a core. */
int session_threads(const struct session *session);

/* Does a statement answer without what is damaged?  Else it fails. */
bool session_skips_damage(const struct session *session);

/* How much memory an aggregation may take; 0: libgodb's default. */
uint64_t session_memory_bytes(const struct session *session);

/* Are flows asked for that are not written yet?  *out_socket: where, borrowed until the
 * scope changes; NULL: in the usual place. */
bool session_live(const struct session *session, const char **out_socket);

/* Set a scope by its name; value NULL resets it.  SQLITE_ERROR with *error, for
 * sqlite3_free(), where the name is unknown or the value cannot be. */
int session_set(
    struct session *session, const char *name, const char *value, char **error);

/* The value of a scope by its name, borrowed; *out_known tells NULL apart. */
const char *session_get(
    const struct session *session, const char *name, bool *out_known);

/* A godb_warn_fn for a statement: arg is the session.  At most ten are told a
 * statement, and then how many there were. */
void session_warn(void *session, const struct godb_err *warning);
void session_warn_start(struct session *session);
void session_warn_end(struct session *session);

#endif
