/* SPDX-License-Identifier: MIT
 *
 * viewer.h -- the capture thread's part of views: it makes them between packets, a few
 * thousand flows at a time, and hands them over.
 */
#ifndef CAPTURE_VIEWER_H
#define CAPTURE_VIEWER_H

#include "capture/exchange.h"
#include "capture/misses.h"

/* All borrowed until viewer_free(). */
struct viewer_options {
    struct exchange *exchange;
    struct pipeline *pipeline;
    struct source *source;
    const struct classify *classify; /* NULL: no layer 7 */
    const struct ifaces *ifaces;
    const struct misses *misses;
    uint64_t max_flows;
};

/* What the capture thread knows and the others do not say. */
struct viewer_moment {
    int64_t started_s, now_s, stamp_s;
    uint64_t submitted;
    struct view_pauses pauses;
    struct flowtab_lack lack; /* of intervals that are over */
};

struct viewer;

struct viewer *viewer_new(const struct viewer_options *options); /* NULL: no memory */
void viewer_free(struct viewer *viewer);

/* Work on the question at hand, if there is one.  True: there is more to do.  To be
 * called when what was taken has been counted. */
bool viewer_serve(struct viewer *viewer, const struct viewer_moment *moment);

#endif
