/* SPDX-License-Identifier: MIT
 *
 * page_time.c -- traffic over time, stacked by application, with what capture lost.
 *
 * The picture is an SVG that stretches in both directions; its labels are text beside
 * it, so that they have their size on a phone, too.  Within it x is the number of a
 * step, and y runs from 0 at the top to HEIGHT at the axis.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "shell/page.h"
#include "shell/shell_err.h"

enum { BANDS = PAGE_SERIES + 1, HEIGHT = 1000 };

struct chart {
    const struct page *page;
    struct page_steps steps;
    double (*bytes)[BANDS];     /* by step; [PAGE_SERIES]: all other applications */
    double *dropped;            /* by step; packets */
    double max_rate, tick_rate; /* of the axis, bits a second */
    int tick_count;
    const char *names[BANDS]; /* NULL: there is no such band */
};

/* --- Data ------------------------------------------------------------------------- */

static void
name_bands(struct chart *chart)
{
    const struct page_answer *apps = &chart->page->apps;
    for (size_t i = 0; i < apps->row_count; i++) {
        const char *name = page_answer_at(apps, i, 0)->text;
        const size_t colour = page_colour(chart->page, name);
        chart->names[colour - 1] = colour <= PAGE_SERIES ? name : "Other";
    }
}

/* The step that begins at the time of a cell. */
static size_t
step_of(const struct chart *chart, const struct page_cell *begin)
{
    const int64_t at = (int64_t)begin->number - chart->steps.begin_s;
    const size_t step = at > 0 ? (size_t)(at / chart->steps.step_s) : 0;
    return step < chart->steps.count ? step : chart->steps.count - 1;
}

static double
bytes_in(const struct chart *chart, size_t step)
{
    double sum = 0;
    for (size_t i = 0; i < BANDS; i++)
        sum += chart->bytes[step][i];
    return sum;
}

static double
rate(const struct chart *chart, double bytes)
{
    return bytes * 8 / (double)chart->steps.step_s;
}

/* Ticks at 1, 2 or 5 of a power of ten, four or five of them. */
static void
choose_axis(struct chart *chart)
{
    double peak = 1;
    for (size_t i = 0; i < chart->steps.count; i++)
        peak = fmax(peak, rate(chart, bytes_in(chart, i)));
    const double power = pow(10, floor(log10(peak / 4)));
    const double digit = peak / 4 / power;
    chart->tick_rate = power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    chart->tick_count = (int)ceil(peak / chart->tick_rate);
    chart->max_rate = chart->tick_count * chart->tick_rate;
}

static void
take_bytes(struct chart *chart, const struct page_answer *answer)
{
    for (size_t i = 0; i < answer->row_count; i++) {
        const size_t step = step_of(chart, page_answer_at(answer, i, 0));
        const char *app = page_answer_at(answer, i, 1)->text;
        chart->bytes[step][page_colour(chart->page, app) - 1] +=
            page_answer_at(answer, i, 2)->number;
    }
}

static void
take_losses(struct chart *chart, const struct page_answer *answer)
{
    for (size_t i = 0; i < answer->row_count; i++)
        chart->dropped[step_of(chart, page_answer_at(answer, i, 0))] +=
            page_answer_at(answer, i, 1)->number;
}

/* --- The picture ------------------------------------------------------------------ */

static double
height(const struct chart *chart, size_t step, size_t bands)
{
    double bytes = 0;
    for (size_t i = 0; i < bands; i++)
        bytes += chart->bytes[step][i];
    return HEIGHT - HEIGHT * rate(chart, bytes) / chart->max_rate;
}

/* There and back again: along the top of the band, and along its bottom. */
static void
print_band(const struct chart *chart, size_t band)
{
    FILE *out = chart->page->out;
    const size_t count = chart->steps.count;
    fprintf(
        out, "<path class=\"c%zu\" d=\"M0 %.1f", band + 1, height(chart, 0, band + 1));
    for (size_t i = 0; i < count; i++)
        fprintf(out, "V%.1fH%zu", height(chart, i, band + 1), i + 1);
    for (size_t i = count; i-- > 0;)
        fprintf(out, "V%.1fH%zu", height(chart, i, band), i);
    fputs("Z\"/>\n", out);
}

