/* SPDX-License-Identifier: MIT
 *
 * status_text.c -- see status_text.h.
 */
#include "capture/status_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const reasons[GODB_UNDECODED_COUNT] = {
    [GODB_NOT_IP] = "not_ip",
    [GODB_TRUNCATED] = "truncated",
    [GODB_BAD_HEADER] = "bad_header",
    [GODB_TOO_DEEP] = "too_deep",
};

/* --- What all have ---------------------------------------------------------------- */

/* Numbers of one interface that are shown in every format. */
enum figure {
    FIGURE_PACKETS_RCVD,
    FIGURE_PACKETS_SENT,
    FIGURE_BYTES_RCVD,
    FIGURE_BYTES_SENT,
    FIGURE_DROPPED,
    FIGURE_FLOWS,
    FIGURE_MEMORY,
    FIGURE_WAITING,
    FIGURE_LAST_BLOCK,
    FIGURE_COUNT
};

static uint64_t
share_of_memory(const struct view *view, const struct view_iface *iface)
{
    if (view->flow_count == 0) return 0;
    return view->flow_bytes / view->flow_count * iface->flow_count;
}

static uint64_t
figure_of(const struct view *view, const struct view_iface *iface, enum figure figure)
{
    switch (figure) {
    case FIGURE_PACKETS_RCVD:
        return iface->total.packets[PACKET_RECEIVED];
    case FIGURE_PACKETS_SENT:
        return iface->total.packets[PACKET_SENT];
    case FIGURE_BYTES_RCVD:
        return iface->total.bytes[PACKET_RECEIVED];
    case FIGURE_BYTES_SENT:
        return iface->total.bytes[PACKET_SENT];
    case FIGURE_DROPPED:
        return iface->missed;
    case FIGURE_FLOWS:
        return iface->flow_count;
    case FIGURE_MEMORY:
        return share_of_memory(view, iface);
    case FIGURE_WAITING:
        return iface->waiting_count;
    case FIGURE_LAST_BLOCK:
        return iface->written_s > 0 ? (uint64_t)iface->written_s : 0;
    case FIGURE_COUNT:
        break;
    }
    return 0;
}

static const char *
state_of(const struct view_iface *iface)
{
    if (!iface->link.is_there) return "gone";
    return iface->link.is_up ? "up" : "down";
}

static uint64_t
all_undecoded(const struct pipeline_counters *counters)
{
    uint64_t sum = 0;
    for (int why = 0; why < GODB_UNDECODED_COUNT; why++)
        sum += view_undecoded(counters, (enum godb_undecoded)why);
    return sum;
}

/* A name as JSON and Prometheus quote it; names have no control characters. */
static void
put_quoted(FILE *to, const char *text)
{
    fputc('"', to);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fputc('\\', to);
        fputc(*text, to);
    }
    fputc('"', to);
}

/* --- For a person ----------------------------------------------------------------- */

