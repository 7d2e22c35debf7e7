/* SPDX-License-Identifier: MIT
 *
 * CSV records and the lines they stand on.
 */
#include <csv.h>

#include "tests/csv.h"

/* "first-last:field|field" for each record, or "first-last!problem". */
struct trace {
    char text[4096];
    int left; /* records to take before saying stop; -1: all */
};

static bool
trace_record(void *arg, const struct csv_reader_record *record)
{
    struct trace *trace = arg;
    char *at = trace->text + strlen(trace->text);
    char *end = trace->text + sizeof trace->text;
    at += snprintf(at, (size_t)(end - at), "%s%d-%d%c", *trace->text ? " " : "",
        (int)record->first_line, (int)record->last_line, record->problem ? '!' : ':');
    if (record->problem)
        at += snprintf(at, (size_t)(end - at), "%.20s", record->problem);
    for (size_t i = 0; i < record->field_count && !record->problem; i++)
        at += snprintf(
            at, (size_t)(end - at), "%s%.30s", i ? "|" : "", record->fields[i].text);
    return trace->left < 0 || --trace->left > 0;
}

static void
expect(const char *bytes, size_t length, const char *want)
{
    struct trace trace = {"", -1};
    csv_feed(bytes, length, trace_record, &trace);
    assert_string_equal(trace.text, want);
}

#define EXPECT(text, want) expect(text, sizeof(text) - 1, want)

static void
every_record_has_its_line(void **state)
{
    (void)state;
    EXPECT("a,b\nc,d\n", "1-1:a|b 2-2:c|d");
    EXPECT("a,b\n\n\nc,d\n", "1-1:a|b 4-4:c|d");
    EXPECT("a,b\n  \nc,d\n", "1-1:a|b 3-3:c|d");
    EXPECT("", "");
    EXPECT("\n\n", "");
}

static void
a_last_line_without_a_line_break_counts(void **state)
{
    (void)state;
    EXPECT("a,b\nc,d", "1-1:a|b 2-2:c|d");
    EXPECT("a,b\nc,", "1-1:a|b 2-2:c|");
}

static void
line_breaks_in_quotes_belong_to_the_field(void **state)
{
    (void)state;
    EXPECT("a,\"x\ny\nz\"\nc,d\n", "1-3:a|x\ny\nz 4-4:c|d");
    EXPECT("\"a,b\",\"c\"\"d\"\n", "1-1:a,b|c\"d");
}

static void
crlf_is_taken(void **state)
{
    (void)state;
    EXPECT("a,b\r\nc,d\r\n\r\ne,f\r\n", "1-1:a|b 2-2:c|d 4-4:e|f");
    EXPECT("a,\"b\"\r\nc,d\r\r\n,\r\n", "1-1:a|b 2-2:c|d 3-3:|");
}

/* A bare libcsv, to which the reader has to be equal where it parts lines itself. */
static void
take_plain_field(void *data, size_t length, void *arg)
{
    struct trace *trace = arg;
    const size_t used = strlen(trace->text);
    (void)length;
    snprintf(trace->text + used, sizeof trace->text - used, "%s|", (char *)data);
}

static void
take_plain_end(int terminator, void *arg)
{
    struct trace *trace = arg;
    (void)terminator;
    if (*trace->text && trace->text[strlen(trace->text) - 1] == '|')
        strcat(trace->text, ";");
}

static bool
trace_fields(void *arg, const struct csv_reader_record *record)
{
    struct trace *trace = arg;
    for (size_t i = 0; i < record->field_count; i++) {
        const size_t used = strlen(trace->text);
        snprintf(trace->text + used, sizeof trace->text - used, "%s|",
            record->fields[i].text);
    }
    take_plain_end(0, trace);
    return true;
}

static void
fields_are_those_of_libcsv(void **state)
{
    (void)state;
    static const char alphabet[] = ",,,ab- \t\r\n\n\",.-+";
    unsigned random = 1;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t length = 0;
        struct trace got = {"", -1}, want = {"", -1};
        while (length < sizeof text) {
            random = random * 1103515245 + 12345;
            text[length++] = alphabet[(random >> 16) % (sizeof alphabet - 1)];
        }
        struct csv_parser parser;
        csv_init(&parser, CSV_APPEND_NULL);
        csv_parse(&parser, text, length, take_plain_field, take_plain_end, &want);
        csv_free(&parser);
        /* What libcsv would do at the end is not asked: that is an error of ours. */
        struct csv_reader *reader = csv_reader_new();
        csv_reader_feed(reader, text, length, trace_fields, &got);
        csv_reader_free(reader);
        const char *end = strrchr(want.text, ';');
        want.text[end ? end - want.text + 1 : 0] = '\0';
        assert_string_equal(got.text, want.text);
    }
}

