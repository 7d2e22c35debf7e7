/* SPDX-License-Identifier: MIT
 *
 * result.c -- order, cut, and hand out the groups of an aggregation.
 */
#include "godb/result.h"

#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "godb/error.h"
#include "godb/regroup.h"

/* --- Rows ------------------------------------------------------------------------- */

static void
next_ranked(struct godb_result *result, struct godb_row *out)
{
    const struct ranking *ranking = &result->ranking;
    const struct ranked_group *group =
        &ranking->groups[ranking->count - (size_t)result->rows_left];
    group_order_row(&result->order, ranking->lists[group->list].kind,
        ranking_row(ranking, group), out);
}

static int
next_merged(struct godb_result *result, struct godb_row *out, struct godb_err *err)
{
    enum group_kind kind;
    const uint64_t *entry;
    int rc = run_merge_next(&result->merge, &kind, &entry, err);
    if (rc == GODB_OK) group_order_row(&result->order, kind, entry, out);
    return rc;
}

int
godb_result_next(struct godb_result *result, struct godb_row *out, struct godb_err *err)
{
    int rc = GODB_OK;
    if (result->rows_left == 0) return GODB_DONE;
    if (result->is_spilled)
        rc = next_merged(result, out, err);
    else
        next_ranked(result, out);
    result->rows_left--;
    return rc;
}

static void
hash_text(XXH3_state_t *state, const char *text)
{
    /* With its NUL, so that neighbours cannot run together. */
    if (text) XXH3_64bits_update(state, text, strlen(text) + 1);
}

uint64_t
godb_row_id(const struct godb_row *row)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &row->time_s, sizeof row->time_s);
    XXH3_64bits_update(&state, row->sip, sizeof row->sip);
    XXH3_64bits_update(&state, row->dip, sizeof row->dip);
    const uint16_t numbers[3] = {row->dport, row->l7proto, row->proto};
    XXH3_64bits_update(&state, numbers, sizeof numbers);
    hash_text(&state, row->iface);
    hash_text(&state, row->l7_name);
    hash_text(&state, row->l7_category);
    return XXH3_64bits_digest(&state);
}

uint64_t
godb_result_group_count(const struct godb_result *result)
{
    return result->group_count;
}

const uint64_t *
godb_result_totals(const struct godb_result *result)
{
    return result->totals;
}

void
godb_result_free(struct godb_result *result)
{
    if (result == NULL) return;
    run_merge_free(&result->merge);
    ranking_free(&result->ranking);
    free(result->lists);
    grouping_free(&result->grouping);
    day_list_free(&result->days);
    free(result);
}

/* --- Folding: what threads have left in the parts --------------------------------- */

struct folder {
    struct godb_result *result;
    struct job *job;
    atomic_size_t *next_part; /* of all folders */
};

static int
fold_part(struct folder *folder, struct group_part *part, struct group_table *table,
    uint64_t *sums, struct godb_err *err)
{
    int rc = job_check(folder->job, err);
    if (rc == GODB_OK)
        rc = group_part_fold(part, table, folder->result->grouping.parts.seed, err);
    if (rc == GODB_OK) row_list_sum(&part->groups, part->key_words, sums);
    return rc;
}

static void
add_totals(struct godb_result *result, const uint64_t *sums)
{
    const struct grouping *grouping = &result->grouping;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            result->totals[sum] =
                godb_sum(result->totals[sum], sums[grouping->sum_place[sum]]);
}

static void *
fold_parts(void *arg)
{
    struct folder *folder = arg;
    struct group_parts *parts = &folder->result->grouping.parts;
    struct group_table table = {0};
    uint64_t sums[ROW_WORDS_MAX] = {0};
    struct godb_err err;
    int rc = GODB_OK;
    size_t i;
    while (rc == GODB_OK && (i = atomic_fetch_add(folder->next_part, 1)) < parts->count)
        rc = fold_part(folder, &parts->parts[i], &table, sums, &err);
    group_table_free(&table);
    if (rc != GODB_OK) job_fail(folder->job, rc, &err);
    pthread_mutex_lock(&folder->job->lock);
    add_totals(folder->result, sums);
    pthread_mutex_unlock(&folder->job->lock);
    return NULL;
}

static int
fold_all(struct godb_result *result, size_t thread_count, struct job *job,
    struct godb_err *err)
{
    struct folder folders[JOB_THREADS_MAX];
    atomic_size_t next_part = 0;
    for (size_t i = 0; i < thread_count; i++)
        folders[i] = (struct folder){result, job, &next_part};
    int rc = job_run(job, fold_parts, folders, sizeof *folders, thread_count, err);
    for (size_t i = 0; i < result->grouping.parts.count; i++)
        result->group_count += result->grouping.parts.parts[i].groups.count;
    return rc;
}

/* --- Choosing --------------------------------------------------------------------- */

static int
finish_in_memory(struct godb_result *result, uint64_t limit, size_t thread_count,
    struct job *job, struct godb_err *err)
{
    const struct group_parts *parts = &result->grouping.parts;
    result->lists = calloc(parts->count, sizeof *result->lists);
    if (result->lists == NULL) return err_nomem(err);
    for (size_t i = 0; i < parts->count; i++)
        result->lists[i] =
            (struct ranked_list){&parts->parts[i].groups, group_kind_of(i)};
    /* Threads are not worth it for groups that are ordered before they have begun. */
    enum { FEW = 20000 };
    int rc = ranking_make(&result->ranking, &result->order, result->lists, parts->count,
        limit, result->group_count < FEW ? 1 : thread_count, job, err);
    result->rows_left = result->ranking.count;
    return rc;
}

static int
finish_spilled(struct godb_result *result, uint64_t limit, size_t thread_count,
    uint64_t memory_bytes, struct job *job, struct godb_err *err)
{
    struct regrouped regrouped;
    int rc = regroup(&regrouped, &result->grouping, &result->order, limit, thread_count,
        memory_bytes, job, err);
    result->is_spilled = true;
    result->group_count = regrouped.group_count;
    result->rows_left = limit < regrouped.group_count ? limit : regrouped.group_count;
    memset(result->totals, 0, sizeof result->totals);
    add_totals(result, regrouped.totals);
    if (rc == GODB_OK)
        rc = run_merge_open(&result->merge, &result->order,
            &result->grouping.parts.spill, regrouped.runs, regrouped.run_count,
            memory_bytes, err);
    free(regrouped.runs);
    return rc;
}

static bool
is_any_spilled(const struct group_parts *parts)
{
    for (size_t i = 0; i < parts->count; i++)
        if (parts->parts[i].spilled_count > 0) return true;
    return false;
}

int
result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    size_t thread_count, uint64_t memory_bytes, struct job *job, struct godb_err *err)
{
    const struct group_parts *parts = &result->grouping.parts;
    const uint64_t limit = spec->limit >= 0 ? (uint64_t)spec->limit : UINT64_MAX;
    group_order_init(&result->order, &result->grouping,
        (const char(*)[GODB_IFACE_MAX])result->days.ifaces, spec);
    if (is_any_spilled(parts))
        return finish_spilled(result, limit, thread_count, memory_bytes, job, err);
    int rc = fold_all(result, thread_count, job, err);
    if (rc != GODB_OK) return rc;
    return parts->pool.used_bytes + ranking_bytes(result->group_count, limit) <=
                   memory_bytes
               ? finish_in_memory(result, limit, thread_count, job, err)
               : finish_spilled(result, limit, thread_count, memory_bytes, job, err);
}
