/* SPDX-License-Identifier: MIT
 *
 * Estimates: from what summary.json says, whatever it says, and in the right
 * proportions.
 */
#define SQLITE_CORE 1
#include <sqlite3.h>

#include "tests/store.h"
#include "vtab/cost.h"

#define BEGIN INT64_C(1700006700)

static const struct godb_size month = {
    17280000, 1, BEGIN, BEGIN + 30 * GODB_DAY_S - GODB_INTERVAL_S};

struct term {
    enum field field;
    enum plan_op op;
    const char *value; /* an SQL literal; NULL: not known */
};

static void
add_term(struct cost *cost, const struct term *term)
{
    const struct plan_term plan_term = {term->field, term->op};
    sqlite3 *sql;
    sqlite3_stmt *statement;
    char text[100];
    if (term->value == NULL) {
        cost_term(cost, &plan_term, NULL);
        return;
    }
    snprintf(text, sizeof text, "SELECT %s", term->value);
    assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(sql, text, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    sqlite3_value *value = sqlite3_value_dup(sqlite3_column_value(statement, 0));
    cost_term(cost, &plan_term, value);
    sqlite3_value_free(value);
    sqlite3_finalize(statement);
    sqlite3_close(sql);
}

static sqlite3_index_info
estimate(const struct godb_size *size, bool is_traffic, unsigned fields,
    const struct term *terms, size_t count)
{
    struct cost cost;
    sqlite3_index_info info;
    memset(&info, 0, sizeof info);
    cost_begin(&cost, size, size->end_s, GODB_STAMP_MIN, GODB_STAMP_MAX);
    for (size_t i = 0; i < count; i++)
        add_term(&cost, &terms[i]);
    cost_finish(&cost, is_traffic, fields, &info);
    return info;
}

static void
rows_grow_with_the_range_of_times(void **state)
{
    (void)state;
    static const struct term day[] = {
        {FIELD_TIME, PLAN_GT, "1701302400"}, {FIELD_TIME, PLAN_LE, "1701388800"}};
    static const struct term last_day = {FIELD_FIRST, PLAN_EQ, "'-1d'"};
    static const struct term before = {FIELD_TIME, PLAN_LT, "1600000000"};
    const sqlite3_index_info all = estimate(&month, false, 0, NULL, 0);
    const sqlite3_index_info one = estimate(&month, false, 0, day, 2);
    assert_int_equal(all.estimatedRows, 17280000);
    assert_in_range(one.estimatedRows, 570000, 580000);
    assert_true(one.estimatedCost < all.estimatedCost / 25);
    assert_in_range(
        estimate(&month, false, 0, &last_day, 1).estimatedRows, 570000, 580000);
    assert_int_equal(estimate(&month, false, 0, &before, 1).estimatedRows, 1);
}

static void
an_unknown_time_is_one_block(void **state)
{
    (void)state;
    static const struct term at = {FIELD_TIME, PLAN_EQ, NULL};
    assert_in_range(estimate(&month, false, 0, &at, 1).estimatedRows, 1999, 2001);
}

static void
terms_leave_fewer_rows_but_all_are_read(void **state)
{
    (void)state;
    static const struct term address = {FIELD_SIP, PLAN_EQ, NULL};
    const sqlite3_index_info all = estimate(&month, false, 0, NULL, 0);
    const sqlite3_index_info one = estimate(&month, false, 0, &address, 1);
    assert_in_range(one.estimatedRows, 100, 10000);
    assert_true(one.estimatedCost > 17280000 && one.estimatedCost < all.estimatedCost);
}

static void
traffic_gives_a_row_a_group(void **state)
{
    (void)state;
    static const struct term port = {FIELD_DPORT, PLAN_EQ, "443"};
    const unsigned by_time = FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_BYTES);
    const unsigned by_port = FIELD_BIT(FIELD_DPORT) | FIELD_BIT(FIELD_BYTES);
    const sqlite3_index_info total =
        estimate(&month, true, FIELD_BIT(FIELD_BYTES), NULL, 0);
    assert_int_equal(total.estimatedRows, 1);
    assert_true(total.idxFlags & SQLITE_INDEX_SCAN_UNIQUE);
    const sqlite3_index_info series = estimate(&month, true, by_time, NULL, 0);
    assert_int_equal(series.estimatedRows, 30 * 288);
    assert_false(series.idxFlags & SQLITE_INDEX_SCAN_UNIQUE);
    assert_true(
        estimate(&month, true, by_port, &port, 1).idxFlags & SQLITE_INDEX_SCAN_UNIQUE);
    assert_false(estimate(&month, true, by_port | by_time, &port, 1).idxFlags &
                 SQLITE_INDEX_SCAN_UNIQUE);
    assert_true(total.estimatedCost > 17280000);
}

