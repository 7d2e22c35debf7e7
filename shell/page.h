/* SPDX-License-Identifier: MIT
 *
 * page.h -- goquery -report: the traffic of a scope as one HTML page that needs nothing
 * else.
 *
 *      page          head, key figures, the order of the parts, foot
 *      page_time     traffic over time, stacked by application
 *      page_table    top lists
 *      page_ifaces   what each interface carried and lost
 *      page_text     escaping and numbers
 *      page_answer   rows of a statement
 *      page_file     the page on its way to the disk
 *      page.css      how it looks, built in
 *
 * Whatever it shows is the answer to a statement over the views, which stands below it;
 * the times of the scope are fixed before the first one, so that all parts, and who
 * runs the statements later, see the same blocks.  There are no scripts.
 */
#ifndef SHELL_PAGE_H
#define SHELL_PAGE_H

#include "shell/goquery_options.h"
#include "shell/page_answer.h"
#include "shell/page_text.h"

enum {
    PAGE_SERIES = 6,  /* applications with a colour of their own; c7 is for the rest */
    PAGE_STEPS = 300, /* of the time axis, at most */
    PAGE_ROWS = 10    /* of a top list, where -n does not say */
};

/* The end of the year 9999, as far as SQLite's dates reach. */
#define PAGE_TIME_MAX_S INT64_C(253402300799)

/* Equal parts of the time of a scope.  They begin at local midnight and at times that
 * people like, as far as the day before does. */
struct page_steps {
    int64_t begin_s, step_s;
    size_t count;
};

struct page {
    FILE *out; /* into memory */
    struct session session;
    struct session_scope scope; /* its times are those below */
    char first_text[24], last_text[24];
    int64_t first_s, last_s;
    int64_t limit; /* rows of a top list */
    struct page_steps steps;
    struct page_answer apps; /* apps_dpi */
};

/* Write it to options->page_path.  GODB_OK also where there is no flow. */
int page_run(const struct goquery_options *options, struct godb_err *err);

/* --- For the parts ---------------------------------------------------------------- */

/* When the local day of this time began. */
int64_t page_midnight(int64_t time_s);

/* As few steps as fit into `most`, of a length that people like; from 0 to
 * PAGE_TIME_MAX_S. */
struct page_steps page_steps_make(int64_t first_s, int64_t last_s, size_t most);

/* SQL for the begin of the step that a row's time lies in; for free(3), or NULL. */
char *page_steps_sql(const struct page_steps *steps);

/* Begin and end a part; the end shows its statements, NULL after the last. */
void page_part_begin(const struct page *page, const char *id, const char *title);
void page_part_end(const struct page *page, const char *const *statements);

/* 1 to PAGE_SERIES: the application's colour; PAGE_SERIES + 1: it has none. */
size_t page_colour(const struct page *page, const char *app);

/* A number with what it exactly is. */
void page_bytes(const struct page *page, const struct page_cell *bytes);
void page_number(const struct page *page, const struct page_cell *count);

int page_time_write(struct page *page, struct godb_err *err);
int page_tables_write(struct page *page, struct godb_err *err);
int page_ifaces_write(struct page *page, struct godb_err *err);

#endif
