/* SPDX-License-Identifier: MIT
 *
 * plan.c -- see plan.h.
 */
#include "vtab/plan.h"

#include <string.h>

#include "vtab/cost.h"
#include "vtab/host.h"
#include "vtab/seen.h"

SQLITE_EXTENSION_INIT3

/* --- Text ------------------------------------------------------------------------- */

/* How a term is spelled: what stands before the field's name, and what after it. */
static const struct {
    const char *before, *after;
} spelling[PLAN_OP_COUNT] = {
    [PLAN_EQ] = {"", "=?"},
    [PLAN_IN] = {"", " in ?"},
    [PLAN_LT] = {"", "<?"},
    [PLAN_LE] = {"", "<=?"},
    [PLAN_GT] = {"", ">?"},
    [PLAN_GE] = {"", ">=?"},
    [PLAN_NET] = {"ip_in(", ",?)"},
    [PLAN_LIMIT] = {"limit ?", ""},
    [PLAN_OFFSET] = {"offset ?", ""},
};

static bool
has_field(enum plan_op op)
{
    return op != PLAN_LIMIT && op != PLAN_OFFSET;
}

static void
put_terms(sqlite3_str *to, const struct plan *plan, bool with_field)
{
    const char *between = "";
    for (size_t i = 0; i < plan->term_count; i++) {
        const struct plan_term *term = &plan->terms[i];
        if (has_field(term->op) != with_field) continue;
        if (!with_field && sqlite3_str_length(to) > 0) between = " ";
        sqlite3_str_appendf(to, "%s%s%s%s", between, spelling[term->op].before,
            with_field ? field_name(term->field) : "", spelling[term->op].after);
        between = with_field ? " and " : " ";
    }
}

char *
plan_text(const struct plan *plan)
{
    sqlite3_str *to = sqlite3_str_new(NULL);
    put_terms(to, plan, true);
    for (size_t i = 0; i < plan->order_count; i++) {
        const char *before = i > 0                        ? ", "
                             : sqlite3_str_length(to) > 0 ? " order by "
                                                          : "order by ";
        sqlite3_str_appendf(to, "%s%s%s", before, field_name(plan->order[i].field),
            plan->order[i].descending ? " desc" : "");
    }
    put_terms(to, plan, false);
    if (plan->is_distinct)
        sqlite3_str_appendall(
            to, sqlite3_str_length(to) > 0 ? " distinct" : "distinct");
    if (sqlite3_str_length(to) == 0) sqlite3_str_appendall(to, "all");
    return sqlite3_str_finish(to);
}

static bool
skip(const char **text, const char *what)
{
    const size_t length = strlen(what);
    if (strncmp(*text, what, length) != 0) return false;
    *text += length;
    return true;
}

/* The longest field name that the text starts with: "bytes_rcvd" is not "bytes". */
static bool
parse_field(const char **text, enum field *out)
{
    size_t longest = 0;
    for (int field = 0; field < FIELD_COUNT; field++) {
        const char *name = field_name((enum field)field);
        const size_t length = strlen(name);
        if (length <= longest || strncmp(*text, name, length) != 0) continue;
        longest = length;
        *out = (enum field)field;
    }
    *text += longest;
    return longest > 0;
}

static bool
parse_term(const char **text, struct plan_term *out)
{
    for (int op = 0; op < PLAN_OP_COUNT; op++) {
        const char *at = *text;
        out->op = (enum plan_op)op;
        out->field = FIELD_TIME;
        if (!skip(&at, spelling[op].before)) continue;
        if (has_field(out->op) && !parse_field(&at, &out->field)) continue;
        if (!skip(&at, spelling[op].after)) continue;
        *text = at;
        return true;
    }
    return false;
}

static bool
parse_order(const char **text, struct plan *out)
{
    do {
        if (out->order_count == PLAN_ORDER_MAX) return false;
        struct plan_order *order = &out->order[out->order_count++];
        if (!parse_field(text, &order->field)) return false;
        order->descending = skip(text, " desc");
    } while (skip(text, ", "));
    return true;
}

