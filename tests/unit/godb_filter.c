/* SPDX-License-Identifier: MIT
 *
 * Filters on columns: random conditions against a slow look at every row, which columns
 * are asked for, and the builders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "godb/filter.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { ROWS_MAX = 200 };

/* --- A block and its columns ----------------------------------------------------- */

struct rows {
    uint32_t count;
    uint8_t ips[2][ROWS_MAX][GODB_IP_BYTES]; /* sip, dip */
    uint8_t proto[ROWS_MAX];
    uint16_t dport[ROWS_MAX], l7proto[ROWS_MAX];
    uint64_t counters[4][ROWS_MAX];
    struct godb_l7_names *l7_names;
    unsigned asked;   /* GODB_COLUMN_BITs that somebody wanted */
    unsigned damaged; /* GODB_COLUMN_BITs that cannot be read */
};

static const void *
column_of(void *arg, enum godb_column col)
{
    struct rows *rows = arg;
    rows->asked |= GODB_COLUMN_BIT(col);
    if (rows->damaged & GODB_COLUMN_BIT(col)) return NULL;
    switch (col) {
    case GODB_SIP:
    case GODB_DIP:
        return rows->ips[col == GODB_DIP];
    case GODB_PROTO:
        return rows->proto;
    case GODB_DPORT:
        return rows->dport;
    case GODB_L7PROTO:
        return rows->l7proto;
    default:
        return rows->counters[col - GODB_BYTES_RCVD];
    }
}

static const char *const addresses[] = {"0.0.0.0", "10.0.0.1", "10.0.0.2", "10.128.0.1",
    "192.0.2.1", "255.255.255.255", "32.1.13.184", "2001:db8::1", "2001:db8::2", "::1",
    "::ffff:102:304", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
static const char *const nets[] = {"10.0.0.0/8", "10.0.0.0/9", "10.0.0.0/31",
    "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::/127", "32.1.13.184/32",
    "::1/128"};
static const char *const l7_words[] = {
    "Alpha", "BETA", "gamma", "Unknown", "Nowhere", "0", "1", "2", "4", "65535"};
static const uint64_t ports[] = {0, 1, 2, 80, 255, 256, 443, 32768, 65535};

static const struct godb_l7_entry l7_entries[] = {
    {1, "alpha", "A"}, {2, "Beta", "B"}, {4, "Alpha", "A"}, {5, "Gamma", "C"}};

static uint32_t
random_below(uint64_t *seed, uint32_t limit)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33) % limit;
}

static void
random_rows(struct rows *rows, uint64_t *seed, uint32_t count)
{
    rows->count = count;
    rows->asked = rows->damaged = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (int end = 0; end < 2; end++)
            godb_ip_parse(rows->ips[end][i],
                addresses[random_below(seed, (uint32_t)COUNT(addresses))]);
        rows->proto[i] = (uint8_t[]){0, 1, 6, 17, 255}[random_below(seed, 5)];
        rows->dport[i] = (uint16_t)ports[random_below(seed, (uint32_t)COUNT(ports))];
        rows->l7proto[i] = (uint16_t[]){0, 1, 2, 3, 4, 5, 65535}[random_below(seed, 7)];
        for (int k = 0; k < 4; k++)
            rows->counters[k][i] = (uint64_t[]){
                0, 1, 1500, UINT64_MAX - 1, UINT64_MAX}[random_below(seed, 5)];
    }
}

static struct rows *
rows_new(void)
{
    struct rows *rows = calloc(1, sizeof *rows);
    assert_non_null(rows);
    assert_int_equal(godb_l7_names_new(&rows->l7_names, "test 1", l7_entries,
                         COUNT(l7_entries), NULL),
        GODB_OK);
    return rows;
}

static void
rows_free(struct rows *rows)
{
    godb_l7_names_free(rows->l7_names);
    free(rows);
}

static int
select_rows(struct rows *rows, const struct godb_filter *filter,
    struct filter_scratch *scratch, uint32_t *selected, uint32_t *count)
{
    const struct filter_source source = {column_of, rows, rows->l7_names, rows->count};
    rows->asked = 0;
    return filter_select(filter, &source, scratch, selected, count);
}

/* --- A condition as a tree, as text, and as a verdict on one row ----------------- */

