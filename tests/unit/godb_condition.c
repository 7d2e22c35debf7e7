/* SPDX-License-Identifier: MIT
 *
 * The condition language: what a text means, shown by its canonical form, and what is
 * said about a text that means nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/filter.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- Reading and refusing -------------------------------------------------------- */

/* Knows two hosts: "twin" has two addresses, "solo" one. */
static int
resolve(void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max)
{
    (void)arg;
    assert_true(max >= 2);
    godb_ip_parse(out[0], "192.0.2.1");
    godb_ip_parse(out[1], "2001:db8::1");
    return strcmp(host, "twin") == 0 ? 2 : strcmp(host, "solo") == 0 ? 1 : -1;
}

/* The canonical text of a condition, for the caller to free. */
static char *
canonical(const char *condition)
{
    struct godb_filter *filter = NULL;
    struct godb_err err = {GODB_OK, 0, ""};
    if (godb_filter_parse(&filter, condition, resolve, NULL, NULL, &err) != GODB_OK)
        fail_msg("'%s': %s", condition, err.msg);
    char *text = godb_filter_text(filter);
    assert_non_null(text);
    godb_filter_free(filter);
    return text;
}

static void
reads_as(const char *condition, const char *expected)
{
    char *once = canonical(condition);
    char *twice = canonical(once);
    if (strcmp(once, expected) != 0)
        fail_msg("'%s' reads as '%s', not '%s'", condition, once, expected);
    assert_string_equal(twice, once);
    free(once);
    free(twice);
}

/* The error stands at a byte, its column is one more, and it says `why`. */
static void
refuses(const char *condition, size_t expected_at, const char *why)
{
    struct godb_filter *filter = NULL;
    struct godb_err err = {GODB_OK, 0, ""};
    size_t at = SIZE_MAX;
    char column[40];
    int rc = godb_filter_parse(&filter, condition, resolve, NULL, &at, &err);
    if (rc != GODB_EARG) fail_msg("'%s' is not refused: %d", condition, rc);
    snprintf(column, sizeof column, "column %zu:", expected_at + 1);
    if (at != expected_at || strstr(err.msg, column) == NULL ||
        strstr(err.msg, why) == NULL)
        fail_msg("'%s' at %zu: %s", condition, at, err.msg);
    assert_null(strchr(err.msg, '\n'));
    assert_int_equal(err.status, GODB_EARG);
    assert_null(filter);
}

/* --- Structure ------------------------------------------------------------------- */

static void
not_binds_before_and_and_and_before_or(void **state)
{
    (void)state;
    reads_as("dport=1 | dport=2 & dport=3", "(dport = 1 | (dport = 2 & dport = 3))");
    reads_as("dport=1 & dport=2 | dport=3", "((dport = 1 & dport = 2) | dport = 3)");
    reads_as("(dport=1 | dport=2) & dport=3", "((dport = 1 | dport = 2) & dport = 3)");
    reads_as("!dport=1 & dport=2", "(dport != 1 & dport = 2)");
    reads_as("!(dport=1 & dport=2)", "!(dport = 1 & dport = 2)");
    reads_as(
        "!(dport=1 | dport=2) & dport=3", "(!(dport = 1 | dport = 2) & dport = 3)");
}

static void
chains_are_one_node_and_cheap_columns_come_first(void **state)
{
    (void)state;
    reads_as("dport=1 & (dport=2 & (dport=3 & dport=4))",
        "(dport = 1 & dport = 2 & dport = 3 & dport = 4)");
    reads_as("sip=10.0.0.1 & dport=443 & proto=6",
        "(proto = 6 & dport = 443 & sip = 10.0.0.1)");
    reads_as("snet=10.0.0.0/8 & (dport=443 | dport=80)",
        "((dport = 443 | dport = 80) & snet = 10.0.0.0/8)");
}

static void
the_language_of_the_first_version_is_read(void **state)
{
    (void)state;
    reads_as("proto=TCP AND dport=443", "(proto = 6 & dport = 443)");
    reads_as("sip=192.0.2.1 AND dip=192.0.2.2 AND proto=UDP AND l7proto=DNS_UDP",
        "(proto = 17 & l7proto = \"DNS_UDP\" & sip = 192.0.2.1 & dip = 192.0.2.2)");
}

