/* SPDX-License-Identifier: MIT
 *
 * An append to a damaged database makes good what it can, and each of its calls fails:
 * once, or the process dies there.  Nothing that could be read is lost by it, and the
 * next append has made everything good.  And each call of a question fails, over what
 * is damaged: an answer without a warning is the right one.
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

/* --- Appending -------------------------------------------------------------------- */

enum { NEW_FLOWS = 4 };

/* What is made before a call fails. */
struct append {
    struct godb_block *block;
    struct godb_l7_names *names;
    struct store_warnings warnings;
};

static int
append(struct godb *db, int64_t time_s, struct append *append, struct godb_err *err)
{
    struct godb_writer *writer = NULL;
    int rc = godb_writer_open(
        &writer, db, "eth0", append->names, store_warn, &append->warnings, err);
    if (rc == GODB_OK)
        rc = godb_writer_append(writer, time_s, append->block, NULL, err);
    if (rc == GODB_OK) rc = godb_writer_commit(writer, err);
    godb_writer_close(writer);
    return rc;
}

static void
lose_meta_of_bad_block(const char *root)
{
    turn_value(root);
    lose_meta(root);
}

/* What the commit column says of its second block makes no sense. */
static void
lose_meta_and_length(const char *root)
{
    lose_index(root);
    lose_meta(root);
    put_slot(root, "pkts_sent.gpf", SECTION_LENGTH, 1, 3);
}

static void
drop_and_mend(const char *root)
{
    leave_half_a_block(root);
    lose_meta(root);
    lose_summary(root);
}

static const struct damage to_mend[] = {
    {"slot of the commit column", lose_commit_slot, DAMAGE, CLEAN, NULL},
    {"headers", clear_headers, DAMAGE, CLEAN, NULL},
    {"half a block, no meta.json, no summary", drop_and_mend, WARNING, CLEAN, NULL},
    {"garbage meta.json", garble_meta, WARNING, CLEAN, NULL},
    {"no block in meta.json", lose_block_of_meta, WARNING, CLEAN, NULL},
    {"garbage summary", garble_summary, WARNING, CLEAN, NULL},
    {"no meta.json and a bad block", lose_meta_of_bad_block, DAMAGE, DAMAGE, NULL},
    {"no meta.json and a bad slot", lose_meta_and_length, DAMAGE, DAMAGE, NULL},
};

/* In a process of its own.  True: it died where it should. */
static bool
die_appending(struct godb *db, struct append *what)
{
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        append(db, BLOCK(3), what, NULL);
        _exit(0);
    }
    fault.mode = FAULT_NONE;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status) == FAULT_DEATH_STATUS;
}

struct mending {
    const struct damage *damage;
    const char *root; /* of the damaged database, which stays as it is */
    struct readables before, whole;
};

/* All that is in order again: also what could not be read before. */
static void
expect_mended(const struct mending *mending, struct godb *db, const char *root,
    bool is_vague, const char *when)
{
    struct godb_writer *writer = NULL; /* the other interface has its own */
    assert_int_equal(
        godb_writer_open(&writer, db, "wan0", NULL, NULL, NULL, NULL), GODB_OK);
    godb_writer_close(writer);
    const struct seen seen = look(db, false);
    if (seen.rc != GODB_OK || seen.level != mending->damage->after)
        fail_msg("%s: afterwards: %s\n%s", when, seen.err.msg, seen.told);
    const struct readables after = read_all(root);
    expect_readable(&mending->before, &after, is_vague, when);
    if (mending->damage->after == CLEAN)
        expect_readable(&mending->whole, &after, true, when);
}

/* The `at`th call fails.  False: there are not so many. */
static bool
append_once(const struct mending *mending, enum fault_mode mode, unsigned calls, int at)
{
    struct append what = {NULL, a_table(), {0, ""}};
    struct godb_err err = {0};
    const bool is_vague = calls == FAULT_JANSSON;
    char *root = store_new_quick(), when[200];
    snprintf(when, sizeof when, "%s, mode %d, calls %u, at %d", mending->damage->name,
        (int)mode, calls, at);
    copy_tree(mending->root, root);
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(godb_block_new(&what.block), GODB_OK);
    store_fill(what.block, 100, NEW_FLOWS);
    const int fd = lowest_free_fd();
    faults_arm(mode, calls, EIO, at);
    bool happened;
    if (mode == FAULT_DEATH) {
        happened = die_appending(db, &what);
    } else {
        const int rc = append(db, BLOCK(3), &what, &err);
        happened = faults_disarm();
        if (rc != GODB_OK && (!happened || err.msg[0] == '\0'))
            fail_msg("%s: %s", when, err.msg);
    }
    assert_int_equal(lowest_free_fd(), fd);
    const struct readables between = read_all(root);
    expect_readable(&mending->before, &between, is_vague, when);
    if (append(db, BLOCK(4), &what, &err) != GODB_OK) fail_msg("%s: %s", when, err.msg);
    expect_mended(mending, db, root, is_vague, when);
    godb_block_free(what.block);
    godb_l7_names_free(what.names);
    godb_close(db);
    remove_tree(root);
    return happened;
}

