/* SPDX-License-Identifier: MIT
 *
 * writeout.c -- see writeout.h.
 *
 *      capture thread                       write-out thread
 *      rotation, whole -- submit --> queue --> merge --> per interface: block, append,
 *                                              ^         commit
 *                                              '-- rows kept from a failure
 */
#include "capture/writeout.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "capture/deadline.h"
#include "capture/log.h"
#include "capture/outlets.h"

enum { QUEUE_MAX = 4, WRITER_NICE = 5 };

struct writeout {
    struct outlets
        outlets; /* the thread's, but between rotations; see writeout_look() */
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    pthread_cond_t room;
    struct rotation *first, **last; /* the queue */
    size_t queued_count, queued_rows;
    uint64_t submitted, finished; /* rotations, so far */
    pthread_cond_t quiet;         /* one more is finished */
    struct writeout_state *shown; /* of each outlet, when it was */
    size_t shown_count;
    bool is_closing, has_failed;
};

/* --- Looking ----------------------------------------------------------------- */

static struct writeout_state
state_of(const struct outlet *outlet)
{
    struct writeout_state state = {.written_s = -1, .kept_count = outlet->kept_count};
    snprintf(state.iface, sizeof state.iface, "%s", outlet->iface);
    if (outlet->writer) state.written_s = godb_writer_last_s(outlet->writer);
    return state;
}

/* With the lock held.  Without memory for news the old state stays. */
static void
show(struct writeout *w)
{
    size_t count = 0;
    for (struct outlet *outlet = w->outlets.first; outlet; outlet = outlet->next)
        count++;
    struct writeout_state *shown = reallocarray(w->shown, count + 1, sizeof *shown);
    if (shown == NULL) return;
    w->shown = shown;
    w->shown_count = 0;
    for (struct outlet *outlet = w->outlets.first; outlet; outlet = outlet->next)
        shown[w->shown_count++] = state_of(outlet);
}

/* With the lock held the thread neither begins nor ends a rotation, and between them
 * its outlets stay as they are. */
enum writeout_moment
writeout_look(struct writeout *w, uint64_t submitted, int timeout_ms,
    writeout_look_fn *look, void *arg)
{
    const struct timespec until = deadline_in(timeout_ms);
    enum writeout_moment moment = WRITEOUT_QUIET;
    int rc = 0;
    pthread_mutex_lock(&w->lock);
    while (w->finished < submitted && rc == 0)
        rc = pthread_cond_timedwait(&w->quiet, &w->lock, &until);
    if (w->finished < submitted) moment = WRITEOUT_BUSY;
    if (w->submitted > submitted) moment = WRITEOUT_PAST;
    struct outlet *outlet = moment == WRITEOUT_QUIET ? w->outlets.first : NULL;
    for (; outlet; outlet = outlet->next) {
        const struct writeout_state state = state_of(outlet);
        look(arg, &state, outlet->kept);
    }
    pthread_mutex_unlock(&w->lock);
    return moment;
}

struct writeout_state
writeout_state(struct writeout *w, const char *iface)
{
    struct writeout_state state = {.written_s = -1};
    pthread_mutex_lock(&w->lock);
    for (size_t i = 0; i < w->shown_count; i++)
        if (strcmp(w->shown[i].iface, iface) == 0) state = w->shown[i];
    pthread_mutex_unlock(&w->lock);
    return state;
}

/* --- The thread -------------------------------------------------------------- */

/* The next rotation; NULL when closing and all are done. */
static struct rotation *
next_rotation(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->first == NULL && !w->is_closing)
        pthread_cond_wait(&w->work, &w->lock);
    struct rotation *rotation = w->first;
    if (rotation != NULL) {
        w->first = rotation->next;
        if (w->first == NULL) w->last = &w->first;
        w->queued_count--;
        w->queued_rows -= rotation->count;
        pthread_cond_signal(&w->room);
    }
    pthread_mutex_unlock(&w->lock);
    return rotation;
}

