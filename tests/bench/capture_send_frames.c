/* SPDX-License-Identifier: MIT
 *
 * Let an interface receive frames faster than any program can send them: the kernel
 * repeats one frame, which a BPF program gives another source each time.
 *
 *     capture_send_frames IFACE COUNT LENGTH FLOW_BITS [PER_SECOND]
 *
 * UDP over IPv4 from 2^FLOW_BITS (at most 24) addresses, each of which has one port: so
 * many flows.  Prints how many were sent, in how many seconds.  Needs root, and a
 * kernel that runs XDP programs on live frames (5.18).
 */
#include <linux/bpf.h>
#include <net/if.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef BPF_F_TEST_XDP_LIVE_FRAMES
#define BPF_F_TEST_XDP_LIVE_FRAMES (1u << 1)
#endif

enum {
    ETHERNET = 14,
    SOURCE_PORT_AT = ETHERNET + 20,
    SOURCE_HOST_AT = ETHERNET + 12,
    SOURCE_NET = 10, /* 10.0.0.0/8 */
    FLOW_BITS_MAX = 24,
    LENGTH_MIN = 60,
    LENGTH_MAX = 3500,
    BATCH = 64,
    CHUNK = 100000,
    CHUNKS_A_SECOND = 10 /* the kernel takes milliseconds to begin one */
};

#define INSN(c, d, s, o, i)                                                            \
    ((struct bpf_insn){                                                                \
        .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i)})

/* The program, which passes every frame on with
 *
 *     random = prandom() & mask;  port = random;  address = 10.random;
 */
static int
load_program(uint32_t mask)
{
    const struct bpf_insn program[] = {
        INSN(BPF_LDX | BPF_MEM | BPF_W, 7, 1, offsetof(struct xdp_md, data), 0),
        INSN(BPF_LDX | BPF_MEM | BPF_W, 8, 1, offsetof(struct xdp_md, data_end), 0),
        INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 7, 0, 0),
        INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, LENGTH_MIN),
        INSN(BPF_JMP | BPF_JGT | BPF_X, 2, 8, 7, 0), /* too short: pass as it is */
        INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_prandom_u32),
        INSN(BPF_ALU | BPF_AND | BPF_K, 0, 0, 0, (int32_t)mask),
        INSN(BPF_STX | BPF_MEM | BPF_H, 7, 0, SOURCE_PORT_AT, 0),
        INSN(BPF_ALU64 | BPF_LSH | BPF_K, 0, 0, 0, 8),
        INSN(BPF_ALU64 | BPF_OR | BPF_K, 0, 0, 0, SOURCE_NET),
        INSN(BPF_ALU | BPF_END | BPF_TO_LE, 0, 0, 0, 32),
        INSN(BPF_STX | BPF_MEM | BPF_W, 7, 0, SOURCE_HOST_AT, 0),
        INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
        INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
    };
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_XDP;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = sizeof program / sizeof program[0];
    attr.license = (uintptr_t) "GPL";
    return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof attr);
}

static void
put16(uint8_t *to, unsigned value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void
make_frame(uint8_t *frame, unsigned length)
{
    uint8_t *ip = frame + ETHERNET;
    memset(frame, 0, length);
    frame[0] = frame[6] = 2;
    put16(frame + 12, 0x0800);
    ip[0] = 0x45;
    put16(ip + 2, length - ETHERNET);
    ip[8] = 64;
    ip[9] = 17;
    memcpy(ip + 12, "\xc6\x12\x00\x01\xc6\x13\x00\x02", 8);
    put16(ip + 20, 40000);
    put16(ip + 22, 5000);
    put16(ip + 24, length - ETHERNET - 20);
}

static double
now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int
send_chunk(int program, int ifindex, uint8_t *frame, unsigned length, uint32_t count)
{
    struct xdp_md context = {.data_end = length, .ingress_ifindex = (uint32_t)ifindex};
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.test.prog_fd = (uint32_t)program;
    attr.test.repeat = count;
    attr.test.data_in = (uintptr_t)frame;
    attr.test.data_size_in = length;
    attr.test.ctx_in = (uintptr_t)&context;
    attr.test.ctx_size_in = sizeof context;
    attr.test.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    attr.test.batch_size = BATCH;
    return (int)syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof attr);
}

/* Wait until so many frames are due. */
static void
wait_until(double due_s)
{
    const double left_s = due_s - now_s();
    if (left_s <= 0) return;
    const struct timespec pause = {
        (time_t)left_s, (long)((left_s - (double)(time_t)left_s) * 1e9)};
    nanosleep(&pause, NULL);
}

int
main(int argc, char **argv)
{
    if (argc < 5) {
        fprintf(
            stderr, "usage: %s IFACE COUNT LENGTH FLOW_BITS [PER_SECOND]\n", argv[0]);
        return 64;
    }
    static uint8_t frame[LENGTH_MAX];
    const long count = atol(argv[2]);
    const unsigned length = (unsigned)atoi(argv[3]);
    const int bits = atoi(argv[4]);
    const double rate = argc > 5 ? atof(argv[5]) : 0;
    const unsigned ifindex = if_nametoindex(argv[1]);
    if (ifindex == 0 || count < 1 || length < LENGTH_MIN || length > LENGTH_MAX ||
        bits < 0 || bits > FLOW_BITS_MAX) {
        fprintf(stderr, "send_frames: no such interface, or a number out of range\n");
        return 64;
    }
    const int program = load_program((uint32_t)((UINT64_C(1) << bits) - 1));
    if (program < 0) {
        perror("send_frames: cannot load the program");
        return 1;
    }
    make_frame(frame, length);
    const double start_s = now_s();
    const long chunk = rate > 0 ? 1 + (long)(rate / CHUNKS_A_SECOND) : CHUNK;
    for (long sent = 0; sent < count; sent += chunk) {
        const long left = count - sent < chunk ? count - sent : chunk;
        if (send_chunk(program, (int)ifindex, frame, length, (uint32_t)left) < 0) {
            perror("send_frames");
            return 1;
        }
        if (rate > 0) wait_until(start_s + (double)(sent + left) / rate);
    }
    printf("%ld %.6f\n", count, now_s() - start_s);
    return 0;
}