enum { NODES_MAX = 64 };

enum expr_kind { EXPR_TEST, EXPR_NOT, EXPR_AND, EXPR_OR };

struct expr {
    enum expr_kind kind;
    int left, right; /* indexes of nodes */
    const char *attribute;
    enum godb_cmp cmp;
    char value[64];
};

struct tree {
    struct expr nodes[NODES_MAX];
    int count;
};

static const char *const signs[] = {"=", "!=", "<", ">", "<=", ">="};

static void
random_test(struct expr *out, uint64_t *seed)
{
    static const char *const names[] = {
        "sip", "dip", "host", "snet", "dnet", "net", "dport", "proto", "l7proto"};
    const uint32_t pick = random_below(seed, (uint32_t)COUNT(names));
    out->kind = EXPR_TEST;
    out->attribute = names[pick];
    out->cmp = (enum godb_cmp)random_below(seed, pick < 6 ? 2 : 6);
    const char *text = NULL;
    if (pick < 3) text = addresses[random_below(seed, (uint32_t)COUNT(addresses))];
    if (pick >= 3 && pick < 6) text = nets[random_below(seed, (uint32_t)COUNT(nets))];
    if (pick == 7)
        text = (const char *[]){"0", "1", "TCP", "17", "255"}[random_below(seed, 5)];
    if (pick == 8) text = l7_words[random_below(seed, (uint32_t)COUNT(l7_words))];
    if (text)
        snprintf(out->value, sizeof out->value, "%s", text);
    else
        snprintf(out->value, sizeof out->value, "%" PRIu64,
            ports[random_below(seed, (uint32_t)COUNT(ports))]);
}

/* A random expression of at most `depth` levels; its index. */
static int
random_expr(struct tree *tree, uint64_t *seed, int depth)
{
    const int at = tree->count++;
    struct expr *node = &tree->nodes[at];
    if (depth == 0 || tree->count > NODES_MAX - 16 || random_below(seed, 4) == 0) {
        random_test(node, seed);
        return at;
    }
    node->kind = (enum expr_kind)(EXPR_NOT + random_below(seed, 3));
    node->left = random_expr(tree, seed, depth - 1);
    if (node->kind != EXPR_NOT) node->right = random_expr(tree, seed, depth - 1);
    return at;
}

static void
write_expr(FILE *to, const struct tree *tree, int at)
{
    const struct expr *node = &tree->nodes[at];
    switch (node->kind) {
    case EXPR_TEST:
        fprintf(to, "%s %s %s", node->attribute, signs[node->cmp], node->value);
        return;
    case EXPR_NOT:
        fputs("!(", to);
        write_expr(to, tree, node->left);
        break;
    default:
        fputc('(', to);
        write_expr(to, tree, node->left);
        fputs(node->kind == EXPR_AND ? ") and (" : ") or (", to);
        write_expr(to, tree, node->right);
    }
    fputc(')', to);
}

static bool
compare(uint64_t a, enum godb_cmp cmp, uint64_t b)
{
    switch (cmp) {
    case GODB_EQ:
        return a == b;
    case GODB_NE:
        return a != b;
    case GODB_LT:
        return a < b;
    case GODB_GT:
        return a > b;
    case GODB_LE:
        return a <= b;
    default:
        return a >= b;
    }
}

/* Does one end of the flow equal the address, or lie in the network? */
static bool
end_matches(const struct rows *rows, uint32_t row, int end, const struct expr *test)
{
    struct godb_net net;
    assert_true(godb_net_parse(&net, test->value));
    return godb_net_holds(&net, rows->ips[end][row]);
}

static bool
l7_passes(const struct rows *rows, uint32_t row, const struct expr *test)
{
    const uint16_t id = rows->l7proto[row];
    if (strspn(test->value, "0123456789") == strlen(test->value))
        return compare(id, test->cmp, strtoull(test->value, NULL, 10));
    const bool same = strcasecmp(godb_l7_name(rows->l7_names, id), test->value) == 0;
    if (test->cmp == GODB_EQ) return same;
    if (test->cmp == GODB_NE) return !same;
    const int named = godb_l7_id(rows->l7_names, test->value);
    return named >= 0 && compare(id, test->cmp, (uint64_t)named);
}

