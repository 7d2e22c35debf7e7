/* SPDX-License-Identifier: MIT
 *
 * capture.c -- see capture.h.
 *
 *      source --> packet_parse --> fragments --> flowtab_add --> classify_packet
 *                                                   |
 *              every 300 s of wall clock, or of a file's packets: rotation_take
 *                                                   |
 *                                               writeout (its own thread)
 */
#include "capture/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/classify.h"
#include "capture/fragments.h"
#include "capture/log.h"
#include "capture/privileges.h"
#include "capture/source.h"
#include "capture/writeout.h"

enum {
    SNAPLEN_DPI = 2048,   /* nDPI wants whole packets */
    SNAPLEN_NO_DPI = 256, /* room for VLANs, options and extension headers */
    DISPATCH_PACKETS = 4096,
    POLL_MS = 200,
    DRAIN_MS = 250, /* longer than libpcap holds packets back */
    DRAIN_MAX_MS = 5000,
    AGING_PACKETS = 64,
    REFRESH_S = 1,
    MAX_FLOWS = 4 << 20,
    MAX_DPI_STATES = 128 << 10
};

struct capture {
    const struct options *options;
    struct source *source;
    struct writeout *writeout;
    struct flowtab *table;
    struct classify *classify; /* NULL with --no-dpi */
    struct godb_l7_names *l7_names;
    struct fragments *fragments;
    int64_t interval_end_s; /* stamp of the interval at hand; 0: none has begun */
    uint64_t *received;     /* packets of each interface in this interval */
    uint64_t verdicts[PACKET_VERDICT_COUNT]; /* of the interval */
    uint64_t no_room;       /* packets that the full table could not take */
    int64_t last_packet_ms; /* live: its time */
    unsigned since_aging;   /* packets since flows were last aged */
    size_t aging_cursor;
    struct source_stats stats; /* at the last rotation */
};

/* The end of the interval (S - 300, S] that holds this moment. */
static int64_t
interval_end(int64_t time_s, uint32_t time_us)
{
    const int64_t start_s = time_s - time_s % GODB_INTERVAL_S;
    return start_s == time_s && time_us == 0 ? time_s : start_s + GODB_INTERVAL_S;
}

/* --- Packets ----------------------------------------------------------------- */

struct aging {
    struct classify *classify;
    uint64_t time_ms;
};

static void
age_flow(void *arg, struct flow *flow)
{
    const struct aging *aging = arg;
    classify_age(aging->classify, flow, aging->time_ms);
}

/* For each packet one flow is looked at, going round: the more packets come, the faster
 * detections that wait for nothing make room. */
static void
age_some(struct capture *c, uint64_t time_ms)
{
    struct aging aging = {c->classify, time_ms};
    if (++c->since_aging < AGING_PACKETS) return;
    c->since_aging = 0;
    flowtab_visit(c->table, &c->aging_cursor, AGING_PACKETS, age_flow, &aging);
}

static void
count_packet(struct capture *c, const struct source_packet *from)
{
    struct packet packet;
    bool is_forward;
    const enum packet_verdict verdict = packet_parse(&packet, source_link(c->source),
        from->bytes, from->captured_bytes, from->wire_bytes);
    const int iface = source_iface(c->source, packet.ifindex);
    if (iface < 0) return; /* of an interface that has just gone */
    c->received[iface]++;
    c->verdicts[verdict]++;
    if (verdict != PACKET_OK) return;
    fragments_apply(c->fragments, &packet);
    struct flow *flow = flowtab_add(c->table, &packet, (uint16_t)iface, &is_forward);
    if (flow == NULL) {
        c->no_room++;
        return;
    }
    if (c->classify == NULL) return;
    const uint64_t time_ms = (uint64_t)from->time_s * 1000 + from->time_us / 1000;
    if (!flow->l7_done)
        classify_packet(c->classify, flow, &packet, is_forward, time_ms);
    age_some(c, time_ms);
}

/* --- Rotations --------------------------------------------------------------- */

/* libpcap counts drops of the ring, which all interfaces share: each block has the
 * whole number, since any of its packets may have been among them. */
static void
fill_stats(struct capture *c, struct rotation *rotation)
{
    struct source_stats now;
    source_read_stats(c->source, &now);
    for (size_t i = 0; i < rotation->iface_count; i++) {
        struct godb_pcap_stats *stats = &rotation->stats[i].pcap;
        stats->received = (int64_t)c->received[i];
        stats->dropped = (int64_t)(now.dropped - c->stats.dropped);
        stats->if_dropped = (int64_t)(now.if_dropped - c->stats.if_dropped);
        c->received[i] = 0;
    }
    if (now.dropped > c->stats.dropped)
        log_line("warning: %" PRIu64
                 " packets were lost, the ring was full; try a larger "
                 "--buffer",
            now.dropped - c->stats.dropped);
    c->stats = now;
}

static void
tell_uncounted(struct capture *c)
{
    if (c->no_room > 0)
        log_line("warning: %" PRIu64
                 " packets not counted, the table of %d flows is full",
            c->no_room, MAX_FLOWS);
    const uint64_t broken = c->verdicts[PACKET_TRUNCATED] + c->verdicts[PACKET_BAD];
    if (broken > 0)
        log_line("warning: %" PRIu64 " packets not counted, their IP header is cut off "
                 "or wrong",
            broken);
    c->no_room = 0;
    memset(c->verdicts, 0, sizeof c->verdicts);
}

