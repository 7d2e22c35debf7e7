/* SPDX-License-Identifier: MIT
 *
 * cost.c -- see cost.h.
 *
 * The constants come from measurements, in which a unit was about 10 ns: a flow takes
 * that much to be read and filtered, a row through SQLite three times as much and more,
 * a day's files 50 us to be opened.
 */
#include "vtab/cost.h"

SQLITE_EXTENSION_INIT3

static const double COST_READ = 1;   /* of a flow */
static const double COST_ROW = 3;    /* to hand it to SQLite */
static const double COST_DAY = 5000; /* to open */

void
cost_begin(struct cost *cost, const struct godb_size *size, int64_t now_s,
    int64_t first_s, int64_t last_s)
{
    *cost = (struct cost){.size = size,
        .now_s = now_s,
        .first_s = GODB_STAMP_MIN,
        .last_s = GODB_STAMP_MAX,
        .scope_first_s = first_s,
        .scope_last_s = last_s,
        .read_share = 1,
        .pass_share = 1};
}

/* --- How many there are ----------------------------------------------------------- */

static double
seconds(const struct cost *cost)
{
    return (double)cost->size->end_s - (double)cost->size->begin_s + GODB_INTERVAL_S;
}

static double
least(double a, double b)
{
    return a < b ? a : b;
}

static double
most(double a, double b)
{
    return a > b ? a : b;
}

/* Addresses grow with the flows, but more slowly: here by their power of 0.6. */
static double
addresses(double flows)
{
    double count = 1;
    while (flows > 32) {
        flows /= 32;
        count *= 8;
    }
    return most(1, count * flows / 4);
}

/* Values that a field has: popular ones come often, and are those that are asked for.
 */
static double
values_of(const struct cost *cost, enum field field)
{
    const double flows = (double)cost->size->flow_count;
    switch (field) {
    case FIELD_TIME:
        return seconds(cost) / GODB_INTERVAL_S;
    case FIELD_IFACE:
        return (double)cost->size->iface_count;
    case FIELD_SIP:
    case FIELD_DIP:
        return addresses(flows);
    case FIELD_DPORT:
        return least(65536, addresses(flows));
    case FIELD_PROTO:
    case FIELD_PROTO_NAME:
        return 5;
    case FIELD_L7_CATEGORY:
        return 20;
    default:
        return 100;
    }
}

/* Flows are taken to be spread evenly over their time. */
static double
time_share(const struct cost *cost)
{
    const struct godb_size *size = cost->size;
    double first_s = most((double)cost->first_s, (double)size->begin_s);
    double last_s = least((double)cost->last_s, (double)size->end_s);
    if (!cost->has_first) first_s = most(first_s, (double)cost->scope_first_s);
    if (!cost->has_last) last_s = least(last_s, (double)cost->scope_last_s);
    if (last_s < first_s) return 0;
    return (last_s - first_s + GODB_INTERVAL_S) / seconds(cost);
}

/* --- Terms ------------------------------------------------------------------------ */

static void
narrow(struct cost *cost, int64_t first_s, int64_t last_s)
{
    if (first_s > cost->first_s) cost->first_s = first_s;
    if (last_s < cost->last_s) cost->last_s = last_s;
}

static void
time_term(struct cost *cost, enum plan_op op, sqlite3_value *value)
{
    const double share = op == PLAN_EQ ? 1 / values_of(cost, FIELD_TIME) : 0.25;
    if (value == NULL || sqlite3_value_type(value) != SQLITE_INTEGER) {
        cost->read_share *= share;
        return;
    }
    const int64_t at_s = sqlite3_value_int64(value);
    if (op == PLAN_EQ) narrow(cost, at_s, at_s);
    if (op == PLAN_GE || op == PLAN_GT) narrow(cost, at_s, INT64_MAX);
    if (op == PLAN_LE || op == PLAN_LT) narrow(cost, INT64_MIN, at_s);
}

