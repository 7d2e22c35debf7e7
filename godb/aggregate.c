/* SPDX-License-Identifier: MIT
 *
 * aggregate.c -- filter, group and sum inside the scan, on all cores.
 *
 *      days --> units     thread:  block_reader --> grouper --.
 *                         thread:  block_reader --> grouper --+--> parts (group_part.h)
 *                                                                    |
 *      all in memory       folded, by all threads --> ranking.h  <---+
 *      some were spilled   regroup.h, by all threads --> run_merge.h <
 *                                                           |
 *      godb_result_next()  one row after the other  <-------'
 *
 * Threads take the next unit, a day or some of its blocks, until none is left; they
 * meet only in parts, and end before godb_aggregate() returns.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/block_reader.h"
#include "godb/error.h"
#include "godb/grouper.h"
#include "godb/job.h"
#include "godb/memory_limit.h"
#include "godb/result.h"
#include "godb/scan.h"

enum {
    UNITS_A_THREAD = 4, /* so that a long day does not keep all others waiting */
    DAY_PARTS_MAX = 8,
    SPLITS =
        256, /* of the result, so that a part of millions of groups fits the cache */
    SMALL_RANGE_S = 4 * 3600, /* not worth a thread */
    PROCESS_BYTES = 8 << 20,
    THREAD_BYTES = 8 << 20
};

/* What the threads of a question share. */
struct question {
    struct job job;
    struct godb *db;
    struct godb_result *result;
    const struct godb_aggregate_spec *spec;
    struct godb_scan_spec scan; /* the spec's, made safe for threads */
    uint32_t day_parts;
    size_t unit_count, thread_count;
    atomic_size_t next_unit;
};

struct worker {
    struct question *question;
    struct grouper grouper;
};

static void
warn_locked(void *arg, const struct godb_err *warning)
{
    struct question *question = arg;
    pthread_mutex_lock(&question->job.lock);
    question->spec->scan.warn(question->spec->scan.warn_arg, warning);
    pthread_mutex_unlock(&question->job.lock);
}

/* --- Units ------------------------------------------------------------------------ */

