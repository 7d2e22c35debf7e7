/* SPDX-License-Identifier: MIT
 *
 * flows_vtab.c -- `flows`: one row a stored flow.
 *
 * Rows come block by block from a godb_scan; only the columns that the statement uses
 * are decoded, and `SELECT count(*)` decodes none.
 *
 *      chunk of a block --> row by row                --> SQLite
 *                           SELECT DISTINCT: seen? drop
 */
#include "vtab/functions.h"
#include "vtab/live.h"
#include "vtab/query.h"
#include "vtab/seen.h"
#include "vtab/table.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

struct flows_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct query query;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    uint32_t at; /* among the chunk's selected rows */
    struct seen seen;
    struct live_view *live;
    bool is_eof;
};

static int
flows_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **error)
{
    return table_connect(db, aux, argc, argv, field_schema(false), out, error);
}

static int
flows_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct cost cost;
    table_cost((struct table *)table, &cost);
    return plan_best(info, false, &cost);
}

static int
flows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct flows_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void
reset(struct flows_cursor *cursor)
{
    godb_scan_close(cursor->scan);
    cursor->scan = NULL;
    seen_end(&cursor->seen);
    query_close(&cursor->query);
    cursor->is_eof = true;
}

static struct table *
table_of(struct flows_cursor *cursor)
{
    return (struct table *)cursor->base.pVtab;
}

static int
flows_close(sqlite3_vtab_cursor *base)
{
    struct flows_cursor *cursor = (struct flows_cursor *)base;
    reset(cursor);
    live_release(&cursor->live, table_of(cursor)->session);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* The number in its block of the row at hand. */
static uint32_t
row_of(const struct flows_cursor *cursor)
{
    const uint32_t *selected = cursor->chunk.selected;
    return selected ? selected[cursor->at] : cursor->at;
}

/* From cursor->at on, the first row of the chunk that SQLite has to see. */
static bool
find_row(struct flows_cursor *cursor)
{
    const struct godb_chunk *chunk = &cursor->chunk;
    struct seen *seen = &cursor->seen;
    for (; cursor->at < chunk->selected_count; cursor->at++) {
        if (seen->slots == NULL) return true;
        if (seen->is_by_block && cursor->at > 0) break;
        if (!seen_before(seen, chunk, row_of(cursor))) return true;
    }
    return false;
}

static int
next_chunk(struct flows_cursor *cursor)
{
    struct godb_err err;
    struct watch *watch = &cursor->query.watch;
    watch_begin(watch, table_of(cursor)->db);
    int rc;
    do {
        cursor->at = 0;
        rc = godb_scan_next(cursor->scan, &cursor->chunk, &err);
    } while (rc == GODB_OK && !find_row(cursor));
    watch_end(watch);
    rc = query_outcome(&cursor->query, rc, &err);
    if (rc == GODB_OK) return SQLITE_OK;
    cursor->is_eof = true;
    if (rc == GODB_DONE) {
        session_warn_end(table_of(cursor)->session);
        return SQLITE_OK;
    }
    return query_error(&err, &cursor->base.pVtab->zErrMsg);
}

static unsigned
columns_of(unsigned fields)
{
    unsigned columns = 0;
    for (int field = 0; field < FIELD_COUNT; field++)
        if (fields & FIELD_BIT(field)) columns |= field_columns((enum field)field);
    return columns;
}

static void
choose_order(struct godb_scan_spec *spec, const struct plan *plan)
{
    for (size_t i = 0; i < plan->order_count; i++)
        spec->block_order[spec->block_order_count++] = (struct godb_block_order){
            plan->order[i].field == FIELD_TIME ? GODB_BLOCK_TIME : GODB_BLOCK_IFACE,
            plan->order[i].descending};
}

static int
start_scan(struct flows_cursor *cursor, const struct plan *plan, unsigned fields)
{
    struct session *session = table_of(cursor)->session;
    struct watch *watch = &cursor->query.watch;
    struct godb_err err;
    session_warn_start(session);
    struct godb_scan_spec spec = query_scan(&cursor->query, session);
    spec.columns = columns_of(fields);
    choose_order(&spec, plan);
    watch_begin(watch, table_of(cursor)->db);
    int rc = live_hold(&cursor->live, session, cursor->query.db, watch, &err);
    spec.live = live_flows(cursor->live);
    if (rc == GODB_OK)
        rc = godb_scan_open(&cursor->scan, cursor->query.db, &spec, &err);
    watch_end(watch);
    rc = query_outcome(&cursor->query, rc, &err);
    if (rc != GODB_OK) return query_error(&err, &cursor->base.pVtab->zErrMsg);
    if (plan->is_distinct && seen_begin(&cursor->seen, fields) != SQLITE_OK)
        return SQLITE_NOMEM;
    cursor->is_eof = false;
    return next_chunk(cursor);
}

static int
flows_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
    sqlite3_value **argv)
{
    struct flows_cursor *cursor = (struct flows_cursor *)base;
    struct table *table = table_of(cursor);
    struct plan plan;
    struct godb_err err;
    reset(cursor);
    if (!plan_parse(&plan, text) || plan.term_count != (size_t)argc ||
        plan.order_count > PLAN_BLOCK_ORDER_MAX)
        return SQLITE_INTERNAL;
    if (query_open(&cursor->query, table->session, table->db_path, &plan, argv, &err) !=
        GODB_OK)
        return query_error(&err, &base->pVtab->zErrMsg);
    if (cursor->query.is_empty) return SQLITE_OK;
    return start_scan(cursor, &plan, (unsigned)number);
}

