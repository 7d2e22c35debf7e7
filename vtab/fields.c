/* SPDX-License-Identifier: MIT
 *
 * fields.c -- see fields.h.  One table says what each field is.
 */
#include "vtab/fields.h"

#include "godb/godb.h"

enum { NONE = -1 };

#define COL(name) GODB_COLUMN_BIT(GODB_##name)
#define SUM(name) GODB_SUM_BIT(GODB_SUM_##name)

static const struct {
    const char *name;
    int dim, key;
    unsigned columns, sums;
} fields[FIELD_COUNT] = {
    [FIELD_TIME] = {"time", GODB_DIM_TIME, GODB_DIM_TIME, 0, 0},
    [FIELD_IFACE] = {"iface", GODB_DIM_IFACE, GODB_DIM_IFACE, 0, 0},
    [FIELD_SIP] = {"sip", GODB_DIM_SIP, GODB_DIM_SIP, COL(SIP), 0},
    [FIELD_DIP] = {"dip", GODB_DIM_DIP, GODB_DIM_DIP, COL(DIP), 0},
    [FIELD_DPORT] = {"dport", GODB_DIM_DPORT, GODB_DIM_DPORT, COL(DPORT), 0},
    [FIELD_PROTO] = {"proto", GODB_DIM_PROTO, GODB_DIM_PROTO, COL(PROTO), 0},
    [FIELD_L7PROTO] = {"l7proto", GODB_DIM_L7PROTO, GODB_DIM_L7PROTO, COL(L7PROTO), 0},
    [FIELD_BYTES_RCVD] = {"bytes_rcvd", NONE, GODB_KEY_SUM + GODB_SUM_BYTES_RCVD,
        COL(BYTES_RCVD), SUM(BYTES_RCVD)},
    [FIELD_BYTES_SENT] = {"bytes_sent", NONE, GODB_KEY_SUM + GODB_SUM_BYTES_SENT,
        COL(BYTES_SENT), SUM(BYTES_SENT)},
    [FIELD_PACKETS_RCVD] = {"packets_rcvd", NONE, GODB_KEY_SUM + GODB_SUM_PACKETS_RCVD,
        COL(PACKETS_RCVD), SUM(PACKETS_RCVD)},
    [FIELD_PACKETS_SENT] = {"packets_sent", NONE, GODB_KEY_SUM + GODB_SUM_PACKETS_SENT,
        COL(PACKETS_SENT), SUM(PACKETS_SENT)},
    /* A protocol has one name, so grouping by it is grouping by the number; ordering is
     * not, and stays with SQLite. */
    [FIELD_PROTO_NAME] = {"proto_name", GODB_DIM_PROTO, NONE, COL(PROTO), 0},
    [FIELD_L7_NAME] = {"l7_name", GODB_DIM_L7_NAME, GODB_DIM_L7_NAME, COL(L7PROTO), 0},
    [FIELD_L7_CATEGORY] = {"l7_category", GODB_DIM_L7_CATEGORY, GODB_DIM_L7_CATEGORY,
        COL(L7PROTO), 0},
    [FIELD_BYTES] = {"bytes", NONE, GODB_KEY_SUM + GODB_SUM_BYTES,
        COL(BYTES_RCVD) | COL(BYTES_SENT), SUM(BYTES)},
    [FIELD_PACKETS] = {"packets", NONE, GODB_KEY_SUM + GODB_SUM_PACKETS,
        COL(PACKETS_RCVD) | COL(PACKETS_SENT), SUM(PACKETS)},
    [FIELD_FLOWS] = {"flows", NONE, GODB_KEY_SUM + GODB_SUM_FLOWS, 0, SUM(FLOWS)},
    [FIELD_CONDITION] = {"condition", NONE, NONE, 0, 0},
    [FIELD_FIRST] = {"first", NONE, NONE, 0, 0},
    [FIELD_LAST] = {"last", NONE, NONE, 0, 0},
    [FIELD_TOTAL_BYTES] = {"total_bytes", NONE, NONE, 0, SUM(BYTES)},
    [FIELD_TOTAL_PACKETS] = {"total_packets", NONE, NONE, 0, SUM(PACKETS)},
    [FIELD_TOTAL_FLOWS] = {"total_flows", NONE, NONE, 0, SUM(FLOWS)},
    [FIELD_TOTAL_BYTES_RCVD] = {"total_bytes_rcvd", NONE, NONE, 0, SUM(BYTES_RCVD)},
    [FIELD_TOTAL_BYTES_SENT] = {"total_bytes_sent", NONE, NONE, 0, SUM(BYTES_SENT)},
    [FIELD_TOTAL_PACKETS_RCVD] = {"total_packets_rcvd", NONE, NONE, 0,
        SUM(PACKETS_RCVD)},
    [FIELD_TOTAL_PACKETS_SENT] = {"total_packets_sent", NONE, NONE, 0,
        SUM(PACKETS_SENT)},
    [FIELD_TOTAL_GROUPS] = {"total_groups", NONE, NONE, 0, 0},
};

/* NOT NULL is more than true: only then SQLite asks for min(time) as for the first row
 * by time. */
#define FLOW_COLUMNS                                                                   \
    "time INTEGER NOT NULL, iface TEXT NOT NULL, sip TEXT NOT NULL, dip TEXT NOT "     \
    "NULL,"                                                                            \
    " dport INTEGER NOT NULL, proto INTEGER NOT NULL, l7proto INTEGER NOT NULL,"       \
    " bytes_rcvd INTEGER NOT NULL, bytes_sent INTEGER NOT NULL,"                       \
    " packets_rcvd INTEGER NOT NULL, packets_sent INTEGER NOT NULL,"                   \
    " proto_name TEXT NOT NULL, l7_name TEXT NOT NULL, l7_category TEXT NOT NULL,"     \
    " bytes INTEGER NOT NULL, packets INTEGER NOT NULL, "
#define ARGUMENTS "condition HIDDEN, first HIDDEN, last HIDDEN"

const char *
field_schema(bool is_traffic)
{
    if (!is_traffic) return "CREATE TABLE flows(" FLOW_COLUMNS ARGUMENTS ")";
    return "CREATE TABLE traffic(" FLOW_COLUMNS "flows INTEGER NOT NULL, " ARGUMENTS
           ", total_bytes INTEGER HIDDEN, total_packets INTEGER HIDDEN"
           ", total_flows INTEGER HIDDEN, total_bytes_rcvd INTEGER HIDDEN"
           ", total_bytes_sent INTEGER HIDDEN, total_packets_rcvd INTEGER HIDDEN"
           ", total_packets_sent INTEGER HIDDEN, total_groups INTEGER HIDDEN)";
}

const char *
field_name(enum field field)
{
    return fields[field].name;
}

int
field_dim(enum field field)
{
    return fields[field].dim;
}

unsigned
field_columns(enum field field)
{
    return fields[field].columns;
}

unsigned
field_sums(enum field field)
{
    return fields[field].sums;
}

int
field_key(enum field field)
{
    return fields[field].key;
}
