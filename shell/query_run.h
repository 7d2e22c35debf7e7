/* SPDX-License-Identifier: MIT
 *
 * query_run.h -- run a report and print the answer.
 */
#ifndef SHELL_QUERY_RUN_H
#define SHELL_QUERY_RUN_H

#include "shell/goquery_options.h"

/* Prints on `out` what options->writer makes of it, or, for -list, a table.  GODB_OK
 * also where nothing was found. */
int query_run(FILE *out, const struct goquery_options *options,
    const struct report *report, struct godb_err *err);

#endif