static int
flows_next(sqlite3_vtab_cursor *base)
{
    struct flows_cursor *cursor = (struct flows_cursor *)base;
    cursor->at++;
    return find_row(cursor) ? SQLITE_OK : next_chunk(cursor);
}

static int
flows_eof(sqlite3_vtab_cursor *base)
{
    return ((struct flows_cursor *)base)->is_eof;
}

/* A number that a row has in every scan: SQLite may answer `a OR b` with two of them,
 * and tells rows that both gave by this.
 *
 *      interface 12 bits | day 16 | slot 9 | row 26
 *
 * A live block has the slot behind the last one, which is the first of the next day,
 * where no block can be stored yet.
 */
static int
flows_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    struct flows_cursor *cursor = (struct flows_cursor *)base;
    const struct godb_chunk *chunk = &cursor->chunk;
    /* Rows that are alike differ in this, and none was dropped that would be asked. */
    seen_end(&cursor->seen);
    const int iface_number = query_iface_number(&cursor->query, chunk->iface);
    const int64_t day = chunk->time_s / GODB_DAY_S;
    const uint32_t row = row_of(cursor);
    if (iface_number < 0 || iface_number >= 1 << 12 || day >= 1 << 16 ||
        row >= 1 << 26) {
        base->pVtab->zErrMsg = sqlite3_mprintf(
            "flows: row %u of block %lld is beyond what a rowid can tell apart", row,
            (long long)chunk->time_s);
        return SQLITE_ERROR;
    }
    *out = (sqlite3_int64)iface_number << 51 |
           ((day << 35) + ((int64_t)chunk->slot << 26) + row);
    return SQLITE_OK;
}

/* --- Values ----------------------------------------------------------------------- */

static uint64_t
counter(const struct godb_chunk *chunk, uint32_t row, enum godb_measure which)
{
    return chunk->counters[which][row];
}

static void
result_counter(sqlite3_context *context, const struct godb_chunk *chunk, uint32_t row,
    enum field field)
{
    if (field == FIELD_BYTES)
        table_result_count(context, godb_sum(counter(chunk, row, GODB_SUM_BYTES_RCVD),
                                        counter(chunk, row, GODB_SUM_BYTES_SENT)));
    else if (field == FIELD_PACKETS)
        table_result_count(context, godb_sum(counter(chunk, row, GODB_SUM_PACKETS_RCVD),
                                        counter(chunk, row, GODB_SUM_PACKETS_SENT)));
    else
        table_result_count(context, chunk->counters[field - FIELD_BYTES_RCVD][row]);
}

static void
result_argument(sqlite3_context *context, const struct query *query, enum field field)
{
    sqlite3_value *value = query->arguments[field - FIELD_CONDITION];
    if (value) sqlite3_result_value(context, value);
}

static int
flows_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct flows_cursor *cursor = (struct flows_cursor *)base;
    const struct godb_chunk *chunk = &cursor->chunk;
    const uint32_t row = row_of(cursor);
    const enum field field = field_of_column(false, column);
    switch (field) {
    case FIELD_TIME:
        sqlite3_result_int64(context, chunk->time_s);
        break;
    case FIELD_IFACE:
        table_result_text(context, chunk->iface);
        break;
    case FIELD_SIP:
        table_result_ip(context, chunk->sip[row]);
        break;
    case FIELD_DIP:
        table_result_ip(context, chunk->dip[row]);
        break;
    case FIELD_DPORT:
        sqlite3_result_int(context, chunk->dport[row]);
        break;
    case FIELD_PROTO:
        sqlite3_result_int(context, chunk->proto[row]);
        break;
    case FIELD_L7PROTO:
        sqlite3_result_int(context, chunk->l7proto[row]);
        break;
    case FIELD_PROTO_NAME:
        table_result_proto_name(context, chunk->proto[row]);
        break;
    case FIELD_L7_NAME:
        table_result_text(context, godb_l7_name(chunk->l7_names, chunk->l7proto[row]));
        break;
    case FIELD_L7_CATEGORY:
        table_result_text(
            context, godb_l7_category(chunk->l7_names, chunk->l7proto[row]));
        break;
    case FIELD_CONDITION:
    case FIELD_FIRST:
    case FIELD_LAST:
        result_argument(context, &cursor->query, field);
        break;
    default:
        result_counter(context, chunk, row, field);
    }
    return SQLITE_OK;
}

const sqlite3_module flows_module = {
    .xCreate = flows_connect,
    .xConnect = flows_connect,
    .xBestIndex = flows_best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = flows_open,
    .xClose = flows_close,
    .xFilter = flows_filter,
    .xNext = flows_next,
    .xEof = flows_eof,
    .xColumn = flows_column,
    .xRowid = flows_rowid,
    .xFindFunction = function_find,
};
