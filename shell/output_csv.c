/* SPDX-License-Identifier: MIT
 *
 * output_csv.c -- goquery -e csv: header, rows, and the footer lines of goQuery.
 */
#include "shell/csv_field.h"
#include "shell/output.h"

static void
print_pair(FILE *out, const char *name, const char *value)
{
    csv_field_print(out, name);
    fputc(',', out);
    csv_field_print(out, value);
    fputc('\n', out);
}

static void *
begin(const struct output_context *context)
{
    const struct report *report = context->report;
    for (size_t i = 0; i < report->column_count; i++) {
        if (i > 0) fputc(',', context->out);
        csv_field_print(context->out, report->columns[i].title);
    }
    if (report->column_count > 0) fputc('\n', context->out);
    return context->out;
}

static bool
print_row(
    void *state, const struct output_context *context, const struct output_row *row)
{
    FILE *out = state;
    for (size_t i = 0; i < context->report->column_count; i++) {
        if (i > 0) fputc(',', out);
        csv_field_print(out, row->texts[i]);
    }
    fputc('\n', out);
    return true;
}

static void
end(void *state, const struct output_context *context)
{
    static const char *const one[] = {"Overall packets", "Overall data volume (bytes)"};
    static const char *const both[] = {"Received packets", "Sent packets",
        "Received data volume (bytes)", "Sent data volume (bytes)"};
    const size_t count = context->report->total_count;
    const char *const *names = count == 2 ? one : both;
    FILE *out = state;
    for (size_t i = 0; i < count; i++)
        print_pair(out, names[i], context->totals[i]);
    print_pair(out, "Sorting and flow direction", context->report->sorted_by);
    print_pair(out, "Interface", context->iface);
}

const struct output_writer output_csv = {
    .format = REPORT_CSV,
    .name = "csv",
    .begin = begin,
    .row = print_row,
    .end = end,
    .empty = output_empty,
};
