/* SPDX-License-Identifier: MIT
 *
 * capture.c -- see capture.h.
 *
 *      source --> pipeline      packets become flows
 *                    |
 *                    |          every 300 s of wall clock, or of a file's packets
 *                    v
 *                 writeout      blocks, in a thread of its own
 */
#include "capture/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "capture/classify.h"
#include "capture/control.h"
#include "capture/interval.h"
#include "capture/link_stats.h"
#include "capture/log.h"
#include "capture/pipeline.h"
#include "capture/privileges.h"
#include "capture/source.h"
#include "capture/viewer.h"
#include "capture/writeout.h"

enum {
    SNAPLEN_DPI = 2048,   /* nDPI wants whole packets */
    SNAPLEN_NO_DPI = 256, /* room for VLANs, options and extension headers */
    DISPATCH_PACKETS = 4096,
    POLL_MS = 200,
    DRAIN_MS = 250, /* longer than libpcap holds packets back */
    DRAIN_MAX_MS = 5000,
    COLLECT_FLOWS = 4096, /* at a time, between packets: some 0.1 ms */
    REFRESH_MS = 1000,
    DPI_BYTES = 128 << 20 /* for detection states */
};

struct capture {
    const struct options *options;
    struct source *source;
    struct writeout *writeout;
    struct classify *classify; /* NULL with --no-dpi */
    struct godb_l7_names *l7_names;
    struct pipeline *pipeline;
    struct exchange *exchange; /* live: views of it, and those who ask for them */
    struct viewer *viewer;
    struct control *control;
    char socket_path[GODB_PATH_MAX];
    int64_t started_s;
    uint64_t submitted;        /* rotations */
    struct flowtab_lack lack;  /* of the intervals that are over */
    uint64_t *missed_before;   /* by each interface in them */
    struct interval interval;  /* live */
    int64_t interval_end_s;    /* a file: stamp of the interval at hand; 0: none */
    uint64_t late_packets;     /* a file: older than the interval they count in */
    int64_t last_packet_ms;    /* live: its time */
    struct source_stats stats; /* at the last rotation */
    struct link_stats *links;  /* live: likewise, of each interface; then, now */
    uint64_t *missed;          /* by each, in the interval before it */
};

/* --- Rotations --------------------------------------------------------------- */

static void
submit(void *arg, struct rotation *rotation)
{
    struct capture *c = arg;
    c->submitted++;
    writeout_submit(c->writeout, rotation);
}

static void
count_missed(struct capture *c)
{
    const struct options *o = c->options;
    struct link_stats *now = c->links + o->iface_count;
    link_stats_read(now, o->ifaces, o->iface_count);
    for (size_t i = 0; i < o->iface_count; i++) {
        c->missed[i] = link_stats_missed(&c->links[i], &now[i]);
        c->missed_before[i] += c->missed[i];
        if (now[i].is_there) c->links[i] = now[i];
    }
}

static struct pipeline_drops
drops_of_interval(struct capture *c)
{
    struct source_stats now;
    if (c->options->file != NULL) return (struct pipeline_drops){0, NULL};
    source_read_stats(c->source, &now);
    const struct pipeline_drops drops = {now.dropped - c->stats.dropped, c->missed};
    c->stats = now;
    count_missed(c);
    if (drops.ring > 0)
        log_line("warning: %" PRIu64
                 " packets were lost, the ring was full; try a larger "
                 "--buffer",
            drops.ring);
    return drops;
}

/* What is no IP is no surprise, and is in the block's statistics alone. */
static void
tell_undecoded(const struct capture *c, size_t iface)
{
    const struct pipeline_counters counters = pipeline_interval(c->pipeline, iface);
    const uint64_t *count = counters.verdicts;
    if (count[PACKET_TRUNCATED] + count[PACKET_BAD] + count[PACKET_TOO_DEEP] == 0)
        return;
    log_line("warning: %s: packets not counted: %" PRIu64 " cut off, %" PRIu64
             " with a bad IP header, %" PRIu64 " with too many tags or labels",
        c->options->ifaces[iface], count[PACKET_TRUNCATED], count[PACKET_BAD],
        count[PACKET_TOO_DEEP]);
}

