/* SPDX-License-Identifier: MIT
 *
 * output_csv.c -- goquery -e csv: header, rows, and the footer lines of goQuery.
 */
#include <inttypes.h>
#include <string.h>

#include "shell/output.h"

/* A field, quoted where a reader would take it for something else. */
static void
print_field(FILE *out, const char *text)
{
    if (*text != ' ' && *text != '\t' && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void
print_pair(FILE *out, const char *name, const char *value)
{
    print_field(out, name);
    fputc(',', out);
    print_field(out, value);
    fputc('\n', out);
}

static void *
begin(const struct output_context *context)
{
    const struct report *report = context->report;
    for (size_t i = 0; i < report->column_count; i++) {
        if (i > 0) fputc(',', context->out);
        print_field(context->out, report->columns[i].title);
    }
    if (report->column_count > 0) fputc('\n', context->out);
    return context->out;
}

static bool
print_row(void *state, const struct output_context *context, sqlite3_stmt *row)
{
    FILE *out = state;
    for (size_t i = 0; i < context->report->column_count; i++) {
        if (i > 0) fputc(',', out);
        print_field(out, output_text(row, (int)i));
    }
    fputc('\n', out);
    return true;
}

static void
end(void *state, const struct output_context *context)
{
    FILE *out = state;
    print_pair(out, "Overall packets", context->totals[0]);
    print_pair(out, "Overall data volume (bytes)", context->totals[1]);
    print_pair(out, "Sorting and flow direction", context->report->sorted_by);
    print_pair(out, "Interface", context->iface);
}

static void
print_empty(const struct output_context *context)
{
    fputs("Query returned no results\n", context->out);
}

const struct output_writer output_csv = {
    .format = REPORT_CSV,
    .name = "csv",
    .begin = begin,
    .row = print_row,
    .end = end,
    .empty = print_empty,
};
