/* SPDX-License-Identifier: MIT
 *
 * Which interfaces are captured, while links come and go and rules change.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/ifaces.h"

static struct link
link_of(uint32_t ifindex, const char *name)
{
    struct link link = {.ifindex = ifindex, .is_up = true};
    strcpy(link.name, name);
    link.is_loopback = strcmp(name, "lo") == 0;
    return link;
}

static const char *
name_of(const struct ifaces *ifaces, uint32_t ifindex)
{
    const int slot = ifaces_slot(ifaces, ifindex);
    return slot < 0 ? "" : ifaces_view(ifaces, slot).name;
}

static const struct iface_rule *
rule_of(const struct ifaces *ifaces, uint32_t ifindex)
{
    return ifaces_view(ifaces, ifaces_slot(ifaces, ifindex)).rule;
}

static void
a_name_counts_before_patterns_and_these_before_any(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {
        {.name = "ANY"}, {.name = "eth*"}, {.name = "e*"}, {.name = "eth1"}};
    const struct link links[] = {link_of(1, "lo"), link_of(2, "eth0"),
        link_of(3, "eth1"), link_of(4, "ens3"), link_of(5, "ppp0")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 4, links, 5);
    assert_ptr_equal(rule_of(ifaces, 2), &rules[1]);
    assert_ptr_equal(rule_of(ifaces, 3), &rules[3]);
    assert_ptr_equal(rule_of(ifaces, 4), &rules[2]);
    assert_ptr_equal(rule_of(ifaces, 5), &rules[0]);
    assert_int_equal(ifaces_slot(ifaces, 1), IFACES_IGNORED); /* ANY but loopback */
    assert_int_equal(ifaces_slot(ifaces, 6), IFACES_UNKNOWN);
    assert_int_equal(ifaces_count_present(ifaces), 4);
    ifaces_free(ifaces);
}

static void
loopback_is_captured_where_it_is_named(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "lo"}};
    const struct link links[] = {link_of(1, "lo"), link_of(2, "eth0")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, links, 2);
    assert_string_equal(name_of(ifaces, 1), "lo");
    assert_int_equal(ifaces_slot(ifaces, 2), IFACES_IGNORED);
    ifaces_free(ifaces);
}

static void
an_interface_made_anew_keeps_its_slot_and_late_packets_find_it(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "tun0"}, {.name = "eth0"}};
    const struct link before[] = {link_of(2, "eth0"), link_of(7, "tun0")};
    const struct link gone[] = {link_of(2, "eth0")};
    const struct link after[] = {link_of(2, "eth0"), link_of(9, "tun0")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 2, before, 2);
    const int slot = ifaces_slot(ifaces, 7);
    ifaces_update(ifaces, gone, 1);
    assert_int_equal(ifaces_slot(ifaces, 7), slot);
    assert_int_equal(ifaces_view(ifaces, slot).ifindex, 0);
    assert_true(ifaces_view(ifaces, slot).is_wanted);
    ifaces_update(ifaces, after, 2);
    assert_int_equal(ifaces_slot(ifaces, 9), slot);
    assert_int_equal(ifaces_slot(ifaces, 7), slot);
    ifaces_free(ifaces);
}

static void
an_index_that_has_a_new_owner_is_the_new_ones(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "ANY"}};
    const struct link before[] = {link_of(7, "wan")};
    const struct link renamed[] = {link_of(7, "lan")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, before, 1);
    ifaces_update(ifaces, renamed, 1);
    assert_string_equal(name_of(ifaces, 7), "lan");
    ifaces_free(ifaces);
}

static void
a_slot_is_free_only_when_its_flows_have_been_written(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "ANY"}};
    const struct link before[] = {link_of(7, "veth7")}, after[] = {link_of(8, "veth8")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, before, 1);
    assert_int_equal(ifaces_slot(ifaces, 7), 0);
    ifaces_update(ifaces, NULL, 0);
    for (int i = 0; i < 3; i++) {
        ifaces_end_interval(ifaces);
        assert_string_equal(ifaces_view(ifaces, 0).name, "veth7");
        assert_false(ifaces_view(ifaces, 0).is_wanted);
    }
    ifaces_end_interval(ifaces);
    assert_null(ifaces_view(ifaces, 0).name);
    assert_int_equal(ifaces_slot(ifaces, 7), IFACES_UNKNOWN);
    ifaces_update(ifaces, after, 1);
    assert_int_equal(ifaces_slot(ifaces, 8), 0);
    ifaces_free(ifaces);
}

