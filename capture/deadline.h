/* SPDX-License-Identifier: MIT
 *
 * deadline.h -- waiting for a condition for so long, whatever is done to the wall
 * clock.
 */
#ifndef CAPTURE_DEADLINE_H
#define CAPTURE_DEADLINE_H

#include <pthread.h>
#include <time.h>

/* A condition for pthread_cond_timedwait() until deadline_in(). */
static inline void
deadline_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
}

static inline struct timespec
deadline_in(int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

#endif
