/* SPDX-License-Identifier: MIT
 *
 * page_table.c -- top lists: one statement, one table, with a bar for each row's share.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shell/page.h"
#include "shell/shell_err.h"

enum kind {
    KIND_NONE,
    KIND_ADDRESS,
    KIND_NAME,
    KIND_APP,   /* a name with its colour */
    KIND_NOTE,  /* behind the name before it, in its cell */
    KIND_COUNT, /* of packets: left out where there is little room */
    KIND_BYTES,
    KIND_SHARE /* a bar and a percentage */
};

enum { COLUMNS_MAX = 6 };

struct top_list {
    const char *id, *title, *lead;
    const char *columns, *view;
    struct {
        const char *title;
        enum kind kind;
    } shown[COLUMNS_MAX];
};

#define MEASURES                                                                       \
    {"packets", KIND_COUNT}, {"volume", KIND_BYTES},                                   \
    {                                                                                  \
        "share", KIND_SHARE                                                            \
    }

static const struct top_list lists[] = {
    {"conversations", "Who talks to whom", "The side that asked, and the one it asked.",
        "sip, dip, packets, bytes, bytes_percent", "talk_conv",
        {{"from", KIND_ADDRESS}, {"to", KIND_ADDRESS}, MEASURES}},
    {"sources", "Who asks", NULL, "sip, packets, bytes, bytes_percent", "talk_src",
        {{"address", KIND_ADDRESS}, MEASURES}},
    {"destinations", "Who is asked", NULL, "dip, packets, bytes, bytes_percent",
        "talk_dst", {{"address", KIND_ADDRESS}, MEASURES}},
    {"applications", "With which applications", NULL,
        "l7_name, l7_category, packets, bytes, bytes_percent", "apps_dpi",
        {{"application", KIND_APP}, {NULL, KIND_NOTE}, MEASURES}},
    {"ports", "Over which ports", NULL, "dport, proto, packets, bytes, bytes_percent",
        "apps_port", {{"port", KIND_NAME}, {NULL, KIND_NOTE}, MEASURES}},
};

static bool
is_number(enum kind kind)
{
    return kind == KIND_COUNT || kind == KIND_BYTES || kind == KIND_SHARE;
}

static void
print_titles(const struct page *page, const struct top_list *list)
{
    fputs("<table><thead><tr>", page->out);
    for (size_t i = 0; i < COLUMNS_MAX && list->shown[i].kind; i++) {
        const enum kind kind = list->shown[i].kind;
        if (kind == KIND_NOTE) continue;
        if (kind == KIND_SHARE)
            fputs("<th class=\"b\" aria-hidden=\"true\"></th>", page->out);
        fprintf(page->out, "<th scope=\"col\"%s>%s</th>",
            kind == KIND_COUNT ? " class=\"n wide\""
            : is_number(kind)  ? " class=\"n\""
                               : "",
            list->shown[i].title);
    }
    fputs("</tr></thead>\n<tbody>\n", page->out);
}

static void
print_share(
    const struct page *page, const struct page_cell *cell, double max, size_t colour)
{
    fprintf(page->out,
        "<td class=\"b\"><svg class=\"bar c%zu\" aria-hidden=\"true\" viewBox=\"0 0 "
        "100 "
        "1\" preserveAspectRatio=\"none\"><rect width=\"%.2f\" "
        "height=\"1\"/></svg></td>"
        "<td class=\"n\"><data value=\"%s\">%.1f\xc2\xa0%%</data></td>",
        colour, max > 0 ? 100 * cell->number / max : 0, cell->text, cell->number);
}

/* Its end is the begin of the next one, in HTML; a note may come before. */
static void
print_text(const struct page *page, const struct page_cell *cell, enum kind kind,
    size_t colour)
{
    fprintf(page->out, "<td%s>", kind == KIND_ADDRESS ? " class=\"a\"" : "");
    if (kind == KIND_APP) fprintf(page->out, "<i class=\"k c%zu\"></i>", colour);
    fputs("<bdi>", page->out);
    page_escape(page->out, cell->text);
    fputs("</bdi>", page->out);
}

static void
print_note(const struct page *page, const struct page_cell *cell)
{
    fputs(" <small><bdi>", page->out);
    page_escape(page->out, cell->text);
    fputs("</bdi></small>", page->out);
}

static void
print_row(const struct page *page, const struct top_list *list,
    const struct page_answer *answer, size_t row)
{
    size_t colour = 1;
    fputs("<tr>", page->out);
    for (size_t i = 0; i < answer->column_count; i++) {
        const struct page_cell *cell = page_answer_at(answer, row, i);
        const enum kind kind = list->shown[i].kind;
        if (kind == KIND_APP) colour = page_colour(page, cell->text);
        if (kind == KIND_SHARE) {
            print_share(page, cell, page_answer_max(answer, i), colour);
        } else if (kind == KIND_COUNT || kind == KIND_BYTES) {
            fprintf(page->out, "<td class=\"n%s\">", kind == KIND_COUNT ? " wide" : "");
            if (kind == KIND_BYTES)
                page_bytes(page, cell);
            else
                page_number(page, cell);
            fputs("</td>", page->out);
        } else if (kind == KIND_NOTE) {
            print_note(page, cell);
        } else {
            print_text(page, cell, kind, colour);
        }
    }
    fputs("</tr>\n", page->out);
}

static void
print_list(const struct page *page, const struct top_list *list,
    const struct page_answer *answer, const char *sql)
{
    page_part_begin(page, list->id, list->title);
    if (list->lead) fprintf(page->out, "<p class=\"lead\">%s</p>\n", list->lead);
    print_titles(page, list);
    for (size_t i = 0; i < answer->row_count; i++)
        print_row(page, list, answer, i);
    fputs("</tbody></table>\n", page->out);
    page_part_end(page, (const char *const[]){sql, NULL});
}

static int
write_list(struct page *page, const struct top_list *list, struct godb_err *err)
{
    struct page_answer answer;
    char *sql = NULL;
    if (asprintf(&sql, "SELECT %s\n  FROM %s\n LIMIT %" PRId64, list->columns,
            list->view, page->limit) < 0)
        return shell_err(err, GODB_ENOMEM, "out of memory");
    int rc = page_answer_get(&answer, &page->session, sql, err);
    if (rc == GODB_OK) print_list(page, list, &answer, sql);
    page_answer_free(&answer);
    free(sql);
    return rc;
}

int
page_tables_write(struct page *page, struct godb_err *err)
{
    int rc = GODB_OK;
    fputs("<div class=\"columns\">\n", page->out);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && rc == GODB_OK; i++)
        rc = write_list(page, &lists[i], err);
    fputs("</div>\n", page->out);
    return rc;
}
