/* SPDX-License-Identifier: MIT
 *
 * block_order.c -- see block_order.h.
 */
#include "godb/block_order.h"

#include <stdlib.h>

#include "godb/day.h"
#include "godb/error.h"
#include "godb/live.h"

/* --- Listing ---------------------------------------------------------------------- */

static int
reserve(struct block_order *order, size_t count, struct godb_err *err)
{
    struct block_ref *more =
        realloc(order->refs, (order->count + count + 1) * sizeof *more);
    if (more == NULL) return err_nomem(err);
    order->refs = more;
    return GODB_OK;
}

static int
add_blocks(struct block_order *order, const struct day *day, uint32_t day_index,
    const struct godb_selection *sel, int64_t until_s, struct godb_err *err)
{
    int rc = reserve(order, day_block_count(day), err);
    if (rc != GODB_OK) return rc;
    for (uint32_t slot = 0; slot < day_block_count(day); slot++) {
        const int64_t time_s = day_block_time(day, slot);
        if (time_s < sel->first_s || time_s > sel->last_s || time_s > until_s) continue;
        if (!day_block_is_first(day, slot)) continue;
        order->refs[order->count++] = (struct block_ref){time_s, day_index, slot};
    }
    return GODB_OK;
}

static int
add_live(struct block_order *order, uint32_t day_index, const struct live_block *block,
    struct godb_err *err)
{
    int rc = reserve(order, 1, err);
    if (rc != GODB_OK) return rc;
    order->refs[order->count++] = (struct block_ref){block->time_s, day_index, 0};
    return GODB_OK;
}

static int
add_day(struct block_order *order, struct day *day, const struct godb *db,
    const struct day_list *days, uint32_t day_index, const struct godb_scan_spec *spec,
    struct godb_err *err)
{
    const struct day_ref *ref = &days->days[day_index];
    struct godb_err why;
    if (spec->stop && spec->stop(spec->stop_arg))
        return err_set(err, GODB_ECANCELLED, "cancelled");
    const char *iface = days->ifaces[ref->iface];
    if (ref->day_s == DAY_LIVE)
        return add_live(order, day_index, live_find(spec->live, iface), err);
    int rc = day_open(day, godb_root(db), iface, ref->day_s, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK) {
        /* Being made, or just deleted. */
        if (rc != GODB_ENOTFOUND && spec->warn) spec->warn(spec->warn_arg, &why);
        return GODB_OK;
    }
    rc = add_blocks(
        order, day, day_index, &spec->sel, live_stored_until(spec->live, iface), err);
    day_close(day);
    return rc;
}

/* --- Ordering --------------------------------------------------------------------- */

struct ordering {
    const struct day_list *days;
    const struct godb_scan_spec *spec;
};

static int
compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_refs(const void *one, const void *two, void *arg)
{
    const struct block_ref *a = one, *b = two;
    const struct ordering *by = arg;
    const struct day_ref *days = by->days->days;
    for (size_t i = 0; i < by->spec->block_order_count; i++) {
        const struct godb_block_order *term = &by->spec->block_order[i];
        const int order = term->key == GODB_BLOCK_TIME
                              ? (a->time_s > b->time_s) - (a->time_s < b->time_s)
                              : compare_u64(days[a->day].iface, days[b->day].iface);
        if (order != 0) return term->descending ? -order : order;
    }
    /* Days are ordered by interface. */
    return a->day == b->day ? compare_u64(a->slot, b->slot)
                            : compare_u64(a->day, b->day);
}

int
block_order_make(struct block_order *out, const struct godb *db,
    const struct day_list *days, const struct godb_scan_spec *spec,
    struct godb_err *err)
{
    *out = (struct block_order){NULL, 0};
    struct day *day = malloc(sizeof *day);
    int rc = day ? GODB_OK : err_nomem(err);
    for (uint32_t i = 0; rc == GODB_OK && i < days->count; i++)
        rc = add_day(out, day, db, days, i, spec, err);
    free(day);
    if (rc != GODB_OK) {
        block_order_free(out);
        return rc;
    }
    struct ordering by = {days, spec};
    if (out->count > 1)
        qsort_r(out->refs, out->count, sizeof *out->refs, compare_refs, &by);
    return GODB_OK;
}

void
block_order_free(struct block_order *order)
{
    free(order->refs);
    *order = (struct block_order){NULL, 0};
}
