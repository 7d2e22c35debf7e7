/* SPDX-License-Identifier: MIT
 *
 * kernel_filter.c -- see kernel_filter.h.
 */
#include "capture/kernel_filter.h"

enum {
    SLL2_HEADER = 20,
    SLL2_PROTOCOL = 0, /* offsets in it */
    SLL2_IFINDEX = 4,
    SLL2_HATYPE = 8,
    SLL2_PKTTYPE = 10
};

static void
put(struct kernel_filter *filter, struct sock_filter instruction)
{
    if (filter->count < BPF_MAXINSNS) filter->code[filter->count] = instruction;
    filter->count++;
}

static struct sock_filter
load_known(uint32_t what)
{
    return (struct sock_filter)BPF_STMT(
        BPF_LD | BPF_W | BPF_ABS, (uint32_t)SKF_AD_OFF + what);
}

static struct sock_filter
give(uint32_t bytes)
{
    return (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, bytes);
}

static struct sock_filter
skip(uint32_t count)
{
    return (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, count);
}

void
kernel_filter_begin(struct kernel_filter *filter)
{
    static const uint16_t types[] = {
        0x0800, 0x86dd, 0x8847, 0x8864, 0x8100, 0x88a8, 0x9100};
    enum { TYPES = sizeof types / sizeof types[0] };
    filter->count = 0;
    put(filter, load_known(SKF_AD_PROTOCOL));
    for (uint8_t i = 0; i < TYPES; i++)
        put(filter, (struct sock_filter)BPF_JUMP(
                        BPF_JMP | BPF_JEQ | BPF_K, types[i], (uint8_t)(TYPES - i), 0));
    put(filter, give(0));
}

static bool
passes(const struct sock_filter *at)
{
    return BPF_CLASS(at->code) == BPF_RET && BPF_RVAL(at->code) == BPF_K && at->k != 0;
}

void
kernel_filter_add(struct kernel_filter *filter, const uint32_t *ifindexes,
    size_t ifindex_count, const struct sock_filter *body, size_t body_count,
    uint32_t snaplen)
{
    if (ifindex_count > 0) put(filter, load_known(SKF_AD_IFINDEX));
    for (size_t i = 0; i < ifindex_count; i++) {
        /* Conditional jumps reach 255 instructions, plain ones everywhere. */
        put(filter, (struct sock_filter)BPF_JUMP(
                        BPF_JMP | BPF_JEQ | BPF_K, ifindexes[i], 0, 1));
        put(filter, skip((uint32_t)(2 * (ifindex_count - i - 1) + 1)));
    }
    if (ifindex_count > 0) put(filter, skip((uint32_t)body_count));
    for (size_t i = 0; i < body_count; i++)
        put(filter, passes(&body[i]) ? give(snaplen) : body[i]);
}

bool
kernel_filter_end(struct kernel_filter *filter)
{
    put(filter, give(0));
    return filter->count <= BPF_MAXINSNS;
}

/* --- Programs that libpcap made -------------------------------------------------- */

static bool
adapt_offset(uint32_t *offset)
{
    const uint32_t known = (uint32_t)SKF_AD_OFF;
    if (*offset >= known) return true;
    if (*offset >= SLL2_HEADER)
        *offset -= SLL2_HEADER;
    else if (*offset == SLL2_PROTOCOL)
        *offset = known + SKF_AD_PROTOCOL;
    else if (*offset == SLL2_IFINDEX)
        *offset = known + SKF_AD_IFINDEX;
    else if (*offset == SLL2_HATYPE)
        *offset = known + SKF_AD_HATYPE;
    else if (*offset == SLL2_PKTTYPE)
        *offset = known + SKF_AD_PKTTYPE;
    else
        return false;
    return true;
}

bool
kernel_filter_adapt(struct sock_filter *code, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sock_filter *at = &code[i];
        const unsigned class = BPF_CLASS(at->code), mode = BPF_MODE(at->code);
        const bool reads_packet = (class == BPF_LD || class == BPF_LDX) &&
                                  mode != BPF_IMM && mode != BPF_LEN && mode != BPF_MEM;
        if (reads_packet && !adapt_offset(&at->k)) return false;
    }
    return true;
}