static bool
test_passes(const struct rows *rows, uint32_t row, const struct expr *test)
{
    const char *name = test->attribute;
    if (strcmp(name, "dport") == 0)
        return compare(rows->dport[row], test->cmp, strtoull(test->value, NULL, 10));
    if (strcmp(name, "proto") == 0)
        return compare(rows->proto[row], test->cmp,
            strcmp(test->value, "TCP") == 0 ? 6 : strtoull(test->value, NULL, 10));
    if (strcmp(name, "l7proto") == 0) return l7_passes(rows, row, test);
    bool either = false;
    if (name[0] != 'd') either = end_matches(rows, row, 0, test);
    if (name[0] != 's') either = either || end_matches(rows, row, 1, test);
    return either == (test->cmp == GODB_EQ);
}

static bool
expr_passes(const struct tree *tree, int at, const struct rows *rows, uint32_t row)
{
    const struct expr *node = &tree->nodes[at];
    switch (node->kind) {
    case EXPR_TEST:
        return test_passes(rows, row, node);
    case EXPR_NOT:
        return !expr_passes(tree, node->left, rows, row);
    case EXPR_AND:
        return expr_passes(tree, node->left, rows, row) &&
               expr_passes(tree, node->right, rows, row);
    default:
        return expr_passes(tree, node->left, rows, row) ||
               expr_passes(tree, node->right, rows, row);
    }
}

static struct godb_filter *
parsed(const char *text)
{
    struct godb_filter *filter = NULL;
    struct godb_err err;
    if (godb_filter_parse(&filter, text, NULL, NULL, NULL, &err) != GODB_OK)
        fail_msg("'%s': %s", text, err.msg);
    return filter;
}

static void
check_against_rows(struct rows *rows, const struct tree *tree, const char *text,
    struct filter_scratch *scratch)
{
    uint32_t selected[ROWS_MAX], count, expected = 0;
    struct godb_filter *filter = parsed(text);
    assert_int_equal(select_rows(rows, filter, scratch, selected, &count), GODB_OK);
    for (uint32_t row = 0; row < rows->count; row++) {
        if (!expr_passes(tree, 0, rows, row)) continue;
        if (expected >= count || selected[expected] != row)
            fail_msg("'%s' leaves out row %u", text, (unsigned)row);
        expected++;
    }
    if (count != expected) fail_msg("'%s' takes rows too many", text);
    if (rows->asked & ~godb_filter_columns(filter))
        fail_msg("'%s' asks for a column it does not name", text);
    godb_filter_free(filter);
}

static void
random_conditions_select_what_a_slow_look_does(void **state)
{
    uint64_t seed = (uint64_t)time(NULL);
    struct rows *rows = rows_new();
    struct filter_scratch scratch = {NULL, 0};
    (void)state;
    print_message("# seed %" PRIu64 "\n", seed);
    for (int i = 0; i < 5000; i++) {
        struct tree tree = {.count = 0};
        char *text = NULL;
        size_t size = 0;
        if (i % 10 == 0) random_rows(rows, &seed, random_below(&seed, ROWS_MAX + 1));
        random_expr(&tree, &seed, 4);
        FILE *to = open_memstream(&text, &size);
        assert_non_null(to);
        write_expr(to, &tree, 0);
        assert_int_equal(fclose(to), 0);
        check_against_rows(rows, &tree, text, &scratch);
        struct godb_filter *filter = parsed(text);
        char *canonical = godb_filter_text(filter);
        check_against_rows(rows, &tree, canonical, &scratch);
        godb_filter_free(filter);
        free(canonical);
        free(text);
    }
    filter_scratch_free(&scratch);
    rows_free(rows);
}

/* --- Which columns are asked for ------------------------------------------------- */

/* Every flow is proto 6 to port 443, from 10.0.0.1 to 10.0.0.2. */
static struct rows *
uniform_rows(void)
{
    struct rows *rows = rows_new();
    rows->count = ROWS_MAX;
    for (uint32_t i = 0; i < ROWS_MAX; i++) {
        godb_ip_parse(rows->ips[0][i], "10.0.0.1");
        godb_ip_parse(rows->ips[1][i], "10.0.0.2");
        rows->proto[i] = 6;
        rows->dport[i] = 443;
        rows->l7proto[i] = 1;
    }
    return rows;
}

