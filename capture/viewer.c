/* SPDX-License-Identifier: MIT
 *
 * viewer.c -- see viewer.h.
 */
#include "capture/viewer.h"

#include <stdio.h>
#include <stdlib.h>

enum { COPY_FLOWS = 4096 }; /* at a time, between packets */

struct viewer {
    struct viewer_options options;
    uint32_t ticket; /* of the question that is worked on; 0: none */
    struct view *view;
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
    view_free(viewer->view);
    viewer->view = NULL;
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
fill_iface(const struct viewer *viewer, size_t i, const struct viewer_moment *moment)
{
    const struct viewer_options *o = &viewer->options;
    struct view_iface *iface = &viewer->view->ifaces[i];
    if (o->ifaces[i] == NULL) return;
    snprintf(iface->name, sizeof iface->name, "%s", o->ifaces[i]);
    iface->total = pipeline_total(o->pipeline, i);
    iface->interval = pipeline_interval(o->pipeline, i);
    iface->flow_count = pipeline_flow_count_of(o->pipeline, i);
    iface->missed = moment->missed[i];
    iface->link = moment->links[i];
}

static void
fill(struct viewer *viewer, const struct viewer_moment *moment)
{
    const struct viewer_options *o = &viewer->options;
    const struct flowtab_lack lack = pipeline_see_lack(o->pipeline);
    struct view *view = viewer->view;
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
    source_read_stats(o->source, &view->ring);
    for (size_t i = 0; i < view->iface_count; i++)
        fill_iface(viewer, i, moment);
}

/* --- Serving ---------------------------------------------------------------------- */

static void
answer(struct viewer *viewer)
{
    struct view *view = viewer->view;
    const uint32_t ticket = viewer->ticket;
    pipeline_end_view(viewer->options.pipeline);
    viewer->view = NULL;
    viewer->ticket = 0;
    exchange_answer(viewer->options.exchange, ticket, view);
}

static void
fail(struct viewer *viewer)
{
    view_free(viewer->view);
    viewer->view = NULL;
    answer(viewer);
}

static bool
begin(struct viewer *viewer, uint32_t ticket, bool with_flows)
{
    const struct viewer_options *o = &viewer->options;
    viewer->ticket = ticket;
    viewer->view = view_new(o->iface_count);
    if (viewer->view == NULL) return false;
    if (!with_flows) return true;
    viewer->view->rows = rotation_new(o->iface_count, 0);
    if (viewer->view->rows == NULL) return false;
    pipeline_begin_view(o->pipeline, viewer->view->rows);
    return true;
}

bool
viewer_serve(struct viewer *viewer, const struct viewer_moment *moment)
{
    bool with_flows = false;
    const uint32_t ticket = exchange_asked(viewer->options.exchange, &with_flows);
    if (ticket != viewer->ticket) drop(viewer);
    if (ticket == 0) return false;
    enum pipeline_view copied = PIPELINE_VIEW_WHOLE;
    if (viewer->ticket == 0 && !begin(viewer, ticket, with_flows))
        copied = PIPELINE_VIEW_FAILED;
    else if (viewer->view->rows)
        copied = pipeline_copy_view(viewer->options.pipeline, COPY_FLOWS);
    if (copied == PIPELINE_VIEW_MORE) return true;
    if (copied == PIPELINE_VIEW_FAILED) {
        fail(viewer);
        return false;
    }
    fill(viewer, moment);
    answer(viewer);
    return false;
}