static void
conjunctions_have_many_spellings(void **state)
{
    static const char *const ands[] = {"&", "&&", "*", " and ", " AND ", " And "};
    static const char *const ors[] = {"|", "||", "+", " or ", " OR ", "\tOr\n"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < COUNT(ands); i++) {
        snprintf(text, sizeof text, "dport=1%sdport=2", ands[i]);
        reads_as(text, "(dport = 1 & dport = 2)");
    }
    for (size_t i = 0; i < COUNT(ors); i++) {
        snprintf(text, sizeof text, "dport=1%sdport=2", ors[i]);
        reads_as(text, "(dport = 1 | dport = 2)");
    }
}

static void
not_may_stand_wherever_a_test_may(void **state)
{
    (void)state;
    reads_as("not dport=1", "dport != 1");
    reads_as("NOT dport=1", "dport != 1");
    reads_as("not(dport=1)", "dport != 1");
    reads_as("not[dport=1]", "dport != 1");
    reads_as("not{dport=1}", "dport != 1");
    reads_as("dport=1 and not dport=2", "(dport = 1 & dport != 2)");
    reads_as("dport=1 or not dport=2", "(dport = 1 | dport != 2)");
    reads_as("dport=1 && not dport=2", "(dport = 1 & dport != 2)");
    reads_as("dport=1 & !(dport=2)", "(dport = 1 & dport != 2)");
    reads_as("dport=1 and !dport!=2", "(dport = 1 & dport = 2)");
    reads_as("!!dport=1", "dport = 1");
    reads_as("! not ! dport=1", "dport != 1");
}

static void
brackets_of_three_kinds_must_match(void **state)
{
    (void)state;
    reads_as("(dport=1)", "dport = 1");
    reads_as("[dport=1]", "dport = 1");
    reads_as("{dport=1}", "dport = 1");
    reads_as("{[(dport=1)|dport=2]}", "(dport = 1 | dport = 2)");
    refuses("(dport=1]", 8, "')' that closes column 1");
    refuses("[(dport=1])", 9, "')' that closes column 2");
    refuses("{dport=1", 8, "found the end");
    refuses("dport=1)", 7, "found ')'");
    refuses("()", 1, "found ')'");
}

/* Mixed letter case of a word: EqUaLs. */
static void
mix_case(char *word)
{
    for (size_t i = 0; word[i]; i++)
        word[i] = (char)(i % 2 ? tolower((unsigned char)word[i])
                               : toupper((unsigned char)word[i]));
}

static void
comparisons_have_many_spellings(void **state)
{
    static const struct {
        const char *canonical, *spellings[12];
    } rows[] = {
        {"dport = 7", {"=", "==", "===", " eq ", " -eq ", " equals "}},
        {"dport != 7", {"!=", " neq ", " -neq ", " ne ", " -ne "}},
        {"dport <= 7", {"<=", " le ", " -le ", " leq ", " -leq "}},
        {"dport >= 7", {">=", " ge ", " -ge ", " geq ", " -geq "}},
        {"dport < 7", {"<", " l ", " -l ", " lt ", " -lt ", " less "}},
        {"dport > 7", {">", " g ", " -g ", " gt ", " -gt ", " greater "}},
    };
    char spelling[16], text[64];
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        for (size_t k = 0; rows[i].spellings[k]; k++) {
            snprintf(spelling, sizeof spelling, "%s", rows[i].spellings[k]);
            snprintf(text, sizeof text, "dport%s7", spelling);
            reads_as(text, rows[i].canonical);
            mix_case(spelling);
            snprintf(text, sizeof text, "DPort%s7", spelling);
            reads_as(text, rows[i].canonical);
        }
}

static void
comparisons_at_the_edges_keep_their_sign(void **state)
{
    (void)state;
    reads_as("dport >= 0", "dport >= 0");
    reads_as("dport < 0", "dport < 0");
    reads_as("!dport < 3", "dport >= 3");
    reads_as("!dport <= 3", "dport > 3");
    reads_as("dport > 65535", "dport > 65535");
}

/* --- Addresses and networks ------------------------------------------------------ */