static void
thousands_of_names_over_the_years_need_no_more_slots(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "veth*"}};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, NULL, 0);
    for (uint32_t i = 1; i < 5000; i++) {
        char name[IF_NAMESIZE];
        snprintf(name, sizeof name, "veth%u", i);
        const struct link link = link_of(i, name);
        ifaces_update(ifaces, &link, 1);
        assert_string_equal(name_of(ifaces, i), name);
        ifaces_end_interval(ifaces);
    }
    assert_in_range(ifaces_slot_count(ifaces), 1, 8);
    ifaces_free(ifaces);
}

static void
what_rules_no_longer_name_is_not_wanted_and_can_come_back(void **state)
{
    (void)state;
    const struct iface_rule both[] = {{.name = "eth0"}, {.name = "eth1"}};
    const struct iface_rule one[] = {{.name = "eth1"}};
    const struct link links[] = {link_of(2, "eth0"), link_of(3, "eth1")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, both, 2, links, 2);
    const int slot = ifaces_slot(ifaces, 2);
    ifaces_apply(ifaces, one, 1, links, 2);
    assert_false(ifaces_view(ifaces, slot).is_wanted);
    assert_ptr_equal(rule_of(ifaces, 3), &one[0]);
    ifaces_apply(ifaces, both, 2, links, 2);
    assert_int_equal(ifaces_slot(ifaces, 2), slot);
    assert_true(ifaces_view(ifaces, slot).is_wanted);
    ifaces_free(ifaces);
}

static void
more_interfaces_than_slots_are_left_out(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "ANY"}};
    struct link *links = calloc(IFACES_MAX + 2, sizeof *links);
    for (uint32_t i = 0; i < IFACES_MAX + 2; i++) {
        char name[IF_NAMESIZE];
        snprintf(name, sizeof name, "v%u", i);
        links[i] = link_of(i + 1, name);
    }
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, links, IFACES_MAX + 2);
    assert_int_equal(ifaces_count_present(ifaces), IFACES_MAX);
    assert_int_equal(ifaces_slot(ifaces, IFACES_MAX), IFACES_MAX - 1);
    assert_int_equal(ifaces_slot(ifaces, IFACES_MAX + 1), IFACES_IGNORED);
    ifaces_free(ifaces);
    free(links);
}

/* --- What is told ------------------------------------------------------------------
 */

static FILE *usual_stderr;
static char *said;
static size_t said_bytes;

static void
listen_to_stderr(void)
{
    usual_stderr = stderr;
    stderr = open_memstream(&said, &said_bytes);
    assert_non_null(stderr);
}

static void
expect_said(const char *want)
{
    fclose(stderr);
    stderr = usual_stderr;
    assert_string_equal(said, want);
    free(said);
}

static void
each_change_of_an_interface_is_a_line(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "tun0"}};
    struct link link = link_of(7, "tun0");
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, &link, 1);
    ifaces_begin(ifaces);
    listen_to_stderr();
    link.is_up = false;
    ifaces_update(ifaces, &link, 1);
    link.ifindex = 9; /* nobody saw it go */
    ifaces_update(ifaces, &link, 1);
    link = link_of(11, "tun0");
    ifaces_update(ifaces, &link, 1);
    ifaces_update(ifaces, &link, 0);
    ifaces_update(ifaces, &link, 1);
    ifaces_apply(ifaces, NULL, 0, &link, 1);
    expect_said("goprobe: tun0: down\n"
                "goprobe: tun0: made anew, captured on; down\n"
                "goprobe: tun0: made anew, captured on\n"
                "goprobe: tun0: it has vanished; captured again once it is back\n"
                "goprobe: tun0: captured from now on\n"
                "goprobe: tun0: removed, no longer captured\n");
    ifaces_free(ifaces);
}

/* --- Indexes ------------------------------------------------------------------------
 */

