/* SPDX-License-Identifier: MIT
 *
 * view.c -- see view.h.
 */
#include "capture/view.h"

#include <stdlib.h>

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

uint64_t
view_undecoded(const struct pipeline_counters *counters, enum godb_undecoded why)
{
    return counters->verdicts[pipeline_verdict_of(why)];
}