static void
host_and_net_are_either_end(void **state)
{
    (void)state;
    reads_as("host = ::2", "(sip = ::2 | dip = ::2)");
    reads_as("host != 10.0.0.1", "!(sip = 10.0.0.1 | dip = 10.0.0.1)");
    reads_as("!host != 10.0.0.1", "(sip = 10.0.0.1 | dip = 10.0.0.1)");
    reads_as("net = 10.1.2.3/8", "(snet = 10.0.0.0/8 | dnet = 10.0.0.0/8)");
    reads_as("net != 10.0.0.0/8", "!(snet = 10.0.0.0/8 | dnet = 10.0.0.0/8)");
    reads_as("src = 10.0.0.1 | dst = 10.0.0.2", "(sip = 10.0.0.1 | dip = 10.0.0.2)");
}

static void
a_host_name_stands_for_all_its_addresses(void **state)
{
    (void)state;
    reads_as("sip = solo", "sip = 192.0.2.1");
    reads_as("sip = twin", "(sip = 2001:db8::1 | sip = 192.0.2.1)");
    reads_as("sip != twin", "(sip != 2001:db8::1 & sip != 192.0.2.1)");
    refuses("sip = nobody", 6, "no host of that name: 'nobody'");
    refuses("sip = 300.1.1.1", 6, "not an IP address: '300.1.1.1'");
    refuses("sip = 1.2.3", 6, "not an IP address");
    refuses("sip = 1::2::3", 6, "1::2::3");
}

static void
host_names_need_somebody_who_resolves_them(void **state)
{
    struct godb_filter *filter = NULL;
    struct godb_err err;
    (void)state;
    assert_int_equal(
        godb_filter_parse(&filter, "sip=solo", NULL, NULL, NULL, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "not an IP address: 'solo'"));
}

static void
networks_keep_their_family(void **state)
{
    (void)state;
    reads_as("snet = 10.0.0.1", "snet = 10.0.0.1/32");
    reads_as("snet = 0.0.0.0/0", "snet = 0.0.0.0/0");
    reads_as("dnet = 2001:db8::/32", "dnet = 2001:db8::/32");
    reads_as("dnet = 2001:db8:1::/36", "dnet = 2001:db8::/36");
    reads_as("sip = ::ffff:1.2.3.4", "sip = 1.2.3.4");
    reads_as("sip = ::ffff:102:304", "sip = ::ffff:102:304");
}

static void
bad_networks_are_refused(void **state)
{
    static const char *const nets[] = {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/-8",
        "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/+8", "2001:db8::/129", "10.0.0/8", "/8",
        "twin/8", "10.0.0.0/8/8", "10.0.0.0/0000008"};
    char text[64];
    (void)state;
    for (size_t i = 0; i < COUNT(nets); i++) {
        snprintf(text, sizeof text, "snet=%s", nets[i]);
        refuses(text, 5, "not a network");
    }
}

/* --- Numbers and names ----------------------------------------------------------- */

static void
ports_and_protocols_have_bounds(void **state)
{
    (void)state;
    reads_as("port = 65535", "dport = 65535");
    reads_as("dport = 00443", "dport = 443");
    reads_as("dport = \"443\"", "dport = 443");
    reads_as("proto = 255", "proto = 255");
    refuses("dport=65536", 6, "not a port");
    refuses("dport=-1", 6, "not a port");
    refuses("dport=http", 6, "not a port");
    refuses("dport=99999999999999999999", 6, "not a port");
    refuses("proto=262", 6, "not a protocol");
    refuses("proto=nonsense", 6, "'nonsense'");
    refuses("l7proto=65536", 8, "layer 7");
    refuses("l7proto=\"\"", 8, "layer 7");
}

static void
protocols_are_named_in_any_letter_case(void **state)
{
    (void)state;
    reads_as("proto=tcp", "proto = 6");
    reads_as("proto=Udp", "proto = 17");
    reads_as("proto=ipv6-icmp", "proto = 58");
    reads_as("proto='tp++'", "proto = 39");
    reads_as("proto<=ICMP", "proto <= 1");
}

