/* SPDX-License-Identifier: MIT
 *
 * capture_state.h -- a capture that runs: what its parts share.
 *
 *      capture.c          opens all that it takes, runs it, and closes it
 *      capture_file.c     the packets of a recorded file
 *      capture_live.c     those of interfaces, between the clock and questions
 *      capture_rotate.c   the end of an interval
 */
#ifndef CAPTURE_CAPTURE_STATE_H
#define CAPTURE_CAPTURE_STATE_H

#include "capture/capture.h"
#include "capture/control.h"
#include "capture/follow.h"
#include "capture/interval.h"
#include "capture/misses.h"
#include "capture/pipeline.h"
#include "capture/reload.h"
#include "capture/viewer.h"
#include "capture/writeout.h"

enum { CAPTURE_DISPATCH_PACKETS = 4096 /* between two looks around */ };

struct capture {
    struct options *options;
    struct capture_signals *signals;
    struct service *service;
    struct source *source;
    struct ifaces *ifaces;
    struct follow *follow; /* live */
    struct reload *reload; /* that is under way, or NULL */
    struct writeout *writeout;
    struct classify *classify; /* NULL with --no-dpi */
    struct godb_l7_names *l7_names;
    struct pipeline *pipeline;
    struct exchange *exchange; /* live: views of it, and those who ask for them */
    struct viewer *viewer;
    struct control *control;
    char socket_path[GODB_PATH_MAX];
    int64_t started_s;
    uint64_t submitted;       /* rotations */
    struct flowtab_lack lack; /* of the intervals that are over */
    uint64_t hurried_packets; /* likewise */
    struct interval interval; /* live */
    int64_t interval_end_s;   /* a file: stamp of the interval at hand; 0: none */
    uint64_t late_packets;    /* a file: older than the interval they count in */
    int64_t last_packet_ms;   /* live: its time */
    int64_t looked_ms, alive_ms;
    int64_t left_us; /* live: when the ring was left, of a clock that nobody sets */
    struct view_pauses pauses;
    struct source_stats stats; /* at the last rotation */
    struct misses *misses;     /* live: likewise, of each interface */
};

/* The interval is over: its rows are collected and written while the next one goes on.
 */
void capture_rotate(struct capture *capture, int64_t time_s);

/* The last interval is over, and its rows are handed out.  False: some are lost, which
 * was said. */
bool capture_rotate_last(struct capture *capture, int64_t time_s);

/* For pipeline_options.done: the rows of an interval are written. */
void capture_submit(void *capture, struct rotation *rotation);

/* Until the end; an exit code. */
int capture_run_file(struct capture *capture);
int capture_run_live(struct capture *capture);

#endif
