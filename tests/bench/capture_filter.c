/* SPDX-License-Identifier: MIT
 *
 * A socket whose filter picks among many interfaces, to see what that costs a packet.
 *
 *     capture_filter COUNT
 *
 * The filter knows COUNT interfaces that are not there, two of three captured alike,
 * and drops every packet.  Prints a line once it is in place, and ends with standard
 * input.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture/kernel_filter.h"

enum { COUNT_MAX = 1024, FIRST = 100000 };

static void
fill(struct kernel_filter *filter, uint32_t count)
{
    static const struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
    uint32_t ifindexes[COUNT_MAX];
    size_t alike = 0;
    kernel_filter_begin(filter);
    for (uint32_t i = 0; i < count; i++)
        if (i % 3 != 0) ifindexes[alike++] = FIRST + i;
    if (alike > 0) kernel_filter_add(filter, ifindexes, alike, all, 1, 128);
    for (uint32_t i = 0; i < count; i += 3) {
        const uint32_t ifindex = FIRST + i;
        kernel_filter_add(filter, &ifindex, 1, all, 1, 256 + i);
    }
}

int
main(int argc, char **argv)
{
    static struct kernel_filter filter;
    const int count = argc == 2 ? atoi(argv[1]) : 0;
    if (count < 1 || count > COUNT_MAX) {
        fprintf(stderr, "usage: %s COUNT, from 1 to %d\n", argv[0], COUNT_MAX);
        return 64;
    }
    fill(&filter, (uint32_t)count);
    if (!kernel_filter_end(&filter)) return 1;
    const struct sock_fprog program = {(unsigned short)filter.count, filter.code};
    const int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
    if (fd < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        perror("capture_filter");
        return 1;
    }
    printf("%zu instructions\n", filter.count);
    fflush(stdout);
    while (getchar() != EOF) {
    }
    return 0;
}
