/* SPDX-License-Identifier: MIT
 *
 * rank_sort.c -- see rank_sort.h.
 */
#include "capture/rank_sort.h"

#include <string.h>

enum { RANK_BYTES = 16, VALUES = 256 };

/* Byte 0 is the one that decides last. */
static inline unsigned
byte_of(const struct rank *rank, int byte)
{
    const uint64_t word = byte < 8 ? rank->second : rank->first;
    return word >> (byte % 8 * 8) & 0xff;
}

static void
count_values(size_t counts[RANK_BYTES][VALUES], const struct rank *ranks, size_t count)
{
    memset(counts, 0, RANK_BYTES * sizeof *counts);
    for (size_t i = 0; i < count; i++)
        for (int byte = 0; byte < RANK_BYTES; byte++)
            counts[byte][byte_of(&ranks[i], byte)]++;
}

static void
deal(struct rank *to, const struct rank *from, size_t count, int byte,
    const size_t counts[VALUES])
{
    size_t next[VALUES], at = 0;
    for (int value = 0; value < VALUES; value++) {
        next[value] = at;
        at += counts[value];
    }
    for (size_t i = 0; i < count; i++)
        to[next[byte_of(&from[i], byte)]++] = from[i];
}

void
rank_sort(struct rank *ranks, struct rank *spare, size_t count)
{
    size_t counts[RANK_BYTES][VALUES];
    struct rank *from = ranks, *to = spare;
    if (count == 0) return;
    count_values(counts, ranks, count);
    for (int byte = 0; byte < RANK_BYTES; byte++) {
        if (counts[byte][byte_of(ranks, byte)] == count) continue;
        deal(to, from, count, byte, counts[byte]);
        struct rank *dealt = to;
        to = from;
        from = dealt;
    }
    if (from != ranks) memcpy(ranks, from, count * sizeof *ranks);
}