static const char *
time_text(char out[32], int64_t time_s)
{
    struct tm tm;
    const time_t when = (time_t)time_s;
    if (time_s <= 0 || localtime_r(&when, &tm) == NULL ||
        strftime(out, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        return "never";
    return out;
}

static void
put_text_iface(FILE *to, const struct view *view, const struct view_iface *iface)
{
    char time[32];
    fprintf(to, "%-15s %-5s", iface->name, state_of(iface));
    for (int i = FIGURE_PACKETS_RCVD; i <= FIGURE_DROPPED; i++)
        fprintf(to, " %14" PRIu64, figure_of(view, iface, (enum figure)i));
    fprintf(to, " %11" PRIu64 " %9" PRIu64 " %7.1f  %s", all_undecoded(&iface->total),
        iface->flow_count, (double)share_of_memory(view, iface) / (1 << 20),
        time_text(time, iface->written_s));
    if (iface->waiting_count > 0)
        fprintf(to, ", %" PRIu64 " flows could not be written", iface->waiting_count);
    fputc('\n', to);
}

static void
put_text(FILE *to, const struct view *view)
{
    char started[32], next[32];
    const int64_t up_s = view->now_s - view->started_s;
    fprintf(to,
        "goprobe %s, process %ld, since %s (%" PRId64 "d %02" PRId64 ":%02" PRId64
        ":%02" PRId64 "), next block %s\n",
        GODB_VERSION, (long)getpid(), time_text(started, view->started_s), up_s / 86400,
        up_s / 3600 % 24, up_s / 60 % 60, up_s % 60, time_text(next, view->stamp_s));
    fprintf(to,
        "ring       %" PRIu64 " packets, %" PRIu64
        " dropped; longest pause %.1f ms, %.1f ms since the start\n",
        view->ring.received, view->ring.dropped,
        (double)view->pauses.interval_us / 1000, (double)view->pauses.ever_us / 1000);
    fprintf(to,
        "flows      %" PRIu64 " of %" PRIu64 ", %.1f MiB; %" PRIu64
        " packets without addresses, %" PRIu64 " lost\n",
        view->flow_count, view->max_flows, (double)view->flow_bytes / (1 << 20),
        view->shared_packets, view->lost_packets);
    fprintf(to,
        "layer 7    %" PRIu64 " flows in detection, %.1f MiB; %" PRIu64
        " packets skipped\n\n",
        view->dpi_count, (double)view->dpi_bytes / (1 << 20), view->dpi_skipped);
    fprintf(to, "%-15s %-5s %14s %14s %14s %14s %14s %11s %9s %7s  %s\n", "interface",
        "state", "packets rcvd", "packets sent", "bytes rcvd", "bytes sent", "dropped",
        "not counted", "flows", "MiB", "last block");
    for (size_t i = 0; i < view->iface_count; i++)
        if (view->ifaces[i].name[0]) put_text_iface(to, view, &view->ifaces[i]);
}

/* --- For a program ---------------------------------------------------------------- */

static void
put_json_undecoded(FILE *to, const struct pipeline_counters *counters)
{
    fputs("{", to);
    for (int why = 0; why < GODB_UNDECODED_COUNT; why++)
        fprintf(to, "%s\"%s\":%" PRIu64, why ? "," : "", reasons[why],
            view_undecoded(counters, (enum godb_undecoded)why));
    fputs("}", to);
}

static void
put_json_interval(FILE *to, const struct pipeline_counters *counters)
{
    fprintf(to,
        "\"interval\":{\"packets_rcvd\":%" PRIu64 ",\"packets_sent\":%" PRIu64
        ",\"bytes_rcvd\":%" PRIu64 ",\"bytes_sent\":%" PRIu64 ",\"undecoded\":",
        counters->packets[PACKET_RECEIVED], counters->packets[PACKET_SENT],
        counters->bytes[PACKET_RECEIVED], counters->bytes[PACKET_SENT]);
    put_json_undecoded(to, counters);
    fputs("}", to);
}

static void
put_json_iface(FILE *to, const struct view *view, const struct view_iface *iface)
{
    static const char *const names[FIGURE_COUNT] = {"packets_rcvd", "packets_sent",
        "bytes_rcvd", "bytes_sent", "dropped", "flows", "memory_bytes",
        "flows_not_written", "last_block"};
    fputs("{\"name\":", to);
    put_quoted(to, iface->name);
    fprintf(to, ",\"state\":\"%s\"", state_of(iface));
    for (int i = 0; i < FIGURE_COUNT; i++)
        fprintf(
            to, ",\"%s\":%" PRIu64, names[i], figure_of(view, iface, (enum figure)i));
    fputs(",\"undecoded\":", to);
    put_json_undecoded(to, &iface->total);
    fputs(",", to);
    put_json_interval(to, &iface->interval);
    fputs("}", to);
}

static void
put_json(FILE *to, const struct view *view)
{
    fprintf(to,
        "{\"version\":\"%s\",\"pid\":%ld,\"started\":%" PRId64 ",\"now\":%" PRId64
        ",\"next_block\":%" PRId64 ",\"ring\":{\"received\":%" PRIu64
        ",\"dropped\":%" PRIu64 ",\"longest_pause_us\":%" PRIu64
        ",\"longest_pause_ever_us\":%" PRIu64 "},",
        GODB_VERSION, (long)getpid(), view->started_s, view->now_s, view->stamp_s,
        view->ring.received, view->ring.dropped, view->pauses.interval_us,
        view->pauses.ever_us);
    fprintf(to,
        "\"flows\":{\"count\":%" PRIu64 ",\"max\":%" PRIu64 ",\"memory_bytes\":%" PRIu64
        ",\"packets_without_addresses\":%" PRIu64 ",\"packets_lost\":%" PRIu64 "},",
        view->flow_count, view->max_flows, view->flow_bytes, view->shared_packets,
        view->lost_packets);
    fprintf(to,
        "\"detection\":{\"flows\":%" PRIu64 ",\"memory_bytes\":%" PRIu64
        ",\"packets_skipped\":%" PRIu64 "},\"interfaces\":[",
        view->dpi_count, view->dpi_bytes, view->dpi_skipped);
    const char *comma = "";
    for (size_t i = 0; i < view->iface_count; i++) {
        if (view->ifaces[i].name[0] == '\0') continue;
        fputs(comma, to);
        put_json_iface(to, view, &view->ifaces[i]);
        comma = ",";
    }
    fputs("]}\n", to);
}

/* --- For Prometheus --------------------------------------------------------------- */

static void
put_metric(FILE *to, const char *name, const char *type, const char *help)
{
    fprintf(to, "# HELP goprobe_%s %s\n# TYPE goprobe_%s %s\n", name, help, name, type);
}

static void
put_single(
    FILE *to, const char *name, const char *type, const char *help, uint64_t value)
{
    put_metric(to, name, type, help);
    fprintf(to, "goprobe_%s %" PRIu64 "\n", name, value);
}

/* One line for each interface; label may be NULL. */
static void
put_series(FILE *to, const struct view *view, const char *name, const char *label,
    enum figure figure)
{
    for (size_t i = 0; i < view->iface_count; i++) {
        const struct view_iface *iface = &view->ifaces[i];
        if (iface->name[0] == '\0') continue;
        fprintf(to, "goprobe_%s{iface=", name);
        put_quoted(to, iface->name);
        fprintf(to, "%s%s} %" PRIu64 "\n", label ? "," : "", label ? label : "",
            figure_of(view, iface, figure));
    }
}

static void
put_directions(FILE *to, const struct view *view, const char *name, const char *help,
    enum figure rcvd, enum figure sent)
{
    put_metric(to, name, "counter", help);
    put_series(to, view, name, "direction=\"rcvd\"", rcvd);
    put_series(to, view, name, "direction=\"sent\"", sent);
}

static void
put_one_each(FILE *to, const struct view *view, const char *name, const char *type,
    const char *help, enum figure figure)
{
    put_metric(to, name, type, help);
    put_series(to, view, name, NULL, figure);
}

static void
put_up(FILE *to, const struct view *view)
{
    put_metric(to, "interface_up", "gauge", "1 where the interface is there and up.");
    for (size_t i = 0; i < view->iface_count; i++) {
        const struct view_iface *iface = &view->ifaces[i];
        if (iface->name[0] == '\0') continue;
        fputs("goprobe_interface_up{iface=", to);
        put_quoted(to, iface->name);
        fprintf(to, "} %d\n", iface->link.is_there && iface->link.is_up);
    }
}

static void
put_undecoded(FILE *to, const struct view *view)
{
    put_metric(to, "undecoded_packets_total", "counter",
        "Packets that are in no flow, by reason.");
    for (size_t i = 0; i < view->iface_count; i++) {
        const struct view_iface *iface = &view->ifaces[i];
        if (iface->name[0] == '\0') continue;
        for (int why = 0; why < GODB_UNDECODED_COUNT; why++) {
            fputs("goprobe_undecoded_packets_total{iface=", to);
            put_quoted(to, iface->name);
            fprintf(to, ",reason=\"%s\"} %" PRIu64 "\n", reasons[why],
                view_undecoded(&iface->total, (enum godb_undecoded)why));
        }
    }
}

static void
put_process(FILE *to, const struct view *view)
{
    put_metric(to, "info", "gauge", "The version that runs.");
    fprintf(to, "goprobe_info{version=\"%s\"} 1\n", GODB_VERSION);
    put_single(to, "start_time_seconds", "gauge", "When the capture began.",
        (uint64_t)view->started_s);
    put_single(to, "ring_packets_total", "counter",
        "Packets that came to the kernel's ring, dropped ones included.",
        view->ring.received);
    put_single(to, "ring_dropped_packets_total", "counter",
        "Packets that the full ring lost.", view->ring.dropped);
    put_metric(to, "ring_longest_pause_seconds", "gauge",
        "Longest time in which waiting packets were not taken, in this interval.");
    fprintf(to, "goprobe_ring_longest_pause_seconds %.6f\n",
        (double)view->pauses.interval_us / 1e6);
    put_single(
        to, "flows_max", "gauge", "Flows that there is room for.", view->max_flows);
    put_single(to, "flow_memory_bytes", "gauge", "Memory of flows and their index.",
        view->flow_bytes);
    put_single(to, "packets_without_addresses_total", "counter",
        "Packets counted without addresses, the table was full.", view->shared_packets);
    put_single(to, "packets_lost_total", "counter",
        "Packets that were not counted, memory was out.", view->lost_packets);
    put_single(
        to, "detection_flows", "gauge", "Flows in layer 7 detection.", view->dpi_count);
    put_single(to, "detection_memory_bytes", "gauge", "Memory of their states.",
        view->dpi_bytes);
    put_single(to, "detection_skipped_packets_total", "counter",
        "Packets that were only counted, to lose none.", view->dpi_skipped);
}

static void
put_prometheus(FILE *to, const struct view *view)
{
    put_process(to, view);
    put_up(to, view);
    put_directions(to, view, "packets_total", "Packets that came.", FIGURE_PACKETS_RCVD,
        FIGURE_PACKETS_SENT);
    put_directions(to, view, "bytes_total", "Bytes of whole frames.", FIGURE_BYTES_RCVD,
        FIGURE_BYTES_SENT);
    put_one_each(to, view, "interface_dropped_packets_total", "counter",
        "Packets that the interface itself lost.", FIGURE_DROPPED);
    put_undecoded(to, view);
    put_one_each(to, view, "flows", "gauge", "Flows that are held.", FIGURE_FLOWS);
    put_one_each(to, view, "flows_not_written", "gauge",
        "Flows of blocks that could not be written yet.", FIGURE_WAITING);
    put_one_each(to, view, "last_block_seconds", "gauge",
        "Stamp of the last block; 0: none.", FIGURE_LAST_BLOCK);
}

bool
status_text(
    char **out, size_t *out_size, const struct view *view, enum status_format format)
{
    FILE *to = open_memstream(out, out_size);
    if (to == NULL) return false;
    if (format == STATUS_JSON)
        put_json(to, view);
    else if (format == STATUS_PROMETHEUS)
        put_prometheus(to, view);
    else
        put_text(to, view);
    return fclose(to) == 0 && *out != NULL;
}