static void
plans_with_totals_cost_the_same(void **state)
{
    (void)state;
    static const struct term terms[] = {
        {FIELD_DPORT, PLAN_EQ, "443"}, {FIELD_TIME, PLAN_EQ, "1701302400"}};
    const unsigned fields =
        FIELD_BIT(FIELD_SIP) | FIELD_BIT(FIELD_DPORT) | FIELD_BIT(FIELD_TOTAL_BYTES);
    const double cost = estimate(&month, true, fields, NULL, 0).estimatedCost;
    for (size_t count = 1; count <= 2; count++)
        assert_true(estimate(&month, true, fields, terms, count).estimatedCost == cost);
}

static void
no_summary_makes_nonsense_of_an_estimate(void **state)
{
    (void)state;
    static const char *const summaries[] = {
        "{\"flowcount\":9223372036854775807,\"begin\":-9223372036854775808,"
        "\"end\":9223372036854775807}",
        "{\"flowcount\":1,\"begin\":0,\"end\":0}",
        "{\"flowcount\":9223372036854775807,\"begin\":1,\"end\":1}"};
    char path[300], *root = store_new();
    struct godb *db = store_open(root, GODB_READ);
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_size size;
    snprintf(path, sizeof path, "%s/summary.json", root);
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++) {
        FILE *file = fopen(path, "w");
        fprintf(
            file, "{\"interfaces\":{\"a\":%s,\"b\":%s}}", summaries[i], summaries[i]);
        fclose(file);
        assert_int_equal(godb_size(&size, db, &all, NULL), GODB_OK);
        assert_int_equal(size.iface_count, 2);
        for (int traffic = 0; traffic < 2; traffic++) {
            const sqlite3_index_info info =
                estimate(&size, traffic, FIELD_BIT(FIELD_TIME), NULL, 0);
            assert_true(info.estimatedRows >= 1);
            assert_true(info.estimatedCost >= 1 && info.estimatedCost < 1e40);
        }
    }
    godb_close(db);
    free(root);
}

static void
a_summary_without_flows_has_no_size(void **state)
{
    (void)state;
    static const char *const summaries[] = {"{\"interfaces\":{}}", "{}", "[", "",
        "{\"interfaces\":{\"a\":5}}",
        "{\"interfaces\":{\"a\":{\"flowcount\":-1,\"begin\":1,\"end\":2}}}",
        "{\"interfaces\":{\"a\":{\"flowcount\":1,\"begin\":3,\"end\":2}}}",
        "{\"interfaces\":{\"b\":{\"flowcount\":1,\"begin\":1,\"end\":2}}}"};
    static const char *const ifaces[] = {"a"};
    char path[300], *root = store_new();
    struct godb *db = store_open(root, GODB_READ);
    const struct godb_selection sel = {ifaces, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_size size;
    struct godb_err err;
    assert_int_equal(godb_size(&size, db, &sel, &err), GODB_ENOTFOUND);
    snprintf(path, sizeof path, "%s/summary.json", root);
    for (size_t i = 0; i < sizeof summaries / sizeof summaries[0]; i++) {
        FILE *file = fopen(path, "w");
        fputs(summaries[i], file);
        fclose(file);
        const int rc = godb_size(&size, db, &sel, &err);
        assert_true(rc == GODB_ENOTFOUND || rc == GODB_ECORRUPT);
    }
    godb_close(db);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_grow_with_the_range_of_times),
        cmocka_unit_test(an_unknown_time_is_one_block),
        cmocka_unit_test(terms_leave_fewer_rows_but_all_are_read),
        cmocka_unit_test(traffic_gives_a_row_a_group),
        cmocka_unit_test(plans_with_totals_cost_the_same),
        cmocka_unit_test(no_summary_makes_nonsense_of_an_estimate),
        cmocka_unit_test(a_summary_without_flows_has_no_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