static void
rotate(struct capture *c, int64_t time_s)
{
    struct rotation *rotation =
        rotation_take(c->table, c->classify, c->options->iface_count, time_s);
    if (rotation == NULL) {
        log_line("warning: out of memory, this interval goes into the next block");
        return;
    }
    fill_stats(c, rotation);
    tell_uncounted(c);
    writeout_submit(c->writeout, rotation);
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
    if (end_s > c->interval_end_s) {
        rotate(c, c->interval_end_s);
        c->interval_end_s = end_s;
    }
    count_packet(c, packet);
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
    if (c->interval_end_s != 0) rotate(c, c->interval_end_s);
    return count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- Live -------------------------------------------------------------------- */

static void
take_live_packet(void *arg, const struct source_packet *packet)
{
    struct capture *c = arg;
    c->last_packet_ms = packet->time_s * 1000 + packet->time_us / 1000;
    count_packet(c, packet);
}

static int
wait_for_packets(struct capture *c, int timeout_ms)
{
    struct pollfd fd = {.fd = source_fd(c->source), .events = POLLIN};
    return poll(&fd, 1, timeout_ms);
}

static int64_t
clock_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the ring still holds: part-filled pieces of it come only after a while.  Ends
 * when it has been quiet for that long, or with packets that are later than its start:
 * under load it is never quiet. */
static void
drain(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    const int64_t stop_ms = clock_ms(CLOCK_REALTIME);
    const int64_t start_ms = clock_ms(CLOCK_MONOTONIC);
    int64_t passed_ms;
    int count;
    do {
        count =
            source_dispatch(c->source, DISPATCH_PACKETS, take_live_packet, c, error);
        if (count == 0) wait_for_packets(c, POLL_MS / 4);
        passed_ms = clock_ms(CLOCK_MONOTONIC) - start_ms;
    } while (count >= 0 && c->last_packet_ms <= stop_ms && passed_ms < DRAIN_MAX_MS &&
             (count > 0 || passed_ms < DRAIN_MS));
}

/* The wall clock passed the interval's end. */
static void
rotate_on_time(struct capture *c, int64_t now_s)
{
    /* After a suspend, or a clock set forward, the end is long past: the block's stamp
     * is that of the last interval that is over. */
    int64_t stamp_s = c->interval_end_s;
    if (now_s - stamp_s > GODB_INTERVAL_S) stamp_s = now_s - now_s % GODB_INTERVAL_S;
    rotate(c, stamp_s);
    c->interval_end_s = stamp_s + GODB_INTERVAL_S;
}

static void
look_at_clock(struct capture *c, int64_t *last_refresh_s)
{
    char error[SOURCE_ERROR_MAX];
    const int64_t now_s = time(NULL);
    if (now_s >= c->interval_end_s) rotate_on_time(c, now_s);
    /* A clock that was set back: the interval at hand would last for ever. */
    if (c->interval_end_s - now_s > GODB_INTERVAL_S)
        c->interval_end_s = interval_end(now_s, 1);
    if (now_s - *last_refresh_s < REFRESH_S && now_s >= *last_refresh_s) return;
    *last_refresh_s = now_s;
    if (source_refresh(c->source, error) != SOURCE_OK) log_line("warning: %s", error);
}

static int
run_live(struct capture *c, const volatile sig_atomic_t *stop)
{
    char error[SOURCE_ERROR_MAX];
    int64_t last_refresh_s = time(NULL);
    int count = 0;
    c->interval_end_s = interval_end(last_refresh_s, 1);
    log_line("capturing on %zu interface(s), next block at %" PRId64,
        c->options->iface_count, c->interval_end_s);
    while (!*stop && count >= 0) {
        if (count == 0) wait_for_packets(c, POLL_MS);
        count =
            source_dispatch(c->source, DISPATCH_PACKETS, take_live_packet, c, error);
        look_at_clock(c, &last_refresh_s);
    }
    if (count < 0) log_line("%s", error);
    if (count >= 0) drain(c);
    rotate(c, time(NULL));
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
open_memory(struct capture *c)
{
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    int rc = GODB_OK;
    c->table = flowtab_new(MAX_FLOWS);
    c->fragments = calloc(1, sizeof *c->fragments);
    c->received = calloc(c->options->iface_count, sizeof *c->received);
    if (!c->options->no_dpi) {
        c->classify = classify_new(MAX_DPI_STATES);
        rc =
            c->classify ? classify_names(c->classify, &c->l7_names, &err) : GODB_ENOMEM;
    }
    if (c->table && c->fragments && c->received && rc == GODB_OK) return EXIT_SUCCESS;
    log_line("%s", err.msg);
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

static bool
forget_flow(void *arg, struct flow *flow)
{
    struct capture *c = arg;
    if (c->classify) classify_end(c->classify, flow);
    return false;
}

static void
close_all(struct capture *c)
{
    if (c->table) flowtab_sweep(c->table, forget_flow, c);
    flowtab_free(c->table);
    classify_free(c->classify);
    godb_l7_names_free(c->l7_names);
    source_close(c->source);
    free(c->fragments);
    free(c->received);
}

int
capture_run(const struct options *options, const volatile sig_atomic_t *stop)
{
    struct capture c = {.options = options};
    /* The source first: a file that is none must not leave a database behind. */
    int exit_code = open_source(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_memory(&c);
    if (exit_code == EXIT_SUCCESS) exit_code = open_writeout(&c);
    if (exit_code == EXIT_SUCCESS) {
        if (options->file == NULL) privileges_drop(options->db_path);
        exit_code = options->file ? run_file(&c, stop) : run_live(&c, stop);
        if (writeout_close(c.writeout) != 0) exit_code = EXIT_IO;
    }
    close_all(&c);
    return exit_code;
}
