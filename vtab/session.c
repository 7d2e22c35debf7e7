/* SPDX-License-Identifier: MIT
 *
 * session.c -- see session.h.
 */
#include "vtab/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

SQLITE_EXTENSION_INIT3

enum { WARNINGS_TOLD = 10, THREADS_MAX = 64 };

static const char *const scope_names[SCOPE_COUNT] = {
    [SCOPE_DB] = "db",
    [SCOPE_IFACE] = "iface",
    [SCOPE_FIRST] = "first",
    [SCOPE_LAST] = "last",
    [SCOPE_CONDITION] = "condition",
    [SCOPE_THREADS] = "threads",
    [SCOPE_MEMORY_LIMIT] = "memory_limit",
    [SCOPE_ON_CORRUPT] = "on_corrupt",
    [SCOPE_LIVE] = "live",
};

struct session *
session_new(goprobe_warn_fn *warn, void *warn_arg)
{
    struct session *session = sqlite3_malloc(sizeof *session);
    if (session == NULL) return NULL;
    memset(session, 0, sizeof *session);
    session->references = 1;
    session->warn = warn;
    session->warn_arg = warn_arg;
    return session;
}

struct session *
session_ref(struct session *session)
{
    session->references++;
    return session;
}

void
session_unref(void *arg)
{
    struct session *session = arg;
    if (session == NULL || --session->references > 0) return;
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        sqlite3_free(session->values[scope]);
    sqlite3_free(session);
}

const char *
session_db(const struct session *session)
{
    if (session->values[SCOPE_DB]) return session->values[SCOPE_DB];
    const char *from_environment = getenv("GOPROBE_DB");
    return from_environment && *from_environment ? from_environment : GOPROBE_DB_PATH;
}

/* A number from 1 to THREADS_MAX, or 0. */
static int
parse_threads(const char *text)
{
    char *end;
    const long count = strtol(text, &end, 10);
    return end != text && *end == '\0' && count >= 1 && count <= THREADS_MAX
               ? (int)count
               : 0;
}

int
session_threads(const struct session *session)
{
    const char *text = session->values[SCOPE_THREADS];
    return text ? parse_threads(text) : 0;
}

uint64_t
session_memory_bytes(const struct session *session)
{
    const char *text = session->values[SCOPE_MEMORY_LIMIT];
    uint64_t bytes;
    return text && godb_size_parse(&bytes, text, NULL) == GODB_OK ? bytes : 0;
}

bool
session_live(const struct session *session, const char **out_socket)
{
    const char *text = session->values[SCOPE_LIVE];
    *out_socket = text && strchr(text, '/') ? text : NULL;
    return text && *text && strcmp(text, "0") != 0;
}

bool
session_skips_damage(const struct session *session)
{
    const char *text = session->values[SCOPE_ON_CORRUPT];
    return text && strcmp(text, "skip") == 0;
}

/* --- Scopes ----------------------------------------------------------------------- */

static int
find_scope(const char *name)
{
    for (int scope = 0; scope < SCOPE_COUNT; scope++)
        if (sqlite3_stricmp(scope_names[scope], name) == 0) return scope;
    return -1;
}

/* Refuse at once what could only fail later, far from the typing error. */
static int
check_value(int scope, const char *value, struct godb_err *err)
{
    struct godb_filter *filter;
    int64_t time_s;
    uint64_t bytes;
    int rc = GODB_OK;
    if (scope == SCOPE_FIRST || scope == SCOPE_LAST)
        rc = godb_time_parse(&time_s, value, time(NULL), err);
    if (scope == SCOPE_THREADS && parse_threads(value) == 0) {
        rc = err->status = GODB_EARG;
        snprintf(err->msg, sizeof err->msg, "'%.40s' is no number from 1 to %d", value,
            THREADS_MAX);
    }
    if (scope == SCOPE_MEMORY_LIMIT && *value != '\0')
        rc = godb_size_parse(&bytes, value, err);
    if (scope == SCOPE_LIVE && strchr(value, '/') == NULL && *value != '\0' &&
        strcmp(value, "0") != 0 && strcmp(value, "1") != 0) {
        rc = err->status = GODB_EARG;
        snprintf(err->msg, sizeof err->msg,
            "'%.40s' is neither 0 nor 1 nor the path of a socket", value);
    }
    if (scope == SCOPE_ON_CORRUPT && strcmp(value, "skip") != 0 &&
        strcmp(value, "error") != 0) {
        rc = err->status = GODB_EARG;
        snprintf(
            err->msg, sizeof err->msg, "'%.40s' is neither 'error' nor 'skip'", value);
    }
    if (scope == SCOPE_CONDITION) {
        rc = godb_filter_parse(&filter, value, NULL, NULL, NULL, err);
        if (rc == GODB_OK) godb_filter_free(filter);
    }
    return rc;
}

int
session_set(struct session *session, const char *name, const char *value, char **error)
{
    const int scope = find_scope(name);
    struct godb_err err;
    if (scope < 0) {
        *error = sqlite3_mprintf("goprobe_scope: no scope '%s'; there are db, iface, "
                                 "first, last, condition, threads, memory_limit, "
                                 "on_corrupt, live",
            name);
        return SQLITE_ERROR;
    }
    if (value && check_value(scope, value, &err) != GODB_OK) {
        *error = sqlite3_mprintf("goprobe_scope('%s'): %s", name, err.msg);
        return SQLITE_ERROR;
    }
    char *copy = value ? sqlite3_mprintf("%s", value) : NULL;
    if (value && copy == NULL) return SQLITE_NOMEM;
    sqlite3_free(session->values[scope]);
    session->values[scope] = copy;
    session->change_count++;
    return SQLITE_OK;
}

const char *
session_get(const struct session *session, const char *name, bool *out_known)
{
    const int scope = find_scope(name);
    *out_known = scope >= 0;
    if (scope == SCOPE_DB) return session_db(session);
    return scope >= 0 ? session->values[scope] : NULL;
}

/* --- Warnings --------------------------------------------------------------------- */

static void
tell(struct session *session, const char *message)
{
    sqlite3_log(SQLITE_WARNING, "goprobe: %s", message);
    if (session->warn)
        session->warn(session->warn_arg, message);
    else
        fprintf(stderr, "goprobe: warning: %s\n", message);
}

void
session_warn(void *arg, const struct godb_err *warning)
{
    struct session *session = arg;
    if (++session->warning_count <= WARNINGS_TOLD) tell(session, warning->msg);
}

void
session_warn_start(struct session *session)
{
    session->warning_count = 0;
}

void
session_warn_end(struct session *session)
{
    char message[80];
    if (session->warning_count <= WARNINGS_TOLD) return;
    snprintf(message, sizeof message, "and %d more like these",
        session->warning_count - WARNINGS_TOLD);
    tell(session, message);
}