static void
print_step_times(const struct chart *chart, size_t step)
{
    char from[PAGE_TEXT], to[PAGE_TEXT];
    const int64_t begin_s = chart->steps.begin_s + (int64_t)step * chart->steps.step_s;
    page_time(from, PAGE_MINUTE, begin_s);
    page_time(to, PAGE_CLOCK, begin_s + chart->steps.step_s);
    fprintf(chart->page->out, "%s \xe2\x80\x93 %s", from, to);
}

/* What a pointer over a step reads. */
static void
print_tip(const struct chart *chart, size_t step)
{
    FILE *out = chart->page->out;
    char text[PAGE_TEXT];
    fprintf(out, "<rect x=\"%zu\" width=\"1\" height=\"%d\"><title>", step, HEIGHT);
    print_step_times(chart, step);
    page_rate(text, rate(chart, bytes_in(chart, step)));
    fprintf(out, "\n%s", text);
    for (size_t i = BANDS; i-- > 0;) {
        if (chart->bytes[step][i] <= 0) continue;
        page_rate(text, rate(chart, chart->bytes[step][i]));
        fprintf(out, "\n%s  ", text);
        page_escape(out, chart->names[i]);
    }
    if (chart->dropped[step] > 0)
        fprintf(out, "\n%.0f packets lost", chart->dropped[step]);
    fputs("</title></rect>\n", out);
}

static void
print_picture(const struct chart *chart)
{
    FILE *out = chart->page->out;
    char peak[PAGE_TEXT];
    double most = 0;
    for (size_t i = 0; i < chart->steps.count; i++)
        most = fmax(most, rate(chart, bytes_in(chart, i)));
    page_rate(peak, most);
    fprintf(out,
        "<svg role=\"img\" aria-labelledby=\"time-title time-desc\" viewBox=\"0 0 %zu "
        "%d\" preserveAspectRatio=\"none\">\n<title id=\"time-title\">Traffic over time"
        "</title>\n<desc id=\"time-desc\">Bits a second, stacked by application; the "
        "peak is %s. The numbers are in the table below.</desc>\n<g class=\"grid\">",
        chart->steps.count, HEIGHT, peak);
    for (int tick = 1; tick <= chart->tick_count; tick++)
        fprintf(out, "<path d=\"M0 %.1fH%zu\"/>",
            HEIGHT - HEIGHT * (double)tick / chart->tick_count, chart->steps.count);
    fputs("</g>\n<g class=\"bands\">\n", out);
    for (size_t i = 0; i < BANDS; i++)
        if (chart->names[i]) print_band(chart, i);
    fputs("</g>\n<g class=\"tips\">\n", out);
    for (size_t i = 0; i < chart->steps.count; i++)
        print_tip(chart, i);
    fputs("</g>\n</svg>\n", out);
}

/* A mark below each step in which packets were lost. */
static void
print_losses(const struct chart *chart)
{
    FILE *out = chart->page->out;
    char text[PAGE_TEXT];
    double sum = 0;
    for (size_t i = 0; i < chart->steps.count; i++)
        sum += chart->dropped[i];
    if (sum == 0) return;
    page_count(text, sum);
    fprintf(out,
        "<svg class=\"loss\" role=\"img\" aria-label=\"When packets were lost\" "
        "viewBox=\"0 0 %zu 1\" preserveAspectRatio=\"none\">",
        chart->steps.count);
    for (size_t i = 0; i < chart->steps.count; i++) {
        if (chart->dropped[i] == 0) continue;
        fprintf(out, "<rect x=\"%zu\" width=\"1\" height=\"1\"><title>", i);
        print_step_times(chart, i);
        fprintf(out, "\n%.0f packets lost</title></rect>", chart->dropped[i]);
    }
    fputs("</svg>\n", out);
}

/* --- Around it -------------------------------------------------------------------- */

