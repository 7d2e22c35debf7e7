/* SPDX-License-Identifier: MIT
 *
 * viewer.c -- see viewer.h.
 */
#include "capture/viewer.h"

#include <stdio.h>
#include <stdlib.h>

enum { COPY_FLOWS = 1024 }; /* at a time, between packets: some 0.2 ms */

struct viewer {
    struct viewer_options options;
    uint32_t ticket;       /* of the question that is worked on; 0: none */
    struct rotation *rows; /* that are being copied for it; NULL: none are wanted */
};

struct viewer *
viewer_new(const struct viewer_options *options)
{
    struct viewer *viewer = calloc(1, sizeof *viewer);
    if (viewer != NULL) viewer->options = *options;
    return viewer;
}

static void
drop(struct viewer *viewer)
{
    if (viewer->ticket == 0) return;
    pipeline_end_view(viewer->options.pipeline);
    rotation_free(viewer->rows);
    viewer->rows = NULL;
    viewer->ticket = 0;
}

void
viewer_free(struct viewer *viewer)
{
    if (viewer == NULL) return;
    drop(viewer);
    free(viewer);
}

/* --- Filling ---------------------------------------------------------------------- */

static void
fill_iface(const struct viewer_options *o, struct view_iface *iface, size_t i)
{
    const char *const name = ifaces_view(o->ifaces, (int)i).name;
    if (name == NULL) return;
    snprintf(iface->name, sizeof iface->name, "%s", name);
    iface->total = pipeline_total(o->pipeline, i);
    iface->interval = pipeline_interval(o->pipeline, i);
    iface->flow_count = pipeline_flow_count_of(o->pipeline, i);
    iface->missed = misses_total(o->misses, i, &iface->link);
    iface->written_s = -1;
}

static void
fill(const struct viewer_options *o, struct view *view,
    const struct viewer_moment *moment)
{
    const struct flowtab_lack lack = pipeline_see_lack(o->pipeline);
    view->started_s = moment->started_s;
    view->now_s = moment->now_s;
    view->stamp_s = moment->stamp_s;
    view->submitted = moment->submitted;
    view->flow_count = pipeline_flow_count(o->pipeline);
    view->flow_bytes = pipeline_flow_bytes(o->pipeline);
    view->max_flows = o->max_flows;
    view->shared_packets = moment->lack.shared_packets + lack.shared_packets;
    view->lost_packets = moment->lack.lost_packets + lack.lost_packets;
    view->dpi_count = o->classify ? classify_count(o->classify) : 0;
    view->dpi_bytes = o->classify ? classify_bytes(o->classify) : 0;
    view->pauses = moment->pauses;
    view->dpi_skipped = pipeline_hurried_packets(o->pipeline);
    source_read_stats(o->source, &view->ring);
    for (size_t i = 0; i < view->iface_count; i++)
        fill_iface(o, &view->ifaces[i], i);
}

/* --- Serving ---------------------------------------------------------------------- */

/* The slots are those of now: some may have come while rows were copied. */
static void
answer(struct viewer *viewer, const struct viewer_moment *moment)
{
    const struct viewer_options *o = &viewer->options;
    struct view *view = view_new((size_t)ifaces_slot_count(o->ifaces));
    const uint32_t ticket = viewer->ticket;
    if (view != NULL) {
        fill(o, view, moment);
        view->rows = viewer->rows;
        viewer->rows = NULL;
    }
    drop(viewer);
    exchange_answer(o->exchange, ticket, view);
}

static void
fail(struct viewer *viewer)
{
    const uint32_t ticket = viewer->ticket;
    drop(viewer);
    exchange_answer(viewer->options.exchange, ticket, NULL);
}

static bool
begin(struct viewer *viewer, uint32_t ticket, bool with_flows)
{
    viewer->ticket = ticket;
    if (!with_flows) return true;
    viewer->rows = rotation_new(0, 0);
    if (viewer->rows == NULL) return false;
    pipeline_begin_view(viewer->options.pipeline, viewer->rows);
    return true;
}

bool
viewer_serve(struct viewer *viewer, const struct viewer_moment *moment)
{
    bool with_flows = false;
    const uint32_t ticket = exchange_asked(viewer->options.exchange, &with_flows);
    enum pipeline_view copied = PIPELINE_VIEW_WHOLE;
    if (ticket != viewer->ticket) drop(viewer);
    if (ticket == 0) return false;
    if (viewer->ticket == 0 && !begin(viewer, ticket, with_flows))
        copied = PIPELINE_VIEW_FAILED;
    else if (viewer->rows)
        copied = pipeline_copy_view(viewer->options.pipeline, COPY_FLOWS);
    if (copied == PIPELINE_VIEW_WHOLE) answer(viewer, moment);
    if (copied == PIPELINE_VIEW_FAILED) fail(viewer);
    return copied == PIPELINE_VIEW_MORE;
}
