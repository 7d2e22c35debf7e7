/* SPDX-License-Identifier: MIT
 *
 * What a check tells of each kind of damage, and what a repair does and leaves alone:
 * nothing that could be read, or was known, is lost by it.
 */
#include <sys/file.h>
#include <sys/sysmacros.h>

#include "tests/checking.h"
#include "tests/v4.h"

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

/* Nobody waits for a lock here. */
int
__wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    return 0;
}

static void
expect_told(const struct seen *seen, const char *part)
{
    if (seen->rc != GODB_OK) fail_msg("%s", seen->err.msg);
    if (strstr(seen->told, part) == NULL)
        fail_msg("'%s' is not told:\n%s", part, seen->told);
}

static int
count_told(const struct seen *seen, const char *part)
{
    int count = 0;
    for (const char *at = seen->told; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

/* --- Each damage ------------------------------------------------------------------ */

static void
every_damage_is_told_and_its_repair_loses_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < DAMAGE_COUNT; i++) {
        const struct damage *damage = &damages[i];
        char *root = make_damaged_by(damage->make), *copy = store_new_quick();
        copy_tree(root, copy);
        const struct readables before = read_all(root);
        const struct seen found = look_at(root, false);
        if (found.rc != GODB_OK || found.level != damage->before)
            fail_msg("%s: %s\n%s", damage->name, found.err.msg, found.told);
        if (damage->told && strstr(found.told, damage->told) == NULL)
            fail_msg("%s: %s", damage->name, found.told);
        expect_kept(copy, root, damage->name);
        const struct seen repaired = look_at(root, true);
        if (repaired.rc != GODB_OK || repaired.level != damage->after)
            fail_msg("%s: %s\n%s", damage->name, repaired.err.msg, repaired.told);
        const struct readables after = read_all(root);
        expect_readable(&before, &after, false, damage->name);
        expect_kept(copy, root, damage->name);
        const struct seen again = look_at(root, true);
        if (again.level != damage->after || again.counts.repaired_count != 0)
            fail_msg("%s: %s", damage->name, again.told);
        remove_tree(copy);
        remove_tree(root);
    }
}

/* --- What is kept ----------------------------------------------------------------- */

static void
expect_same_file(const char *root, const char *name, const uint8_t *bytes, size_t count)
{
    size_t now_count;
    uint8_t *now = file_bytes(root, name, &now_count);
    assert_non_null(now);
    assert_int_equal(now_count, count);
    assert_memory_equal(now, bytes, count);
    free(now);
}

/* Its bytes were taken for those of a block that was never finished. */
static void
the_bytes_of_a_column_that_lost_its_header_stay(void **state)
{
    static const uint8_t zeros[HEADER_BYTES];
    (void)state;
    char *root = make_damaged_by(lose_index);
    size_t count;
    put_bytes(root, DAY_DIR "/sip.gpf", 0, zeros, sizeof zeros);
    uint8_t *before = file_bytes(root, DAY_DIR "/sip.gpf", &count);
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "sip.gpf: no block 1700006700, which other columns have");
    expect_same_file(root, DAY_DIR "/sip.gpf", before, count);
    free(before);
    remove_tree(root);
}

/* They were taken out of meta.json with the blocks, which may come back. */
static void
statistics_of_blocks_that_cannot_be_read_now_stay(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_commit_column);
    size_t count;
    uint8_t *before = file_bytes(root, DAY_DIR "/meta.json", &count);
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "meta.json: has a block that is not there, 1700006700");
    assert_int_equal(seen.counts.repaired_count, 0);
    expect_same_file(root, DAY_DIR "/meta.json", before, count);
    free(before);
    remove_tree(root);
}

static void
count_file(void *arg, const char *name, const struct stat *st)
{
    const char *slash = strrchr(name, '/');
    if (S_ISREG(st->st_mode) && slash && strcmp(slash, "/meta.json") == 0)
        ++*(int *)arg;
}

static void
two_repairs_of_a_second_keep_what_each_has_found(void **state)
{
    (void)state;
    char *root = make_damaged_by(garble_meta), place[600];
    int count = 0;
    look_at(root, true);
    garble_meta(root);
    look_at(root, true);
    path_in(place, root, ".quarantine");
    each_file(place, "", count_file, &count);
    assert_int_equal(count, 2);
    remove_tree(root);
}

