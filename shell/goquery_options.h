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

/* What the command line asks for; texts but `resolved` are borrowed from argv. */
struct goquery_options {
    enum goquery_mode mode;
    bool is_list; /* the interfaces instead of a report */
    struct session_scope scope;
    struct report_spec report;
    const struct output_writer *writer;
    const char *condition;     /* as it was typed; NULL: none */
    char *resolved;            /* what scope.condition is where it has host names */
    size_t condition_error_at; /* set with a GODB_EARG about -c; else SIZE_MAX */
};

/* GODB_EARG names the option.  Checks everything that can be checked without the
 * database: times, condition, format, limit; asks the system for host names in a
 * condition.  Whatever it returns, *out has a writer, and is for the _free. */
int goquery_options_parse(
    struct goquery_options *out, int argc, char **argv, struct godb_err *err);

void goquery_options_free(struct goquery_options *options);

void goquery_options_usage(FILE *out);

#endif