static void
fail_appends(enum fault_mode mode, unsigned calls)
{
    char *whole = make_whole();
    for (size_t i = 0; i < sizeof to_mend / sizeof to_mend[0]; i++) {
        char *root = make_damaged_by(to_mend[i].make);
        const struct mending mending = {
            &to_mend[i], root, read_all(root), read_all(whole)};
        int at = 1;
        while (append_once(&mending, mode, calls, at))
            at++;
        print_message(
            "# append over %s: %d calls failed one by one\n", to_mend[i].name, at - 1);
        assert_true(at > 5);
        remove_tree(root);
    }
    remove_tree(whole);
}

static void
every_write_of_an_append_fails_and_what_was_damaged_is_not_lost(void **state)
{
    (void)state;
    fail_appends(FAULT_ONCE, FAULT_DISK);
    fail_appends(FAULT_DEATH, FAULT_DISK);
}

static void
every_open_of_an_append_fails_and_what_was_damaged_is_not_lost(void **state)
{
    (void)state;
    fail_appends(FAULT_ONCE, FAULT_OPEN);
}

static void
memory_runs_out_in_an_append_and_what_was_damaged_is_not_lost(void **state)
{
    (void)state;
    fail_appends(FAULT_ONCE, FAULT_MEMORY);
    fail_appends(FAULT_FROM, FAULT_MEMORY);
}

/* --- The summary ------------------------------------------------------------------ */

static void
a_writer_puts_each_number_of_the_summary_right(void **state)
{
    static void (*const changes[])(const char *root) = {nothing,
        change_flows_of_summary, change_traffic_of_summary, change_begin_of_summary,
        change_end_of_summary};
    (void)state;
    char *whole = make_whole();
    char *wanted = store_file(whole, "summary.json");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        char *root = make_damaged_by(changes[i]);
        struct godb_writer *writer = NULL;
        struct godb *db = store_open(root, GODB_WRITE);
        assert_int_equal(
            godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
        godb_writer_close(writer);
        char *summary = store_file(root, "summary.json");
        assert_string_equal(summary, wanted);
        free(summary);
        godb_close(db);
        remove_tree(root);
    }
    free(wanted);
    remove_tree(whole);
}

/* --- Questions -------------------------------------------------------------------- */

/* Each: the rows of the answer; -1: it was said that it is not known. */

static int64_t
scan(struct godb *db, struct godb_scan_spec *spec)
{
    struct store_warnings warnings = {0, ""};
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int64_t rows = 0;
    spec->warn = store_warn;
    spec->warn_arg = &warnings;
    int rc = godb_scan_open(&scan, db, spec, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_scan_next(scan, &chunk, NULL)) == GODB_OK)
        rows += chunk.selected_count;
    godb_scan_close(scan);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t
ask_all(struct godb *db)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    return scan(db, &spec);
}

static int64_t
ask_in_order(struct godb *db)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_BYTES_RCVD), NULL);
    spec.block_order[0] = (struct godb_block_order){GODB_BLOCK_TIME, true};
    spec.block_order_count = 1;
    return scan(db, &spec);
}

static int64_t
ask_filtered(struct godb *db)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_SIP), NULL);
    struct godb_filter *filter = NULL;
    if (godb_filter_parse(&filter, "bytes_rcvd > 2000 & l7proto < 3 & dport = 443",
            NULL, NULL, NULL, NULL) != GODB_OK &&
        godb_filter_parse(&filter, "dport = 443", NULL, NULL, NULL, NULL) != GODB_OK)
        return -1;
    spec.filter = filter;
    const int64_t rows = scan(db, &spec);
    godb_filter_free(filter);
    return rows;
}

static int64_t
ask_blocks(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    int64_t rows = 0;
    int rc = godb_block_list_open(&list, db, &all, store_warn, &warnings, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_block_list_next(list, &info, NULL)) == GODB_OK) {
        if (strcmp(info.status, "ok") != 0) warnings.count++;
        rows += (int64_t)info.flow_count;
    }
    godb_block_list_close(list);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t (*const questions[])(struct godb *) = {
    ask_all, ask_in_order, ask_filtered, ask_blocks};