static void
a_day_that_was_never_filled_gets_no_side_files(void **state)
{
    (void)state;
    char *root = make_whole(), path[600];
    make_dir(root, "eth0/86400");
    make_dir(root, "eth5");
    make_dir(root, "eth5/86400");
    write_text(root, "eth5/86400/pkts_sent.gpf", "");
    const struct seen seen = look_at(root, true);
    assert_int_equal(seen.rc, GODB_OK);
    assert_string_equal(seen.told, "");
    path_in(path, root, "eth0/86400");
    assert_int_equal(rmdir(path), 0);
    path_in(path, root, "eth5/86400/meta.json");
    assert_int_not_equal(access(path, F_OK), 0);
    remove_tree(root);
}

static void
an_empty_database_is_clean(void **state)
{
    (void)state;
    char *root = store_new_quick();
    const struct seen seen = look_at(root, true);
    assert_int_equal(seen.rc, GODB_OK);
    assert_string_equal(seen.told, "");
    remove_tree(root);
}

/* --- Slots ------------------------------------------------------------------------ */

/* Every slot behind the two that are used has a byte of its own. */
static void
use_all_slots(const char *root)
{
    const char *file = DAY_DIR "/sip.gpf";
    const uint64_t end = (uint64_t)size_of(root, file);
    cut_to(root, file, (off_t)end + GODB_DAY_BLOCKS);
    for (int slot = 2; slot < GODB_DAY_BLOCKS; slot++) {
        put_slot(root, "sip.gpf", SECTION_END, slot, end + (uint64_t)slot);
        put_slot(root, "sip.gpf", SECTION_LENGTH, slot, 32);
        put_slot(root, "sip.gpf", SECTION_STAMP, slot, (uint64_t)BLOCK(slot));
    }
}

static void
a_column_with_every_slot_used_by_blocks_of_none_is_repaired(void **state)
{
    (void)state;
    char *root = make_damaged_by(use_all_slots);
    const struct readables before = read_all(root);
    const struct seen found = look_at(root, false);
    expect_told(&found, "sip.gpf: has 510 block(s) that were never finished");
    put_slot(root, "sip.gpf", SECTION_LENGTH, 0, 0); /* and its header is another */
    const struct seen repaired = look_at(root, true);
    expect_told(&repaired, "damage header " DAY_DIR "/sip.gpf");
    expect_told(&repaired, "sip.gpf: has 510 block(s) that were never finished");
    const struct seen again = look_at(root, false);
    assert_string_equal(again.told, "");
    const struct readables after = read_all(root);
    expect_readable(&before, &after, false, "all slots");
    remove_tree(root);
}

/* Slots behind those that the index knows of, whose blocks have no place in the file.
 */
static void
add_slot(const char *root, uint64_t end)
{
    put_slot(root, "sip.gpf", SECTION_END, 2, end);
    put_slot(root, "sip.gpf", SECTION_LENGTH, 2, 32);
    put_slot(root, "sip.gpf", SECTION_STAMP, 2, (uint64_t)BLOCK(2));
}

static void
a_slot_that_the_file_has_no_place_for_is_dropped(void **state)
{
    static const uint64_t ends[] = {0, HEADER_BYTES + 1, UINT64_MAX, INT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char *root = make_whole();
        const struct readables before = read_all(root);
        size_t count;
        uint8_t *bytes = file_bytes(root, DAY_DIR "/sip.gpf", &count);
        add_slot(root, ends[i]);
        const struct seen repaired = look_at(root, true);
        expect_told(&repaired, "damage header " DAY_DIR "/sip.gpf");
        assert_int_equal(repaired.level, CLEAN);
        expect_same_file(root, DAY_DIR "/sip.gpf", bytes, count);
        const struct readables after = read_all(root);
        expect_readable(&before, &after, false, "a slot of none");
        free(bytes);
        remove_tree(root);
    }
}

static void
put_stamp_in_all(const char *root, int slot, int64_t time_s)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        put_slot(root, godb_columns[col].file, SECTION_STAMP, slot, (uint64_t)time_s);
}

static void
a_stamp_in_all_headers_that_no_block_has_is_found_without_an_index(void **state)
{
    static const int64_t stamps[] = {BLOCK(2), 5, -5, DAY + 2 * 86400};
    (void)state;
    for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
        char *root = make_damaged_by(lose_index);
        put_stamp_in_all(root, 1, stamps[i]);
        leave_tail(root); /* nothing says whose it is */
        const struct seen seen = look_at(root, true);
        expect_told(&seen, "damage stamp " DAY_DIR "/sip.gpf");
        assert_int_equal(seen.level, DAMAGE);
        remove_tree(root);
    }
}

