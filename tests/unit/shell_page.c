/* SPDX-License-Identifier: MIT
 *
 * shell_page.c -- what goquery -report makes of texts, numbers and times.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "shell/page.h"

/* --- Texts ------------------------------------------------------------------------ */

static void
assert_escaped(const char *text, const char *wanted)
{
    char *got = NULL;
    size_t length;
    FILE *out = open_memstream(&got, &length);
    assert_non_null(out);
    page_escape(out, text);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(got, wanted);
    free(got);
}

#define UNKNOWN "\xef\xbf\xbd"

static void
marks_of_html_are_written_as_text(void **state)
{
    (void)state;
    assert_escaped("<a b=\"c\" d='e'>&amp;</a>",
        "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;&lt;/a&gt;");
    assert_escaped("", "");
}

static void
utf8_stays(void **state)
{
    (void)state;
    assert_escaped("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 a\tb\nc",
        "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 a\tb\nc");
    assert_escaped("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

static void
what_is_no_utf8_is_shown_as_unknown(void **state)
{
    (void)state;
    assert_escaped("\xff", UNKNOWN);
    assert_escaped("a\x80z", "a" UNKNOWN "z");
    assert_escaped("\xc3", UNKNOWN);                         /* cut off */
    assert_escaped("\xe2\x82", UNKNOWN UNKNOWN);             /* likewise */
    assert_escaped("\xc3<", UNKNOWN "&lt;");                 /* a mark behind it */
    assert_escaped("\xc0\xbc", UNKNOWN UNKNOWN);             /* '<', too long */
    assert_escaped("\xe0\x80\xbc", UNKNOWN UNKNOWN UNKNOWN); /* likewise */
    assert_escaped("\xed\xa0\x80", UNKNOWN UNKNOWN UNKNOWN); /* a surrogate */
    assert_escaped("\xf4\x90\x80\x80", UNKNOWN UNKNOWN UNKNOWN UNKNOWN);
}

static void
controls_are_shown_as_unknown(void **state)
{
    (void)state;
    assert_escaped("\x1b[31m\x7f", UNKNOWN "[31m" UNKNOWN);
    assert_escaped("\xc2\x85", UNKNOWN);
    assert_escaped("a\xe2\x80\xae"
                   "b\xe2\x81\xa6",
        "a" UNKNOWN "b" UNKNOWN);
}

/* --- Numbers ---------------------------------------------------------------------- */

static void
counts_have_three_digits(void **state)
{
    static const struct {
        double count;
        const char *text;
    } cases[] = {{0, "0"}, {7, "7"}, {999, "999"}, {1000, "1.00 k"}, {9994, "9.99 k"},
        {9996, "10.0 k"}, {99949, "99.9 k"}, {99960, "100 k"}, {999600, "1.00 M"},
        {1.8e19, "18.0 E"}, {1e25, "10000000 E"}};
    char text[PAGE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        page_count(text, cases[i].count);
        assert_string_equal(text, cases[i].text);
    }
    page_rate(text, 20480000);
    assert_string_equal(text, "20.5 Mbit/s");
    page_rate(text, 12);
    assert_string_equal(text, "12 bit/s");
    page_rate_round(text, 2.5e9);
    assert_string_equal(text, "2.5 Gbit/s");
}

static void
durations_have_two_units_at_most(void **state)
{
    static const struct {
        int64_t duration_s;
        const char *text;
    } cases[] = {{300, "5 min"}, {3600, "1 h"}, {44100, "12 h 15 min"},
        {86400, "1 day"}, {2 * 86400 + 7200, "2 days 2 h"}};
    char text[PAGE_TEXT];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        page_duration(text, cases[i].duration_s);
        assert_string_equal(text, cases[i].text);
    }
}

/* --- Times ------------------------------------------------------------------------ */

static void
assert_covers(int64_t first_s, int64_t last_s, size_t most)
{
    const struct page_steps steps = page_steps_make(first_s, last_s, most);
    assert_true(steps.step_s >= 300);
    assert_true(steps.begin_s <= first_s);
    assert_true(steps.count >= 1 && steps.count <= most);
    assert_true(last_s - steps.begin_s <= (int64_t)steps.count * steps.step_s);
    assert_true(first_s - steps.begin_s < steps.step_s);
}

static void
steps_cover_the_time_and_are_not_too_many(void **state)
{
    static const int64_t lengths_s[] = {1, 300, 301, 3600, 86400, 90000, 7 * 86400,
        31 * 86400, 366 * 86400, INT64_C(20) * 366 * 86400, INT64_C(4000000000)};
    (void)state;
    for (size_t i = 0; i < sizeof lengths_s / sizeof lengths_s[0]; i++)
        for (int64_t first_s = 1795316400; first_s < 1795316400 + 86400;
             first_s += 7000) {
            assert_covers(first_s, first_s + lengths_s[i], PAGE_STEPS);
            assert_covers(first_s, first_s + lengths_s[i], 1);
            assert_covers(first_s, first_s + lengths_s[i], 60);
        }
    assert_covers(GODB_STAMP_MIN - 300, PAGE_TIME_MAX_S, PAGE_STEPS);
    assert_covers(PAGE_TIME_MAX_S - 300, PAGE_TIME_MAX_S, PAGE_STEPS);
}

static void
the_shortest_steps_are_blocks(void **state)
{
    (void)state;
    const struct page_steps steps =
        page_steps_make(1456428575, 1456428575 + 86400, 300);
    assert_int_equal(steps.begin_s, 1456428575);
    assert_int_equal(steps.step_s, 300);
    assert_int_equal(steps.count, 288);
}

static void
longer_ones_begin_at_midnight_where_people_are(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Kolkata", 1); /* 5 h 30 min ahead */
    tzset();
    const struct page_steps steps =
        page_steps_make(1795316400, 1795316400 + 60 * 86400, 60);
    assert_int_equal((steps.begin_s + 19800) % 86400, 0);
    assert_int_equal(page_midnight(1795316400), 1795285800);
    setenv("TZ", "UTC", 1);
    tzset();
}

static void
a_time_has_its_midnight_also_when_clocks_change(void **state)
{
    (void)state;
    setenv("TZ", "Europe/Zurich", 1);
    tzset();
    assert_int_equal(page_midnight(1792918800), 1792879200); /* 2026-10-25, 25 h long */
    setenv("TZ", "UTC", 1);
    tzset();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_of_html_are_written_as_text),
        cmocka_unit_test(utf8_stays),
        cmocka_unit_test(what_is_no_utf8_is_shown_as_unknown),
        cmocka_unit_test(controls_are_shown_as_unknown),
        cmocka_unit_test(counts_have_three_digits),
        cmocka_unit_test(durations_have_two_units_at_most),
        cmocka_unit_test(steps_cover_the_time_and_are_not_too_many),
        cmocka_unit_test(the_shortest_steps_are_blocks),
        cmocka_unit_test(longer_ones_begin_at_midnight_where_people_are),
        cmocka_unit_test(a_time_has_its_midnight_also_when_clocks_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
