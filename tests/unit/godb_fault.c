/* SPDX-License-Identifier: MIT
 *
 * Every system call of an append fails once, and the process dies at every one of them:
 * afterwards the database reads as before or as after the append, never between, and
 * the next append works.
 *
 * The calls are wrapped at link time (-Wl,--wrap, see the Makefile).
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum mode { PASS, FAIL, DIE };

static struct {
    enum mode mode;
    int countdown; /* calls until it happens */
    bool happened;
} fault;

static bool
strikes(void)
{
    if (fault.mode == PASS || fault.happened || --fault.countdown > 0) return false;
    fault.happened = true;
    if (fault.mode == DIE) _exit(99);
    errno = EIO;
    return true;
}

ssize_t __real_pwrite(int fd, const void *from, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);
int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);
int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);

ssize_t
__wrap_pwrite(int fd, const void *from, size_t count, off_t offset)
{
    if (fault.mode != PASS && !fault.happened && fault.countdown == 1 && count > 1)
        __real_pwrite(fd, from, count / 2, offset); /* torn */
    return strikes() ? -1 : __real_pwrite(fd, from, count, offset);
}

int
__wrap_fsync(int fd)
{
    return strikes() ? -1 : __real_fsync(fd);
}

int
__wrap_fdatasync(int fd)
{
    return strikes() ? -1 : __real_fdatasync(fd);
}

int
__wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return strikes() ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

int
__wrap_ftruncate(int fd, off_t length)
{
    return strikes() ? -1 : __real_ftruncate(fd, length);
}

int
__wrap_mkdir(const char *path, mode_t mode)
{
    return strikes() ? -1 : __real_mkdir(path, mode);
}

/* The append under test: two blocks in one commit, the second of a new day. */
static int
append_two(struct godb *db)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    int rc = godb_block_new(&block);
    for (uint64_t i = 0; i < 50 && rc == GODB_OK; i++) {
        const struct godb_flow flow = store_flow(i);
        rc = godb_block_add(block, &flow);
    }
    if (rc == GODB_OK)
        rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 600, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 900, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_append(writer, DAY + 86400, block, NULL, NULL);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, NULL);
    godb_writer_close(writer);
    godb_block_free(block);
    return rc;
}

/* Each block whole in every column, in order, and no damage told. */
static size_t
expect_whole_blocks(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    size_t rows = 0;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        const struct store_sums sums = store_sum(db, GODB_COLUMN_BIT(col), &warnings);
        if (col > 0) assert_int_equal(sums.rows, rows);
        rows = sums.rows;
    }
    if (warnings.count) fail_msg("%s", warnings.last);
    assert_true(rows == 10 || rows == 60 || rows == 110 || rows == 160);
    return rows;
}

/* One more block is appended, and everything is there. */
static void
expect_append_works(struct godb *db, size_t rows)
{
    struct godb_err err = {0};
    if (store_append(db, "eth0", DAY + 90000, 7, 3, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(store_sum(db, GODB_COLUMNS_ALL, NULL).rows, rows + 3);
    struct godb_iface_info *ifaces;
    size_t count;
    assert_int_equal(
        godb_ifaces(db, &ifaces, &count, NULL, NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(ifaces[0].flow_count, rows + 3);
    assert_true(ifaces[0].has_traffic);
    char *summary = store_file(godb_root(db), "summary.json"), want[100];
    snprintf(want, sizeof want, "\"flowcount\":%zu,", rows + 3);
    assert_non_null(strstr(summary, want));
    free(summary);
    godb_ifaces_free(ifaces);
}

static bool
one_fault(enum mode mode, int at)
{
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 0, 10, NULL), GODB_OK);
    bool happened;
    fault.mode = mode;
    fault.countdown = at;
    fault.happened = false;
    if (mode == DIE) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) _exit(append_two(db) == GODB_OK ? 0 : 1);
        fault.mode = PASS;
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        happened = WEXITSTATUS(status) == 99;
    } else {
        append_two(db);
        fault.mode = PASS;
        happened = fault.happened;
    }
    /* A summary.lock that the dead left would be waited for. */
    char lock[600];
    snprintf(lock, sizeof lock, "%s/summary.lock", root);
    if (mode == DIE) unlink(lock);
    const size_t rows = expect_whole_blocks(db);
    expect_append_works(db, rows);
    godb_close(db);
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s'", root);
    assert_int_equal(system(command), 0);
    free(root);
    return happened;
}

static void
every_call_fails_once_and_nothing_is_half_there(void **state)
{
    (void)state;
    int at = 1;
    while (one_fault(FAIL, at))
        at++;
    assert_true(at > 60);
}

static void
the_process_dies_at_every_call_and_nothing_is_half_there(void **state)
{
    (void)state;
    int at = 1;
    while (one_fault(DIE, at))
        at++;
    assert_true(at > 60);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_fails_once_and_nothing_is_half_there),
        cmocka_unit_test(the_process_dies_at_every_call_and_nothing_is_half_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
