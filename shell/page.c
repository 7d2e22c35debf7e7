/* SPDX-License-Identifier: MIT
 *
 * page.c -- see page.h.
 */
#include "shell/page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "page_css.h"
#include "shell/page_file.h"
#include "shell/shell_err.h"

/* --- Steps of time ---------------------------------------------------------------- */

int64_t
page_midnight(int64_t time_s)
{
    const time_t time = (time_t)time_s;
    struct tm tm = {0};
    localtime_r(&time, &tm);
    tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
    tm.tm_isdst = -1;
    const time_t midnight = mktime(&tm);
    /* Years that the C library does not know have no midnight. */
    const bool is_good = midnight <= time && time - midnight < INT64_C(2) * 86400;
    return is_good ? (int64_t)midnight : time_s;
}

struct page_steps
page_steps_make(int64_t first_s, int64_t last_s, size_t most)
{
    static const int64_t lengths_s[] = {300, 600, 900, 1800, 3600, 7200, 10800, 21600,
        43200, 86400, INT64_C(7) * 86400, INT64_C(28) * 86400};
    const size_t length_count = sizeof lengths_s / sizeof lengths_s[0];
    const int64_t midnight_s = page_midnight(first_s);
    struct page_steps steps = {first_s, 0, 0};
    for (size_t i = 0; steps.step_s == 0; i++) {
        /* Beyond a few decades, years. */
        const int64_t length_s = i < length_count
                                     ? lengths_s[i]
                                     : 364 * INT64_C(86400) << (i - length_count);
        /* The shortest are the blocks themselves, whatever seconds those end at. */
        const int64_t begin_s =
            i == 0 ? first_s : first_s - (first_s - midnight_s) % length_s;
        const int64_t count = (last_s - begin_s - 1) / length_s + 1;
        if (count <= (int64_t)most)
            steps =
                (struct page_steps){begin_s, length_s, count > 0 ? (size_t)count : 1};
    }
    return steps;
}

char *
page_steps_sql(const struct page_steps *steps)
{
    char *sql = NULL;
    const int length =
        asprintf(&sql, "%" PRId64 " + (time - %" PRId64 ") / %" PRId64 " * %" PRId64,
            steps->begin_s, steps->begin_s + 1, steps->step_s, steps->step_s);
    return length < 0 ? NULL : sql;
}

/* --- What all parts need ---------------------------------------------------------- */

void
page_part_begin(const struct page *page, const char *id, const char *title)
{
    fprintf(page->out, "<section id=\"%s\">\n<h2>%s</h2>\n", id, title);
}

void
page_part_end(const struct page *page, const char *const *statements)
{
    char *scope = NULL;
    size_t length;
    FILE *text = open_memstream(&scope, &length);
    if (text) session_print_scope(&page->scope, text);
    fputs("<details class=\"sql\"><summary>SQL</summary>\n", page->out);
    for (size_t i = 0; statements[i]; i++) {
        fputs("<pre><span>", page->out);
        if (text && fflush(text) == 0) page_escape(page->out, scope);
        fputs("</span>", page->out);
        page_escape(page->out, statements[i]);
        fputs(";</pre>\n", page->out);
    }
    fputs("</details>\n</section>\n", page->out);
    if (text) fclose(text);
    free(scope);
}

size_t
page_colour(const struct page *page, const char *app)
{
    size_t colour = 1;
    for (size_t i = 0; i < page->apps.row_count && colour <= PAGE_SERIES; i++) {
        const char *name = page_answer_at(&page->apps, i, 0)->text;
        bool is_first = true;
        for (size_t j = 0; j < i && is_first; j++)
            is_first = strcmp(page_answer_at(&page->apps, j, 0)->text, name) != 0;
        if (strcmp(name, app) == 0) return colour;
        colour += is_first;
    }
    return PAGE_SERIES + 1;
}

static void
print_data(const struct page *page, const struct page_cell *cell, const char *human)
{
    if (cell->is_null) {
        fputs("<span title=\"nobody counted\">\xe2\x80\x93</span>", page->out);
        return;
    }
    fputs("<data value=\"", page->out);
    page_escape(page->out, cell->text);
    fputs("\" title=\"", page->out);
    page_escape(page->out, cell->text);
    fprintf(page->out, "\">%s</data>", human);
}