static void
indexes_that_fall_on_one_place_are_told_apart(void **state)
{
    (void)state;
    enum { FAR = 1 << 20 };
    const struct iface_rule rules[] = {{.name = "eth*"}};
    const struct link links[] = {link_of(5, "eth0"), link_of(5 + FAR, "eth1"),
        link_of(5 + 2 * FAR, "eth2"), link_of(6, "eth3"), link_of(5 + 3 * FAR, "lo")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, links, 5);
    assert_string_equal(name_of(ifaces, 5), "eth0");
    assert_string_equal(name_of(ifaces, 5 + FAR), "eth1");
    assert_string_equal(name_of(ifaces, 5 + 2 * FAR), "eth2");
    assert_string_equal(name_of(ifaces, 6), "eth3");
    assert_int_equal(ifaces_slot(ifaces, 5 + 3 * FAR), IFACES_IGNORED);
    assert_int_equal(ifaces_slot(ifaces, 5 + 4 * FAR), IFACES_UNKNOWN);
    /* Strangers, more than are remembered: the last are. */
    for (uint32_t i = 0; i < 100; i++)
        ifaces_ignore(ifaces, 1000 + i);
    assert_int_equal(ifaces_slot(ifaces, 1099), IFACES_IGNORED);
    assert_int_equal(ifaces_slot(ifaces, 1000), IFACES_UNKNOWN);
    assert_string_equal(name_of(ifaces, 5 + FAR), "eth1");
    ifaces_free(ifaces);
}

static void
an_interface_made_anew_many_times_keeps_its_last_indexes(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "tun0"}};
    struct ifaces *ifaces = ifaces_new();
    for (uint32_t i = 1; i <= 10; i++) {
        const struct link link = link_of(i, "tun0");
        ifaces_apply(ifaces, rules, 1, &link, 1);
    }
    for (uint32_t i = 6; i <= 10; i++) /* late packets of it find it */
        assert_string_equal(name_of(ifaces, i), "tun0");
    assert_int_equal(ifaces_slot(ifaces, 5), IFACES_UNKNOWN);
    ifaces_free(ifaces);
}

static void
a_name_that_no_directory_can_have_is_not_captured(void **state)
{
    (void)state;
    const struct iface_rule rules[] = {{.name = "ANY"}};
    const struct link links[] = {link_of(2, "eth0"), link_of(3, "..")};
    struct ifaces *ifaces = ifaces_new();
    ifaces_apply(ifaces, rules, 1, links, 2);
    assert_int_equal(ifaces_slot(ifaces, 3), IFACES_IGNORED);
    assert_int_equal(ifaces_count_present(ifaces), 1);
    ifaces_free(ifaces);
}

static void
a_name_for_which_there_is_no_slot_is_told_once_and_waits_for_one(void **state)
{
    (void)state;
    static struct iface_rule rules[IFACES_MAX + 2];
    for (size_t i = 0; i < IFACES_MAX + 2; i++)
        snprintf(rules[i].name, sizeof rules[i].name, "x%zu", i);
    struct ifaces *ifaces = ifaces_new();
    listen_to_stderr();
    ifaces_apply(ifaces, rules, IFACES_MAX + 2, NULL, 0);
    ifaces_update(ifaces, NULL, 0);
    expect_said("goprobe: warning: x1024 is not captured: more than 1024 interfaces\n");
    assert_int_equal(ifaces_slot_count(ifaces), IFACES_MAX);
    /* The first is not named any more, and its flows are written. */
    ifaces_apply(ifaces, rules + 1, IFACES_MAX, NULL, 0);
    for (int i = 0; i < 5; i++)
        ifaces_end_interval(ifaces);
    assert_null(ifaces_view(ifaces, 0).name);
    ifaces_end_interval(ifaces); /* a slot without a name stays one */
    assert_null(ifaces_view(ifaces, 0).name);
    ifaces_update(ifaces, NULL, 0);
    assert_string_equal(ifaces_view(ifaces, 0).name, "x1024");
    ifaces_free(ifaces);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_counts_before_patterns_and_these_before_any),
        cmocka_unit_test(loopback_is_captured_where_it_is_named),
        cmocka_unit_test(
            an_interface_made_anew_keeps_its_slot_and_late_packets_find_it),
        cmocka_unit_test(an_index_that_has_a_new_owner_is_the_new_ones),
        cmocka_unit_test(a_slot_is_free_only_when_its_flows_have_been_written),
        cmocka_unit_test(thousands_of_names_over_the_years_need_no_more_slots),
        cmocka_unit_test(what_rules_no_longer_name_is_not_wanted_and_can_come_back),
        cmocka_unit_test(more_interfaces_than_slots_are_left_out),
        cmocka_unit_test(each_change_of_an_interface_is_a_line),
        cmocka_unit_test(indexes_that_fall_on_one_place_are_told_apart),
        cmocka_unit_test(an_interface_made_anew_many_times_keeps_its_last_indexes),
        cmocka_unit_test(a_name_that_no_directory_can_have_is_not_captured),
        cmocka_unit_test(
            a_name_for_which_there_is_no_slot_is_told_once_and_waits_for_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