static int
do_unit(struct worker *worker, struct block_reader *reader, size_t unit,
    struct godb_err *err)
{
    const struct question *question = worker->question;
    const struct day_list *days = &question->result->days;
    const struct day_ref *ref = &days->days[unit / question->day_parts];
    struct godb_chunk chunk;
    int rc = block_reader_enter(
        reader, godb_root(question->db), days->ifaces[ref->iface], ref->day_s, err);
    if (rc != GODB_OK) return rc;
    block_reader_take_part(
        reader, (uint32_t)(unit % question->day_parts), question->day_parts);
    while ((rc = block_reader_next(reader, &chunk, err)) == GODB_OK) {
        rc = grouper_add(&worker->grouper, &chunk, ref->iface, err);
        if (rc != GODB_OK) return rc;
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

static void *
run_worker(void *arg)
{
    struct worker *worker = arg;
    struct question *question = worker->question;
    struct block_reader reader;
    struct godb_err err;
    int rc = GODB_OK;
    size_t unit;
    block_reader_init(&reader, &question->scan);
    while (rc == GODB_OK &&
           (unit = atomic_fetch_add(&question->next_unit, 1)) < question->unit_count)
        rc = do_unit(worker, &reader, unit, &err);
    if (rc == GODB_OK) rc = grouper_flush(&worker->grouper, &err);
    block_reader_free(&reader);
    if (rc != GODB_OK) job_fail(&question->job, rc, &err);
    return NULL;
}

static size_t
wanted_threads(const struct godb_aggregate_spec *spec)
{
    long count = spec->threads > 0 ? spec->threads : sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1) count = 1;
    return count > JOB_THREADS_MAX ? JOB_THREADS_MAX : (size_t)count;
}

static bool
is_small(const struct question *question)
{
    /* Unsigned: the range may be all of time. */
    const struct godb_selection *sel = &question->spec->scan.sel;
    return (uint64_t)sel->last_s - (uint64_t)sel->first_s < SMALL_RANGE_S;
}

/* Cut days into units, and choose the number of threads that are worth it. */
static void
plan_units(struct question *question)
{
    const size_t days = question->result->days.count;
    const size_t threads = wanted_threads(question->spec);
    question->day_parts = 1;
    question->unit_count = days;
    question->thread_count = 1;
    if (is_small(question) || threads == 1 || days == 0) return;
    const size_t wanted = threads * UNITS_A_THREAD;
    if (days < wanted) {
        const size_t parts = (wanted + days - 1) / days;
        question->day_parts = parts > DAY_PARTS_MAX ? DAY_PARTS_MAX : (uint32_t)parts;
    }
    question->unit_count = days * question->day_parts;
    question->thread_count =
        threads < question->unit_count ? threads : question->unit_count;
}

/* --- Putting it together ---------------------------------------------------------- */

static int
make_workers(struct question *question, struct worker *workers)
{
    int rc = GODB_OK;
    for (size_t i = 0; i < question->thread_count; i++) {
        workers[i].question = question;
        if (grouper_init(&workers[i].grouper, &question->result->grouping) != GODB_OK)
            rc = GODB_ENOMEM;
    }
    return rc;
}

static int
run_workers(struct question *question, struct godb_err *err)
{
    struct worker *workers = calloc(question->thread_count, sizeof *workers);
    if (workers == NULL) return err_nomem(err);
    int rc = make_workers(question, workers) == GODB_OK
                 ? job_run(&question->job, run_worker, workers, sizeof *workers,
                       question->thread_count, err)
                 : err_nomem(err);
    for (size_t i = 0; i < question->thread_count; i++)
        grouper_free(&workers[i].grouper);
    free(workers);
    return rc;
}

/* A question without dimensions has an answer even where there was nothing to sum. */
static int
add_empty_row(struct godb_result *result)
{
    const uint64_t zeros[ROW_WORDS_MAX] = {0};
    struct group_parts *parts = &result->grouping.parts;
    if (result->grouping.dims != 0) return GODB_OK;
    for (size_t i = 0; i < parts->count; i++)
        if (parts->parts[i].groups.count + parts->parts[i].come_rows > 0 ||
            parts->parts[i].spilled_count > 0)
            return GODB_OK;
    return row_list_append(&parts->parts[0].groups, zeros, 1, true);
}

/* What groups may take: the limit without what else a process needs, and what threads
 * need to read blocks of some ten thousand flows. */
static uint64_t
groups_bytes(const struct question *question)
{
    const uint64_t asked = question->spec->memory_bytes;
    const uint64_t limit = asked > 0 ? asked : memory_limit_default();
    const uint64_t other =
        PROCESS_BYTES + (uint64_t)THREAD_BYTES * question->thread_count;
    return limit - (other < limit / 2 ? other : limit / 2);
}

static int
answer(struct question *question, struct godb_err *err)
{
    const struct godb_aggregate_spec *spec = question->spec;
    struct godb_result *result = question->result;
    int rc = scan_days(&result->days, question->db, &spec->scan, err);
    if (rc != GODB_OK) return rc;
    plan_units(question);
    const uint64_t memory_bytes = groups_bytes(question);
    if (grouping_init(&result->grouping, spec->dims, spec->sums,
            is_small(question) ? 1 : SPLITS, question->thread_count,
            memory_bytes) != GODB_OK)
        return err_nomem(err);
    rc = run_workers(question, err);
    if (rc == GODB_OK && add_empty_row(result) != GODB_OK) rc = err_nomem(err);
    return rc == GODB_OK ? result_finish(result, spec, question->thread_count,
                               memory_bytes, &question->job, err)
                         : rc;
}

static int
aggregate_into(struct godb_result *result, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err)
{
    struct question question = {
        .db = db, .result = result, .spec = spec, .scan = spec->scan};
    job_init(&question.job, spec->scan.stop, spec->scan.stop_arg);
    question.scan.columns = grouping_columns(spec->dims, spec->sums);
    question.scan.stop = job_should_stop;
    question.scan.stop_arg = &question.job;
    if (spec->scan.warn) {
        question.scan.warn = warn_locked;
        question.scan.warn_arg = &question;
    }
    int rc = answer(&question, err);
    job_free(&question.job);
    return rc;
}

int
godb_aggregate(struct godb_result **out, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err)
{
    struct godb_result *result = calloc(1, sizeof *result);
    if (result == NULL) return err_nomem(err);
    int rc = aggregate_into(result, db, spec, err);
    if (rc != GODB_OK) {
        godb_result_free(result);
        return rc;
    }
    *out = result;
    return GODB_OK;
}
