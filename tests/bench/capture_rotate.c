/* SPDX-License-Identifier: MIT
 *
 * How long packets wait where an interval ends.
 *
 *     capture_rotate FILE DATABASE
 *
 * Reads a recorded capture, ends the interval, reads it again until all flows of the
 * interval are collected, and prints: flows; the
 * longest time that packets waited before and after the end, in us; packets until all
 * flows were collected; seconds that writing them
 * took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "capture/pipeline.h"
#include "capture/writeout.h"

enum { MAX_FLOWS = 8 << 20, DISPATCH = 32 };

struct run {
    struct source *source;
    struct pipeline *pipeline;
    struct writeout *writeout;
    bool is_done;
    uint64_t packets, packets_at_end, collect_packets;
    double longest_s;
};

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
done(void *arg, struct rotation *rotation)
{
    struct run *run = arg;
    run->collect_packets = run->packets - run->packets_at_end;
    run->is_done = true;
    writeout_submit(run->writeout, rotation);
}

static void
take(void *arg, const struct source_packet *packet)
{
    struct run *run = arg;
    run->packets++;
    pipeline_packet(run->pipeline, packet);
}

/* All packets of the file; the longest that a batch of them took. */
static int
read_all(struct run *run, const struct source_options *options)
{
    char error[SOURCE_ERROR_MAX];
    int count = 1;
    run->longest_s = 0;
    if (source_open(&run->source, options, error) != SOURCE_OK) {
        fprintf(stderr, "capture_rotate: %s\n", error);
        return -1;
    }
    while (count > 0 && !run->is_done) {
        const double start_s = now_s();
        count = source_dispatch(run->source, DISPATCH, take, run, error);
        pipeline_flush(run->pipeline);
        const double took_s = now_s() - start_s;
        if (took_s > run->longest_s) run->longest_s = took_s;
    }
    source_close(run->source);
    return count;
}

static int
measure(struct run *run, const struct source_options *options)
{
    const struct pipeline_drops no_drops = {0, NULL};
    if (read_all(run, options) < 0) return 1;
    printf("%zu flows; longest wait %.0f us in between",
        pipeline_flow_count(run->pipeline), run->longest_s * 1e6);
    run->packets_at_end = run->packets;
    const double start_s = now_s();
    if (!pipeline_end_interval(run->pipeline, 1700006700, &no_drops)) return 1;
    const double pause_s = now_s() - start_s;
    if (read_all(run, options) < 0) return 1;
    printf(", %.0f us at the end of the interval",
        (pause_s > run->longest_s ? pause_s : run->longest_s) * 1e6);
    printf("; collected within %" PRIu64 " packets", run->collect_packets);
    const double close_s = now_s();
    const int rc = writeout_close(run->writeout);
    printf("; written in %.2f s\n", now_s() - close_s);
    return rc != 0;
}

int
main(int argc, char **argv)
{
    static const char *const iface = "eth0";
    if (argc != 3) {
        fprintf(stderr, "usage: %s FILE DATABASE\n", argv[0]);
        return 64;
    }
    struct run run = {0};
    const struct source_options options = {.file = argv[1]};
    const struct writeout_options out = {
        .db_path = argv[2], .ifaces = &iface, .iface_count = 1};
    struct godb_err err;
    char error[SOURCE_ERROR_MAX];
    if (writeout_open(&run.writeout, &out, &err) != GODB_OK) {
        fprintf(stderr, "capture_rotate: %s\n", err.msg);
        return 1;
    }
    if (source_open(&run.source, &options, error) != SOURCE_OK) {
        fprintf(stderr, "capture_rotate: %s\n", error);
        return 1;
    }
    const struct pipeline_options pipeline = {.link = source_link(run.source),
        .ifaces = ifaces_new_file(iface),
        .max_flows = MAX_FLOWS,
        .done = done,
        .arg = &run};
    run.pipeline = pipeline_new(&pipeline);
    if (pipeline.ifaces == NULL || run.pipeline == NULL) return 1;
    const int rc = measure(&run, &options);
    pipeline_free(run.pipeline);
    ifaces_free(pipeline.ifaces);
    return rc;
}
