/* SPDX-License-Identifier: MIT
 *
 * pipeline.c -- see pipeline.h.
 */
#include "capture/pipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/fragments.h"

enum {
    BATCH = 64,
    BYTES_MAX = 65536, /* of a packet that is classified; more is cut off */
    COLLECT_A_BATCH =
        256, /* flows, so that a million are done within 250,000 packets */
    AGE_A_BATCH = 32
};

struct pending {
    struct packet packet;
    struct flow_place place;
    uint64_t time_ms;
    struct flow *flow; /* once it is counted; NULL: in none */
    bool is_forward;
};

struct pipeline {
    struct pipeline_options options;
    struct flowtab *table;
    struct fragments *fragments;
    struct rotation *rotation; /* of the interval that is over; NULL: none */
    struct rotation *view;     /* copy of the interval at hand; NULL: none is made */
    size_t view_cursor;
    bool view_failed;
    struct pipeline_counters *counters; /* of each interface */
    struct pipeline_counters *before;   /* what they were when the interval began */
    size_t aging_cursor;
    bool is_in_hurry;
    uint64_t hurried_packets;
    size_t pending_count;
    size_t bytes_used;
    uint8_t *bytes; /* of the packets that are pending, for classification */
    struct pending pending[BATCH];
};

/* --- Flows at an interval's end --------------------------------------------------- */

static bool
take(void *arg, const struct flow *flow)
{
    struct pipeline *p = arg;
    return p->rotation != NULL && rotation_take(p->rotation, p->options.classify, flow);
}

static void
forget(void *arg, struct flow *flow)
{
    struct pipeline *p = arg;
    if (p->options.classify) classify_end(p->options.classify, flow);
}

/* --- Life ------------------------------------------------------------------------- */

struct pipeline *
pipeline_new(const struct pipeline_options *options)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    const struct flowtab_calls calls = {take, forget, p};
    p->options = *options;
    p->table = flowtab_new(options->max_flows, &calls);
    p->fragments = calloc(1, sizeof *p->fragments);
    p->counters = calloc(IFACES_MAX, sizeof *p->counters);
    p->before = calloc(IFACES_MAX, sizeof *p->before);
    if (options->classify) p->bytes = malloc((size_t)BATCH * BYTES_MAX);
    if (p->table && p->fragments && p->counters && p->before &&
        (p->bytes || !options->classify))
        return p;
    pipeline_free(p);
    return NULL;
}

static void
forget_flow(void *arg, struct flow *flow)
{
    forget(arg, flow);
}

void
pipeline_free(struct pipeline *p)
{
    size_t cursor = 0;
    if (p == NULL) return;
    if (p->table) flowtab_visit(p->table, &cursor, SIZE_MAX, forget_flow, p);
    flowtab_free(p->table);
    rotation_free(p->rotation);
    free(p->fragments);
    free(p->counters);
    free(p->before);
    free(p->bytes);
    free(p);
}

size_t
pipeline_flow_count(const struct pipeline *p)
{
    return flowtab_count(p->table);
}

static void
add_packets(void *arg, const struct flow *flow)
{
    uint64_t *sum = arg;
    *sum += flow->packets_rcvd + flow->packets_sent;
}

uint64_t
pipeline_held_packets(const struct pipeline *p)
{
    size_t cursor = 0;
    uint64_t sum = 0;
    flowtab_walk(p->table, &cursor, SIZE_MAX, add_packets, &sum);
    return sum;
}

size_t
pipeline_flow_count_of(const struct pipeline *p, size_t iface)
{
    return flowtab_count_of(p->table, (uint16_t)iface);
}

size_t
pipeline_flow_bytes(const struct pipeline *p)
{
    return flowtab_bytes(p->table);
}

/* --- Packets ---------------------------------------------------------------------- */

/* For classification, until the batch is counted: most sources read on before. */
static void
keep_bytes(struct pipeline *p, struct packet *packet, bool is_lasting)
{
    if (packet->ip_captured_bytes > BYTES_MAX) packet->ip_captured_bytes = BYTES_MAX;
    if (is_lasting) return;
    uint8_t *to = p->bytes + p->bytes_used;
    memcpy(to, packet->ip, packet->ip_captured_bytes);
    packet->ip = to;
    p->bytes_used += packet->ip_captured_bytes;
}

