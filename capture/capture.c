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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "capture/classify.h"
#include "capture/control.h"
#include "capture/follow.h"
#include "capture/interval.h"
#include "capture/log.h"
#include "capture/misses.h"
#include "capture/pipeline.h"
#include "capture/privileges.h"
#include "capture/reload.h"
#include "capture/sandbox.h"
#include "capture/source.h"
#include "capture/viewer.h"
#include "capture/writeout.h"

enum {
    DISPATCH_PACKETS = 4096,
    POLL_MS = 200,
    DRAIN_MS = 250, /* longer than libpcap holds packets back */
    DRAIN_MAX_MS = 5000,
    COLLECT_FLOWS = 1024, /* at a time, between packets: some 0.2 ms */
    LOOK_MS = 20,         /* for interfaces that came or went, under load too */
    ALIVE_MS = 1000,
    DPI_BYTES = 128 << 20 /* for detection states */
};

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
    struct interval interval; /* live */
    int64_t interval_end_s;   /* a file: stamp of the interval at hand; 0: none */
    uint64_t late_packets;    /* a file: older than the interval they count in */
    int64_t last_packet_ms;   /* live: its time */
    int64_t looked_ms, alive_ms;
    struct source_stats stats; /* at the last rotation */
    struct misses *misses;     /* live: likewise, of each interface */
};

/* --- Rotations --------------------------------------------------------------- */

static void
submit(void *arg, struct rotation *rotation)
{
    struct capture *c = arg;
    c->submitted++;
    writeout_submit(c->writeout, rotation);
}

static struct pipeline_drops
drops_of_interval(struct capture *c)
{
    struct source_stats now;
    if (c->options->file != NULL) return (struct pipeline_drops){-1, NULL};
    source_read_stats(c->source, &now);
    const struct pipeline_drops drops = {
        (int64_t)(now.dropped - c->stats.dropped), misses_take(c->misses, c->ifaces)};
    c->stats = now;
    if (drops.ring > 0)
        log_line("warning: %" PRId64
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
        ifaces_view(c->ifaces, (int)iface).name, count[PACKET_TRUNCATED],
        count[PACKET_BAD], count[PACKET_TOO_DEEP]);
}

static void
tell_lack(struct capture *c)
{
    const struct flowtab_lack lack = pipeline_take_lack(c->pipeline);
    c->lack.shared_packets += lack.shared_packets;
    c->lack.lost_packets += lack.lost_packets;
    if (lack.shared_packets > 0)
        log_line("warning: %" PRIu64
                 " packets counted without addresses, the table of %d flows is full; "
                 "see --max-flows",
            lack.shared_packets, c->options->config.max_flows);
    if (lack.lost_packets > 0)
        log_line("warning: %" PRIu64 " packets not counted, out of memory",
            lack.lost_packets);
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++)
        tell_undecoded(c, (size_t)i);
}

static void
rotate(struct capture *c, int64_t time_s)
{
    const struct pipeline_drops drops = drops_of_interval(c);
    tell_lack(c);
    if (!pipeline_end_interval(c->pipeline, time_s, &drops))
        log_line("warning: out of memory, this interval goes into the next block");
    ifaces_end_interval(c->ifaces);
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++)
        if (ifaces_view(c->ifaces, i).name == NULL)
            pipeline_forget_iface(c->pipeline, (size_t)i);
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
run_file(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    int count = 1;
    while (count > 0 && !c->signals->stop && !writeout_has_failed(c->writeout))
        count =
            source_dispatch(c->source, DISPATCH_PACKETS, take_file_packet, c, error);
    if (count < 0) log_line("%s; what came before it is kept", error);
    if (count >= 0 && !c->signals->stop) tell_file(c);
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

/* Or for news of interfaces, or for a question. */
static void
wait_for_packets(struct capture *c, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = source_fd(c->source), .events = POLLIN},
        {.fd = follow_fd(c->follow), .events = POLLIN},
        {.fd = exchange_fd(c->exchange), .events = POLLIN}};
    if (poll(fds, 3, timeout_ms) <= 0) return;
    if (fds[1].revents != 0) follow_look(c->follow);
    if (fds[2].revents != 0) exchange_woken(c->exchange);
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

/* Twenty milliseconds have passed, or a second. */
static void
look_around(struct capture *c, int64_t now_ms)
{
    if (now_ms - c->looked_ms >= LOOK_MS) {
        follow_look(c->follow);
        c->looked_ms = now_ms;
    }
    if (now_ms - c->alive_ms >= ALIVE_MS) {
        service_alive(c->service);
        c->alive_ms = now_ms;
    }
}

static void
look_at_clock(struct capture *c)
{
    struct clock_reading now;
    clock_read(&now);
    const struct interval_news news = interval_look(&c->interval, &now);
    tell_clock(&news);
    if (news.is_over) rotate(c, news.stamp_s);
    look_around(c, now.boot_ms);
}

