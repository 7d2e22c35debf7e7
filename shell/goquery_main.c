/* SPDX-License-Identifier: MIT
 *
 * goquery_main.c -- goquery: reports from a terminal.
 *
 *      goquery_options   the command line
 *      report            the question as columns and as SQL
 *      session           SQLite with goprobe's tables
 *      query_run         runs it
 *      output_*          prints it
 *      page              -report
 *      statement_run     -q, shell_open -shell, maintain -clean and -wipe
 *
 * It knows no more about flows than the SQL does: what it prints, `goquery -sql` lets
 * anybody ask in the sqlite3 shell.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <syslog.h>

#include "shell/goquery_options.h"
#include "shell/maintain.h"
#include "shell/page.h"
#include "shell/printable.h"
#include "shell/query_run.h"
#include "shell/shell_err.h"
#include "shell/shell_open.h"
#include "shell/statement_run.h"

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
    char line[401];
    snprintf(line, sizeof line, "%s", text);
    fputs("  ", stderr);
    print_printable(stderr, line);
    fputs("\n  ", stderr);
    for (size_t i = 0; i < at; i++)
        if (((unsigned char)text[i] & 0xc0) != 0x80) fputc(' ', stderr);
    fputs("^\n", stderr);
}

/* Other programs' users are not to see paths and names, so those go to the log. */
static int
fail(const struct goquery_options *options, const struct godb_err *err)
{
    const char *message = err->msg;
    if (options->is_external) {
        openlog("goquery", LOG_PID, LOG_USER);
        syslog(LOG_ERR, "%s", err->msg);
        closelog();
        message = "An error occurred while retrieving the requested information";
    }
    fprintf(stderr, "goquery: %s\n", message);
    if (!options->is_external) print_caret(options);
    if (options->writer->error) options->writer->error(stdout, message);
    return shell_exit_code(err);
}

/* For other programs, or for people. */
static enum report_list
list_form(const struct goquery_options *options)
{
    if (!options->is_external && options->writer != &output_json)
        return REPORT_LIST_TXT;
    return options->compat == OUTPUT_1_05 ? REPORT_LIST_1_05 : REPORT_LIST_JSON;
}

static int
answer(const struct goquery_options *options, struct godb_err *err)
{
    struct report report;
    int rc = options->mode == GOQUERY_LIST
                 ? report_make_list(&report, list_form(options), err)
                 : report_make(&report, &options->report, err);
    if (rc != GODB_OK) return rc;
    if (options->writer == &output_plot && !report.has_time)
        rc = shell_err(err, GODB_EARG, "-plot: '%.60s' has no time; ask for time",
            options->report.type);
    else if (options->is_sql)
        print_sql(options, &report);
    else
        rc = query_run(stdout, options, &report, err);
    report_free(&report);
    return rc;
}

static int
act(const struct goquery_options *options, struct godb_err *err)
{
    switch (options->mode) {
    case GOQUERY_HELP:
    case GOQUERY_HELP_ADMIN:
        goquery_options_usage(stdout, options->mode == GOQUERY_HELP_ADMIN);
        return GODB_OK;
    case GOQUERY_VERSION:
        puts("goquery " GODB_VERSION);
        return GODB_OK;
    case GOQUERY_REPORT:
    case GOQUERY_LIST:
        return answer(options, err);
    case GOQUERY_STATEMENT:
        return statement_run(stdout, options, err);
    case GOQUERY_PAGE:
        return page_run(options, err);
    case GOQUERY_SHELL:
        return shell_open(&options->scope, err);
    case GOQUERY_CLEAN:
    case GOQUERY_WIPE:
        return maintain(stdout, options, err);
    }
    return GODB_OK;
}

int
main(int argc, char **argv)
{
    struct goquery_options options;
    struct godb_err err = {0};
    setlocale(LC_CTYPE, "");
    /* `goquery ... | head` ends here silently, whatever the caller does with it. */
    signal(SIGPIPE, SIG_DFL);
    int rc = goquery_options_parse(&options, argc, argv, &err);
    if (rc == GODB_OK) rc = act(&options, &err);
    if (rc == GODB_OK && (fflush(stdout) != 0 || ferror(stdout)))
        rc = shell_err_sys(&err, errno, "standard output");
    const int code = rc == GODB_OK ? EX_OK : fail(&options, &err);
    goquery_options_free(&options);
    return code;
}