static void
print_rate_axis(const struct chart *chart)
{
    FILE *out = chart->page->out;
    char text[PAGE_TEXT];
    fputs("<div class=\"y\" aria-hidden=\"true\">", out);
    for (int tick = 1; tick <= chart->tick_count; tick++) {
        page_rate_round(text, tick * chart->tick_rate);
        fprintf(out, "<span style=\"bottom:%.2f%%\">%s</span>",
            100.0 * tick / chart->tick_count, text);
    }
    fputs("</div>\n", out);
}

/* Of the lengths that divide a day, or are days, one that gives at most eight. */
static int64_t
tick_length(int64_t span_s)
{
    static const int64_t lengths_s[] = {
        300, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800};
    const size_t count = sizeof lengths_s / sizeof lengths_s[0];
    for (size_t i = 0; i < count; i++)
        if (span_s / lengths_s[i] <= 8) return lengths_s[i];
    int64_t length_s = INT64_C(4) * 604800;
    while (span_s / length_s > 8)
        length_s *= 2;
    return length_s;
}

static void
print_tick(const struct chart *chart, int64_t at_s, int64_t tick_s, bool is_odd)
{
    char clock[PAGE_TEXT], day[PAGE_TEXT];
    const int64_t span_s = (int64_t)chart->steps.count * chart->steps.step_s;
    const double left = 100.0 * (double)(at_s - chart->steps.begin_s) / (double)span_s;
    page_time(clock, PAGE_CLOCK, at_s);
    page_time(day, PAGE_DAY, at_s);
    const bool is_day = tick_s >= 86400 || strcmp(clock, "00:00") == 0;
    if (left > 97) return;
    fprintf(chart->page->out, "<span class=\"%s%s%s\" style=\"left:%.2f%%\">%s</span>",
        is_day ? "day" : "clock", is_odd ? " odd" : "", left < 2 ? " edge" : "", left,
        is_day ? day : clock);
}

/* Ticks are where clocks are round, or days begin. */
static void
print_time_axis(const struct chart *chart)
{
    const struct page_steps *steps = &chart->steps;
    const int64_t span_s = (int64_t)steps->count * steps->step_s;
    const int64_t tick_s = tick_length(span_s);
    const int64_t of_day_s = tick_s < 86400 ? tick_s : 86400;
    const int64_t midnight_s = page_midnight(steps->begin_s);
    int64_t at_s = midnight_s;
    while (at_s < steps->begin_s)
        at_s += of_day_s;
    fputs("<div class=\"x\" aria-hidden=\"true\">", chart->page->out);
    for (; at_s < steps->begin_s + span_s; at_s += tick_s)
        print_tick(chart, at_s, tick_s, (at_s - midnight_s) / tick_s % 2 != 0);
    fputs("</div>\n", chart->page->out);
}

static void
print_legend(const struct chart *chart)
{
    FILE *out = chart->page->out;
    double bands[BANDS] = {0}, all = 0;
    for (size_t i = 0; i < chart->steps.count; i++)
        for (size_t j = 0; j < BANDS; j++) {
            bands[j] += chart->bytes[i][j];
            all += chart->bytes[i][j];
        }
    fputs("<figcaption><ul class=\"legend\">", out);
    for (size_t i = 0; i < BANDS; i++) {
        if (chart->names[i] == NULL) continue;
        fprintf(out, "<li><i class=\"k c%zu\"></i><bdi>", i + 1);
        page_escape(out, chart->names[i]);
        fprintf(out, "</bdi> <small>%.1f %%</small></li>",
            all > 0 ? 100 * bands[i] / all : 0);
    }
    fputs("</ul></figcaption>\n", out);
}