static void
argument_term(struct cost *cost, enum field field, sqlite3_value *value)
{
    if (field == FIELD_CONDITION) {
        cost->pass_share *= 0.3;
        return;
    }
    if (field == FIELD_FIRST) cost->has_first = true;
    if (field == FIELD_LAST) cost->has_last = true;
    if (value == NULL) {
        cost->read_share *= 0.5;
        return;
    }
    int64_t at_s;
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL || godb_time_parse(&at_s, text, cost->now_s, NULL) != GODB_OK)
        return;
    if (field == FIELD_FIRST)
        narrow(cost, at_s, INT64_MAX);
    else
        narrow(cost, INT64_MIN, at_s);
}

static double
share_of(const struct cost *cost, const struct plan_term *term)
{
    const double one = 1 / values_of(cost, term->field);
    if (term->op == PLAN_EQ) return one;
    if (term->op == PLAN_IN) return least(0.5, 10 * one);
    return 0.3;
}

void
cost_term(struct cost *cost, const struct plan_term *term, sqlite3_value *value)
{
    if (term->op == PLAN_LIMIT || term->op == PLAN_OFFSET) return;
    if (term->op == PLAN_EQ) cost->fixed |= FIELD_BIT(term->field);
    if (term->field == FIELD_TIME)
        time_term(cost, term->op, value);
    else if (term->field >= FIELD_CONDITION)
        argument_term(cost, term->field, value);
    else if (term->field == FIELD_IFACE)
        cost->read_share *= share_of(cost, term);
    else
        cost->pass_share *= share_of(cost, term);
}

/* --- Estimates -------------------------------------------------------------------- */

/* Groups that `flows` flows make, and whether it is at most one. */
static double
groups_of(const struct cost *cost, unsigned fields, double flows, bool *out_is_one)
{
    double groups = 1;
    unsigned fixed_dims = 0;
    *out_is_one = true;
    for (int field = 0; field < FIELD_COUNT; field++)
        if (cost->fixed & FIELD_BIT(field) && field_dim((enum field)field) >= 0)
            fixed_dims |= GODB_DIM_BIT(field_dim((enum field)field));
    for (int field = 0; field < FIELD_COUNT; field++) {
        const int dim = field_dim((enum field)field);
        if (!(fields & FIELD_BIT(field)) || dim < 0) continue;
        if (fixed_dims & GODB_DIM_BIT(dim)) continue;
        *out_is_one = false;
        groups *= values_of(cost, (enum field)field);
    }
    return least(groups, flows);
}

static double
days_of(const struct cost *cost, double share)
{
    const double days = seconds(cost) * share / GODB_DAY_S;
    return (1 + days) * (double)cost->size->iface_count;
}

static sqlite3_int64
whole(double rows)
{
    return (sqlite3_int64)least(most(rows, 1), 1e15);
}

/* Totals are of what the engine selected: where they are used, all plans cost the same,
 * lest SQLite answer `a OR b` with two scans that have totals of their own. */
void
cost_finish(
    const struct cost *cost, bool is_traffic, unsigned fields, sqlite3_index_info *info)
{
    const double flows = (double)cost->size->flow_count;
    const double read_share = time_share(cost) * cost->read_share;
    double rows = flows * read_share * cost->pass_share;
    bool is_one = false;
    if (is_traffic) rows = groups_of(cost, fields, rows, &is_one);
    if (fields & FIELDS_TOTAL)
        info->estimatedCost = COST_DAY * days_of(cost, 1) + COST_ROW * flows;
    else
        info->estimatedCost = COST_DAY * days_of(cost, read_share) +
                              COST_READ * flows * read_share + COST_ROW * rows;
    info->estimatedRows = whole(rows);
    if (is_one) info->idxFlags |= SQLITE_INDEX_SCAN_UNIQUE;
}

void
cost_of_blocks(const struct cost *cost, sqlite3_index_info *info)
{
    const double share = time_share(cost) * cost->read_share;
    const double blocks = values_of(cost, FIELD_TIME) * values_of(cost, FIELD_IFACE);
    info->estimatedCost = COST_DAY * days_of(cost, share) + COST_ROW * blocks * share;
    info->estimatedRows = whole(blocks * share);
}
