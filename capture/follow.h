/* SPDX-License-Identifier: MIT
 *
 * follow.h -- keep the source on the interfaces that the rules ask for, while these
 * come, go, and change.
 *
 *      links, changed --.
 *      rules, reloaded --+--> ifaces --> targets --> source: one filter, memberships
 *      a packet of an    |
 *      unknown index  --'
 */
#ifndef CAPTURE_FOLLOW_H
#define CAPTURE_FOLLOW_H

#include "capture/ifaces.h"
#include "capture/source.h"

struct follow;

/* Capture by these rules, which are borrowed until others come.  Other than SOURCE_OK:
 * there is a line in error. */
enum source_status follow_open(struct follow **out, struct source *source,
    struct ifaces *ifaces, const struct iface_rule *rules, size_t count, char *error);
void follow_close(struct follow *follow);

/* A file descriptor that is readable when interfaces have changed. */
int follow_fd(const struct follow *follow);

/* See whether they have, and follow.  What fails is logged, and tried again with the
 * next change. */
void follow_look(struct follow *follow);

/* Capture by other rules from now on.  False: the kernel does not take their filters,
 * and it goes on by those of before. */
bool follow_rules(struct follow *follow, const struct iface_rule *rules, size_t count);

/* A packet came of an index that is not known: see whose it is, or ignore it. */
void follow_learn(struct follow *follow, uint32_t ifindex);

#endif
