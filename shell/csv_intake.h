/* SPDX-License-Identifier: MIT
 *
 * csv_intake.h -- a CSV file read by several threads, in the order of its lines.
 */
#ifndef SHELL_CSV_INTAKE_H
#define SHELL_CSV_INTAKE_H

#include "shell/csv_batch.h"
#include "shell/csv_source.h"

struct csv_intake_calls {
    /* What the first record says: settles source->columns, which is only read later.
     * *out_is_row: it is a row, too. */
    int (*begin)(void *arg, const struct csv_reader_record *record, bool *out_is_row);

    /* *batch is the callee's to change until it returns; lines are counted from
     * line_base.  GODB_DONE ends the reading. */
    int (*take)(void *arg, struct csv_batch *batch, uint64_t line_base);
    void *arg;
};

/* Read the source to its end, or until `take` wants no more.  What goes wrong first:
 * here, in the source, or in calls, which fill err themselves. */
int csv_intake_run(struct csv_source *source, const struct csv_batch_source *rows,
    const struct csv_intake_calls *calls, struct godb_err *err);

#endif
