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

enum { QUEUE_MAX = 4, WRITER_NICE = 5 };

/* One interface's way to disk. */
struct outlet {
    struct outlet *next;
    char iface[GODB_IFACE_MAX];
    struct godb_writer *writer; /* NULL: it could not be opened yet */
    struct rotation_row *kept;  /* rows of blocks that failed */
    size_t kept_count;
    struct godb_pcap_stats kept_stats; /* of those blocks; all 0: none failed */
    bool is_ahead;                     /* its last block is later than the clock */
    bool is_named;                     /* by the rotation at hand */
};

struct writeout {
    struct godb *db;
    struct godb_block *block;
    struct outlet *outlets;
    const struct godb_l7_names *l7_names;
    bool is_strict;
    size_t max_waiting; /* 0: any number */
    size_t kept_count;  /* of all outlets */
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

static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    log_line("warning: %s", warning->msg);
}

/* --- Outlets ----------------------------------------------------------------- */

static int
no_memory(struct godb_err *err)
{
    err->status = GODB_ENOMEM;
    strcpy(err->msg, "out of memory");
    return GODB_ENOMEM;
}

/* The interface's outlet, made if need be.  NULL: out of memory. */
static struct outlet *
outlet_of(struct writeout *w, const char *iface)
{
    struct outlet *outlet = w->outlets;
    while (outlet != NULL && strcmp(outlet->iface, iface) != 0)
        outlet = outlet->next;
    if (outlet != NULL) return outlet;
    outlet = calloc(1, sizeof *outlet);
    if (outlet == NULL) return NULL;
    snprintf(outlet->iface, sizeof outlet->iface, "%s", iface);
    outlet->next = w->outlets;
    w->outlets = outlet;
    return outlet;
}

static int
open_outlet(struct writeout *w, struct outlet *outlet, struct godb_err *err)
{
    if (outlet->writer != NULL) return GODB_OK;
    return godb_writer_open(
        &outlet->writer, w->db, outlet->iface, w->l7_names, warn, NULL, err);
}

static void
free_outlet(struct outlet *outlet)
{
    godb_writer_close(outlet->writer);
    free(outlet->kept);
    free(outlet);
}

