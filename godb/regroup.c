/* SPDX-License-Identifier: MIT
 *
 * regroup.c -- see regroup.h.
 */
#include "godb/regroup.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"
#include "godb/ranking.h"

enum {
    BUFFER_BYTES = 64 << 10,    /* of rows read or written at once */
    SHARE_BYTES_MIN = 64 << 10, /* of a thread's memory, to get anywhere */
    SLICES_MAX = 1 << 16
};

/* What the threads share. */
struct task {
    struct job *job;
    struct grouping *grouping;
    const struct group_order *order;
    uint64_t limit;
    size_t chunk_bytes;
    uint64_t share_bytes; /* of memory, for each thread */
    atomic_size_t next_part;
    struct regrouped *out; /* under the job's lock */
};

struct regrouper {
    struct task *task;
    struct chunk_pool pool;
    struct group_table table;
    uint64_t *buffer;
};

/* Some of a part: the hashes whose place in it, as a fraction, is in slice `number` of
 * `count`. */
struct slice {
    struct group_part *part;
    enum group_kind kind;
    uint32_t number, count;
};

/* --- Emptying memory -------------------------------------------------------------- */

static void *
spill_parts(void *arg)
{
    struct regrouper *worker = arg;
    struct task *task = worker->task;
    struct group_parts *parts = &task->grouping->parts;
    struct godb_err err;
    int rc = GODB_OK;
    size_t i;
    while (
        rc == GODB_OK && (i = atomic_fetch_add(&task->next_part, 1)) < parts->count) {
        rc = job_check(task->job, &err);
        if (rc == GODB_OK) rc = group_part_spill(&parts->parts[i], &parts->spill, &err);
    }
    if (rc != GODB_OK) job_fail(task->job, rc, &err);
    return NULL;
}

/* --- Reading a slice back --------------------------------------------------------- */

/* Keep the rows of the slice; how many there are. */
static size_t
keep_slice(const struct grouping *grouping, const struct slice *slice, uint64_t *rows,
    size_t count)
{
    const unsigned row_words = grouping_row_words(grouping, slice->kind);
    size_t kept = 0;
    uint32_t hashes[GROUP_BATCH];
    for (size_t done = 0; done < count; done += GROUP_BATCH) {
        const size_t now = count - done < GROUP_BATCH ? count - done : GROUP_BATCH;
        const uint64_t *batch = rows + done * row_words;
        group_hash(hashes, batch, grouping->layouts[slice->kind].words, row_words, now,
            grouping->parts.seed);
        for (size_t i = 0; i < now; i++) {
            const uint64_t place = grouping_place(grouping, hashes[i]);
            if (place * slice->count >> 32 != slice->number) continue;
            memmove(rows + kept++ * row_words, batch + i * row_words,
                row_words * sizeof *rows);
        }
    }
    return kept;
}

static int
add_extent(struct regrouper *worker, const struct slice *slice,
    struct spill_extent extent, struct godb_err *err)
{
    struct task *task = worker->task;
    const size_t row_bytes =
        grouping_row_words(task->grouping, slice->kind) * sizeof(uint64_t);
    while (extent.row_count > 0) {
        size_t rows = BUFFER_BYTES / row_bytes;
        if (extent.row_count < rows) rows = (size_t)extent.row_count;
        int rc = job_check(task->job, err);
        if (rc == GODB_OK)
            rc = spill_file_read(&task->grouping->parts.spill, worker->buffer,
                rows * row_bytes, extent.offset_bytes, err);
        if (rc != GODB_OK) return rc;
        extent.offset_bytes += rows * row_bytes;
        extent.row_count -= rows;
        if (slice->count > 1)
            rows = keep_slice(task->grouping, slice, worker->buffer, rows);
        if (group_table_add(&worker->table, worker->buffer, rows) != GODB_OK)
            return err_nomem(err);
    }
    return GODB_OK;
}

/* --- Writing its run -------------------------------------------------------------- */

