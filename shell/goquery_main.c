/* SPDX-License-Identifier: MIT
 *
 * goquery_main.c -- goquery: reports from a terminal.
 *
 *      goquery_options   the command line
 *      report            the question as columns and as SQL
 *      session           SQLite with goprobe's tables
 *      query_run         runs it
 *      output_*          prints it
 *
 * It knows no more about flows than the SQL does: what it prints, `goquery -sql` lets
 * anybody ask in the sqlite3 shell.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shell/goquery_options.h"
#include "shell/query_run.h"
#include "shell/shell_err.h"

static void
print_sql(const struct goquery_options *options, const struct report *report)
{
    session_print_scope(&options->scope, stdout);
    printf("%s;\n", report->sql);
}

/* The condition with a mark under what is wrong, where that can be shown in a line. */
static void
print_caret(const struct goquery_options *options)
{
    const char *text = options->condition;
    const size_t at = options->condition_error_at;
    if (at == SIZE_MAX || at > 200 || strpbrk(text, "\t\r\n\033")) return;
    fprintf(stderr, "  %.*s\n  ", 400, text);
    for (size_t i = 0; i < at; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) fputc(' ', stderr);
    fputs("^\n", stderr);
}

static int
fail(const struct goquery_options *options, const struct godb_err *err)
{
    fprintf(stderr, "goquery: %s\n", err->msg);
    print_caret(options);
    if (options->writer->error) options->writer->error(stdout, err->msg);
    return shell_exit_code(err);
}

static int
answer(const struct goquery_options *options, struct godb_err *err)
{
    struct report report;
    int rc = options->is_list ? report_make_list(&report, err)
                              : report_make(&report, &options->report, err);
    if (rc != GODB_OK) return rc;
    if (options->mode == GOQUERY_SQL)
        print_sql(options, &report);
    else
        rc = query_run(stdout, options, &report, err);
    report_free(&report);
    return rc;
}

int
main(int argc, char **argv)
{
    struct goquery_options options;
    struct godb_err err = {0};
    int rc = goquery_options_parse(&options, argc, argv, &err);
    if (rc == GODB_OK && options.mode == GOQUERY_HELP)
        goquery_options_usage(stdout);
    else if (rc == GODB_OK && options.mode == GOQUERY_VERSION)
        puts("goquery " GODB_VERSION);
    else if (rc == GODB_OK)
        rc = answer(&options, &err);
    if (rc == GODB_OK && (fflush(stdout) != 0 || ferror(stdout)))
        rc = shell_err_sys(&err, errno, "standard output");
    const int code = rc == GODB_OK ? EX_OK : fail(&options, &err);
    goquery_options_free(&options);
    return code;
}