void
page_bytes(const struct page *page, const struct page_cell *bytes)
{
    char human[OUTPUT_NUMBER];
    output_human_bytes(human, bytes->number);
    print_data(page, bytes, human);
}

void
page_number(const struct page *page, const struct page_cell *count)
{
    char human[PAGE_TEXT];
    page_count(human, count->number);
    print_data(page, count, human);
}

/* --- Head ------------------------------------------------------------------------- */

static void
print_scope(const struct page *page)
{
    char first[PAGE_TEXT], last[PAGE_TEXT], length[PAGE_TEXT];
    fputs("<p class=\"scope\">", page->out);
    if (page->scope.iface && strcasecmp(page->scope.iface, "ANY") != 0) {
        fputs("<b>", page->out);
        page_escape(page->out, page->scope.iface);
        fputs("</b>", page->out);
    } else {
        fputs("<b>all interfaces</b>", page->out);
    }
    if (page->last_s > 0) {
        page_time(first, PAGE_MOMENT, page->first_s);
        page_time(last, PAGE_MOMENT_ZONE, page->last_s);
        page_duration(length, page->last_s - page->first_s);
        fprintf(page->out, " <i>\xc2\xb7</i> %s \xe2\x80\x93 %s <i>\xc2\xb7</i> %s",
            first, last, length);
    }
    if (page->scope.condition) {
        fputs(" <i>\xc2\xb7</i> <code>", page->out);
        page_escape(page->out, page->scope.condition);
        fputs("</code>", page->out);
    }
    fputs("</p>\n", page->out);
}

/* What tells this page's tab from the next one's. */
static void
print_title(const struct page *page)
{
    char day[PAGE_TEXT];
    fputs("Network traffic", page->out);
    if (page->scope.iface) {
        fputs(", ", page->out);
        page_escape(page->out, page->scope.iface);
    }
    page_time(day, PAGE_DAY, page->last_s);
    if (page->last_s > 0) fprintf(page->out, ", %s", day);
}

static void
print_head(const struct page *page)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "style-src 'unsafe-inline'; img-src data:\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"generator\" content=\"goprobe " GODB_VERSION "\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
        page->out);
    print_title(page);
    fputs("</title>\n<style>\n", page->out);
    fputs(page_css, page->out);
    fputs("</style>\n</head>\n<body>\n<main>\n<header>\n<h1>Network traffic</h1>\n",
        page->out);
    print_scope(page);
    fputs("</header>\n", page->out);
}

static void
print_foot(const struct page *page)
{
    char now[PAGE_TEXT];
    page_time(now, PAGE_MOMENT_ZONE, (int64_t)time(NULL));
    fprintf(page->out,
        "<footer><p>Made by <code>goquery -report</code> of goprobe " GODB_VERSION
        ", %s, from <code>",
        now);
    page_escape(page->out, page->scope.db);
    fputs("</code>.</p>\n<p>Every number is the answer to a statement: open "
          "<em>SQL</em> below a part and paste it into <code>sqlite3</code> after "
          "<code>.load goprobe</code>.</p></footer>\n</main>\n</body>\n</html>\n",
        page->out);
}

/* --- Key figures ------------------------------------------------------------------ */

static const char figures_sql[] =
    "SELECT bytes, bytes_rcvd, bytes_sent, packets, flows\n"
    "  FROM report";

static const char loss_sql[] =
    "SELECT sum(pcap_received) AS received, sum(pcap_dropped) AS dropped,\n"
    "       sum(status <> 'ok') AS bad_blocks\n"
    "  FROM blocks";

static void
figure_begin(const struct page *page, const char *name)
{
    fprintf(page->out, "<div><dt>%s</dt><dd>", name);
}

static void
figure_end(const struct page *page, const char *note)
{
    fprintf(page->out, "</dd><dd class=\"note\">%s</dd></div>\n", note);
}

