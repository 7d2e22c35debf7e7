/* SPDX-License-Identifier: MIT
 *
 * plan.h -- what xBestIndex decides and xFilter does: which terms of a statement are
 * the engine's.
 *
 * A plan travels as idxStr, in words, because EXPLAIN QUERY PLAN prints them:
 *
 *      sip=? and dport in ? and ip_in(dip,?) order by bytes desc, sip limit ?
 *
 * Each ? is the next argument of xFilter.  The fields that the statement uses travel as
 * idxNum, one bit each.
 *
 *   term                           who     what the scan then never does
 *   ----------------------------   -----   ------------------------------------------
 *   time = < <= > >=               all     open other days, read other blocks
 *   iface = IN                     all     open other interfaces
 *   sip dip = IN, ip_in()          both    decode other columns of blocks without a row
 *   dport proto l7proto            both    likewise
 *       = IN < <= > >=
 *   condition first last =         both    likewise; not dimensions of traffic
 *   ORDER BY, GROUP BY, DISTINCT   traffic hand SQLite rows to sort
 *       by time and iface          both    likewise; min(time) needs the first block
 *   DISTINCT but of counters       flows   hand SQLite most rows again; see seen.h
 *   LIMIT OFFSET                   traffic hand SQLite rows to drop
 *
 * All other terms stay with SQLite.  A term is taken only where the engine decides it
 * just as SQLite would; constraint.c sees to the values.
 */
#ifndef VTAB_PLAN_H
#define VTAB_PLAN_H

#include <sqlite3ext.h>

#include "vtab/fields.h"

enum plan_op {
    PLAN_EQ,
    PLAN_IN,
    PLAN_LT,
    PLAN_LE,
    PLAN_GT,
    PLAN_GE,
    PLAN_NET, /* ip_in(field, ?) */
    PLAN_LIMIT,
    PLAN_OFFSET,
    PLAN_OP_COUNT
};

enum {
    PLAN_TERMS_MAX = 64,
    PLAN_ORDER_MAX = 12,
    PLAN_BLOCK_ORDER_MAX = 2 /* of flows: time and iface */
};

struct plan_term {
    enum field field; /* of LIMIT and OFFSET: no matter */
    enum plan_op op;
};

struct plan_order {
    enum field field;
    bool descending;
};

struct plan {
    unsigned fields; /* FIELD_BITs that the statement uses */
    struct plan_term terms[PLAN_TERMS_MAX];
    size_t term_count;
    struct plan_order order[PLAN_ORDER_MAX];
    size_t order_count;
    bool is_distinct; /* rows that are alike in all fields need to come but once */
};

/* Text for sqlite3_free(); NULL: out of memory. */
char *plan_text(const struct plan *plan);

/* The reverse; false for a text that plan_text() does not make. */
bool plan_parse(struct plan *out, const char *text);

struct cost;

/* xBestIndex of flows and traffic; start is what cost_begin() made. */
int plan_best(sqlite3_index_info *info, bool is_traffic, const struct cost *start);

/* xBestIndex of blocks, whose first two columns are time and iface: terms on those. */
int plan_blocks(sqlite3_index_info *info, const struct cost *start);

#endif