static void
tell_lack(struct capture *c)
{
    const struct flowtab_lack lack = pipeline_take_lack(c->pipeline);
    c->lack.shared_packets += lack.shared_packets;
    c->lack.lost_packets += lack.lost_packets;
    if (lack.shared_packets > 0)
        log_line("warning: %" PRIu64
                 " packets counted without addresses, the table of %zu flows is full; "
                 "see --max-flows",
            lack.shared_packets, c->options->max_flows);
    if (lack.lost_packets > 0)
        log_line("warning: %" PRIu64 " packets not counted, out of memory",
            lack.lost_packets);
    for (size_t i = 0; i < c->options->iface_count; i++)
        tell_undecoded(c, i);
}

static void
rotate(struct capture *c, int64_t time_s)
{
    const struct pipeline_drops drops = drops_of_interval(c);
    tell_lack(c);
    if (!pipeline_end_interval(c->pipeline, time_s, &drops))
        log_line("warning: out of memory, this interval goes into the next block");
}

/* --- A file ------------------------------------------------------------------ */

/* A file may claim any time.  One that no block can have does not end the interval at
 * hand, and a stamp of 0 cannot be stored: files without times begin with the epoch. */
static int64_t
file_interval_end(const struct capture *c, const struct source_packet *packet)
{
    int64_t end_s = c->interval_end_s;
    if (packet->time_s >= 0 && packet->time_s <= GODB_STAMP_MAX - GODB_INTERVAL_S)
        end_s = interval_end(packet->time_s, packet->time_us);
    return end_s < GODB_INTERVAL_S ? GODB_INTERVAL_S : end_s;
}

/* A packet that is older than the interval at hand is counted into it. */
static void
take_file_packet(void *arg, const struct source_packet *packet)
{
    struct capture *c = arg;
    const int64_t end_s = file_interval_end(c, packet);
    if (c->interval_end_s == 0) c->interval_end_s = end_s;
    if (end_s < c->interval_end_s) c->late_packets++;
    if (end_s > c->interval_end_s) {
        rotate(c, c->interval_end_s);
        c->interval_end_s = end_s;
    }
    pipeline_packet(c->pipeline, packet);
}

static void
tell_file(const struct capture *c)
{
    const char *file = c->options->file;
    if (c->interval_end_s == 0) log_line("warning: %s: holds no packets", file);
    if (c->late_packets > 0)
        log_line("warning: %s: its clock goes back; %" PRIu64
                 " packets count in a later interval than their own",
            file, c->late_packets);
}

static int
run_file(struct capture *c, const volatile sig_atomic_t *stop)
{
    char error[SOURCE_ERROR_MAX];
    int count = 1;
    while (count > 0 && !*stop && !writeout_has_failed(c->writeout))
        count =
            source_dispatch(c->source, DISPATCH_PACKETS, take_file_packet, c, error);
    if (count < 0) log_line("%s; what came before it is kept", error);
    if (count >= 0 && !*stop) tell_file(c);
    if (c->interval_end_s != 0) rotate(c, c->interval_end_s);
    pipeline_collect(c->pipeline, SIZE_MAX);
    return count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- Live -------------------------------------------------------------------- */

static void
take_live_packet(void *arg, const struct source_packet *packet)
{
    struct capture *c = arg;
    c->last_packet_ms = packet->time_s * 1000 + packet->time_us / 1000;
    pipeline_packet(c->pipeline, packet);
}

/* Packets that wait, up to some thousand; as source_dispatch(). */
static int
take_packets(struct capture *c, char *error)
{
    const int count =
        source_dispatch(c->source, DISPATCH_PACKETS, take_live_packet, c, error);
    pipeline_flush(c->pipeline);
    return count;
}

/* Or for a question. */
static void
wait_for_packets(struct capture *c, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = source_fd(c->source), .events = POLLIN},
        {.fd = exchange_fd(c->exchange), .events = POLLIN}};
    if (poll(fds, 2, timeout_ms) > 0 && fds[1].revents) exchange_woken(c->exchange);
}

static bool
serve_view(struct capture *c)
{
    const struct viewer_moment moment = {
        .started_s = c->started_s,
        .now_s = c->interval.seen.wall_ms / 1000,
        .stamp_s = interval_stamp(&c->interval),
        .submitted = c->submitted,
        .lack = c->lack,
        .links = c->links,
        .missed = c->missed_before,
    };
    return viewer_serve(c->viewer, &moment);
}

