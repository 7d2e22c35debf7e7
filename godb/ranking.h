/* SPDX-License-Identifier: MIT
 *
 * ranking.h -- the first groups of some lists, in order.
 *
 * With a limit only that many groups are ever ordered: they stand in a heap whose top
 * is the last of them, and a group that comes before the top takes its place.  Threads
 * order the groups of some lists each, and what they have is merged.
 */
#ifndef GODB_RANKING_H
#define GODB_RANKING_H

#include "godb/group_order.h"
#include "godb/job.h"

struct ranked_list {
    const struct row_list *rows; /* groups, all different */
    enum group_kind kind;
};

struct ranked_group {
    uint64_t lead;      /* see group_order_lead() */
    uint32_t list, row; /* numbers */
};

struct ranking {
    const struct group_order *order;
    const struct ranked_list *lists;
    struct job *job;
    bool is_stopped;
    unsigned compared; /* since the job was last asked */
    struct ranked_group *groups;
    size_t count;
};

/* The first `limit` groups of the lists into ranking->groups, in order, by so many
 * threads.  All pointers are borrowed as long as the ranking is used.  GODB_ENOMEM,
 * GODB_ECANCELLED; to be freed after success and failure. */
int ranking_make(struct ranking *ranking, const struct group_order *order,
    const struct ranked_list *lists, size_t list_count, uint64_t limit,
    size_t thread_count, struct job *job, struct godb_err *err);
void ranking_free(struct ranking *ranking);

/* At most so many bytes are taken for the first `limit` of `count` groups. */
uint64_t ranking_bytes(uint64_t count, uint64_t limit);

static inline const uint64_t *
ranking_row(const struct ranking *ranking, const struct ranked_group *group)
{
    return row_list_row(ranking->lists[group->list].rows, group->row);
}

#endif
