/* SPDX-License-Identifier: MIT
 *
 * blocks_vtab.c -- `blocks`: one row a block, from headers and meta.json alone.
 *
 * The session's interfaces and times apply, and terms on time and iface; all other
 * terms are SQLite's.
 */
#include "vtab/query.h"
#include "vtab/table.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

enum column {
    COLUMN_TIME,
    COLUMN_IFACE,
    COLUMN_FLOW_COUNT,
    COLUMN_TRAFFIC_BYTES,
    COLUMN_PACKETS_LOGGED,
    COLUMN_PCAP_RECEIVED,
    COLUMN_PCAP_DROPPED,
    COLUMN_PCAP_IF_DROPPED,
    COLUMN_COMPRESSED_BYTES,
    COLUMN_RAW_BYTES,
    COLUMN_STATUS,
    COLUMN_NOT_IP, /* in the order of enum godb_undecoded */
    COLUMN_TRUNCATED,
    COLUMN_BAD_HEADER,
    COLUMN_TOO_DEEP
};

struct blocks_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct query query;
    struct godb_block_list *list;
    struct godb_block_info info;
    bool is_eof;
};

static int
blocks_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **error)
{
    return table_connect(db, aux, argc, argv,
        "CREATE TABLE blocks(time INTEGER NOT NULL, iface TEXT NOT NULL, flow_count "
        "INTEGER,"
        " traffic_bytes INTEGER, packets_logged INTEGER, pcap_received INTEGER,"
        " pcap_dropped INTEGER, pcap_if_dropped INTEGER, compressed_bytes INTEGER,"
        " raw_bytes INTEGER, status TEXT, not_ip INTEGER, truncated INTEGER,"
        " bad_header INTEGER, too_deep INTEGER)",
        out, error);
}

static int
blocks_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct cost cost;
    table_cost((struct table *)table, &cost);
    return plan_blocks(info, &cost);
}

static int
blocks_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct blocks_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void
reset(struct blocks_cursor *cursor)
{
    godb_block_list_close(cursor->list);
    cursor->list = NULL;
    cursor->is_eof = true;
    query_close(&cursor->query);
}

static int
blocks_close(sqlite3_vtab_cursor *base)
{
    reset((struct blocks_cursor *)base);
    sqlite3_free(base);
    return SQLITE_OK;
}

static int
blocks_next(sqlite3_vtab_cursor *base)
{
    struct blocks_cursor *cursor = (struct blocks_cursor *)base;
    struct godb_err err;
    int rc = godb_block_list_next(cursor->list, &cursor->info, &err);
    cursor->is_eof = rc != GODB_OK;
    if (cursor->is_eof) session_warn_end(((struct table *)base->pVtab)->session);
    if (rc == GODB_OK || rc == GODB_DONE) return SQLITE_OK;
    return query_error(&err, &base->pVtab->zErrMsg);
}

static int
blocks_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
    sqlite3_value **argv)
{
    struct blocks_cursor *cursor = (struct blocks_cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct plan plan;
    struct godb_err err;
    (void)number;
    reset(cursor);
    if (!plan_parse(&plan, text) || plan.term_count != (size_t)argc)
        return SQLITE_INTERNAL;
    int rc =
        query_open(&cursor->query, table->session, table->db_path, &plan, argv, &err);
    if (rc == GODB_OK && cursor->query.is_empty) return SQLITE_OK;
    session_warn_start(table->session);
    if (rc == GODB_OK)
        rc = godb_block_list_open(&cursor->list, cursor->query.db, &cursor->query.sel,
            session_warn, table->session, &err);
    if (rc != GODB_OK) return query_error(&err, &base->pVtab->zErrMsg);
    return blocks_next(base);
}

static int
blocks_eof(sqlite3_vtab_cursor *base)
{
    return ((struct blocks_cursor *)base)->is_eof;
}

/* As for flows: the same block has the same number in each of two scans of `a OR b`. */
static int
blocks_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    struct blocks_cursor *cursor = (struct blocks_cursor *)base;
    const int64_t iface = query_iface_number(&cursor->query, cursor->info.iface);
    *out = (iface + 1) << 44 | (cursor->info.time_s & ((INT64_C(1) << 44) - 1));
    return SQLITE_OK;
}

static int
blocks_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct godb_block_info *info = &((struct blocks_cursor *)base)->info;
    switch ((enum column)column) {
    case COLUMN_TIME:
        sqlite3_result_int64(context, info->time_s);
        break;
    case COLUMN_IFACE:
        table_result_text(context, info->iface);
        break;
    case COLUMN_FLOW_COUNT:
        table_result_count(context, info->flow_count);
        break;
    case COLUMN_TRAFFIC_BYTES:
        table_result_known(context, info->traffic_bytes);
        break;
    case COLUMN_PACKETS_LOGGED:
        table_result_known(context, info->packets_logged);
        break;
    case COLUMN_PCAP_RECEIVED:
        table_result_known(context, info->pcap.received);
        break;
    case COLUMN_PCAP_DROPPED:
        table_result_known(context, info->pcap.dropped);
        break;
    case COLUMN_PCAP_IF_DROPPED:
        table_result_known(context, info->pcap.if_dropped);
        break;
    case COLUMN_COMPRESSED_BYTES:
        table_result_count(context, info->compressed_bytes);
        break;
    case COLUMN_RAW_BYTES:
        table_result_count(context, info->raw_bytes);
        break;
    case COLUMN_STATUS:
        table_result_text(context, info->status);
        break;
    case COLUMN_NOT_IP:
    case COLUMN_TRUNCATED:
    case COLUMN_BAD_HEADER:
    case COLUMN_TOO_DEEP:
        table_result_known(context, info->pcap.undecoded[column - COLUMN_NOT_IP]);
        break;
    }
    return SQLITE_OK;
}

const sqlite3_module blocks_module = {
    .xCreate = blocks_connect,
    .xConnect = blocks_connect,
    .xBestIndex = blocks_best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = blocks_open,
    .xClose = blocks_close,
    .xFilter = blocks_filter,
    .xNext = blocks_next,
    .xEof = blocks_eof,
    .xColumn = blocks_column,
    .xRowid = blocks_rowid,
};
