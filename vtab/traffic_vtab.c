/* SPDX-License-Identifier: MIT
 *
 * traffic_vtab.c -- `traffic`: flows summed by the dimension columns that a statement
 * uses.
 *
 *      SELECT sip, dip, bytes FROM traffic ORDER BY bytes DESC LIMIT 10
 *             ---------  -----                      ----------      --
 *             dimensions  sums                       order          limit   -->
 * godb_aggregate()
 *
 * xFilter does all the work; the rows that are left are then handed out one by one.
 */
#include "vtab/functions.h"
#include "vtab/live.h"
#include "vtab/query.h"
#include "vtab/table.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

struct traffic_cursor {
    sqlite3_vtab_cursor base; /* first */
    struct query query;
    struct godb_result *result;
    struct godb_row row;
    struct live_view *live;
    bool is_over;
};

static int
traffic_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    sqlite3_vtab **out, char **error)
{
    return table_connect(db, aux, argc, argv, field_schema(true), out, error);
}

static int
traffic_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
    struct cost cost;
    table_cost((struct table *)table, &cost);
    return plan_best(info, true, &cost);
}

static int
traffic_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    (void)table;
    struct traffic_cursor *cursor = sqlite3_malloc(sizeof *cursor);
    if (cursor == NULL) return SQLITE_NOMEM;
    memset(cursor, 0, sizeof *cursor);
    *out = &cursor->base;
    return SQLITE_OK;
}

static void
reset(struct traffic_cursor *cursor)
{
    godb_result_free(cursor->result);
    cursor->result = NULL;
    cursor->is_over = false;
    query_close(&cursor->query);
}

static int
traffic_close(sqlite3_vtab_cursor *base)
{
    struct traffic_cursor *cursor = (struct traffic_cursor *)base;
    reset(cursor);
    live_release(&cursor->live, ((struct table *)base->pVtab)->session);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* --- The question ----------------------------------------------------------------- */

static void
choose_fields(struct godb_aggregate_spec *spec, unsigned fields)
{
    for (int field = 0; field < FIELD_COUNT; field++) {
        if (!(fields & FIELD_BIT(field))) continue;
        const int dim = field_dim((enum field)field);
        if (dim >= 0) spec->dims |= GODB_DIM_BIT(dim);
        spec->sums |= field_sums((enum field)field);
    }
}

static void
choose_order(struct godb_aggregate_spec *spec, const struct plan *plan)
{
    for (size_t i = 0; i < plan->order_count; i++) {
        const int key = field_key(plan->order[i].field);
        spec->order[spec->order_count++] =
            (struct godb_order){(unsigned)key, plan->order[i].descending};
    }
}

/* Nothing can match: no groups, but a question without dimensions still has its row. */
static int
aggregate_nothing(struct traffic_cursor *cursor, struct godb_aggregate_spec *spec,
    struct godb_err *err)
{
    struct godb_filter *none;
    if (godb_filter_const(&none, false) != GODB_OK) {
        err->status = GODB_ENOMEM;
        strcpy(err->msg, "out of memory");
        return GODB_ENOMEM;
    }
    spec->scan.filter = none;
    spec->scan.sel.first_s = GODB_STAMP_MAX;
    spec->scan.sel.last_s = GODB_STAMP_MIN;
    spec->scan.sel.ifaces = NULL;
    int rc = godb_aggregate(&cursor->result, cursor->query.db, spec, err);
    godb_filter_free(none);
    return rc;
}

static int
aggregate(struct traffic_cursor *cursor, const struct plan *plan, unsigned fields,
    struct godb_err *err)
{
    struct session *session = ((struct table *)cursor->base.pVtab)->session;
    struct godb_aggregate_spec spec = {.scan = query_scan(&cursor->query, session),
        .limit = cursor->query.limit,
        .threads = session_threads(session),
        .memory_bytes = session_memory_bytes(session)};
    choose_fields(&spec, fields);
    choose_order(&spec, plan);
    if (cursor->query.is_empty) return aggregate_nothing(cursor, &spec, err);
    session_warn_start(session);
    int rc =
        live_hold(&cursor->live, session, cursor->query.db, &cursor->query.watch, err);
    if (rc != GODB_OK) return rc;
    spec.scan.live = live_flows(cursor->live);
    rc = godb_aggregate(&cursor->result, cursor->query.db, &spec, err);
    session_warn_end(session);
    return query_outcome(&cursor->query, rc, err);
}

static int
load_row(struct traffic_cursor *cursor)
{
    struct godb_err err;
    const int rc = godb_result_next(cursor->result, &cursor->row, &err);
    cursor->is_over = rc != GODB_OK;
    if (rc == GODB_OK || rc == GODB_DONE) return SQLITE_OK;
    return query_error(&err, &cursor->base.pVtab->zErrMsg);
}

static int
traffic_filter(sqlite3_vtab_cursor *base, int number, const char *text, int argc,
    sqlite3_value **argv)
{
    struct traffic_cursor *cursor = (struct traffic_cursor *)base;
    struct table *table = (struct table *)base->pVtab;
    struct plan plan;
    struct godb_err err;
    reset(cursor);
    if (!plan_parse(&plan, text) || plan.term_count != (size_t)argc)
        return SQLITE_INTERNAL;
    int rc =
        query_open(&cursor->query, table->session, table->db_path, &plan, argv, &err);
    watch_begin(&cursor->query.watch, table->db);
    if (rc == GODB_OK) rc = aggregate(cursor, &plan, (unsigned)number, &err);
    watch_end(&cursor->query.watch);
    if (rc != GODB_OK) return query_error(&err, &base->pVtab->zErrMsg);
    return load_row(cursor);
}

static int
traffic_next(sqlite3_vtab_cursor *base)
{
    return load_row((struct traffic_cursor *)base);
}

static int
traffic_eof(sqlite3_vtab_cursor *base)
{
    return ((const struct traffic_cursor *)base)->is_over;
}

/* SQLite may answer `a OR b` with two scans, and tells rows that both gave by this. */
static int
traffic_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)godb_row_id(&((struct traffic_cursor *)base)->row);
    return SQLITE_OK;
}

