/* SPDX-License-Identifier: MIT
 *
 * output_json.c -- goquery -e json: one line, as goQuery 2.x prints it.
 *
 *      {"ext_ips":[],"status":"ok","summary":{...},"talk_conv":[{...},...]}
 *
 * Keys are sorted, so the rows stand before or behind the rest: it depends on what the
 * report is called.  Rows are printed as they come: a long answer is never in memory.
 * Every key of a row (also port and time) is a string, whatever the report.
 */
#include <float.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "shell/ext_ips.h"
#include "shell/output.h"

struct state {
    size_t order[REPORT_COLUMNS_MAX]; /* columns by their name */
    uint64_t row_count;
};

/* --- Values ----------------------------------------------------------------------- */

/* Interface names are bytes from the disk, JSON is UTF-8. */
static json_t *
as_string(const char *text)
{
    json_t *value = json_string(text);
    if (value) return value;
    char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    value = copy ? json_string(copy) : NULL;
    free(copy);
    return value;
}

void
output_json_string(FILE *out, const char *text)
{
    json_t *value = as_string(text);
    if (value)
        json_dumpf(value, out, JSON_ENCODE_ANY);
    else
        fputs("null", out);
    json_decref(value);
}

/* With the fewest digits that give the same double back. */
static void
print_real(FILE *out, double value)
{
    char text[OUTPUT_NUMBER];
    int digits = DBL_DIG;
    do {
        snprintf(text, sizeof text, "%.*g", digits, value);
    } while (strtod(text, NULL) != value && digits++ < DBL_DECIMAL_DIG);
    fputs(text, out);
}

/* goQuery 1.05 has the port as a number in one report. */
static bool
is_number(const struct output_context *context, const struct report_column *column)
{
    if (column->kind == REPORT_COUNTER) return true;
    return context->compat == OUTPUT_1_05 && strcmp(column->name, "dport") == 0 &&
           strcasecmp(context->type, "apps_port") == 0;
}

static void
print_value(
    const struct output_context *context, const struct output_row *row, size_t at)
{
    const struct report_column *column = &context->report->columns[at];
    if (column->kind == REPORT_PERCENT)
        print_real(context->out, row->reals[at]);
    else if (is_number(context, column))
        fputs(row->texts[at], context->out);
    else
        output_json_string(context->out, row->texts[at]);
}

/* --- The frame -------------------------------------------------------------------- */

/* "statusMessage":"...", with what the scan had to skip. */
static void
print_message(const struct output_context *context, const char *message)
{
    char text[400];
    snprintf(text, sizeof text, "%s", message);
    if (context->warning_count > 0)
        snprintf(text, sizeof text, "%s%s%d warnings, the first: %s", message,
            *message ? "; " : "", context->warning_count, context->warning);
    fputs("\"statusMessage\":", context->out);
    output_json_string(context->out, text);
}

static void
print_status(const struct output_context *context)
{
    const bool is_whole = context->warning_count == 0;
    fprintf(context->out, "\"status\":\"%s\",", is_whole ? "ok" : "partial");
    if (is_whole) return;
    print_message(context, "");
    fputc(',', context->out);
}

static void
print_summary(const struct output_context *context)
{
    fputs("\"summary\":{\"interface\":", context->out);
    output_json_string(context->out, context->iface);
    const size_t count = context->report->total_count;
    for (size_t i = 0; i < count; i++) {
        const size_t at = (i + count / 2) % count; /* bytes before packets */
        fprintf(context->out, ",\"%s\":%s", context->report->totals[at],
            context->totals[at]);
    }
    fputc('}', context->out);
}

/* 2.x has the key and never anything in it. */
static void
print_ext_ips(const struct output_context *context)
{
    struct ext_ips ips = {.count = 0};
    if (context->compat == OUTPUT_1_05) ext_ips_read(&ips, EXT_IPS_FILE);
    fputs("\"ext_ips\":[", context->out);
    for (size_t i = 0; i < ips.count; i++)
        fprintf(context->out, "%s\"%s\"", i > 0 ? "," : "", ips.texts[i]);
    fputc(']', context->out);
}

/* The keys of the frame that come before the report's name, or those after it.  A name
 * never falls between the three: no report is called so. */
static void
print_frame(const struct output_context *context, bool is_before)
{
    const bool is_first = strcmp(context->type, "ext_ips") < 0;
    const bool is_last = strcmp(context->type, "summary") > 0;
    if (is_before == !is_first) {
        fputs(is_before ? "" : ",", context->out);
        print_ext_ips(context);
        fputs(is_before ? "," : "", context->out);
    }
    if (is_before == is_last) {
        fputs(is_before ? "" : ",", context->out);
        print_status(context);
        print_summary(context);
        fputs(is_before ? "," : "", context->out);
    }
}

/* 1.05 leaves it out for other programs. */
static void
end_line(const struct output_context *context)
{
    if (context->compat != OUTPUT_1_05 || !context->is_external)
        fputc('\n', context->out);
}

/* --- The writer ------------------------------------------------------------------- */

static void
sort_columns(struct state *state, const struct report *report)
{
    for (size_t i = 0; i < report->column_count; i++) {
        size_t at = i;
        for (; at > 0 && strcmp(report->columns[i].name,
                             report->columns[state->order[at - 1]].name) < 0;
             at--)
            state->order[at] = state->order[at - 1];
        state->order[at] = i;
    }
}

static void *
begin(const struct output_context *context)
{
    struct state *state = calloc(1, sizeof *state);
    if (state == NULL) return NULL;
    sort_columns(state, context->report);
    fputc('{', context->out);
    print_frame(context, true);
    output_json_string(context->out, context->type);
    fputc(':', context->out);
    return state;
}

static bool
print_row(void *arg, const struct output_context *context, const struct output_row *row)
{
    struct state *state = arg;
    const struct report *report = context->report;
    fputs(state->row_count++ == 0 ? "[" : ",", context->out);
    for (size_t i = 0; i < report->column_count; i++) {
        const struct report_column *column = &report->columns[state->order[i]];
        fprintf(context->out, "%c\"%s\":", i == 0 ? '{' : ',', column->name);
        print_value(context, row, state->order[i]);
    }
    fputc('}', context->out);
    return true;
}

static void
end(void *arg, const struct output_context *context)
{
    struct state *state = arg;
    fputs(state->row_count == 0 ? "null" : "]", context->out);
    print_frame(context, false);
    fputc('}', context->out);
    end_line(context);
}

static void
print_empty(const struct output_context *context)
{
    fprintf(context->out, "{\"status\":\"%s\",",
        context->compat == OUTPUT_1_05 ? "ok" : "empty");
    print_message(context, "Query returned no results");
    fputc('}', context->out);
    end_line(context);
}

static void
print_error(FILE *out, const char *message)
{
    fputs("{\"status\":\"error\",\"statusMessage\":", out);
    output_json_string(out, message);
    fputs("}\n", out);
}

const struct output_writer output_json = {
    .format = REPORT_JSON,
    .name = "json",
    .begin = begin,
    .row = print_row,
    .end = end,
    .drop = free,
    .empty = print_empty,
    .error = print_error,
};
