/* SPDX-License-Identifier: MIT
 *
 * csv_spool.h -- rows that wait until the whole file is known, in a file without a
 * name.
 */
#ifndef SHELL_CSV_SPOOL_H
#define SHELL_CSV_SPOOL_H

#include "shell/csv_batch.h"

/* Rows as csv_batch has them, with what only the whole file's reader knows: a run's
 * first_line counts from the file's begin, its iface is a lane's number. */
struct csv_spool_batch {
    size_t run_count, l7_count, flow_bytes;
    const struct csv_batch_run *runs;
    const uint16_t *l7_ids; /* what flows' l7proto stand for; l7_count 0: themselves */
    const uint8_t *flows;
};

struct csv_spool;

/* In $TMPDIR, or /tmp.  GODB_EIO names the directory. */
int csv_spool_new(struct csv_spool **out, struct godb_err *err);
void csv_spool_free(struct csv_spool *spool);

int csv_spool_add(
    struct csv_spool *spool, const struct csv_spool_batch *batch, struct godb_err *err);

/* Begin to read, from the first row on; any number of times. */
int csv_spool_rewind(struct csv_spool *spool, struct godb_err *err);

/* *out is borrowed until the next call, and without flows where they are not asked for.
 * GODB_DONE behind the last one. */
int csv_spool_next(struct csv_spool *spool, struct csv_spool_batch *out,
    bool with_flows, struct godb_err *err);

#endif