static void
columns_that_cannot_change_the_verdict_are_not_asked_for(void **state)
{
    enum {
        PROTO = GODB_COLUMN_BIT(GODB_PROTO),
        DPORT = GODB_COLUMN_BIT(GODB_DPORT),
        SIP = GODB_COLUMN_BIT(GODB_SIP),
        DIP = GODB_COLUMN_BIT(GODB_DIP),
    };
    static const struct {
        const char *text;
        unsigned asked;
        uint32_t count;
    } cases[] = {
        {"sip = 10.0.0.1 & proto = 17", PROTO, 0},
        {"sip = 10.0.0.1 | proto = 6", PROTO, ROWS_MAX},
        {"sip = 10.0.0.1 & dport = 443 & proto = 6", PROTO | DPORT | SIP, ROWS_MAX},
        {"sip = 10.0.0.9 & dport = 80 & proto = 6", PROTO | DPORT, 0},
        {"!(proto = 6 | sip = 10.0.0.1)", PROTO, 0},
        {"(sip = 10.0.0.1 & dport = 80) | proto = 17", PROTO | DPORT, 0},
        {"host = 10.0.0.1", SIP, ROWS_MAX},
        {"host != 10.0.0.2", SIP | DIP, 0},
        {"", 0, ROWS_MAX},
    };
    struct rows *rows = uniform_rows();
    struct filter_scratch scratch = {NULL, 0};
    uint32_t selected[ROWS_MAX], count;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct godb_filter *filter = parsed(cases[i].text);
        assert_int_equal(
            select_rows(rows, filter, &scratch, selected, &count), GODB_OK);
        if (rows->asked != cases[i].asked || count != cases[i].count)
            fail_msg("'%s' asks for %#x and takes %u", cases[i].text, rows->asked,
                (unsigned)count);
        godb_filter_free(filter);
    }
    filter_scratch_free(&scratch);
    rows_free(rows);
}

static void
a_column_that_cannot_be_read_is_told_when_it_matters(void **state)
{
    struct rows *rows = uniform_rows();
    struct filter_scratch scratch = {NULL, 0};
    uint32_t selected[ROWS_MAX], count;
    (void)state;
    rows->damaged = GODB_COLUMN_BIT(GODB_SIP);
    struct godb_filter *filter = parsed("sip = 10.0.0.1 & proto = 6");
    assert_int_equal(
        select_rows(rows, filter, &scratch, selected, &count), GODB_ECORRUPT);
    assert_int_equal(count, 0);
    godb_filter_free(filter);
    filter = parsed("!(dport = 1 | (proto = 6 & sip != 10.0.0.1))");
    assert_int_equal(
        select_rows(rows, filter, &scratch, selected, &count), GODB_ECORRUPT);
    godb_filter_free(filter);
    filter = parsed("sip = 10.0.0.1 & proto = 17");
    assert_int_equal(select_rows(rows, filter, &scratch, selected, &count), GODB_OK);
    godb_filter_free(filter);
    filter_scratch_free(&scratch);
    rows_free(rows);
}

