/* SPDX-License-Identifier: MIT
 *
 * output.h -- a report on its way out: one writer interface, one implementation for
 * each format.
 *
 *      begin, row, row, ..., end         or  empty        or  error
 *
 * Another format is one more struct output_writer and one more line in output.c.
 */
#ifndef SHELL_OUTPUT_H
#define SHELL_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sqlite3.h>

#include "shell/report.h"

enum { OUTPUT_NUMBER = 40 };

/* Everything a writer may want to say about a question and its answer.  Borrowed. */
struct output_context {
    FILE *out;
    const char *type, *condition, *iface; /* as they were typed */
    const struct report *report;
    /* Known at begin: */
    int64_t hits;
    char totals[REPORT_TOTALS_MAX][OUTPUT_NUMBER]; /* as report->totals; to print */
    /* So far; the engine is through with the database when the first row comes: */
    int64_t took_ms;
    int warning_count;
    const char *warning; /* the first one */
};

struct output_writer {
    enum report_format format;
    const char *name; /* as after -e */
    /* Returns what the other calls get as state, or NULL where memory is out.  Row: the
     * statement stands on it; its first report->column_count columns are the report's;
     * false: memory is out.  End prints what is below the rows.  Drop, which may be
     * NULL, frees the state, whether there was an end or not. */
    void *(*begin)(const struct output_context *context);
    bool (*row)(void *state, const struct output_context *context, sqlite3_stmt *row);
    void (*end)(void *state, const struct output_context *context);
    void (*drop)(void *state);
    /* Instead of all these, where nothing was found, or nothing could be. */
    void (*empty)(const struct output_context *context);
    void (*error)(FILE *out, const char *message); /* NULL: standard error says it */
};

extern const struct output_writer output_txt, output_csv, output_json;

/* By the name after -e; NULL: there is no such format. */
const struct output_writer *output_find(const char *name);

/* Column `column` of the row as text; "" for NULL. */
const char *output_text(sqlite3_stmt *row, int column);

#endif
