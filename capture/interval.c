/* SPDX-License-Identifier: MIT
 *
 * interval.c -- see interval.h.
 */
#include "capture/interval.h"

#include <time.h>

#include "godb/godb.h"

/* Less than that is a clock that is being slewed, or a thread that had to wait between
 * two clocks. */
enum { JUMP_MS = 1000 };

static int64_t
read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
clock_read(struct clock_reading *out)
{
    out->awake_ms = read_ms(CLOCK_MONOTONIC);
    out->boot_ms = read_ms(CLOCK_BOOTTIME);
    out->wall_ms = read_ms(CLOCK_REALTIME);
}

int64_t
interval_end(int64_t time_s, uint32_t time_us)
{
    const int64_t start_s = time_s - time_s % GODB_INTERVAL_S;
    return start_s == time_s && time_us == 0 ? time_s : start_s + GODB_INTERVAL_S;
}

void
interval_begin(struct interval *interval, const struct clock_reading *now)
{
    interval->mark_s = interval_end(now->wall_ms / 1000, 1);
    interval->last_s = 0;
    interval->seen = *now;
}

static int64_t
if_large(int64_t difference_ms)
{
    return difference_ms >= JUMP_MS || difference_ms <= -JUMP_MS ? difference_ms : 0;
}

static int64_t
behind_last(const struct interval *interval, int64_t stamp_s)
{
    return stamp_s > interval->last_s ? stamp_s : interval->last_s + 1;
}

struct interval_news
interval_look(struct interval *interval, const struct clock_reading *now)
{
    const struct clock_reading *seen = &interval->seen;
    const int64_t boot_ms = now->boot_ms - seen->boot_ms;
    const int64_t now_s = now->wall_ms / 1000;
    struct interval_news news = {
        .jump_ms = if_large(now->wall_ms - seen->wall_ms - boot_ms),
        .sleep_ms = if_large(boot_ms - (now->awake_ms - seen->awake_ms)),
    };
    interval->seen = *now;
    if (now_s < interval->mark_s &&
        interval->mark_s - now_s <= INT64_C(2) * GODB_INTERVAL_S)
        return news;
    news.is_over = true;
    news.stamp_s = interval->last_s = interval_stamp(interval);
    interval->mark_s = interval_end(now_s, 1);
    return news;
}

int64_t
interval_stamp(const struct interval *interval)
{
    return behind_last(interval, interval->mark_s);
}

int64_t
interval_cut(const struct interval *interval, const struct clock_reading *now)
{
    return behind_last(interval, now->wall_ms / 1000);
}