static void
print_numbers(const struct chart *chart)
{
    FILE *out = chart->page->out;
    fputs(
        "<details class=\"numbers\"><summary>Numbers</summary>\n<div class=\"scroll\">"
        "<table><thead><tr><th scope=\"col\">from</th>",
        out);
    for (size_t i = 0; i < BANDS; i++) {
        if (chart->names[i] == NULL) continue;
        fputs("<th scope=\"col\" class=\"n\"><bdi>", out);
        page_escape(out, chart->names[i]);
        fputs("</bdi></th>", out);
    }
    fputs(
        "<th scope=\"col\" class=\"n\">packets lost</th></tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < chart->steps.count; i++) {
        const int64_t begin_s = chart->steps.begin_s + (int64_t)i * chart->steps.step_s;
        char text[OUTPUT_NUMBER];
        char time[PAGE_TEXT];
        page_time(time, PAGE_SORTABLE, begin_s);
        fprintf(
            out, "<tr><td><data value=\"%" PRId64 "\">%s</data></td>", begin_s, time);
        for (size_t j = 0; j < BANDS; j++) {
            if (chart->names[j] == NULL) continue;
            output_human_bytes(text, chart->bytes[i][j]);
            fprintf(out, "<td class=\"n\"><data value=\"%.0f\">%s</data></td>",
                chart->bytes[i][j], text);
        }
        fprintf(out, "<td class=\"n\"><data value=\"%.0f\">%.0f</data></td></tr>\n",
            chart->dropped[i], chart->dropped[i]);
    }
    fputs("</tbody></table></div></details>\n", out);
}

static void
print_chart(const struct chart *chart)
{
    FILE *out = chart->page->out;
    char length[PAGE_TEXT];
    page_duration(length, chart->steps.step_s);
    page_part_begin(chart->page, "time", "Traffic over time, by application");
    fprintf(
        out, "<p class=\"lead\">Mean of every %s, received and sent.</p>\n", length);
    fputs("<figure>\n", out);
    print_legend(chart);
    fputs("<div class=\"plot\">\n", out);
    print_rate_axis(chart);
    print_picture(chart);
    print_losses(chart);
    print_time_axis(chart);
    fputs("</div>\n</figure>\n", out);
    print_numbers(chart);
}

/* --- The part --------------------------------------------------------------------- */

static char *
bytes_sql(const char *begin)
{
    char *sql = NULL;
    const int length = asprintf(&sql,
        "SELECT %s AS \"from\",\n       l7_name, sum(bytes) AS bytes\n"
        "  FROM report\n GROUP BY 1, 2\n ORDER BY 1, 3 DESC",
        begin);
    return length < 0 ? NULL : sql;
}

static char *
losses_sql(const char *begin)
{
    char *sql = NULL;
    const int length = asprintf(&sql,
        "SELECT %s AS \"from\",\n       sum(pcap_dropped) AS dropped\n"
        "  FROM blocks\n GROUP BY 1\nHAVING dropped > 0\n ORDER BY 1",
        begin);
    return length < 0 ? NULL : sql;
}

static int
ask(struct chart *chart, struct page *page, const char *const *sql,
    struct godb_err *err)
{
    struct page_answer answer;
    int rc = page_answer_get(&answer, &page->session, sql[0], err);
    if (rc == GODB_OK) take_bytes(chart, &answer);
    page_answer_free(&answer);
    if (rc == GODB_OK) rc = page_answer_get(&answer, &page->session, sql[1], err);
    if (rc == GODB_OK) take_losses(chart, &answer);
    page_answer_free(&answer);
    return rc;
}

int
page_time_write(struct page *page, struct godb_err *err)
{
    struct chart chart = {.page = page, .steps = page->steps};
    char *begin = page_steps_sql(&page->steps);
    char *sql[2] = {begin ? bytes_sql(begin) : NULL, begin ? losses_sql(begin) : NULL};
    chart.bytes = calloc(chart.steps.count, sizeof *chart.bytes);
    chart.dropped = calloc(chart.steps.count, sizeof *chart.dropped);
    int rc = sql[0] && sql[1] && chart.bytes && chart.dropped
                 ? GODB_OK
                 : shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_OK)
        rc = ask(&chart, page, (const char *const[]){sql[0], sql[1]}, err);
    if (rc == GODB_OK) {
        name_bands(&chart);
        choose_axis(&chart);
        print_chart(&chart);
        page_part_end(page, (const char *const[]){sql[0], sql[1], NULL});
    }
    free(begin);
    free(sql[0]);
    free(sql[1]);
    free(chart.bytes);
    free(chart.dropped);
    return rc;
}
