/* SPDX-License-Identifier: MIT
 *
 * fields.h -- the columns of `flows` and `traffic`: both are made of these fields.
 */
#ifndef VTAB_FIELDS_H
#define VTAB_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

enum field {
    FIELD_TIME,
    FIELD_IFACE,
    FIELD_SIP,
    FIELD_DIP,
    FIELD_DPORT,
    FIELD_PROTO,
    FIELD_L7PROTO,
    FIELD_BYTES_RCVD,
    FIELD_BYTES_SENT,
    FIELD_PACKETS_RCVD,
    FIELD_PACKETS_SENT,
    FIELD_PROTO_NAME,
    FIELD_L7_NAME,
    FIELD_L7_CATEGORY,
    FIELD_BYTES,
    FIELD_PACKETS,
    FIELD_FLOWS,
    /* Hidden: arguments of the table. */
    FIELD_CONDITION,
    FIELD_FIRST,
    FIELD_LAST,
    /* Hidden: of the whole selection. */
    FIELD_TOTAL_BYTES,
    FIELD_TOTAL_PACKETS,
    FIELD_TOTAL_FLOWS,
    FIELD_TOTAL_BYTES_RCVD,
    FIELD_TOTAL_BYTES_SENT,
    FIELD_TOTAL_PACKETS_RCVD,
    FIELD_TOTAL_PACKETS_SENT,
    FIELD_TOTAL_GROUPS,
    FIELD_COUNT /* at most 31: a set of fields travels in idxNum */
};

#define FIELD_BIT(field) (1u << (field))
#define FIELDS_TOTAL     (FIELD_BIT(FIELD_COUNT) - FIELD_BIT(FIELD_TOTAL_BYTES))

/* SQL name. */
const char *field_name(enum field field);

/* The field that a table's column is, by its number.  The tables are alike, but `flows`
 * has no column of that name. */
static inline enum field
field_of_column(bool is_traffic, int column)
{
    return (enum field)(!is_traffic && column >= FIELD_FLOWS ? column + 1 : column);
}

/* CREATE TABLE text for sqlite3_declare_vtab(); static. */
const char *field_schema(bool is_traffic);

/* The godb_dim that groups by this field, or -1. */
int field_dim(enum field field);

/* The GODB_COLUMN_BITs that a flow's field comes from. */
unsigned field_columns(enum field field);

/* The GODB_SUM_BITs that a group's field comes from, totals included. */
unsigned field_sums(enum field field);

/* The enum godb_key that orders by this field, or -1. */
int field_key(enum field field);

#endif
