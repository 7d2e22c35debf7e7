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

#include "shell/report.h"
#include "shell/terminal.h"

enum { OUTPUT_NUMBER = 40 };

/* Whose output it is. */
enum output_compat {
    OUTPUT_NEW,
    OUTPUT_1_05 /* goQuery 1.05's, to the byte */
};

/* Everything a writer may want to say about a question and its answer.  Borrowed. */
struct output_context {
    FILE *out;
    struct terminal terminal;
    enum output_compat compat;
    bool is_external; /* -x */
    bool has_bars;
    const char *type, *condition, *iface; /* as they were typed */
    const struct report *report;
    enum report_direction direction;
    bool is_of_packets;      /* what a picture is of; else of bytes */
    int64_t first_s, last_s; /* of the blocks; 0: nobody asked */
    /* Known at begin: */
    int64_t hits;
    char totals[REPORT_TOTALS_MAX][OUTPUT_NUMBER]; /* as report->totals; to print */
    /* So far; the engine is through with the database when the first row comes: */
    int64_t row_count, took_ms;
    int warning_count;
    const char *warning;                    /* the first one */
    int64_t resolve_ms, resolve_timeout_ms; /* 0: no names are asked for */
};

struct output_row {
    const char *texts[REPORT_COLUMNS_MAX]; /* as report->columns; never NULL */
    double reals[REPORT_COLUMNS_MAX];      /* of the REPORT_PERCENTs */
};

struct output_writer {
    enum report_format format;
    const char *name; /* as after -e */
    /* Returns what the other calls get as state, or NULL where memory is out.  Row:
     * borrowed for the call; false: memory is out.  End prints what is below the rows.
     * Drop, which may be NULL, frees the state, whether there was an end or not. */
    void *(*begin)(const struct output_context *context);
    bool (*row)(void *state, const struct output_context *context,
        const struct output_row *row);
    void (*end)(void *state, const struct output_context *context);
    void (*drop)(void *state);
    /* Instead of all these, where nothing was found, or nothing could be. */
    void (*empty)(const struct output_context *context);
    void (*error)(FILE *out, const char *message); /* NULL: standard error says it */
};

extern const struct output_writer output_txt, output_csv, output_json, output_influx;

/* Not after -e: goquery -plot. */
extern const struct output_writer output_plot;

/* By the name after -e; NULL: there is no such format. */
const struct output_writer *output_find(const char *name);

/* "Query returned no results", for writers that say so. */
void output_empty(const struct output_context *context);

/* A JSON string; what is no UTF-8 becomes '?'. */
void output_json_string(FILE *out, const char *text);

/* "1.18 MB", as the SQL function human_bytes() has it. */
void output_human_bytes(char out[OUTPUT_NUMBER], double amount);

#endif
