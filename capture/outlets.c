/* SPDX-License-Identifier: MIT
 *
 * outlets.c -- see outlets.h.
 */
#include "capture/outlets.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "capture/log.h"

static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    log_line("warning: %s", warning->msg);
}

/* --- Memory ------------------------------------------------------------------ */

enum { MEMORY_TRIES = 10, MEMORY_PAUSE_MS = 100 };

/* What is short now may be there in a moment, and live the thread that writes has
 * minutes.  False: tried often enough. */
static bool
wait_for_memory(const struct outlets *o, int *tries)
{
    if (o->is_strict || ++*tries >= MEMORY_TRIES) return false;
    nanosleep(&(struct timespec){0, MEMORY_PAUSE_MS * 1000000L}, NULL);
    return true;
}

static void
tell_lost(struct outlets *o, const char *what, size_t count)
{
    log_line("error: %s: %zu flows are lost: out of memory", what, count);
    o->has_lost = true;
    o->has_failed = o->is_strict;
}

/* --- Outlets ----------------------------------------------------------------- */

int
outlets_no_memory(struct godb_err *err)
{
    err->status = GODB_ENOMEM;
    strcpy(err->msg, "out of memory");
    return GODB_ENOMEM;
}

/* The interface's outlet, made if need be.  NULL: out of memory. */
static struct outlet *
outlet_of(struct outlets *o, const char *iface)
{
    struct outlet *outlet = o->first;
    while (outlet != NULL && strcmp(outlet->iface, iface) != 0)
        outlet = outlet->next;
    if (outlet != NULL) return outlet;
    int tries = 0;
    while ((outlet = calloc(1, sizeof *outlet)) == NULL)
        if (!wait_for_memory(o, &tries)) return NULL;
    snprintf(outlet->iface, sizeof outlet->iface, "%s", iface);
    outlet->next = o->first;
    o->first = outlet;
    return outlet;
}

