/* SPDX-License-Identifier: MIT
 *
 * misses.h -- packets that the captured interfaces lost, by slot and interval.
 */
#ifndef CAPTURE_MISSES_H
#define CAPTURE_MISSES_H

#include "capture/ifaces.h"
#include "capture/link_stats.h"

struct misses;

/* What was lost before this call does not count.  NULL: out of memory. */
struct misses *misses_new(const struct ifaces *ifaces);
void misses_free(struct misses *misses);

/* What each slot lost since the last call; borrowed until the next.  An interface that
 * has come into its slot since then has lost nothing yet. */
const uint64_t *misses_take(struct misses *misses, const struct ifaces *ifaces);

/* What the slot's interface has lost up to the last call of misses_take(), and *out_at:
 * the reading that this goes up to. */
uint64_t misses_total(
    const struct misses *misses, size_t slot, struct link_stats *out_at);

#endif
