/* SPDX-License-Identifier: MIT
 *
 * misses.c -- see misses.h.
 */
#include "capture/misses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct misses {
    char names[IFACES_MAX][GODB_IFACE_MAX]; /* whose before is */
    struct link_stats before[IFACES_MAX], now[IFACES_MAX];
    uint64_t missed[IFACES_MAX], total[IFACES_MAX];
};

/* What slot i lost, and where it stands now. */
static void
take_slot(struct misses *misses, size_t i, const char *name)
{
    char *const owner = misses->names[i];
    const bool is_same = name != NULL && strcmp(owner, name) == 0;
    misses->missed[i] =
        is_same ? link_stats_missed(&misses->before[i], &misses->now[i]) : 0;
    misses->total[i] = is_same ? misses->total[i] + misses->missed[i] : 0;
    if (!is_same || misses->now[i].is_there) misses->before[i] = misses->now[i];
    if (!is_same) snprintf(owner, GODB_IFACE_MAX, "%s", name ? name : "");
}

const uint64_t *
misses_take(struct misses *misses, const struct ifaces *ifaces)
{
    const char *names[IFACES_MAX] = {NULL};
    const size_t count = (size_t)ifaces_slot_count(ifaces);
    for (size_t i = 0; i < count; i++)
        names[i] = ifaces_view(ifaces, (int)i).name;
    link_stats_read(misses->now, names, count);
    for (size_t i = 0; i < count; i++)
        take_slot(misses, i, names[i]);
    return misses->missed;
}

uint64_t
misses_total(const struct misses *misses, size_t slot, struct link_stats *out_at)
{
    *out_at = misses->before[slot];
    return misses->total[slot];
}

struct misses *
misses_new(const struct ifaces *ifaces)
{
    struct misses *misses = calloc(1, sizeof *misses);
    if (misses != NULL) misses_take(misses, ifaces);
    return misses;
}

void
misses_free(struct misses *misses)
{
    free(misses);
}
