/* SPDX-License-Identifier: MIT
 *
 * csv_source.h -- a CSV file that can be read twice, wherever it comes from.
 */
#ifndef SHELL_CSV_SOURCE_H
#define SHELL_CSV_SOURCE_H

#include "godb/godb.h"

/* Open a file for reading; "-" is standard input.  What is no regular file (a pipe, a
 * terminal) is copied to a nameless file in $TMPDIR, or /tmp, first.  The descriptor is
 * the caller's to close.  GODB_EIO. */
int csv_source_open(
    int *out_fd, uint64_t *out_bytes, const char *path, struct godb_err *err);

/* What to call it in messages. */
const char *csv_source_name(const char *path);

#endif
