/* SPDX-License-Identifier: MIT
 *
 * Any call of the thread that writes fails, once or from then on, while a rotation is
 * written into a new day: what could not be written waits, and goes into the next
 * block.  Every packet is in the database afterwards, once.
 */
#include "tests/deeds.h"
#include "tests/faults.h"
#include "tests/writeout.h"

enum { FIRST_S = 1700000100, FLOWS = 12, IFACES = 2 };
enum { PACKETS = IFACES * FLOWS * (FLOWS + 1) / 2 };

static const char *const ifaces[] = {"eth0", "eth1"};

/* FLOWS flows of each interface, of 1 + i packets. */
static struct rotation *
rotation_at(int number)
{
    const int64_t time_s = FIRST_S + 300 * number + (number > 0 ? GODB_DAY_S : 0);
    struct rotation *rotation = rotation_new(IFACES, time_s);
    assert_non_null(rotation);
    for (unsigned k = 0; k < IFACES; k++) {
        strcpy(rotation->ifaces[k].name, ifaces[k]);
        rotation->ifaces[k].is_active = true;
        for (unsigned i = 0; i < FLOWS; i++) {
            const struct rotation_row row = {.iface = (uint16_t)k,
                .flow = {.sip = {10, 0, (uint8_t)number, (uint8_t)i},
                    .dip = {192, 0, 2, 1},
                    .proto = 6,
                    .dport = 443,
                    .bytes_rcvd = 100 * (i + 1),
                    .packets_rcvd = i + 1}};
            assert_true(rotation_add(rotation, &row, 1));
        }
    }
    return rotation;
}

/* All packets are there, once; or it says that some are not, where that may be. */
static void
expect_end(struct writeout *writeout, const char *path, bool may_lose, const char *when)
{
    size_t flows;
    if (writeout_close(writeout) == 0)
        expect_packets(path, 3 * PACKETS, when);
    else if (!may_lose || count_packets(path, &flows, when) >= 3 * PACKETS)
        fail_msg("%s: says that flows are lost", when);
}

/* False: the call did not come. */
static bool
write_with_fault(enum fault_mode mode, unsigned calls, int os_errno, int at)
{
    char *path = store_new_quick(), when[80];
    const struct writeout_options options = {
        .db_path = path, .ifaces = ifaces, .iface_count = IFACES};
    snprintf(when, sizeof when, "mode %d, calls %u, errno %d, at %d", (int)mode, calls,
        os_errno, at);
    struct writeout *writeout = writeout_new(&options);
    assert_int_equal(writeout_kept(writeout, rotation_at(0), 1), 0);
    struct rotation *rotation = rotation_at(1);
    faults_arm(mode, calls, os_errno, at);
    const uint64_t kept = writeout_kept(writeout, rotation, 2);
    const bool happened = faults_disarm();
    if (!happened) assert_int_equal(kept, 0);
    if (writeout_kept(writeout, rotation_at(2), 3) != 0)
        fail_msg("%s: a disk that is there again is not written to", when);
    expect_end(writeout, path, mode == FAULT_FROM && calls == FAULT_MEMORY, when);
    empty_directory(path);
    assert_int_equal(rmdir(path), 0);
    free(path);
    return happened;
}

/* How many calls there were. */
static int
every_call(unsigned calls, int os_errno)
{
    int at = 1;
    while (write_with_fault(FAULT_ONCE, calls, os_errno, at) &&
           write_with_fault(FAULT_FROM, calls, os_errno, at))
        at++;
    print_message("# %d calls failed one by one\n", at - 1);
    return at - 1;
}

static void
every_call_on_the_disk_fails_and_no_packet_is_lost(void **state)
{
    (void)state;
    assert_true(every_call(FAULT_DISK, EIO) > 50);
    assert_true(every_call(FAULT_DISK, ENOSPC) > 50);
}

static void
descriptors_run_out_and_no_packet_is_lost(void **state)
{
    (void)state;
    assert_true(every_call(FAULT_OPEN, EMFILE) > 20);
    assert_true(every_call(FAULT_CLOSE, EIO) > 20);
}

static void
memory_runs_out_and_no_packet_is_lost_unsaid(void **state)
{
    (void)state;
    assert_true(every_call(FAULT_MEMORY, ENOMEM) > 10);
    assert_true(every_call(FAULT_JANSSON, ENOMEM) > 20);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_on_the_disk_fails_and_no_packet_is_lost),
        cmocka_unit_test(descriptors_run_out_and_no_packet_is_lost),
        cmocka_unit_test(memory_runs_out_and_no_packet_is_lost_unsaid),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
