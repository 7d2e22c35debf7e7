/* SPDX-License-Identifier: MIT
 *
 * output_txt.c -- goquery -e txt: for people.  Numbers in one column each are in the
 * report of goQuery 1.05,
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
 * both directions side by side in that of 2.x:
 *
 *                            packets  packets        bytes    bytes
 *             sip       dip       in      out      %    in      out      %
 *        10.0.0.1  10.0.0.2   3.00     2.00    55.56  ...
 *
 *      Timespan / Interface : [2016-02-25 19:30:00, 2016-02-25 19:40:00] / eth0
 *      ...
 *
 * How long it took is printed above the rows, so they are kept until the end.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "shell/output.h"
#include "shell/printable.h"
#include "shell/txt_table.h"

enum { PADDING_1 = 3, PADDING_2 = 2 };

static bool
is_both(const struct output_context *context)
{
    return context->direction == REPORT_BOTH;
}

static bool
is_new(const struct output_context *context)
{
    return context->compat == OUTPUT_NEW;
}

/* --- Rows ------------------------------------------------------------------------- */

static bool
is_name(const char *column)
{
    static const char *const names[] = {"iface", "l7proto", "category"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(column, names[i]) == 0) return true;
    return false;
}

/* Addresses stay whole, to be copied, but names that stand for them do not. */
static void
allow_cuts(struct txt_table *table, const struct output_context *context)
{
    const bool has_names = context->resolve_timeout_ms > 0;
    for (size_t i = 0; i < context->report->key_count; i++) {
        const char *name = context->report->columns[i].name;
        const bool is_host = strcmp(name, "sip") == 0 || strcmp(name, "dip") == 0;
        if (is_name(name) || (is_host && has_names)) txt_table_may_cut(table, i);
    }
}

/* Shares can be seen from the sums; those of packets, which rows are rarely ordered by,
 * go first. */
static void
allow_drops(struct txt_table *table, const struct report *report)
{
    for (size_t i = report->key_count; i < report->column_count; i++)
        if (strcmp(report->columns[i].title, "%") == 0) txt_table_may_drop(table, i);
    txt_table_may_fold(table, report->key_count);
}

static void *
begin(const struct output_context *context)
{
    const struct report *report = context->report;
    struct txt_table *table = txt_table_new(report->column_count);
    bool fits = table != NULL;
    for (size_t i = 0; i < report->column_count && fits && is_both(context); i++)
        fits = txt_table_add(
            table, report->columns[i].over ? report->columns[i].over : "");
    for (size_t i = 0; i < report->column_count && fits; i++)
        fits = txt_table_add(table, report->columns[i].title);
    if (fits) {
        allow_cuts(table, context);
        allow_drops(table, report);
        return table;
    }
    txt_table_free(table);
    return NULL;
}

static bool
add_row(void *state, const struct output_context *context, const struct output_row *row)
{
    const struct report *report = context->report;
    for (size_t i = 0; i < report->column_count; i++)
        if (!txt_table_add(state, row->texts[i])) return false;
    return !context->has_bars || txt_table_bar(state, row->reals[report->share_at]);
}

