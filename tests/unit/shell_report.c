/* SPDX-License-Identifier: MIT
 *
 * Reports as columns and SQL.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/report.h"

static struct report report;
static struct godb_err err;

static int
make(struct report_spec spec)
{
    report_free(&report);
    err = (struct godb_err){0};
    return report_make(&report, &spec, &err);
}

#define MAKE_LIMITED(...) make((struct report_spec){__VA_ARGS__})
#define MAKE(...)         MAKE_LIMITED(.limit = -1, __VA_ARGS__)

/* The titles of the columns, parted by commas. */
static const char *
titles(void)
{
    static char text[200];
    *text = '\0';
    for (size_t i = 0; i < report.column_count; i++) {
        if (i) strcat(text, ",");
        strcat(text, report.columns[i].title);
    }
    return text;
}

#define MEASURES "packets,%,data vol.,%"

static void
every_named_report_has_its_columns(void **state)
{
    (void)state;
    static const struct {
        const char *type, *titles;
    } cases[] = {
        {"talk_src", "sip," MEASURES},
        {"talk_dst", "dip," MEASURES},
        {"talk_conv", "sip,dip," MEASURES},
        {"apps_port", "dport,proto," MEASURES},
        {"apps_dpi", "l7proto,category," MEASURES},
        {"agg_talk_port", "sip,dip,dport,proto," MEASURES},
        {"raw", "time,iface,sip,dip,dport,proto,l7proto,category," MEASURES},
        {"TALK_CONV", "sip,dip," MEASURES},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(MAKE(.type = cases[i].type), GODB_OK);
        assert_string_equal(titles(), cases[i].titles);
    }
}

static void
columns_come_in_the_order_asked_for_behind_time_and_iface(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "proto,dip,iface,sip,time"), GODB_OK);
    assert_string_equal(titles(), "time,iface,proto,dip,sip," MEASURES);
    assert_int_equal(MAKE(.type = "src,dst,sip,SRC,l7proto,dport"), GODB_OK);
    assert_string_equal(titles(), "sip,dip,l7proto,category,dport," MEASURES);
    assert_int_equal(MAKE(.type = "port,Talk_Conv,time,apps_port"), GODB_OK);
    assert_string_equal(titles(), "time,dport,sip,dip,proto," MEASURES);
}

static void
what_is_no_column_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "nosuch", "sip,", ",sip", "sip,,dip",
        "sip,talk_nobody", "category", "sip; DROP", "talk_conv,"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(MAKE(.type = bad[i]), GODB_EARG);
        assert_null(report.sql);
    }
    MAKE(.type = "sip,nosuch");
    assert_non_null(strstr(err.msg, "'nosuch' is neither a report"));
}

static void
the_sql_is_what_a_person_would_write(void **state)
{
    (void)state;
    assert_int_equal(MAKE_LIMITED(.type = "talk_conv", .limit = 10), GODB_OK);
    assert_string_equal(report.sql,
        "SELECT sip,\n"
        "       dip,\n"
        "       human_count(packets) AS \"packets\",\n"
        "       format('%.2f', 100.0 * packets / total_packets) AS \"%\",\n"
        "       human_bytes(bytes) AS \"data vol.\",\n"
        "       format('%.2f', 100.0 * bytes / total_bytes) AS \"%\",\n"
        "       hits, human_count(total_packets) AS total_packets, "
        "human_bytes(total_bytes) AS total_bytes\n"
        "  FROM report\n"
        " ORDER BY report.bytes DESC\n"
        " LIMIT 10");
}

static void
machines_get_plain_numbers(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "time,sip", .format = REPORT_JSON), GODB_OK);
    assert_string_equal(report.sql,
        "SELECT time,\n"
        "       sip,\n"
        "       packets AS \"packets\",\n"
        "       100.0 * packets / total_packets AS \"packets_percent\",\n"
        "       bytes AS \"bytes\",\n"
        "       100.0 * bytes / total_bytes AS \"bytes_percent\",\n"
        "       hits, total_packets AS total_packets, total_bytes AS total_bytes\n"
        "  FROM report\n"
        " ORDER BY report.time");
    MAKE(.type = "sip", .format = REPORT_CSV);
    assert_non_null(strstr(report.sql, "       packets AS \"packets\",\n"));
    assert_non_null(strstr(report.sql, "format('%.2f', 100.0 * bytes / total_bytes)"));
}

static void
both_directions_stand_side_by_side_with_one_percentage(void **state)
{
    (void)state;
    assert_int_equal(MAKE_LIMITED(.type = "sip", .format = REPORT_JSON,
                         .direction = REPORT_BOTH, .limit = 1000),
        GODB_OK);
    assert_string_equal(report.sql,
        "SELECT sip,\n"
        "       packets_rcvd,\n"
        "       packets_sent,\n"
        "       100.0 * packets / total_packets AS \"packets_percent\",\n"
        "       bytes_rcvd,\n"
        "       bytes_sent,\n"
        "       100.0 * bytes / total_bytes AS \"bytes_percent\",\n"
        "       hits, total_packets_rcvd, total_packets_sent, total_bytes_rcvd, "
        "total_bytes_sent\n"
        "  FROM report\n"
        " ORDER BY report.bytes DESC\n"
        " LIMIT 1000");
    assert_int_equal(report.column_count, 7);
    assert_int_equal(report.total_count, 4);
    assert_string_equal(report.totals[3], "total_bytes_sent");
    assert_string_equal(
        report.sorted_by, "accumulated data volume (sent and received)");
}

