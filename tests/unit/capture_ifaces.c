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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
