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
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "capture/deadline.h"
#include "capture/log.h"

enum { QUEUE_MAX = 4, WRITER_NICE = 5 };

/* One interface's way to disk. */
struct outlet {
    const char *iface;
    struct godb_writer *writer;
    struct rotation_row *kept; /* rows of blocks that failed */
    size_t kept_count;
    struct godb_pcap_stats kept_stats; /* of those blocks; all 0: none failed */
    bool is_ahead;                     /* its last block is later than the clock */
    int64_t written_s;                 /* under the lock: of its last block */
    size_t waiting_count;              /* likewise: of kept rows */
};

struct writeout {
    struct godb *db;
    struct godb_block *block;
    struct outlet *outlets;
    size_t iface_count;
    bool is_strict;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;
    pthread_cond_t room;
    struct rotation *first, **last; /* the queue */
    size_t queued_count;
    uint64_t submitted, finished; /* rotations, so far */
    pthread_cond_t quiet;         /* one more is finished */
    bool is_closing, has_failed;
};

static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    log_line("warning: %s", warning->msg);
}

/* --- Blocks ------------------------------------------------------------------ */

static int
fill_block(struct godb_block *block, const struct rotation_row *rows, size_t count)
{
    godb_block_reset(block);
    for (size_t i = 0; i < count; i++)
        if (godb_block_add(block, &rows[i].flow) != GODB_OK) return GODB_ENOMEM;
    return GODB_OK;
}

/* After a restart with a clock that was set back, the stamp has to be later than the
 * last one all the same. */
static int64_t
stamp_for(const struct writeout *w, struct outlet *outlet, int64_t time_s)
{
    const int64_t last_s = godb_writer_last_s(outlet->writer);
    const bool is_ahead = !w->is_strict && time_s <= last_s;
    if (is_ahead && !outlet->is_ahead)
        log_line("warning: %s: the last block, %" PRId64
                 ", is later than the clock; the next follow right behind it",
            outlet->iface, last_s);
    outlet->is_ahead = is_ahead;
    return is_ahead ? last_s + 1 : time_s;
}

/* Blocks one second behind each other can fill a day: the next one has room. */
static int
append_somewhere(struct writeout *w, struct outlet *outlet, int64_t time_s,
    const struct godb_block_stats *stats, struct godb_err *err)
{
    const int64_t stamp_s = stamp_for(w, outlet, time_s);
    const int64_t next_day_s = stamp_s - stamp_s % GODB_DAY_S + GODB_DAY_S;
    int rc = godb_writer_append(outlet->writer, stamp_s, w->block, stats, err);
    if (rc != GODB_EFULL || w->is_strict) return rc;
    log_line("warning: %s; the block goes to the next day", err->msg);
    return godb_writer_append(outlet->writer, next_day_s, w->block, stats, err);
}

static int
write_block(struct writeout *w, struct outlet *outlet, int64_t time_s,
    const struct rotation_row *rows, size_t count, const struct godb_block_stats *stats,
    struct godb_err *err)
{
    strcpy(err->msg, "out of memory");
    int rc = fill_block(w->block, rows, count);
    if (rc == GODB_OK) rc = append_somewhere(w, outlet, time_s, stats, err);
    if (rc == GODB_OK) rc = godb_writer_commit(outlet->writer, err);
    return rc;
}

static int64_t
add_known(int64_t a, int64_t b)
{
    return a < 0 || b < 0 ? -1 : a + b;
}

/* What happened in the intervals of failed blocks happened in that of the next one. */
static void
add_stats(struct godb_pcap_stats *to, const struct godb_pcap_stats *from)
{
    to->received = add_known(to->received, from->received);
    to->dropped = add_known(to->dropped, from->dropped);
    to->if_dropped = add_known(to->if_dropped, from->if_dropped);
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        to->undecoded[i] = add_known(to->undecoded[i], from->undecoded[i]);
}

/* Rows of a block that failed; those without memory to keep them are lost, and it is
 * said. */
static void
keep(struct outlet *outlet, const struct rotation_row *rows, size_t count)
{
    struct rotation_row *kept = malloc((count + 1) * sizeof *kept);
    if (kept == NULL) {
        log_line("%s: %zu flows are lost: out of memory", outlet->iface, count);
        return;
    }
    if (count > 0) memcpy(kept, rows, count * sizeof *rows);
    outlet->kept = kept;
    outlet->kept_count = count;
}

static void
set_failed(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    w->has_failed = true;
    pthread_mutex_unlock(&w->lock);
}

static void
write_iface(struct writeout *w, size_t iface, const struct rotation *rotation,
    const struct rotation_row *rows, size_t count)
{
    struct outlet *outlet = &w->outlets[iface];
    struct godb_block_stats stats = rotation->stats[iface];
    struct godb_err err;
    add_stats(&stats.pcap, &outlet->kept_stats);
    int rc = write_block(w, outlet, rotation->time_s, rows, count, &stats, &err);
    if (rc == GODB_OK) {
        outlet->kept_stats = (struct godb_pcap_stats){.received = 0};
        return;
    }
    outlet->kept_stats = stats.pcap;
    if (w->is_strict) {
        log_line("%s", err.msg);
        set_failed(w);
        return;
    }
    log_line("%s: block %" PRId64 " not written, its %zu flows go into the next: %s",
        outlet->iface, rotation->time_s, count, err.msg);
    keep(outlet, rows, count);
}