static void
one_direction_counts_sorts_and_adds_up_that_direction(void **state)
{
    (void)state;
    assert_int_equal(
        MAKE(.type = "sip", .direction = REPORT_RCVD, .sort = REPORT_BY_PACKETS),
        GODB_OK);
    assert_non_null(strstr(report.sql, "human_count(packets_rcvd)"));
    assert_non_null(strstr(report.sql, "bytes_rcvd / total_bytes_rcvd"));
    assert_non_null(strstr(report.sql, "human_bytes(total_bytes_rcvd) AS total_bytes"));
    assert_non_null(strstr(report.sql, "ORDER BY report.packets_rcvd DESC"));
    assert_string_equal(report.sorted_by, "accumulated packets (received only)");
    MAKE(.type = "sip", .direction = REPORT_SENT, .is_ascending = true);
    assert_non_null(strstr(report.sql, "ORDER BY report.bytes_sent\n"));
    assert_string_equal(report.sorted_by, "accumulated data volume (sent only)");
}

static void
a_time_series_is_whole_and_in_order_unless_told_otherwise(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "time,sip"), GODB_OK);
    assert_null(strstr(report.sql, "LIMIT"));
    assert_non_null(strstr(report.sql, "ORDER BY report.time"));
    assert_string_equal(report.sorted_by, "first packet time");
    MAKE_LIMITED(.type = "time,sip", .limit = 5);
    assert_non_null(strstr(report.sql, "LIMIT 5"));
    MAKE(.type = "time,sip", .sort = REPORT_BY_BYTES);
    assert_non_null(strstr(report.sql, "ORDER BY report.bytes DESC"));
    MAKE(.type = "sip");
    assert_non_null(strstr(report.sql, "LIMIT 1000"));
}

static void
without_a_limit_rows_make_up_most_of_it(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "sip", .sort = REPORT_BY_PACKETS,
                         .direction = REPORT_SENT, .format = REPORT_CSV),
        GODB_OK);
    assert_string_equal(report.sql,
        "SELECT sip,\n"
        "       packets_sent AS \"packets\",\n"
        "       format('%.2f', 100.0 * packets_sent / total_packets_sent) AS \"%\",\n"
        "       bytes_sent AS \"data vol.\",\n"
        "       format('%.2f', 100.0 * bytes_sent / total_bytes_sent) AS \"%\",\n"
        "       hits, total_packets_sent AS total_packets, total_bytes_sent AS "
        "total_bytes\n"
        "  FROM (SELECT *, total(packets_sent) OVER (ROWS BETWEEN UNBOUNDED PRECEDING\n"
        "                                  AND 1 PRECEDING) AS above\n"
        "          FROM (SELECT sip, packets_sent, bytes_sent,\n"
        "                       total_packets_sent, total_bytes_sent, hits\n"
        "                  FROM report\n"
        "                 ORDER BY report.packets_sent DESC\n"
        "                 LIMIT 1000))\n"
        " WHERE above < max(0.95 * total_packets_sent, 1)");
    /* The smallest first are no part of it. */
    MAKE(.type = "sip", .is_ascending = true);
    assert_null(strstr(report.sql, "above"));
    assert_non_null(strstr(report.sql, "LIMIT 1000"));
}

static void
influxdb_gets_a_time_and_no_percentages(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "sip", .format = REPORT_INFLUX), GODB_OK);
    assert_string_equal(titles(), "time,sip,packets,data vol.");
    assert_null(strstr(report.sql, "%"));
    assert_null(strstr(report.sql, "LIMIT"));
}

static void
readable_directions_have_a_line_above_and_sums(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "sip", .direction = REPORT_BOTH), GODB_OK);
    assert_string_equal(titles(), "sip,in,out,%,in,out,%");
    assert_string_equal(report.columns[1].over, "packets");
    assert_null(report.columns[3].over);
    assert_int_equal(report.total_count, 6);
    assert_string_equal(report.totals[2], "total_packets");
    assert_non_null(strstr(report.sql, "human_bytes(bytes_sent) AS \"out\""));
}

static void
time_is_no_order_where_there_is_no_time(void **state)
{
    (void)state;
    assert_int_equal(MAKE(.type = "sip", .sort = REPORT_BY_TIME), GODB_EARG);
    assert_non_null(strstr(err.msg, "-s time"));
    assert_non_null(strstr(err.msg, "time,sip"));
}

static void
no_rows_at_all_are_the_totals_alone(void **state)
{
    (void)state;
    assert_int_equal(MAKE_LIMITED(.type = "sip,proto", .limit = 0), GODB_OK);
    assert_int_equal(report.column_count, 0);
    assert_string_equal(report.sql,
        "SELECT hits, human_count(total_packets) AS total_packets, "
        "human_bytes(total_bytes) AS total_bytes\n"
        "  FROM report\n"
        " ORDER BY sip, proto_name\n"
        " LIMIT 1");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_named_report_has_its_columns),
        cmocka_unit_test(columns_come_in_the_order_asked_for_behind_time_and_iface),
        cmocka_unit_test(what_is_no_column_is_named),
        cmocka_unit_test(the_sql_is_what_a_person_would_write),
        cmocka_unit_test(machines_get_plain_numbers),
        cmocka_unit_test(both_directions_stand_side_by_side_with_one_percentage),
        cmocka_unit_test(one_direction_counts_sorts_and_adds_up_that_direction),
        cmocka_unit_test(a_time_series_is_whole_and_in_order_unless_told_otherwise),
        cmocka_unit_test(without_a_limit_rows_make_up_most_of_it),
        cmocka_unit_test(influxdb_gets_a_time_and_no_percentages),
        cmocka_unit_test(readable_directions_have_a_line_above_and_sums),
        cmocka_unit_test(time_is_no_order_where_there_is_no_time),
        cmocka_unit_test(no_rows_at_all_are_the_totals_alone),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    report_free(&report);
    return failed;
}