static void
a_file_in_pieces_is_the_same_file(void **state)
{
    (void)state;
    static const char text[] =
        "a,b\r\n c,\"d\ne\"\r\n\n\"f\rg\",h\ri,j\n\"k\"\"\n\"\"l\",m\nn,\"o";
    struct trace whole = {"", -1};
    csv_feed(text, sizeof text - 1, trace_record, &whole);
    assert_non_null(strstr(whole.text, " 8-8!a quote"));
    for (size_t piece = 1; piece < sizeof text; piece++) {
        struct trace parts = {"", -1};
        csv_feed_pieces(text, sizeof text - 1, piece, trace_record, &parts);
        assert_string_equal(parts.text, whole.text);
    }
}

static void
a_record_behind_a_bare_cr_has_its_own_line(void **state)
{
    (void)state;
    EXPECT("a,\"x\ny\"\rb,c\rd,\"e\nf\"\n\rg\n", "1-2:a|x\ny 2-2:b|c 2-3:d|e\nf 4-4:g");
}

static void
blanks_around_fields_are_dropped(void **state)
{
    (void)state;
    EXPECT(" a ,\tb \n", "1-1:a|b");
}

static void
an_open_quote_is_a_problem_and_no_field(void **state)
{
    (void)state;
    EXPECT("a,b\nc,\"d\ne,f\n", "1-1:a|b 2-3!a quote is never clo");
}

static void
what_is_too_long_is_skipped_to_the_next_line(void **state)
{
    (void)state;
    const size_t length = 3 * 1024 * 1024;
    char *text = malloc(length + 20);
    memset(text, 'x', length);
    memcpy(text, "a,b\n", 4);
    memcpy(text + length, "\nc,d\n", 5);
    expect(text, length + 5, "1-1:a|b 2-2!the row is longer th 3-3:c|d");
    for (size_t i = 4; i < length; i++)
        text[i] = i % 2 ? 'x' : '\r';
    memcpy(text + 4, "\"", 1);
    text[length] = '\n';
    expect(text, length + 5, "1-1:a|b 2-2!the row is longer th 3-3:c|d");
    free(text);
}

static void
a_quote_left_open_costs_a_bounded_number_of_lines(void **state)
{
    (void)state;
    char *text = malloc(100000);
    size_t length = 0;
    length += (size_t)sprintf(text, "a,\"b\n");
    for (int i = 0; i < 9000; i++)
        length += (size_t)sprintf(text + length, "c,d,%04d\n", i);
    struct trace trace = {"", 2};
    csv_feed(text, length, trace_record, &trace);
    assert_non_null(strstr(trace.text, "1-1821!the row is longer th"));
    assert_non_null(strstr(trace.text, " 1822-1822:c|d|1820"));
    free(text);
}

static bool
expect_nul(void *arg, const struct csv_reader_record *record)
{
    assert_int_equal(record->field_count, 2);
    assert_int_equal(record->fields[0].length, 3);
    assert_memory_equal(record->fields[0].text, "a\0b", 4);
    ++*(int *)arg;
    return true;
}

static void
a_nul_byte_stays_in_its_field(void **state)
{
    (void)state;
    int count = 0;
    csv_feed("a\0b,c\n", 6, expect_nul, &count);
    assert_int_equal(count, 1);
}

static bool
count_fields(void *arg, const struct csv_reader_record *record)
{
    *(size_t *)arg = record->field_count;
    return true;
}

static void
more_fields_than_are_kept_are_still_counted(void **state)
{
    (void)state;
    char text[1000];
    size_t count = 0;
    memset(text, ',', sizeof text);
    csv_feed(text, sizeof text, count_fields, &count);
    assert_int_equal(count, 1001);
}

static void
reading_ends_when_the_caller_has_enough(void **state)
{
    (void)state;
    struct trace trace = {"", 2};
    csv_feed("a\nb\nc\n", 6, trace_record, &trace);
    assert_string_equal(trace.text, "1-1:a 2-2:b");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_has_its_line),
        cmocka_unit_test(a_last_line_without_a_line_break_counts),
        cmocka_unit_test(line_breaks_in_quotes_belong_to_the_field),
        cmocka_unit_test(crlf_is_taken),
        cmocka_unit_test(fields_are_those_of_libcsv),
        cmocka_unit_test(a_file_in_pieces_is_the_same_file),
        cmocka_unit_test(a_record_behind_a_bare_cr_has_its_own_line),
        cmocka_unit_test(blanks_around_fields_are_dropped),
        cmocka_unit_test(an_open_quote_is_a_problem_and_no_field),
        cmocka_unit_test(what_is_too_long_is_skipped_to_the_next_line),
        cmocka_unit_test(a_quote_left_open_costs_a_bounded_number_of_lines),
        cmocka_unit_test(a_nul_byte_stays_in_its_field),
        cmocka_unit_test(more_fields_than_are_kept_are_still_counted),
        cmocka_unit_test(reading_ends_when_the_caller_has_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
