/* SPDX-License-Identifier: MIT
 *
 * csv_spool.h -- rows that wait until the whole file is known, in a file without a
 * name.
 */
#ifndef SHELL_CSV_SPOOL_H
#define SHELL_CSV_SPOOL_H

#include "godb/godb.h"

struct csv_spool_row {
    int64_t time_s;
    uint64_t line; /* the first one of its record */
    uint32_t lane;
    struct godb_flow flow;
};

struct csv_spool;

/* In $TMPDIR, or /tmp.  GODB_EIO names the directory. */
int csv_spool_new(struct csv_spool **out, struct godb_err *err);
void csv_spool_free(struct csv_spool *spool);

int csv_spool_add(
    struct csv_spool *spool, const struct csv_spool_row *row, struct godb_err *err);
uint64_t csv_spool_count(const struct csv_spool *spool);

/* Begin to read, from the first row on; any number of times. */
int csv_spool_rewind(struct csv_spool *spool, struct godb_err *err);

/* GODB_DONE behind the last row. */
int csv_spool_next(
    struct csv_spool *spool, struct csv_spool_row *out, struct godb_err *err);

#endif