static void
layer_7_names_keep_their_odd_characters(void **state)
{
    (void)state;
    reads_as("l7proto = SSL/TLS", "l7proto = \"SSL/TLS\"");
    reads_as("l7proto != HTTP_NonStandard", "l7proto != \"HTTP_NonStandard\"");
    reads_as("!l7proto = HTTP", "!l7proto = \"HTTP\"");
    reads_as("l7proto = 'C\"est'", "l7proto = 'C\"est'");
    reads_as("l7proto = \"A & B\" & dport=1", "(l7proto = \"A & B\" & dport = 1)");
    reads_as("l7proto < 10", "l7proto < 10");
    reads_as("l7proto >= 2x", "l7proto >= \"2x\"");
}

static bool
knows_http_alone(void *arg, const char *name)
{
    (void)arg;
    return strcmp(name, "HTTP") == 0;
}

static void
an_unknown_layer_7_name_can_be_found(void **state)
{
    struct godb_filter *filter = NULL;
    (void)state;
    assert_int_equal(
        godb_filter_parse(&filter, "l7proto=HTTP & !(dport=1 | l7proto=Gopher)", NULL,
            NULL, NULL, NULL),
        GODB_OK);
    const char *unknown = filter_unknown_l7_name(filter, knows_http_alone, NULL);
    assert_non_null(unknown);
    assert_string_equal(unknown, "Gopher");
    godb_filter_free(filter);
    assert_int_equal(
        godb_filter_parse(&filter, "l7proto=HTTP | sip=::2", NULL, NULL, NULL, NULL),
        GODB_OK);
    assert_null(filter_unknown_l7_name(filter, knows_http_alone, NULL));
    godb_filter_free(filter);
}

/* --- Errors ---------------------------------------------------------------------- */

static void
a_blank_condition_takes_everything(void **state)
{
    (void)state;
    reads_as("", "");
    reads_as(" \t\r\n", "");
}

static void
errors_stand_where_the_text_goes_wrong(void **state)
{
    (void)state;
    refuses("dport", 5, "expected a comparison (=, !=, <, >, <=, >=), found the end");
    refuses("dport =", 7, "expected a value, found the end");
    refuses("dport = = 5", 8, "found '='");
    refuses("dport 443", 6, "found '443'");
    refuses("foo = 1", 0, "found 'foo'");
    refuses("dport a123456789b123456789c123456789d123456789e", 6,
        "found 'a123456789b123456789c123456789d123456789'");
    refuses("  foo = 1", 2, "one of sip, dip, host");
    refuses("dport=1 dport=2", 8, "and, or, or the end, found 'dport'");
    refuses("dport=1 &", 9, "found the end");
    refuses("dport=1 and", 11, "found the end");
    refuses("dport=1 & & dport=2", 10, "found '&'");
    refuses("& dport=1", 0, "found '&'");
    refuses("!", 1, "found the end");
    refuses("dport eq443", 6, "found 'eq443'");
    refuses("proto = \"TCP", 8, "quote that is never closed");
    refuses("bytes_rcvd > 5", 0, "found 'bytes_rcvd'");
}

static void
addresses_have_no_order(void **state)
{
    static const char *const attributes[] = {
        "sip", "dip", "src", "dst", "host", "snet", "dnet", "net"};
    char text[32];
    (void)state;
    for (size_t i = 0; i < COUNT(attributes); i++) {
        snprintf(text, sizeof text, "%s < 10.0.0.1", attributes[i]);
        refuses(text, strlen(attributes[i]) + 1, "only = and != can compare");
    }
}

static void
control_characters_do_not_reach_the_message(void **state)
{
    struct godb_filter *filter = NULL;
    struct godb_err err;
    (void)state;
    refuses("sip = \"a\nb\"", 6, "'a?b'");
    assert_int_equal(
        godb_filter_parse(&filter, "\x1b[31m", NULL, NULL, NULL, &err), GODB_EARG);
    assert_null(strchr(err.msg, '\x1b'));
}

static void
errors_need_nobody_to_listen(void **state)
{
    struct godb_filter *filter = NULL;
    (void)state;
    assert_int_equal(
        godb_filter_parse(&filter, "dport = x", NULL, NULL, NULL, NULL), GODB_EARG);
    assert_int_equal(
        godb_filter_parse(&filter, "(((", NULL, NULL, NULL, NULL), GODB_EARG);
}

/* --- Size ------------------------------------------------------------------------ */

