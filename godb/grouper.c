/* SPDX-License-Identifier: MIT
 *
 * grouper.c -- see grouper.h.
 */
#include "godb/grouper.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"

/* Rows on their way into one part. */
struct grouper_batch {
    size_t count;
    uint64_t *rows; /* a chunk of the pool; NULL: none came since the last was given */
};

int
grouper_init(struct grouper *grouper, struct grouping *grouping)
{
    memset(grouper, 0, sizeof *grouper);
    grouper->grouping = grouping;
    for (int kind = 0; kind < GROUP_KINDS; kind++) {
        own_groups_init(&grouper->own[kind], &grouping->layouts[kind],
            &grouping->parts.pool, grouping_row_words(grouping, (enum group_kind)kind),
            grouping->parts.seed);
        grouper->uses_own[kind] = grouping->own_rows > GROUP_BATCH;
    }
    small_groups_init(&grouper->small, grouping->sum_count, grouping->own_rows);
    grouper->uses_small = grouping->own_rows > GROUP_BATCH &&
                          key_has_number(&grouping->layouts[GROUPS_NARROW]);
    grouper->batches = calloc(grouping->parts.count, sizeof *grouper->batches);
    return grouper->batches ? GODB_OK : GODB_ENOMEM;
}

void
grouper_free(struct grouper *grouper)
{
    free(grouper->batches);
    for (int kind = 0; kind < GROUP_KINDS; kind++)
        own_groups_free(&grouper->own[kind]);
    small_groups_free(&grouper->small);
    group_table_free(&grouper->table);
    free(grouper->l7_codes);
    intern_free(&grouper->l7);
}

/* --- Layer 7 texts ---------------------------------------------------------------- */

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

/* --- To the parts ----------------------------------------------------------------- */

static int
flush(struct grouper *grouper, size_t i, struct godb_err *err)
{
    const struct grouper_batch batch = grouper->batches[i];
    grouper->batches[i] = (struct grouper_batch){0, NULL};
    return batch.rows == NULL ? GODB_OK
                              : group_parts_give(&grouper->grouping->parts, i,
                                    batch.rows, batch.count, &grouper->table, err);
}

/* memcpy() of a few words costs more than the words. */
static inline void
copy_row(uint64_t *to, const uint64_t *from, unsigned row_words)
{
    to[0] = from[0];
    if (row_words > 1) to[1] = from[1];
    if (row_words > 2) to[2] = from[2];
    for (unsigned word = 3; word < row_words; word++)
        to[word] = from[word];
}

