/* SPDX-License-Identifier: MIT
 *
 * csv_import.h -- a CSV file into a goDB database.
 */
#ifndef SHELL_CSV_IMPORT_H
#define SHELL_CSV_IMPORT_H

#include <stdint.h>

#include "godb/godb.h"

struct csv_import_spec {
    const char *in;     /* a path, or "-" */
    const char *out;    /* the database's directory; made where it is missing */
    const char *iface;  /* for rows that do not say; NULL: they must */
    uint64_t row_limit; /* rows to read; 0: all */
};

struct csv_import_stats {
    uint64_t imported, refused;    /* rows */
    uint64_t ifaces, blocks, days; /* written to; a day of each interface counts */
};

/* Import what can be imported.  Refused rows are named on standard error, the first of
 * them one by one, and counted.  An error ends the import: what was not committed by
 * then (the last day, at most) is not in the database. */
int csv_import_run(struct csv_import_stats *out, const struct csv_import_spec *spec,
    struct godb_err *err);

#endif