/* What the ring still holds: part-filled pieces of it come only after a while.  Ends
 * when it has been quiet for that long, or with packets that are later than its start:
 * under load it is never quiet. */
static void
drain(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    struct clock_reading start, now;
    int64_t passed_ms;
    int count;
    clock_read(&start);
    do {
        count = take_packets(c, error);
        if (count == 0) wait_for_packets(c, POLL_MS / 4);
        clock_read(&now);
        passed_ms = now.awake_ms - start.awake_ms;
    } while (count >= 0 && c->last_packet_ms <= start.wall_ms &&
             passed_ms < DRAIN_MAX_MS && (count > 0 || passed_ms < DRAIN_MS));
}

static void
tell_clock(const struct interval_news *news)
{
    if (news->sleep_ms > 0)
        log_line("the machine was suspended for %" PRId64 " s", news->sleep_ms / 1000);
    if (news->jump_ms > 0)
        log_line("warning: the clock was set forward by %" PRId64 " s",
            news->jump_ms / 1000);
    if (news->jump_ms < 0)
        log_line("warning: the clock was set back by %" PRId64
                 " s; blocks keep rising times",
            -news->jump_ms / 1000);
}

static void
look_at_clock(struct capture *c, int64_t *last_refresh_ms)
{
    char error[SOURCE_ERROR_MAX];
    struct clock_reading now;
    clock_read(&now);
    const struct interval_news news = interval_look(&c->interval, &now);
    tell_clock(&news);
    if (news.is_over) rotate(c, news.stamp_s);
    if (now.boot_ms - *last_refresh_ms < REFRESH_MS) return;
    *last_refresh_ms = now.boot_ms;
    if (source_refresh(c->source, error) != SOURCE_OK) log_line("warning: %s", error);
}

static int
run_live(struct capture *c, const volatile sig_atomic_t *stop)
{
    char error[SOURCE_ERROR_MAX];
    struct clock_reading now;
    int count = 0;
    clock_read(&now);
    interval_begin(&c->interval, &now);
    c->started_s = now.wall_ms / 1000;
    int64_t last_refresh_ms = now.boot_ms;
    log_line("capturing on %zu interface(s), next block at %" PRId64,
        c->options->iface_count, interval_stamp(&c->interval));
    while (!*stop && count >= 0) {
        bool is_busy = pipeline_collect(c->pipeline, COLLECT_FLOWS);
        is_busy = serve_view(c) || is_busy;
        if (count == 0 && !is_busy) wait_for_packets(c, POLL_MS);
        count = take_packets(c, error);
        look_at_clock(c, &last_refresh_ms);
    }
    exchange_close(c->exchange);
    if (count < 0) log_line("%s", error);
    if (count >= 0) drain(c);
    clock_read(&now);
    rotate(c, interval_cut(&c->interval, &now));
    pipeline_collect(c->pipeline, SIZE_MAX);
    return count < 0 ? EXIT_IO : EXIT_SUCCESS;
}

/* --- Setting up -------------------------------------------------------------- */

static int
open_source(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const struct options *o = c->options;
    const struct source_options options = {
        .ifaces = o->ifaces,
        .iface_count = o->iface_count,
        .file = o->file,
        .filter = o->filter,
        .buffer_mib = o->buffer_mib,
        .snaplen = o->no_dpi ? SNAPLEN_NO_DPI : SNAPLEN_DPI,
        .promiscuous = !o->no_promiscuous,
    };
    const enum source_status status = source_open(&c->source, &options, error);
    if (status != SOURCE_OK) log_line("%s", error);
    switch (status) {
    case SOURCE_OK:
        return EXIT_SUCCESS;
    case SOURCE_EPERMISSION:
        return EXIT_NO_PERMISSION;
    case SOURCE_EFILTER:
        return EXIT_USAGE_;
    case SOURCE_EFILE:
        return EXIT_NO_INPUT;
    case SOURCE_EFAILED:
        break;
    }
    return EXIT_FAILURE;
}

static int
open_classify(struct capture *c)
{
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    if (c->options->no_dpi) return EXIT_SUCCESS;
    c->classify = classify_new(DPI_BYTES);
    if (c->classify && classify_names(c->classify, &c->l7_names, &err) == GODB_OK)
        return EXIT_SUCCESS;
    log_line("%s", err.msg);
    return EXIT_FAILURE;
}

