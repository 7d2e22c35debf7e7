/* SPDX-License-Identifier: MIT
 *
 * What counting the packets of a recorded capture costs, without the block at its end.
 *
 *     capture_count FILE [l7]
 *
 * Prints packets, flows, seconds, and seconds of the processor.  The time until all is
 * set up does not count.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/pipeline.h"

enum { MAX_FLOWS = 8 << 20, DISPATCH = 4096, DPI_BYTES = 128 << 20 };

static double
clock_s(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct run {
    struct source *source;
    struct pipeline *pipeline;
    struct ifaces *ifaces;
    struct classify *classify;
    uint64_t packets;
};

static void
drop(void *arg, struct rotation *rotation)
{
    (void)arg;
    rotation_free(rotation);
}

static void
take(void *arg, const struct source_packet *packet)
{
    struct run *run = arg;
    run->packets++;
    pipeline_packet(run->pipeline, packet);
}

static bool
set_up(struct run *run, const char *file, bool l7, char *error)
{
    const struct source_options options = {.file = file};
    strcpy(error, "out of memory");
    if (source_open(&run->source, &options, error) != SOURCE_OK) return false;
    run->ifaces = ifaces_new_file("eth0");
    if (l7) run->classify = classify_new(DPI_BYTES);
    if (run->ifaces == NULL || (l7 && run->classify == NULL)) return false;
    const struct pipeline_options pipeline = {.link = source_link(run->source),
        .ifaces = run->ifaces,
        .classify = run->classify,
        .max_flows = MAX_FLOWS,
        .done = drop};
    run->pipeline = pipeline_new(&pipeline);
    return run->pipeline != NULL;
}

/* As source_dispatch(). */
static int
measure(struct run *run, char *error)
{
    const double start_s = clock_s(CLOCK_MONOTONIC);
    const double cpu_s = clock_s(CLOCK_PROCESS_CPUTIME_ID);
    int count;
    do {
        count = source_dispatch(run->source, DISPATCH, take, run, error);
        pipeline_flush(run->pipeline);
    } while (count > 0);
    printf("%" PRIu64 " packets, %zu flows, %.3f s, %.3f s of the processor\n",
        run->packets, pipeline_flow_count(run->pipeline),
        clock_s(CLOCK_MONOTONIC) - start_s, clock_s(CLOCK_PROCESS_CPUTIME_ID) - cpu_s);
    return count;
}

int
main(int argc, char **argv)
{
    char error[SOURCE_ERROR_MAX];
    struct run run = {NULL};
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "l7") != 0)) {
        fprintf(stderr, "usage: %s FILE [l7]\n", argv[0]);
        return 64;
    }
    if (!set_up(&run, argv[1], argc == 3, error) || measure(&run, error) < 0) {
        fprintf(stderr, "capture_count: %s\n", error);
        return 1;
    }
    pipeline_free(run.pipeline);
    classify_free(run.classify);
    ifaces_free(run.ifaces);
    source_close(run.source);
    return 0;
}