bool
plan_parse(struct plan *out, const char *text)
{
    memset(out, 0, sizeof *out);
    if (strcmp(text, "all") == 0) return true;
    while (*text) {
        if (skip(&text, "order by ")) {
            if (!parse_order(&text, out)) return false;
        } else if (skip(&text, "distinct")) {
            out->is_distinct = true;
        } else {
            if (out->term_count == PLAN_TERMS_MAX ||
                !parse_term(&text, &out->terms[out->term_count++]))
                return false;
        }
        if (*text && !skip(&text, " and ") && !skip(&text, " ")) return false;
    }
    return true;
}

/* --- xBestIndex: terms ------------------------------------------------------------ */

static bool
is_argument(enum field field)
{
    return field == FIELD_CONDITION || field == FIELD_FIRST || field == FIELD_LAST;
}

static bool
is_number(enum field field)
{
    return field == FIELD_DPORT || field == FIELD_PROTO || field == FIELD_L7PROTO;
}

static bool
is_address(enum field field)
{
    return field == FIELD_SIP || field == FIELD_DIP;
}

static bool
to_plan_op(unsigned char op, enum plan_op *out)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        *out = PLAN_EQ;
        return true;
    case SQLITE_INDEX_CONSTRAINT_LT:
        *out = PLAN_LT;
        return true;
    case SQLITE_INDEX_CONSTRAINT_LE:
        *out = PLAN_LE;
        return true;
    case SQLITE_INDEX_CONSTRAINT_GT:
        *out = PLAN_GT;
        return true;
    case SQLITE_INDEX_CONSTRAINT_GE:
        *out = PLAN_GE;
        return true;
    case SQLITE_INDEX_CONSTRAINT_FUNCTION:
        *out = PLAN_NET;
        return true;
    default:
        return false;
    }
}

/* Can the engine decide this term as SQLite would? */
static bool
can_take(enum field field, enum plan_op op, bool is_in)
{
    if (is_argument(field)) return op == PLAN_EQ && !is_in;
    if (field == FIELD_IFACE) return op == PLAN_EQ;
    if (is_address(field)) return op == PLAN_EQ || op == PLAN_NET;
    if (is_number(field)) return op != PLAN_NET;
    /* A list of times would have to be a list of scans; SQLite picks them out as well.
     */
    if (field == FIELD_TIME) return op != PLAN_NET && !is_in;
    return false;
}

struct planning {
    sqlite3_index_info *info;
    bool is_traffic, is_blocks;
    struct plan plan;
    int limit, offset; /* index of the constraint, or -1 */
    bool takes_all;    /* every term of the statement */
    struct cost cost;
};

static void
take(struct planning *p, int i, enum field field, enum plan_op op, bool omit)
{
    p->plan.terms[p->plan.term_count++] = (struct plan_term){field, op};
    p->info->aConstraintUsage[i].argvIndex = (int)p->plan.term_count;
    p->info->aConstraintUsage[i].omit = omit;
}

static bool
has_column(const struct planning *p, int column)
{
    return column >= 0 && (!p->is_blocks || column <= FIELD_IFACE);
}

/* SQLITE_CONSTRAINT where an argument of the table is not known yet: the table has to
 * come later in the join. */
static int
plan_term(struct planning *p, int i)
{
    const struct sqlite3_index_constraint *c = &p->info->aConstraint[i];
    if (c->op == HOST_LIMIT) p->limit = c->usable ? i : -1;
    if (c->op == HOST_OFFSET) p->offset = c->usable ? i : -1;
    if (c->op == HOST_LIMIT || c->op == HOST_OFFSET) return SQLITE_OK;
    const enum field field = field_of_column(p->is_traffic, c->iColumn);
    if (!c->usable) {
        p->takes_all = false;
        return has_column(p, c->iColumn) && is_argument(field) ? SQLITE_CONSTRAINT
                                                               : SQLITE_OK;
    }
    enum plan_op op;
    const bool is_in = host_is_in(p->info, i);
    if (!has_column(p, c->iColumn) || !to_plan_op(c->op, &op) ||
        !can_take(field, op, is_in) || p->plan.term_count == PLAN_TERMS_MAX - 2 ||
        strcmp(sqlite3_vtab_collation(p->info, i), "BINARY") != 0) {
        p->takes_all = false;
        return SQLITE_OK;
    }
    if (is_in) {
        host_take_in(p->info, i);
        op = PLAN_IN;
    }
    sqlite3_value *value = is_in ? NULL : host_right_side(p->info, i);
    take(p, i, field, op, true);
    cost_term(&p->cost, &p->plan.terms[p->plan.term_count - 1], value);
    return SQLITE_OK;
}

