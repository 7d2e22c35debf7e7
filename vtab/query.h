/* SPDX-License-Identifier: MIT
 *
 * query.h -- a plan and its arguments as a question to libgodb.
 *
 * SQLite's rules for comparing values hold: affinity, NULL, numbers against texts.
 */
#ifndef VTAB_QUERY_H
#define VTAB_QUERY_H

#include "vtab/plan.h"
#include "vtab/session.h"
#include "vtab/watch.h"

struct query {
    struct godb *db;
    struct godb_selection sel;
    char *iface_text;           /* what ifaces points into */
    const char **ifaces;        /* NULL: all */
    struct godb_filter *filter; /* NULL: every flow */
    bool is_empty;              /* no row can match */
    int64_t limit;              /* offset included; -1: none */
    const char *numbered_iface; /* whose number is iface_number */
    int iface_number;
    struct watch watch; /* while SQLite waits for us */
    struct session *session;
    struct godb_err damage; /* the first that was met, where it ends the statement */
    /* The arguments as given, for the hidden columns; NULL where not. */
    sqlite3_value *arguments[3];
};

/* Open the database (db_path, or the session's where it is NULL) and build the
 * question. *query is uninitialised before, and to be closed after success and failure.
 * An error is in *err. */
int query_open(struct query *query, const struct session *session, const char *db_path,
    const struct plan *plan, sqlite3_value **argv, struct godb_err *err);
void query_close(struct query *query);

/* What a scan of the question needs; query->watch says when to stop.  Damage goes to
 * the session as a warning, or, where the session does not skip it, stops the scan and
 * is kept for query_outcome().  *query is borrowed. */
struct godb_scan_spec query_scan(struct query *query, struct session *session);

/* What a call with that scan came to: rc, or the damage that it met, with *err. */
int query_outcome(const struct query *query, int rc, struct godb_err *err);

/* The interface's place among those of the database; fast where it is that of the row
 * before.  -1 where it is gone. */
int query_iface_number(struct query *query, const char *iface);

/* Open a table's database and select the session's interfaces and times: all that
 * an estimate needs. */
int query_open_scope(struct query *query, const struct session *session,
    const char *db_path, struct godb_err *err);

/* The SQLite result code for a status, and *message, for sqlite3_free(), from err. */
int query_error(const struct godb_err *err, char **message);

#endif
