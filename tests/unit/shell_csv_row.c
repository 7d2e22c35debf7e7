/* SPDX-License-Identifier: MIT
 *
 * CSV rows as flows, and why some are none.
 */
#include "shell/csv_row.h"
#include "tests/csv.h"

struct reading {
    bool is_row;
    struct csv_row row;
    char iface[GODB_IFACE_MAX], reason[CSV_ROW_REASON];
    bool has_iface;
    const struct csv_columns *columns;
};

static bool
read_it(void *arg, const struct csv_reader_record *record)
{
    struct reading *reading = arg;
    reading->is_row =
        csv_row_parse(&reading->row, reading->columns, record, reading->reason);
    reading->has_iface = reading->is_row && reading->row.iface;
    if (reading->has_iface) strcpy(reading->iface, reading->row.iface);
    return false;
}

static struct reading
reading_of_bytes(const char *bytes, size_t length, const struct csv_columns *columns)
{
    struct reading reading = {.columns = columns};
    csv_feed(bytes, length, read_it, &reading);
    return reading;
}

static struct reading
reading_of(const char *text)
{
    const struct csv_columns columns = csv_columns_default();
    return reading_of_bytes(text, strlen(text), &columns);
}

static void
refuses(const char *text, const char *why)
{
    const struct reading got = reading_of(text);
    assert_false(got.is_row);
    assert_string_equal(got.reason, why);
}

