/* SPDX-License-Identifier: MIT
 *
 * Headers of CSV files.
 */
#include "shell/csv_columns.h"
#include "tests/csv.h"

/* What a header was read as. */
struct reading {
    bool is_header, is_footer;
    int rc;
    struct csv_columns columns;
    struct godb_err err;
    char notes[200];
};

static void
note(void *arg, const char *name, bool is_twice)
{
    struct reading *reading = arg;
    strcat(reading->notes, is_twice ? "twice:" : "unknown:");
    strncat(reading->notes, name, 30);
    strcat(reading->notes, " ");
}

static bool
read_it(void *arg, const struct csv_reader_record *record)
{
    struct reading *reading = arg;
    reading->is_header = csv_columns_is_header(record);
    reading->is_footer = csv_columns_is_footer(record);
    reading->rc =
        csv_columns_read(&reading->columns, record, note, reading, &reading->err);
    return false;
}

static struct reading
reading_of(const char *text)
{
    struct reading reading = {.rc = -100};
    csv_feed(text, strlen(text), read_it, &reading);
    return reading;
}

#define LAYOUT_1_05                                                                    \
    "bytes_rcvd,bytes_sent,dip,dport,l7_proto,packets_rcvd,packets_sent,proto,sip,"    \
    "tstamp"

static void
the_header_of_1_05_is_the_default_layout(void **state)
{
    (void)state;
    const struct csv_columns want = csv_columns_default();
    static const char *const headers[] = {LAYOUT_1_05 "\n",
        "# HEADER: " LAYOUT_1_05 "\n", "#header:" LAYOUT_1_05 "\r\n",
        "# " LAYOUT_1_05 "\n"};
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        const struct reading got = reading_of(headers[i]);
        assert_true(got.is_header);
        assert_int_equal(got.rc, GODB_OK);
        assert_int_equal(got.columns.count, want.count);
        assert_memory_equal(got.columns.at, want.at, sizeof want.at);
        assert_string_equal(got.notes, "");
    }
}

static void
names_of_2_x_in_any_letter_case_and_order_are_synonyms(void **state)
{
    (void)state;
    const struct reading got = reading_of(
        "Time,IFACE,sip,dip,dport,proto,l7proto,category,Packets Received,packets sent,"
        "%,data vol. received,DATA VOL. SENT,%\n");
    assert_int_equal(got.rc, GODB_OK);
    assert_int_equal(got.columns.count, 14);
    assert_int_equal(got.columns.at[CSV_FIELD_TIME], 0);
    assert_int_equal(got.columns.at[CSV_FIELD_IFACE], 1);
    assert_int_equal(got.columns.at[CSV_FIELD_L7PROTO], 6);
    assert_int_equal(got.columns.at[CSV_FIELD_PACKETS_RCVD], 8);
    assert_int_equal(got.columns.at[CSV_FIELD_PACKETS_SENT], 9);
    assert_int_equal(got.columns.at[CSV_FIELD_BYTES_RCVD], 11);
    assert_int_equal(got.columns.at[CSV_FIELD_BYTES_SENT], 12);
    assert_string_equal(got.notes, "");
}

static void
numbers_are_preferred_to_names_wherever_they_stand(void **state)
{
    (void)state;
    const struct reading got = reading_of(
        "l7_name,time,iface,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,"
        "packets_rcvd,packets_sent,proto_name,l7_category,bytes,packets\n");
    assert_int_equal(got.rc, GODB_OK);
    assert_int_equal(got.columns.at[CSV_FIELD_PROTO], 6);
    assert_int_equal(got.columns.at[CSV_FIELD_L7PROTO], 7);
    assert_string_equal(got.notes, "");
}

static void
unknown_and_double_columns_are_noted(void **state)
{
    (void)state;
    const struct reading got = reading_of(LAYOUT_1_05 ",comment,src\n");
    assert_int_equal(got.rc, GODB_OK);
    assert_int_equal(got.columns.at[CSV_FIELD_SIP], 8);
    assert_string_equal(got.notes, "unknown:comment twice:src ");
}

static void
a_missing_column_is_named(void **state)
{
    (void)state;
    const struct reading got =
        reading_of("bytes_rcvd,bytes_sent,dip,dport,packets_rcvd,proto,sip,tstamp\n");
    assert_int_equal(got.rc, GODB_EARG);
    assert_string_equal(got.err.msg, "the header has no column packets_sent");
}

static void
layer_7_and_the_interface_may_be_missing(void **state)
{
    (void)state;
    const struct reading got = reading_of(
        "bytes_rcvd,bytes_sent,dip,dport,packets_rcvd,packets_sent,proto,sip,time\n");
    assert_int_equal(got.rc, GODB_OK);
    assert_int_equal(got.columns.at[CSV_FIELD_L7PROTO], -1);
    assert_int_equal(got.columns.at[CSV_FIELD_IFACE], -1);
}

static void
data_is_no_header(void **state)
{
    (void)state;
    assert_false(
        reading_of("1,2,10.0.0.1,80,7,3,4,TCP,10.0.0.2,1456428875\n").is_header);
    /* "Time" is a protocol of libprotoident's too. */
    assert_false(
        reading_of("1,2,10.0.0.1,37,Time,3,4,6,10.0.0.2,1456428875\n").is_header);
    assert_false(reading_of("some,words,of,no,meaning\n").is_header);
}

static void
the_footer_of_a_report_is_recognised(void **state)
{
    (void)state;
    assert_true(reading_of("Overall packets,12\n").is_footer);
    assert_true(reading_of("Sorting and flow direction,by time\n").is_footer);
    assert_true(reading_of("Interface,\"eth0,eth1\"\n").is_footer);
    assert_false(reading_of("Interface\n").is_footer);
    assert_false(reading_of("overall packets,12,13\n").is_footer);
}

static void
a_header_with_too_many_columns_is_refused(void **state)
{
    (void)state;
    char text[400] = "";
    for (int i = 0; i < 150; i++)
        strcat(text, "x,");
    assert_int_equal(reading_of(text).rc, GODB_EARG);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_of_1_05_is_the_default_layout),
        cmocka_unit_test(names_of_2_x_in_any_letter_case_and_order_are_synonyms),
        cmocka_unit_test(numbers_are_preferred_to_names_wherever_they_stand),
        cmocka_unit_test(unknown_and_double_columns_are_noted),
        cmocka_unit_test(a_missing_column_is_named),
        cmocka_unit_test(layer_7_and_the_interface_may_be_missing),
        cmocka_unit_test(data_is_no_header),
        cmocka_unit_test(the_footer_of_a_report_is_recognised),
        cmocka_unit_test(a_header_with_too_many_columns_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
