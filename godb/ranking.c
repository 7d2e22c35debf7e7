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

int
ranking_make(struct ranking *ranking, const struct group_order *order,
    const struct ranked_list *lists, size_t list_count, uint64_t limit, struct job *job,
    struct godb_err *err)
{
    size_t capacity = 0;
    *ranking = (struct ranking){.order = order, .lists = lists, .job = job};
    for (size_t i = 0; i < list_count; i++)
        capacity += lists[i].rows->count;
    if (limit < capacity) capacity = (size_t)limit;
    if (capacity == 0) return GODB_OK;
    ranking->groups = malloc(capacity * sizeof *ranking->groups);
    if (ranking->groups == NULL) return err_nomem(err);
    for (size_t i = 0; i < list_count && !ranking->is_stopped; i++)
        offer_list(ranking, capacity, (uint32_t)i);
    qsort_r(ranking->groups, ranking->count, sizeof *ranking->groups, compare, ranking);
    return ranking->is_stopped ? err_set(err, GODB_ECANCELLED, "cancelled") : GODB_OK;
}
