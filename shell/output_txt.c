/* SPDX-License-Identifier: MIT
 *
 * output_txt.c -- goquery -e txt: the report of goQuery 1.05.
 *
 *      Your query: talk_conv
 *      Conditions: proto=TCP
 *      Sort by:    accumulated data volume (sent and received)
 *      Interface:  eth0
 *      Query produced 3 hits and took 2ms
 *
 *                 sip        dip   packets       %   data vol.       %
 *            10.0.0.1   10.0.0.2    5.00     55.56     1.20 kB   60.00
 *
 *      Overall packets: 9.00   , Overall data volume: 2.00 kB
 *
 * How long it took is printed above the rows, so they are kept until the end.
 */
#include <inttypes.h>

#include "shell/output.h"
#include "shell/txt_table.h"

static void *
begin(const struct output_context *context)
{
    const struct report *report = context->report;
    struct txt_table *table = txt_table_new(report->column_count);
    bool fits = table != NULL;
    for (size_t i = 0; i < report->column_count && fits; i++)
        fits = txt_table_add(table, report->columns[i].title);
    if (fits) return table;
    txt_table_free(table);
    return NULL;
}

static bool
add_row(void *state, const struct output_context *context, sqlite3_stmt *row)
{
    for (size_t i = 0; i < context->report->column_count; i++)
        if (!txt_table_add(state, output_text(row, (int)i))) return false;
    return true;
}

static void
print_took(FILE *out, int64_t took_ms)
{
    const int64_t took_s = took_ms / 1000;
    if (took_s >= 3600)
        fprintf(out, "%" PRId64 "h%2" PRId64 "m", took_s / 3600, took_s / 60 % 60);
    else if (took_s >= 60)
        fprintf(out, "%" PRId64 "m%2" PRId64 "s", took_s / 60, took_s % 60);
    else if (took_s >= 1)
        fprintf(out, "%.1fs", (double)took_ms / 1000);
    else
        fprintf(out, "%" PRId64 "ms", took_ms);
}

static void
print_head(const struct output_context *context)
{
    FILE *out = context->out;
    fprintf(out, "Your query: %s\n", context->type);
    fprintf(out, "Conditions: %s\n", context->condition);
    fprintf(out, "Sort by:    %s\n", context->report->sorted_by);
    fprintf(out, "Interface:  %s\n", context->iface);
    fprintf(out, "Query produced %" PRId64 " hits and took ", context->hits);
    print_took(out, context->took_ms);
    fputs(" \n\n", out);
}

static void
end(void *state, const struct output_context *context)
{
    print_head(context);
    if (context->report->column_count > 0) {
        txt_table_print(state, context->out);
        fputc('\n', context->out);
    }
    fprintf(context->out, "Overall packets: %s , Overall data volume: %s\n",
        context->totals[0], context->totals[1]);
}

static void
drop(void *state)
{
    txt_table_free(state);
}

static void
print_empty(const struct output_context *context)
{
    fputs("Query returned no results\n", context->out);
}

const struct output_writer output_txt = {
    .format = REPORT_TXT,
    .name = "txt",
    .begin = begin,
    .row = add_row,
    .end = end,
    .drop = drop,
    .empty = print_empty,
};
