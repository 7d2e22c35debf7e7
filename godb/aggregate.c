/* SPDX-License-Identifier: MIT
 *
 * aggregate.c -- filter, group and sum inside the scan, on all cores.
 *
 *      days --> units --> thread: block_reader --> grouper   --+
 *               (a day,   thread: block_reader --> grouper   --+--> merge --> order,
 * cut or a part                                          (merge.c)  (result.c) of one)
 *
 * Threads take the next unit until none is left, share nothing but that counter, and
 * end before godb_aggregate() returns.  With one thread its groups are the result as
 * they are.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "godb/block_reader.h"
#include "godb/error.h"
#include "godb/grouping.h"
#include "godb/result.h"
#include "godb/scan.h"

enum {
    THREADS_MAX = 64,
    NS_A_S = 1000000000,
    POLL_MS = 5,        /* how often to ask whether to stop while waiting for threads */
    UNITS_A_THREAD = 4, /* so that a long day does not keep all others waiting */
    DAY_PARTS_MAX = 8,
    PARTS_A_THREAD = 8,      /* of the result, so that two seldom want the same */
    SMALL_RANGE_S = 4 * 3600 /* not worth a thread */
};

/* What the threads of a question share. */
struct job {
    struct godb *db;
    struct godb_result *result;
    const struct godb_aggregate_spec *spec;
    struct godb_scan_spec scan; /* the spec's, made safe for threads */
    uint32_t day_parts;
    size_t unit_count;
    atomic_size_t next_unit;
    atomic_bool is_over;  /* something failed: stop */
    pthread_mutex_t lock; /* of warn, and of what follows */
    int rc;
    struct godb_err err;
};

struct worker {
    struct job *job;
    struct grouper grouper;
};

/* --- What threads share
 * ------------------------------------------------------------------ */

static void
warn_locked(void *arg, const struct godb_err *warning)
{
    struct job *job = arg;
    pthread_mutex_lock(&job->lock);
    job->spec->scan.warn(job->spec->scan.warn_arg, warning);
    pthread_mutex_unlock(&job->lock);
}

static bool
should_stop(void *arg)
{
    struct job *job = arg;
    if (atomic_load_explicit(&job->is_over, memory_order_relaxed)) return true;
    return job->spec->scan.stop && job->spec->scan.stop(job->spec->scan.stop_arg);
}

/* The first failure counts; the others stopped because of it. */
static void
fail(struct job *job, int rc, const struct godb_err *err)
{
    pthread_mutex_lock(&job->lock);
    if (job->rc == GODB_OK) {
        job->rc = rc;
        job->err = *err;
    }
    pthread_mutex_unlock(&job->lock);
    atomic_store(&job->is_over, true);
}

/* --- Units
 * ---------------------------------------------------------------------------------- */

static int
do_unit(struct worker *worker, struct block_reader *reader, size_t unit,
    struct godb_err *err)
{
    const struct job *job = worker->job;
    const struct day_list *days = &job->result->days;
    const struct day_ref *ref = &days->days[unit / job->day_parts];
    struct godb_chunk chunk;
    int rc = block_reader_enter(
        reader, godb_root(job->db), days->ifaces[ref->iface], ref->day_s, err);
    if (rc != GODB_OK) return rc;
    block_reader_take_part(reader, (uint32_t)(unit % job->day_parts), job->day_parts);
    while ((rc = block_reader_next(reader, &chunk, err)) == GODB_OK)
        if (grouper_add(&worker->grouper, &chunk, ref->iface) != GODB_OK)
            return err_nomem(err);
    return rc == GODB_DONE ? GODB_OK : rc;
}

static void *
run_worker(void *arg)
{
    struct worker *worker = arg;
    struct job *job = worker->job;
    struct block_reader reader;
    struct godb_err err;
    int rc = GODB_OK;
    size_t unit;
    block_reader_init(&reader, &job->scan);
    while (rc == GODB_OK &&
           (unit = atomic_fetch_add(&job->next_unit, 1)) < job->unit_count)
        rc = do_unit(worker, &reader, unit, &err);
    if (rc == GODB_OK && grouper_flush(&worker->grouper) != GODB_OK)
        rc = err_nomem(&err);
    block_reader_free(&reader);
    if (rc != GODB_OK) fail(job, rc, &err);
    return NULL;
}

/* --- Threads
 * --------------------------------------------------------------------------------- */

/* Wait for a thread, and go on asking whether to stop: a caller's stop() may be able to
 * tell in this thread alone, and has no word for the others before it was asked here.
 */
static void
join(struct job *job, pthread_t thread)
{
    struct timespec until;
    do {
        if (should_stop(job)) atomic_store(&job->is_over, true);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_MS * 1000000;
        until.tv_sec += until.tv_nsec / NS_A_S;
        until.tv_nsec %= NS_A_S;
    } while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
}