static void
say_ready(struct capture *c)
{
    char status[128];
    snprintf(status, sizeof status, "capturing on %zu interface(s)",
        ifaces_count_present(c->ifaces));
    service_ready(c->service, status);
    log_line("%s, next block at %" PRId64, status, interval_stamp(&c->interval));
}

/* --- Reloading ----------------------------------------------------------------- */

/* False: it cannot be followed. */
static bool
take_configuration(struct capture *c, struct config *wanted)
{
    struct config *now = &c->options->config;
    if (!follow_rules(c->follow, wanted->rules, wanted->rule_count)) return false;
    if (config_needs_restart(now, wanted))
        log_line("warning: only interfaces are reloaded; for what else has changed, "
                 "restart goprobe");
    config_swap_rules(now, wanted);
    return true;
}

/* A configuration that is wrong changes nothing. */
static void
end_reload(struct capture *c)
{
    struct options wanted;
    const bool is_good = reload_end(c->reload, &wanted);
    c->reload = NULL;
    if (is_good && take_configuration(c, &wanted.config))
        log_line("configuration read again");
    else
        log_line("warning: the configuration is as before, the new one is wrong");
    options_free(&wanted);
    say_ready(c);
}

static void
look_at_reload(struct capture *c)
{
    if (c->reload != NULL && reload_is_done(c->reload)) end_reload(c);
    if (!c->signals->reload || c->reload != NULL) return;
    c->signals->reload = 0;
    service_reloading(c->service);
    c->reload = reload_begin(c->options);
    if (c->reload == NULL) say_ready(c);
}

/* The original wrote the counters of libpcap into a file then. */
static void
tell_counters(struct capture *c)
{
    struct source_stats stats;
    c->signals->tell = 0;
    source_read_stats(c->source, &stats);
    log_line("%" PRIu64 " packets received and %" PRIu64
             " lost since the start, %zu flows held",
        stats.received, stats.dropped, pipeline_flow_count(c->pipeline));
}

static int
run_live(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    struct clock_reading now;
    int count = 0;
    clock_read(&now);
    interval_begin(&c->interval, &now);
    c->started_s = now.wall_ms / 1000;
    say_ready(c);
    ifaces_begin(c->ifaces);
    while (!c->signals->stop && count >= 0) {
        bool is_busy = pipeline_collect(c->pipeline, COLLECT_FLOWS);
        is_busy = serve_view(c) || is_busy;
        if (count == 0 && !is_busy) wait_for_packets(c, POLL_MS);
        count = take_packets(c, error);
        look_at_clock(c);
        look_at_reload(c);
        if (c->signals->tell) tell_counters(c);
    }
    if (count < 0) log_line("error: %s", error);
    service_stopping(c->service);
    exchange_close(c->exchange);
    if (count >= 0) drain(c);
    clock_read(&now);
    rotate(c, interval_cut(&c->interval, &now));
    pipeline_collect(c->pipeline, SIZE_MAX);
    return count < 0 ? EXIT_IO : EXIT_SUCCESS;
}

/* --- Setting up -------------------------------------------------------------- */