static void
every_field_lands_where_it_belongs(void **state)
{
    (void)state;
    const struct reading got =
        reading_of("11,22,10.0.0.1,443,5,33,44,6,192.168.1.9,1456428875\n");
    assert_true(got.is_row);
    assert_false(got.has_iface);
    assert_int_equal(got.row.time_s, 1456428875);
    assert_int_equal(got.row.flow.bytes_rcvd, 11);
    assert_int_equal(got.row.flow.bytes_sent, 22);
    assert_int_equal(got.row.flow.packets_rcvd, 33);
    assert_int_equal(got.row.flow.packets_sent, 44);
    assert_int_equal(got.row.flow.dport, 443);
    assert_int_equal(got.row.flow.l7proto, 5);
    assert_int_equal(got.row.flow.proto, 6);
    assert_memory_equal(got.row.flow.dip, "\x0a\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    assert_memory_equal(got.row.flow.sip, "\xc0\xa8\1\x09\0\0\0\0\0\0\0\0\0\0\0\0", 16);
}

static void
the_largest_values_fit(void **state)
{
    (void)state;
    const struct reading got = reading_of(
        "18446744073709551615,0,ff02::1,65535,65535,18446744073709551615,0,255,"
        "2001:db8::1,1\n");
    assert_true(got.is_row);
    assert_true(got.row.flow.bytes_rcvd == UINT64_MAX);
    assert_int_equal(got.row.flow.dport, 65535);
    assert_int_equal(got.row.flow.l7proto, 65535);
    assert_int_equal(got.row.flow.proto, 255);
    assert_memory_equal(
        got.row.flow.sip, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

static void
protocols_come_as_numbers_or_names(void **state)
{
    (void)state;
    struct reading got =
        reading_of("1,2,10.0.0.1,53,DNS,3,4,udp,10.0.0.2,1456428875\n");
    assert_true(got.is_row);
    assert_int_equal(got.row.flow.proto, 17);
    assert_int_equal(got.row.flow.l7proto, godb_l7_id(godb_l7_libprotoident(), "DNS"));
    refuses("1,2,10.0.0.1,53,7,3,4,XYZ,10.0.0.2,9\n",
        "proto 'XYZ' is not a protocol's name");
    static const char *const wrong[] = {"-1", "1e3", "0x1f", "7.5", "inf", "?"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char line[100], why[100];
        snprintf(line, sizeof line, "1,2,10.0.0.1,53,%s,3,4,6,10.0.0.2,9\n", wrong[i]);
        snprintf(
            why, sizeof why, "l7proto '%s' is neither a number nor a name", wrong[i]);
        refuses(line, why);
    }
}

static void
a_layer_7_name_that_is_new_gets_the_same_number_each_time(void **state)
{
    (void)state;
    struct reading one =
        reading_of("1,2,10.0.0.1,53,1kxun,3,4,udp,10.0.0.2,1456428875\n");
    struct reading two =
        reading_of("9,2,10.0.0.1,80,1kxun,3,4,tcp,10.0.0.2,1456429175\n");
    assert_true(one.is_row);
    assert_int_equal(one.row.flow.l7proto, two.row.flow.l7proto);
    assert_true(one.row.flow.l7proto >= 49152);
}

static void
times_come_as_epoch_seconds_or_dates(void **state)
{
    (void)state;
    struct reading got =
        reading_of("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,2016-02-25T19:34:35Z\n");
    assert_true(got.is_row);
    assert_int_equal(got.row.time_s, 1456428875);
    refuses("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,-1d\n", "time '-1d' is not a time");
    refuses("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,later\n", "time 'later' is not a time");
    refuses("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,0\n", "time '0' is out of range");
    refuses("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,9223372036854775807\n",
        "time '9223372036854775807' is out of range");
    refuses("1,2,10.0.0.1,53,0,3,4,6,10.0.0.2,99999999999999999999\n",
        "time '99999999999999999999' is out of range");
}

static void
a_number_is_digits_and_nothing_else(void **state)
{
    (void)state;
    static const char *const bad[] = {"-1", "+1", "1e3", "0x10", "1.0", "1 2", "ten"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100], why[100];
        snprintf(text, sizeof text, "%s,2,10.0.0.1,5,7,3,4,6,10.0.0.2,99\n", bad[i]);
        snprintf(why, sizeof why, "bytes_rcvd '%s' is not a number", bad[i]);
        refuses(text, why);
        snprintf(text, sizeof text, "1,2,10.0.0.1,%s,7,3,4,6,10.0.0.2,99\n", bad[i]);
        snprintf(why, sizeof why, "dport '%s' is not a number", bad[i]);
        refuses(text, why);
    }
    refuses("1,2,10.0.0.1,5,7,,4,6,10.0.0.2,99\n", "packets_rcvd is empty");
}

static void
what_is_out_of_range_is_refused_with_the_range(void **state)
{
    (void)state;
    refuses("1,2,10.0.0.1,65536,7,3,4,6,10.0.0.2,99\n",
        "dport '65536' is out of range (0 to 65535)");
    refuses("1,2,10.0.0.1,1,65536,3,4,6,10.0.0.2,99\n",
        "l7proto '65536' is out of range (0 to 65535)");
    refuses("1,2,10.0.0.1,1,7,3,4,256,10.0.0.2,99\n",
        "proto '256' is out of range (0 to 255)");
    refuses("1,18446744073709551616,10.0.0.1,1,7,3,4,6,10.0.0.2,99\n",
        "bytes_sent '18446744073709551616' is out of range (0 to "
        "18446744073709551615)");
}

static void
bad_addresses_are_refused(void **state)
{
    (void)state;
    refuses("1,2,10.0.0.1,1,7,3,4,6,10.0.0.256,99\n",
        "sip '10.0.0.256' is not an IP address");
    refuses("1,2,host.example,1,7,3,4,6,10.0.0.2,99\n",
        "dip 'host.example' is not an IP address");
    refuses("1,2,,1,7,3,4,6,10.0.0.2,99\n", "dip is empty");
}

static void
a_wrong_column_count_is_said_in_numbers(void **state)
{
    (void)state;
    refuses("1,2,3\n", "3 columns instead of 10");
    refuses("1,2,10.0.0.1,1,7,3,4,6,10.0.0.2,99,\n", "11 columns instead of 10");
}

static void
reasons_are_one_printable_line(void **state)
{
    (void)state;
    refuses("\"a\nb\033[31m\xff\",2,10.0.0.1,1,7,3,4,6,10.0.0.2,99\n",
        "bytes_rcvd 'a?b?[31m?' is not a number");
    refuses("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx,2,10.0.0.1,1,7,3,4,6,1.1.1."
            "1,9\n",
        "bytes_rcvd 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...' is not a number");
}

static void
a_nul_byte_never_hides_what_is_behind_it(void **state)
{
    (void)state;
    const struct csv_columns columns = csv_columns_default();
    static const char in_ip[] = "1,2,10.0.0.1\0x,1,7,3,4,6,10.0.0.2,99\n";
    static const char in_number[] = "1\0,2,10.0.0.1,1,7,3,4,6,10.0.0.2,99\n";
    static const char in_name[] = "1,2,10.0.0.1,1,7,3,4,TCP\0,10.0.0.2,99\n";
    assert_false(reading_of_bytes(in_ip, sizeof in_ip - 1, &columns).is_row);
    assert_false(reading_of_bytes(in_number, sizeof in_number - 1, &columns).is_row);
    assert_false(reading_of_bytes(in_name, sizeof in_name - 1, &columns).is_row);
}

static void
an_interface_name_must_be_able_to_be_a_directory(void **state)
{
    (void)state;
    struct csv_columns columns = csv_columns_default();
    columns.count = 11;
    columns.at[CSV_FIELD_IFACE] = 10;
    static const struct {
        const char *name, *why;
    } cases[] = {
        {"eth0", NULL},
        {"", NULL},
        {"../x", "iface '../x' cannot be an interface's name"},
        {".x", "iface '.x' cannot be an interface's name"},
        {"a/b", "iface 'a/b' cannot be an interface's name"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[100];
        int length = snprintf(text, sizeof text,
            "1,2,10.0.0.1,1,7,3,4,6,10.0.0.2,99,%s\n", cases[i].name);
        const struct reading got = reading_of_bytes(text, (size_t)length, &columns);
        assert_int_equal(got.is_row, cases[i].why == NULL);
        if (cases[i].why) assert_string_equal(got.reason, cases[i].why);
        if (got.has_iface) assert_string_equal(got.iface, cases[i].name);
        if (got.is_row) assert_int_equal(got.has_iface, *cases[i].name != '\0');
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_lands_where_it_belongs),
        cmocka_unit_test(the_largest_values_fit),
        cmocka_unit_test(protocols_come_as_numbers_or_names),
        cmocka_unit_test(a_layer_7_name_that_is_new_gets_the_same_number_each_time),
        cmocka_unit_test(times_come_as_epoch_seconds_or_dates),
        cmocka_unit_test(a_number_is_digits_and_nothing_else),
        cmocka_unit_test(what_is_out_of_range_is_refused_with_the_range),
        cmocka_unit_test(bad_addresses_are_refused),
        cmocka_unit_test(a_wrong_column_count_is_said_in_numbers),
        cmocka_unit_test(reasons_are_one_printable_line),
        cmocka_unit_test(a_nul_byte_never_hides_what_is_behind_it),
        cmocka_unit_test(an_interface_name_must_be_able_to_be_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
