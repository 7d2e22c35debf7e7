/* SPDX-License-Identifier: MIT
 *
 * page_text.h -- texts and numbers in HTML.
 *
 * Names of interfaces and protocols come from the disk and are hostile: everything that
 * is not a literal of ours goes through page_escape().
 */
#ifndef SHELL_PAGE_TEXT_H
#define SHELL_PAGE_TEXT_H

#include <stdint.h>
#include <stdio.h>

enum { PAGE_TEXT = 48 };

/* For text and for attributes in quotes.  What is no UTF-8 and no printable character
 * becomes U+FFFD; line ends and tabs stay. */
void page_escape(FILE *out, const char *text);

/* "1.23 M", "812": in steps of 1000. */
void page_count(char out[PAGE_TEXT], double count);

/* "12.3 Mbit/s": in steps of 1000, as links are sold. */
void page_rate(char out[PAGE_TEXT], double bits_per_s);

/* Shortest form, for axes: "20 Mbit/s". */
void page_rate_round(char out[PAGE_TEXT], double bits_per_s);

/* "3 days 4 h", "12 h 15 min", "5 min". */
void page_duration(char out[PAGE_TEXT], int64_t duration_s);

/* A moment, local. */
enum page_time_form {
    PAGE_MOMENT,      /* "Tue 24 Nov 2026 03:00" */
    PAGE_MOMENT_ZONE, /* the same with its zone */
    PAGE_MINUTE,      /* "Tue 24 Nov 03:00" */
    PAGE_CLOCK,       /* "03:00" */
    PAGE_DAY,         /* "24 Nov" */
    PAGE_SORTABLE     /* "2026-11-24 03:00" */
};
void page_time(char out[PAGE_TEXT], enum page_time_form form, int64_t time_s);

#endif