static void
print_volume(const struct page *page, const struct page_answer *figures)
{
    char rate[PAGE_TEXT], note[PAGE_TEXT + 8];
    const double bytes = page_answer_at(figures, 0, 0)->number;
    figure_begin(page, "Volume");
    page_bytes(page, page_answer_at(figures, 0, 0));
    page_rate(rate, bytes * 8 / (double)(page->last_s - page->first_s));
    snprintf(note, sizeof note, "%s mean", rate);
    figure_end(page, note);
}

static void
print_direction(const struct page *page, const struct page_answer *figures,
    const char *name, size_t column)
{
    char note[PAGE_TEXT];
    const double bytes = page_answer_at(figures, 0, column)->number;
    const double all = page_answer_at(figures, 0, 0)->number;
    figure_begin(page, name);
    page_bytes(page, page_answer_at(figures, 0, column));
    snprintf(note, sizeof note, "%.1f %%", all > 0 ? 100 * bytes / all : 0);
    figure_end(page, note);
}

static void
print_loss(const struct page *page, const struct page_answer *loss)
{
    char note[PAGE_TEXT] = "nobody counted";
    const double received = page_answer_at(loss, 0, 0)->number;
    const struct page_cell *dropped = page_answer_at(loss, 0, 1);
    figure_begin(page, "Packets lost");
    page_number(page, dropped);
    if (!dropped->is_null && received > 0)
        snprintf(note, sizeof note, "%.2g %% of all", 100 * dropped->number / received);
    else if (!dropped->is_null)
        snprintf(note, sizeof note, "by capture");
    figure_end(page, note);
}

static void
print_figures(const struct page *page, const struct page_answer *figures,
    const struct page_answer *loss)
{
    fputs("<section id=\"figures\">\n<dl>\n", page->out);
    print_volume(page, figures);
    print_direction(page, figures, "Received", 1);
    print_direction(page, figures, "Sent", 2);
    figure_begin(page, "Packets");
    page_number(page, page_answer_at(figures, 0, 3));
    figure_end(page, "");
    figure_begin(page, "Flows");
    page_number(page, page_answer_at(figures, 0, 4));
    figure_end(page, "stored");
    print_loss(page, loss);
    fputs("</dl>\n", page->out);
    page_part_end(page, (const char *const[]){figures_sql, loss_sql, NULL});
}

static void
print_damage(const struct page *page, const struct page_answer *loss)
{
    const double bad_count = page_answer_at(loss, 0, 2)->number;
    if (bad_count > 0)
        fprintf(page->out,
            "<p class=\"alert\" role=\"note\">%.0f block%s in this time cannot be "
            "read, and the numbers lack what is in them. <code>SELECT * FROM blocks "
            "WHERE status &lt;&gt; 'ok'</code> says which.</p>\n",
            bad_count, bad_count > 1 ? "s" : "");
    else if (page->session.warning_count > 0)
        fputs("<p class=\"alert\" role=\"note\">Damaged blocks were skipped, and the "
              "numbers lack what is in them; <code>goquery</code> named them on "
              "standard error.</p>\n",
            page->out);
}

/* --- All of it -------------------------------------------------------------------- */

static void
print_nothing(const struct page *page)
{
    fprintf(page->out,
        "<section class=\"nothing\"><h2>Nothing here</h2>\n<p>%s</p></section>\n",
        page->last_s == 0
            ? "No interface has a block in this scope: nothing was captured yet, or at "
              "another time. <code>goquery -list</code> says what there is."
            : "There are blocks of this time, but no flow in them that matches.");
}

static int
print_parts(struct page *page, struct godb_err *err)
{
    int rc = page_answer_get(&page->apps, &page->session,
        "SELECT l7_name, bytes_percent FROM apps_dpi", err);
    if (rc == GODB_OK) rc = page_time_write(page, err);
    if (rc == GODB_OK) rc = page_tables_write(page, err);
    if (rc == GODB_OK) rc = page_ifaces_write(page, err);
    page_answer_free(&page->apps);
    return rc;
}

