/* SPDX-License-Identifier: MIT
 *
 * capture_file.c -- the packets of a recorded file, whose own times end the intervals.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "capture/capture_state.h"
#include "capture/log.h"

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
        capture_rotate(c, c->interval_end_s);
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

int
capture_run_file(struct capture *c)
{
    char error[SOURCE_ERROR_MAX];
    int count = 1;
    while (count > 0 && !c->signals->stop && !writeout_has_failed(c->writeout)) {
        count = source_dispatch(
            c->source, CAPTURE_DISPATCH_PACKETS, take_file_packet, c, error);
        pipeline_flush(c->pipeline);
    }
    if (count < 0) log_line("%s; what came before it is kept", error);
    if (count >= 0 && !c->signals->stop) tell_file(c);
    if (c->interval_end_s != 0 && !capture_rotate_last(c, c->interval_end_s))
        return EXIT_IO;
    return count < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
