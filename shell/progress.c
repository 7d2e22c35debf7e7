/* SPDX-License-Identifier: MIT
 *
 * progress.c -- see progress.h.
 */
#include "shell/progress.h"

#include <time.h>
#include <unistd.h>

enum { REDRAW_MS = 200, BAR_WIDTH = 40 };

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
    return (struct progress){is_terminal ? out : NULL, label, 0, false};
}

void
progress_show(struct progress *progress, uint64_t done, uint64_t total)
{
    if (progress->out == NULL || now_ms() < progress->next_ms) return;
    const double share = total > 0 && done < total ? (double)done / (double)total : 1.0;
    const int filled = (int)(share * BAR_WIDTH);
    fprintf(progress->out, "\r%s [", progress->label);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '=' : ' ', progress->out);
    fprintf(progress->out, "] %3d %%", (int)(share * 100));
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
