/* SPDX-License-Identifier: MIT
 *
 * Intervals under clocks that are set, slewed and stopped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/interval.h"
#include "godb/godb.h"

enum { NOON = 1700049600, STEP_MS = 200 };

static struct clock_reading
reading_at(int64_t wall_s)
{
    return (struct clock_reading){wall_s * 1000, 5000000, 4000000};
}

/* Time goes by. */
static void
pass(struct clock_reading *now, int64_t ms)
{
    now->wall_ms += ms;
    now->boot_ms += ms;
    now->awake_ms += ms;
}

/* Looks every STEP_MS for so long; the stamps of the intervals that ended go to stamps,
 * and nothing else may be said. */
static int
look_for(struct interval *interval, struct clock_reading *now, int64_t seconds,
    int64_t *stamps)
{
    int count = 0;
    for (int64_t ms = 0; ms < seconds * 1000; ms += STEP_MS) {
        pass(now, STEP_MS);
        const struct interval_news news = interval_look(interval, now);
        assert_int_equal(news.jump_ms, 0);
        assert_int_equal(news.sleep_ms, 0);
        if (news.is_over) stamps[count++] = news.stamp_s;
    }
    return count;
}

static void
intervals_end_on_the_marks_of_the_wall_clock(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON + 17);
    int64_t stamps[8];
    interval_begin(&interval, &now);
    assert_int_equal(interval_stamp(&interval), NOON + 300);
    assert_int_equal(look_for(&interval, &now, 1000, stamps), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(stamps[i], NOON + 300 * (i + 1));
    assert_int_equal(interval_cut(&interval, &now), NOON + 1017);
}

static void
an_interval_that_begins_on_a_mark_ends_at_the_next(void **state)
{
    (void)state;
    struct interval interval;
    const struct clock_reading now = reading_at(NOON);
    interval_begin(&interval, &now);
    assert_int_equal(interval_stamp(&interval), NOON + 300);
    assert_false(interval_look(&interval, &now).is_over);
    assert_int_equal(interval_end(NOON, 0), NOON);
    assert_int_equal(interval_end(NOON, 1), NOON + 300);
}

static void
a_clock_set_forward_ends_the_interval_with_its_own_stamp(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON + 100);
    int64_t stamps[8];
    interval_begin(&interval, &now);
    pass(&now, STEP_MS);
    now.wall_ms += 9000 * 1000; /* two hours and a half */
    const struct interval_news news = interval_look(&interval, &now);
    assert_int_equal(news.jump_ms, 9000 * 1000);
    assert_int_equal(news.sleep_ms, 0);
    assert_true(news.is_over);
    assert_int_equal(news.stamp_s, NOON + 300);
    assert_int_equal(look_for(&interval, &now, 300, stamps), 1);
    assert_int_equal(stamps[0], NOON + 9300);
}

static void
a_machine_that_slept_says_so_and_goes_on_at_the_next_mark(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON + 100);
    int64_t stamps[8];
    interval_begin(&interval, &now);
    pass(&now, STEP_MS);
    now.wall_ms += 3600 * 1000;
    now.boot_ms += 3600 * 1000;
    const struct interval_news news = interval_look(&interval, &now);
    assert_int_equal(news.jump_ms, 0);
    assert_int_equal(news.sleep_ms, 3600 * 1000);
    assert_true(news.is_over);
    assert_int_equal(news.stamp_s, NOON + 300);
    assert_int_equal(look_for(&interval, &now, 300, stamps), 1);
    assert_int_equal(stamps[0], NOON + 3900);
}

static void
a_clock_set_back_a_little_makes_the_interval_longer(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON + 20);
    int64_t stamps[8];
    interval_begin(&interval, &now);
    now.wall_ms -= 60 * 1000; /* over a mark that has had its block */
    const struct interval_news news = interval_look(&interval, &now);
    assert_int_equal(news.jump_ms, -60 * 1000);
    assert_false(news.is_over);
    assert_int_equal(look_for(&interval, &now, 650, stamps), 2);
    assert_int_equal(stamps[0], NOON + 300);
    assert_int_equal(stamps[1], NOON + 600);
}

static void
a_clock_set_back_far_gives_stamps_that_rise_all_the_same(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON - 100);
    int64_t stamps[40];
    interval_begin(&interval, &now);
    assert_int_equal(look_for(&interval, &now, 200, stamps), 1);
    assert_int_equal(stamps[0], NOON);
    now.wall_ms -= 7200 * 1000;
    const struct interval_news news = interval_look(&interval, &now);
    assert_int_equal(news.jump_ms, -7200 * 1000);
    assert_true(news.is_over);
    assert_int_equal(news.stamp_s, NOON + 300); /* it was to have that */
    assert_int_equal(interval_cut(&interval, &now), NOON + 301);
    /* Blocks go on being written, until the clock has caught up and the marks hold. */
    const int count = look_for(&interval, &now, 8000, stamps);
    assert_int_equal(count, 27);
    assert_int_equal(stamps[0], NOON + 301);
    assert_int_equal(stamps[1], NOON + 302);
    assert_int_equal(stamps[count - 1], NOON + 900);
    for (int i = 1; i < count; i++)
        assert_true(stamps[i] > stamps[i - 1]);
}

/* Whatever is done to the clock: stamps rise, and no interval is without end. */
static void
any_clock_gives_rising_stamps(void **state)
{
    (void)state;
    struct interval interval;
    struct clock_reading now = reading_at(NOON);
    uint64_t seed = 3;
    int64_t last_s = 0, quiet_ms = 0;
    int ended = 0;
    interval_begin(&interval, &now);
    for (int i = 0; i < 200000; i++) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int64_t jump_ms = (int64_t)(seed >> 40) - (1 << 23);
        pass(&now, STEP_MS * 5);
        quiet_ms += STEP_MS * 5;
        if (i % 500 == 0 && now.wall_ms + jump_ms * 10 > 0)
            now.wall_ms += i % 1000 ? jump_ms : jump_ms * 10;
        const struct interval_news news = interval_look(&interval, &now);
        assert_true(interval_cut(&interval, &now) > interval.last_s);
        /* Twice the longest wait: the clock is set in the middle of it. */
        assert_true(quiet_ms <= 4 * GODB_INTERVAL_S * 1000);
        if (!news.is_over) continue;
        assert_true(news.stamp_s > last_s);
        last_s = news.stamp_s;
        quiet_ms = 0;
        ended++;
    }
    assert_true(ended > 500);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_end_on_the_marks_of_the_wall_clock),
        cmocka_unit_test(an_interval_that_begins_on_a_mark_ends_at_the_next),
        cmocka_unit_test(a_clock_set_forward_ends_the_interval_with_its_own_stamp),
        cmocka_unit_test(a_machine_that_slept_says_so_and_goes_on_at_the_next_mark),
        cmocka_unit_test(a_clock_set_back_a_little_makes_the_interval_longer),
        cmocka_unit_test(a_clock_set_back_far_gives_stamps_that_rise_all_the_same),
        cmocka_unit_test(any_clock_gives_rising_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