/* --- Looking ----------------------------------------------------------------- */

static void
show(struct writeout *w)
{
    for (size_t i = 0; i < w->iface_count; i++) {
        w->outlets[i].written_s = godb_writer_last_s(w->outlets[i].writer);
        w->outlets[i].waiting_count = w->outlets[i].kept_count;
    }
}

/* With the lock held the thread neither begins nor ends a rotation, and between them
 * what it keeps stays as it is. */
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
    for (size_t i = 0; moment == WRITEOUT_QUIET && i < w->iface_count; i++) {
        const struct outlet *outlet = &w->outlets[i];
        const struct writeout_state state = {
            outlet->written_s, outlet->kept, outlet->kept_count};
        look(arg, i, &state);
    }
    pthread_mutex_unlock(&w->lock);
    return moment;
}

struct writeout_state
writeout_state(struct writeout *w, size_t iface)
{
    pthread_mutex_lock(&w->lock);
    const struct outlet *outlet = &w->outlets[iface];
    const struct writeout_state state = {
        outlet->written_s, NULL, outlet->waiting_count};
    pthread_mutex_unlock(&w->lock);
    return state;
}

/* --- Rotations --------------------------------------------------------------- */

static void
take_back_kept(struct writeout *w, struct rotation *rotation)
{
    for (size_t i = 0; i < w->iface_count; i++) {
        struct outlet *outlet = &w->outlets[i];
        if (outlet->kept == NULL) continue;
        if (!rotation_add(rotation, outlet->kept, outlet->kept_count)) continue;
        free(outlet->kept);
        outlet->kept = NULL;
        outlet->kept_count = 0;
    }
}

static void
write_rotation(struct writeout *w, struct rotation *rotation)
{
    /* Blocks behind one that failed would tear a hole into the file's time. */
    if (w->is_strict && w->has_failed) return;
    take_back_kept(w, rotation);
    if (!rotation_merge(rotation)) {
        log_line("%zu flows of block %" PRId64 " are lost: out of memory",
            rotation->count, rotation->time_s);
        return;
    }
    size_t at = 0;
    for (size_t iface = 0; iface < w->iface_count; iface++) {
        const size_t start = at;
        while (at < rotation->count && rotation->rows[at].iface == iface)
            at++;
        write_iface(w, iface, rotation, rotation->rows + start, at - start);
    }
}

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
finish(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    w->finished++;
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
        write_rotation(w, rotation);
        rotation_free(rotation);
        finish(w);
    }
    return NULL;
}

/* --- Public ------------------------------------------------------------------ */

static int
open_outlets(
    struct writeout *w, const struct writeout_options *options, struct godb_err *err)
{
    for (size_t i = 0; i < w->iface_count; i++) {
        w->outlets[i].iface = options->ifaces[i];
        int rc = godb_writer_open(&w->outlets[i].writer, w->db, options->ifaces[i],
            options->l7_names, warn, NULL, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

static void
free_writeout(struct writeout *w)
{
    for (size_t i = 0; w->outlets && i < w->iface_count; i++) {
        godb_writer_close(w->outlets[i].writer);
        free(w->outlets[i].kept);
    }
    free(w->outlets);
    godb_block_free(w->block);
    godb_close(w->db);
    free(w);
}

static int
no_memory(struct godb_err *err)
{
    err->status = GODB_ENOMEM;
    strcpy(err->msg, "out of memory");
    return GODB_ENOMEM;
}

int
writeout_open(
    struct writeout **out, const struct writeout_options *options, struct godb_err *err)
{
    struct writeout *w = calloc(1, sizeof *w);
    if (w == NULL) return no_memory(err);
    w->iface_count = options->iface_count;
    w->is_strict = options->is_strict;
    w->last = &w->first;
    w->outlets = calloc(w->iface_count + 1, sizeof *w->outlets);
    int rc = GODB_OK;
    if (w->outlets == NULL || godb_block_new(&w->block) != GODB_OK) rc = no_memory(err);
    if (rc == GODB_OK) rc = godb_open(&w->db, options->db_path, GODB_CREATE, err);
    if (rc == GODB_OK) rc = open_outlets(w, options, err);
    if (rc == GODB_OK) {
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->work, NULL);
        pthread_cond_init(&w->room, NULL);
        deadline_cond_init(&w->quiet);
        show(w);
        if (pthread_create(&w->thread, NULL, run, w) != 0) rc = no_memory(err);
    }
    if (rc != GODB_OK) {
        free_writeout(w);
        return rc;
    }
    *out = w;
    return GODB_OK;
}

void
writeout_submit(struct writeout *w, struct rotation *rotation)
{
    pthread_mutex_lock(&w->lock);
    /* A file can wait for the disk, live packets cannot. */
    while (w->is_strict && w->queued_count >= QUEUE_MAX)
        pthread_cond_wait(&w->room, &w->lock);
    rotation->next = NULL;
    w->queued_count++;
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
    int rc = w->has_failed ? -1 : 0;
    for (size_t i = 0; i < w->iface_count; i++) {
        if (w->outlets[i].kept_count == 0) continue;
        log_line("%s: %zu flows could not be written and are lost", w->outlets[i].iface,
            w->outlets[i].kept_count);
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
