/* SPDX-License-Identifier: MIT
 *
 * Every notation of goquery's -f and -l, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "godb/godb.h"

#define NOW      INT64_C(1700000000)
#define REFUSED  INT64_MIN
#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int64_t
parse(const char *text)
{
    int64_t at_s = 0;
    struct godb_err err = {GODB_OK, 0, ""};
    const int rc = godb_time_parse(&at_s, text, NOW, &err);
    if (rc == GODB_OK) return at_s;
    assert_int_equal(rc, GODB_EARG);
    assert_int_equal(err.status, GODB_EARG);
    assert_null(strchr(err.msg, '\n'));
    return REFUSED;
}

static void
use_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static int
in_utc(void **state)
{
    (void)state;
    use_zone("UTC");
    return 0;
}

struct reading {
    const char *text;
    int64_t expected_s;
};

static void
check(const struct reading *readings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const int64_t got_s = parse(readings[i].text);
        if (got_s != readings[i].expected_s)
            fail_msg("'%s' read as %lld, not %lld", readings[i].text, (long long)got_s,
                (long long)readings[i].expected_s);
    }
}

static void
a_bare_integer_is_seconds_since_the_epoch(void **state)
{
    static const struct reading readings[] = {
        {"1456428875", 1456428875},
        {"0", 0},
        {"+5", 5},
        {"-5", -5},
        {"9223372036854775807", INT64_MAX},
        {"9223372036854775808", REFUSED},
        {"12x", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
a_dash_and_units_count_back_from_now(void **state)
{
    static const struct reading readings[] = {
        {"now", NOW},
        {"NOW", NOW},
        {"-1d", NOW - 86400},
        {"-2h", NOW - 7200},
        {"-30m", NOW - 1800},
        {"-10s", NOW - 10},
        {"-15d:04h:05m", NOW - 15 * 86400 - 4 * 3600 - 5 * 60},
        {"-5m:1d", NOW - 86400 - 300},
        {"--1d", NOW + 86400},
        {"-1w", REFUSED},
        {"-1d:", REFUSED},
        {"-:1d", REFUSED},
        {"-1d4h", REFUSED},
        {"- 1d", REFUSED},
        {"-d", REFUSED},
        {"-", REFUSED},
        {"1d", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
relative_times_that_overflow_are_refused(void **state)
{
    static const struct reading readings[] = {
        {"-9223372036854775807d", REFUSED},
        {"-99999999999999999999d", REFUSED},
        {"-9223372036854775807s:9223372036854775807s", REFUSED},
        {"--9223372036854775807s", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

/* 1136214245 is 2006-01-02 15:04:05 UTC. */
static void
every_absolute_notation_is_read(void **state)
{
    static const struct reading readings[] = {
        {"2006-01-02 15:04:05 -0700 MST", 1136239445},
        {"Mon Jan  2 15:04:05 2006", 1136214245},
        {"Mon Jan  2 15:04:05 UTC 2006", 1136214245},
        {"Mon Jan 02 15:04:05 -0700 2006", 1136239445},
        {"02 Jan 06 15:04 UTC", 1136214240},
        {"02 Jan 06 15:04 -0700", 1136239440},
        {"Monday, 02-Jan-06 15:04:05 UTC", 1136214245},
        {"Mon, 02 Jan 2006 15:04:05 GMT", 1136214245},
        {"Mon, 02 Jan 2006 15:04:05 -0700", 1136239445},
        {"2006-01-02T15:04:05Z", 1136214245},
        {"2006-01-02T15:04:05+07:00", 1136189045},
        {"2006-01-02 15:04:05", 1136214245},
        {"2006-01-02 15:04:05 -0700", 1136239445},
        {"2006-01-02 15:04", 1136214240},
        {"2006-01-02 15:04 -0700", 1136239440},
        {"2006-01-02", 1136160000},
        {"02.01.2006 15:04:05", 1136214245},
        {"02.01.2006 15:04", 1136214240},
        {"2.1.2006 5:04:05 -0700", 1136203445},
        {"02.01.2006", 1136160000},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
a_year_of_two_digits_is_in_our_century(void **state)
{
    static const struct reading readings[] = {
        {"02.01.06 15:04:05", 1136214245},
        {"02.01.06 15:04", 1136214240},
        {"2.1.06 15:04", 1136214240},
        {"02.01.06", 1136160000},
        {"02.01.006 15:04", REFUSED},
        {"06-01-02", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
fractions_of_a_second_are_dropped(void **state)
{
    static const struct reading readings[] = {
        {"2006-01-02 15:04:05.999", 1136214245},
        {"2006-01-02T15:04:05.123456789+07:00", 1136189045},
        {"Mon Jan  2 15:04:05.5 2006", 1136214245},
        {"2006-01-02 15:04:05.", REFUSED},
        {"2006-01-02 15:04.5", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
days_and_hours_that_do_not_exist_are_refused(void **state)
{
    static const struct reading readings[] = {
        {"31.02.2016", REFUSED},
        {"2016-02-30 12:00", REFUSED},
        {"2016-02-29", 1456704000},
        {"2015-02-29", REFUSED},
        {"2016-13-01", REFUSED},
        {"2016-01-00", REFUSED},
        {"2016-01-01 24:00", REFUSED},
        {"2016-01-01 10:60", REFUSED},
        {"2016-01-01 10:00 +2400", REFUSED},
        {"2016-01-01 10:00 +0160", REFUSED},
        {"2016-01-01 10:00 +0x30", REFUSED},
        {"2016-01-01 10:00 +01", REFUSED},
        {"31.04.2016", REFUSED},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
blanks_between_day_and_hour_cannot_be_left_out(void **state)
{
    static const struct reading readings[] = {
        {"25.02.2016:30", REFUSED},
        {"2016-02-251:30", REFUSED},
        {"2016-02-25  01:30", 1456363800},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
without_a_zone_times_are_local(void **state)
{
    static const struct reading readings[] = {
        {"2016-02-25 19:34:35", 1456425275},
        {"2016-07-25 19:34:35", 1469468075}, /* summer time */
        {"2016-02-25 19:34:35 +0000", 1456428875},
        {"2016-02-25 19:34:35 UTC", 1456428875},
        {"Thu, 25 Feb 2016 19:34:35 CET", 1456425275},
        {"25.02.2016", 1456354800},
    };
    (void)state;
    use_zone("Europe/Zurich");
    if (tzname[0] == NULL || strcmp(tzname[0], "CET") != 0)
        use_zone("CET-1CEST,M3.5.0,M10.5.0/3"); /* no zone files here */
    check(readings, COUNT(readings));
}

/* The original would take them for UTC. */
static void
abbreviations_of_other_zones_are_refused(void **state)
{
    static const struct reading readings[] = {
        {"Mon Jan  2 15:04:05 MST 2006", REFUSED},
        {"2006-01-02 15:04:05 PST", REFUSED},
        {"2006-01-02 15:04:05 X", REFUSED},
        {"2006-01-02 15:04:05 UTX", REFUSED},
        {"2006-01-02 15:04:05 GMT", 1136214245},
        {"2006-01-02 15:04:05 Z", 1136214245},
    };
    (void)state;
    check(readings, COUNT(readings));
}

static void
odd_texts_are_refused(void **state)
{
    static const struct reading readings[] = {
        {"", REFUSED},
        {" ", REFUSED},
        {"yesterday", REFUSED},
        {"2006-01-02 15:04:05 and then some", REFUSED},
        {"%Y-%m-%d", REFUSED},
        {"::::", REFUSED},
        {"\xff\xfe", REFUSED},
        {"2006-01-02\n", REFUSED},
    };
    char longest[5000];
    (void)state;
    check(readings, COUNT(readings));
    memset(longest, '1', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(parse(longest), REFUSED);
}

static void
the_error_names_the_text_and_an_example(void **state)
{
    struct godb_err err;
    int64_t at_s;
    (void)state;
    assert_int_equal(godb_time_parse(&at_s, "next week", NOW, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "'next week'"));
    assert_non_null(strstr(err.msg, "-1d"));
    assert_int_equal(godb_time_parse(&at_s, "next\nweek", NOW, &err), GODB_EARG);
    assert_null(strchr(err.msg, '\n'));
    assert_int_equal(godb_time_parse(&at_s, "next week", NOW, NULL), GODB_EARG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_bare_integer_is_seconds_since_the_epoch, in_utc),
        cmocka_unit_test_setup(a_dash_and_units_count_back_from_now, in_utc),
        cmocka_unit_test_setup(relative_times_that_overflow_are_refused, in_utc),
        cmocka_unit_test_setup(every_absolute_notation_is_read, in_utc),
        cmocka_unit_test_setup(a_year_of_two_digits_is_in_our_century, in_utc),
        cmocka_unit_test_setup(fractions_of_a_second_are_dropped, in_utc),
        cmocka_unit_test_setup(days_and_hours_that_do_not_exist_are_refused, in_utc),
        cmocka_unit_test_setup(blanks_between_day_and_hour_cannot_be_left_out, in_utc),
        cmocka_unit_test_setup(without_a_zone_times_are_local, in_utc),
        cmocka_unit_test_setup(abbreviations_of_other_zones_are_refused, in_utc),
        cmocka_unit_test_setup(odd_texts_are_refused, in_utc),
        cmocka_unit_test_setup(the_error_names_the_text_and_an_example, in_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
