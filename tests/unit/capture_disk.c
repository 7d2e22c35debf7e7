/* SPDX-License-Identifier: MIT
 *
 * Disks that are full, read-only, closed or do not answer, for real where that can be
 * had: the thread that writes goes on, keeps what it could not write, within its bound,
 * and writes it when the disk is there again.
 *
 * A small tmpfs is mounted in a namespace of the test's own.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/deeds.h"
#include "tests/writeout.h"

enum { FIRST_S = 1700000100, FLOWS = 40 };

/* FLOWS flows of two protocols on eth0, of 1 + i packets; the last is the largest. */
static struct rotation *
rotation_at(int number)
{
    struct rotation *rotation = rotation_new(1, FIRST_S + 300 * number);
    assert_non_null(rotation);
    strcpy(rotation->ifaces[0].name, "eth0");
    rotation->ifaces[0].is_active = true;
    for (unsigned i = 0; i < FLOWS; i++) {
        const struct rotation_row row = {
            .flow = {.sip = {10, 0, (uint8_t)number, (uint8_t)i},
                .dip = {192, 0, 2, 1},
                .proto = i % 2 ? 6 : 17,
                .dport = 443,
                .bytes_rcvd = 100 * (i + 1),
                .packets_rcvd = i + 1}};
        assert_true(rotation_add(rotation, &row, 1));
    }
    return rotation;
}

enum { PACKETS = FLOWS * (FLOWS + 1) / 2 };

static struct writeout *
open_at(const char *path, size_t max_waiting)
{
    static const char *const ifaces[] = {"eth0"};
    const struct writeout_options options = {.db_path = path,
        .ifaces = ifaces,
        .iface_count = 1,
        .max_waiting = max_waiting};
    return writeout_new(&options);
}

/* Hand it over, wait until it is done, and give how many flows wait for the disk. */
static uint64_t
write_and_look(struct writeout *writeout, int number)
{
    struct rotation *rotation = rotation_at(number);
    /* The first alone is of its day: the others need a new directory. */
    if (number > 0) rotation->time_s += GODB_DAY_S;
    return writeout_kept(writeout, rotation, (uint64_t)number + 1);
}

/* --- In a namespace --------------------------------------------------------------- */

static bool
mount_small(const char *path, const char *size)
{
    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", path, "tmpfs", 0, size) == 0;
}

enum { CANNOT = 77 };

/* Run in a child, as a namespace stays with its process. */
static void
in_child(void (*test)(const char *path), const char *size)
{
    char *path = store_new_quick(); /* where another user may go */
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        if (!mount_small(path, size)) _exit(CANNOT);
        test(path);
        exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    rmdir(path);
    free(path);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT) skip();
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* assert_*() of cmocka must not leave the child. */
static void
want(bool holds, const char *what)
{
    if (holds) return;
    fprintf(stderr, "# %s\n", what);
    _exit(1);
}

static void
fill_up(const char *path)
{
    char *name = NULL;
    static char bytes[4096];
    if (asprintf(&name, "%s/ballast", path) < 0) abort();
    FILE *file = fopen(name, "w");
    want(file != NULL, "the disk takes a file");
    while (fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes && fflush(file) == 0)
        continue;
    fclose(file);
    free(name);
}

static void
full(const char *path)
{
    char *name = NULL;
    struct writeout *writeout = open_at(path, 0);
    if (asprintf(&name, "%s/ballast", path) < 0) abort();
    want(write_and_look(writeout, 0) == 0, "there is room at first");
    fill_up(path);
    want(write_and_look(writeout, 1) == FLOWS, "a block that has no room is kept");
    want(write_and_look(writeout, 2) == 2 * FLOWS, "and the next with it");
    expect_packets(path, PACKETS, "afterwards");
    want(unlink(name) == 0, "the disk is emptied");
    want(write_and_look(writeout, 3) == 0, "all is written when there is room");
    want(writeout_close(writeout) == 0, "nothing is lost");
    want(expect_packets(path, 4 * PACKETS, "afterwards") == 4 * FLOWS,
        "no flow is lost");
    free(name);
}

static void
a_full_disk_keeps_flows_waiting_and_loses_none(void **state)
{
    (void)state;
    in_child(full, "size=400k");
}

