/* SPDX-License-Identifier: MIT
 *
 * conveyor.c -- see conveyor.h.
 */
#include "shell/conveyor.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

struct place {
    void *item;
    bool is_done;
};

struct worker {
    struct conveyor *conveyor;
    pthread_t thread;
    unsigned number;
};

/* Items are numbered as they come; number n has the place n % capacity. */
struct conveyor {
    conveyor_fn *work;
    void *arg;
    size_t capacity;
    uint64_t first, end; /* that the caller's thread has not taken; its own alone */

    pthread_mutex_t lock; /* of all below */
    pthread_cond_t has_work, has_result;
    uint64_t next, known_end; /* next: to be worked on */
    bool is_over;
    struct place *places;

    unsigned worker_count; /* that were started */
    struct worker workers[CONVEYOR_WORKERS_MAX];
};

unsigned
conveyor_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    const int count = CPU_COUNT(&set);
    return count < CONVEYOR_WORKERS_MAX ? (unsigned)count : CONVEYOR_WORKERS_MAX;
}

/* --- Workers ---------------------------------------------------------------------- */

static void *
work(void *arg)
{
    const struct worker *worker = arg;
    struct conveyor *conveyor = worker->conveyor;
    pthread_mutex_lock(&conveyor->lock);
    for (;;) {
        while (!conveyor->is_over && conveyor->next == conveyor->known_end)
            pthread_cond_wait(&conveyor->has_work, &conveyor->lock);
        if (conveyor->is_over) break;
        struct place *place = &conveyor->places[conveyor->next++ % conveyor->capacity];
        pthread_mutex_unlock(&conveyor->lock);
        conveyor->work(conveyor->arg, worker->number, place->item);
        pthread_mutex_lock(&conveyor->lock);
        place->is_done = true;
        pthread_cond_signal(&conveyor->has_result);
    }
    pthread_mutex_unlock(&conveyor->lock);
    return NULL;
}

static void
start_workers(struct conveyor *conveyor, unsigned worker_count)
{
    while (conveyor->worker_count < worker_count) {
        struct worker *worker = &conveyor->workers[conveyor->worker_count];
        *worker = (struct worker){conveyor, 0, conveyor->worker_count};
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) break;
        conveyor->worker_count++;
    }
}

struct conveyor *
conveyor_new(unsigned worker_count, size_t capacity, conveyor_fn *work_fn, void *arg)
{
    struct conveyor *conveyor = calloc(1, sizeof *conveyor);
    struct place *places = calloc(capacity, sizeof *places);
    if (conveyor == NULL || places == NULL) {
        free(conveyor);
        free(places);
        return NULL;
    }
    conveyor->work = work_fn;
    conveyor->arg = arg;
    conveyor->capacity = capacity;
    conveyor->places = places;
    pthread_mutex_init(&conveyor->lock, NULL);
    pthread_cond_init(&conveyor->has_work, NULL);
    pthread_cond_init(&conveyor->has_result, NULL);
    start_workers(conveyor, worker_count);
    return conveyor;
}

void
conveyor_free(struct conveyor *conveyor)
{
    if (conveyor == NULL) return;
    pthread_mutex_lock(&conveyor->lock);
    conveyor->is_over = true;
    pthread_cond_broadcast(&conveyor->has_work);
    pthread_mutex_unlock(&conveyor->lock);
    for (unsigned i = 0; i < conveyor->worker_count; i++)
        pthread_join(conveyor->workers[i].thread, NULL);
    pthread_cond_destroy(&conveyor->has_result);
    pthread_cond_destroy(&conveyor->has_work);
    pthread_mutex_destroy(&conveyor->lock);
    free(conveyor->places);
    free(conveyor);
}

/* --- The caller's side ------------------------------------------------------------ */

bool
conveyor_has_room(const struct conveyor *conveyor)
{
    return conveyor->end - conveyor->first < conveyor->capacity;
}

void
conveyor_put(struct conveyor *conveyor, void *item)
{
    pthread_mutex_lock(&conveyor->lock);
    conveyor->places[conveyor->end % conveyor->capacity] = (struct place){item, false};
    conveyor->known_end = ++conveyor->end;
    pthread_cond_signal(&conveyor->has_work);
    pthread_mutex_unlock(&conveyor->lock);
}

void *
conveyor_take(struct conveyor *conveyor)
{
    if (conveyor->first == conveyor->end) return NULL;
    struct place *place = &conveyor->places[conveyor->first++ % conveyor->capacity];
    if (conveyor->worker_count == 0) {
        conveyor->work(conveyor->arg, 0, place->item);
        return place->item;
    }
    pthread_mutex_lock(&conveyor->lock);
    while (!place->is_done)
        pthread_cond_wait(&conveyor->has_result, &conveyor->lock);
    pthread_mutex_unlock(&conveyor->lock);
    return place->item;
}
