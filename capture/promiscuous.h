/* SPDX-License-Identifier: MIT
 *
 * promiscuous.h -- interfaces that are set to take packets for everybody.
 *
 * By a socket of its own, whose memberships end with it: the "any" device has no such
 * mode.
 */
#ifndef CAPTURE_PROMISCUOUS_H
#define CAPTURE_PROMISCUOUS_H

#include <stdbool.h>

#include "capture/source.h"

struct promiscuous {
    int fd;
    uint32_t *ifindexes; /* that are */
    size_t count;
};

/* Needs CAP_NET_RAW; promiscuous_set() does not.  False: errno says why, none can be
 * set, and the rest works. */
bool promiscuous_open(struct promiscuous *out);
void promiscuous_close(struct promiscuous *promiscuous);

/* Those of the targets that want it, and no other one. */
void promiscuous_set(
    struct promiscuous *promiscuous, const struct source_target *targets, size_t count);

#endif
