/* SPDX-License-Identifier: MIT
 *
 * csv_source.h -- the bytes of a CSV file, wherever they come from: a file, a pipe, or
 * either of them compressed.
 */
#ifndef SHELL_CSV_SOURCE_H
#define SHELL_CSV_SOURCE_H

#include <stddef.h>

#include "godb/godb.h"

struct csv_source;

/* Open a file for reading; "-" is standard input.  Names that end in .gz or .zst are
 * decompressed.  GODB_EIO, GODB_ENOMEM.  path is borrowed until close. */
int csv_source_open(struct csv_source **out, const char *path, struct godb_err *err);

void csv_source_close(struct csv_source *source);

/* At most max bytes into `to`; *out_got is 0 at the end.  GODB_EIO, and GODB_ECORRUPT
 * where a compressed file is damaged or ends too early. */
int csv_source_read(struct csv_source *source, char *to, size_t max, size_t *out_got,
    struct godb_err *err);

/* What to call it in messages. */
const char *csv_source_name(const struct csv_source *source);

/* How far it is read, and how long it is, as it is stored; 0 where that is not known.
 */
uint64_t csv_source_done_bytes(const struct csv_source *source);
uint64_t csv_source_total_bytes(const struct csv_source *source);

#endif
