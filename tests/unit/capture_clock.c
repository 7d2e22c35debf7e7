/* SPDX-License-Identifier: MIT
 *
 * A capture that runs over the ends of intervals, while its clock is set, the machine
 * sleeps, interfaces go for good and its configuration changes: each packet is in a
 * block, their times rise, and what happened is told.
 */
#include "tests/daemon.h"

enum { HELLOS = 20, STEP_MS = 60 };

/* Packets, which are counted, and then a clock that stands elsewhere. */
static void
step(long long wall_s, long long boot_s)
{
    daemon_hello(HELLOS);
    daemon_ask("status text\n");
    daemon_pause(STEP_MS);
    atomic_fetch_add(&broken.wall_s, wall_s);
    atomic_fetch_add(&broken.boot_s, boot_s);
    daemon_ask("status text\n"); /* which wakes it */
    daemon_pause(STEP_MS);
}

/* Blocks of lo, whose stamps rise and lie in their days. */
static size_t
count_blocks(const char *root)
{
    const char *const iface = "lo";
    const struct godb_selection sel = {&iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    char path[200];
    int64_t last_s = 0;
    size_t count = 0;
    snprintf(path, sizeof path, "%s/db", root);
    struct godb *db = store_open(path, GODB_READ);
    assert_int_equal(godb_block_list_open(&list, db, &sel, NULL, NULL, NULL), GODB_OK);
    for (; godb_block_list_next(list, &info, NULL) == GODB_OK; count++) {
        assert_string_equal(info.status, "ok");
        assert_true(info.time_s > last_s);
        last_s = info.time_s;
    }
    godb_block_list_close(list);
    godb_close(db);
    return count;
}

static struct daemon_end
run_beside(void (*prepare)(const char *root), const char *root)
{
    const struct daemon_run run = {.words = {"-d", "db", "-user", "root", "-config",
                                       "goprobe.conf", "-log", "stderr", "-f", "ip"},
        .prepare = prepare,
        .run_ms = 60000};
    const struct daemon_end end = daemon_run(&run, root);
    if (end.exit_code != 0) fail_msg("status %d: %s", end.exit_code, end.said);
    return end;
}

/* In the first third of an interval, so that none ends by itself. */
static void
set_clock_apart(void)
{
    atomic_store(&broken.wall_s, 100 - (long long)(time(NULL) % 300));
}

static void
write_config(const char *text)
{
    FILE *file = fopen("goprobe.conf", "w");
    if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0) _exit(92);
}

static void
expect_said(const struct daemon_end *end, const char *what)
{
    if (strstr(end->said, what) == NULL) fail_msg("not \"%s\": %s", what, end->said);
}

/* --- Clocks ----------------------------------------------------------------------- */

static void *
set_clocks(void *arg)
{
    (void)arg;
    daemon_wait();
    step(300, 300);   /* an interval later */
    step(7200, 0);    /* set forward */
    step(-86400, 0);  /* set back */
    step(1000, 1000); /* asleep */
    step(0, 0);
    kill(getpid(), SIGUSR1);
    daemon_hear("since the start");
    kill(getpid(), SIGTERM);
    return NULL;
}

static void
begin_clocks(const char *root)
{
    (void)root;
    set_clock_apart();
    write_config("lo");
    daemon_listen();
    daemon_thread(set_clocks);
}

static void
no_packet_is_lost_and_times_rise_whatever_the_clock_does(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    char *root = store_new();
    const struct daemon_end end = run_beside(begin_clocks, root);
    assert_int_equal(daemon_hellos(root), 5 * HELLOS);
    assert_int_equal(count_blocks(root), 5);
    expect_said(&end, "warning: the clock was set forward by 7200 s");
    expect_said(&end, "warning: the clock was set back by 86400 s; blocks keep rising");
    expect_said(&end, "the machine was suspended for 1");
    expect_said(&end, " packets received and 0 lost since the start, ");
    free(root);
}

/* --- Interfaces and configurations ------------------------------------------------ */

static void
reload(const char *config, const char *comes)
{
    write_config(config);
    kill(getpid(), SIGHUP);
    daemon_hear(comes);
}

static void *
change_things(void *arg)
{
    (void)arg;
    daemon_wait();
    if (system("ip link add w1 type veth peer name y1 && ip link set w1 up") != 0)
        _exit(91);
    daemon_hear("w1: captured from now on");
    step(0, 0);
    if (strstr(daemon_ask("status json\n"), "\"w1\"") == NULL) _exit(90);
    if (system("ip link del w1") != 0) _exit(91);
    daemon_hear("w1: it has vanished");
    /* It keeps its slot until what it had is surely written. */
    for (int i = 0; i < 6; i++)
        step(300, 300);
    if (strstr(daemon_ask("status json\n"), "\"w1\"") != NULL) _exit(89);
    if (strncmp(daemon_ask("flows\n"), "OK ", 3) != 0) _exit(88);
    reload("{\"buffer_mib\": 70, \"interfaces\": {\"lo\": {}}}",
        "configuration read again");
    reload("{\"buffer_mib\": 70, \"interfaces\": {\"lo\": 1}}",
        "the configuration is as before");
    kill(getpid(), SIGTERM);
    return NULL;
}

static void
begin_changes(const char *root)
{
    (void)root;
    set_clock_apart();
    write_config("{\"interfaces\": {\"lo\": {}, \"w*\": {}}}");
    daemon_listen();
    daemon_thread(change_things);
}

static void
an_interface_that_is_gone_for_good_is_forgotten_and_reloads_tell(void **state)
{
    (void)state;
    if (!daemon_is_possible() || system("command -v ip >/dev/null") != 0) skip();
    char *root = store_new();
    const struct daemon_end end = run_beside(begin_changes, root);
    assert_int_equal(daemon_hellos(root), 7 * HELLOS);
    assert_int_equal(count_blocks(root), 7);
    expect_said(&end, "w1: it has vanished; captured again once it is back");
    expect_said(
        &end, "warning: only interfaces are reloaded; for what else has changed");
    expect_said(&end, "goprobe.conf:1: interfaces.lo: it takes an object");
    expect_said(&end, "warning: the configuration is as before, the new one is wrong");
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_packet_is_lost_and_times_rise_whatever_the_clock_does),
        cmocka_unit_test(
            an_interface_that_is_gone_for_good_is_forgotten_and_reloads_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
