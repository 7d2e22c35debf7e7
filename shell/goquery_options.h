/* SPDX-License-Identifier: MIT
 *
 * goquery_options.h -- goquery's command line.
 */
#ifndef SHELL_GOQUERY_OPTIONS_H
#define SHELL_GOQUERY_OPTIONS_H

#include "godb/godb.h"
#include "shell/output.h"
#include "shell/report.h"
#include "shell/session.h"

enum goquery_mode {
    GOQUERY_RUN,
    GOQUERY_SQL, /* print the statement instead of running it */
    GOQUERY_HELP,
    GOQUERY_VERSION
};

/* What the command line asks for; texts are borrowed from argv. */
struct goquery_options {
    enum goquery_mode mode;
    bool is_list; /* the interfaces instead of a report */
    struct session_scope scope;
    struct report_spec report;
    const struct output_writer *writer;
    size_t condition_error_at; /* set with a GODB_EARG about -c; else SIZE_MAX */
};

/* GODB_EARG names the option.  Checks everything that can be checked without the
 * database: times, condition, format, limit.  *out has a writer in every case. */
int goquery_options_parse(
    struct goquery_options *out, int argc, char **argv, struct godb_err *err);

void goquery_options_usage(FILE *out);

#endif