static int
exit_code_of(enum source_status status)
{
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
open_source(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const struct options *o = c->options;
    const long ring_bytes = config_ring_bytes(&o->config);
    const struct source_options options = {
        .file = o->file,
        .filter = o->filter,
        .buffer_mib = (int)((ring_bytes + (1 << 20) - 1) >> 20),
    };
    const enum source_status status = source_open(&c->source, &options, error);
    if (status != SOURCE_OK) log_line("%s", error);
    return exit_code_of(status);
}

/* Interfaces that were typed and are not there, not one of them, are a mistake; those
 * of a file may come later. */
static int
check_present(const struct capture *c)
{
    const struct config *config = &c->options->config;
    if (!c->options->has_arguments || ifaces_count_present(c->ifaces) > 0)
        return EXIT_SUCCESS;
    for (size_t i = 0; i < config->rule_count; i++)
        if (!iface_rule_is_pattern(&config->rules[i])) {
            log_line(
                "%s: no such interface; `ip link` lists them", config->rules[i].name);
            return EXIT_FAILURE;
        }
    return EXIT_SUCCESS;
}

static int
open_ifaces(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const struct config *config = &c->options->config;
    c->ifaces =
        c->options->file ? ifaces_new_file(c->options->file_iface) : ifaces_new();
    if (c->ifaces == NULL) {
        log_line("out of memory");
        return EXIT_FAILURE;
    }
    if (c->options->file != NULL) return EXIT_SUCCESS;
    const enum source_status status = follow_open(
        &c->follow, c->source, c->ifaces, config->rules, config->rule_count, error);
    if (status != SOURCE_OK) log_line("%s", error);
    return status == SOURCE_OK ? check_present(c) : exit_code_of(status);
}

static int
open_classify(struct capture *c)
{
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    if (!c->options->config.dpi) return EXIT_SUCCESS;
    c->classify = classify_new(DPI_BYTES);
    if (c->classify && classify_names(c->classify, &c->l7_names, &err) == GODB_OK)
        return EXIT_SUCCESS;
    log_line("%s", err.msg);
    return EXIT_FAILURE;
}

static void
learn(void *arg, uint32_t ifindex)
{
    struct capture *c = arg;
    follow_learn(c->follow, ifindex);
}

static int
open_pipeline(struct capture *c)
{
    const struct pipeline_options options = {
        .link = source_link(c->source),
        .ifaces = c->ifaces,
        .max_flows = (size_t)c->options->config.max_flows,
        .classify = c->classify,
        .learn = c->options->file ? NULL : learn,
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
open_misses(struct capture *c)
{
    if (c->options->file != NULL) return EXIT_SUCCESS;
    c->misses = misses_new(c->ifaces);
    if (c->misses != NULL) return EXIT_SUCCESS;
    log_line("out of memory");
    return EXIT_FAILURE;
}

static size_t
list_ifaces(const struct capture *c, const char **out)
{
    size_t count = 0;
    for (int i = 0; i < ifaces_slot_count(c->ifaces); i++) {
        const struct iface_view view = ifaces_view(c->ifaces, i);
        if (view.is_wanted) out[count++] = view.name;
    }
    return count;
}

static int
open_writeout(struct capture *c)
{
    struct godb_err err;
    const char *ifaces[IFACES_MAX];
    const struct writeout_options options = {
        .db_path = c->options->config.db_path,
        .ifaces = ifaces,
        .iface_count = list_ifaces(c, ifaces),
        .l7_names = c->l7_names,
        .is_strict = c->options->file != NULL,
        .max_waiting = (size_t)c->options->config.max_flows,
    };
    if (writeout_open(&c->writeout, &options, &err) == GODB_OK) return EXIT_SUCCESS;
    const bool is_forbidden = err.os_errno == EACCES || err.os_errno == EPERM;
    log_line("%s%s", err.msg,
        is_forbidden ? "; the database has to be writable for the user that goprobe "
                       "runs as, see -user"
                     : "");
    return is_forbidden ? EXIT_NO_PERMISSION : EXIT_IO;
}

static int
open_viewer(struct capture *c)
{
    if (c->options->file != NULL) return EXIT_SUCCESS;
    c->exchange = exchange_new();
    const struct viewer_options options = {
        .exchange = c->exchange,
        .pipeline = c->pipeline,
        .source = c->source,
        .classify = c->classify,
        .ifaces = c->ifaces,
        .misses = c->misses,
        .max_flows = (uint64_t)c->options->config.max_flows,
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
    const struct config *config = &c->options->config;
    if (c->options->file != NULL || c->options->no_socket) return EXIT_SUCCESS;
    options_socket_path(
        c->socket_path, sizeof c->socket_path, config->db_path, config->socket);
    const struct control_options options = {
        .path = c->socket_path,
        .exchange = c->exchange,
        .writeout = c->writeout,
        .l7_names = c->l7_names,
    };
    if (control_open(&c->control, &options, error)) return EXIT_SUCCESS;
    log_line("%s%s", config->socket ? "" : "warning: no live view: ", error);
    return config->socket ? EXIT_IO : EXIT_SUCCESS;
}

/* One that is under way comes too late. */
static void
drop_reload(struct capture *c)
{
    struct options unused;
    if (c->reload == NULL) return;
    (void)reload_end(c->reload, &unused);
    options_free(&unused);
}

static void
close_all(struct capture *c)
{
    drop_reload(c);
    viewer_free(c->viewer);
    exchange_free(c->exchange);
    pipeline_free(c->pipeline);
    classify_free(c->classify);
    godb_l7_names_free(c->l7_names);
    follow_close(c->follow);
    source_close(c->source);
    ifaces_free(c->ifaces);
    misses_free(c->misses);
}

static int
drop_privileges(const struct capture *c)
{
    const struct config *config = &c->options->config;
    const int exit_code = privileges_drop(
        config->db_path, config->user, c->options->file ? NULL : PRIVILEGES_USER);
    return exit_code < 0 ? EXIT_SUCCESS : exit_code;
}

/* Each interface that is written to holds its directory open. */
static void
raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int
enter_sandbox(const struct capture *c)
{
    char error[256];
    if (!c->options->config.seccomp || sandbox_enter(error)) return EXIT_SUCCESS;
    log_line("%s", error);
    return EXIT_FAILURE;
}

int
capture_run(
    struct options *options, struct capture_signals *signals, struct service *service)
{
    struct capture c = {.options = options, .signals = signals, .service = service};
    raise_file_limit();
    /* The source first: a file that is none must not leave a database behind.  Files of
     * the database are made by the user that it runs as. */
    int exit_code = open_source(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_ifaces(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_classify(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_pipeline(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_misses(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_viewer(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = drop_privileges(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_writeout(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_control(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = enter_sandbox(&c);
    if (exit_code == EXIT_SUCCESS)
        exit_code = options->file ? run_file(&c) : run_live(&c);
    control_close(c.control);
    if (c.writeout && writeout_close(c.writeout) != 0) exit_code = EXIT_IO;
    close_all(&c);
    return exit_code;
}
