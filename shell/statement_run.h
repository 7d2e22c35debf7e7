/* SPDX-License-Identifier: MIT
 *
 * statement_run.h -- goquery -q: SQL from the command line.
 */
#ifndef SHELL_STATEMENT_RUN_H
#define SHELL_STATEMENT_RUN_H

#include "shell/goquery_options.h"

/* Run options->statement, or several with semicolons between them, in the scope of the
 * options, and print what they give as txt, csv or json. */
int statement_run(
    FILE *out, const struct goquery_options *options, struct godb_err *err);

#endif
