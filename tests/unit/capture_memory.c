/* SPDX-License-Identifier: MIT
 *
 * The daemon without memory, at each point at which it asks for some: it ends and says
 * so, or goes on with every packet, or says which are lost.
 */
#include "tests/daemon.h"
#include "tests/deeds.h"

enum { PACKETS = 3000, RECORD = 16 + 28 };

/* --- A recorded file -------------------------------------------------------------- */

static void
put_be16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

/* A packet of its own flow each, 10.0.x.x:40000 -> 10.0.0.2:53, over three intervals.
 */
static void
write_file(const char *path)
{
    const uint32_t header[6] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65535, 101};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(header, sizeof header, 1, file), 1);
    for (uint32_t i = 0; i < PACKETS; i++) {
        const uint32_t record[4] = {1700000000 + i * 600 / PACKETS, 0, 28, 28};
        uint8_t bytes[28] = "\x45\0\0\x1c\0\1\0\0\x40\x11\0\0\x0a\0\0\0\x0a\0\0\2"
                            "\x9c\x40\0\x35\0\x08\0";
        put_be16(bytes + 14, i);
        assert_int_equal(fwrite(record, sizeof record, 1, file), 1);
        assert_int_equal(fwrite(bytes, sizeof bytes, 1, file), 1);
    }
    assert_int_equal(fclose(file), 0);
}

/* --- What must hold --------------------------------------------------------------- */

/* Packets in a database, of 28 bytes each. */
static int64_t
count_packets(const char *root)
{
    struct store_warnings warnings = {0, ""};
    char path[200];
    struct godb *db;
    snprintf(path, sizeof path, "%s/db", root);
    if (godb_open(&db, path, GODB_READ, NULL) != GODB_OK) return 0;
    const struct store_sums sums = store_sum(db, GODB_COLUMNS_ALL, &warnings);
    assert_int_equal(warnings.count, 0);
    godb_close(db);
    return (int64_t)sums.bytes_rcvd / 28;
}

#define LOST   " packets not counted, out of memory"
#define SHARED " packets counted without addresses"

/* "goprobe: warning: 12 packets not counted, out of memory": all that were told so. */
static int64_t
count_told(const char *said, const char *what)
{
    int64_t sum = 0;
    while ((said = strstr(said, what)) != NULL) {
        const char *number = said;
        while (number[-1] >= '0' && number[-1] <= '9')
            number--;
        sum += strtoll(number, NULL, 10);
        said++;
    }
    return sum;
}

static void
forget(char *root)
{
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
}

/* False: there are not so many calls.  *ends: how many runs have given up. */
static bool
replay_one(const struct daemon_run *run, int *ends)
{
    char *root = store_new_quick(), path[200];
    snprintf(path, sizeof path, "%s/eth0.pcap", root);
    write_file(path);
    const struct daemon_end end = daemon_run(run, root);
    const int64_t stored = count_packets(root), lost = count_told(end.said, LOST);
    if (lost + count_told(end.said, SHARED) > PACKETS)
        fail_msg("%s %d: some are told twice: %s", run->call, run->at, end.said);
    if (end.exit_code < 0 || stored > PACKETS)
        fail_msg("%s %d: status %d, %lld packets: %s", run->call, run->at,
            end.exit_code, (long long)stored, end.said);
    if (end.exit_code == 0 && stored + lost != PACKETS)
        fail_msg("%s %d: %lld packets, %lld lost: %s", run->call, run->at,
            (long long)stored, (long long)lost, end.said);
    if (end.exit_code != 0 && strstr(end.said, "goprobe: ") == NULL)
        fail_msg("%s %d: status %d: %s", run->call, run->at, end.exit_code, end.said);
    if (!end.has_broken && (end.exit_code != 0 || stored != PACKETS))
        fail_msg("%s %d: %s", run->call, run->at, end.said);
    *ends += end.exit_code != 0;
    forget(root);
    return end.has_broken;
}

static int
replay_all(struct daemon_run run)
{
    int ends = 0;
    for (run.at = 1; replay_one(&run, &ends);)
        run.at++;
    print_message("# %s: %d calls, %d runs have ended\n", run.call, run.at - 1, ends);
    return run.at - 1;
}

/* --- Tests ------------------------------------------------------------------------ */

static void
a_replay_without_memory_ends_or_loses_nothing_unsaid(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    struct daemon_run run = {.call = "memory",
        .os_errno = ENOMEM,
        .words = {"-d", "db", "-r", "eth0.pcap", "--no-dpi"},
        .run_ms = 60000};
    assert_true(replay_all(run) > 50);
    run.is_lasting = true;
    replay_all(run);
}

