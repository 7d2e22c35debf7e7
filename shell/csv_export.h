/* SPDX-License-Identifier: MIT
 *
 * csv_export.h -- a goDB database into a CSV file that goconvert takes.
 */
#ifndef SHELL_CSV_EXPORT_H
#define SHELL_CSV_EXPORT_H

#include "godb/godb.h"

/* Write every flow of the interfaces (a list with commas; NULL: all) by interface and
 * time to a new file, or to standard output where it is "-".  A file that is there
 * already is replaced when the new one is whole.  *out_rows (may be NULL) counts. */
int csv_export_run(const char *db_path, const char *ifaces, const char *file,
    uint64_t *out_rows, struct godb_err *err);

#endif
