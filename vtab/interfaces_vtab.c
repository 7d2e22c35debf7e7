/* SPDX-License-Identifier: MIT
 *
 * interfaces_vtab.c -- `interfaces`: one row an interface of the database.
 */
#include "vtab/query.h"
#include "vtab/table.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

enum column {
    COLUMN_IFACE,
    COLUMN_FLOW_COUNT,
    COLUMN_TRAFFIC_BYTES,
    COLUMN_FIRST,
    COLUMN_LAST,
    COLUMN_BLOCK_COUNT,
    COLUMN_DISK_BYTES
};

struct interfaces_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct godb_iface_info *infos;
    size_t at, count;
};

static int
interfaces_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **error)
{
    return table_connect(db, aux, argc, argv,
        "CREATE TABLE interfaces(iface TEXT, flow_count INTEGER, traffic_bytes INTEGER,"
        " first INTEGER, last INTEGER, block_count INTEGER, disk_bytes INTEGER)",
        out, error);
}

static int
interfaces_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    (void)table;
    info->estimatedCost = 1e4;
    info->estimatedRows = 10;
    return SQLITE_OK;
}

static int
interfaces_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct interfaces_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void
reset(struct interfaces_cursor *cursor)
{
    godb_ifaces_free(cursor->infos);
    cursor->infos = NULL;
    cursor->at = cursor->count = 0;
}

static int
interfaces_close(sqlite3_vtab_cursor *base)
{
    reset((struct interfaces_cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int
interfaces_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
    sqlite3_value **argv)
{
    struct interfaces_cursor *cursor = (struct interfaces_cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct godb *db = NULL;
    struct godb_err err;
    struct watch watch;
    (void)number, (void)text, (void)argc, (void)argv;
    reset(cursor);
    int rc = godb_open(&db,
        table->db_path ? table->db_path : session_db(table->session), GODB_READ, &err);
    session_warn_start(table->session);
    watch_begin(&watch, table->db);
    if (rc == GODB_OK)
        rc = godb_ifaces(db, &cursor->infos, &cursor->count, session_warn,
            table->session, watch_stop, &watch, &err);
    watch_end(&watch);
    session_warn_end(table->session);
    godb_close(db);
    return rc == GODB_OK ? SQLITE_OK : query_error(&err, &base->pVtab->zErrMsg);
}

static int
interfaces_next(sqlite3_vtab_cursor *base)
{
    ((struct interfaces_cursor *)base)->at++;
    return SQLITE_OK;
}

static int
interfaces_eof(sqlite3_vtab_cursor *base)
{
    const struct interfaces_cursor *cursor = (struct interfaces_cursor *)base;
    return cursor->at >= cursor->count;
}

static int
interfaces_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct interfaces_cursor *)base)->at;
    return SQLITE_OK;
}

/* An interface without a block has no first and no last one. */
static int64_t
stamp_or_unknown(int64_t time_s)
{
    return time_s > 0 ? time_s : -1;
}

static int
interfaces_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct interfaces_cursor *cursor = (struct interfaces_cursor *)base;
    const struct godb_iface_info *info = &cursor->infos[cursor->at];
    switch ((enum column)column) {
    case COLUMN_IFACE:
        table_result_text(context, info->name);
        break;
    case COLUMN_FLOW_COUNT:
        table_result_count(context, info->flow_count);
        break;
    case COLUMN_TRAFFIC_BYTES:
        if (info->has_traffic) table_result_count(context, info->traffic_bytes);
        break;
    case COLUMN_FIRST:
        table_result_known(context, stamp_or_unknown(info->begin_s));
        break;
    case COLUMN_LAST:
        table_result_known(context, stamp_or_unknown(info->end_s));
        break;
    case COLUMN_BLOCK_COUNT:
        table_result_count(context, info->block_count);
        break;
    case COLUMN_DISK_BYTES:
        table_result_count(context, info->disk_bytes);
        break;
    }
    return SQLITE_OK;
}

const sqlite3_module interfaces_module = {
    .xCreate = interfaces_connect,
    .xConnect = interfaces_connect,
    .xBestIndex = interfaces_best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = interfaces_open,
    .xClose = interfaces_close,
    .xFilter = interfaces_filter,
    .xNext = interfaces_next,
    .xEof = interfaces_eof,
    .xColumn = interfaces_column,
    .xRowid = interfaces_rowid,
};
