/* SPDX-License-Identifier: MIT
 *
 * Blocks of interfaces that come, go, change their slots, and could not be written.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/writeout.h"

enum { FIRST_S = 1700000100 };

/* So many packets of one flow for each named interface; NULL: the slot is free. */
static struct rotation *
rotation_of(int64_t time_s, const char *const *names, const uint64_t *packets)
{
    struct rotation *rotation = rotation_new(2, time_s);
    assert_non_null(rotation);
    for (uint16_t i = 0; i < 2; i++) {
        const struct rotation_row row = {
            .iface = i, .flow = {.proto = 17, .packets_rcvd = packets[i]}};
        if (names[i] == NULL) continue;
        strcpy(rotation->ifaces[i].name, names[i]);
        rotation->ifaces[i].is_active = true;
        assert_true(rotation_add(rotation, &row, packets[i] > 0));
    }
    return rotation;
}

/* Blocks of an interface, and the packets in them. */
static size_t
count_blocks(const char *path, const char *iface, int64_t *packets)
{
    struct godb_block_list *list;
    struct godb_block_info info;
    const struct godb_selection sel = {&iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    size_t count = 0;
    struct godb *db = store_open(path, GODB_READ);
    *packets = 0;
    if (godb_block_list_open(&list, db, &sel, NULL, NULL, NULL) == GODB_OK) {
        for (; godb_block_list_next(list, &info, NULL) == GODB_OK; count++)
            *packets += info.packets_logged;
        godb_block_list_close(list);
    }
    godb_close(db);
    return count;
}

/* Until the thread has come so far. */
static void
wait_for_blocks(const char *path, const char *iface, size_t count)
{
    int64_t packets;
    for (int i = 0; i < 1000 && count_blocks(path, iface, &packets) < count; i++)
        nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    assert_int_equal(count_blocks(path, iface, &packets), count);
}

static struct writeout *
open_writeout(const char *path)
{
    static const char *const known[] = {"eth0"};
    const struct writeout_options options = {
        .db_path = path, .ifaces = known, .iface_count = 1};
    return writeout_new(&options);
}

/* A file stands where the interface's directory would be. */
static void
block_the_way(const char *path, const char *iface, bool is_blocked)
{
    char file[512];
    snprintf(file, sizeof file, "%s/%s", path, iface);
    if (is_blocked)
        assert_return_code(close(open(file, O_CREAT | O_WRONLY, 0600)), 0);
    else
        assert_return_code(unlink(file), 0);
}

static void
interfaces_that_appear_have_blocks_from_then_on(void **state)
{
    (void)state;
    char *path = store_new();
    int64_t packets;
    struct writeout *writeout = open_writeout(path);
    writeout_submit(writeout,
        rotation_of(FIRST_S, (const char *[]){"eth0", NULL}, (uint64_t[]){1, 0}));
    writeout_submit(writeout,
        rotation_of(FIRST_S + 300, (const char *[]){"eth0", "p0"}, (uint64_t[]){2, 3}));
    writeout_submit(writeout,
        rotation_of(FIRST_S + 600, (const char *[]){NULL, "p0"}, (uint64_t[]){0, 0}));
    assert_int_equal(writeout_close(writeout), 0);
    assert_int_equal(count_blocks(path, "eth0", &packets), 2);
    assert_int_equal(packets, 3);
    assert_int_equal(count_blocks(path, "p0", &packets), 2);
    assert_int_equal(packets, 3);
    free(path);
}

static void
what_could_not_be_written_goes_with_the_interface_to_its_new_slot(void **state)
{
    (void)state;
    char *path = store_new();
    int64_t packets;
    struct writeout *writeout = open_writeout(path);
    block_the_way(path, "p0", true);
    writeout_submit(writeout,
        rotation_of(FIRST_S, (const char *[]){"p0", "eth0"}, (uint64_t[]){5, 1}));
    wait_for_blocks(path, "eth0", 1);
    block_the_way(path, "p0", false);
    writeout_submit(writeout,
        rotation_of(FIRST_S + 300, (const char *[]){"eth0", "p0"}, (uint64_t[]){1, 7}));
    assert_int_equal(writeout_close(writeout), 0);
    assert_int_equal(count_blocks(path, "p0", &packets), 1);
    assert_int_equal(packets, 12);
    assert_int_equal(count_blocks(path, "eth0", &packets), 2);
    assert_int_equal(packets, 2);
    free(path);
}

static void
what_an_interface_left_behind_is_written_when_it_is_gone(void **state)
{
    (void)state;
    char *path = store_new();
    int64_t packets;
    struct writeout *writeout = open_writeout(path);
    block_the_way(path, "p0", true);
    writeout_submit(writeout,
        rotation_of(FIRST_S, (const char *[]){"p0", "eth0"}, (uint64_t[]){5, 1}));
    wait_for_blocks(path, "eth0", 1);
    writeout_submit(writeout,
        rotation_of(FIRST_S + 300, (const char *[]){NULL, "eth0"}, (uint64_t[]){0, 1}));
    wait_for_blocks(path, "eth0", 2);
    block_the_way(path, "p0", false);
    writeout_submit(writeout,
        rotation_of(FIRST_S + 600, (const char *[]){NULL, "eth0"}, (uint64_t[]){0, 1}));
    assert_int_equal(writeout_close(writeout), 0);
    assert_int_equal(count_blocks(path, "p0", &packets), 1);
    assert_int_equal(packets, 5);
    free(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(interfaces_that_appear_have_blocks_from_then_on),
        cmocka_unit_test(
            what_could_not_be_written_goes_with_the_interface_to_its_new_slot),
        cmocka_unit_test(what_an_interface_left_behind_is_written_when_it_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
