/* SPDX-License-Identifier: MIT
 *
 * Every call that a check or a repair makes fails: once, or from then on, or the
 * process dies there; memory, descriptors, directories and the disk in turn, over
 * databases with each kind of damage.  A check that could not read says so; a repair
 * that failed has lost nothing, and the next one ends where the first would have.
 */
#include <sys/wait.h>

#include "tests/checking.h"
#include "tests/faults.h"

FAULT_WRAP(FAULT_DISK, int, -1, mkdirat, (int fd, const char *path, mode_t mode),
    (fd, path, mode))
FAULT_WRAP(FAULT_DISK, int, -1, fchmodat,
    (int fd, const char *path, mode_t mode, int flags), (fd, path, mode, flags))

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

/* Nobody waits for a lock here. */
int
__wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    return 0;
}

/* --- Tests ------------------------------------------------------------------------ */

/* The `at`th call of a check fails.  False: there are not so many. */
static bool
check_once(struct godb *db, const struct damage *damage, enum fault_mode mode,
    unsigned calls, int at)
{
    const int fd = lowest_free_fd();
    faults_arm(mode, calls, EIO, at);
    const struct seen seen = look(db, false);
    const bool happened = faults_disarm();
    if (lowest_free_fd() != fd)
        fail_msg(
            "%s, calls %u, at %d: a descriptor is left open", damage->name, calls, at);
    if (seen.rc != GODB_OK) {
        if (!happened || seen.err.msg[0] == '\0')
            fail_msg("%s, calls %u, at %d: %s", damage->name, calls, at, seen.err.msg);
    } else if (seen.level < damage->before) {
        fail_msg("%s, mode %d, calls %u, at %d: it is called %s:\n%s", damage->name,
            (int)mode, calls, at, seen.level ? "a warning" : "clean", seen.told);
    } else if (calls == FAULT_MEMORY && seen.level > damage->before) {
        fail_msg("%s, calls %u, at %d: a lack of memory is called damage:\n%s",
            damage->name, calls, at, seen.told);
    }
    return happened;
}

static void
a_check_that_could_not_read_says_so(void **state)
{
    static const struct {
        unsigned calls;
        enum fault_mode last_mode;
    } kinds[] = {{FAULT_OPEN, FAULT_FROM}, {FAULT_READ, FAULT_ONCE},
        {FAULT_MEMORY, FAULT_FROM}, {FAULT_JANSSON, FAULT_ONCE},
        {FAULT_LOOK, FAULT_ONCE}, {FAULT_LIST, FAULT_FROM}};
    (void)state;
    int count = 0;
    for (size_t i = 0; i < DAMAGE_COUNT; i++) {
        char *root = make_damaged_by(damages[i].make), *copy = store_new_quick();
        struct godb *db = store_open(root, GODB_READ);
        copy_tree(root, copy);
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            for (int mode = FAULT_ONCE; mode <= (int)kinds[k].last_mode; mode++)
                for (int at = 1; check_once(
                         db, &damages[i], (enum fault_mode)mode, kinds[k].calls, at);
                     at++)
                    count++;
        expect_kept(copy, root, damages[i].name);
        godb_close(db);
        remove_tree(copy);
        remove_tree(root);
    }
    print_message("# check: %d calls failed one by one\n", count);
}

/* In a process of its own.  True: it died where it should. */
static bool
die_repairing(struct godb *db)
{
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        look(db, true);
        _exit(0);
    }
    fault.mode = FAULT_NONE;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == FAULT_DEATH_STATUS;
}

struct repair {
    const struct damage *damage;
    const char *root; /* of the damaged database, which stays as it is */
    struct readables before;
};

static bool
fail_repair(struct godb *db, enum fault_mode mode, unsigned calls, int at)
{
    faults_arm(mode, calls, mode == FAULT_FROM ? ENOSPC : EIO, at);
    if (mode == FAULT_DEATH) return die_repairing(db);
    const int fd = lowest_free_fd();
    const struct seen seen = look(db, true);
    const bool happened = faults_disarm();
    assert_int_equal(lowest_free_fd(), fd);
    if (seen.rc != GODB_OK && (!happened || seen.err.msg[0] == '\0'))
        fail_msg("calls %u, at %d: %s", calls, at, seen.err.msg);
    return happened;
}

