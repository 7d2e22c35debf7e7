/* SPDX-License-Identifier: MIT
 *
 * functions.c -- see functions.h.
 */
#include "vtab/functions.h"

#include <stdio.h>
#include <string.h>

SQLITE_EXTENSION_INIT3

/* --- ip_in(ip, net) --------------------------------------------------------------- */

/* NULL for what is no address; an error for what is no network. */
static void
ip_in(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    uint8_t ip[GODB_IP_BYTES];
    struct godb_net net;
    (void)argc;
    const char *ip_text = (const char *)sqlite3_value_text(argv[0]);
    const char *net_text = (const char *)sqlite3_value_text(argv[1]);
    if (net_text == NULL) return;
    if (!godb_net_parse(&net, net_text)) {
        char *message = sqlite3_mprintf(
            "ip_in: '%.60s' is not a network like 10.0.0.0/8 or 2001:db8::/32",
            net_text);
        sqlite3_result_error(context, message ? message : "ip_in: bad network", -1);
        sqlite3_free(message);
        return;
    }
    if (ip_text == NULL || !godb_ip_parse(ip, ip_text)) return;
    sqlite3_result_int(context, godb_net_holds(&net, ip));
}

int
function_find(sqlite3_vtab *table, int argc, const char *name,
    void (**out)(sqlite3_context *, int, sqlite3_value **), void **out_arg)
{
    (void)table;
    if (argc != 2 || sqlite3_stricmp(name, "ip_in") != 0) return 0;
    *out = ip_in;
    *out_arg = NULL;
    return SQLITE_INDEX_CONSTRAINT_FUNCTION;
}

/* --- human_bytes(n), human_count(n) ----------------------------------------------- */

/* As goQuery prints them: divided while the integer part is above the step. */
static void
human(sqlite3_context *context, sqlite3_value *value, int step,
    const char *const *units, size_t unit_count)
{
    if (sqlite3_value_numeric_type(value) == SQLITE_NULL) return;
    double amount = sqlite3_value_double(value);
    size_t unit = 0;
    /* Truncated as an integer each time, which is what decides; printed exactly. */
    double whole = amount < 0 ? -amount : amount;
    while (whole > step && unit + 1 < unit_count) {
        whole /= step;
        if (whole < 1e18) whole = (double)(int64_t)whole;
        amount /= step;
        unit++;
    }
    char text[64];
    snprintf(text, sizeof text, "%.2f %s", amount, units[unit]);
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static void
human_bytes(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    static const char *const units[] = {
        " B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    (void)argc;
    human(context, argv[0], 1024, units, sizeof units / sizeof units[0]);
}

static void
human_count(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    static const char *const units[] = {" ", "k", "M", "G", "T", "P", "E", "Z", "Y"};
    (void)argc;
    human(context, argv[0], 1000, units, sizeof units / sizeof units[0]);
}

/* --- goprobe_scope(name [, value]) ------------------------------------------------ */

static void
scope_set(sqlite3_context *context, struct session *session, const char *name,
    sqlite3_value *value)
{
    char *error = NULL;
    int rc =
        session_set(session, name, (const char *)sqlite3_value_text(value), &error);
    if (error) sqlite3_result_error(context, error, -1);
    if (rc == SQLITE_NOMEM) sqlite3_result_error_nomem(context);
    if (rc == SQLITE_OK) sqlite3_result_value(context, value);
    sqlite3_free(error);
}

static void
scope_get(sqlite3_context *context, struct session *session, const char *name)
{
    bool known;
    if (strcmp(name, "warnings") == 0) {
        sqlite3_result_int(context, session->warning_count);
        return;
    }
    const char *value = session_get(session, name, &known);
    if (!known) {
        char *error = NULL;
        session_set(session, name, NULL, &error); /* the same words */
        sqlite3_result_error(context, error ? error : "goprobe_scope: unknown", -1);
        sqlite3_free(error);
        return;
    }
    if (value) sqlite3_result_text(context, value, -1, SQLITE_TRANSIENT);
}

static void
goprobe_scope(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    struct session *session = sqlite3_user_data(context);
    const char *name = (const char *)sqlite3_value_text(argv[0]);
    if (name == NULL) name = "";
    if (argc == 2)
        scope_set(context, session, name, argv[1]);
    else
        scope_get(context, session, name);
}

/* --- Registering ------------------------------------------------------------------ */

int
functions_register(sqlite3 *db, struct session *session)
{
    static const struct {
        const char *name;
        int argc;
        void (*call)(sqlite3_context *, int, sqlite3_value **);
    } pure[] = {
        {"ip_in", 2, ip_in},
        {"human_bytes", 1, human_bytes},
        {"human_count", 1, human_count},
    };
    const int pure_flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof pure / sizeof pure[0] && rc == SQLITE_OK; i++)
        rc = sqlite3_create_function_v2(db, pure[i].name, pure[i].argc, pure_flags,
            NULL, pure[i].call, NULL, NULL, NULL);
    /* It has an effect, so a view or trigger in a stranger's file must not call it. */
    for (int argc = 1; argc <= 2 && rc == SQLITE_OK; argc++)
        rc = sqlite3_create_function_v2(db, "goprobe_scope", argc,
            SQLITE_UTF8 | SQLITE_DIRECTONLY, session_ref(session), goprobe_scope, NULL,
            NULL, session_unref);
    return rc;
}
