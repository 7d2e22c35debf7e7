/* SPDX-License-Identifier: MIT
 *
 * grouping.c -- see grouping.h.
 */
#include "godb/grouping.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The counters, by enum godb_measure, that a sum is made of. */
static const struct {
    uint8_t first, count;
} parts_of[GODB_SUM_COUNT] = {
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
        for (int part = 0; (sums & GODB_SUM_BIT(sum)) && part < parts_of[sum].count;
             part++)
            columns |= GODB_COLUMN_BIT(GODB_BYTES_RCVD + parts_of[sum].first + part);
    return columns;
}

/* The seed keeps whoever sends the packets from choosing keys that collide. */
static uint64_t
random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uintptr_t)&seed;
    return seed;
}

int
grouping_init(
    struct grouping *grouping, unsigned dims, unsigned sums, size_t part_count)
{
    memset(grouping, 0, sizeof *grouping);
    grouping->dims = dims;
    grouping->sums = sums;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (sums & GODB_SUM_BIT(sum))
            grouping->sum_place[sum] = (uint8_t)grouping->sum_count++;
    grouping->has_ips =
        dims & (GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DIP));
    key_layout_init(&grouping->layouts[GROUPS_NARROW], dims, 4);
    key_layout_init(&grouping->layouts[GROUPS_WIDE], dims, GODB_IP_BYTES);
    grouping->seed = random_seed();
    pthread_mutex_init(&grouping->l7_lock, NULL);
    grouping->parts = calloc(part_count, sizeof *grouping->parts);
    if (grouping->parts == NULL) return GODB_ENOMEM;
    grouping->part_count = part_count;
    for (size_t part = 0; part < part_count; part++) {
        pthread_mutex_init(&grouping->parts[part].lock, NULL);
        for (int which = 0; which < GROUPS_TABLES; which++)
            group_table_init(&grouping->parts[part].tables[which],
                grouping->layouts[which].words, grouping->sum_count);
    }
    return GODB_OK;
}

void
grouping_free(struct grouping *grouping)
{
    for (size_t part = 0; part < grouping->part_count; part++) {
        pthread_mutex_destroy(&grouping->parts[part].lock);
        for (int which = 0; which < GROUPS_TABLES; which++)
            group_table_free(&grouping->parts[part].tables[which]);
    }
    free(grouping->parts);
    intern_free(&grouping->l7);
    pthread_mutex_destroy(&grouping->l7_lock);
}

/* Rows on their way into one table. */
struct grouper_batch {
    size_t count;
    uint32_t hashes[GROUP_BATCH];
    uint64_t *keys, *sums; /* GROUP_BATCH of each */
};

static int
make_batches(struct grouper *grouper)
{
    const struct grouping *grouping = grouper->grouping;
    const size_t count = grouping->part_count * GROUPS_TABLES;
    grouper->batches = calloc(count, sizeof *grouper->batches);
    if (grouper->batches == NULL) return GODB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        struct grouper_batch *batch = &grouper->batches[i];
        const unsigned key_words = grouping->layouts[i % GROUPS_TABLES].words;
        batch->keys = malloc(
            GROUP_BATCH * (key_words + grouping->sum_count + 1) * sizeof *batch->keys);
        if (batch->keys == NULL) return GODB_ENOMEM;
        batch->sums = batch->keys + GROUP_BATCH * key_words;
    }
    return GODB_OK;
}

int
grouper_init(struct grouper *grouper, struct grouping *grouping)
{
    memset(grouper, 0, sizeof *grouper);
    grouper->grouping = grouping;
    return grouping->part_count > 1 ? make_batches(grouper) : GODB_OK;
}

void
grouper_free(struct grouper *grouper)
{
    const size_t count = grouper->grouping->part_count * GROUPS_TABLES;
    for (size_t i = 0; grouper->batches && i < count; i++)
        free(grouper->batches[i].keys);
    free(grouper->batches);
    free(grouper->l7_codes);
    intern_free(&grouper->l7);
}

/* --- Layer 7 texts -------------------------------------------------------------------
 */

/* The grouping's code of a text that this thread meets for the first time. */
static int
learn_text(struct grouper *grouper, const char *text)
{
    uint32_t *codes =
        realloc(grouper->l7_codes, (grouper->l7_known + 1) * sizeof *grouper->l7_codes);
    if (codes == NULL) return GODB_ENOMEM;
    grouper->l7_codes = codes;
    pthread_mutex_lock(&grouper->grouping->l7_lock);
    codes[grouper->l7_known] = intern_code(&grouper->grouping->l7, text);
    pthread_mutex_unlock(&grouper->grouping->l7_lock);
    return codes[grouper->l7_known++] == UINT32_MAX ? GODB_ENOMEM : GODB_OK;
}

static uint32_t
l7_code(void *arg, const char *text)
{
    struct grouper *grouper = arg;
    const uint32_t own = intern_code(&grouper->l7, text);
    if (own == UINT32_MAX) return UINT32_MAX;
    if (own == grouper->l7_known && learn_text(grouper, text) != GODB_OK)
        return UINT32_MAX;
    return grouper->l7_codes[own];
}

/* --- Rows ------------------------------------------------------------------------- */

