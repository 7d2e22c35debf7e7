/* SPDX-License-Identifier: MIT
 *
 * output_plot.c -- goquery -plot: traffic over time as a picture of characters.
 *
 *      1.20 MB/s |    ▄█▂
 *                |▁▂▄▆███▇▂
 *                |█████████
 *                +---------
 *                 25.02. 19:35 ...
 *
 * Each column is an equal part of the time, and its height the bytes, or packets, a
 * second in it, so that a picture's height does not depend on its width.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/output.h"
#include "shell/printable.h"

enum {
    HEIGHT = 8, /* lines */
    LABEL = 14, /* characters left of the axis */
    WIDTH_MIN = 10,
    WIDTH_FILE = 80, /* where there is no terminal */
    DIRECTIONS = 2
};

struct point {
    int64_t time_s;
    double amounts[DIRECTIONS]; /* [1] only where there are two */
};

struct plot {
    struct point *points; /* by time */
    size_t count, capacity;
    size_t width; /* columns of the picture */
    int64_t first_s, span_s;
    double *rates; /* of the direction at hand, width of them */
};

/* --- Collecting ------------------------------------------------------------------- */

static void *
begin(const struct output_context *context)
{
    (void)context;
    return calloc(1, sizeof(struct plot));
}

static struct point *
point_at(struct plot *plot, int64_t time_s)
{
    if (plot->count > 0 && plot->points[plot->count - 1].time_s == time_s)
        return &plot->points[plot->count - 1];
    if (plot->count == plot->capacity) {
        const size_t capacity = plot->capacity ? plot->capacity * 2 : 256;
        void *more = realloc(plot->points, capacity * sizeof *plot->points);
        if (more == NULL) return NULL;
        plot->points = more;
        plot->capacity = capacity;
    }
    plot->points[plot->count] = (struct point){time_s, {0, 0}};
    return &plot->points[plot->count++];
}

/* Rows come in the order of time, which is their first column. */
static bool
add_row(void *state, const struct output_context *context, const struct output_row *row)
{
    const struct report *report = context->report;
    const char *wanted = context->is_of_packets ? "packets" : "bytes";
    struct point *point = point_at(state, strtoll(row->texts[0], NULL, 10));
    if (point == NULL) return false;
    size_t direction = 0;
    for (size_t i = report->key_count; i < report->column_count; i++) {
        const struct report_column *column = &report->columns[i];
        if (column->kind == REPORT_COUNTER && direction < DIRECTIONS &&
            strncmp(column->name, wanted, strlen(wanted)) == 0)
            point->amounts[direction++] += strtod(row->texts[i], NULL);
    }
    return true;
}

/* --- Drawing ---------------------------------------------------------------------- */

static void
choose_scale(struct plot *plot, const struct output_context *context)
{
    const size_t columns =
        context->terminal.columns ? context->terminal.columns : WIDTH_FILE;
    plot->width = columns > LABEL + WIDTH_MIN ? columns - LABEL - 1 : WIDTH_MIN;
    plot->first_s = plot->points[0].time_s - GODB_INTERVAL_S;
    plot->span_s = plot->points[plot->count - 1].time_s - plot->first_s;
    const int64_t intervals = (plot->span_s + GODB_INTERVAL_S - 1) / GODB_INTERVAL_S;
    if (intervals < (int64_t)plot->width) plot->width = (size_t)intervals;
}

/* The interval of a block may lie across columns: each gets its part. */
static void
spread(struct plot *plot, const struct point *point, size_t direction)
{
    const double per_column = (double)plot->span_s / (double)plot->width;
    const double to = (double)(point->time_s - plot->first_s) / per_column;
    double from = to - GODB_INTERVAL_S / per_column;
    if (from < 0) from = 0;
    const double rate = point->amounts[direction] / (to - from) / per_column;
    for (size_t i = (size_t)from; i < plot->width && (double)i < to; i++) {
        const double begins = from > (double)i ? from : (double)i;
        const double ends = to < (double)i + 1 ? to : (double)i + 1;
        plot->rates[i] += rate * (ends - begins);
    }
}

static double
measure(struct plot *plot, size_t direction)
{
    double max = 0;
    memset(plot->rates, 0, plot->width * sizeof *plot->rates);
    for (size_t i = 0; i < plot->count; i++)
        spread(plot, &plot->points[i], direction);
    for (size_t i = 0; i < plot->width; i++)
        if (plot->rates[i] > max) max = plot->rates[i];
    return max;
}

