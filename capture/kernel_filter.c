/* SPDX-License-Identifier: MIT
 *
 * kernel_filter.c -- see kernel_filter.h.
 */
#include "capture/kernel_filter.h"

#include <stdlib.h>

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

/* --- Filters of interfaces ------------------------------------------------------ */

enum { NO_GROUP = UINT32_MAX };

void
kernel_filter_begin(struct kernel_filter *filter)
{
    filter->count = filter->entry_count = 0;
    filter->group_count = filter->body_count = 0;
    filter->others = NO_GROUP;
}

static bool
passes(const struct sock_filter *at)
{
    return BPF_CLASS(at->code) == BPF_RET && BPF_RVAL(at->code) == BPF_K && at->k != 0;
}

static void
put_body(struct kernel_filter *filter, struct sock_filter instruction)
{
    if (filter->body_count < BPF_MAXINSNS)
        filter->bodies[filter->body_count] = instruction;
    filter->body_count++;
}

void
kernel_filter_add(struct kernel_filter *filter, const uint32_t *ifindexes,
    size_t ifindex_count, const struct sock_filter *body, size_t body_count,
    uint32_t snaplen)
{
    const uint32_t group = (uint32_t)filter->group_count;
    if (filter->body_count >= BPF_MAXINSNS) return;
    filter->starts[filter->group_count++] = filter->body_count;
    for (size_t i = 0; i < body_count; i++)
        put_body(filter, passes(&body[i]) ? give(snaplen) : body[i]);
    if (ifindex_count == 0) filter->others = group;
    for (size_t i = 0; i < ifindex_count; i++) {
        if (filter->entry_count < BPF_MAXINSNS)
            filter->entries[filter->entry_count] =
                (struct kernel_filter_entry){ifindexes[i], group};
        filter->entry_count++;
    }
}

/* --- Finding an interface's filter ----------------------------------------------
 *
 *      below 40?  no: skip the part for those below
 *          below 20?  ...
 *              index 2?  \   few are compared one by one; what is the same
 *              index 7?   >  leads to one jump for each filter
 *              index 3?  /
 *              jump to the filter of all others
 *              jump to the first filter
 *
 * Conditional jumps reach 255 instructions, plain ones everywhere, and all of them
 * forward only.
 */

enum { FEW = 8, REACH = 255 };

struct tree {
    struct kernel_filter *filter;
    size_t bodies_at; /* instructions before the first body */
};

/* The groups of a few entries, each once. */
static size_t
list_groups(
    const struct kernel_filter_entry *entries, size_t count, uint32_t groups[FEW])
{
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < group_count && groups[k] != entries[i].group)
            k++;
        if (k == group_count) groups[group_count++] = entries[i].group;
    }
    return group_count;
}

static size_t
tree_length(const struct kernel_filter_entry *entries, size_t count)
{
    uint32_t groups[FEW];
    if (count <= FEW) return count + 1 + list_groups(entries, count, groups);
    const size_t below = tree_length(entries, count / 2);
    const size_t above = tree_length(entries + count / 2, count - count / 2);
    return (below <= REACH ? 1 : 2) + below + above;
}

/* To a group's filter, or behind all of them. */
static void
put_exit(const struct tree *tree, uint32_t group)
{
    const struct kernel_filter *filter = tree->filter;
    const size_t to = tree->bodies_at +
                      (group == NO_GROUP ? filter->body_count : filter->starts[group]);
    put(tree->filter, (struct sock_filter)BPF_STMT(
                          BPF_JMP | BPF_JA, (uint32_t)(to - filter->count - 1)));
}

static void
put_few(
    const struct tree *tree, const struct kernel_filter_entry *entries, size_t count)
{
    uint32_t groups[FEW];
    const size_t group_count = list_groups(entries, count, groups);
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (groups[k] != entries[i].group)
            k++;
        put(tree->filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                              entries[i].ifindex, (uint8_t)(count - i - 1 + 1 + k), 0));
    }
    put_exit(tree, tree->filter->others);
    for (size_t k = 0; k < group_count; k++)
        put_exit(tree, groups[k]);
}

static void
put_tree(
    const struct tree *tree, const struct kernel_filter_entry *entries, size_t count)
{
    if (count <= FEW) {
        put_few(tree, entries, count);
        return;
    }
    const size_t half = count / 2;
    const size_t below = tree_length(entries, half);
    const uint32_t first_above = entries[half].ifindex;
    if (below <= REACH) {
        put(tree->filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
                              first_above, (uint8_t)below, 0));
    } else {
        put(tree->filter,
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first_above, 0, 1));
        put(tree->filter,
            (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)below));
    }
    put_tree(tree, entries, half);
    put_tree(tree, entries + half, count - half);
}

static int
compare_entries(const void *a, const void *b)
{
    const struct kernel_filter_entry *one = a, *two = b;
    if (one->ifindex != two->ifindex) return one->ifindex < two->ifindex ? -1 : 1;
    return one->group < two->group ? -1 : one->group > two->group;
}

/* An index that was given twice has its first filter. */
static void
order_entries(struct kernel_filter *filter)
{
    struct kernel_filter_entry *const entries = filter->entries;
    size_t kept = 0;
    qsort(entries, filter->entry_count, sizeof *entries, compare_entries);
    for (size_t i = 0; i < filter->entry_count; i++)
        if (kept == 0 || entries[kept - 1].ifindex != entries[i].ifindex)
            entries[kept++] = entries[i];
    filter->entry_count = kept;
}

/* --- The whole -------------------------------------------------------------------- */

static void
put_test_for_ip(struct kernel_filter *filter)
{
    static const uint16_t types[] = {
        0x0800, 0x86dd, 0x8847, 0x8864, 0x8100, 0x88a8, 0x9100};
    enum { TYPES = sizeof types / sizeof types[0] };
    put(filter, load_known(SKF_AD_PROTOCOL));
    for (int i = 0; i < TYPES; i++)
        put(filter, (struct sock_filter)BPF_JUMP(
                        BPF_JMP | BPF_JEQ | BPF_K, types[i], (uint8_t)(TYPES - i), 0));
    put(filter, give(0));
}

bool
kernel_filter_end(struct kernel_filter *filter)
{
    if (filter->entry_count > BPF_MAXINSNS || filter->body_count > BPF_MAXINSNS)
        return false;
    order_entries(filter);
    put_test_for_ip(filter);
    put(filter, load_known(SKF_AD_IFINDEX));
    const struct tree tree = {
        filter, filter->count + tree_length(filter->entries, filter->entry_count)};
    put_tree(&tree, filter->entries, filter->entry_count);
    for (size_t i = 0; i < filter->body_count; i++)
        put(filter, filter->bodies[i]);
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
