/* SPDX-License-Identifier: MIT
 *
 * Names of IP protocols and of layer 7 ids.
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

#include "godb/l7_names.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* --- IP protocols ---------------------------------------------------------------- */

static void
protocols_have_their_assigned_names(void **state)
{
    (void)state;
    assert_string_equal(godb_proto_name(1), "ICMP");
    assert_string_equal(godb_proto_name(6), "TCP");
    assert_string_equal(godb_proto_name(17), "UDP");
    assert_string_equal(godb_proto_name(58), "IPv6-ICMP");
    assert_string_equal(godb_proto_name(132), "SCTP");
    assert_null(godb_proto_name(253));
}

static void
every_protocol_name_leads_back_to_its_number(void **state)
{
    char other_case[64];
    (void)state;
    for (int proto = 0; proto < 256; proto++) {
        const char *name = godb_proto_name((uint8_t)proto);
        if (name == NULL) continue;
        assert_int_equal(godb_proto_number(name), proto);
        assert_true(strlen(name) < sizeof other_case);
        for (size_t i = 0; i <= strlen(name); i++)
            other_case[i] = (char)(islower((unsigned char)name[i])
                                       ? toupper((unsigned char)name[i])
                                       : tolower((unsigned char)name[i]));
        assert_int_equal(godb_proto_number(other_case), proto);
    }
}