static int
open_outlet(struct outlets *o, struct outlet *outlet, struct godb_err *err)
{
    if (outlet->writer != NULL) return GODB_OK;
    return godb_writer_open(
        &outlet->writer, o->db, outlet->iface, o->l7_names, warn, NULL, err);
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
close_idle_outlets(struct outlets *o)
{
    for (struct outlet **at = &o->first; *at != NULL;) {
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
stamp_for(const struct outlets *o, struct outlet *outlet, int64_t time_s)
{
    const int64_t last_s = godb_writer_last_s(outlet->writer);
    const bool is_ahead = !o->is_strict && time_s <= last_s;
    if (is_ahead && !outlet->is_ahead)
        log_line("warning: %s: the last block, %" PRId64
                 ", is later than the clock; the next follow right behind it",
            outlet->iface, last_s);
    outlet->is_ahead = is_ahead;
    return is_ahead ? last_s + 1 : time_s;
}

/* Blocks one second behind each other can fill a day: the next one has room. */
static int
append_somewhere(struct outlets *o, struct outlet *outlet, int64_t time_s,
    const struct godb_block_stats *stats, struct godb_err *err)
{
    const int64_t stamp_s = stamp_for(o, outlet, time_s);
    const int64_t next_day_s = stamp_s - stamp_s % GODB_DAY_S + GODB_DAY_S;
    int rc = godb_writer_append(outlet->writer, stamp_s, o->block, stats, err);
    if (rc != GODB_EFULL || o->is_strict) return rc;
    log_line("warning: %s; the block goes to the next day", err->msg);
    return godb_writer_append(outlet->writer, next_day_s, o->block, stats, err);
}

static int
write_block(struct outlets *o, struct outlet *outlet, int64_t time_s,
    const struct rotation_row *rows, size_t count, const struct godb_block_stats *stats,
    struct godb_err *err)
{
    int rc = fill_block(o->block, rows, count);
    if (rc != GODB_OK) return outlets_no_memory(err);
    rc = open_outlet(o, outlet, err);
    if (rc == GODB_OK) rc = append_somewhere(o, outlet, time_s, stats, err);
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
fold_kept(struct outlets *o, struct outlet *outlet)
{
    const size_t others = o->kept_count - outlet->kept_count;
    const size_t room = o->max_waiting > others ? o->max_waiting - others : 0;
    if (o->max_waiting == 0 || outlet->kept_count <= room) return;
    const size_t count = outlet->kept_count - room;
    qsort(outlet->kept, outlet->kept_count, sizeof *outlet->kept, compare_sizes);
    const size_t left = rotation_fold_rows(outlet->kept + room, count);
    outlet->kept_count -= count - left;
    o->kept_count -= count - left;
    if (left < count)
        log_line("warning: %s: %zu flows lose their addresses, more than %zu wait for "
                 "the disk; their packets are still counted",
            outlet->iface, count, o->max_waiting);
}

/* NULL: out of memory. */
static struct rotation_row *
room_for(const struct outlets *o, struct outlet *outlet, size_t count)
{
    int tries = 0;
    struct rotation_row *kept;
    while ((kept = reallocarray(
                outlet->kept, outlet->kept_count + count + 1, sizeof *kept)) == NULL)
        if (!wait_for_memory(o, &tries)) return NULL;
    return kept;
}

/* Rows of a block that failed; those without memory to keep them are lost, and it is
 * said. */
static void
keep(struct outlets *o, struct outlet *outlet, const struct rotation_row *rows,
    size_t count)
{
    struct rotation_row *kept = room_for(o, outlet, count);
    if (kept == NULL) {
        tell_lost(o, outlet->iface, count);
        return;
    }
    if (count > 0) memcpy(kept + outlet->kept_count, rows, count * sizeof *rows);
    outlet->kept = kept;
    outlet->kept_count += count;
    o->kept_count += count;
    fold_kept(o, outlet);
}

static void
forget_kept(struct outlets *o, struct outlet *outlet)
{
    o->kept_count -= outlet->kept_count;
    outlet->kept = NULL;
    outlet->kept_count = 0;
}

static void
write_outlet(struct outlets *o, struct outlet *outlet, int64_t time_s,
    const struct rotation_row *rows, size_t count, const struct godb_block_stats *stats)
{
    struct godb_block_stats all = *stats;
    struct godb_err err;
    add_stats(&all.pcap, &outlet->kept_stats);
    int rc = write_block(o, outlet, time_s, rows, count, &all, &err);
    if (rc == GODB_OK) {
        outlet->kept_stats = (struct godb_pcap_stats){.received = 0};
        return;
    }
    outlet->kept_stats = all.pcap;
    if (o->is_strict) {
        log_line("%s", err.msg);
        o->has_failed = true;
        return;
    }
    log_line("error: %s: block %" PRId64
             " not written, its %zu flows go into the next: %s",
        outlet->iface, time_s, count, err.msg);
    keep(o, outlet, rows, count);
}

static void
write_iface(struct outlets *o, size_t number, const struct rotation *rotation,
    const struct rotation_row *rows, size_t count)
{
    const struct rotation_iface *iface = &rotation->ifaces[number];
    if (count == 0 && !iface->is_active) return;
    struct outlet *outlet = outlet_of(o, iface->name);
    if (outlet != NULL)
        write_outlet(
            o, outlet, rotation->time_s, rows, count, &rotation->stats[number]);
    else
        tell_lost(o, iface->name, count);
}

/* Rows that were kept of an interface that is gone by now. */
static void
write_left_behind(struct outlets *o, const struct rotation *rotation)
{
    const struct godb_block_stats none = {.packets_logged = -1};
    for (struct outlet *outlet = o->first; outlet; outlet = outlet->next) {
        struct rotation_row *rows = outlet->kept;
        if (outlet->is_named || rows == NULL) continue;
        const size_t count = outlet->kept_count;
        forget_kept(o, outlet);
        write_outlet(o, outlet, rotation->time_s, rows, count, &none);
        free(rows);
    }
}

/* --- Rotations --------------------------------------------------------------- */

static void
name_outlets(struct outlets *o, const struct rotation *rotation)
{
    for (struct outlet *outlet = o->first; outlet; outlet = outlet->next)
        outlet->is_named = false;
    for (size_t i = 0; i < rotation->iface_count; i++) {
        if (rotation->ifaces[i].name[0] == '\0') continue;
        struct outlet *outlet = outlet_of(o, rotation->ifaces[i].name);
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
take_back_kept(struct outlets *o, struct rotation *rotation)
{
    for (struct outlet *outlet = o->first; outlet; outlet = outlet->next) {
        if (!outlet->is_named || outlet->kept == NULL) continue;
        if (!take_back_rows(rotation, outlet)) continue;
        free(outlet->kept);
        forget_kept(o, outlet);
    }
}

static bool
merge(const struct outlets *o, struct rotation *rotation)
{
    int tries = 0;
    while (!rotation_merge(rotation))
        if (!wait_for_memory(o, &tries)) return false;
    return true;
}

bool
outlets_write(struct outlets *o, struct rotation *rotation)
{
    /* Blocks behind one that failed would tear a hole into the file's time. */
    if (o->is_strict && o->has_failed) return false;
    name_outlets(o, rotation);
    take_back_kept(o, rotation);
    if (!merge(o, rotation)) {
        char what[40];
        snprintf(what, sizeof what, "block %" PRId64, rotation->time_s);
        tell_lost(o, what, rotation->count);
        return !o->has_failed;
    }
    size_t at = 0;
    for (size_t iface = 0; iface < rotation->iface_count; iface++) {
        const size_t start = at;
        while (at < rotation->count && rotation->rows[at].iface == iface)
            at++;
        write_iface(o, iface, rotation, rotation->rows + start, at - start);
    }
    write_left_behind(o, rotation);
    close_idle_outlets(o);
    return !o->has_failed;
}

/* --- Life -------------------------------------------------------------------- */

int
outlets_open(struct outlets *o, const char *db_path, const char *const *ifaces,
    size_t iface_count, struct godb_err *err)
{
    if (godb_block_new(&o->block) != GODB_OK) return outlets_no_memory(err);
    int rc = godb_open(&o->db, db_path, GODB_CREATE, err);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < iface_count; i++) {
        struct outlet *outlet = outlet_of(o, ifaces[i]);
        if (outlet == NULL) return outlets_no_memory(err);
        rc = open_outlet(o, outlet, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

void
outlets_close(struct outlets *o)
{
    while (o->first != NULL) {
        struct outlet *next = o->first->next;
        free_outlet(o->first);
        o->first = next;
    }
    godb_block_free(o->block);
    godb_close(o->db);
}
