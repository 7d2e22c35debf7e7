/* SPDX-License-Identifier: MIT
 *
 * Configurations: which of their differences need a restart, how large a ring they come
 * to, and how many interfaces they may name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/config.h"

/* --- Needs a restart? ------------------------------------------------------------- */

typedef void change_fn(struct config *config);

static void
set(char **to, const char *value)
{
    assert_true(config_set(to, value));
}

static void
change_db_path(struct config *c)
{
    set(&c->db_path, "/other");
}
static void
change_user(struct config *c)
{
    set(&c->user, "nobody");
}
static void
change_pid_file(struct config *c)
{
    set(&c->pid_file, "/run/x.pid");
}
static void
change_socket(struct config *c)
{
    set(&c->socket, "/run/x.sock");
}
static void
change_log(struct config *c)
{
    set(&c->log, "syslog");
}
static void
change_log_host(struct config *c)
{
    set(&c->log_host, "192.0.2.1");
}
static void
change_log_format(struct config *c)
{
    set(&c->log_format, "rfc5424");
}
static void
change_log_port(struct config *c)
{
    c->log_port++;
}
static void
change_dpi(struct config *c)
{
    c->dpi = !c->dpi;
}
static void
change_seccomp(struct config *c)
{
    c->seccomp = !c->seccomp;
}
static void
change_max_flows(struct config *c)
{
    c->max_flows++;
}
static void
change_buffer(struct config *c)
{
    c->buffer_mib++;
}

static void
anything_but_interfaces_needs_a_restart(void **state)
{
    (void)state;
    static change_fn *const changes[] = {change_db_path, change_user, change_pid_file,
        change_socket, change_log, change_log_host, change_log_format, change_log_port,
        change_dpi, change_seccomp, change_max_flows, change_buffer};
    struct iface_rule *rule;
    char error[CONFIG_ERROR_MAX];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct config now, wanted;
        assert_true(config_init(&now) && config_init(&wanted));
        assert_true(config_add_rule(&wanted, "eth1", &rule, error));
        assert_false(config_needs_restart(&now, &wanted));
        changes[i](&wanted);
        if (!config_needs_restart(&now, &wanted)) fail_msg("change %zu", i);
        assert_true(config_needs_restart(&wanted, &now));
        changes[i](&now);
        if (changes[i] != change_dpi && changes[i] != change_seccomp)
            assert_false(config_needs_restart(&now, &wanted));
        set(&now.user, "one");
        set(&wanted.user, "two");
        assert_true(config_needs_restart(&now, &wanted));
        config_free(&now);
        config_free(&wanted);
    }
}

/* --- Rules ------------------------------------------------------------------------ */

static void
the_ring_is_the_sum_of_shares_between_its_bounds(void **state)
{
    (void)state;
    struct iface_rule *rule;
    struct config config;
    char error[CONFIG_ERROR_MAX];
    assert_true(config_init(&config));
    assert_int_equal(config_ring_bytes(&config), 64 << 20);
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "eth%d", i);
        assert_true(config_add_rule(&config, name, &rule, error));
        rule->buffer_bytes = i == 0 ? 100 << 20 : 1 << 30;
        assert_int_equal(config_ring_bytes(&config), i == 0 ? 100 << 20 : 1 << 30);
    }
    config_free(&config);
}

static void
so_many_interfaces_may_be_named_and_no_more(void **state)
{
    (void)state;
    struct iface_rule *rule;
    struct config config;
    char name[16], error[CONFIG_ERROR_MAX];
    assert_true(config_init(&config));
    for (int i = 0; i < IFACES_MAX; i++) {
        snprintf(name, sizeof name, "x%d", i);
        assert_true(config_add_rule(&config, name, &rule, error));
    }
    assert_false(config_add_rule(&config, "y0", &rule, error));
    assert_string_equal(error, "too many interfaces: y0");
    assert_int_equal(config.rule_count, IFACES_MAX);
    config_free(&config);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(anything_but_interfaces_needs_a_restart),
        cmocka_unit_test(the_ring_is_the_sum_of_shares_between_its_bounds),
        cmocka_unit_test(so_many_interfaces_may_be_named_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