static void
print_table(const struct txt_table *table, const struct output_context *context)
{
    const struct terminal *terminal = &context->terminal;
    const struct txt_table_style style = {
        .columns = is_new(context) ? terminal->columns : 0,
        .padding = is_both(context) ? PADDING_2 : PADDING_1,
        .head_rows = is_both(context) ? 2 : 1,
        .has_colour = is_new(context) && terminal->has_colour,
        .is_utf8 = terminal->is_utf8,
        .has_bars = context->has_bars,
    };
    txt_table_print(table, &style, context->out);
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

/* Both are as they were on the command line. */
static void
print_line(FILE *out, const char *label, const char *text)
{
    fputs(label, out);
    print_printable(out, text);
    fputc('\n', out);
}

/* --- One number each: 1.05 -------------------------------------------------------- */

static void
print_head(const struct output_context *context)
{
    FILE *out = context->out;
    fprintf(out, "Your query: %s\n", context->type);
    print_line(out, "Conditions: ", context->condition);
    fprintf(out, "Sort by:    %s\n", context->report->sorted_by);
    print_line(out, "Interface:  ", context->iface);
    fprintf(out, "Query produced %" PRId64 " hits and took ", context->hits);
    print_took(out, context->took_ms);
    fputs(" \n\n", out);
}

/* Rows that were cut are told of, with the way to have them. */
static void
print_rest(const struct output_context *context)
{
    const int64_t rest = context->hits - context->row_count;
    if (rest <= 0 || !is_new(context)) return;
    fprintf(context->out, "   ... and %" PRId64 " more; all of them: -n %" PRId64 "\n",
        rest, context->hits);
}

static void
end_sum(struct txt_table *table, const struct output_context *context)
{
    print_head(context);
    if (context->report->column_count > 0) {
        print_table(table, context);
        print_rest(context);
        fputc('\n', context->out);
    }
    fprintf(context->out, "Overall packets: %s , Overall data volume: %s\n",
        context->totals[0], context->totals[1]);
}

/* --- Both directions: 2.x --------------------------------------------------------- */

/* Dots where rows were cut, and the totals.  totals[] has packets in, out and both,
 * then bytes likewise; columns[] have in, out, percent. */
static bool
add_totals(struct txt_table *table, const struct output_context *context)
{
    const struct report *report = context->report;
    const bool is_cut = context->row_count < context->hits;
    bool fits = true;
    for (size_t i = 0; i < report->column_count && fits; i++)
        fits = txt_table_add(
            table, is_cut && report->columns[i].kind == REPORT_COUNTER ? "..." : "");
    for (size_t i = 0; i < report->column_count && fits; i++) {
        const bool is_counter = report->columns[i].kind == REPORT_COUNTER;
        const size_t at = is_counter ? i - report->key_count : 0;
        fits = txt_table_add(table, is_counter ? context->totals[at] : "");
    }
    return fits;
}

/* What both directions come to, below those that were sent. */
static bool
add_sums(struct txt_table *table, const struct output_context *context)
{
    const struct report *report = context->report;
    bool fits = true;
    for (size_t i = 0; i < report->column_count && fits; i++)
        fits = txt_table_add(table, "");
    for (size_t i = 0; i < report->column_count && fits; i++) {
        const size_t at = i < report->key_count ? 0 : i - report->key_count;
        const bool is_sum = i >= report->key_count && at % 3 == 1;
        fits = txt_table_add(table, i == 0   ? "Totals:"
                                    : is_sum ? context->totals[at + 1]
                                             : "");
    }
    return fits;
}

static void
format_time(char out[32], int64_t time_s)
{
    struct tm tm;
    const time_t time = (time_t)time_s;
    if (localtime_r(&time, &tm) == NULL) memset(&tm, 0, sizeof tm);
    strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm);
}

static void
print_foot(const struct output_context *context)
{
    FILE *out = context->out;
    char first[32], last[32];
    format_time(first, context->first_s);
    format_time(last, context->last_s);
    fprintf(out, "Timespan / Interface : [%s, %s]", first, last);
    print_line(out, " / ", context->iface);
    fprintf(out, "Sorted by            : %s\n", context->report->sorted_by);
    if (context->resolve_timeout_ms > 0) {
        fputs("Reverse DNS stats    : RDNS took ", out);
        print_took(out, context->resolve_ms);
        fprintf(
            out, ", timeout was %.1fs\n", (double)context->resolve_timeout_ms / 1000);
    }
    fprintf(out, "Query stats          : %" PRId64 " hits in ", context->hits);
    print_took(out, context->took_ms);
    fputc('\n', out);
    if (*context->condition)
        print_line(out, "Conditions:          : ", context->condition);
    fputc('\n', out);
}

static void
end_both(struct txt_table *table, const struct output_context *context)
{
    fputc('\n', context->out);
    if (context->report->column_count == 0)
        fprintf(context->out,
            "Totals: %s packets in, %s out, %s in all; %s in, %s out, %s in all\n",
            context->totals[0], context->totals[1], context->totals[2],
            context->totals[3], context->totals[4], context->totals[5]);
    else if (add_totals(table, context) && add_sums(table, context))
        print_table(table, context);
    fputc('\n', context->out);
    print_foot(context);
}

/* --- The writer ------------------------------------------------------------------- */

static void
end(void *state, const struct output_context *context)
{
    if (is_both(context))
        end_both(state, context);
    else
        end_sum(state, context);
}

static void
drop(void *state)
{
    txt_table_free(state);
}

const struct output_writer output_txt = {
    .format = REPORT_TXT,
    .name = "txt",
    .begin = begin,
    .row = add_row,
    .end = end,
    .drop = drop,
    .empty = output_empty,
};