static int
open_pipeline(struct capture *c)
{
    const struct pipeline_options options = {
        .source = c->source,
        .iface_count = c->options->iface_count,
        .max_flows = c->options->max_flows,
        .classify = c->classify,
        .done = submit,
        .arg = c,
    };
    c->pipeline = pipeline_new(&options);
    if (c->pipeline) return EXIT_SUCCESS;
    log_line("out of memory");
    return EXIT_FAILURE;
}

/* What interfaces had lost before is not ours. */
static int
open_links(struct capture *c)
{
    const struct options *o = c->options;
    if (o->file != NULL) return EXIT_SUCCESS;
    c->links = calloc(2 * o->iface_count, sizeof *c->links);
    c->missed = calloc(o->iface_count, sizeof *c->missed);
    c->missed_before = calloc(o->iface_count, sizeof *c->missed_before);
    if (c->links && c->missed && c->missed_before) {
        link_stats_read(c->links, o->ifaces, o->iface_count);
        return EXIT_SUCCESS;
    }
    log_line("out of memory");
    return EXIT_FAILURE;
}

static int
open_writeout(struct capture *c)
{
    struct godb_err err;
    const struct writeout_options options = {
        .db_path = c->options->db_path,
        .ifaces = c->options->ifaces,
        .iface_count = c->options->iface_count,
        .l7_names = c->l7_names,
        .is_strict = c->options->file != NULL,
    };
    if (writeout_open(&c->writeout, &options, &err) == GODB_OK) return EXIT_SUCCESS;
    log_line("%s", err.msg);
    return err.os_errno == EACCES || err.os_errno == EPERM ? EXIT_NO_PERMISSION
                                                           : EXIT_IO;
}

static int
open_viewer(struct capture *c)
{
    const struct options *o = c->options;
    if (o->file != NULL) return EXIT_SUCCESS;
    c->exchange = exchange_new();
    const struct viewer_options options = {
        .exchange = c->exchange,
        .pipeline = c->pipeline,
        .source = c->source,
        .classify = c->classify,
        .ifaces = o->ifaces,
        .iface_count = o->iface_count,
        .max_flows = o->max_flows,
    };
    if (c->exchange) c->viewer = viewer_new(&options);
    if (c->viewer) return EXIT_SUCCESS;
    log_line("out of memory");
    return EXIT_FAILURE;
}

/* A place that was asked for has to do; without the usual one there is no live view. */
static int
open_control(struct capture *c)
{
    char error[CONTROL_ERROR_MAX];
    const struct options *o = c->options;
    if (o->file != NULL || o->no_socket) return EXIT_SUCCESS;
    options_socket_path(c->socket_path, sizeof c->socket_path, o->db_path, o->socket);
    const struct control_options options = {
        .path = c->socket_path,
        .exchange = c->exchange,
        .writeout = c->writeout,
        .l7_names = c->l7_names,
    };
    if (control_open(&c->control, &options, error)) return EXIT_SUCCESS;
    log_line("%s%s", o->socket ? "" : "warning: no live view: ", error);
    return o->socket ? EXIT_IO : EXIT_SUCCESS;
}

static void
close_all(struct capture *c)
{
    viewer_free(c->viewer);
    exchange_free(c->exchange);
    pipeline_free(c->pipeline);
    classify_free(c->classify);
    godb_l7_names_free(c->l7_names);
    source_close(c->source);
    free(c->links);
    free(c->missed);
    free(c->missed_before);
}

int
capture_run(const struct options *options, const volatile sig_atomic_t *stop)
{
    struct capture c = {.options = options};
    /* The source first: a file that is none must not leave a database behind. */
    int exit_code = open_source(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_classify(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_pipeline(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_links(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_viewer(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_writeout(&c);
    if (exit_code == EXIT_SUCCESS) {
        if (options->file == NULL) privileges_drop(options->db_path);
        exit_code = open_control(&c);
    }
    if (exit_code == EXIT_SUCCESS)
        exit_code = options->file ? run_file(&c, stop) : run_live(&c, stop);
    if (c.control) control_close(c.control);
    if (c.writeout) {
        if (writeout_close(c.writeout) != 0) exit_code = EXIT_IO;
    }
    close_all(&c);
    return exit_code;
}