static int
plan_terms(struct planning *p)
{
    int rc = SQLITE_OK;
    for (int i = 0; i < p->info->nConstraint && rc == SQLITE_OK; i++)
        rc = plan_term(p, i);
    return rc;
}

/* --- xBestIndex: order and limit -------------------------------------------------- */

/* Can the engine order by this field?  Flows come in whole blocks. */
static bool
can_order(bool is_traffic, int column)
{
    if (column < 0) return false;
    const enum field field = field_of_column(is_traffic, column);
    if (!is_traffic) return field == FIELD_TIME || field == FIELD_IFACE;
    return field_key(field) >= 0;
}

static bool
plan_order(struct planning *p)
{
    const sqlite3_index_info *info = p->info;
    if (info->nOrderBy > (p->is_traffic ? PLAN_ORDER_MAX : PLAN_BLOCK_ORDER_MAX))
        return false;
    for (int i = 0; i < info->nOrderBy; i++)
        if (!can_order(p->is_traffic, info->aOrderBy[i].iColumn)) return false;
    for (int i = 0; i < info->nOrderBy; i++) {
        const enum field field =
            field_of_column(p->is_traffic, info->aOrderBy[i].iColumn);
        p->plan.order[p->plan.order_count++] =
            (struct plan_order){field, info->aOrderBy[i].desc != 0};
    }
    return true;
}

/* SQLite counts off OFFSET itself (omit is not set), so that the engine gives that many
 * rows more. */
static void
plan_limit(struct planning *p)
{
    if (p->limit < 0 || !p->takes_all) return;
    take(p, p->limit, FIELD_TIME, PLAN_LIMIT, true);
    if (p->offset >= 0) take(p, p->offset, FIELD_TIME, PLAN_OFFSET, false);
}

/* --- xBestIndex ------------------------------------------------------------------- */

static unsigned
used_fields(const sqlite3_index_info *info, bool is_traffic)
{
    unsigned fields = 0;
    const int columns = FIELD_COUNT - (is_traffic ? 0 : 1);
    for (int column = 0; column < columns; column++)
        if (info->colUsed >> column & 1)
            fields |= FIELD_BIT(field_of_column(is_traffic, column));
    return fields;
}

static int
hand_over(const struct planning *p)
{
    p->info->idxNum = (int)p->plan.fields;
    p->info->idxStr = plan_text(&p->plan);
    p->info->needToFreeIdxStr = 1;
    return p->info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

int
plan_best(sqlite3_index_info *info, bool is_traffic, const struct cost *start)
{
    struct planning p = {.info = info,
        .is_traffic = is_traffic,
        .limit = -1,
        .offset = -1,
        .takes_all = true,
        .cost = *start};
    p.plan.fields = used_fields(info, is_traffic);
    int rc = plan_terms(&p);
    if (rc != SQLITE_OK) return rc;
    if (plan_order(&p)) {
        info->orderByConsumed = info->nOrderBy > 0;
        if (is_traffic) plan_limit(&p);
    }
    p.plan.is_distinct =
        !is_traffic && host_wants_distinct(info) && seen_can(p.plan.fields);
    cost_finish(&p.cost, is_traffic, p.plan.fields, info);
    return hand_over(&p);
}

int
plan_blocks(sqlite3_index_info *info, const struct cost *start)
{
    struct planning p = {
        .info = info, .is_blocks = true, .limit = -1, .offset = -1, .cost = *start};
    int rc = plan_terms(&p);
    if (rc != SQLITE_OK) return rc;
    cost_of_blocks(&p.cost, info);
    return hand_over(&p);
}
