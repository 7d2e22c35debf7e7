/* SPDX-License-Identifier: MIT
 *
 * csv_import.h -- a CSV file into a goDB database.
 */
#ifndef SHELL_CSV_IMPORT_H
#define SHELL_CSV_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "godb/godb.h"

struct csv_import_spec {
    const char *in;      /* a path, or "-" */
    const char *out;     /* the database's directory; made where it is missing */
    const char *iface;   /* for rows that do not say; NULL: they must */
    const char *schema;  /* columns of a file without a header; NULL: it says itself */
    const char *rejects; /* a file to list refused rows in; NULL: standard error */
    uint64_t row_limit;  /* rows to read; 0: all */
    int64_t window_s;    /* how late a row may come */
    bool is_nfdump;      /* what nfdump -o csv writes */
    bool keeps_going;    /* import the rest where rows are refused */
    enum godb_effort effort;
};

struct csv_import_stats {
    uint64_t imported, refused, there; /* rows; there: imported before */
    uint64_t ifaces, blocks, days;     /* written to; a day of each interface counts */
    bool is_left_out;                  /* nothing imported, because of those refused */
};

/* Import all rows, or, where some are refused and keeps_going is not set, none. Refused
 * rows are named on standard error, the first of them one by one, or all of them in a
 * file.  An error ends the import: what was not committed by then (the last day, at
 * most) is not in the database. */
int csv_import_run(struct csv_import_stats *out, const struct csv_import_spec *spec,
    struct godb_err *err);

#endif