/* The index knows another stamp; but the block is damaged too, so that the header
 * cannot be restored. */
static void
a_stamp_that_turned_into_an_earlier_ones_is_damage_and_no_double(void **state)
{
    (void)state;
    char *root = make_whole();
    const size_t end = (size_t)size_of(root, DAY_DIR "/pkts_sent.gpf");
    turn_bit(root, DAY_DIR "/pkts_sent.gpf", end - 1);
    put_slot(root, "pkts_sent.gpf", SECTION_STAMP, 1, BLOCK(0));
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "pkts_sent.gpf: slot 1: the block has the stamp 1700006700, but "
                       "was written with 1700007000");
    assert_int_equal(count_told(&seen, "double"), 0);
    assert_int_equal(seen.level, DAMAGE);
    remove_tree(root);
}

static void
a_block_that_the_commit_column_lost_with_its_bytes_is_missed(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_commit_slot);
    cut_to(root, DAY_DIR "/pkts_sent.gpf", size_of(root, DAY_DIR "/pkts_sent.gpf") - 1);
    for (int i = 0; i < 2; i++) {
        const struct seen seen = look_at(root, true);
        expect_told(&seen, "damage lost " DAY_DIR "/pkts_sent.gpf: has 1 blocks, but "
                           "blocks.index knows of 2");
        assert_int_equal(seen.level, DAMAGE);
    }
    remove_tree(root);
}

static void
an_end_inside_the_header_is_damage_of_its_block(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_index);
    put_slot(root, "sip.gpf", SECTION_END, 1, 5);
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "damage block " DAY_DIR "/sip.gpf: slot 1: block from ");
    remove_tree(root);
}

static void
a_missing_column_is_told_once_while_a_header_is_restored(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_column);
    point_far_away(root);
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "damage header " DAY_DIR "/sip.gpf");
    assert_int_equal(count_told(&seen, "damage column " DAY_DIR "/proto.gpf"), 1);
    assert_int_equal(seen.counts.repaired_count, 1);
    remove_tree(root);
}

static int
build_index(const char *root)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    struct godb *db = store_open(root, GODB_WRITE);
    const int rc = godb_index(&counts, db, &all, GODB_INDEX_MISSING, NULL, NULL, NULL);
    godb_close(db);
    return rc;
}

/* goProbe 2.1 writes no l7proto. */
static void
a_day_without_layer_7_is_clean_until_it_gets_a_column_of_another(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_index);
    size_t count;
    uint8_t *bytes = file_bytes(root, DAY_DIR "/l7proto.gpf", &count);
    take_away(root, DAY_DIR "/l7proto.gpf");
    take_away(root, DAY_DIR "/l7proto.json");
    assert_int_equal(build_index(root), GODB_OK);
    const struct seen without = look_at(root, true);
    assert_string_equal(without.told, "");
    put_bytes(root, DAY_DIR "/l7proto.gpf", 0, bytes, count);
    const struct seen with = look_at(root, true);
    expect_told(&with, "damage hash " DAY_DIR "/l7proto.gpf");
    expect_same_file(root, DAY_DIR "/l7proto.gpf", bytes, count);
    free(bytes);
    remove_tree(root);
}

/* --- The table of protocols ------------------------------------------------------- */

/* What says that there was one outlives the building of an index. */
static void
a_missing_table_is_missed_after_a_repair_has_built_the_index(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_names);
    touch_column(root);
    const struct seen repaired = look_at(root, true);
    expect_told(&repaired, "note index " DAY_DIR "/blocks.index: is not as new");
    const struct seen seen = look_at(root, false);
    assert_int_equal(count_told(&seen, "note index"), 0);
    expect_told(&seen, "damage l7proto " DAY_DIR
                       "/l7proto.json: is missing, the one of block 1700006700");
    remove_tree(root);
}

static void
a_table_of_another_block_is_not_the_one(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_names);
    write_text(root, DAY_DIR "/l7proto.json",
        "{\"version\":1,\"name_spaces\":[{\"from\":1700007000,\"library\":\"x\","
        "\"protocols\":[[1,\"a\",\"b\"]]}]}\n");
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "l7proto.json: is not the one of block 1700006700");
    remove_tree(root);
}

