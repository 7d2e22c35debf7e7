/* SPDX-License-Identifier: MIT
 *
 * report.h -- what goquery was asked for, as columns and as one SQL statement.
 */
#ifndef SHELL_REPORT_H
#define SHELL_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "godb/godb.h"

enum report_format { REPORT_TXT, REPORT_CSV, REPORT_JSON, REPORT_INFLUX };
enum report_direction {
    REPORT_SUM,
    REPORT_RCVD,
    REPORT_SENT,
    REPORT_BOTH /* side by side */
};
enum report_sort {
    REPORT_BY_DEFAULT,
    REPORT_BY_BYTES,
    REPORT_BY_PACKETS,
    REPORT_BY_TIME
};

enum {
    REPORT_KEYS_MAX = 8,
    REPORT_COLUMNS_MAX = REPORT_KEYS_MAX + 6,
    REPORT_TOTALS_MAX = 6,
    REPORT_LIMIT_DEFAULT = 1000
};

/* What the rows of a report without a limit make up, of what it is sorted by. */
#define REPORT_SHARE "0.95"

struct report_spec {
    const char
        *type; /* "talk_conv", or columns: "sip,dport", or both: "time,talk_src" */
    enum report_format format;
    enum report_direction direction;
    enum report_sort sort; /* by default: by time where there is a time, else bytes */
    bool is_ascending;
    /* Rows; 0: totals alone; -1: as many as usual.  That is all of a time series; else
     * those that make up REPORT_SHARE of what they are sorted by, the largest first,
     * and REPORT_LIMIT_DEFAULT at most; these many where the smallest come first. */
    int64_t limit;
};

enum report_kind { REPORT_KEY, REPORT_COUNTER, REPORT_PERCENT };

struct report_column {
    const char *title; /* in txt and csv; static */
    const char *name;  /* in json; static */
    enum report_kind kind;
    const char
        *over; /* above the title, where directions stand side by side; or NULL */
};

/* The statement's columns are columns[], then, in every row alike, hits (how many rows
 * there are without a limit) and totals[]: packets, then bytes, or of each received and
 * sent, in txt also both.  Its texts are ready to print in the format it was made for.
 */
struct report {
    struct report_column columns[REPORT_COLUMNS_MAX];
    size_t column_count;                   /* 0: totals alone */
    const char *totals[REPORT_TOTALS_MAX]; /* names; static */
    size_t total_count;
    const char *sorted_by; /* in words; static */
    bool has_time, is_by_packets;
    size_t key_count; /* columns[] begins with so many REPORT_KEYs */
    size_t share_at;  /* column of the percentage that it is sorted by */
    char *sql;        /* without a semicolon */
};

/* Pure.  GODB_EARG names what is no report and no column, GODB_ENOMEM.  Give it to
 * report_free(). */
int report_make(
    struct report *out, const struct report_spec *spec, struct godb_err *err);
void report_free(struct report *report);

enum report_list {
    REPORT_LIST_TXT,  /* a report with keys alone, and no totals */
    REPORT_LIST_JSON, /* one text: summary.json as goProbe 2.x has it */
    REPORT_LIST_1_05  /* one text: what 1.05 prints for other programs */
};

/* The interfaces of the database. */
int report_make_list(struct report *out, enum report_list form, struct godb_err *err);

#endif