/* unit, count times, then middle, then close, count times; the caller frees it. */
static char *
repeat(const char *unit, size_t count, const char *middle, const char *close)
{
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    assert_non_null(to);
    for (size_t i = 0; i < count; i++)
        fputs(unit, to);
    fputs(middle, to);
    for (size_t i = 0; i < count; i++)
        fputs(close, to);
    assert_int_equal(fclose(to), 0);
    return text;
}

static void
nesting_is_bounded(void **state)
{
    (void)state;
    char *text = repeat("(", 100, "dport=1", ")");
    reads_as(text, "dport = 1");
    free(text);
    text = repeat("(", 101, "dport=1", ")");
    refuses(text, 100, "nested too deeply");
    free(text);
    text = repeat("(", 60000, "", "");
    refuses(text, 100, "nested too deeply");
    free(text);
    text = repeat("not ", 10001, "dport=1", "");
    reads_as(text, "dport != 1");
    free(text);
}

/* A bracket here is up to two levels of the tree, and so two brackets in its canonical
 * text; a name with two addresses is one more. */
static size_t
deepest_that_is_read_back(const char *prefix)
{
    size_t deepest = 0;
    for (size_t i = 1; i < 100; i++) {
        char *nested = repeat("dport=1|dport=2&(", i, "sip=twin", ")");
        char *text = NULL;
        struct godb_filter *filter = NULL;
        assert_true(asprintf(&text, "%s(%s)", prefix, nested) > 0);
        if (godb_filter_parse(&filter, text, resolve, NULL, NULL, NULL) == GODB_OK) {
            char *once = canonical(text);
            char *twice = canonical(once);
            assert_string_equal(once, twice);
            free(once);
            free(twice);
            deepest = i;
        }
        godb_filter_free(filter);
        free(text);
        free(nested);
    }
    return deepest;
}

static void
whatever_is_accepted_is_read_back(void **state)
{
    (void)state;
    assert_int_equal(deepest_that_is_read_back(""), 49);
    assert_int_equal(deepest_that_is_read_back("proto=6&"), 48);
}

static void
length_is_bounded(void **state)
{
    struct godb_filter *filter = NULL;
    struct godb_err err;
    (void)state;
    char *text = repeat("dport=1&", 1 << 17, "dport=1", "");
    refuses(text, 65535, "longer than");
    free(text);
    text = repeat("dport=1&", 8000, "sip=::2", "");
    assert_int_equal(godb_filter_parse(&filter, text, NULL, NULL, NULL, &err), GODB_OK);
    godb_filter_free(filter);
    free(text);
    text = repeat("x", 300, "", "");
    char condition[400];
    snprintf(condition, sizeof condition, "sip=%s", text);
    refuses(condition, 4, "too long");
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_binds_before_and_and_and_before_or),
        cmocka_unit_test(chains_are_one_node_and_cheap_columns_come_first),
        cmocka_unit_test(the_language_of_the_first_version_is_read),
        cmocka_unit_test(conjunctions_have_many_spellings),
        cmocka_unit_test(not_may_stand_wherever_a_test_may),
        cmocka_unit_test(brackets_of_three_kinds_must_match),
        cmocka_unit_test(comparisons_have_many_spellings),
        cmocka_unit_test(comparisons_at_the_edges_keep_their_sign),
        cmocka_unit_test(host_and_net_are_either_end),
        cmocka_unit_test(a_host_name_stands_for_all_its_addresses),
        cmocka_unit_test(host_names_need_somebody_who_resolves_them),
        cmocka_unit_test(networks_keep_their_family),
        cmocka_unit_test(bad_networks_are_refused),
        cmocka_unit_test(ports_and_protocols_have_bounds),
        cmocka_unit_test(protocols_are_named_in_any_letter_case),
        cmocka_unit_test(layer_7_names_keep_their_odd_characters),
        cmocka_unit_test(an_unknown_layer_7_name_can_be_found),
        cmocka_unit_test(a_blank_condition_takes_everything),
        cmocka_unit_test(errors_stand_where_the_text_goes_wrong),
        cmocka_unit_test(addresses_have_no_order),
        cmocka_unit_test(control_characters_do_not_reach_the_message),
        cmocka_unit_test(errors_need_nobody_to_listen),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(whatever_is_accepted_is_read_back),
        cmocka_unit_test(length_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
