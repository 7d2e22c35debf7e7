/* SPDX-License-Identifier: MIT
 *
 * grouping.c -- see grouping.h.
 */
#include "godb/grouping.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "godb/grouper.h"

const struct sum_parts sum_parts[GODB_SUM_COUNT] = {
    [GODB_SUM_BYTES_RCVD] = {GODB_SUM_BYTES_RCVD, 1},
    [GODB_SUM_BYTES_SENT] = {GODB_SUM_BYTES_SENT, 1},
    [GODB_SUM_PACKETS_RCVD] = {GODB_SUM_PACKETS_RCVD, 1},
    [GODB_SUM_PACKETS_SENT] = {GODB_SUM_PACKETS_SENT, 1},
    [GODB_SUM_BYTES] = {GODB_SUM_BYTES_RCVD, 2},
    [GODB_SUM_PACKETS] = {GODB_SUM_PACKETS_RCVD, 2},
    [GODB_SUM_FLOWS] = {0, 0},
};

unsigned
grouping_columns(unsigned dims, unsigned sums)
{
    unsigned columns = key_columns(dims);
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        for (int part = 0; (sums & GODB_SUM_BIT(sum)) && part < sum_parts[sum].count;
             part++)
            columns |= GODB_COLUMN_BIT(GODB_BYTES_RCVD + sum_parts[sum].first + part);
    return columns;
}

/* The seed keeps whoever sends the packets from choosing keys that collide.  Where the
 * kernel has nothing random yet, somebody's address has to do. */
static uint64_t
random_seed(const void *somebody)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uintptr_t)somebody;
    return seed;
}

unsigned
grouping_row_words(const struct grouping *grouping, enum group_kind kind)
{
    const unsigned words = grouping->layouts[kind].words + grouping->sum_count;
    return words > 0 ? words : 1;
}

/* Parts are what is spilled and read back one at a time, so there should be many; but
 * what threads are filling is to leave most of the memory to what parts have. */
static void
share_memory(struct grouping *grouping, size_t split_count, size_t thread_count,
    uint64_t limit_bytes)
{
    enum { CHUNKS_A_PART = 16 };
    const uint64_t row_bytes =
        grouping_row_words(grouping, GROUPS_WIDE) * sizeof(uint64_t);
    const uint64_t own = limit_bytes / 8 / thread_count / row_bytes;
    grouping->own_rows = own < OWN_GROUPS_MAX ? (size_t)own : OWN_GROUPS_MAX;
    size_t chunk = CHUNK_BYTES_MAX;
    const uint64_t chunks = GROUP_KINDS * thread_count * 4 + CHUNKS_A_PART;
    while (chunk > CHUNK_BYTES_MIN && chunk * chunks * split_count > limit_bytes)
        chunk /= 2;
    while (split_count > 1 && chunk * chunks * split_count > limit_bytes)
        split_count /= 2;
    grouping->split_count = split_count;
    chunk_pool_init(&grouping->parts.pool, chunk,
        limit_bytes < SIZE_MAX ? (size_t)limit_bytes : SIZE_MAX);
}

static int
make_parts(struct grouping *grouping)
{
    struct group_parts *parts = &grouping->parts;
    const size_t count = grouping->split_count * GROUP_KINDS;
    parts->parts = calloc(count, sizeof *parts->parts);
    if (parts->parts == NULL) return GODB_ENOMEM;
    parts->count = count;
    for (size_t i = 0; i < count; i++)
        group_part_init(&parts->parts[i], &parts->pool,
            grouping->layouts[group_kind_of(i)].words,
            grouping_row_words(grouping, group_kind_of(i)));
    return GODB_OK;
}

int
grouping_init(struct grouping *grouping, unsigned dims, unsigned sums,
    size_t split_count, size_t thread_count, uint64_t limit_bytes)
{
    memset(grouping, 0, sizeof *grouping);
    grouping->dims = dims;
    grouping->sums = sums;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (sums & GODB_SUM_BIT(sum))
            grouping->sum_place[sum] = (uint8_t)grouping->sum_count++;
    grouping->has_ips =
        dims & (GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DIP));
    grouping->has_row_dims =
        dims & ~(GODB_DIM_BIT(GODB_DIM_TIME) | GODB_DIM_BIT(GODB_DIM_IFACE));
    key_layout_init(&grouping->layouts[GROUPS_NARROW], dims, 4);
    key_layout_init(&grouping->layouts[GROUPS_WIDE], dims, GODB_IP_BYTES);
    grouping->parts.seed = random_seed(grouping);
    pthread_mutex_init(&grouping->l7_lock, NULL);
    spill_file_init(&grouping->parts.spill);
    share_memory(grouping, split_count, thread_count, limit_bytes);
    return make_parts(grouping);
}

void
grouping_free(struct grouping *grouping)
{
    struct group_parts *parts = &grouping->parts;
    for (size_t i = 0; i < parts->count; i++)
        group_part_free(&parts->parts[i]);
    free(parts->parts);
    chunk_pool_free(&parts->pool);
    spill_file_free(&parts->spill);
    intern_free(&grouping->l7);
    pthread_mutex_destroy(&grouping->l7_lock);
}
