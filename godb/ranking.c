/* SPDX-License-Identifier: MIT
 *
 * ranking.c -- see ranking.h.
 */
#include "godb/ranking.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"

/* Sorting needs as much memory again. */
uint64_t
ranking_bytes(uint64_t count, uint64_t limit)
{
    return (count < limit ? count : limit) * 2 * sizeof(struct ranked_group);
}

void
ranking_free(struct ranking *ranking)
{
    free(ranking->groups);
    ranking->groups = NULL;
}

/* Ordering millions of groups takes seconds: now and then ask whether to go on. */
static bool
is_stopped(struct ranking *ranking)
{
    enum { ASK_EVERY = 4096 };
    if (!ranking->is_stopped && ++ranking->compared == ASK_EVERY) {
        ranking->compared = 0;
        ranking->is_stopped = job_should_stop(ranking->job);
    }
    return ranking->is_stopped;
}

static int
compare(const void *a, const void *b, void *arg)
{
    const struct ranked_group *group_a = a, *group_b = b;
    struct ranking *ranking = arg;
    if (is_stopped(ranking)) return 0;
    if (group_a->lead != group_b->lead) return group_a->lead < group_b->lead ? -1 : 1;
    return group_order_compare(ranking->order, ranking->lists[group_a->list].kind,
        ranking_row(ranking, group_a), ranking->lists[group_b->list].kind,
        ranking_row(ranking, group_b));
}

/* Let the group at groups[at] sink until none below it comes after it. */
static void
sift_down(struct ranking *ranking, size_t at)
{
    struct ranked_group *heap = ranking->groups;
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < ranking->count;
             child++)
            if (compare(&heap[child], &heap[last], ranking) > 0) last = child;
        if (last == at) return;
        const struct ranked_group moved = heap[at];
        heap[at] = heap[last];
        heap[last] = moved;
        at = last;
    }
}

static void
offer(struct ranking *ranking, size_t capacity, const struct ranked_group *group)
{
    if (ranking->count < capacity) {
        ranking->groups[ranking->count++] = *group;
        if (ranking->count == capacity)
            for (size_t at = capacity / 2; at > 0; at--)
                sift_down(ranking, at - 1);
        return;
    }
    if (compare(group, &ranking->groups[0], ranking) >= 0) return;
    ranking->groups[0] = *group;
    sift_down(ranking, 0);
}

static void
offer_list(struct ranking *ranking, size_t capacity, uint32_t number)
{
    const struct ranked_list *from = &ranking->lists[number];
    for (size_t i = 0; i < from->rows->chunk_count; i++) {
        size_t count;
        const uint64_t *row = row_list_chunk(from->rows, i, &count);
        for (size_t in_chunk = 0; in_chunk < count; in_chunk++) {
            const struct ranked_group group = {
                group_order_lead(ranking->order, from->kind, row), number,
                (uint32_t)(i << from->rows->place_bits | in_chunk)};
            offer(ranking, capacity, &group);
            row += from->rows->row_words;
        }
    }
}

/* The first `limit` groups of list `first` and each `step` further, in order. */
static int
rank_lists(struct ranking *ranking, size_t first, size_t step, size_t list_count,
    uint64_t limit, struct godb_err *err)
{
    size_t capacity = 0;
    for (size_t i = first; i < list_count; i += step)
        capacity += ranking->lists[i].rows->count;
    if (limit < capacity) capacity = (size_t)limit;
    if (capacity == 0) return GODB_OK;
    ranking->groups = malloc(capacity * sizeof *ranking->groups);
    if (ranking->groups == NULL) return err_nomem(err);
    for (size_t i = first; i < list_count && !ranking->is_stopped; i += step)
        offer_list(ranking, capacity, (uint32_t)i);
    qsort_r(ranking->groups, ranking->count, sizeof *ranking->groups, compare, ranking);
    return ranking->is_stopped ? err_set(err, GODB_ECANCELLED, "cancelled") : GODB_OK;
}

/* --- Threads ---------------------------------------------------------------------- */

struct share {
    struct ranking ranking;
    size_t first, step, list_count;
    uint64_t limit;
};

static void *
rank_share(void *arg)
{
    struct share *share = arg;
    struct godb_err err;
    int rc = rank_lists(&share->ranking, share->first, share->step, share->list_count,
        share->limit, &err);
    if (rc != GODB_OK) job_fail(share->ranking.job, rc, &err);
    return NULL;
}

/* Both in order, cut to limit, into a; b is empty afterwards. */
static int
merge(struct ranking *a, struct ranking *b, uint64_t limit)
{
    const size_t both = a->count + b->count;
    const size_t count = limit < both ? (size_t)limit : both;
    size_t at_a = 0, at_b = 0;
    struct ranked_group *groups = malloc((count > 0 ? count : 1) * sizeof *groups);
    if (groups == NULL) return GODB_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const bool from_b =
            at_a == a->count ||
            (at_b < b->count && compare(&b->groups[at_b], &a->groups[at_a], a) < 0);
        groups[i] = from_b ? b->groups[at_b++] : a->groups[at_a++];
    }
    ranking_free(a);
    ranking_free(b);
    a->groups = groups;
    a->count = count;
    b->count = 0;
    return GODB_OK;
}

/* Neighbours first, then neighbours of neighbours. */
static int
merge_all(struct share *shares, size_t count, uint64_t limit, struct godb_err *err)
{
    for (size_t step = 1; step < count; step *= 2)
        for (size_t i = 0; i + step < count; i += 2 * step)
            if (merge(&shares[i].ranking, &shares[i + step].ranking, limit) != GODB_OK)
                return err_nomem(err);
    return shares[0].ranking.is_stopped ? err_set(err, GODB_ECANCELLED, "cancelled")
                                        : GODB_OK;
}

static int
rank_by_threads(struct ranking *ranking, size_t list_count, uint64_t limit,
    size_t thread_count, struct godb_err *err)
{
    struct share shares[JOB_THREADS_MAX];
    for (size_t i = 0; i < thread_count; i++)
        shares[i] = (struct share){*ranking, i, thread_count, list_count, limit};
    int rc =
        job_run(ranking->job, rank_share, shares, sizeof *shares, thread_count, err);
    if (rc == GODB_OK) rc = merge_all(shares, thread_count, limit, err);
    *ranking = shares[0].ranking;
    for (size_t i = 1; i < thread_count; i++)
        ranking_free(&shares[i].ranking);
    return rc;
}

int
ranking_make(struct ranking *ranking, const struct group_order *order,
    const struct ranked_list *lists, size_t list_count, uint64_t limit,
    size_t thread_count, struct job *job, struct godb_err *err)
{
    *ranking = (struct ranking){.order = order, .lists = lists, .job = job};
    return thread_count > 1
               ? rank_by_threads(ranking, list_count, limit, thread_count, err)
               : rank_lists(ranking, 0, 1, list_count, limit, err);
}
