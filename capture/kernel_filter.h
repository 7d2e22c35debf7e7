/* SPDX-License-Identifier: MIT
 *
 * kernel_filter.h -- one BPF program that gives each interface its own filter.
 *
 *      no IP, alone or behind VLAN, MPLS, PPPoE:  drop
 *      index below 40?
 *        below 20?  2 or 7:   filter of eth0 and eth1, which keeps 256 bytes or drops
 *                   3:        filter of ppp0
 *        ...
 *      all others:     drop, or the filter of ANY
 *
 * Indexes are halved until few are left, so that a thousand interfaces cost a packet
 * some ten comparisons.
 *
 * The kernel runs it on packets without a link header: on the "any" device's sockets.
 * It is replaced as a whole and at once: no packet meets half of one, or none.
 */
#ifndef CAPTURE_KERNEL_FILTER_H
#define CAPTURE_KERNEL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel_filter_entry {
    uint32_t ifindex;
    uint32_t group; /* whose filter it has */
};

struct kernel_filter {
    struct sock_filter code[BPF_MAXINSNS]; /* once it is ended */
    size_t count;                          /* more than BPF_MAXINSNS: it did not fit */
    struct kernel_filter_entry entries[BPF_MAXINSNS];
    size_t entry_count;
    size_t starts[BPF_MAXINSNS + 1]; /* of each group's filter, in bodies */
    size_t group_count;
    struct sock_filter bodies[BPF_MAXINSNS];
    size_t body_count; /* likewise */
    uint32_t others;   /* group of all that are not among entries */
};

/* Without any filter. */
void kernel_filter_begin(struct kernel_filter *filter);

/* For packets of these indexes, or, with none given, of all that are left, run body,
 * which ends by itself, as BPF programs do.  What it lets pass is kept up to snaplen
 * bytes. */
void kernel_filter_add(struct kernel_filter *filter, const uint32_t *ifindexes,
    size_t ifindex_count, const struct sock_filter *body, size_t body_count,
    uint32_t snaplen);

/* Drop what is left.  False: the program is too long. */
bool kernel_filter_end(struct kernel_filter *filter);

/* Turn a program for cooked headers of version 2 into one for such sockets: what it
 * reads of the header comes from the kernel's own knowledge, what it reads behind it
 * moves to the front.  False: it reads of the header what the kernel does not know. */
bool kernel_filter_adapt(struct sock_filter *code, size_t count);

#endif
