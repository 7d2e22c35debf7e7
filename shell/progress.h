/* SPDX-License-Identifier: MIT
 *
 * progress.h -- a line on a terminal that says how far a long work is.
 */
#ifndef SHELL_PROGRESS_H
#define SHELL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *out; /* NULL: no terminal, silent */
    const char *label;
    int64_t begin_ms, next_ms;
    bool is_shown;
};

/* Shows nothing unless `out` is a terminal; `label` is borrowed. */
struct progress progress_start(FILE *out, const char *label);

/* Redraws the bar, at most five times a second, with how many rows a second it is and
 * how long it will take.  total 0: not known. */
void progress_show(
    struct progress *progress, uint64_t done, uint64_t total, uint64_t row_count);

/* Wipes the line, so that something else can be printed. */
void progress_hide(struct progress *progress);

#endif
