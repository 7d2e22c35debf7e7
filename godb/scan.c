/* SPDX-License-Identifier: MIT
 *
 * scan.c -- flows, block by block.
 *
 *      by interface, day, slot   day after day, listed by directory, one reader
 *      by time                   block_order: all headers first, then from day to day
 *
 *
 *            eth0   A     B  C     D          readers stay in their days:
 *            eth1     a  b     c     d        A  a  b  B  C  c  D  d
 */
#include "godb/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "godb/block_order.h"
#include "godb/block_reader.h"
#include "godb/error.h"
#include "godb/filter.h"
#include "godb/fsutil.h"
#include "godb/live.h"

/* --- Names in the filter ---------------------------------------------------------- */

struct l7_search {
    const struct day_list *days;
    const char *root;
    const struct godb_live *live;
};

static bool
day_knows(const struct l7_search *search, const struct day_ref *ref, const char *name)
{
    char day[24];
    struct l7_spaces spaces;
    bool found = false;
    if (ref->day_s == DAY_LIVE) return godb_l7_id(search->live->names, name) >= 0;
    snprintf(day, sizeof day, "%" PRId64, ref->day_s);
    int dir_fd = fs_open_below(search->root, search->days->ifaces[ref->iface], day);
    if (dir_fd < 0) return false;
    if (l7_file_read(&spaces, dir_fd, NULL) == GODB_OK) {
        for (size_t i = 0; i < spaces.count && !found; i++)
            found = godb_l7_id(spaces.spaces[i].names, name) >= 0;
        l7_spaces_free(&spaces);
    }
    close(dir_fd);
    return found;
}

static bool
is_known(void *arg, const char *name)
{
    const struct l7_search *search = arg;
    if (godb_l7_id(godb_l7_libprotoident(), name) >= 0) return true;
    for (size_t i = 0; i < search->days->count; i++)
        if (day_knows(search, &search->days->days[i], name)) return true;
    return false;
}

int
scan_days(struct day_list *out, struct godb *db, const struct godb_scan_spec *spec,
    struct godb_err *err)
{
    int rc = day_list_make(out, db, &spec->sel, err);
    if (rc != GODB_OK) return rc;
    rc = live_add_days(out, spec->live, &spec->sel, err);
    if (rc != GODB_OK) day_list_free(out);
    if (rc != GODB_OK || spec->filter == NULL || out->count == 0) return rc;
    struct l7_search search = {out, godb_root(db), spec->live};
    const char *unknown = filter_unknown_l7_name(spec->filter, is_known, &search);
    if (unknown == NULL) return GODB_OK;
    err_set(err, GODB_EARG,
        "condition: no layer 7 protocol is called '%s' in the days asked for", unknown);
    day_list_free(out);
    return GODB_EARG;
}

/* --- The scan --------------------------------------------------------------------- */

/* In the order of blocks the interfaces alternate; so many of them keep their day open.
 * Each takes ten file descriptors. */
enum { READERS_MAX = 16 };
#define NO_DAY SIZE_MAX

struct scan_reader {
    struct block_reader reader;
    size_t day; /* that it has entered */
};

struct godb_scan {
    struct godb *db;
    struct godb_scan_spec spec;
    struct day_list days;
    size_t next_day;          /* without an order of blocks */
    struct block_order order; /* with one */
    size_t next_ref;
    struct scan_reader *readers, *at;
    size_t reader_count;
};

static bool
is_ordered(const struct godb_scan *scan)
{
    return scan->spec.block_order_count > 0;
}

static int
make_readers(struct godb_scan *scan, struct godb_err *err)
{
    scan->reader_count = 1;
    if (is_ordered(scan) && scan->days.iface_count > 1)
        scan->reader_count =
            scan->days.iface_count < READERS_MAX ? scan->days.iface_count : READERS_MAX;
    scan->readers = calloc(scan->reader_count, sizeof *scan->readers);
    if (scan->readers == NULL) return err_nomem(err);
    for (size_t i = 0; i < scan->reader_count; i++) {
        block_reader_init(&scan->readers[i].reader, &scan->spec);
        scan->readers[i].day = NO_DAY;
    }
    scan->at = scan->readers;
    return GODB_OK;
}

int
godb_scan_open(struct godb_scan **out, struct godb *db,
    const struct godb_scan_spec *spec, struct godb_err *err)
{
    struct godb_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) return err_nomem(err);
    scan->db = db;
    scan->spec = *spec;
    int rc = scan_days(&scan->days, db, spec, err);
    if (rc == GODB_OK && is_ordered(scan))
        rc = block_order_make(&scan->order, db, &scan->days, &scan->spec, err);
    if (rc == GODB_OK) rc = make_readers(scan, err);
    if (rc != GODB_OK) {
        godb_scan_close(scan);
        return rc;
    }
    *out = scan;
    return GODB_OK;
}

static int
enter(struct godb_scan *scan, struct scan_reader *reader, size_t day,
    struct godb_err *err)
{
    const struct day_ref *ref = &scan->days.days[day];
    scan->at = reader;
    if (reader->day == day) return GODB_OK;
    reader->day = day;
    return block_reader_enter(&reader->reader, godb_root(scan->db),
        scan->days.ifaces[ref->iface], ref->day_s, err);
}

/* The next blocks in order that stand side by side in a day. */
static int
next_run(struct godb_scan *scan, struct godb_err *err)
{
    const struct block_ref *ref = &scan->order.refs[scan->next_ref];
    uint32_t until = ref->slot;
    while (scan->next_ref < scan->order.count &&
           scan->order.refs[scan->next_ref].day == ref->day &&
           scan->order.refs[scan->next_ref].slot == until) {
        scan->next_ref++;
        until++;
    }
    const uint32_t iface = scan->days.days[ref->day].iface;
    struct scan_reader *reader = &scan->readers[iface % scan->reader_count];
    int rc = enter(scan, reader, ref->day, err);
    if (rc == GODB_OK) block_reader_take_slots(&reader->reader, ref->slot, until);
    return rc;
}

/* Go on to the blocks that come next; GODB_DONE where there are none. */
static int
advance(struct godb_scan *scan, struct godb_err *err)
{
    if (is_ordered(scan))
        return scan->next_ref < scan->order.count ? next_run(scan, err) : GODB_DONE;
    if (scan->next_day >= scan->days.count) return GODB_DONE;
    return enter(scan, scan->readers, scan->next_day++, err);
}

int
godb_scan_next(struct godb_scan *scan, struct godb_chunk *out, struct godb_err *err)
{
    for (;;) {
        int rc = block_reader_next(&scan->at->reader, out, err);
        if (rc != GODB_DONE) return rc;
        rc = advance(scan, err);
        if (rc != GODB_OK) return rc;
    }
}

void
godb_scan_close(struct godb_scan *scan)
{
    if (scan == NULL) return;
    for (size_t i = 0; scan->readers != NULL && i < scan->reader_count; i++)
        block_reader_free(&scan->readers[i].reader);
    free(scan->readers);
    block_order_free(&scan->order);
    day_list_free(&scan->days);
    free(scan);
}
