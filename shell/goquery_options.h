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
    GOQUERY_REPORT,
    GOQUERY_LIST,      /* the interfaces */
    GOQUERY_STATEMENT, /* -q */
    GOQUERY_PAGE,      /* -report */
    GOQUERY_SHELL,
    GOQUERY_CLEAN,
    GOQUERY_WIPE,
    GOQUERY_HELP,
    GOQUERY_HELP_ADMIN,
    GOQUERY_VERSION
};

/* What the command line asks for; texts but the two at the end are borrowed from argv.
 */
struct goquery_options {
    enum goquery_mode mode;
    bool is_sql; /* print the statement instead of running it */
    struct session_scope scope;
    struct report_spec report;
    const struct output_writer *writer;
    enum output_compat compat;
    bool is_external;               /* -x: for other programs */
    bool has_bars, are_bars_chosen; /* not chosen: on a terminal */
    bool is_of_packets;             /* -plot draws packets */
    const char *statement;          /* -q */
    const char *page_path;          /* -report; "-": standard output */
    const char *condition;          /* as it was typed; NULL: none */
    size_t condition_error_at;      /* set with a GODB_EARG about -c; else SIZE_MAX */
    bool does_resolve;
    int64_t resolve_timeout_ms, resolve_rows;
    int64_t clean_before_s;
    bool is_yes;           /* -clean and -wipe need not ask */
    char *resolved;        /* what scope.condition is where it has host names */
    char memory_limit[32]; /* what scope.memory_limit is */
};

/* GODB_EARG names the option.  Checks everything that can be checked without the
 * database: times, condition, format, limit; asks hosts file and DNS for host names in
 * a condition.  Whatever it returns, *out has a writer, and is for the _free. */
int goquery_options_parse(
    struct goquery_options *out, int argc, char **argv, struct godb_err *err);

void goquery_options_free(struct goquery_options *options);

/* The flags for questions, or those that look after a database. */
void goquery_options_usage(FILE *out, bool is_admin);

#endif