static void
be_without_layer_7(const char *root)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    take_away(root, DAY_DIR "/l7proto.gpf");
    take_away(root, DAY_DIR "/l7proto.json");
    lose_index(root);
    struct godb *db = store_open(root, GODB_WRITE);
    assert_int_equal(
        godb_index(&counts, db, &all, GODB_INDEX_MISSING, NULL, NULL, NULL), GODB_OK);
    godb_close(db);
}

static void
be_without_layer_7_and_copied(const char *root)
{
    be_without_layer_7(root);
    touch_column(root);
}

/* Records that do not say whose they are, beside columns that look changed. */
static void
rename_iface(const char *root)
{
    char from[600], to[600];
    path_in(from, root, "eth0");
    path_in(to, root, "eth1");
    assert_int_equal(rename(from, to), 0);
    path_in(to, root, "eth1/1700006400/sip.gpf");
    set_age(root, "eth1/1700006400/sip.gpf", 7200);
    set_age(root, "eth1/1700006400/dport.gpf", 7200);
    set_age(root, "eth1/1700006400/bytes_rcvd.gpf", 7200);
}

static void
rename_iface_and_turn_value(const char *root)
{
    turn_value(root);
    rename_iface(root);
}

static void
rename_iface_without_layer_7(const char *root)
{
    be_without_layer_7(root);
    rename_iface(root);
}

static const struct damage to_ask[] = {
    {"nothing", nothing, CLEAN, CLEAN, NULL},
    {"slot of the commit column", lose_commit_slot, DAMAGE, DAMAGE, NULL},
    {"commit column", lose_commit_column, DAMAGE, DAMAGE, NULL},
    {"value", turn_value, DAMAGE, DAMAGE, NULL},
    {"two blocks of a stamp", stamp_twice, CLEAN, CLEAN, NULL},
    {"index of another", exchange_index, CLEAN, CLEAN, NULL},
    {"renamed interface", rename_iface, CLEAN, CLEAN, NULL},
    {"renamed interface and a value", rename_iface_and_turn_value, DAMAGE, DAMAGE,
        NULL},
    {"no layer 7", be_without_layer_7, CLEAN, CLEAN, NULL},
    {"no layer 7, copied", be_without_layer_7_and_copied, CLEAN, CLEAN, NULL},
    {"no layer 7, renamed", rename_iface_without_layer_7, CLEAN, CLEAN, NULL},
};

struct question {
    const char *name;
    int64_t (*ask)(struct godb *db);
    int64_t right;     /* of the whole database */
    int64_t faultless; /* of this one */
};

static bool
ask_once(const struct question *question, struct godb *db, unsigned calls, int at)
{
    faults_arm(at % 2 ? FAULT_ONCE : FAULT_FROM, calls, EIO, (at + 1) / 2);
    const int64_t rows = question->ask(db);
    const bool happened = faults_disarm();
    const int64_t wanted =
        question->faultless >= 0 ? question->faultless : question->right;
    if (rows == -1 ? !happened && question->faultless >= 0 : rows != wanted)
        fail_msg("%s, calls %u, at %d: %" PRId64 " rows instead of %" PRId64,
            question->name, calls, at, rows, wanted);
    return happened;
}

static void
every_call_of_a_question_fails_and_no_damage_is_overlooked(void **state)
{
    static const unsigned calls[] = {FAULT_READ, FAULT_OPEN, FAULT_MEMORY};
    (void)state;
    char *whole = make_whole();
    struct godb *sound = store_open(whole, GODB_READ);
    for (size_t i = 0; i < sizeof to_ask / sizeof to_ask[0]; i++) {
        char *root = make_damaged_by(to_ask[i].make);
        struct godb *db = store_open(root, GODB_READ);
        for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
            const struct question question = {
                to_ask[i].name, questions[q], questions[q](sound), questions[q](db)};
            for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++)
                for (int at = 1; ask_once(&question, db, calls[c], at); at++)
                    continue;
        }
        godb_close(db);
        remove_tree(root);
    }
    godb_close(sound);
    remove_tree(whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            every_write_of_an_append_fails_and_what_was_damaged_is_not_lost),
        cmocka_unit_test(
            every_open_of_an_append_fails_and_what_was_damaged_is_not_lost),
        cmocka_unit_test(memory_runs_out_in_an_append_and_what_was_damaged_is_not_lost),
        cmocka_unit_test(a_writer_puts_each_number_of_the_summary_right),
        cmocka_unit_test(every_call_of_a_question_fails_and_no_damage_is_overlooked),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