static const char *
level(double rate, double max, int line, bool is_utf8)
{
    static const char *const eighths[] = {" ", "\xe2\x96\x81", "\xe2\x96\x82",
        "\xe2\x96\x83", "\xe2\x96\x84", "\xe2\x96\x85", "\xe2\x96\x86", "\xe2\x96\x87",
        "\xe2\x96\x88"};
    int parts = (int)(rate / max * HEIGHT * 8 + 0.5);
    if (rate > 0 && parts == 0) parts = 1;
    parts -= line * 8;
    if (parts < 0) parts = 0;
    if (parts > 8) parts = 8;
    if (is_utf8) return eighths[parts];
    return parts == 0 ? " " : parts < 5 ? "." : "#";
}

static void
print_label(const struct output_context *context, double rate)
{
    char text[OUTPUT_NUMBER];
    if (context->is_of_packets)
        snprintf(text, sizeof text, "%.2f", rate);
    else
        output_human_bytes(text, rate);
    char label[OUTPUT_NUMBER + 4];
    snprintf(label, sizeof label, "%s/s", text);
    fprintf(context->out, "%*s ", LABEL - 2, label);
}

static void
print_time_axis(const struct plot *plot, const struct output_context *context)
{
    char text[2][32];
    const int64_t ends[2] = {plot->first_s, plot->first_s + plot->span_s};
    fprintf(context->out, "%*s+", LABEL - 1, "");
    for (size_t i = 0; i < plot->width; i++)
        fputc('-', context->out);
    for (size_t i = 0; i < 2; i++) {
        struct tm tm = {0};
        const time_t time = (time_t)ends[i];
        localtime_r(&time, &tm);
        strftime(text[i], sizeof text[i], "%Y-%m-%d %H:%M", &tm);
    }
    const int gap = (int)plot->width - (int)strlen(text[0]);
    fprintf(context->out, "\n%*s%s %*s\n", LABEL, "", text[0], gap > 0 ? gap - 1 : 0,
        text[1]);
}

static void
draw(const struct plot *plot, const struct output_context *context, double max)
{
    const struct terminal *terminal = &context->terminal;
    for (int line = HEIGHT - 1; line >= 0; line--) {
        if (line == HEIGHT - 1 || line == HEIGHT / 2 - 1)
            print_label(context, max * (line + 1) / HEIGHT);
        else
            fprintf(context->out, "%*s", LABEL - 1, "");
        fputc('|', context->out);
        if (terminal->has_colour) fputs("\033[36m", context->out);
        for (size_t i = 0; i < plot->width && max > 0; i++)
            fputs(level(plot->rates[i], max, line, terminal->is_utf8), context->out);
        if (terminal->has_colour) fputs("\033[0m", context->out);
        fputc('\n', context->out);
    }
    print_time_axis(plot, context);
}

static const char *
direction_name(const struct output_context *context, size_t direction)
{
    switch (context->direction) {
    case REPORT_RCVD:
        return "received";
    case REPORT_SENT:
        return "sent";
    case REPORT_BOTH:
        return direction == 0 ? "received" : "sent";
    case REPORT_SUM:
        break;
    }
    return "sent and received";
}

static void
end(void *state, const struct output_context *context)
{
    struct plot *plot = state;
    if (plot->count == 0) return;
    choose_scale(plot, context);
    plot->rates = calloc(plot->width, sizeof *plot->rates);
    if (plot->rates == NULL) return;
    const size_t count = context->direction == REPORT_BOTH ? 2 : 1;
    for (size_t direction = 0; direction < count; direction++) {
        const double max = measure(plot, direction);
        fprintf(context->out, "%s%s a second, %s / ", direction > 0 ? "\n" : "",
            context->is_of_packets ? "Packets" : "Bytes",
            direction_name(context, direction));
        print_printable(context->out, context->iface);
        fputc('\n', context->out);
        draw(plot, context, max);
    }
}

static void
drop(void *state)
{
    struct plot *plot = state;
    free(plot->points);
    free(plot->rates);
    free(plot);
}

const struct output_writer output_plot = {
    .format = REPORT_CSV,
    .name = "plot",
    .begin = begin,
    .row = add_row,
    .end = end,
    .drop = drop,
    .empty = output_empty,
};