static void
gather_sum(uint64_t *to, unsigned step, int sum, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    const uint64_t *const *columns = chunk->counters + parts_of[sum].first;
    switch (parts_of[sum].count) {
    case 0:
        for (size_t i = 0; i < count; i++)
            to[i * step] = 1;
        break;
    case 1:
        for (size_t i = 0; i < count; i++)
            to[i * step] = columns[0][rows[i]];
        break;
    default:
        for (size_t i = 0; i < count; i++)
            to[i * step] = godb_sum(columns[0][rows[i]], columns[1][rows[i]]);
    }
}

static void
gather_sums(struct grouper *grouper, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    const struct grouping *grouping = grouper->grouping;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            gather_sum(grouper->sums + grouping->sum_place[sum], grouping->sum_count,
                sum, chunk, rows, count);
}

/* What the rows of a batch have in common. */
struct batch {
    const struct godb_chunk *chunk;
    uint32_t iface;
};

static int
flush(struct grouper *grouper, size_t i)
{
    struct grouper_batch *batch = &grouper->batches[i];
    struct group_part *part = &grouper->grouping->parts[i / GROUPS_TABLES];
    if (batch->count == 0) return GODB_OK;
    pthread_mutex_lock(&part->lock);
    int rc = group_table_add(&part->tables[i % GROUPS_TABLES], batch->keys, batch->sums,
        batch->hashes, batch->count);
    pthread_mutex_unlock(&part->lock);
    batch->count = 0;
    return rc;
}

int
grouper_flush(struct grouper *grouper)
{
    const size_t count = grouper->grouping->part_count * GROUPS_TABLES;
    int rc = GODB_OK;
    for (size_t i = 0; grouper->batches && i < count && rc == GODB_OK; i++)
        rc = flush(grouper, i);
    return rc;
}

/* Deal the rows at hand out to the batches of their parts.  The upper bits of the hash
 * choose the part: the lower ones choose the slot within it. */
static int
deal_rows(struct grouper *grouper, int which, size_t count)
{
    const struct grouping *grouping = grouper->grouping;
    const unsigned key_words = grouping->layouts[which].words;
    const unsigned sum_count = grouping->sum_count;
    for (size_t i = 0; i < count; i++) {
        const uint32_t hash = grouper->hashes[i];
        const size_t part = (uint64_t)hash * grouping->part_count >> 32;
        const size_t to = part * GROUPS_TABLES + (size_t)which;
        struct grouper_batch *batch = &grouper->batches[to];
        uint64_t *key = batch->keys + batch->count * key_words;
        uint64_t *sums = batch->sums + batch->count * sum_count;
        for (unsigned word = 0; word < key_words; word++)
            key[word] = grouper->keys[i * key_words + word];
        for (unsigned sum = 0; sum < sum_count; sum++)
            sums[sum] = grouper->sums[i * sum_count + sum];
        batch->hashes[batch->count++] = hash;
        if (batch->count == GROUP_BATCH && flush(grouper, to) != GODB_OK)
            return GODB_ENOMEM;
    }
    return GODB_OK;
}

static int
add_rows(struct grouper *grouper, int which, const struct batch *batch,
    const uint32_t *rows, size_t count)
{
    const struct grouping *grouping = grouper->grouping;
    const struct key_layout *layout = &grouping->layouts[which];
    const struct key_context context = {batch->iface, l7_code, grouper};
    if (count == 0) return GODB_OK;
    int rc = key_pack(layout, &context, batch->chunk, rows, count, grouper->keys);
    if (rc != GODB_OK) return rc;
    gather_sums(grouper, batch->chunk, rows, count);
    group_hash(grouper->hashes, grouper->keys, layout->words, count, grouping->seed);
    if (grouper->batches != NULL) return deal_rows(grouper, which, count);
    return group_table_add(&grouping->parts[0].tables[which], grouper->keys,
        grouper->sums, grouper->hashes, count);
}

static bool
is_narrow(const struct godb_chunk *chunk, uint32_t row)
{
    return (chunk->sip == NULL || godb_ip_is_v4(chunk->sip[row])) &&
           (chunk->dip == NULL || godb_ip_is_v4(chunk->dip[row]));
}

static int
add_batch(struct grouper *grouper, const struct batch *batch, const uint32_t *rows,
    size_t count)
{
    uint32_t split[GROUPS_TABLES][GROUP_BATCH];
    size_t counts[GROUPS_TABLES] = {0, 0};
    if (!grouper->grouping->has_ips)
        return add_rows(grouper, GROUPS_NARROW, batch, rows, count);
    for (size_t i = 0; i < count; i++) {
        const int which =
            is_narrow(batch->chunk, rows[i]) ? GROUPS_NARROW : GROUPS_WIDE;
        split[which][counts[which]++] = rows[i];
    }
    int rc = GODB_OK;
    for (int which = 0; which < GROUPS_TABLES && rc == GODB_OK; which++)
        rc = add_rows(grouper, which, batch, split[which], counts[which]);
    return rc;
}

int
grouper_add(struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface)
{
    const struct batch batch = {chunk, iface};
    uint32_t rows[GROUP_BATCH];
    for (uint32_t done = 0; done < chunk->selected_count; done += GROUP_BATCH) {
        const uint32_t left = chunk->selected_count - done;
        const uint32_t count = left < GROUP_BATCH ? left : GROUP_BATCH;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = chunk->selected ? chunk->selected[done + i] : done + i;
        int rc = add_batch(grouper, &batch, rows, count);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}
