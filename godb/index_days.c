/* SPDX-License-Identifier: MIT
 *
 * index_days.c -- give the days of a database their indexes.
 *
 * While a writer holds an interface its newest day is left to it; older days are
 * finished, and safe to index beside it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/index_build.h"

struct walk {
    struct godb *db;
    const struct day_list *days;
    enum godb_index_mode mode;
    godb_warn_fn *warn;
    void *warn_arg;
    struct godb_index_counts *counts;
    int iface_fd;
    bool is_locked; /* by us */
    int64_t newest_s;
};

static void
add_counts(struct godb_index_counts *to, const struct godb_index_counts *more)
{
    to->block_count += more->block_count;
    to->indexed_count += more->indexed_count;
    to->bad_count += more->bad_count;
}

static int
find_newest(struct walk *walk, const char *iface, struct godb_err *err)
{
    const struct godb_selection sel = {&iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct day_list list;
    int rc = day_list_make(&list, walk->db, &sel, err);
    if (rc != GODB_OK) return rc;
    walk->newest_s = list.count > 0 ? list.days[list.count - 1].day_s : 0;
    day_list_free(&list);
    return GODB_OK;
}

static void
leave_iface(struct walk *walk)
{
    if (walk->iface_fd >= 0) close(walk->iface_fd);
    walk->iface_fd = -1;
    walk->is_locked = false;
}

static int
enter_iface(struct walk *walk, const char *iface, struct godb_err *err)
{
    char path[GODB_PATH_MAX];
    leave_iface(walk);
    if (walk->mode == GODB_INDEX_CHECK) return GODB_OK;
    snprintf(path, sizeof path, "%s/%s", godb_root(walk->db), iface);
    walk->iface_fd = fs_open_below(godb_root(walk->db), iface, NULL);
    if (walk->iface_fd < 0) return err_sys(err, errno, "%s", path);
    walk->is_locked = flock(walk->iface_fd, LOCK_EX | LOCK_NB) == 0;
    return walk->is_locked ? GODB_OK : find_newest(walk, iface, err);
}

/* GODB_EBUSY where the day has to be left alone. */
static int
build(struct walk *walk, const char *iface, int64_t day_s,
    struct godb_index_counts *counts, struct godb_err *err)
{
    if (!walk->is_locked && day_s == walk->newest_s)
        return err_set(err, GODB_EBUSY, "%s/%s/%" PRId64 ": left to its writer",
            godb_root(walk->db), iface, day_s);
    int rc = index_build(godb_root(walk->db), iface, day_s,
        walk->mode == GODB_INDEX_ALL, counts, walk->warn, walk->warn_arg, err);
    if (rc == GODB_OK) walk->counts->built_count++;
    return rc;
}

static int
do_day(struct walk *walk, const char *iface, int64_t day_s, struct godb_err *err)
{
    struct godb_index_counts counts;
    bool is_whole = false;
    int rc = index_check(godb_root(walk->db), iface, day_s, &is_whole, &counts, err);
    if (rc == GODB_OK && walk->mode != GODB_INDEX_CHECK &&
        (!is_whole || walk->mode == GODB_INDEX_ALL)) {
        const struct godb_index_counts before = counts;
        rc = build(walk, iface, day_s, &counts, err);
        if (rc == GODB_EBUSY) {
            walk->counts->busy_count++;
            counts = before;
            rc = GODB_OK;
        }
    }
    walk->counts->day_count++;
    add_counts(walk->counts, &counts);
    return rc;
}

/* A day that cannot be read is told; an index that cannot be written ends the walk, as
 * the next one could not be either. */
static int
walk_days(struct walk *walk, struct godb_err *err)
{
    const struct day_list *days = walk->days;
    struct godb_err why;
    for (size_t i = 0; i < days->count; i++) {
        const struct day_ref *ref = &days->days[i];
        const char *iface = days->ifaces[ref->iface];
        int rc = GODB_OK;
        if (i == 0 || days->days[i - 1].iface != ref->iface)
            rc = enter_iface(walk, iface, err);
        if (rc != GODB_OK) return rc;
        if (ref->is_v4) continue; /* it has no blocks.index */
        rc = do_day(walk, iface, ref->day_s, &why);
        if (rc == GODB_EIO || rc == GODB_ENOMEM) {
            if (err) *err = why;
            return rc;
        }
        if (rc != GODB_OK && rc != GODB_ENOTFOUND && walk->warn)
            walk->warn(walk->warn_arg, &why);
    }
    return GODB_OK;
}

int
godb_index(struct godb_index_counts *out, struct godb *db,
    const struct godb_selection *sel, enum godb_index_mode mode, godb_warn_fn *warn,
    void *warn_arg, struct godb_err *err)
{
    struct day_list days;
    memset(out, 0, sizeof *out);
    int rc = day_list_make(&days, db, sel, err);
    if (rc != GODB_OK) return rc;
    struct walk walk = {
        .db = db,
        .days = &days,
        .mode = mode,
        .warn = warn,
        .warn_arg = warn_arg,
        .counts = out,
        .iface_fd = -1,
    };
    rc = walk_days(&walk, err);
    leave_iface(&walk);
    day_list_free(&days);
    return rc;
}