/* --- Values ----------------------------------------------------------------------- */

static enum godb_measure
measure_of(enum field field)
{
    switch (field) {
    case FIELD_BYTES:
    case FIELD_TOTAL_BYTES:
        return GODB_SUM_BYTES;
    case FIELD_PACKETS:
    case FIELD_TOTAL_PACKETS:
        return GODB_SUM_PACKETS;
    case FIELD_FLOWS:
    case FIELD_TOTAL_FLOWS:
        return GODB_SUM_FLOWS;
    default:
        return (enum godb_measure)(field < FIELD_TOTAL_BYTES
                                       ? field - FIELD_BYTES_RCVD
                                       : field - FIELD_TOTAL_BYTES_RCVD);
    }
}

static void
result_dimension(sqlite3_context *context, const struct godb_row *row, enum field field)
{
    switch (field) {
    case FIELD_TIME:
        sqlite3_result_int64(context, row->time_s);
        break;
    case FIELD_IFACE:
        table_result_text(context, row->iface);
        break;
    case FIELD_SIP:
        table_result_ip(context, row->sip);
        break;
    case FIELD_DIP:
        table_result_ip(context, row->dip);
        break;
    case FIELD_DPORT:
        sqlite3_result_int(context, row->dport);
        break;
    case FIELD_PROTO:
        sqlite3_result_int(context, row->proto);
        break;
    case FIELD_L7PROTO:
        sqlite3_result_int(context, row->l7proto);
        break;
    case FIELD_PROTO_NAME:
        table_result_proto_name(context, row->proto);
        break;
    case FIELD_L7_NAME:
        table_result_text(context, row->l7_name);
        break;
    default:
        table_result_text(context, row->l7_category);
    }
}

static int
traffic_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct traffic_cursor *cursor = (struct traffic_cursor *)base;
    const enum field field = field_of_column(true, column);
    if (field_dim(field) >= 0) {
        result_dimension(context, &cursor->row, field);
    } else if (field == FIELD_TOTAL_GROUPS) {
        table_result_count(context, godb_result_group_count(cursor->result));
    } else if (field >= FIELD_CONDITION && field <= FIELD_LAST) {
        sqlite3_value *value = cursor->query.arguments[field - FIELD_CONDITION];
        if (value) sqlite3_result_value(context, value);
    } else {
        const bool is_total = field >= FIELD_TOTAL_BYTES;
        const uint64_t *sums =
            is_total ? godb_result_totals(cursor->result) : cursor->row.sums;
        table_result_count(context, sums[measure_of(field)]);
    }
    return SQLITE_OK;
}

const sqlite3_module traffic_module = {
    .xCreate = traffic_connect,
    .xConnect = traffic_connect,
    .xBestIndex = traffic_best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = traffic_open,
    .xClose = traffic_close,
    .xFilter = traffic_filter,
    .xNext = traffic_next,
    .xEof = traffic_eof,
    .xColumn = traffic_column,
    .xRowid = traffic_rowid,
    .xFindFunction = function_find,
};
