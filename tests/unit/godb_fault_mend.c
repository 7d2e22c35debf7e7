/* SPDX-License-Identifier: MIT
 *
 * An append finds what a crash, a copy or a disk left of its day, and puts it right
 * before it goes on.  Each call of that fails: no block that was committed is lost, and
 * the next writer puts it right.
 */
#include "tests/deeds.h"
#include "tests/faults.h"

/* --- What is wrong ---------------------------------------------------------------- */

/* A file of eth0's first day, opened to write. */
static int
open_file(const char *root, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/eth0/%lld/%s", root, (long long)DAY, name);
    const int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    return fd;
}

static void
remove_file(const char *root, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/eth0/%lld/%s", root, (long long)DAY, name);
    assert_int_equal(unlink(path), 0);
}

static void
lose_index(const char *root)
{
    remove_file(root, "blocks.index");
}

static void
lose_meta(const char *root)
{
    remove_file(root, "meta.json");
}

/* What a crash left behind the last block of some columns. */
static void
leave_tails(const char *root)
{
    static const char *const names[] = {"sip.gpf", "bytes_sent.gpf", "pkts_sent.gpf"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const int fd = open_file(root, names[i]);
        assert_true(lseek(fd, 0, SEEK_END) > 0);
        assert_int_equal(write(fd, "bytes that no slot names", 24), 24);
        close(fd);
    }
}

/* The slot of a block that was never committed: in all columns but the last. */
static void
leave_slot(const char *root)
{
    static const uint8_t stamp[8] = {[4] = 0x65, 0x54, 0x0c, 0x58}; /* DAY + 600 */
    const int fd = open_file(root, "sip.gpf");
    assert_int_equal(__real_pwrite(fd, stamp, 8, 4096 + 8), 8);
    close(fd);
}

/* --- Mending ---------------------------------------------------------------------- */

/* In the same day, behind what is there. */
static void
append_behind(struct godb *db)
{
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    struct godb_err err = {0};
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 7, 3);
    if (godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    const int64_t last_s = godb_writer_last_s(writer);
    const int64_t time_s = last_s > DAY + 500 ? last_s + 1 : DAY + 500;
    if (godb_writer_append(writer, time_s, block, NULL, &err) != GODB_OK ||
        godb_writer_commit(writer, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    godb_writer_close(writer);
    godb_block_free(block);
}

/* False: there are not so many calls. */
static bool
mend_with_fault(void (*spoil)(const char *root), unsigned calls, int at)
{
    char *root = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    begin(db);
    spoil(root);
    faults_arm(at % 2 ? FAULT_ONCE : FAULT_FROM, calls, EIO, (at + 1) / 2);
    append_three(db);
    const bool happened = faults_disarm();
    append_behind(db);
    const size_t rows = expect_whole_blocks(db);
    if (rows != 13 && rows != 63 && rows != 113 && rows != 163)
        fail_msg("calls %u, at %d: %zu rows", calls, at, rows);
    expect_statistics(db, spoil == lose_meta || calls == FAULT_JANSSON ||
                              (calls & (FAULT_READ | FAULT_LOOK)));
    expect_summary(db, "eth0", rows);
    godb_close(db);
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
    return happened;
}

/* Memory of jansson's is asked for hundreds of times: where that matters. */
static void
fail_each_of_all(unsigned calls)
{
    static void (*const spoils[])(const char *) = {
        lose_meta, lose_index, leave_tails, leave_slot};
    const size_t count = calls == FAULT_JANSSON ? 1 : sizeof spoils / sizeof spoils[0];
    for (size_t s = 0; s < count; s++) {
        int at = 1;
        while (mend_with_fault(spoils[s], calls, at))
            at++;
        assert_true(at > 5);
    }
}

static void
the_disk_fails_at_any_point_of_mending(void **state)
{
    (void)state;
    fail_each_of_all(FAULT_DISK);
}

static void
descriptors_run_out_at_any_point_of_mending(void **state)
{
    (void)state;
    fail_each_of_all(FAULT_OPEN);
}

static void
memory_runs_out_at_any_point_of_mending(void **state)
{
    (void)state;
    fail_each_of_all(FAULT_MEMORY);
    fail_each_of_all(FAULT_JANSSON);
}

static void
any_read_and_any_look_fails_in_mending(void **state)
{
    (void)state;
    fail_each_of_all(FAULT_READ);
    fail_each_of_all(FAULT_LOOK);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_disk_fails_at_any_point_of_mending),
        cmocka_unit_test(descriptors_run_out_at_any_point_of_mending),
        cmocka_unit_test(memory_runs_out_at_any_point_of_mending),
        cmocka_unit_test(any_read_and_any_look_fails_in_mending),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
