/* SPDX-License-Identifier: MIT
 *
 * query.c -- see query.h.
 */
#include "vtab/query.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vtab/constraint.h"

SQLITE_EXTENSION_INIT3

static int
fail(struct godb_err *err, enum godb_status status, const char *what)
{
    err->status = status;
    err->os_errno = 0;
    snprintf(err->msg, sizeof err->msg, "%s", what);
    return status;
}

/* --- Interfaces ------------------------------------------------------------------- */

static bool
is_any(const char *list)
{
    return list == NULL || *list == '\0' || sqlite3_stricmp(list, "any") == 0;
}

static size_t
count_commas(const char *list)
{
    size_t commas = 0;
    for (; *list; list++)
        commas += *list == ',';
    return commas;
}

/* "eth0, eth1" as a list; blanks around names are dropped. */
static int
split_ifaces(struct query *query, const char *list, struct godb_err *err)
{
    query->iface_text = sqlite3_mprintf("%s", list);
    query->ifaces = sqlite3_malloc64((count_commas(list) + 1) * sizeof(char *));
    if (query->iface_text == NULL || query->ifaces == NULL)
        return fail(err, GODB_ENOMEM, "out of memory");
    char *next = query->iface_text;
    while (next != NULL) {
        char *name = next + strspn(next, " ");
        next = strchr(name, ',');
        if (next != NULL) *next++ = '\0';
        name[strcspn(name, " ")] = '\0';
        query->ifaces[query->sel.iface_count++] = name;
    }
    query->sel.ifaces = query->ifaces;
    return GODB_OK;
}

static int
use_scope_ifaces(
    struct query *query, const struct session *session, struct godb_err *err)
{
    const char *list = session->values[SCOPE_IFACE];
    if (is_any(list)) return GODB_OK;
    int rc = split_ifaces(query, list, err);
    for (size_t i = 0; rc == GODB_OK && i < query->sel.iface_count; i++) {
        rc = godb_iface_check(query->ifaces[i], err);
        if (rc != GODB_OK || godb_has_iface(query->db, query->ifaces[i])) continue;
        snprintf(err->msg, sizeof err->msg,
            "%s: no interface '%s' in this database; SELECT iface FROM interfaces, "
            "or goquery -list, has its names",
            godb_root(query->db), query->ifaces[i]);
        err->os_errno = 0;
        rc = err->status = GODB_ENOTFOUND;
    }
    return rc;
}

/* --- Times and conditions --------------------------------------------------------- */

static int
parse_time(int64_t *out_s, sqlite3_value *value, const char *scope, int64_t otherwise_s,
    struct godb_err *err)
{
    *out_s = otherwise_s;
    if (value && sqlite3_value_type(value) == SQLITE_INTEGER) {
        *out_s = sqlite3_value_int64(value);
        return GODB_OK;
    }
    const char *text = value ? (const char *)sqlite3_value_text(value) : scope;
    if (text == NULL) return GODB_OK;
    return godb_time_parse(out_s, text, time(NULL), err);
}

static int
select_times(struct query *query, const struct session *session, sqlite3_value *first,
    sqlite3_value *last, struct godb_err *err)
{
    int64_t first_s, last_s;
    int rc = parse_time(&first_s, first, session->values[SCOPE_FIRST], 0, err);
    if (rc == GODB_OK)
        rc =
            parse_time(&last_s, last, session->values[SCOPE_LAST], GODB_STAMP_MAX, err);
    if (rc == GODB_OK) rc = godb_selection_overlap(&query->sel, first_s, last_s, err);
    return rc;
}

static int
use_condition(struct query *query, const struct session *session, sqlite3_value *value,
    struct godb_err *err)
{
    const char *text = session->values[SCOPE_CONDITION];
    if (value) text = (const char *)sqlite3_value_text(value);
    if (text == NULL) return GODB_OK;
    return godb_filter_parse(&query->filter, text, NULL, NULL, NULL, err);
}

/* --- Opening ---------------------------------------------------------------------- */

static int
open_db(struct query *query, const struct session *session, const char *db_path,
    struct godb_err *err)
{
    memset(query, 0, sizeof *query);
    query->limit = -1;
    query->sel.first_s = GODB_STAMP_MIN;
    query->sel.last_s = GODB_STAMP_MAX;
    return godb_open(
        &query->db, db_path ? db_path : session_db(session), GODB_READ, err);
}

