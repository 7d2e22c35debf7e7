/* SPDX-License-Identifier: MIT
 *
 * view.c -- see view.h.
 */
#include "capture/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct view *
view_new(size_t iface_count)
{
    struct view *view = calloc(1, sizeof *view + iface_count * sizeof view->ifaces[0]);
    if (view != NULL) view->iface_count = iface_count;
    return view;
}

void
view_free(struct view *view)
{
    if (view == NULL) return;
    rotation_free(view->rows);
    free(view);
}

int
view_iface_of(struct view **view, const char *name)
{
    const size_t count = (*view)->iface_count;
    for (size_t i = 0; i < count; i++)
        if (strcmp((*view)->ifaces[i].name, name) == 0) return (int)i;
    struct view *more =
        realloc(*view, sizeof **view + (count + 1) * sizeof(*view)->ifaces[0]);
    if (more == NULL) return -1;
    *view = more;
    more->ifaces[count] = (struct view_iface){.written_s = -1};
    snprintf(more->ifaces[count].name, sizeof more->ifaces[count].name, "%s", name);
    more->iface_count++;
    return (int)count;
}

uint64_t
view_undecoded(const struct pipeline_counters *counters, enum godb_undecoded why)
{
    return counters->verdicts[pipeline_verdict_of(why)];
}
