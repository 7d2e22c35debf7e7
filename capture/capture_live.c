/* SPDX-License-Identifier: MIT
 *
 * capture_live.c -- the packets of interfaces, and what is done between them: looking
 * at the clock, at interfaces, at questions and at a configuration that is read again.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "capture/capture_state.h"
#include "capture/log.h"

enum {
    POLL_MS = 200,
    DRAIN_MS = 250, /* longer than libpcap holds packets back */
    DRAIN_MAX_MS = 5000,
    LATE_MS = 30, /* what is behind by more might be lost; the ring holds some 100 */
    COLLECT_FLOWS = 1024, /* at a time, between packets: some 0.2 ms */
    LOOK_MS = 20,         /* for interfaces that came or went, under load too */
    ALIVE_MS = 1000
};

/* --- Packets ----------------------------------------------------------------- */

static void
take_live_packet(void *arg, const struct source_packet *packet)
{
    struct capture *c = arg;
    c->last_packet_ms = packet->time_s * 1000 + packet->time_us / 1000;
    pipeline_packet(c->pipeline, packet);
}

static int64_t
steady_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
note_pause(struct capture *c)
{
    const uint64_t pause_us = (uint64_t)(steady_clock_us() - c->left_us);
    if (pause_us > c->pauses.interval_us) c->pauses.interval_us = pause_us;
    if (pause_us > c->pauses.ever_us) c->pauses.ever_us = pause_us;
}

/* Packets that wait, up to some thousand; as source_dispatch(). */
static int
take_packets(struct capture *c, char *error)
{
    note_pause(c);
    const int count = source_dispatch(
        c->source, CAPTURE_DISPATCH_PACKETS, take_live_packet, c, error);
    pipeline_flush(c->pipeline);
    c->left_us = steady_clock_us();
    return count;
}

/* Or for news of interfaces, or for a question. */
static void
wait_for_packets(struct capture *c, int timeout_ms)
{
    struct pollfd fds[] = {{.fd = source_fd(c->source), .events = POLLIN},
        {.fd = follow_fd(c->follow), .events = POLLIN},
        {.fd = exchange_fd(c->exchange), .events = POLLIN}};
    const int ready = poll(fds, 3, timeout_ms);
    c->left_us = steady_clock_us(); /* until now there were none */
    if (ready <= 0) return;
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
        .pauses = c->pauses,
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

/* Does more wait than was taken, and for long?  Where packets are few the kernel keeps
 * them for a while, so that age alone says nothing. */
static void
look_at_backlog(struct capture *c, int count, int64_t now_ms)
{
    const bool is_late = now_ms - c->last_packet_ms > LATE_MS;
    pipeline_hurry(c->pipeline, count >= CAPTURE_DISPATCH_PACKETS && is_late);
}

/* Clocks are read one after the other, some microseconds apart. */
static int64_t
whole_seconds(int64_t ms)
{
    return (ms + 500) / 1000;
}

static void
tell_clock(const struct interval_news *news)
{
    if (news->sleep_ms > 0)
        log_line("the machine was suspended for %" PRId64 " s",
            whole_seconds(news->sleep_ms));
    if (news->jump_ms > 0)
        log_line("warning: the clock was set forward by %" PRId64 " s",
            whole_seconds(news->jump_ms));
    if (news->jump_ms < 0)
        log_line("warning: the clock was set back by %" PRId64
                 " s; blocks keep rising times",
            whole_seconds(-news->jump_ms));
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
look_at_clock(struct capture *c, int count)
{
    struct clock_reading now;
    clock_read(&now);
    const struct interval_news news = interval_look(&c->interval, &now);
    tell_clock(&news);
    if (news.is_over) {
        c->pauses.interval_us = 0;
        capture_rotate(c, news.stamp_s);
    }
    look_around(c, now.boot_ms);
    look_at_backlog(c, count, now.wall_ms);
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

int
capture_run_live(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    struct clock_reading now;
    int count = 0;
    clock_read(&now);
    interval_begin(&c->interval, &now);
    c->started_s = now.wall_ms / 1000;
    c->left_us = steady_clock_us();
    say_ready(c);
    ifaces_begin(c->ifaces);
    while (!c->signals->stop && count >= 0) {
        bool is_busy = pipeline_collect(c->pipeline, COLLECT_FLOWS);
        is_busy = serve_view(c) || is_busy;
        if (count == 0 && !is_busy) wait_for_packets(c, POLL_MS);
        count = take_packets(c, error);
        look_at_clock(c, count);
        look_at_reload(c);
        if (c->signals->tell) tell_counters(c);
    }
    if (count < 0) log_line("error: %s", error);
    service_stopping(c->service);
    exchange_close(c->exchange);
    if (count >= 0) drain(c);
    clock_read(&now);
    const bool is_whole = capture_rotate_last(c, interval_cut(&c->interval, &now));
    return count < 0 || !is_whole ? EXIT_IO : EXIT_SUCCESS;
}