/* An index that is built while the table is garbage says that there was one. */
static void
a_garbage_table_is_not_taken_for_none(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_index),
         *good = store_file(root, DAY_DIR "/l7proto.json");
    write_text(root, DAY_DIR "/l7proto.json", "garbage");
    assert_int_equal(build_index(root), GODB_OK);
    take_away(root, DAY_DIR "/l7proto.json");
    const struct seen without = look_at(root, false);
    expect_told(&without, "l7proto.json: is missing, the one of block 1700006700");
    write_text(root, DAY_DIR "/l7proto.json", good);
    const struct seen with = look_at(root, false);
    assert_string_equal(with.told, "");
    free(good);
    remove_tree(root);
}

/* --- Side files ------------------------------------------------------------------- */

static void
a_name_of_none_is_taken_out_of_the_summary(void **state)
{
    (void)state;
    char *root = make_whole();
    edit(root, "summary.json", "\"wan0\":", "\"../x\":{\"flowcount\":1},\"wan0\":");
    const struct seen repaired = look_at(root, true);
    expect_told(&repaired, "summary.json: has '../x', which is no interface here");
    const struct seen seen = look_at(root, false);
    assert_string_equal(seen.told, "");
    remove_tree(root);
}

/* JSON has no place for it; everything else of the interface is in order. */
static void
a_name_that_is_not_utf8_cannot_be_put_into_the_summary(void **state)
{
    (void)state;
    char *root = make_whole();
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "\xff\xfe", BLOCK(0), 0, 3, NULL), GODB_OK);
    const struct seen seen = look(db, true);
    expect_told(&seen, "cannot be repaired: Invalid argument");
    assert_int_equal(seen.level, WARNING);
    assert_int_equal(seen.counts.flow_count, TWO_BLOCKS_ROWS + 5 + 3);
    godb_close(db);
    remove_tree(root);
}

/* A lock that somebody holds. */
static int
hold_summary(const char *root)
{
    char path[600];
    write_text(root, "summary.lock", "1\n");
    path_in(path, root, "summary.lock");
    const int fd = open(path, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    return fd;
}

static void
a_summary_that_somebody_is_writing_is_left_to_him(void **state)
{
    (void)state;
    char *root = make_damaged_by(change_flows_of_summary);
    char *before = store_file(root, "summary.json");
    const int fd = hold_summary(root);
    const struct seen seen = look_at(root, true);
    assert_int_equal(seen.rc, GODB_OK);
    assert_string_equal(seen.told, "");
    char *after = store_file(root, "summary.json");
    assert_string_equal(before, after);
    close(fd);
    const struct seen later = look_at(root, true);
    expect_told(&later, "summary.json: has of 'eth0' other totals");
    free(before);
    free(after);
    remove_tree(root);
}

static void
an_index_that_somebody_is_building_is_left_to_him(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_index), path[600];
    path_in(path, root, DAY_DIR);
    const int fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    const struct seen seen = look_at(root, true);
    expect_told(&seen, "cannot be repaired: Device or resource busy");
    close(fd);
    const struct seen later = look_at(root, true);
    assert_int_equal(count_told(&later, "cannot be repaired"), 0);
    remove_tree(root);
}

/* --- Interfaces by name ----------------------------------------------------------- */

static struct seen
look_at_iface(const char *root, const char *iface, bool does_repair)
{
    struct seen seen = {0};
    const struct godb_check_spec spec = {.ifaces = &iface,
        .iface_count = 1,
        .does_repair = does_repair,
        .problem = take,
        .arg = &seen};
    struct godb *db = store_open(root, GODB_WRITE);
    seen.rc = godb_check(&seen.counts, db, &spec, &seen.err);
    godb_close(db);
    return seen;
}

static void
an_interface_that_is_a_link_is_told_also_by_its_name(void **state)
{
    (void)state;
    char *root = make_damaged_by(link_iface);
    for (int i = 0; i < 2; i++) {
        const struct seen seen = look_at_iface(root, "eth0", i);
        expect_told(&seen, "damage link eth0: is a symbolic link");
    }
    remove_tree(root);
}

/* And not written over, but kept. */
static void
a_garbage_summary_is_told_also_of_an_interface_by_its_name(void **state)
{
    (void)state;
    char *root = make_damaged_by(garble_summary);
    const struct seen found = look_at_iface(root, "wan0", false);
    expect_told(&found, "warning summary summary.json: summary.json: line 1");
    const struct seen repaired = look_at_iface(root, "wan0", true);
    assert_int_equal(repaired.level, CLEAN);
    assert_true(is_quarantined(root, "summary.json", "garbage"));
    remove_tree(root);
}

