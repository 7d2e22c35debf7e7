/* SPDX-License-Identifier: MIT
 *
 * interval.h -- when an interval ends and which stamp its block has, whatever the clock
 * does.
 *
 *      wall     12:00      12:05      12:10        marks every GODB_INTERVAL_S
 *               --|----------|----------|---
 *      stamp         12:05      12:10              of the interval that ends there
 *
 *      set forward, or asleep    the interval at hand ends with the stamp that it was
 *                                to have, and the next one at the next mark
 *      set back a little         it goes on until its mark comes again
 *      set back far              it ends with the stamp that it was to have; those that
 *                                follow are stamped one second behind each other until
 *                                the clock has caught up
 *
 * So stamps always rise, and each packet counts in one interval.  Pure: the clocks come
 * as arguments.
 */
#ifndef CAPTURE_INTERVAL_H
#define CAPTURE_INTERVAL_H

#include <stdbool.h>
#include <stdint.h>

/* The clocks at one moment, in milliseconds. */
struct clock_reading {
    int64_t wall_ms;  /* since the epoch; can be set */
    int64_t boot_ms;  /* since the start of the machine, its sleep included */
    int64_t awake_ms; /* likewise, without its sleep */
};

void clock_read(struct clock_reading *out);

struct interval {
    int64_t mark_s; /* when the interval at hand ends */
    int64_t last_s; /* stamp of the one before; 0: none */
    struct clock_reading seen;
};

/* What became of the clock and of the interval since the last look. */
struct interval_news {
    bool is_over;
    int64_t stamp_s;  /* is_over: of the interval that ended */
    int64_t jump_ms;  /* the wall clock was set forward, or back (< 0); 0: it was not */
    int64_t sleep_ms; /* the machine was suspended */
};

void interval_begin(struct interval *interval, const struct clock_reading *now);

/* To be called several times a second. */
struct interval_news interval_look(
    struct interval *interval, const struct clock_reading *now);

/* The stamp that the interval at hand is to have. */
int64_t interval_stamp(const struct interval *interval);

/* The stamp of the interval at hand if it ends now, before its mark. */
int64_t interval_cut(const struct interval *interval, const struct clock_reading *now);

/* The end of the interval (S - GODB_INTERVAL_S, S] that holds this moment. */
int64_t interval_end(int64_t time_s, uint32_t time_us);

#endif
