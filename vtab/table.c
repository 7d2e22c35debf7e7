/* SPDX-License-Identifier: MIT
 *
 * table.c -- see table.h.
 */
#include "vtab/table.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "vtab/query.h"

SQLITE_EXTENSION_INIT3

/* A module argument as the user meant it: blanks and one pair of quotes go. */
static char *
argument_text(const char *argument)
{
    while (*argument == ' ')
        argument++;
    size_t length = strlen(argument);
    while (length > 0 && argument[length - 1] == ' ')
        length--;
    const char quote = *argument;
    if ((quote != '\'' && quote != '"') || length < 2 || argument[length - 1] != quote)
        return sqlite3_mprintf("%.*s", (int)length, argument);
    char *text = sqlite3_mprintf("%.*s", (int)length - 2, argument + 1);
    if (text == NULL) return NULL;
    char *to = text;
    for (const char *from = text; *from; from++) {
        *to++ = *from;
        if (from[0] == quote && from[1] == quote) from++;
    }
    *to = '\0';
    return text;
}

int
table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    const char *schema, sqlite3_vtab **out, char **error)
{
    enum { FIRST_ARGUMENT = 3 };
    if (argc > FIRST_ARGUMENT + 1) {
        *error =
            sqlite3_mprintf("%s: takes one argument, the path of a database, not %d",
                argv[0], argc - FIRST_ARGUMENT);
        return SQLITE_ERROR;
    }
    int rc = sqlite3_declare_vtab(db, schema);
    if (rc != SQLITE_OK) return rc;
    struct table *table = sqlite3_malloc(sizeof *table);
    if (table == NULL) return SQLITE_NOMEM;
    memset(table, 0, sizeof *table);
    if (argc > FIRST_ARGUMENT) {
        table->db_path = argument_text(argv[FIRST_ARGUMENT]);
        if (table->db_path == NULL) {
            sqlite3_free(table);
            return SQLITE_NOMEM;
        }
    }
    table->db = db;
    table->session = session_ref(aux);
    *out = &table->base;
    return SQLITE_OK;
}

int
table_disconnect(sqlite3_vtab *base)
{
    struct table *table = (struct table *)base;
    session_unref(table->session);
    sqlite3_free(table->db_path);
    sqlite3_free(table);
    return SQLITE_OK;
}

/* --- Estimates -------------------------------------------------------------------- */

static void
read_size(struct table *table, int64_t now_s)
{
    enum { USUAL_FLOWS = 1000000, USUAL_DAYS = 30 };
    struct table_size *size = &table->size;
    struct query query;
    struct godb_err err;
    int rc = query_open_scope(&query, table->session, table->db_path, &err);
    size->first_s = query.sel.first_s;
    size->last_s = query.sel.last_s;
    if (rc == GODB_OK) rc = godb_size(&size->size, query.db, &query.sel, &err);
    query_close(&query);
    if (rc != GODB_OK)
        size->size = (struct godb_size){
            USUAL_FLOWS, 1, now_s - (int64_t)USUAL_DAYS * GODB_DAY_S, now_s};
    size->read_s = now_s;
    size->change_count = table->session->change_count;
}

void
table_cost(struct table *table, struct cost *out)
{
    const int64_t now_s = time(NULL);
    if (table->size.read_s != now_s ||
        table->size.change_count != table->session->change_count)
        read_size(table, now_s);
    cost_begin(out, &table->size.size, now_s, table->size.first_s, table->size.last_s);
}

/* --- Results ---------------------------------------------------------------------- */

void
table_result_count(sqlite3_context *context, uint64_t count)
{
    if (count <= INT64_MAX)
        sqlite3_result_int64(context, (sqlite3_int64)count);
    else
        sqlite3_result_double(context, (double)count);
}

void
table_result_known(sqlite3_context *context, int64_t count)
{
    if (count >= 0) sqlite3_result_int64(context, count);
}

void
table_result_static(sqlite3_context *context, const char *text)
{
    sqlite3_result_text(context, text, -1, SQLITE_STATIC);
}

void
table_result_text(sqlite3_context *context, const char *text)
{
    sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

void
table_result_ip(sqlite3_context *context, const uint8_t ip[GODB_IP_BYTES])
{
    char text[GODB_IP_TEXT];
    const size_t length = godb_ip_format(text, ip);
    sqlite3_result_text(context, text, (int)length, SQLITE_TRANSIENT);
}

void
table_result_proto_name(sqlite3_context *context, uint8_t proto)
{
    char number[8];
    const char *name = godb_proto_name(proto);
    if (name) {
        table_result_static(context, name);
        return;
    }
    snprintf(number, sizeof number, "%u", (unsigned)proto);
    table_result_text(context, number);
}