/* It has minutes, the capture thread that wakes it has none: it must not take its
 * processor from it. */
static void
be_patient(void)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
    (void)setpriority(PRIO_PROCESS, 0, WRITER_NICE);
}

static void
finish(struct writeout *w, bool has_failed)
{
    pthread_mutex_lock(&w->lock);
    w->finished++;
    w->has_failed = has_failed;
    show(w);
    pthread_cond_broadcast(&w->quiet);
    pthread_mutex_unlock(&w->lock);
}

static void *
run(void *arg)
{
    struct writeout *w = arg;
    struct rotation *rotation;
    be_patient();
    while ((rotation = next_rotation(w)) != NULL) {
        const bool has_failed = !outlets_write(&w->outlets, rotation);
        rotation_free(rotation);
        finish(w, has_failed);
    }
    return NULL;
}

/* --- Public ------------------------------------------------------------------ */

static void
free_writeout(struct writeout *w)
{
    outlets_close(&w->outlets);
    free(w->shown);
    free(w);
}

int
writeout_open(
    struct writeout **out, const struct writeout_options *options, struct godb_err *err)
{
    struct writeout *w = calloc(1, sizeof *w);
    if (w == NULL) return outlets_no_memory(err);
    w->outlets.l7_names = options->l7_names;
    w->outlets.is_strict = options->is_strict;
    w->outlets.max_waiting = options->max_waiting;
    w->last = &w->first;
    int rc = outlets_open(
        &w->outlets, options->db_path, options->ifaces, options->iface_count, err);
    if (rc == GODB_OK) {
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->work, NULL);
        pthread_cond_init(&w->room, NULL);
        deadline_cond_init(&w->quiet);
        show(w);
        if (pthread_create(&w->thread, NULL, run, w) != 0) rc = outlets_no_memory(err);
    }
    if (rc != GODB_OK) {
        free_writeout(w);
        return rc;
    }
    *out = w;
    return GODB_OK;
}

/* The disk has not answered for long: what waits for it must not fill the memory. */
static void
fold_queued(const struct writeout *w, struct rotation *rotation)
{
    const size_t count = rotation->count, max = w->outlets.max_waiting;
    if (w->outlets.is_strict || max == 0 || w->queued_rows == 0 ||
        w->queued_rows + count <= max)
        return;
    if (!rotation_fold(rotation))
        log_line("error: flows of block %" PRId64 " are lost: out of memory",
            rotation->time_s);
    log_line("warning: the disk does not answer: %zu flows of block %" PRId64
             " lose their addresses; their packets are still counted",
        count, rotation->time_s);
}

void
writeout_submit(struct writeout *w, struct rotation *rotation)
{
    pthread_mutex_lock(&w->lock);
    /* A file can wait for the disk, live packets cannot. */
    while (w->outlets.is_strict && w->queued_count >= QUEUE_MAX)
        pthread_cond_wait(&w->room, &w->lock);
    fold_queued(w, rotation);
    rotation->next = NULL;
    w->queued_count++;
    w->queued_rows += rotation->count;
    w->submitted++;
    *w->last = rotation;
    w->last = &rotation->next;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
}

bool
writeout_has_failed(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    const bool failed = w->has_failed;
    pthread_mutex_unlock(&w->lock);
    return failed;
}

/* Say what stays behind. */
static int
lost_rows(struct writeout *w)
{
    int rc = w->has_failed || w->outlets.has_lost ? -1 : 0;
    for (const struct outlet *at = w->outlets.first; at != NULL; at = at->next) {
        if (at->kept_count == 0) continue;
        log_line("error: %s: %zu flows could not be written and are lost", at->iface,
            at->kept_count);
        rc = -1;
    }
    return rc;
}

int
writeout_close(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    w->is_closing = true;
    pthread_cond_signal(&w->work);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->work);
    pthread_cond_destroy(&w->room);
    pthread_cond_destroy(&w->quiet);
    const int rc = lost_rows(w);
    free_writeout(w);
    return rc;
}