/* The slot that the packet belongs to; negative: none. */
static int
iface_of(struct pipeline *p, uint32_t ifindex)
{
    const int slot = ifaces_slot(p->options.ifaces, ifindex);
    if (slot != IFACES_UNKNOWN) return slot;
    if (p->options.learn == NULL)
        ifaces_ignore(p->options.ifaces, ifindex);
    else
        p->options.learn(p->options.arg, ifindex);
    return ifaces_slot(p->options.ifaces, ifindex);
}

static void
count_frame(struct pipeline_counters *counters, const struct packet *packet,
    enum packet_verdict verdict)
{
    counters->packets[packet->direction]++;
    counters->bytes[packet->direction] += packet->wire_bytes;
    counters->verdicts[verdict]++;
}

void
pipeline_packet(struct pipeline *p, const struct source_packet *from)
{
    struct pending *pending = &p->pending[p->pending_count];
    struct packet *packet = &pending->packet;
    const enum packet_verdict verdict = packet_parse(
        packet, p->options.link, from->bytes, from->captured_bytes, from->wire_bytes);
    const int iface = iface_of(p, packet->ifindex);
    if (iface < 0) return;
    count_frame(&p->counters[iface], packet, verdict);
    if (verdict != PACKET_OK) return;
    fragments_apply(p->fragments, packet);
    flowtab_prepare(p->table, packet, (uint16_t)iface, &pending->place);
    pending->time_ms = (uint64_t)from->time_s * 1000 + from->time_us / 1000;
    if (p->options.classify) keep_bytes(p, packet, from->is_lasting);
    if (++p->pending_count == BATCH) pipeline_flush(p);
}

/* What it takes to classify the packet is on its way from memory then. */
static void
count_packet(struct pipeline *p, struct pending *pending)
{
    pending->flow =
        flowtab_add(p->table, &pending->place, &pending->packet, &pending->is_forward);
    if (pending->flow && p->options.classify && !p->is_in_hurry)
        classify_fetch(p->options.classify, pending->flow);
}

static void
classify_pending(struct pipeline *p, const struct pending *pending)
{
    struct flow *flow = pending->flow;
    if (flow == NULL || flow->l7_done) return;
    if (p->is_in_hurry) {
        p->hurried_packets++;
        return;
    }
    classify_packet(p->options.classify, flow, &pending->packet, pending->is_forward,
        pending->time_ms);
}

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
age_some(struct pipeline *p, uint64_t time_ms)
{
    struct aging aging = {p->options.classify, time_ms};
    if (p->options.classify)
        flowtab_visit(p->table, &p->aging_cursor, AGE_A_BATCH, age_flow, &aging);
}

void
pipeline_flush(struct pipeline *p)
{
    const size_t count = p->pending_count;
    if (count == 0) return;
    for (size_t i = 0; i < count; i++)
        flowtab_fetch(p->table, &p->pending[i].place);
    for (size_t i = 0; i < count; i++)
        count_packet(p, &p->pending[i]);
    for (size_t i = 0; p->options.classify && i < count; i++)
        classify_pending(p, &p->pending[i]);
    p->pending_count = 0;
    p->bytes_used = 0;
    age_some(p, p->pending[count - 1].time_ms);
    if (p->rotation) pipeline_collect(p, COLLECT_A_BATCH);
}

void
pipeline_hurry(struct pipeline *p, bool is_in_hurry)
{
    p->is_in_hurry = is_in_hurry;
}

uint64_t
pipeline_hurried_packets(const struct pipeline *p)
{
    return p->hurried_packets;
}

/* --- Counters --------------------------------------------------------------------- */

enum packet_verdict
pipeline_verdict_of(enum godb_undecoded why)
{
    static const enum packet_verdict verdicts[GODB_UNDECODED_COUNT] = {
        [GODB_NOT_IP] = PACKET_NOT_IP,
        [GODB_TRUNCATED] = PACKET_TRUNCATED,
        [GODB_BAD_HEADER] = PACKET_BAD,
        [GODB_TOO_DEEP] = PACKET_TOO_DEEP,
    };
    return verdicts[why];
}

struct pipeline_counters
pipeline_total(const struct pipeline *p, size_t iface)
{
    return p->counters[iface];
}