/* --- Names ------------------------------------------------------------------------ */

static void
names_that_are_nearly_its_own_are_no_problem_of_a_database(void **state)
{
    static const char *const names[] = {".summary.json", ".summary.json.",
        ".summary.json.12x", ".summary_json.12", ".hidden", "eth0/.deleted-",
        "eth0/.deleted-x", "eth0/.delete-5", "eth0/007", "eth0/12x",
        DAY_DIR "/.meta.json", DAY_DIR "/.meta.json.x", DAY_DIR "/meta.json.12",
        DAY_DIR "/.sip.gpf.12", DAY_DIR "/blocks.index.old"};
    (void)state;
    char *root = make_whole(), part[200];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        leave_behind(root, names[i]);
    const struct seen seen = look_at(root, true);
    assert_int_equal(seen.level, CLEAN);
    assert_int_equal(seen.counts.warning_count, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(part, sizeof part, "note foreign %s: is not goDB's", names[i]);
        expect_told(&seen, part);
    }
    remove_tree(root);
}

/* What a program writes at this moment is none; in the root there is no lock that says
 * that none writes. */
static void
a_file_that_is_just_being_written_is_no_leftover(void **state)
{
    (void)state;
    char *root = make_whole();
    write_text(root, ".summary.json.4711", "{");
    write_text(root, DAY_DIR "/.meta.json.4711", "{");
    const struct seen found = look_at(root, false);
    assert_string_equal(found.told, "");
    const struct seen repaired = look_at(root, true);
    expect_told(&repaired, "warning leftover " DAY_DIR "/.meta.json.4711");
    assert_int_equal(count_told(&repaired, "leftover"), 1);
    remove_tree(root);
}

static void
the_socket_of_a_daemon_is_no_problem(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)state;
    char *root = make_whole();
    snprintf(
        address.sun_path, sizeof address.sun_path, "%.80s/%s", root, GODB_LIVE_SOCKET);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(chmod(address.sun_path, 0660), 0);
    const struct seen seen = look_at(root, false);
    assert_string_equal(seen.told, "");
    close(fd);
    remove_tree(root);
}

static void
a_device_in_place_of_a_file_is_told(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_meta), path[600];
    path_in(path, root, DAY_DIR "/meta.json");
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) == 0) {
        const struct seen seen = look_at(root, true);
        expect_told(&seen, "damage kind " DAY_DIR "/meta.json: is a device");
        remove_tree(root);
        return;
    }
    remove_tree(root);
    skip(); /* it takes root */
}

/* --- Beside others ---------------------------------------------------------------- */

/* A day before the newest is not changing. */
static void
beside_a_writer_only_the_newest_day_is_left_out(void **state)
{
    (void)state;
    char *root = make_whole(), path[600];
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 86700, 50, 3, NULL), GODB_OK);
    path_in(path, root, "eth0");
    const int fd = open(path, O_RDONLY | O_DIRECTORY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    change_traffic(root);
    leave_tail(root);
    point_far_away(root);
    edit(root, "eth0/1700092800/meta.json", "\"traffic\":", "\"traffic\":9");
    add_bytes(root, "eth0/1700092800/dip.gpf", "rest");
    const struct seen seen = look(db, false);
    assert_int_equal(seen.counts.busy_count, 1);
    expect_told(&seen, "warning meta " DAY_DIR "/meta.json");
    expect_told(&seen, "damage header " DAY_DIR "/sip.gpf");
    assert_int_equal(count_told(&seen, "eth0/1700092800"), 0);
    assert_int_equal(count_told(&seen, "summary"), 0);
    close(fd);
    godb_close(db);
    remove_tree(root);
}

static bool
stop_after(void *arg)
{
    int *left = arg;
    return --*left <= 0;
}

