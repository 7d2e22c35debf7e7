/* SPDX-License-Identifier: MIT
 *
 * statement_run.c -- see statement_run.h.
 */
#include "shell/statement_run.h"

#include "shell/csv_field.h"
#include "shell/shell_err.h"
#include "shell/txt_table.h"

struct printer {
    FILE *out;
    enum report_format format;
    sqlite3_stmt *statement;
    int column_count;
    uint64_t row_count;
    struct txt_table *table; /* of txt, which needs all rows for its widths */
};

static const char *
text_at(const struct printer *printer, int column)
{
    const char *text = (const char *)sqlite3_column_text(printer->statement, column);
    return text ? text : "";
}

static const char *
name_at(const struct printer *printer, int column)
{
    const char *name = sqlite3_column_name(printer->statement, column);
    return name ? name : "";
}

/* --- Rows ------------------------------------------------------------------------- */

static void
print_csv(const struct printer *printer,
    const char *(*cell)(const struct printer *printer, int column))
{
    for (int i = 0; i < printer->column_count; i++) {
        if (i > 0) fputc(',', printer->out);
        csv_field_print(printer->out, cell(printer, i));
    }
    fputc('\n', printer->out);
}

static void
print_json_value(const struct printer *printer, int column)
{
    switch (sqlite3_column_type(printer->statement, column)) {
    case SQLITE_NULL:
        fputs("null", printer->out);
        break;
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        fputs(text_at(printer, column), printer->out);
        break;
    default:
        output_json_string(printer->out, text_at(printer, column));
    }
}

static void
print_json(const struct printer *printer)
{
    fputs(printer->row_count == 0 ? "[" : ",\n", printer->out);
    for (int i = 0; i < printer->column_count; i++) {
        fputc(i == 0 ? '{' : ',', printer->out);
        output_json_string(printer->out, name_at(printer, i));
        fputc(':', printer->out);
        print_json_value(printer, i);
    }
    fputc('}', printer->out);
}

static bool
add_txt(const struct printer *printer,
    const char *(*cell)(const struct printer *printer, int column))
{
    bool fits = true;
    for (int i = 0; i < printer->column_count && fits; i++)
        fits = txt_table_add(printer->table, cell(printer, i));
    return fits;
}

static bool
print_row(struct printer *printer)
{
    bool fits = true;
    if (printer->format == REPORT_TXT)
        fits = add_txt(printer, text_at);
    else if (printer->format == REPORT_CSV)
        print_csv(printer, text_at);
    else
        print_json(printer);
    printer->row_count++;
    return fits;
}

/* --- Statements ------------------------------------------------------------------- */

static bool
begin(struct printer *printer)
{
    if (printer->format == REPORT_CSV) print_csv(printer, name_at);
    if (printer->format != REPORT_TXT) return true;
    printer->table = txt_table_new((size_t)printer->column_count);
    return printer->table && add_txt(printer, name_at);
}

static void
end(const struct printer *printer)
{
    const struct terminal terminal = terminal_of(printer->out);
    const struct txt_table_style style = {.columns = terminal.columns,
        .padding = 2,
        .head_rows = 1,
        .has_colour = terminal.has_colour};
    if (printer->format == REPORT_TXT)
        txt_table_print(printer->table, &style, printer->out);
    if (printer->format == REPORT_JSON)
        fputs(printer->row_count == 0 ? "[]\n" : "]\n", printer->out);
}

static int
print_all(struct printer *printer, struct session *session, struct godb_err *err)
{
    int rc = GODB_OK;
    bool fits = printer->column_count == 0 || begin(printer);
    while (fits && (rc = session_step(session, printer->statement, err)) == GODB_OK)
        fits = printer->column_count == 0 || print_row(printer);
    if (!fits) rc = shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_DONE && printer->column_count > 0) end(printer);
    txt_table_free(printer->table);
    return rc == GODB_DONE ? GODB_OK : rc;
}

static int
run_all(FILE *out, enum report_format format, struct session *session, const char *text,
    struct godb_err *err)
{
    int rc = GODB_OK;
    bool is_empty = true;
    while (*text && rc == GODB_OK) {
        struct printer printer = {.out = out, .format = format};
        rc = session_prepare_first(session, &text, &printer.statement, err);
        if (rc != GODB_OK || printer.statement == NULL) continue;
        is_empty = false;
        printer.column_count = sqlite3_column_count(printer.statement);
        rc = print_all(&printer, session, err);
        sqlite3_finalize(printer.statement);
    }
    if (rc == GODB_OK && is_empty)
        rc = shell_err(err, GODB_EARG, "-q: there is no statement in it");
    return rc;
}

int
statement_run(FILE *out, const struct goquery_options *options, struct godb_err *err)
{
    struct session session;
    int rc = session_open(&session, &options->scope, err);
    if (rc == GODB_OK)
        rc = run_all(out, options->report.format, &session, options->statement, err);
    session_close(&session);
    return rc;
}