struct pipeline_counters
pipeline_interval(const struct pipeline *p, size_t iface)
{
    struct pipeline_counters counters = p->counters[iface];
    const struct pipeline_counters *before = &p->before[iface];
    for (int i = 0; i < 2; i++) {
        counters.packets[i] -= before->packets[i];
        counters.bytes[i] -= before->bytes[i];
    }
    for (int i = 0; i < PACKET_VERDICT_COUNT; i++)
        counters.verdicts[i] -= before->verdicts[i];
    return counters;
}

/* --- Intervals -------------------------------------------------------------------- */

/* libpcap counts drops of the ring, which all interfaces share: each block has the
 * whole number, since any of its packets may have been among them. */
static void
fill_stats(
    struct pipeline *p, struct rotation *rotation, const struct pipeline_drops *drops)
{
    for (size_t i = 0; i < rotation->iface_count; i++) {
        struct godb_pcap_stats *stats = &rotation->stats[i].pcap;
        const struct pipeline_counters counters = pipeline_interval(p, i);
        stats->received = (int64_t)(counters.packets[PACKET_RECEIVED] +
                                    counters.packets[PACKET_SENT]);
        stats->dropped = drops->ring;
        stats->if_dropped = drops->link ? (int64_t)drops->link[i] : -1;
        for (int k = 0; k < GODB_UNDECODED_COUNT; k++)
            stats->undecoded[k] = (int64_t)counters.verdicts[pipeline_verdict_of(k)];
        p->before[i] = p->counters[i];
    }
}

static void
restart_view(struct pipeline *p)
{
    rotation_clear(p->view);
    p->view_cursor = 0;
    p->view_failed = false;
}

static void
fill_ifaces(const struct pipeline *p, struct rotation *rotation)
{
    for (size_t i = 0; i < rotation->iface_count; i++) {
        const struct iface_view view = ifaces_view(p->options.ifaces, (int)i);
        struct rotation_iface *to = &rotation->ifaces[i];
        if (view.name != NULL) snprintf(to->name, sizeof to->name, "%s", view.name);
        to->is_active = view.is_wanted || rotation->stats[i].pcap.received > 0;
    }
}

bool
pipeline_collect(struct pipeline *p, size_t count)
{
    if (p->rotation == NULL) return false;
    if (flowtab_sweep(p->table, count)) return true;
    struct rotation *rotation = p->rotation;
    p->rotation = NULL;
    p->options.done(p->options.arg, rotation);
    return false;
}

bool
pipeline_end_interval(
    struct pipeline *p, int64_t time_s, const struct pipeline_drops *drops)
{
    pipeline_flush(p);
    pipeline_collect(p, SIZE_MAX);
    struct rotation *rotation =
        rotation_new((size_t)ifaces_slot_count(p->options.ifaces), time_s);
    if (rotation == NULL) return false;
    fill_stats(p, rotation, drops);
    fill_ifaces(p, rotation);
    p->rotation = rotation;
    if (p->view) restart_view(p);
    flowtab_begin_epoch(p->table);
    return true;
}

void
pipeline_forget_iface(struct pipeline *p, size_t iface)
{
    p->counters[iface] = p->before[iface] = (struct pipeline_counters){.packets = {0}};
}

struct flowtab_lack
pipeline_see_lack(const struct pipeline *p)
{
    return flowtab_see_lack(p->table);
}

struct flowtab_lack
pipeline_take_lack(struct pipeline *p)
{
    return flowtab_take_lack(p->table);
}

/* --- Views ------------------------------------------------------------------------ */

static void
copy_flow(void *arg, const struct flow *flow)
{
    struct pipeline *p = arg;
    if (flow->packets_rcvd + flow->packets_sent == 0) return;
    if (!rotation_take(p->view, p->options.classify, flow)) p->view_failed = true;
}

void
pipeline_begin_view(struct pipeline *p, struct rotation *rows)
{
    p->view = rows;
    restart_view(p);
}

enum pipeline_view
pipeline_copy_view(struct pipeline *p, size_t count)
{
    /* Flows that are not swept yet have counters of the interval before. */
    if (p->rotation != NULL) return PIPELINE_VIEW_MORE;
    const bool is_more = flowtab_walk(p->table, &p->view_cursor, count, copy_flow, p);
    if (p->view_failed) return PIPELINE_VIEW_FAILED;
    return is_more ? PIPELINE_VIEW_MORE : PIPELINE_VIEW_WHOLE;
}

void
pipeline_end_view(struct pipeline *p)
{
    p->view = NULL;
}