/* The damage is known when all has been read, and belongs on top. */
static int
print_body(struct page *page, struct godb_err *err)
{
    struct page_answer figures = {.row_count = 0}, loss = {.row_count = 0};
    char *parts = NULL;
    size_t length;
    FILE *out = page->out;
    page->out = open_memstream(&parts, &length);
    int rc = page->out ? GODB_OK : shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_OK) rc = page_answer_get(&figures, &page->session, figures_sql, err);
    if (rc == GODB_OK) rc = page_answer_get(&loss, &page->session, loss_sql, err);
    if (rc == GODB_OK && page_answer_at(&figures, 0, 4)->number > 0) {
        print_figures(page, &figures, &loss);
        rc = print_parts(page, err);
    } else if (rc == GODB_OK) {
        print_nothing(page);
    }
    bool is_whole = page->out && !ferror(page->out);
    if (page->out && fclose(page->out) != 0) is_whole = false;
    page->out = out;
    if (rc == GODB_OK && !is_whole) rc = shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_OK) print_damage(page, &loss);
    if (rc == GODB_OK) fwrite(parts, 1, length, out);
    free(parts);
    page_answer_free(&figures);
    page_answer_free(&loss);
    return rc;
}

/* From when to when its blocks are; 0, where there are none. */
static int
read_span(struct page *page, struct godb_err *err)
{
    struct page_answer span;
    int rc = page_answer_get(
        &span, &page->session, "SELECT min(time) - 300, max(time) FROM blocks", err);
    if (rc == GODB_OK) {
        page->first_s = strtoll(page_answer_at(&span, 0, 0)->text, NULL, 10);
        page->last_s = strtoll(page_answer_at(&span, 0, 1)->text, NULL, 10);
    }
    page_answer_free(&span);
    if (rc != GODB_OK || page->last_s <= PAGE_TIME_MAX_S) return rc;
    /* That is damage, not traffic. */
    return shell_err(err, GODB_ECORRUPT,
        "-report: a block has the time %" PRId64 ", which is beyond the year 9999; "
        "-l leaves it out",
        page->last_s);
}

/* From now on the scope is of certain seconds, whatever is written meanwhile. */
static int
pin_times(struct page *page, struct godb_err *err)
{
    int rc = read_span(page, err);
    if (rc != GODB_OK || page->last_s == 0) return rc;
    snprintf(page->first_text, sizeof page->first_text, "%" PRId64, page->first_s);
    snprintf(page->last_text, sizeof page->last_text, "%" PRId64, page->last_s);
    page->scope.first = page->first_text;
    page->scope.last = page->last_text;
    page->steps = page_steps_make(page->first_s, page->last_s, PAGE_STEPS);
    rc = session_set_scope(&page->session, "first", page->first_text, err);
    return rc == GODB_OK
               ? session_set_scope(&page->session, "last", page->last_text, err)
               : rc;
}

static int
print_page(struct page *page, struct godb_err *err)
{
    int rc = session_open(&page->session, &page->scope, err);
    if (rc == GODB_OK) rc = pin_times(page, err);
    if (rc == GODB_OK) print_head(page);
    if (rc == GODB_OK) rc = print_body(page, err);
    if (rc == GODB_OK) print_foot(page);
    session_close(&page->session);
    return rc;
}

int
page_run(const struct goquery_options *options, struct godb_err *err)
{
    char *text = NULL;
    size_t length;
    struct page page = {
        .out = open_memstream(&text, &length),
        .scope = options->scope,
        .limit = options->report.limit < 0 ? PAGE_ROWS : options->report.limit,
    };
    /* Whoever pastes the SQL may be in another directory. */
    char *db = realpath(options->scope.db, NULL);
    if (db) page.scope.db = db;
    int rc = page.out ? print_page(&page, err)
                      : shell_err(err, GODB_ENOMEM, "out of memory");
    free(db);
    if (page.out == NULL) return rc;
    const bool is_whole = !ferror(page.out);
    if ((fclose(page.out) != 0 || !is_whole) && rc == GODB_OK)
        rc = shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_OK) rc = page_file_write(options->page_path, text, length, err);
    free(text);
    return rc;
}
