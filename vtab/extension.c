/* SPDX-License-Identifier: MIT
 *
 * extension.c -- `.load goprobe`: tables, functions and report views for one
 * connection.
 */
#include "vtab/functions.h"
#include "vtab/host.h"
#include "vtab/register.h"
#include "vtab/table.h"

#include "sql_views.h"

SQLITE_EXTENSION_INIT1

static int
register_modules(sqlite3 *db, struct session *session)
{
    static const struct {
        const char *name;
        const sqlite3_module *module;
    } modules[] = {
        {"flows", &flows_module},
        {"traffic", &traffic_module},
        {"blocks", &blocks_module},
        {"interfaces", &interfaces_module},
    };
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof modules / sizeof modules[0] && rc == SQLITE_OK; i++)
        rc = sqlite3_create_module_v2(db, modules[i].name, modules[i].module,
            session_ref(session), session_unref);
    return rc;
}

static int
create_views(sqlite3 *db, char **error)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof sql_views / sizeof sql_views[0] && rc == SQLITE_OK;
         i++)
        rc = sqlite3_exec(db, sql_views[i], NULL, NULL, error);
    return rc;
}

int
goprobe_register(sqlite3 *db, goprobe_warn_fn *warn, void *warn_arg, char **error)
{
    if (sqlite3_libversion_number() < HOST_OLDEST) {
        *error = sqlite3_mprintf(
            "goprobe needs SQLite 3.34 or newer, this is %s", sqlite3_libversion());
        return SQLITE_ERROR;
    }
    struct session *session = session_new(warn, warn_arg);
    if (session == NULL) return SQLITE_NOMEM;
    int rc = register_modules(db, session);
    if (rc == SQLITE_OK) rc = functions_register(db, session);
    session_unref(session);
    if (rc == SQLITE_OK) rc = create_views(db, error);
    return rc;
}

#ifndef SQLITE_CORE
int sqlite3_goprobe_init(
    sqlite3 *db, char **error, const sqlite3_api_routines *routines);

__attribute__((visibility("default"))) int
sqlite3_goprobe_init(sqlite3 *db, char **error, const sqlite3_api_routines *routines)
{
    SQLITE_EXTENSION_INIT2(routines)
    return goprobe_register(db, NULL, NULL, error);
}
#endif
