/* SPDX-License-Identifier: MIT
 *
 * Command lines in Go's flag syntax.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/go_flags.h"

static struct {
    const char *text;
    int64_t number;
    bool on, given;
} got;

static const struct go_flag flags[] = {
    {.name = "f",
        .text = &got.text,
        .given = &got.given,
        .arg = "TIME",
        .help = "from"},
    {.name = "n", .number = &got.number, .arg = "ROWS", .help = "rows"},
    {.name = "a", .on = &got.on, .help = "first line\nsecond line"},
    {.name = "in", .long_name = "inwards", .text = &got.text},
};

static struct godb_err err;

/* Parses words that end with NULL; the program's name is put in front. */
static int
parse(const char *const *words)
{
    char *argv[16] = {(char *)(uintptr_t) "prog"};
    int argc = 1;
    while (*words)
        argv[argc++] = (char *)(uintptr_t)*words++;
    got.text = "default";
    got.number = 10;
    got.on = got.given = false;
    err = (struct godb_err){0};
    return go_flags_parse(flags, 4, argc, argv, &err);
}

#define PARSE(...) parse((const char *[]){__VA_ARGS__, NULL})

static void
a_value_follows_or_stands_behind_an_equals_sign(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-f", "x"), 3);
    assert_string_equal(got.text, "x");
    assert_true(got.given);
    assert_int_equal(PARSE("-f=y"), 2);
    assert_string_equal(got.text, "y");
    assert_int_equal(PARSE("-f="), 2);
    assert_string_equal(got.text, "");
    assert_int_equal(PARSE("-f=a=b"), 2);
    assert_string_equal(got.text, "a=b");
}

static void
one_dash_and_two_are_the_same(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--in", "x"), 3);
    assert_string_equal(got.text, "x");
    assert_false(got.given);
    assert_int_equal(PARSE("--inwards", "z"), 3);
    assert_string_equal(got.text, "z");
    assert_int_equal(PARSE("--inward", "z"), GODB_EARG);
    assert_int_equal(PARSE("--in=y", "--a"), 3);
    assert_string_equal(got.text, "y");
    assert_true(got.on);
}

static void
a_value_may_begin_with_a_dash(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-f", "-15d:04h", "-a"), 4);
    assert_string_equal(got.text, "-15d:04h");
    assert_true(got.on);
    assert_int_equal(PARSE("-n", "-3"), 3);
    assert_int_equal(got.number, -3);
}

static void
parsing_stops_at_the_first_word_that_is_no_flag(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-a", "talk_conv", "-n", "3"), 2);
    assert_int_equal(got.number, 10);
    assert_int_equal(PARSE("-a", "-", "-n", "3"), 2);
    assert_int_equal(PARSE("-a", "--", "-n"), 3);
    assert_int_equal(parse((const char *[]){NULL}), 1);
}

static void
booleans_take_values_only_behind_an_equals_sign(void **state)
{
    (void)state;
    static const char *const yes[] = {"-a=1", "-a=t", "-a=T", "-a=true", "-a=TRUE"};
    static const char *const no[] = {"-a=0", "-a=f", "-a=F", "-a=false", "-a=False"};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(PARSE(yes[i]), 2);
        assert_true(got.on);
        assert_int_equal(PARSE("-a", no[i]), 3);
        assert_false(got.on);
    }
    assert_int_equal(PARSE("-a", "false"), 2);
    assert_true(got.on);
    assert_int_equal(PARSE("-a=yes"), GODB_EARG);
    assert_non_null(strstr(err.msg, "-a"));
}

static void
integers_are_decimal_hexadecimal_or_octal(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-n", "0x1F"), 3);
    assert_int_equal(got.number, 31);
    assert_int_equal(PARSE("-n=010"), 2);
    assert_int_equal(got.number, 8);
    assert_int_equal(PARSE("-n", "9223372036854775807"), 3);
    assert_true(got.number == INT64_MAX);
}

static void
what_is_no_integer_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", " 1", "1 ", "1x", "ten", "1.5", "0x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(PARSE("-n", bad[i]), GODB_EARG);
        assert_non_null(strstr(err.msg, "-n: "));
    }
    assert_int_equal(PARSE("-n", "9223372036854775808"), GODB_EARG);
    assert_non_null(strstr(err.msg, "out of range"));
}

static void
unknown_flags_and_missing_values_are_named(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-zz=3"), GODB_EARG);
    assert_non_null(strstr(err.msg, "-zz"));
    assert_null(strstr(err.msg, "=3"));
    assert_int_equal(PARSE("-a", "-f"), GODB_EARG);
    assert_non_null(strstr(err.msg, "-f needs a value"));
    assert_int_equal(PARSE("---f", "x"), GODB_EARG);
    assert_int_equal(PARSE("-=x"), GODB_EARG);
    assert_int_equal(PARSE("-i", "x"), GODB_EARG); /* no abbreviations */
}

static void
the_last_of_two_values_counts(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-n", "1", "-n", "2"), 5);
    assert_int_equal(got.number, 2);
}

static void
the_usage_shows_defaults_and_leaves_out_aliases(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length;
    parse((const char *[]){NULL});
    FILE *out = open_memstream(&text, &length);
    go_flags_usage(out, flags, 4);
    fclose(out);
    assert_non_null(strstr(text, "  -f TIME\n        from (default default)\n"));
    assert_non_null(strstr(text, "rows (default 10)\n"));
    assert_non_null(strstr(text, "first line\n        second line\n"));
    assert_null(strstr(text, "-in"));
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_follows_or_stands_behind_an_equals_sign),
        cmocka_unit_test(one_dash_and_two_are_the_same),
        cmocka_unit_test(a_value_may_begin_with_a_dash),
        cmocka_unit_test(parsing_stops_at_the_first_word_that_is_no_flag),
        cmocka_unit_test(booleans_take_values_only_behind_an_equals_sign),
        cmocka_unit_test(integers_are_decimal_hexadecimal_or_octal),
        cmocka_unit_test(what_is_no_integer_is_refused),
        cmocka_unit_test(unknown_flags_and_missing_values_are_named),
        cmocka_unit_test(the_last_of_two_values_counts),
        cmocka_unit_test(the_usage_shows_defaults_and_leaves_out_aliases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