/* The `at`th call of a repair fails.  False: there are not so many. */
static bool
repair_once(const struct repair *repair, enum fault_mode mode, unsigned calls, int at)
{
    char *root = store_new_quick(), when[200];
    const bool is_vague = calls == FAULT_JANSSON;
    snprintf(when, sizeof when, "%s, mode %d, calls %u, at %d", repair->damage->name,
        (int)mode, calls, at);
    copy_tree(repair->root, root);
    struct godb *db = store_open(root, GODB_WRITE);
    const bool happened = fail_repair(db, mode, calls, at);
    const struct readables between = read_all(root);
    expect_readable(&repair->before, &between, is_vague, when);
    const struct seen second = look(db, true);
    if (second.rc != GODB_OK || second.level != repair->damage->after)
        fail_msg("%s: the next repair: %s\n%s", when, second.err.msg, second.told);
    const struct readables after = read_all(root);
    expect_readable(&repair->before, &after, is_vague, when);
    expect_kept(repair->root, root, when);
    godb_close(db);
    remove_tree(root);
    return happened;
}

static int
every_call_of_a_repair(
    const struct repair *repair, enum fault_mode mode, unsigned calls)
{
    int at = 1;
    while (repair_once(repair, mode, calls, at))
        at++;
    return at - 1;
}

/* Damages that can stand side by side, so that each repair has much to do. */
static void
spoil_columns(const char *root)
{
    lose_commit_slot(root);
    leave_half_a_block_and_turn_header(root);
    leave_tail(root);
    open_for_everybody(root);
}

static void
spoil_side_files(const char *root)
{
    garble_index(root);
    change_traffic(root);
    change_flows_of_summary(root);
    add_to_summary(root);
    leave_rest(root);
}

static void
lose_side_files(const char *root)
{
    clear_headers(root);
    lose_block_of_meta(root);
    garble_summary(root);
}

static void
lose_names_and_side_files(const char *root)
{
    touch_column(root);
    lose_names(root);
    lose_meta(root);
    lose_summary(root);
}

static const struct damage scenes[] = {
    {"columns", spoil_columns, DAMAGE, CLEAN, NULL},
    {"side files", spoil_side_files, WARNING, CLEAN, NULL},
    {"headers, meta.json and summary", lose_side_files, DAMAGE, CLEAN, NULL},
    {"names and side files", lose_names_and_side_files, DAMAGE, DAMAGE, NULL},
    {"a value, with an old index", turn_value_and_touch, DAMAGE, DAMAGE, NULL},
    {"no index", lose_index, CLEAN, CLEAN, NULL},
};

static void
fail_repairs(unsigned calls, enum fault_mode last_mode)
{
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        char *root = make_damaged_by(scenes[i].make);
        const struct repair repair = {&scenes[i], root, read_all(root)};
        int count = 0;
        for (int mode = FAULT_ONCE; mode <= (int)last_mode; mode++)
            count += every_call_of_a_repair(&repair, (enum fault_mode)mode, calls);
        print_message(
            "# repair of %s: %d calls failed one by one\n", scenes[i].name, count);
        assert_true(count > 0);
        remove_tree(root);
    }
}

static void
every_write_of_a_repair_fails_and_nothing_is_lost(void **state)
{
    (void)state;
    fail_repairs(FAULT_DISK, FAULT_DEATH);
}

static void
every_open_of_a_repair_fails_and_nothing_is_lost(void **state)
{
    (void)state;
    fail_repairs(FAULT_OPEN, FAULT_ONCE);
    fail_repairs(FAULT_LIST | FAULT_LOCK, FAULT_ONCE);
}

static void
every_read_of_a_repair_fails_and_nothing_is_lost(void **state)
{
    (void)state;
    fail_repairs(FAULT_READ, FAULT_ONCE);
    fail_repairs(FAULT_LOOK, FAULT_ONCE);
}

static void
memory_runs_out_at_every_point_of_a_repair(void **state)
{
    (void)state;
    fail_repairs(FAULT_MEMORY, FAULT_FROM);
    fail_repairs(FAULT_JANSSON, FAULT_ONCE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_that_could_not_read_says_so),
        cmocka_unit_test(every_write_of_a_repair_fails_and_nothing_is_lost),
        cmocka_unit_test(every_open_of_a_repair_fails_and_nothing_is_lost),
        cmocka_unit_test(every_read_of_a_repair_fails_and_nothing_is_lost),
        cmocka_unit_test(memory_runs_out_at_every_point_of_a_repair),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
