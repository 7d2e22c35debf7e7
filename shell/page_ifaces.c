/* SPDX-License-Identifier: MIT
 *
 * page_ifaces.c -- what each interface carried, when, and what capture lost of it.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/page.h"
#include "shell/shell_err.h"

enum { SPARK_STEPS = 60, SPARK_HEIGHT = 24 };

/* The columns of ifaces_sql. */
enum { IFACE, FLOWS, RCVD, SENT, SHARE, RATE, RECEIVED, DROPPED };

static const char ifaces_sql[] =
    "SELECT iface, flows, bytes_rcvd, bytes_sent, bytes_percent, bits_per_s,\n"
    "       (SELECT sum(pcap_received) FROM blocks WHERE iface = i.iface) AS "
    "received,\n"
    "       dropped\n"
    "  FROM iface_summary AS i";

struct spark {
    struct page_steps steps;
    struct page_answer answer; /* iface, begin of step, bytes; by iface and step */
};

/* --- A line over time ------------------------------------------------------------- */

static bool
is_of(const struct spark *spark, size_t row, const char *iface)
{
    return row < spark->answer.row_count &&
           strcmp(page_answer_at(&spark->answer, row, 0)->text, iface) == 0;
}

static void
fill_steps(const struct spark *spark, const char *iface, double bytes[SPARK_STEPS])
{
    size_t row = 0;
    while (row < spark->answer.row_count && !is_of(spark, row, iface))
        row++;
    for (; is_of(spark, row, iface); row++) {
        const double at = page_answer_at(&spark->answer, row, 1)->number -
                          (double)spark->steps.begin_s;
        const double step = at / (double)spark->steps.step_s;
        if (step >= 0 && step < (double)spark->steps.count)
            bytes[(size_t)step] += page_answer_at(&spark->answer, row, 2)->number;
    }
}

static void
print_spark(const struct page *page, const struct spark *spark, const char *iface)
{
    double bytes[SPARK_STEPS] = {0}, max = 0;
    char peak[PAGE_TEXT];
    fill_steps(spark, iface, bytes);
    for (size_t i = 0; i < spark->steps.count; i++)
        if (bytes[i] > max) max = bytes[i];
    page_rate(peak, max * 8 / (double)spark->steps.step_s);
    fprintf(page->out,
        "<td class=\"s\"><svg class=\"spark\" role=\"img\" aria-label=\"over time, "
        "peak "
        "%s\" viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\"><title>peak %s"
        "</title><path d=\"M0 %d",
        peak, spark->steps.count, SPARK_HEIGHT, peak, SPARK_HEIGHT);
    for (size_t i = 0; i < spark->steps.count; i++)
        fprintf(page->out, "V%.1fH%zu",
            max > 0 ? SPARK_HEIGHT * (1 - bytes[i] / max) : SPARK_HEIGHT, i + 1);
    fprintf(page->out, "V%dZ\"/></svg></td>", SPARK_HEIGHT);
}

/* --- Rows ------------------------------------------------------------------------- */

static void
print_lost(const struct page *page, const struct page_cell *received,
    const struct page_cell *dropped)
{
    const bool is_lossy = dropped->number > 0;
    fprintf(page->out, "<td class=\"n%s\">", is_lossy ? " lossy" : "");
    page_number(page, dropped);
    if (is_lossy && received->number > 0)
        fprintf(page->out, " <small>%.2g\xc2\xa0%%</small>",
            100 * dropped->number / received->number);
    fputs("</td>", page->out);
}

static void
print_number(const struct page *page, const struct page_cell *cell, bool is_minor)
{
    fprintf(page->out, "<td class=\"n%s\">", is_minor ? " wide" : "");
    page_bytes(page, cell);
    fputs("</td>", page->out);
}

static void
print_row(const struct page *page, const struct page_answer *answer, size_t row,
    const struct spark *spark)
{
    const struct page_cell *cells = page_answer_at(answer, row, 0);
    char rate[PAGE_TEXT];
    page_rate(rate, cells[RATE].number);
    fputs("<tr><th scope=\"row\"><bdi>", page->out);
    page_escape(page->out, cells[IFACE].text);
    fputs("</bdi></th>", page->out);
    print_spark(page, spark, cells[IFACE].text);
    fputs("<td class=\"n wide\">", page->out);
    page_number(page, &cells[FLOWS]);
    fputs("</td>", page->out);
    print_number(page, &cells[RCVD], false);
    print_number(page, &cells[SENT], false);
    fprintf(page->out,
        "<td class=\"n wide\"><data value=\"%s\">%.1f\xc2\xa0%%</data></td>"
        "<td class=\"n wide\"><data value=\"%s\">%s</data></td>",
        cells[SHARE].text, cells[SHARE].number, cells[RATE].text, rate);
    print_lost(page, &cells[RECEIVED], &cells[DROPPED]);
    fputs("</tr>\n", page->out);
}

static void
print_table(const struct page *page, const struct page_answer *answer,
    const struct spark *spark)
{
    fputs("<table><thead><tr><th scope=\"col\">interface</th>"
          "<th scope=\"col\" class=\"s\">over time</th>"
          "<th scope=\"col\" class=\"n wide\">flows</th>"
          "<th scope=\"col\" class=\"n\">received</th>"
          "<th scope=\"col\" class=\"n\">sent</th>"
          "<th scope=\"col\" class=\"n wide\">share</th>"
          "<th scope=\"col\" class=\"n wide\">mean rate</th>"
          "<th scope=\"col\" class=\"n\">lost</th></tr></thead>\n<tbody>\n",
        page->out);
    for (size_t i = 0; i < answer->row_count; i++)
        print_row(page, answer, i, spark);
    fputs("</tbody></table>\n", page->out);
}

/* --- The part --------------------------------------------------------------------- */

static char *
spark_sql(const struct page_steps *steps)
{
    char *begin = page_steps_sql(steps), *sql = NULL;
    if (begin && asprintf(&sql,
                     "SELECT iface, %s AS \"from\",\n       sum(bytes) AS bytes\n"
                     "  FROM report\n GROUP BY 1, 2\n ORDER BY 1, 2",
                     begin) < 0)
        sql = NULL;
    free(begin);
    return sql;
}

int
page_ifaces_write(struct page *page, struct godb_err *err)
{
    struct spark spark = {
        .steps = page_steps_make(page->first_s, page->last_s, SPARK_STEPS)};
    struct page_answer answer = {.row_count = 0};
    char *sql = spark_sql(&spark.steps);
    int rc = sql ? page_answer_get(&spark.answer, &page->session, sql, err)
                 : shell_err(err, GODB_ENOMEM, "out of memory");
    if (rc == GODB_OK) rc = page_answer_get(&answer, &page->session, ifaces_sql, err);
    if (rc == GODB_OK) {
        page_part_begin(page, "interfaces", "Interfaces");
        fputs("<p class=\"lead\">Lost: packets that capture had no room for; they are "
              "in no other number.</p>\n",
            page->out);
        print_table(page, &answer, &spark);
        page_part_end(page, (const char *const[]){ifaces_sql, sql, NULL});
    }
    page_answer_free(&answer);
    page_answer_free(&spark.answer);
    free(sql);
    return rc;
}
