/* SPDX-License-Identifier: MIT
 *
 * job.c -- see job.h.
 */
#include "godb/job.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "godb/error.h"

enum {
    NS_A_S = 1000000000,
    POLL_MS = 5 /* how often to ask whether to stop while waiting for threads */
};

void
job_init(struct job *job, godb_stop_fn *stop, void *stop_arg)
{
    memset(job, 0, sizeof *job);
    job->stop = stop;
    job->stop_arg = stop_arg;
    pthread_mutex_init(&job->lock, NULL);
}

void
job_free(struct job *job)
{
    pthread_mutex_destroy(&job->lock);
}

bool
job_should_stop(void *arg)
{
    struct job *job = arg;
    if (atomic_load_explicit(&job->is_over, memory_order_relaxed)) return true;
    return job->stop && job->stop(job->stop_arg);
}

int
job_check(struct job *job, struct godb_err *err)
{
    return job_should_stop(job) ? err_set(err, GODB_ECANCELLED, "cancelled") : GODB_OK;
}

void
job_fail(struct job *job, int rc, const struct godb_err *err)
{
    pthread_mutex_lock(&job->lock);
    if (job->rc == GODB_OK) {
        job->rc = rc;
        job->err = *err;
    }
    pthread_mutex_unlock(&job->lock);
    atomic_store(&job->is_over, true);
}

/* Wait for a thread, and go on asking whether to stop: a caller's stop() may be able to
 * tell in this thread alone, and has no word for the others before it was asked here.
 */
static void
join(struct job *job, pthread_t thread)
{
    struct timespec until;
    do {
        if (job_should_stop(job)) atomic_store(&job->is_over, true);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_MS * 1000000L;
        until.tv_sec += until.tv_nsec / NS_A_S;
        until.tv_nsec %= NS_A_S;
    } while (pthread_timedjoin_np(thread, NULL, &until) == ETIMEDOUT);
}

int
job_run(struct job *job, void *(*call)(void *), void *items, size_t item_bytes,
    size_t count, struct godb_err *err)
{
    pthread_t threads[JOB_THREADS_MAX];
    bool started[JOB_THREADS_MAX] = {false};
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
    if (job->rc != GODB_OK && err != NULL) *err = job->err;
    return job->rc;
}
