/* SPDX-License-Identifier: MIT
 *
 * progress.c -- see progress.h.
 */
#include "shell/progress.h"

#include <time.h>
#include <unistd.h>

enum { REDRAW_MS = 200, BAR_WIDTH = 30 };

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct progress
progress_start(FILE *out, const char *label)
{
    const bool is_terminal = isatty(fileno(out));
    const int64_t begin_ms = now_ms();
    return (struct progress){
        is_terminal ? out : NULL, label, begin_ms, begin_ms, false};
}

static void
print_bar(FILE *out, double share)
{
    const int filled = (int)(share * BAR_WIDTH);
    fputs(" [", out);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '=' : ' ', out);
    fprintf(out, "] %3d %%", (int)(share * 100));
}

void
progress_show(
    struct progress *progress, uint64_t done, uint64_t total, uint64_t row_count)
{
    if (progress->out == NULL || now_ms() < progress->next_ms) return;
    const double share = total > 0 && done < total ? (double)done / (double)total : 1.0;
    const double past_s = (double)(now_ms() - progress->begin_ms) / 1000;
    fprintf(progress->out, "\r%s", progress->label);
    if (total > 0) print_bar(progress->out, share);
    if (past_s > 0)
        fprintf(progress->out, "  %.2f M rows/s", (double)row_count / past_s / 1e6);
    if (total > 0 && share > 0) {
        const int left_s = (int)(past_s / share - past_s + 0.5);
        fprintf(progress->out, "  %d:%02d left", left_s / 60, left_s % 60);
    }
    fputs("\033[K", progress->out);
    fflush(progress->out);
    progress->is_shown = true;
    progress->next_ms = now_ms() + REDRAW_MS;
}

void
progress_hide(struct progress *progress)
{
    if (!progress->is_shown) return;
    fputs("\r\033[K", progress->out);
    fflush(progress->out);
    progress->is_shown = false;
}
