/* SPDX-License-Identifier: MIT
 *
 * session.c -- see session.h.
 */
#include "shell/session.h"

#include <string.h>

#include "shell/shell_err.h"
#include "vtab/register.h"

enum { SCOPE_COUNT = 6 };

struct argument {
    const char *name, *value;
};

static void
list_arguments(const struct session_scope *scope, struct argument out[SCOPE_COUNT])
{
    const struct argument list[SCOPE_COUNT] = {
        {"db", scope->db},
        {"iface", scope->iface},
        {"first", scope->first},
        {"last", scope->last},
        {"condition", scope->condition},
        {"memory_limit", scope->memory_limit},
    };
    memcpy(out, list, sizeof list);
}

/* --- Errors and warnings ---------------------------------------------------------- */

static int
fail(sqlite3 *db, struct godb_err *err)
{
    enum godb_status status;
    switch (sqlite3_errcode(db)) {
    case SQLITE_NOMEM:
        status = GODB_ENOMEM;
        break;
    case SQLITE_IOERR:
        status = GODB_EIO;
        break;
    case SQLITE_CORRUPT:
        status = GODB_ECORRUPT;
        break;
    default:
        status = GODB_ENOTFOUND;
    }
    return shell_err(err, status, "%s", sqlite3_errmsg(db));
}

static void
warn(void *arg, const char *message)
{
    struct session *session = arg;
    if (session->warning_count++ == 0)
        snprintf(session->warning, sizeof session->warning, "%s", message);
    fprintf(stderr, "goquery: warning: %s\n", message);
}

/* --- Statements ------------------------------------------------------------------- */

int
session_prepare(
    struct session *session, const char *sql, sqlite3_stmt **out, struct godb_err *err)
{
    if (sqlite3_prepare_v2(session->db, sql, -1, out, NULL) == SQLITE_OK)
        return GODB_OK;
    return fail(session->db, err);
}

int
session_prepare_first(struct session *session, const char **text, sqlite3_stmt **out,
    struct godb_err *err)
{
    if (sqlite3_prepare_v2(session->db, *text, -1, out, text) == SQLITE_OK)
        return GODB_OK;
    return fail(session->db, err);
}

int
session_step(struct session *session, sqlite3_stmt *statement, struct godb_err *err)
{
    switch (sqlite3_step(statement)) {
    case SQLITE_ROW:
        return GODB_OK;
    case SQLITE_DONE:
        return GODB_DONE;
    default:
        return fail(session->db, err);
    }
}

int
session_set_scope(
    struct session *session, const char *name, const char *value, struct godb_err *err)
{
    sqlite3_stmt *statement;
    if (value == NULL) return GODB_OK;
    int rc = session_prepare(session, "SELECT goprobe_scope(?1, ?2)", &statement, err);
    if (rc != GODB_OK) return rc;
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    rc = session_step(session, statement, err);
    sqlite3_finalize(statement);
    return rc;
}

/* --- The connection --------------------------------------------------------------- */

int
session_open(
    struct session *session, const struct session_scope *scope, struct godb_err *err)
{
    struct argument arguments[SCOPE_COUNT];
    char *message = NULL;
    *session = (struct session){.db = NULL};
    if (sqlite3_open(":memory:", &session->db) != SQLITE_OK)
        return shell_err(err, GODB_ENOMEM, "out of memory");
    if (goprobe_register(session->db, warn, session, &message) != SQLITE_OK) {
        shell_err(err, GODB_ENOMEM, "%s", message ? message : "out of memory");
        sqlite3_free(message);
        return err->status;
    }
    /* Reports say what is missing, and give the rest. */
    int rc = session_set_scope(session, "on_corrupt", "skip", err);
    list_arguments(scope, arguments);
    for (size_t i = 0; i < SCOPE_COUNT && rc == GODB_OK; i++)
        rc = session_set_scope(session, arguments[i].name, arguments[i].value, err);
    return rc;
}

void
session_close(struct session *session)
{
    sqlite3_close(session->db);
    session->db = NULL;
}

void
session_print_scope(const struct session_scope *scope, FILE *out)
{
    struct argument arguments[SCOPE_COUNT];
    list_arguments(scope, arguments);
    for (size_t i = 0; i < SCOPE_COUNT; i++) {
        if (arguments[i].value == NULL) continue;
        char *line = sqlite3_mprintf(
            "SELECT goprobe_scope(%Q, %Q);\n", arguments[i].name, arguments[i].value);
        fputs(line ? line : "", out);
        sqlite3_free(line);
    }
}
