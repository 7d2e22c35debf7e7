/* SPDX-License-Identifier: MIT
 *
 * Losses of interfaces, from counters that wrap and begin anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/link_stats.h"

static uint64_t
missed(uint32_t before, uint32_t now)
{
    const struct link_stats a = {true, true, before}, b = {true, true, now};
    return link_stats_missed(&a, &b);
}

static void
counters_may_wrap_and_begin_anew(void **state)
{
    (void)state;
    assert_int_equal(missed(10, 15), 5);
    assert_int_equal(missed(UINT32_MAX - 1, 3), 5);
    assert_int_equal(missed(1000, 7), 7); /* made anew */
}

static void
an_interface_that_comes_or_goes_has_lost_what_it_says(void **state)
{
    (void)state;
    const struct link_stats gone = {false, false, 0}, there = {true, true, 4};
    assert_int_equal(link_stats_missed(&gone, &there), 4);
    assert_int_equal(link_stats_missed(&there, &gone), 0);
}

static void
the_loopback_interface_is_there_and_others_are_not(void **state)
{
    (void)state;
    static const char *const ifaces[] = {"nosuchif0", "lo", NULL};
    struct link_stats stats[3];
    link_stats_read(stats, ifaces, 3);
    assert_false(stats[0].is_there);
    assert_true(stats[1].is_there);
    assert_false(stats[2].is_there);
    assert_int_equal(stats[1].missed, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_may_wrap_and_begin_anew),
        cmocka_unit_test(an_interface_that_comes_or_goes_has_lost_what_it_says),
        cmocka_unit_test(the_loopback_interface_is_there_and_others_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