static void
what_is_no_protocol_name_has_no_number(void **state)
{
    static const char *const names[] = {"", "6", "TC", "TCPX", " TCP", "#"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(godb_proto_number(names[i]), -1);
}

/* --- libprotoident --------------------------------------------------------------- */

static void
the_first_name_space_is_libprotoidents(void **state)
{
    const struct godb_l7_names *names = godb_l7_libprotoident();
    (void)state;
    assert_non_null(strstr(godb_l7_library(names), "libprotoident"));
    assert_string_equal(godb_l7_name(names, 4), "HTTP");
    assert_string_equal(godb_l7_category(names, 4), "Web");
    assert_string_equal(godb_l7_name(names, 16), "SSL/TLS");
    assert_int_equal(godb_l7_id(names, "ssl/tls"), 16);
    assert_int_equal(godb_l7_id(names, "no such protocol"), -1);
}

/* Against the facts that the table was made from, where they are at hand. */
static void
libprotoidents_table_is_the_originals(void **state)
{
    const struct godb_l7_names *names = godb_l7_libprotoident();
    char line[512], name[128], category[128], known[8];
    unsigned id, lines = 0;
    FILE *file = fopen("../shared/data/libprotoident-protocols.tsv", "r");
    (void)state;
    if (file == NULL) skip();
    while (fgets(line, sizeof line, file)) {
        if (sscanf(line, "%u\t%127[^\t]\t%127[^\t]\t%*[^\t]\t%7s", &id, name, category,
                known) != 4)
            continue;
        const bool is_known = strcmp(known, "yes") == 0;
        assert_string_equal(
            godb_l7_name(names, (uint16_t)id), is_known ? name : "Unknown");
        assert_string_equal(godb_l7_category(names, (uint16_t)id),
            is_known ? category : "Uncategorised");
        lines++;
    }
    fclose(file);
    assert_true(lines > 200);
}

static void
every_id_has_a_name_and_a_category(void **state)
{
    const struct godb_l7_names *names = godb_l7_libprotoident();
    (void)state;
    for (unsigned id = 0; id <= UINT16_MAX; id++) {
        assert_non_null(godb_l7_name(names, (uint16_t)id));
        assert_non_null(godb_l7_category(names, (uint16_t)id));
    }
    assert_string_equal(godb_l7_name(names, 65535), "Unknown");
    assert_string_equal(godb_l7_category(names, 65535), "Uncategorised");
}

/* --- Name spaces of one's own ---------------------------------------------------- */

static const struct godb_l7_entry some[] = {
    {7, "HTTP", "Web"}, {65535, "Last", "Odd"}, {0, "None", ""}, {9, "http", "Web"}};

static struct godb_l7_names *
names_of(const char *library, const struct godb_l7_entry *entries, size_t count)
{
    struct godb_l7_names *names = NULL;
    assert_int_equal(godb_l7_names_new(&names, library, entries, count, NULL), GODB_OK);
    return names;
}

static void
entries_may_come_in_any_order_and_with_gaps(void **state)
{
    struct godb_l7_names *names = names_of("nDPI 4.2.0", some, COUNT(some));
    (void)state;
    assert_string_equal(godb_l7_library(names), "nDPI 4.2.0");
    assert_string_equal(godb_l7_name(names, 0), "None");
    assert_string_equal(godb_l7_category(names, 0), "");
    assert_string_equal(godb_l7_name(names, 7), "HTTP");
    assert_string_equal(godb_l7_name(names, 65535), "Last");
    assert_string_equal(godb_l7_name(names, 8), "Unknown");
    assert_int_equal(godb_l7_id(names, "HTTP"), 7); /* the lowest */
    assert_int_equal(godb_l7_id(names, "last"), 65535);
    godb_l7_names_free(names);
    godb_l7_names_free(NULL);
}

static void
names_are_copied(void **state)
{
    char name[] = "HTTP", category[] = "Web", library[] = "lib 1";
    const struct godb_l7_entry entry = {1, name, category};
    struct godb_l7_names *names = names_of(library, &entry, 1);
    (void)state;
    name[0] = category[0] = library[0] = '?';
    assert_string_equal(godb_l7_name(names, 1), "HTTP");
    assert_string_equal(godb_l7_category(names, 1), "Web");
    assert_string_equal(godb_l7_library(names), "lib 1");
    godb_l7_names_free(names);
}

static void
a_name_space_may_be_empty_or_full(void **state)
{
    struct godb_l7_entry *all = calloc(65536, sizeof *all);
    struct godb_l7_names *names = names_of("empty", NULL, 0);
    (void)state;
    assert_string_equal(godb_l7_name(names, 0), "Unknown");
    assert_int_equal(godb_l7_id(names, "Unknown"), -1);
    godb_l7_names_free(names);
    assert_non_null(all);
    for (unsigned id = 0; id < 65536; id++)
        all[id] = (struct godb_l7_entry){(uint16_t)id, id % 2 ? "odd" : "even", ""};
    names = names_of("full", all, 65536);
    assert_string_equal(godb_l7_name(names, 65535), "odd");
    assert_string_equal(godb_l7_name(names, 40000), "even");
    godb_l7_names_free(names);
    free(all);
}

static void
bad_name_spaces_are_refused(void **state)
{
    static const struct godb_l7_entry twice[] = {
        {3, "a", ""}, {1, "b", ""}, {3, "c", ""}};
    static const struct godb_l7_entry unnamed[] = {{3, "", "x"}};
    static const struct godb_l7_entry missing[] = {{3, NULL, "x"}};
    static const struct godb_l7_entry nowhere[] = {{3, "a", NULL}};
    struct godb_l7_names *names = NULL;
    struct godb_err err;
    (void)state;
    assert_int_equal(godb_l7_names_new(&names, "x", twice, 3, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "3 occurs twice"));
    assert_int_equal(godb_l7_names_new(&names, "x", unnamed, 1, &err), GODB_EARG);
    assert_int_equal(godb_l7_names_new(&names, "x", missing, 1, &err), GODB_EARG);
    assert_int_equal(godb_l7_names_new(&names, "x", nowhere, 1, &err), GODB_EARG);
    assert_int_equal(godb_l7_names_new(&names, "", some, 1, &err), GODB_EARG);
    assert_int_equal(godb_l7_names_new(&names, "", some, 1, NULL), GODB_EARG);
    assert_null(names);
}

static void
name_spaces_are_equal_when_they_call_every_id_the_same(void **state)
{
    struct godb_l7_entry other[COUNT(some)];
    struct godb_l7_names *a = names_of("x", some, COUNT(some));
    struct godb_l7_names *b = names_of("x", some, COUNT(some));
    struct godb_l7_names *library = names_of("y", some, COUNT(some));
    struct godb_l7_names *fewer = names_of("x", some, COUNT(some) - 1);
    (void)state;
    memcpy(other, some, sizeof other);
    other[1].category = "odd";
    struct godb_l7_names *category = names_of("x", other, COUNT(other));
    other[1] = some[1];
    other[1].name = "odd";
    struct godb_l7_names *name = names_of("x", other, COUNT(other));
    other[1] = some[1];
    other[1].id = 9999;
    struct godb_l7_names *id = names_of("x", other, COUNT(other));
    assert_true(l7_names_equal(a, a));
    assert_true(l7_names_equal(a, b));
    assert_false(l7_names_equal(a, library));
    assert_false(l7_names_equal(a, fewer));
    assert_false(l7_names_equal(a, category));
    assert_false(l7_names_equal(a, name));
    assert_false(l7_names_equal(a, id));
    godb_l7_names_free(a);
    godb_l7_names_free(b);
    godb_l7_names_free(library);
    godb_l7_names_free(fewer);
    godb_l7_names_free(category);
    godb_l7_names_free(name);
    godb_l7_names_free(id);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_have_their_assigned_names),
        cmocka_unit_test(every_protocol_name_leads_back_to_its_number),
        cmocka_unit_test(what_is_no_protocol_name_has_no_number),
        cmocka_unit_test(the_first_name_space_is_libprotoidents),
        cmocka_unit_test(libprotoidents_table_is_the_originals),
        cmocka_unit_test(every_id_has_a_name_and_a_category),
        cmocka_unit_test(entries_may_come_in_any_order_and_with_gaps),
        cmocka_unit_test(names_are_copied),
        cmocka_unit_test(a_name_space_may_be_empty_or_full),
        cmocka_unit_test(bad_name_spaces_are_refused),
        cmocka_unit_test(name_spaces_are_equal_when_they_call_every_id_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