static void
a_replay_whose_table_cannot_grow_counts_what_it_lost(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    struct daemon_run run = {.call = "mmap",
        .os_errno = ENOMEM,
        .words = {"-d", "db", "-r", "eth0.pcap", "--max-flows", "2000"},
        .run_ms = 60000};
    assert_true(replay_all(run) > 2);
    run.is_lasting = true;
    replay_all(run);
}

static void
a_start_without_memory_ends_and_says_so_or_captures(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    struct daemon_run run = {.call = "memory",
        .at = 1,
        .os_errno = ENOMEM,
        .words = {"-d", "db", "-user", "root", "-pidfile", "x.pid", "-f", "udp", "lo",
            "-log", "stderr", "--socket", "x.sock"}};
    bool has_broken = true;
    for (; has_broken; run.at++) {
        char *root = store_new_quick();
        const struct daemon_end end = daemon_run(&run, root);
        const bool runs = strstr(end.said, "capturing on 1 interface(s)") != NULL;
        if (end.exit_code < 0 || (end.exit_code == 0) != runs ||
            (end.exit_code > 0 && strstr(end.said, "memory") == NULL))
            fail_msg("%d: status %d: %s", run.at, end.exit_code, end.said);
        has_broken = end.has_broken;
        forget(root);
    }
    assert_true(run.at > 30);
}

/* --- A capture that runs ---------------------------------------------------------- */

enum { VIEWS = 30, RELOADS = 25, LINKS = 12, PACKETS_A_TIME = 20 };

static void
add_link(int number)
{
    char command[200];
    snprintf(command, sizeof command,
        "ip link add w%d type veth peer name y%d && ip link set w%d up", number, number,
        number);
    if (system(command) != 0) _exit(94);
}

/* Questions, reloads and new interfaces, each with memory that fails once on the way.
 */
static void *
torment(void *arg)
{
    (void)arg;
    daemon_wait();
    for (int at = 1; at <= VIEWS; at++) {
        daemon_hello(PACKETS_A_TIME);
        broken_once("memory", at, ENOMEM);
        daemon_ask(at % 2 ? "flows\n" : "status json\n");
        broken_mend();
    }
    for (int at = 1; at <= RELOADS + 1; at++) {
        broken_once("memory", at <= RELOADS ? at : 1 << 20, ENOMEM);
        kill(getpid(), SIGHUP);
        daemon_ask("status text\n"); /* which wakes it */
        daemon_pause(30);
        daemon_ask("status text\n");
        daemon_pause(30);
        broken_mend();
    }
    for (int i = 1; i <= LINKS + 1; i++) {
        broken_once("memory", i <= LINKS ? i : 1 << 20, ENOMEM);
        add_link(i);
        daemon_pause(60);
        broken_mend();
    }
    daemon_hear("w13: captured from now on");
    kill(getpid(), SIGTERM);
    return NULL;
}

static void
begin_torment(const char *root)
{
    (void)root;
    daemon_listen();
    daemon_thread(torment);
}

static void
a_running_capture_without_memory_answers_reloads_and_follows_again_later(void **state)
{
    (void)state;
    if (!daemon_is_possible() || system("command -v ip >/dev/null") != 0) skip();
    const struct daemon_run run = {
        .words = {"-d", "db", "-user", "root", "-f", "ip", "lo", "w*"},
        .prepare = begin_torment,
        .run_ms = 60000};
    char *root = store_new_quick();
    const struct daemon_end end = daemon_run(&run, root);
    if (end.exit_code != 0) fail_msg("status %d: %s", end.exit_code, end.said);
    const int64_t told = count_told(end.said, LOST) + count_told(end.said, SHARED);
    if (daemon_hellos(root) + told != VIEWS * PACKETS_A_TIME)
        fail_msg("%lld told: %s", (long long)told, end.said);
    if (strstr(end.said, "out of memory") == NULL ||
        strstr(end.said, "configuration read again") == NULL ||
        strstr(end.said, "w13: captured from now on") == NULL)
        fail_msg("%s", end.said);
    forget(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replay_without_memory_ends_or_loses_nothing_unsaid),
        cmocka_unit_test(a_replay_whose_table_cannot_grow_counts_what_it_lost),
        cmocka_unit_test(a_start_without_memory_ends_and_says_so_or_captures),
        cmocka_unit_test(
            a_running_capture_without_memory_answers_reloads_and_follows_again_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