/* Those of interfaces that are gone, and that have nothing left to write. */
static void
close_idle_outlets(struct writeout *w)
{
    for (struct outlet **at = &w->outlets; *at != NULL;) {
        struct outlet *outlet = *at;
        if (outlet->is_named || outlet->kept != NULL) {
            at = &outlet->next;
            continue;
        }
        *at = outlet->next;
        free_outlet(outlet);
    }
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
    int rc = fill_block(w->block, rows, count);
    if (rc != GODB_OK) return no_memory(err);
    rc = open_outlet(w, outlet, err);
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

static int
compare_sizes(const void *a, const void *b)
{
    const struct godb_flow *one = &((const struct rotation_row *)a)->flow;
    const struct godb_flow *two = &((const struct rotation_row *)b)->flow;
    const uint64_t bytes_one = godb_sum(one->bytes_rcvd, one->bytes_sent);
    const uint64_t bytes_two = godb_sum(two->bytes_rcvd, two->bytes_sent);
    return bytes_one < bytes_two ? 1 : bytes_one > bytes_two ? -1 : 0;
}

/* The largest stay as they are, as far as there is room. */
static void
fold_kept(struct writeout *w, struct outlet *outlet)
{
    const size_t others = w->kept_count - outlet->kept_count;
    const size_t room = w->max_waiting > others ? w->max_waiting - others : 0;
    if (w->max_waiting == 0 || outlet->kept_count <= room) return;
    const size_t count = outlet->kept_count - room;
    qsort(outlet->kept, outlet->kept_count, sizeof *outlet->kept, compare_sizes);
    const size_t left = rotation_fold_rows(outlet->kept + room, count);
    outlet->kept_count -= count - left;
    w->kept_count -= count - left;
    if (left < count)
        log_line("warning: %s: %zu flows lose their addresses, more than %zu wait for "
                 "the disk; their packets are still counted",
            outlet->iface, count, w->max_waiting);
}

/* Rows of a block that failed; those without memory to keep them are lost, and it is
 * said. */
static void
keep(struct writeout *w, struct outlet *outlet, const struct rotation_row *rows,
    size_t count)
{
    struct rotation_row *kept =
        reallocarray(outlet->kept, outlet->kept_count + count + 1, sizeof *kept);
    if (kept == NULL) {
        log_line("error: %s: %zu flows are lost: out of memory", outlet->iface, count);
        return;
    }
    if (count > 0) memcpy(kept + outlet->kept_count, rows, count * sizeof *rows);
    outlet->kept = kept;
    outlet->kept_count += count;
    w->kept_count += count;
    fold_kept(w, outlet);
}

static void
forget_kept(struct writeout *w, struct outlet *outlet)
{
    w->kept_count -= outlet->kept_count;
    outlet->kept = NULL;
    outlet->kept_count = 0;
}

static void
set_failed(struct writeout *w)
{
    pthread_mutex_lock(&w->lock);
    w->has_failed = true;
    pthread_mutex_unlock(&w->lock);
}

static void
write_outlet(struct writeout *w, struct outlet *outlet, int64_t time_s,
    const struct rotation_row *rows, size_t count, const struct godb_block_stats *stats)
{
    struct godb_block_stats all = *stats;
    struct godb_err err;
    add_stats(&all.pcap, &outlet->kept_stats);
    int rc = write_block(w, outlet, time_s, rows, count, &all, &err);
    if (rc == GODB_OK) {
        outlet->kept_stats = (struct godb_pcap_stats){.received = 0};
        return;
    }
    outlet->kept_stats = all.pcap;
    if (w->is_strict) {
        log_line("%s", err.msg);
        set_failed(w);
        return;
    }
    log_line("error: %s: block %" PRId64
             " not written, its %zu flows go into the next: %s",
        outlet->iface, time_s, count, err.msg);
    keep(w, outlet, rows, count);
}

static void
write_iface(struct writeout *w, size_t number, const struct rotation *rotation,
    const struct rotation_row *rows, size_t count)
{
    const struct rotation_iface *iface = &rotation->ifaces[number];
    if (count == 0 && !iface->is_active) return;
    struct outlet *outlet = outlet_of(w, iface->name);
    if (outlet != NULL)
        write_outlet(
            w, outlet, rotation->time_s, rows, count, &rotation->stats[number]);
    else
        log_line("error: %s: %zu flows are lost: out of memory", iface->name, count);
}

/* Rows that were kept of an interface that is gone by now. */
static void
write_left_behind(struct writeout *w, const struct rotation *rotation)
{
    const struct godb_block_stats none = {.packets_logged = -1};
    for (struct outlet *outlet = w->outlets; outlet; outlet = outlet->next) {
        struct rotation_row *rows = outlet->kept;
        if (outlet->is_named || rows == NULL) continue;
        const size_t count = outlet->kept_count;
        forget_kept(w, outlet);
        write_outlet(w, outlet, rotation->time_s, rows, count, &none);
        free(rows);
    }
}

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
    for (struct outlet *outlet = w->outlets; outlet; outlet = outlet->next)
        count++;
    struct writeout_state *shown = reallocarray(w->shown, count + 1, sizeof *shown);
    if (shown == NULL) return;
    w->shown = shown;
    w->shown_count = 0;
    for (struct outlet *outlet = w->outlets; outlet; outlet = outlet->next)
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
    struct outlet *outlet = moment == WRITEOUT_QUIET ? w->outlets : NULL;
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

/* --- Rotations --------------------------------------------------------------- */

static void
name_outlets(struct writeout *w, const struct rotation *rotation)
{
    for (struct outlet *outlet = w->outlets; outlet; outlet = outlet->next)
        outlet->is_named = false;
    for (size_t i = 0; i < rotation->iface_count; i++) {
        if (rotation->ifaces[i].name[0] == '\0') continue;
        struct outlet *outlet = outlet_of(w, rotation->ifaces[i].name);
        if (outlet != NULL) outlet->is_named = true;
    }
}

/* The interface may have another slot by now. */
static bool
take_back_rows(struct rotation *rotation, struct outlet *outlet)
{
    for (size_t i = 0; i < rotation->iface_count; i++) {
        if (strcmp(rotation->ifaces[i].name, outlet->iface) != 0) continue;
        for (size_t k = 0; k < outlet->kept_count; k++)
            outlet->kept[k].iface = (uint16_t)i;
        return rotation_add(rotation, outlet->kept, outlet->kept_count);
    }
    return false;
}

static void
take_back_kept(struct writeout *w, struct rotation *rotation)
{
    for (struct outlet *outlet = w->outlets; outlet; outlet = outlet->next) {
        if (!outlet->is_named || outlet->kept == NULL) continue;
        if (!take_back_rows(rotation, outlet)) continue;
        free(outlet->kept);
        forget_kept(w, outlet);
    }
}

static void
write_rotation(struct writeout *w, struct rotation *rotation)
{
    /* Blocks behind one that failed would tear a hole into the file's time. */
    if (w->is_strict && w->has_failed) return;
    name_outlets(w, rotation);
    take_back_kept(w, rotation);
    if (!rotation_merge(rotation)) {
        log_line("error: %zu flows of block %" PRId64 " are lost: out of memory",
            rotation->count, rotation->time_s);
        return;
    }
    size_t at = 0;
    for (size_t iface = 0; iface < rotation->iface_count; iface++) {
        const size_t start = at;
        while (at < rotation->count && rotation->rows[at].iface == iface)
            at++;
        write_iface(w, iface, rotation, rotation->rows + start, at - start);
    }
    write_left_behind(w, rotation);
    close_idle_outlets(w);
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
    for (size_t i = 0; i < options->iface_count; i++) {
        struct outlet *outlet = outlet_of(w, options->ifaces[i]);
        if (outlet == NULL) return no_memory(err);
        const int rc = open_outlet(w, outlet, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

static void
free_writeout(struct writeout *w)
{
    while (w->outlets != NULL) {
        struct outlet *next = w->outlets->next;
        free_outlet(w->outlets);
        w->outlets = next;
    }
    godb_block_free(w->block);
    godb_close(w->db);
    free(w->shown);
    free(w);
}

int
writeout_open(
    struct writeout **out, const struct writeout_options *options, struct godb_err *err)
{
    struct writeout *w = calloc(1, sizeof *w);
    if (w == NULL) return no_memory(err);
    w->l7_names = options->l7_names;
    w->is_strict = options->is_strict;
    w->max_waiting = options->max_waiting;
    w->last = &w->first;
    int rc = GODB_OK;
    if (godb_block_new(&w->block) != GODB_OK) rc = no_memory(err);
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

/* The disk has not answered for long: what waits for it must not fill the memory. */
static void
fold_queued(const struct writeout *w, struct rotation *rotation)
{
    const size_t count = rotation->count;
    if (w->is_strict || w->max_waiting == 0 || w->queued_rows == 0 ||
        w->queued_rows + count <= w->max_waiting)
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
    while (w->is_strict && w->queued_count >= QUEUE_MAX)
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
    int rc = w->has_failed ? -1 : 0;
    for (const struct outlet *at = w->outlets; at != NULL; at = at->next) {
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
