/* SPDX-License-Identifier: MIT
 *
 * csv_row.h -- one record of a CSV file as a flow, or the reason why it is none.
 */
#ifndef SHELL_CSV_ROW_H
#define SHELL_CSV_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "godb/godb.h"
#include "shell/csv_columns.h"

enum { CSV_ROW_REASON = 160 };

struct csv_row {
    int64_t time_s;    /* GODB_STAMP_MIN .. GODB_STAMP_MAX - GODB_INTERVAL_S */
    const char *iface; /* borrowed from the record; NULL: it has none */
    const char *l7_name, *l7_category; /* as iface; what flow.l7proto means */
    struct godb_flow flow;
};

/* Whole, or false with the reason: which field, what it holds, what belongs there.  The
 * l7proto of a row without one is 0, "Unknown"; a name in its place is libprotoident's,
 * or becomes l7_name, with a number that is made up.
 * l7_name is NULL where the file has no such column and no l7proto,
 * "" where the row gives none; l7_category is never NULL. */
bool csv_row_parse(struct csv_row *out, const struct csv_columns *columns,
    const struct csv_reader_record *record, char reason[CSV_ROW_REASON]);

#endif
