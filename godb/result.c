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
    group_order_row(&result->order, ranking->tables[group->table].kind,
        ranking_entry(ranking, group), out);
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
    free(result->tables);
    grouping_free(&result->grouping);
    day_list_free(&result->days);
    free(result);
}

/* --- Choosing --------------------------------------------------------------------- */

static void
keep_totals(struct godb_result *result, const uint64_t *sums)
{
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (result->grouping.sums & GODB_SUM_BIT(sum))
            result->totals[sum] = sums[result->grouping.sum_place[sum]];
}

static int
finish_in_memory(
    struct godb_result *result, uint64_t limit, struct job *job, struct godb_err *err)
{
    struct grouping *grouping = &result->grouping;
    uint64_t sums[GODB_SUM_COUNT] = {0};
    result->tables = calloc(grouping->part_count, sizeof *result->tables);
    if (result->tables == NULL) return err_nomem(err);
    for (size_t i = 0; i < grouping->part_count; i++) {
        result->tables[i] =
            (struct ranked_table){&grouping->parts[i].table, group_kind_of(i)};
        group_table_sum(&grouping->parts[i].table, sums);
    }
    keep_totals(result, sums);
    int rc = ranking_make(&result->ranking, &result->order, result->tables,
        grouping->part_count, limit, job, err);
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
    keep_totals(result, regrouped.totals);
    if (rc == GODB_OK)
        rc = run_merge_open(&result->merge, &result->order, &result->grouping.spill,
            regrouped.runs, regrouped.run_count, memory_bytes, err);
    free(regrouped.runs);
    return rc;
}

int
result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    size_t thread_count, uint64_t memory_bytes, struct job *job, struct godb_err *err)
{
    const struct grouping *grouping = &result->grouping;
    const uint64_t limit = spec->limit >= 0 ? (uint64_t)spec->limit : UINT64_MAX;
    bool fits = true;
    group_order_init(&result->order, grouping,
        (const char(*)[GODB_IFACE_MAX])result->days.ifaces, spec);
    for (size_t i = 0; i < grouping->part_count; i++) {
        result->group_count += grouping->parts[i].table.count;
        fits = fits && grouping->parts[i].spilled_count == 0;
    }
    fits =
        fits && grouping->pool.used_bytes + ranking_bytes(result->group_count, limit) <=
                    memory_bytes;
    return fits ? finish_in_memory(result, limit, job, err)
                : finish_spilled(result, limit, thread_count, memory_bytes, job, err);
}
