/* SPDX-License-Identifier: MIT
 *
 * query_run.c -- see query_run.h.
 */
#include "shell/query_run.h"

#include <string.h>
#include <time.h>

#include "shell/host_names.h"
#include "shell/shell_err.h"
#include "shell/txt_table.h"

struct run {
    const struct goquery_options *options;
    struct session session;
    sqlite3_stmt *statement;
    struct output_context context;
    struct host_names names; /* of the rows that wait for some */
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

static const char *
text_at(const struct run *run, size_t column)
{
    const char *text = (const char *)sqlite3_column_text(run->statement, (int)column);
    return text ? text : "";
}

/* --- What stands around the rows -------------------------------------------------- */

/* The totals stand in every row: take them from the first. */
static void
take_totals(struct run *run)
{
    struct output_context *context = &run->context;
    const size_t column = context->report->column_count;
    context->hits = sqlite3_column_int64(run->statement, (int)column);
    for (size_t i = 0; i < context->report->total_count; i++)
        snprintf(context->totals[i], sizeof context->totals[i], "%s",
            text_at(run, column + 1 + i));
}

static void
take_state(struct run *run)
{
    run->context.took_ms = now_ms() - run->start_ms;
    run->context.warning_count = run->session.warning_count;
    run->context.warning = run->session.warning;
}

/* From when to when the blocks reach, for the report that says so. */
static int
take_timespan(struct run *run, struct godb_err *err)
{
    sqlite3_stmt *statement;
    const bool is_wanted =
        run->options->writer == &output_txt && run->context.direction == REPORT_BOTH;
    if (!is_wanted) return GODB_OK;
    int rc = session_prepare(&run->session,
        "SELECT min(time) - 300, max(time) FROM blocks", &statement, err);
    if (rc != GODB_OK) return rc;
    rc = session_step(&run->session, statement, err);
    run->context.first_s = sqlite3_column_int64(statement, 0);
    run->context.last_s = sqlite3_column_int64(statement, 1);
    sqlite3_finalize(statement);
    return rc;
}

/* --- Rows ------------------------------------------------------------------------- */

static void
read_row(const struct run *run, struct output_row *out)
{
    const struct report *report = run->context.report;
    for (size_t i = 0; i < report->column_count; i++) {
        const bool is_real = report->columns[i].kind == REPORT_PERCENT;
        out->reals[i] = is_real ? sqlite3_column_double(run->statement, (int)i) : 0;
        out->texts[i] = text_at(run, i);
    }
}

static int
print_row(
    struct run *run, void *state, const struct output_row *row, struct godb_err *err)
{
    run->context.row_count++;
    return run->options->writer->row(state, &run->context, row) ? GODB_OK
                                                                : fail_memory(err);
}

/* Print the rows that waited, with names. */
static int
print_names(struct run *run, void *state, struct godb_err *err)
{
    struct host_names *names = &run->names;
    const int64_t begin_ms = now_ms();
    if (names->row_count == 0) return GODB_OK;
    int rc = host_names_resolve(names, run->options->resolve_timeout_ms, err);
    run->context.resolve_ms = now_ms() - begin_ms;
    for (size_t i = 0; i < names->row_count && rc == GODB_OK; i++)
        rc = print_row(run, state, &names->rows[i], err);
    host_names_free(names);
    return rc;
}

static bool
does_wait(const struct run *run, size_t row_count)
{
    return run->options->does_resolve && row_count < (size_t)run->options->resolve_rows;
}

static int
print_rows(struct run *run, void *state, struct godb_err *err)
{
    int rc = GODB_OK;
    size_t row_count = 0;
    host_names_init(&run->names, run->context.report);
    while (rc == GODB_OK && run->context.report->column_count > 0) {
        struct output_row row;
        read_row(run, &row);
        if (does_wait(run, row_count++)) {
            if (!host_names_add(&run->names, &row)) rc = fail_memory(err);
        } else {
            rc = print_names(run, state, err);
            if (rc == GODB_OK) rc = print_row(run, state, &row, err);
        }
        if (rc == GODB_OK) rc = session_step(&run->session, run->statement, err);
    }
    if (rc == GODB_DONE) rc = print_names(run, state, err);
    if (run->names.report) host_names_free(&run->names);
    return rc;
}

/* --- A report --------------------------------------------------------------------- */

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
    rc = take_timespan(run, err);
    if (rc != GODB_OK) return rc;
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
        fits = txt_table_add(table, text_at(run, i));
    return fits ? GODB_OK : GODB_ENOMEM;
}

static int
print_list(struct run *run, struct godb_err *err)
{
    const struct report *report = run->context.report;
    const struct txt_table_style style = {.columns = run->context.terminal.columns,
        .padding = 3,
        .head_rows = 1,
        .has_colour = run->context.terminal.has_colour};
    struct txt_table *table = txt_table_new(report->column_count);
    int rc = table ? GODB_OK : fail_memory(err);
    for (size_t i = 0; i < report->column_count && rc == GODB_OK; i++)
        if (!txt_table_add(table, report->columns[i].title)) rc = fail_memory(err);
    while (rc == GODB_OK) {
        rc = session_step(&run->session, run->statement, err);
        if (rc == GODB_OK && add_line(run, table) != GODB_OK) rc = fail_memory(err);
    }
    if (rc == GODB_DONE) txt_table_print(table, &style, run->context.out);
    txt_table_free(table);
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* One row with one text. */
static int
print_list_json(struct run *run, struct godb_err *err)
{
    int rc = session_step(&run->session, run->statement, err);
    const bool has_newline = run->context.compat != OUTPUT_1_05;
    if (rc == GODB_OK)
        fprintf(run->context.out, "%s%s", text_at(run, 0), has_newline ? "\n" : "");
    return rc;
}

/* --- Both ------------------------------------------------------------------------- */

static int
print_answer(struct run *run, struct godb_err *err)
{
    if (run->options->mode != GOQUERY_LIST) return print_report(run, err);
    return run->context.report->column_count > 0 ? print_list(run, err)
                                                 : print_list_json(run, err);
}

static struct output_context
make_context(
    FILE *out, const struct goquery_options *options, const struct report *report)
{
    const struct terminal terminal = terminal_of(out);
    const bool may_have_bars = options->compat == OUTPUT_NEW &&
                               options->report.direction != REPORT_BOTH &&
                               !report->has_time;
    return (struct output_context){
        .out = out,
        .terminal = terminal,
        .compat = options->compat,
        .is_external = options->is_external,
        .has_bars = may_have_bars && (options->are_bars_chosen ? options->has_bars
                                                               : terminal.is_terminal),
        .type = options->report.type,
        .condition = options->condition ? options->condition : "",
        .iface = options->scope.iface ? options->scope.iface : "",
        .report = report,
        .direction = options->report.direction,
        .is_of_packets = options->is_of_packets,
        .resolve_timeout_ms = options->does_resolve ? options->resolve_timeout_ms : 0,
    };
}

int
query_run(FILE *out, const struct goquery_options *options, const struct report *report,
    struct godb_err *err)
{
    struct run run = {.options = options, .start_ms = now_ms()};
    run.context = make_context(out, options, report);
    int rc = session_open(&run.session, &options->scope, err);
    if (rc == GODB_OK)
        rc = session_prepare(&run.session, report->sql, &run.statement, err);
    if (rc == GODB_OK) rc = print_answer(&run, err);
    sqlite3_finalize(run.statement);
    session_close(&run.session);
    return rc;
}