static void
an_empty_block_asks_for_nothing(void **state)
{
    struct rows *rows = uniform_rows();
    struct filter_scratch scratch = {NULL, 0};
    uint32_t count = 99;
    (void)state;
    rows->count = 0;
    struct godb_filter *filter = parsed("sip = 10.0.0.1");
    assert_int_equal(select_rows(rows, filter, &scratch, NULL, &count), GODB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(rows->asked, 0);
    godb_filter_free(filter);
    filter_scratch_free(&scratch);
    rows_free(rows);
}

/* --- Builders -------------------------------------------------------------------- */

static uint64_t
number_at(const struct rows *rows, enum godb_column column, uint32_t row)
{
    switch (column) {
    case GODB_PROTO:
        return rows->proto[row];
    case GODB_DPORT:
        return rows->dport[row];
    case GODB_L7PROTO:
        return rows->l7proto[row];
    default:
        return rows->counters[column - GODB_BYTES_RCVD][row];
    }
}

/* Selects with the filter, frees it, and gives the verdict on each row. */
static void
verdicts(struct rows *rows, struct godb_filter *filter, bool *passes)
{
    struct filter_scratch scratch = {NULL, 0};
    uint32_t selected[ROWS_MAX], count;
    assert_int_equal(select_rows(rows, filter, &scratch, selected, &count), GODB_OK);
    memset(passes, 0, ROWS_MAX * sizeof *passes);
    for (uint32_t i = 0; i < count; i++)
        passes[selected[i]] = true;
    filter_scratch_free(&scratch);
    godb_filter_free(filter);
}

static void
numbers_compare_in_every_width(void **state)
{
    static const uint64_t values[] = {0, 1, 2, 6, 254, 255, 256, 443, 65535, 65536,
        1500, UINT32_MAX, UINT64_MAX - 1, UINT64_MAX};
    uint64_t seed = 42;
    struct rows *rows = rows_new();
    bool passes[ROWS_MAX];
    (void)state;
    random_rows(rows, &seed, ROWS_MAX);
    for (enum godb_column col = GODB_PROTO; col < GODB_COLUMN_COUNT; col++)
        for (size_t v = 0; v < COUNT(values); v++)
            for (enum godb_cmp cmp = GODB_EQ; cmp <= GODB_GE; cmp++) {
                struct godb_filter *filter = NULL;
                assert_int_equal(
                    godb_filter_number(&filter, col, cmp, values[v]), GODB_OK);
                assert_int_equal(godb_filter_columns(filter), GODB_COLUMN_BIT(col));
                verdicts(rows, filter, passes);
                for (uint32_t row = 0; row < ROWS_MAX; row++)
                    if (passes[row] !=
                        compare(number_at(rows, col, row), cmp, values[v]))
                        fail_msg("column %d %s %" PRIu64 " is wrong", (int)col,
                            signs[cmp], values[v]);
            }
    rows_free(rows);
}

static void
number_lists_take_what_they_name(void **state)
{
    static const uint64_t list[] = {443, 0, 443, 1500, 80, 6, UINT64_MAX, 65536};
    uint64_t seed = 43;
    struct rows *rows = rows_new();
    bool passes[ROWS_MAX];
    (void)state;
    random_rows(rows, &seed, ROWS_MAX);
    for (enum godb_column col = GODB_PROTO; col < GODB_COLUMN_COUNT; col++)
        for (size_t count = 0; count <= COUNT(list); count++) {
            struct godb_filter *filter = NULL;
            assert_int_equal(
                godb_filter_numbers(&filter, col, count ? list : NULL, count), GODB_OK);
            verdicts(rows, filter, passes);
            for (uint32_t row = 0; row < ROWS_MAX; row++) {
                bool expected = false;
                for (size_t i = 0; i < count; i++)
                    expected |= number_at(rows, col, row) == list[i];
                assert_int_equal(passes[row], expected);
            }
        }
    rows_free(rows);
}

static void
address_lists_take_what_they_name(void **state)
{
    uint8_t list[COUNT(addresses)][GODB_IP_BYTES];
    uint64_t seed = 44;
    struct rows *rows = rows_new();
    bool passes[ROWS_MAX];
    (void)state;
    random_rows(rows, &seed, ROWS_MAX);
    for (size_t i = 0; i < COUNT(addresses); i++)
        godb_ip_parse(list[i], addresses[COUNT(addresses) - 1 - i]);
    for (int end = 0; end < 2; end++)
        for (size_t count = 0; count <= COUNT(addresses); count++) {
            struct godb_filter *filter = NULL;
            assert_int_equal(godb_filter_ips(&filter, end ? GODB_DIP : GODB_SIP,
                                 (const uint8_t(*)[GODB_IP_BYTES])list, count),
                GODB_OK);
            verdicts(rows, filter, passes);
            for (uint32_t row = 0; row < ROWS_MAX; row++) {
                bool expected = false;
                for (size_t i = 0; i < count; i++)
                    expected |=
                        memcmp(rows->ips[end][row], list[i], GODB_IP_BYTES) == 0;
                assert_int_equal(passes[row], expected);
            }
        }
    rows_free(rows);
}

static void
networks_take_what_they_hold(void **state)
{
    uint64_t seed = 45;
    struct rows *rows = rows_new();
    bool passes[ROWS_MAX];
    (void)state;
    random_rows(rows, &seed, ROWS_MAX);
    for (size_t n = 0; n < COUNT(nets); n++) {
        struct godb_filter *filter = NULL;
        struct godb_net net;
        assert_true(godb_net_parse(&net, nets[n]));
        assert_int_equal(godb_filter_net(&filter, GODB_DIP, &net), GODB_OK);
        verdicts(rows, filter, passes);
        for (uint32_t row = 0; row < ROWS_MAX; row++)
            assert_int_equal(passes[row], godb_net_holds(&net, rows->ips[1][row]));
    }
    rows_free(rows);
}

static void
constants_take_all_or_nothing_and_stop_the_search(void **state)
{
    struct rows *rows = uniform_rows();
    struct godb_filter *none = NULL, *all = NULL, *both = NULL;
    bool passes[ROWS_MAX];
    (void)state;
    assert_int_equal(godb_filter_const(&all, true), GODB_OK);
    assert_int_equal(godb_filter_columns(all), 0);
    verdicts(rows, all, passes);
    assert_true(passes[0] && passes[ROWS_MAX - 1]);
    assert_int_equal(godb_filter_const(&none, false), GODB_OK);
    assert_int_equal(godb_filter_and(&both, parsed("sip = 10.0.0.1"), none), GODB_OK);
    verdicts(rows, both, passes);
    assert_false(passes[0]);
    assert_int_equal(rows->asked, 0);
    rows_free(rows);
}

static void
and_takes_nothing_for_everything(void **state)
{
    struct godb_filter *both = NULL;
    (void)state;
    assert_int_equal(godb_filter_and(&both, NULL, NULL), GODB_OK);
    assert_null(both);
    assert_int_equal(godb_filter_columns(both), 0);
    struct godb_filter *one = parsed("dport = 1");
    assert_int_equal(godb_filter_and(&both, one, NULL), GODB_OK);
    assert_ptr_equal(both, one);
    assert_int_equal(godb_filter_and(&both, NULL, one), GODB_OK);
    assert_ptr_equal(both, one);
    assert_int_equal(
        godb_filter_and(&both, one, parsed("proto = 6 | l7proto = 1")), GODB_OK);
    char *text = godb_filter_text(both);
    assert_string_equal(text, "(dport = 1 & (proto = 6 | l7proto = 1))");
    assert_int_equal(godb_filter_columns(both), GODB_COLUMN_BIT(GODB_PROTO) |
                                                    GODB_COLUMN_BIT(GODB_DPORT) |
                                                    GODB_COLUMN_BIT(GODB_L7PROTO));
    free(text);
    godb_filter_free(both);
    godb_filter_free(NULL);
}

/* As it is shown where a filter came without a text. */
static void
filters_without_a_text_have_one_too(void **state)
{
    static const uint64_t list[] = {6, 17};
    static const struct {
        size_t count;
        const char *text;
    } cases[] = {{0, "false"}, {1, "proto = 6"}, {2, "(proto = 6 | proto = 17)"}};
    struct godb_filter *filter;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            godb_filter_numbers(&filter, GODB_PROTO, list, cases[i].count), GODB_OK);
        char *text = godb_filter_text(filter);
        assert_string_equal(text, cases[i].text);
        free(text);
        godb_filter_free(filter);
    }
    for (int takes_all = 0; takes_all < 2; takes_all++) {
        assert_int_equal(godb_filter_const(&filter, takes_all), GODB_OK);
        char *text = godb_filter_text(filter);
        assert_string_equal(text, takes_all ? "" : "false");
        free(text);
        godb_filter_free(filter);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_conditions_select_what_a_slow_look_does),
        cmocka_unit_test(columns_that_cannot_change_the_verdict_are_not_asked_for),
        cmocka_unit_test(a_column_that_cannot_be_read_is_told_when_it_matters),
        cmocka_unit_test(an_empty_block_asks_for_nothing),
        cmocka_unit_test(numbers_compare_in_every_width),
        cmocka_unit_test(number_lists_take_what_they_name),
        cmocka_unit_test(address_lists_take_what_they_name),
        cmocka_unit_test(networks_take_what_they_hold),
        cmocka_unit_test(constants_take_all_or_nothing_and_stop_the_search),
        cmocka_unit_test(and_takes_nothing_for_everything),
        cmocka_unit_test(filters_without_a_text_have_one_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
