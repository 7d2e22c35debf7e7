/* SPDX-License-Identifier: MIT
 *
 * The program that gives each interface its own filter, run here as the kernel runs it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/kernel_filter.h"

/* What such programs ask of a packet. */
struct frame {
    uint32_t protocol, ifindex;
    uint8_t first_byte; /* of the IP header */
};

static uint32_t
load(const struct frame *frame, uint32_t offset)
{
    if (offset == (uint32_t)SKF_AD_OFF + SKF_AD_PROTOCOL) return frame->protocol;
    if (offset == (uint32_t)SKF_AD_OFF + SKF_AD_IFINDEX) return frame->ifindex;
    assert_int_equal(offset, 0);
    return frame->first_byte;
}

/* Bytes that are kept of the frame. */
static uint32_t
run_counted(const struct kernel_filter *filter, struct frame frame, size_t *steps)
{
    uint32_t a = 0;
    *steps = 0;
    for (size_t at = 0;; at++) {
        assert_true(at < filter->count);
        ++*steps;
        const struct sock_filter i = filter->code[at];
        if (BPF_CLASS(i.code) == BPF_LD) a = load(&frame, i.k);
        if (BPF_CLASS(i.code) == BPF_RET) return i.k;
        if (i.code == (BPF_JMP | BPF_JA)) at += i.k;
        if (i.code == (BPF_JMP | BPF_JEQ | BPF_K)) at += a == i.k ? i.jt : i.jf;
        if (i.code == (BPF_JMP | BPF_JGE | BPF_K)) at += a >= i.k ? i.jt : i.jf;
    }
}

static uint32_t
run(const struct kernel_filter *filter, struct frame frame)
{
    size_t steps;
    return run_counted(filter, frame, &steps);
}

static const struct sock_filter keep[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
static const struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
static const struct sock_filter keep_v4[] = {
    BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x45, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, 1),
    BPF_STMT(BPF_RET | BPF_K, 0),
};

static void
each_interface_has_its_own_filter(void **state)
{
    (void)state;
    struct kernel_filter filter;
    const uint32_t wan[] = {2, 7}, lan[] = {3};
    kernel_filter_begin(&filter);
    kernel_filter_add(&filter, wan, 2, keep, 1, 100);
    kernel_filter_add(&filter, lan, 1, keep_v4, 4, 200);
    assert_true(kernel_filter_end(&filter));
    assert_int_equal(run(&filter, (struct frame){0x0800, 2, 0x45}), 100);
    assert_int_equal(run(&filter, (struct frame){0x86dd, 7, 0x60}), 100);
    assert_int_equal(run(&filter, (struct frame){0x8847, 7, 0}), 100);
    assert_int_equal(run(&filter, (struct frame){0x9100, 7, 0}), 100);
    assert_int_equal(run(&filter, (struct frame){0x0800, 3, 0x45}), 200);
    assert_int_equal(run(&filter, (struct frame){0x86dd, 3, 0x60}), 0);
    assert_int_equal(run(&filter, (struct frame){0x0800, 4, 0x45}), 0);
    assert_int_equal(run(&filter, (struct frame){0x0806, 2, 0}), 0); /* ARP */
}

static void
the_last_one_may_have_all_others(void **state)
{
    (void)state;
    struct kernel_filter filter;
    const uint32_t loopback[] = {1};
    kernel_filter_begin(&filter);
    kernel_filter_add(&filter, loopback, 1, none, 1, 0);
    kernel_filter_add(&filter, NULL, 0, keep, 1, 100);
    assert_true(kernel_filter_end(&filter));
    assert_int_equal(run(&filter, (struct frame){0x0800, 1, 0x45}), 0);
    assert_int_equal(run(&filter, (struct frame){0x0800, 99, 0x45}), 100);
}

static void
jumps_reach_over_a_thousand_interfaces(void **state)
{
    (void)state;
    enum { COUNT = 1024 };
    struct kernel_filter filter;
    uint32_t many[COUNT], one[] = {5000};
    for (uint32_t i = 0; i < COUNT; i++)
        many[i] = i + 1;
    kernel_filter_begin(&filter);
    kernel_filter_add(&filter, many, COUNT, keep, 1, 100);
    kernel_filter_add(&filter, one, 1, keep_v4, 4, 200);
    assert_true(kernel_filter_end(&filter));
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(run(&filter, (struct frame){0x0800, many[i], 0}), 100);
    assert_int_equal(run(&filter, (struct frame){0x0800, 5000, 0x45}), 200);
    assert_int_equal(run(&filter, (struct frame){0x0800, 4999, 0x45}), 0);
}