/* Deal rows out to the batches of their parts. */
static int
deal_rows(struct grouper *grouper, enum group_kind kind, const uint64_t *rows,
    const uint32_t *hashes, size_t count, struct godb_err *err)
{
    const struct grouping *grouping = grouper->grouping;
    struct group_parts *parts = &grouper->grouping->parts;
    const unsigned row_words = grouping_row_words(grouping, kind);
    const size_t most = parts->pool.chunk_bytes / (row_words * sizeof *rows);
    for (size_t i = 0; i < count; i++, rows += row_words) {
        const size_t to = grouping_part_of(grouping, kind, hashes[i]);
        struct grouper_batch *batch = &grouper->batches[to];
        int rc = batch->rows != NULL
                     ? GODB_OK
                     : group_parts_take(parts, &grouper->table, &batch->rows, err);
        if (rc != GODB_OK) return rc;
        copy_row(batch->rows + batch->count * row_words, rows, row_words);
        if (++batch->count < most) continue;
        rc = flush(grouper, to, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

/* Deal out as many rows as there are. */
static int
deal_all(struct grouper *grouper, enum group_kind kind, const uint64_t *rows,
    size_t count, struct godb_err *err)
{
    const struct grouping *grouping = grouper->grouping;
    const unsigned row_words = grouping_row_words(grouping, kind);
    uint32_t hashes[GROUP_BATCH];
    int rc = GODB_OK;
    while (count > 0 && rc == GODB_OK) {
        const size_t now = count < GROUP_BATCH ? count : GROUP_BATCH;
        group_hash(hashes, rows, grouping->layouts[kind].words, row_words, now,
            grouping->parts.seed);
        rc = deal_rows(grouper, kind, rows, hashes, now, err);
        rows += now * row_words;
        count -= now;
    }
    return rc;
}

/* --- Own groups ------------------------------------------------------------------- */

/* Where own groups are hardly fewer than the rows that they were made of, finding them
 * is work in vain. */
static bool
is_worth_it(const struct own_groups *own)
{
    enum { ROWS_A_GROUP = 3 };
    return own->row_count >= ROWS_A_GROUP * own->rows.count;
}

static int
deal_own(struct grouper *grouper, enum group_kind kind, struct godb_err *err)
{
    const struct own_groups *own = &grouper->own[kind];
    int rc = GODB_OK;
    for (size_t i = 0; i < own->rows.chunk_count && rc == GODB_OK; i++) {
        size_t count;
        const uint64_t *rows = row_list_chunk(&own->rows, i, &count);
        rc = deal_all(grouper, kind, rows, count, err);
    }
    return rc;
}

/* Deal out the groups, and begin again where that is worth it. */
static int
renew_own(struct grouper *grouper, enum group_kind kind, struct godb_err *err)
{
    struct own_groups *own = &grouper->own[kind];
    int rc = deal_own(grouper, kind, err);
    grouper->uses_own[kind] = is_worth_it(own);
    own_groups_clear(own);
    if (!grouper->uses_own[kind]) own_groups_free(own);
    return rc;
}

static int
add_to_own(
    struct grouper *grouper, enum group_kind kind, size_t count, struct godb_err *err)
{
    struct own_groups *own = &grouper->own[kind];
    if (own_groups_add(own, grouper->rows, count) != GODB_OK) return err_nomem(err);
    return own->rows.count + GROUP_BATCH <= grouper->grouping->own_rows
               ? GODB_OK
               : renew_own(grouper, kind, err);
}

static int
renew_small(struct grouper *grouper, struct godb_err *err)
{
    struct small_groups *small = &grouper->small;
    int rc = deal_all(grouper, GROUPS_NARROW, small->rows, small->count, err);
    small_groups_clear(small);
    return rc;
}

int
grouper_flush(struct grouper *grouper, struct godb_err *err)
{
    int rc = renew_small(grouper, err);
    for (int kind = 0; kind < GROUP_KINDS && rc == GODB_OK; kind++)
        if (grouper->uses_own[kind]) rc = deal_own(grouper, (enum group_kind)kind, err);
    for (size_t i = 0; i < grouper->grouping->parts.count && rc == GODB_OK; i++)
        rc = flush(grouper, i, err);
    return rc;
}

/* --- Rows ------------------------------------------------------------------------- */

static void
gather_sum(uint64_t *to, unsigned step, int sum, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    const uint64_t *const *columns = chunk->counters + sum_parts[sum].first;
    switch (sum_parts[sum].count) {
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

/* sums: of the first row, step words from row to row. */
static void
gather_sums(const struct grouper *grouper, uint64_t *sums, unsigned step,
    const struct godb_chunk *chunk, const uint32_t *rows, size_t count)
{
    const struct grouping *grouping = grouper->grouping;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            gather_sum(sums + grouping->sum_place[sum], step, sum, chunk, rows, count);
}

/* What the rows of a batch have in common. */
struct batch {
    const struct godb_chunk *chunk;
    uint32_t iface;
};

/* Add the sums of some rows to sums[], each in its place. */
static void
sum_up(struct grouper *grouper, const struct godb_chunk *chunk, const uint32_t *rows,
    size_t count, uint64_t *sums)
{
    uint64_t more[GROUP_BATCH];
    const struct grouping *grouping = grouper->grouping;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++) {
        if (!(grouping->sums & GODB_SUM_BIT(sum))) continue;
        uint64_t *total = &sums[grouping->sum_place[sum]];
        gather_sum(more, 1, sum, chunk, rows, count);
        for (size_t i = 0; i < count; i++)
            *total = godb_sum(*total, more[i]);
    }
}

/* sums: instead of the rows' own, of which there is one then; may be NULL. */
static int
add_rows(struct grouper *grouper, enum group_kind kind, const struct batch *batch,
    const uint32_t *rows, size_t count, const uint64_t *sums, struct godb_err *err)
{
    struct grouping *grouping = grouper->grouping;
    const struct key_layout *layout = &grouping->layouts[kind];
    const struct key_context context = {batch->iface, l7_code, grouper};
    const unsigned row_words = grouping_row_words(grouping, kind);
    if (count == 0) return GODB_OK;
    int rc =
        key_pack(layout, &context, batch->chunk, rows, count, grouper->rows, row_words);
    if (rc != GODB_OK) return err_nomem(err);
    uint64_t *first_sums = grouper->rows + layout->words;
    if (sums != NULL)
        memcpy(first_sums, sums, grouping->sum_count * sizeof *sums);
    else
        gather_sums(grouper, first_sums, row_words, batch->chunk, rows, count);
    return grouper->uses_own[kind] ? add_to_own(grouper, kind, count, err)
                                   : deal_all(grouper, kind, grouper->rows, count, err);
}

static int
add_to_small(struct grouper *grouper, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count, struct godb_err *err)
{
    struct small_groups *small = &grouper->small;
    uint32_t numbers[GROUP_BATCH];
    key_numbers(
        &grouper->grouping->layouts[GROUPS_NARROW], chunk, rows, count, numbers);
    gather_sums(grouper, grouper->rows, small->sum_count, chunk, rows, count);
    if (small_groups_add(small, numbers, grouper->rows, count) != GODB_OK)
        return err_nomem(err);
    return small->count + GROUP_BATCH <= small->max ? GODB_OK
                                                    : renew_small(grouper, err);
}

static bool
is_narrow(const struct godb_chunk *chunk, uint32_t row)
{
    return (chunk->sip == NULL || godb_ip_is_v4(chunk->sip[row])) &&
           (chunk->dip == NULL || godb_ip_is_v4(chunk->dip[row]));
}

static int
add_batch(struct grouper *grouper, const struct batch *batch, const uint32_t *rows,
    size_t count, struct godb_err *err)
{
    uint32_t split[GROUP_KINDS][GROUP_BATCH];
    size_t counts[GROUP_KINDS] = {0, 0};
    if (grouper->uses_small)
        return add_to_small(grouper, batch->chunk, rows, count, err);
    if (!grouper->grouping->has_ips)
        return add_rows(grouper, GROUPS_NARROW, batch, rows, count, NULL, err);
    for (size_t i = 0; i < count; i++) {
        const int kind = is_narrow(batch->chunk, rows[i]) ? GROUPS_NARROW : GROUPS_WIDE;
        split[kind][counts[kind]++] = rows[i];
    }
    int rc = GODB_OK;
    for (int kind = 0; kind < GROUP_KINDS && rc == GODB_OK; kind++)
        rc = add_rows(grouper, (enum group_kind)kind, batch, split[kind], counts[kind],
            NULL, err);
    return rc;
}

static uint32_t
take_rows(const struct godb_chunk *chunk, uint32_t from, uint32_t rows[GROUP_BATCH])
{
    const uint32_t left = chunk->selected_count - from;
    const uint32_t count = left < GROUP_BATCH ? left : GROUP_BATCH;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = chunk->selected ? chunk->selected[from + i] : from + i;
    return count;
}

/* All rows of the chunk are of the same group: one that has their sums stands for them.
 */
static int
add_as_one(struct grouper *grouper, const struct batch *batch, struct godb_err *err)
{
    const struct godb_chunk *chunk = batch->chunk;
    uint64_t sums[GODB_SUM_COUNT] = {0};
    uint32_t rows[GROUP_BATCH], count;
    for (uint32_t done = 0; done < chunk->selected_count; done += count) {
        count = take_rows(chunk, done, rows);
        sum_up(grouper, chunk, rows, count, sums);
    }
    return add_rows(grouper, GROUPS_NARROW, batch, rows, 1, sums, err);
}

int
grouper_add(struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface,
    struct godb_err *err)
{
    const struct batch batch = {chunk, iface};
    uint32_t rows[GROUP_BATCH], count;
    int rc = GODB_OK;
    if (!grouper->grouping->has_row_dims) return add_as_one(grouper, &batch, err);
    for (uint32_t done = 0; done < chunk->selected_count && rc == GODB_OK;
         done += count) {
        count = take_rows(chunk, done, rows);
        rc = add_batch(grouper, &batch, rows, count, err);
    }
    return rc;
}
