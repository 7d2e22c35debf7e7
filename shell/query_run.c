/* SPDX-License-Identifier: MIT
 *
 * query_run.c -- see query_run.h.
 */
#include "shell/query_run.h"

#include <string.h>
#include <time.h>

#include "shell/shell_err.h"
#include "shell/txt_table.h"

struct run {
    const struct goquery_options *options;
    struct session session;
    sqlite3_stmt *statement;
    struct output_context context;
    int64_t start_ms;
};

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
fail_memory(struct godb_err *err)
{
    return shell_err(err, GODB_ENOMEM, "out of memory");
}

/* --- A report --------------------------------------------------------------------- */

/* The totals stand in every row: take them from the first. */
static void
take_totals(struct run *run)
{
    struct output_context *context = &run->context;
    const int column = (int)context->report->column_count;
    context->hits = sqlite3_column_int64(run->statement, column);
    for (size_t i = 0; i < context->report->total_count; i++)
        snprintf(context->totals[i], sizeof context->totals[i], "%s",
            output_text(run->statement, column + 1 + (int)i));
}

static void
take_state(struct run *run)
{
    run->context.took_ms = now_ms() - run->start_ms;
    run->context.warning_count = run->session.warning_count;
    run->context.warning = run->session.warning;
}

static int
print_rows(struct run *run, void *state, struct godb_err *err)
{
    const struct output_writer *writer = run->options->writer;
    int rc = GODB_OK;
    while (rc == GODB_OK) {
        const bool is_row = run->context.report->column_count > 0;
        if (is_row && !writer->row(state, &run->context, run->statement))
            return fail_memory(err);
        rc = session_step(&run->session, run->statement, err);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* Nothing came back.  Nothing can, where there is no interface: that is an error, as is
 * the wrong directory after -d. */
static int
print_empty(struct run *run, struct godb_err *err)
{
    sqlite3_stmt *statement;
    int rc = session_prepare(
        &run->session, "SELECT 1 FROM interfaces LIMIT 1", &statement, err);
    if (rc != GODB_OK) return rc;
    rc = session_step(&run->session, statement, err);
    sqlite3_finalize(statement);
    if (rc == GODB_DONE)
        return shell_err(err, GODB_ENOTFOUND, "%s: no interface in this database",
            run->options->scope.db);
    if (rc == GODB_OK) run->options->writer->empty(&run->context);
    return rc;
}

static int
print_report(struct run *run, struct godb_err *err)
{
    const struct output_writer *writer = run->options->writer;
    int rc = session_step(&run->session, run->statement, err);
    take_state(run);
    if (rc == GODB_DONE) return print_empty(run, err);
    if (rc != GODB_OK) return rc;
    take_totals(run);
    void *state = writer->begin(&run->context);
    if (state == NULL) return fail_memory(err);
    rc = print_rows(run, state, err);
    take_state(run);
    if (rc == GODB_OK) writer->end(state, &run->context);
    if (writer->drop) writer->drop(state);
    return rc;
}

/* --- The list of interfaces ------------------------------------------------------- */

static int
add_line(struct run *run, struct txt_table *table)
{
    bool fits = true;
    for (size_t i = 0; i < run->context.report->column_count && fits; i++)
        fits = txt_table_add(table, output_text(run->statement, (int)i));
    return fits ? GODB_OK : GODB_ENOMEM;
}

static int
print_list(struct run *run, struct godb_err *err)
{
    const struct report *report = run->context.report;
    struct txt_table *table = txt_table_new(report->column_count);
    int rc = table ? GODB_OK : fail_memory(err);
    for (size_t i = 0; i < report->column_count && rc == GODB_OK; i++)
        if (!txt_table_add(table, report->columns[i].title)) rc = fail_memory(err);
    while (rc == GODB_OK) {
        rc = session_step(&run->session, run->statement, err);
        if (rc == GODB_OK && add_line(run, table) != GODB_OK) rc = fail_memory(err);
    }
    if (rc == GODB_DONE) txt_table_print(table, run->context.out);
    txt_table_free(table);
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* --- Both ------------------------------------------------------------------------- */

int
query_run(FILE *out, const struct goquery_options *options, const struct report *report,
    struct godb_err *err)
{
    const struct session_scope *scope = &options->scope;
    struct run run = {.options = options, .start_ms = now_ms()};
    run.context = (struct output_context){.out = out,
        .type = options->report.type,
        .condition = options->condition ? options->condition : "",
        .iface = scope->iface ? scope->iface : "",
        .report = report};
    int rc = session_open(&run.session, scope, err);
    if (rc == GODB_OK)
        rc = session_prepare(&run.session, report->sql, &run.statement, err);
    if (rc == GODB_OK)
        rc = options->is_list ? print_list(&run, err) : print_report(&run, err);
    sqlite3_finalize(run.statement);
    session_close(&run.session);
    return rc;
}
