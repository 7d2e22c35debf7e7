/* SPDX-License-Identifier: MIT
 *
 * Every call of an import fails: once, or from then on; or the process dies there.  A
 * day of the file is in the database or it is not, no block is half there, and the same
 * import once more brings what is missing and nothing twice.
 */
#include <sys/wait.h>

#include "shell/csv_import.h"
#include "tests/deeds.h"
#include "tests/faults.h"

enum { BLOCKS = 4, ROWS = 6 };

/* Two blocks of one day, two of the next. */
static int64_t
block_time_s(int block)
{
    return DAY + (block < 2 ? 0 : GODB_DAY_S) + 600 + 300 * (block % 2);
}

static void
make_csv(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,"
          "packets_sent\n",
        file);
    for (int block = 0; block < BLOCKS; block++)
        for (int row = 0; row < ROWS; row++)
            fprintf(file, "%lld,eth0,10.0.%d.%d,192.0.2.1,443,6,%d,1,1,1\n",
                (long long)block_time_s(block), block, row, 1 << (6 * block));
    fclose(file);
}

static int
import(const char *csv, const char *root, const char *rejects)
{
    const struct csv_import_spec spec = {
        .in = csv, .out = root, .rejects = rejects, .window_s = 600};
    struct csv_import_stats stats;
    struct godb_err err = {0};
    return csv_import_run(&stats, &spec, &err);
}

/* Rows that are there: each block's have a power of 64 as their bytes. */
static size_t
expect_blocks(const char *root)
{
    struct store_warnings warnings = {0, ""};
    struct godb *db = store_open(root, GODB_READ);
    const struct store_sums sums = store_sum(db, GODB_COLUMNS_ALL, &warnings);
    godb_close(db);
    if (warnings.count) fail_msg("%s", warnings.last);
    uint64_t want = 0;
    for (size_t block = 0; block < sums.blocks; block++)
        want += (uint64_t)ROWS << (6 * block);
    assert_int_equal(sums.rows, sums.blocks * ROWS);
    assert_int_equal(sums.bytes_rcvd, want);
    return sums.blocks;
}

static bool
die_importing(const char *csv, const char *root, const char *rejects)
{
    int status;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) _exit(import(csv, root, rejects) == GODB_OK ? 0 : 1);
    faults_disarm();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == FAULT_DEATH_STATUS;
}

/* False: there are not so many calls. */
static bool
one_fault(const char *dir, enum fault_mode mode, unsigned calls, int at)
{
    char csv[400], rejects[400], root[400];
    snprintf(csv, sizeof csv, "%.300s/in.csv", dir);
    snprintf(rejects, sizeof rejects, "%.300s/rejects", dir);
    snprintf(root, sizeof root, "%.300s/db", dir);
    make_csv(csv);
    assert_int_equal(mkdir(root, 0700), 0);
    faults_arm(mode, calls, ENOSPC, at);
    bool happened;
    if (mode == FAULT_DEATH) {
        happened = die_importing(csv, root, rejects);
    } else {
        (void)import(csv, root, rejects);
        happened = faults_disarm();
    }
    const size_t blocks = expect_blocks(root);
    assert_true(blocks <= BLOCKS);
    assert_int_equal(import(csv, root, rejects), GODB_OK);
    assert_int_equal(expect_blocks(root), BLOCKS);
    /* summary.json follows with the next block, at the latest. */
    struct godb *db = store_open(root, GODB_WRITE);
    assert_int_equal(
        store_append(db, "eth0", DAY + 2 * GODB_DAY_S, 0, 3, NULL), GODB_OK);
    expect_summary(db, "eth0", BLOCKS * ROWS + 3);
    godb_close(db);
    empty_directory(dir);
    return happened;
}

static void
every_call(enum fault_mode mode, unsigned calls, int least)
{
    char *dir = store_new_quick();
    int at = 1;
    while (one_fault(dir, mode, calls, at))
        at++;
    print_message("# %d calls failed one by one\n", at - 1);
    assert_true(at > least);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

static void
every_write_of_an_import_fails_and_it_can_be_done_again(void **state)
{
    (void)state;
    every_call(FAULT_ONCE, FAULT_DISK, 60);
    every_call(FAULT_FROM, FAULT_DISK, 60);
    every_call(FAULT_DEATH, FAULT_DISK, 60);
}

static void
every_open_of_an_import_fails_and_it_can_be_done_again(void **state)
{
    (void)state;
    every_call(FAULT_ONCE, FAULT_OPEN, 20);
}

static void
memory_runs_out_at_every_point_of_an_import(void **state)
{
    (void)state;
    every_call(FAULT_ONCE, FAULT_MEMORY, 40);
    every_call(FAULT_FROM, FAULT_MEMORY, 40);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_write_of_an_import_fails_and_it_can_be_done_again),
        cmocka_unit_test(every_open_of_an_import_fails_and_it_can_be_done_again),
        cmocka_unit_test(memory_runs_out_at_every_point_of_an_import),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