int
query_open_scope(struct query *query, const struct session *session,
    const char *db_path, struct godb_err *err)
{
    int rc = open_db(query, session, db_path, err);
    if (rc == GODB_OK) rc = use_scope_ifaces(query, session, err);
    if (rc == GODB_OK) rc = select_times(query, session, NULL, NULL, err);
    return rc;
}

/* NULL as an argument means the same as none. */
static int
keep_arguments(struct query *query, const struct plan *plan, sqlite3_value **argv,
    struct godb_err *err)
{
    for (size_t i = 0; i < plan->term_count; i++) {
        const enum field field = plan->terms[i].field;
        if (field < FIELD_CONDITION || field > FIELD_LAST) continue;
        if (sqlite3_value_type(argv[i]) == SQLITE_NULL) continue;
        sqlite3_value **kept = &query->arguments[field - FIELD_CONDITION];
        sqlite3_value_free(*kept);
        *kept = sqlite3_value_dup(argv[i]);
        if (*kept == NULL) return fail(err, GODB_ENOMEM, "out of memory");
    }
    return GODB_OK;
}

static void
take_limit(struct query *query, const struct plan *plan, sqlite3_value **argv)
{
    int64_t limit = -1, offset = 0;
    for (size_t i = 0; i < plan->term_count; i++) {
        if (plan->terms[i].op == PLAN_LIMIT) limit = sqlite3_value_int64(argv[i]);
        if (plan->terms[i].op == PLAN_OFFSET) offset = sqlite3_value_int64(argv[i]);
    }
    if (limit < 0) return;
    if (offset < 0) offset = 0;
    if (!__builtin_add_overflow(limit, offset, &limit)) query->limit = limit;
}

int
query_open(struct query *query, const struct session *session, const char *db_path,
    const struct plan *plan, sqlite3_value **argv, struct godb_err *err)
{
    int rc = open_db(query, session, db_path, err);
    if (rc == GODB_OK) rc = use_scope_ifaces(query, session, err);
    if (rc == GODB_OK) rc = keep_arguments(query, plan, argv, err);
    if (rc == GODB_OK)
        rc =
            select_times(query, session, query->arguments[1], query->arguments[2], err);
    if (rc == GODB_OK) rc = use_condition(query, session, query->arguments[0], err);
    for (size_t i = 0; rc == GODB_OK && i < plan->term_count; i++)
        rc = constraint_apply(query, &plan->terms[i], argv[i], err);
    take_limit(query, plan, argv);
    return rc;
}

void
query_close(struct query *query)
{
    for (int i = 0; i < 3; i++)
        sqlite3_value_free(query->arguments[i]);
    sqlite3_free(query->iface_text);
    sqlite3_free(query->ifaces);
    godb_filter_free(query->filter);
    godb_close(query->db);
    memset(query, 0, sizeof *query);
}

static void
meet_damage(void *arg, const struct godb_err *damage)
{
    struct query *query = arg;
    if (session_skips_damage(query->session)) {
        session_warn(query->session, damage);
        return;
    }
    if (query->damage.status == GODB_OK) query->damage = *damage;
    watch_give_up(&query->watch);
}

int
query_outcome(const struct query *query, int rc, struct godb_err *err)
{
    if (query->damage.status == GODB_OK) return rc;
    *err = query->damage;
    snprintf(err->msg, sizeof err->msg,
        "%.380s; SELECT goprobe_scope('on_corrupt', 'skip') to be answered without it",
        query->damage.msg);
    return err->status;
}

struct godb_scan_spec
query_scan(struct query *query, struct session *session)
{
    query->session = session;
    query->damage.status = GODB_OK;
    return (struct godb_scan_spec){.sel = query->sel,
        .filter = query->filter,
        .warn = meet_damage,
        .warn_arg = query,
        .stop = watch_stop,
        .stop_arg = &query->watch};
}

int
query_iface_number(struct query *query, const char *iface)
{
    if (query->numbered_iface != iface) {
        query->iface_number = godb_iface_number(query->db, iface);
        query->numbered_iface = iface;
    }
    return query->iface_number;
}

int
query_error(const struct godb_err *err, char **message)
{
    sqlite3_free(*message);
    *message = NULL;
    if (err->status == GODB_ECANCELLED)
        return SQLITE_INTERRUPT; /* SQLite has words for it */
    *message = sqlite3_mprintf("%s", err->msg);
    switch (err->status) {
    case GODB_ENOMEM:
        return SQLITE_NOMEM;
    case GODB_EIO:
        return SQLITE_IOERR;
    case GODB_ECORRUPT:
        return SQLITE_CORRUPT_VTAB;
    default:
        return SQLITE_ERROR;
    }
}
