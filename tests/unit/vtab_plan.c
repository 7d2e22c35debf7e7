/* SPDX-License-Identifier: MIT
 *
 * Plans travel as text between xBestIndex and xFilter: what goes in comes out, and
 * nothing else is taken for a plan.
 */
#define SQLITE_CORE 1
#include <sqlite3.h>

#include "tests/store.h"
#include "vtab/plan.h"

enum { ROUNDS = 20000 };

static uint32_t
pick(uint32_t *state, uint32_t below)
{
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % below;
}

static void
random_plan(struct plan *out, uint32_t *state)
{
    memset(out, 0, sizeof *out);
    const size_t terms = pick(state, 5) ? pick(state, 4) : pick(state, 62);
    while (out->term_count < terms)
        out->terms[out->term_count++] =
            (struct plan_term){(enum field)pick(state, FIELD_COUNT),
                (enum plan_op)pick(state, PLAN_LIMIT)};
    const size_t order = pick(state, PLAN_ORDER_MAX + 1);
    while (out->order_count < order)
        out->order[out->order_count++] = (struct plan_order){
            (enum field)pick(state, FIELD_COUNT), pick(state, 2) == 1};
    if (pick(state, 2)) out->terms[out->term_count++].op = PLAN_LIMIT;
    if (pick(state, 2)) out->terms[out->term_count++].op = PLAN_OFFSET;
    out->is_distinct = pick(state, 2);
}

static void
assert_same_plan(const struct plan *a, const struct plan *b, const char *text)
{
    bool same = a->term_count == b->term_count && a->order_count == b->order_count &&
                a->is_distinct == b->is_distinct;
    for (size_t i = 0; same && i < a->term_count; i++)
        same =
            a->terms[i].op == b->terms[i].op && a->terms[i].field == b->terms[i].field;
    for (size_t i = 0; same && i < a->order_count; i++)
        same = a->order[i].field == b->order[i].field &&
               a->order[i].descending == b->order[i].descending;
    if (!same) fail_msg("another plan came back from '%s'", text);
}

static void
any_plan_comes_back_from_its_text(void **test)
{
    (void)test;
    uint32_t state = 1;
    for (int i = 0; i < ROUNDS; i++) {
        struct plan plan, back;
        random_plan(&plan, &state);
        char *text = plan_text(&plan);
        if (!plan_parse(&back, text)) fail_msg("'%s' is not taken", text);
        assert_same_plan(&plan, &back, text);
        sqlite3_free(text);
    }
}

static void
the_empty_plan_says_all(void **test)
{
    (void)test;
    struct plan plan = {0}, back;
    char *text = plan_text(&plan);
    assert_string_equal(text, "all");
    assert_true(plan_parse(&back, text));
    assert_int_equal(back.term_count + back.order_count, 0);
    sqlite3_free(text);
}

static void
a_name_that_starts_with_another_is_itself(void **test)
{
    (void)test;
    struct plan plan;
    assert_true(plan_parse(&plan, "proto=? and l7proto<? order by bytes_rcvd desc, "
                                  "bytes, proto_name, total_bytes_sent limit ?"));
    assert_int_equal(plan.terms[0].field, FIELD_PROTO);
    assert_int_equal(plan.terms[1].field, FIELD_L7PROTO);
    assert_int_equal(plan.order[0].field, FIELD_BYTES_RCVD);
    assert_int_equal(plan.order[1].field, FIELD_BYTES);
    assert_int_equal(plan.order[2].field, FIELD_PROTO_NAME);
    assert_int_equal(plan.order[3].field, FIELD_TOTAL_BYTES_SENT);
    assert_int_equal(plan.terms[2].op, PLAN_LIMIT);
}

static void
less_is_not_taken_for_less_or_equal(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum plan_op op;
    } cases[] = {{"dport=?", PLAN_EQ}, {"dport in ?", PLAN_IN}, {"dport<?", PLAN_LT},
        {"dport<=?", PLAN_LE}, {"dport>?", PLAN_GT}, {"dport>=?", PLAN_GE},
        {"ip_in(sip,?)", PLAN_NET}, {"limit ?", PLAN_LIMIT}, {"offset ?", PLAN_OFFSET}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct plan plan;
        assert_true(plan_parse(&plan, cases[i].text));
        assert_int_equal(plan.term_count, 1);
        assert_int_equal(plan.terms[0].op, cases[i].op);
    }
}

static void
a_text_that_is_no_plan_is_refused(void **test)
{
    (void)test;
    static const char *const texts[] = {"nothing=?", "sip", "sip==?", "sip=?dip=?",
        "ip_in(sip,?", "ip_in(,?)", "order by ", "order by nothing", "limit", "=?",
        "order by sip desc dip", "sip in", "sip=? or dip=?", "?"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct plan plan;
        if (plan_parse(&plan, texts[i])) fail_msg("'%s' is taken", texts[i]);
    }
}

static void
more_than_fits_is_refused(void **test)
{
    (void)test;
    static char text[(PLAN_TERMS_MAX + 1) * 16];
    struct plan plan;
    for (int i = 0; i < PLAN_TERMS_MAX; i++)
        strcat(text, i ? " and sip=?" : "sip=?");
    assert_true(plan_parse(&plan, text));
    strcat(text, " and sip=?");
    assert_false(plan_parse(&plan, text));
    strcpy(text, "order by sip");
    for (int i = 1; i < PLAN_ORDER_MAX; i++)
        strcat(text, ", sip");
    assert_true(plan_parse(&plan, text));
    strcat(text, ", sip");
    assert_false(plan_parse(&plan, text));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_plan_comes_back_from_its_text),
        cmocka_unit_test(the_empty_plan_says_all),
        cmocka_unit_test(a_name_that_starts_with_another_is_itself),
        cmocka_unit_test(less_is_not_taken_for_less_or_equal),
        cmocka_unit_test(a_text_that_is_no_plan_is_refused),
        cmocka_unit_test(more_than_fits_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
