/* SPDX-License-Identifier: MIT
 *
 * job.h -- some threads with one task: whether to go on, and what went wrong first.
 */
#ifndef GODB_JOB_H
#define GODB_JOB_H

#include <pthread.h>
#include <stdatomic.h>

#include "godb/godb.h"

enum { JOB_THREADS_MAX = 64 };

struct job {
    godb_stop_fn *stop; /* may be NULL */
    void *stop_arg;
    atomic_bool is_over;  /* something failed: stop */
    pthread_mutex_t lock; /* of rc and err, and for the users' own short needs */
    int rc;
    struct godb_err err;
};

void job_init(struct job *job, godb_stop_fn *stop, void *stop_arg);
void job_free(struct job *job);

/* A godb_stop_fn: true where a thread failed or the caller's stop() says so. */
bool job_should_stop(void *job);

/* GODB_ECANCELLED, with err, where it should stop. */
int job_check(struct job *job, struct godb_err *err);

/* The first failure counts; the others stopped because of it. */
void job_fail(struct job *job, int rc, const struct godb_err *err);

/* Run call(items[i]) for all items, at most JOB_THREADS_MAX, the first one in this
 * thread; an item that gets no thread is run here too.  What was failed first. */
int job_run(struct job *job, void *(*call)(void *), void *items, size_t item_bytes,
    size_t count, struct godb_err *err);

#endif