static int
write_groups(const struct regrouper *worker, const struct ranking *ranking,
    uint64_t offset_bytes, struct godb_err *err)
{
    const unsigned row_words = ranking->lists[0].rows->row_words;
    const size_t row_bytes = row_words * sizeof(uint64_t);
    const size_t most = BUFFER_BYTES / row_bytes;
    for (size_t done = 0; done < ranking->count; done += most) {
        const size_t left = ranking->count - done;
        const size_t count = left < most ? left : most;
        for (size_t i = 0; i < count; i++)
            memcpy(worker->buffer + i * row_words,
                ranking_row(ranking, &ranking->groups[done + i]), row_bytes);
        int rc = spill_file_write(&worker->task->grouping->parts.spill, worker->buffer,
            count * row_bytes, offset_bytes + done * row_bytes, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

static int
write_run(const struct regrouper *worker, const struct ranking *ranking,
    struct run *out, struct godb_err *err)
{
    const struct ranked_list *from = &ranking->lists[0];
    const uint64_t bytes = ranking->count * from->rows->row_words * sizeof(uint64_t);
    *out = (struct run){{0, ranking->count}, from->kind};
    int rc = spill_file_reserve(
        &worker->task->grouping->parts.spill, bytes, &out->extent.offset_bytes, err);
    if (rc != GODB_OK) return rc;
    return write_groups(worker, ranking, out->extent.offset_bytes, err);
}

/* --- Parts ------------------------------------------------------------------------ */

static int
count_run_locked(struct regrouped *out, const struct run *run, uint64_t group_count,
    const uint64_t *sums, unsigned sum_count)
{
    struct run *runs = realloc(out->runs, (out->run_count + 1) * sizeof *runs);
    if (runs == NULL) return GODB_ENOMEM;
    out->runs = runs;
    runs[out->run_count++] = *run;
    out->group_count += group_count;
    for (unsigned sum = 0; sum < sum_count; sum++)
        out->totals[sum] = godb_sum(out->totals[sum], sums[sum]);
    return GODB_OK;
}

static int
count_run(struct task *task, enum group_kind kind, const struct row_list *groups,
    const struct run *run)
{
    uint64_t sums[ROW_WORDS_MAX] = {0};
    row_list_sum(groups, task->grouping->layouts[kind].words, sums);
    pthread_mutex_lock(&task->job->lock);
    int rc = count_run_locked(
        task->out, run, groups->count, sums, task->grouping->sum_count);
    pthread_mutex_unlock(&task->job->lock);
    return rc;
}

static int
rank_slice(struct regrouper *worker, enum group_kind kind,
    const struct row_list *groups, struct godb_err *err)
{
    struct task *task = worker->task;
    const struct ranked_list from = {groups, kind};
    struct ranking ranking;
    struct run run;
    int rc =
        ranking_make(&ranking, task->order, &from, 1, task->limit, 1, task->job, err);
    if (rc == GODB_OK) rc = write_run(worker, &ranking, &run, err);
    ranking_free(&ranking);
    if (rc != GODB_OK) return rc;
    return count_run(task, kind, groups, &run) == GODB_OK ? GODB_OK : err_nomem(err);
}

static uint64_t
count_spilled(const struct group_part *part)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < part->spilled_count; i++)
        rows += part->spilled[i].row_count;
    return rows;
}

static int
do_slice(struct regrouper *worker, const struct slice *slice, struct godb_err *err)
{
    const struct grouping *grouping = worker->task->grouping;
    struct row_list list;
    int rc = GODB_OK;
    row_list_init(&list, &worker->pool, grouping_row_words(grouping, slice->kind));
    if (group_table_begin(&worker->table, &list, grouping->layouts[slice->kind].words,
            grouping->parts.seed,
            count_spilled(slice->part) / slice->count / 4) != GODB_OK)
        rc = err_nomem(err);
    for (size_t i = 0; i < slice->part->spilled_count && rc == GODB_OK; i++)
        rc = add_extent(worker, slice, slice->part->spilled[i], err);
    if (rc == GODB_OK) rc = rank_slice(worker, slice->kind, &list, err);
    row_list_free(&list);
    return rc;
}

/* In how many slices a part's rows fit in a thread's share. */
static uint32_t
count_slices(const struct task *task, const struct slice *part)
{
    const uint64_t rows = count_spilled(part->part);
    uint32_t slices = 1;
    const unsigned row_words = grouping_row_words(task->grouping, part->kind);
    while (slices < SLICES_MAX &&
           group_table_bytes(task->chunk_bytes, row_words, rows / slices) +
                   ranking_bytes(rows / slices, task->limit) >
               task->share_bytes)
        slices *= 2;
    return slices;
}

static int
do_part(struct regrouper *worker, size_t i, struct godb_err *err)
{
    struct grouping *grouping = worker->task->grouping;
    struct slice slice = {&grouping->parts.parts[i], group_kind_of(i), 0, 1};
    const unsigned row_words = grouping_row_words(grouping, slice.kind);
    int rc = GODB_OK;
    if (slice.part->spilled_count == 0) return GODB_OK;
    slice.count = count_slices(worker->task, &slice);
    for (; slice.number < slice.count && rc == GODB_OK; slice.number++)
        rc = do_slice(worker, &slice, err);
    for (size_t extent = 0; extent < slice.part->spilled_count; extent++)
        spill_file_drop(&grouping->parts.spill,
            slice.part->spilled[extent].row_count * row_words * sizeof(uint64_t),
            slice.part->spilled[extent].offset_bytes);
    return rc;
}

static void *
do_parts(void *arg)
{
    struct regrouper *worker = arg;
    struct task *task = worker->task;
    struct godb_err err;
    int rc = GODB_OK;
    size_t i;
    chunk_pool_init(&worker->pool, task->chunk_bytes, SIZE_MAX);
    worker->buffer = malloc(BUFFER_BYTES);
    if (worker->buffer == NULL) rc = err_nomem(&err);
    while (rc == GODB_OK &&
           (i = atomic_fetch_add(&task->next_part, 1)) < task->grouping->parts.count)
        rc = do_part(worker, i, &err);
    free(worker->buffer);
    group_table_free(&worker->table);
    chunk_pool_free(&worker->pool);
    if (rc != GODB_OK) job_fail(task->job, rc, &err);
    return NULL;
}

static uint64_t
share_of(uint64_t memory_bytes, size_t thread_count)
{
    const uint64_t share = memory_bytes / thread_count;
    return share > SHARE_BYTES_MIN + BUFFER_BYTES ? share - BUFFER_BYTES
                                                  : SHARE_BYTES_MIN;
}

int
regroup(struct regrouped *out, struct grouping *grouping,
    const struct group_order *order, uint64_t limit, size_t thread_count,
    uint64_t memory_bytes, struct job *job, struct godb_err *err)
{
    struct regrouper workers[JOB_THREADS_MAX];
    struct task task = {.job = job,
        .grouping = grouping,
        .order = order,
        .limit = limit,
        .chunk_bytes = grouping->parts.pool.chunk_bytes,
        .share_bytes = share_of(memory_bytes, thread_count),
        .out = out};
    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < thread_count; i++)
        workers[i] = (struct regrouper){.task = &task};
    int rc = job_run(job, spill_parts, workers, sizeof *workers, thread_count, err);
    if (rc != GODB_OK) return rc;
    chunk_pool_free(&grouping->parts.pool);
    atomic_store(&task.next_part, 0);
    return job_run(job, do_parts, workers, sizeof *workers, thread_count, err);
}