static void
a_thousand_interfaces_cost_a_packet_some_thirty_steps(void **state)
{
    (void)state;
    enum { COUNT = 1024 };
    struct kernel_filter filter;
    kernel_filter_begin(&filter);
    for (uint32_t i = 0; i < COUNT; i++) {
        const uint32_t ifindex = (i * 617) % COUNT * 3 + 7; /* in no order, with gaps */
        kernel_filter_add(&filter, &ifindex, 1, keep, 1, 100 + ifindex);
    }
    assert_true(kernel_filter_end(&filter));
    for (uint32_t ifindex = 0; ifindex < 3 * COUNT + 9; ifindex++) {
        size_t steps;
        const bool is_there =
            ifindex >= 7 && (ifindex - 7) % 3 == 0 && ifindex < 3 * COUNT + 7;
        const uint32_t kept =
            run_counted(&filter, (struct frame){0x0800, ifindex, 0}, &steps);
        assert_int_equal(kept, is_there ? 100 + ifindex : 0);
        assert_true(steps <= 32);
    }
}

static void
an_index_that_is_given_twice_has_its_first_filter(void **state)
{
    (void)state;
    struct kernel_filter filter;
    const uint32_t both[] = {4, 2}, again[] = {2};
    kernel_filter_begin(&filter);
    kernel_filter_add(&filter, both, 2, keep, 1, 100);
    kernel_filter_add(&filter, again, 1, keep, 1, 200);
    assert_true(kernel_filter_end(&filter));
    assert_int_equal(run(&filter, (struct frame){0x0800, 2, 0}), 100);
    assert_int_equal(run(&filter, (struct frame){0x0800, 4, 0}), 100);
}

static void
a_program_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct kernel_filter filter;
    const uint32_t one[] = {1};
    kernel_filter_begin(&filter);
    for (int i = 0; i < BPF_MAXINSNS / 4; i++)
        kernel_filter_add(&filter, one, 1, keep_v4, 4, 200);
    assert_false(kernel_filter_end(&filter));
}

static void
offsets_move_from_the_cooked_header_to_the_kernel(void **state)
{
    (void)state;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),  /* protocol */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),  /* interface */
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 10), /* packet type */
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 29), /* IP's protocol */
        BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 20),
        BPF_STMT(BPF_LD | BPF_H | BPF_IND, 22),
        BPF_STMT(BPF_LD | BPF_IMM, 3),
        BPF_STMT(BPF_RET | BPF_K, 262144),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const uint32_t known = (uint32_t)SKF_AD_OFF;
    assert_true(kernel_filter_adapt(code, sizeof code / sizeof code[0]));
    assert_int_equal(code[0].k, known + SKF_AD_PROTOCOL);
    assert_int_equal(code[1].k, known + SKF_AD_IFINDEX);
    assert_int_equal(code[2].k, known + SKF_AD_PKTTYPE);
    assert_int_equal(code[3].k, 9);
    assert_int_equal(code[4].k, 0);
    assert_int_equal(code[5].k, 2);
    assert_int_equal(code[6].k, 3);
    assert_int_equal(code[7].k, 262144);
    assert_int_equal(code[8].k, 0);
    struct sock_filter address[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 12)};
    assert_false(kernel_filter_adapt(address, 1));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_interface_has_its_own_filter),
        cmocka_unit_test(the_last_one_may_have_all_others),
        cmocka_unit_test(jumps_reach_over_a_thousand_interfaces),
        cmocka_unit_test(a_thousand_interfaces_cost_a_packet_some_thirty_steps),
        cmocka_unit_test(an_index_that_is_given_twice_has_its_first_filter),
        cmocka_unit_test(a_program_that_is_too_long_is_refused),
        cmocka_unit_test(offsets_move_from_the_cooked_header_to_the_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
