/* SPDX-License-Identifier: MIT
 *
 * output_influx.c -- goquery -e influxdb: one point a row, in InfluxDB's line protocol.
 *
 *      goprobe_flows,iface=eth0,proto=TCP sip="10.0.0.1",dport=443,bytes=3i 14...0
 *
 * Measurement, tags and fields are those of goQuery 2.x.  It left texts without quotes
 * and blanks in tags as they are, which InfluxDB refuses; the port, which it took, is a
 * number without an i still: a field keeps the type that it was first written with.
 */
#include <string.h>

#include "shell/output.h"

enum role { ROLE_TAG, ROLE_TEXT, ROLE_NUMBER, ROLE_TIME };

static enum role
role_of(const char *name)
{
    static const char *const tags[] = {"iface", "proto", "l7proto", "category"};
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (strcmp(name, tags[i]) == 0) return ROLE_TAG;
    if (strcmp(name, "time") == 0) return ROLE_TIME;
    return strcmp(name, "dport") == 0 ? ROLE_NUMBER : ROLE_TEXT;
}

static void
print_escaped(FILE *out, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text)) fputc('\\', out);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, out);
    }
}

/* Tags are indexed by name, so they come sorted by it; one without a value is none. */
static void
print_tags(const struct output_context *context, const struct output_row *row)
{
    static const char *const sorted[] = {"category", "iface", "l7proto", "proto"};
    const struct report *report = context->report;
    for (size_t tag = 0; tag < sizeof sorted / sizeof sorted[0]; tag++)
        for (size_t i = 0; i < report->key_count; i++) {
            if (strcmp(report->columns[i].name, sorted[tag]) != 0) continue;
            if (*row->texts[i] == '\0') continue;
            fprintf(context->out, ",%s=", sorted[tag]);
            print_escaped(context->out, row->texts[i], ", =\\");
        }
}

static void
print_fields(const struct output_context *context, const struct output_row *row)
{
    const struct report *report = context->report;
    char separator = ' ';
    for (size_t i = 0; i < report->column_count; i++) {
        const struct report_column *column = &report->columns[i];
        const enum role role = role_of(column->name);
        if (column->kind == REPORT_KEY && (role == ROLE_TAG || role == ROLE_TIME))
            continue;
        fprintf(context->out, "%c%s=", separator, column->name);
        separator = ',';
        if (column->kind == REPORT_COUNTER) {
            fprintf(context->out, "%si", row->texts[i]);
        } else if (role == ROLE_NUMBER) {
            fputs(row->texts[i], context->out);
        } else {
            fputc('"', context->out);
            print_escaped(context->out, row->texts[i], "\"\\");
            fputc('"', context->out);
        }
    }
}

static void *
begin(const struct output_context *context)
{
    return context->out;
}

/* Time is the first column of every report that has it. */
static bool
print_row(
    void *state, const struct output_context *context, const struct output_row *row)
{
    (void)state;
    fputs("goprobe_flows", context->out);
    print_tags(context, row);
    print_fields(context, row);
    fprintf(context->out, " %s000000000\n", row->texts[0]);
    return true;
}

static void
end(void *state, const struct output_context *context)
{
    (void)state;
    (void)context;
}

/* Points alone are what its reader understands. */
static void
print_nothing(const struct output_context *context)
{
    (void)context;
}

const struct output_writer output_influx = {
    .format = REPORT_INFLUX,
    .name = "influxdb",
    .begin = begin,
    .row = print_row,
    .end = end,
    .empty = print_nothing,
};