static void
read_only(const char *path)
{
    struct writeout *writeout = open_at(path, 0);
    want(write_and_look(writeout, 0) == 0, "it is writable at first");
    /* Files that are open for writing keep a file system from becoming read-only. */
    want(writeout_close(writeout) == 0, "nothing is lost");
    writeout = open_at(path, 0);
    want(mount("none", path, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0, "remounted");
    want(writeout_kept(writeout, rotation_at(1), 1) == FLOWS,
        "a block for a read-only disk is kept");
    want(mount("none", path, NULL, MS_REMOUNT, NULL) == 0, "remounted again");
    writeout_submit(writeout, rotation_at(2));
    want(writeout_close(writeout) == 0, "nothing is lost");
    want(expect_packets(path, 3 * PACKETS, "afterwards") == 3 * FLOWS,
        "all is written then");
}

static void
a_disk_that_turns_read_only_is_written_to_when_it_is_no_more(void **state)
{
    (void)state;
    in_child(read_only, "size=2m");
}

static void
forbidden(const char *path)
{
    want(chmod(path, 0777) == 0, "the directory is everybody's");
    /* The way there is not. */
    want(chdir(path) == 0, "it is gone into");
    if (geteuid() != 0 || setresuid(65534, 65534, 65534) != 0) _exit(CANNOT);
    struct writeout *writeout = open_at(".", 0);
    want(write_and_look(writeout, 0) == 0, "it may write at first");
    want(chmod("eth0", 0555) == 0, "the interface is closed");
    /* Of another day, which needs a new directory. */
    struct rotation *rotation = rotation_at(1);
    rotation->time_s += GODB_DAY_S;
    want(writeout_kept(writeout, rotation, 2) == FLOWS,
        "a block that is forbidden is kept");
    want(chmod("eth0", 0755) == 0, "it is open again");
    rotation = rotation_at(2);
    rotation->time_s += GODB_DAY_S;
    writeout_submit(writeout, rotation);
    want(writeout_close(writeout) == 0, "nothing is lost");
    want(expect_packets(".", 3 * PACKETS, "afterwards") == 3 * FLOWS,
        "all is written then");
}

static void
a_directory_that_is_forbidden_is_written_to_when_it_is_no_more(void **state)
{
    (void)state;
    in_child(forbidden, "size=2m");
}

/* --- The bound -------------------------------------------------------------------- */

/* A file in the place of the day's directory. */
static char *
obstruct(const char *path)
{
    char *day = NULL;
    if (asprintf(&day, "%s/eth0/1700006400", path) < 0) abort();
    FILE *file = fopen(day, "w");
    assert_non_null(file);
    fclose(file);
    return day;
}

static void
more_flows_than_may_wait_lose_their_addresses_and_no_packet(void **state)
{
    (void)state;
    char *path = store_new();
    struct writeout *writeout = open_at(path, 50);
    char *day = obstruct(path);
    assert_int_equal(write_and_look(writeout, 0), 0);
    assert_int_equal(write_and_look(writeout, 1), FLOWS);
    /* 50 in full, and one for each protocol. */
    assert_int_equal(write_and_look(writeout, 2), 50 + 2);
    assert_int_equal(write_and_look(writeout, 3), 50 + 2);
    assert_int_equal(unlink(day), 0);
    assert_int_equal(write_and_look(writeout, 4), 0);
    assert_int_equal(writeout_close(writeout), 0);
    /* The two are among the fifty largest by now. */
    assert_int_equal(
        expect_packets(path, 5 * PACKETS, "afterwards"), FLOWS + 50 + FLOWS);
    free(day);
    free(path);
}

static void
a_disk_that_does_not_answer_fills_no_memory(void **state)
{
    (void)state;
    char *path = store_new(), *iface = NULL;
    const struct writeout_options options = {.db_path = path, .max_waiting = 100};
    struct writeout *writeout = writeout_new(&options);
    /* Somebody else writes to the interface: that is waited for, some seconds. */
    if (asprintf(&iface, "%s/eth0", path) < 0) abort();
    assert_int_equal(mkdir(iface, 0755), 0);
    const int fd = open(iface, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    writeout_submit(writeout, rotation_at(0));
    nanosleep(&(struct timespec){0, 300 * 1000 * 1000}, NULL);
    for (int i = 1; i <= 10; i++)
        writeout_submit(writeout, rotation_at(i));
    close(fd);
    assert_int_equal(writeout_close(writeout), 0);
    /* Two of those that waited in full, at most, and each other's protocols. */
    const size_t flows = expect_packets(path, 11 * PACKETS, "afterwards");
    assert_true(flows <= 3 * FLOWS + 8 * 2);
    assert_true(flows >= 2 * FLOWS + 8 * 2);
    free(iface);
    free(path);
}

static void
rows_fold_to_one_of_each_interface_and_protocol(void **state)
{
    (void)state;
    struct rotation *rotation = rotation_new(2, FIRST_S);
    assert_non_null(rotation);
    for (unsigned i = 0; i < 10000; i++) {
        const struct rotation_row row = {.iface = (uint16_t)(i % 2),
            .flow = {.sip = {10, 0, (uint8_t)(i >> 8), (uint8_t)i},
                .proto = (uint8_t)(i / 2 % 3),
                .dport = 53,
                .bytes_sent = i}};
        assert_true(rotation_add(rotation, &row, 1));
    }
    assert_true(rotation_fold(rotation));
    assert_int_equal(rotation->count, 6);
    assert_true(rotation_merge(rotation));
    assert_int_equal(rotation->count, 6);
    uint64_t bytes = 0;
    for (size_t i = 0; i < rotation->count; i++) {
        const struct godb_flow *flow = &rotation->rows[i].flow;
        assert_int_equal(flow->dport, 0);
        assert_int_equal(flow->sip[0], 0);
        assert_int_equal(rotation->rows[i].iface, i / 3);
        assert_int_equal(flow->proto, i % 3);
        bytes += flow->bytes_sent;
    }
    assert_int_equal(bytes, UINT64_C(10000) * 9999 / 2);
    rotation_free(rotation);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_keeps_flows_waiting_and_loses_none),
        cmocka_unit_test(a_disk_that_turns_read_only_is_written_to_when_it_is_no_more),
        cmocka_unit_test(
            a_directory_that_is_forbidden_is_written_to_when_it_is_no_more),
        cmocka_unit_test(more_flows_than_may_wait_lose_their_addresses_and_no_packet),
        cmocka_unit_test(a_disk_that_does_not_answer_fills_no_memory),
        cmocka_unit_test(rows_fold_to_one_of_each_interface_and_protocol),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