/* Run call(items[i]) for all items, the first one in this thread; an item that gets no
 * thread is run here too. */
static void
run_all(struct job *job, void *(*call)(void *), void *items, size_t item_bytes,
    size_t count, pthread_t *threads)
{
    bool started[THREADS_MAX] = {false};
    for (size_t i = 1; i < count; i++)
        started[i] = pthread_create(
                         &threads[i], NULL, call, (char *)items + i * item_bytes) == 0;
    call(items);
    for (size_t i = 1; i < count; i++) {
        if (started[i])
            join(job, threads[i]);
        else
            call((char *)items + i * item_bytes);
    }
}

static size_t
wanted_threads(const struct godb_aggregate_spec *spec)
{
    long count = spec->threads > 0 ? spec->threads : sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1) count = 1;
    return count > THREADS_MAX ? THREADS_MAX : (size_t)count;
}

/* Cut days into units; the number of threads that are worth it. */
static size_t
plan_units(struct job *job)
{
    const struct godb_selection *sel = &job->spec->scan.sel;
    const size_t days = job->result->days.count;
    size_t threads = wanted_threads(job->spec);
    job->day_parts = 1;
    job->unit_count = days;
    /* Unsigned: the range may be all of time. */
    if ((uint64_t)sel->last_s - (uint64_t)sel->first_s < SMALL_RANGE_S) return 1;
    if (threads == 1 || days == 0) return 1;
    const size_t wanted = threads * UNITS_A_THREAD;
    if (days < wanted) {
        const size_t parts = (wanted + days - 1) / days;
        job->day_parts = parts > DAY_PARTS_MAX ? DAY_PARTS_MAX : (uint32_t)parts;
    }
    job->unit_count = days * job->day_parts;
    return threads < job->unit_count ? threads : job->unit_count;
}

/* --- Putting it together
 * -------------------------------------------------------------------------- */

static int
make_workers(struct job *job, struct worker *workers, size_t count)
{
    int rc = GODB_OK;
    for (size_t i = 0; i < count; i++) {
        workers[i].job = job;
        if (grouper_init(&workers[i].grouper, &job->result->grouping) != GODB_OK)
            rc = GODB_ENOMEM;
    }
    return rc;
}

static int
run_job(struct job *job, size_t count, struct godb_err *err)
{
    pthread_t threads[THREADS_MAX];
    struct worker *workers = calloc(count, sizeof *workers);
    if (workers == NULL) return err_nomem(err);
    int rc = make_workers(job, workers, count);
    if (rc == GODB_OK)
        run_all(job, run_worker, workers, sizeof *workers, count, threads);
    else
        rc = err_nomem(err);
    for (size_t i = 0; i < count; i++)
        grouper_free(&workers[i].grouper);
    free(workers);
    if (job->rc == GODB_OK) return rc;
    if (err) *err = job->err;
    return job->rc;
}

/* A question without dimensions has an answer even where there was nothing to sum. */
static int
add_empty_row(struct godb_result *result)
{
    const uint64_t zeros[GODB_SUM_COUNT] = {0};
    if (result->grouping.dims != 0) return GODB_OK;
    for (size_t part = 0; part < result->grouping.part_count; part++)
        if (result->grouping.parts[part].tables[GROUPS_NARROW].count > 0)
            return GODB_OK;
    const uint32_t hash = 0;
    return group_table_add(
        &result->grouping.parts[0].tables[GROUPS_NARROW], zeros, zeros, &hash, 1);
}

static int
aggregate_into(struct godb_result *result, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err)
{
    struct job job = {.db = db, .result = result, .spec = spec, .scan = spec->scan};
    job.scan.columns = grouping_columns(spec->dims, spec->sums);
    job.scan.stop = should_stop;
    job.scan.stop_arg = &job;
    if (spec->scan.warn) {
        job.scan.warn = warn_locked;
        job.scan.warn_arg = &job;
    }
    int rc = scan_days(&result->days, db, &spec->scan, err);
    if (rc != GODB_OK) return rc;
    const size_t threads = plan_units(&job);
    if (grouping_init(&result->grouping, spec->dims, spec->sums,
            threads > 1 ? threads * PARTS_A_THREAD : 1) != GODB_OK)
        return err_nomem(err);
    pthread_mutex_init(&job.lock, NULL);
    rc = run_job(&job, threads, err);
    pthread_mutex_destroy(&job.lock);
    if (rc == GODB_OK && add_empty_row(result) != GODB_OK) rc = err_nomem(err);
    return rc == GODB_OK ? result_finish(result, spec, err) : rc;
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