static void
a_check_and_a_repair_can_be_stopped_anywhere(void **state)
{
    (void)state;
    char *root = make_damaged_by(lose_commit_slot);
    change_traffic(root);
    const struct readables before = read_all(root);
    for (int i = 0; i < 2; i++) {
        int rc = GODB_ECANCELLED, at = 0;
        while (rc == GODB_ECANCELLED) {
            int left = ++at;
            struct godb_check_counts counts;
            struct godb *db = store_open(root, GODB_WRITE);
            const struct godb_check_spec spec = {
                .does_repair = i, .stop = stop_after, .stop_arg = &left};
            rc = godb_check(&counts, db, &spec, NULL);
            godb_close(db);
            const struct readables after = read_all(root);
            expect_readable(&before, &after, false, "stopped");
        }
        assert_int_equal(rc, GODB_OK);
        assert_true(at > 5); /* two interfaces, three blocks */
    }
    const struct seen seen = look_at(root, false);
    assert_string_equal(seen.told, "");
    remove_tree(root);
}

/* Is read only; what is wrong in it is found nevertheless. */
static void
a_database_of_goDB_4_is_checked_and_left_as_it_is(void **state)
{
    static const struct v4_test_block blocks[] = {
        {1456358700, 0, 9, V4_LZ4}, {1456359000, 20, 7, V4_LZ4}};
    (void)state;
    char *root = store_new_quick();
    char *dir = v4_make_dir("%s/eth0/2016/02/1456358400", root);
    v4_write_day(dir, blocks, 2);
    const struct seen sound = look_at(root, true);
    if (sound.rc != GODB_OK) fail_msg("%s", sound.err.msg);
    assert_int_equal(sound.counts.block_count, 2);
    assert_int_equal(sound.counts.flow_count, 16);
    assert_int_equal(sound.counts.damage_count, 0);
    cut_to(dir, "sip.gpf", size_of(dir, "sip.gpf") - 1);
    const struct seen seen = look_at(root, true);
    assert_int_equal(seen.level, DAMAGE);
    expect_told(&seen, "sip.gpf");
    assert_int_equal(seen.counts.bad_block_count, 1);
    free(dir);
    remove_tree(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_damage_is_told_and_its_repair_loses_nothing),
        cmocka_unit_test(the_bytes_of_a_column_that_lost_its_header_stay),
        cmocka_unit_test(statistics_of_blocks_that_cannot_be_read_now_stay),
        cmocka_unit_test(two_repairs_of_a_second_keep_what_each_has_found),
        cmocka_unit_test(a_day_that_was_never_filled_gets_no_side_files),
        cmocka_unit_test(an_empty_database_is_clean),
        cmocka_unit_test(a_column_with_every_slot_used_by_blocks_of_none_is_repaired),
        cmocka_unit_test(a_slot_that_the_file_has_no_place_for_is_dropped),
        cmocka_unit_test(
            a_stamp_in_all_headers_that_no_block_has_is_found_without_an_index),
        cmocka_unit_test(
            a_stamp_that_turned_into_an_earlier_ones_is_damage_and_no_double),
        cmocka_unit_test(a_block_that_the_commit_column_lost_with_its_bytes_is_missed),
        cmocka_unit_test(an_end_inside_the_header_is_damage_of_its_block),
        cmocka_unit_test(a_missing_column_is_told_once_while_a_header_is_restored),
        cmocka_unit_test(
            a_day_without_layer_7_is_clean_until_it_gets_a_column_of_another),
        cmocka_unit_test(a_missing_table_is_missed_after_a_repair_has_built_the_index),
        cmocka_unit_test(a_table_of_another_block_is_not_the_one),
        cmocka_unit_test(a_garbage_table_is_not_taken_for_none),
        cmocka_unit_test(a_name_of_none_is_taken_out_of_the_summary),
        cmocka_unit_test(a_name_that_is_not_utf8_cannot_be_put_into_the_summary),
        cmocka_unit_test(a_summary_that_somebody_is_writing_is_left_to_him),
        cmocka_unit_test(an_index_that_somebody_is_building_is_left_to_him),
        cmocka_unit_test(an_interface_that_is_a_link_is_told_also_by_its_name),
        cmocka_unit_test(a_garbage_summary_is_told_also_of_an_interface_by_its_name),
        cmocka_unit_test(names_that_are_nearly_its_own_are_no_problem_of_a_database),
        cmocka_unit_test(a_file_that_is_just_being_written_is_no_leftover),
        cmocka_unit_test(the_socket_of_a_daemon_is_no_problem),
        cmocka_unit_test(a_device_in_place_of_a_file_is_told),
        cmocka_unit_test(beside_a_writer_only_the_newest_day_is_left_out),
        cmocka_unit_test(a_check_and_a_repair_can_be_stopped_anywhere),
        cmocka_unit_test(a_database_of_goDB_4_is_checked_and_left_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
