/* SPDX-License-Identifier: MIT
 *
 * check.c -- see check.h.
 */
#include "godb/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/summary.h"

/* --- Telling ---------------------------------------------------------------------- */

enum godb_repair
check_outcome(const struct check *check, int repair_errno)
{
    if (!check->spec->does_repair) return GODB_REPAIRABLE;
    return repair_errno == 0 ? GODB_REPAIRED : GODB_REPAIR_FAILED;
}

static void
count_problem(struct godb_check_counts *counts, const struct godb_problem *problem)
{
    counts->note_count += problem->severity == GODB_NOTE;
    counts->warning_count += problem->severity == GODB_WARNING;
    counts->damage_count += problem->severity == GODB_DAMAGE;
    counts->repaired_count +=
        problem->severity != GODB_NOTE && problem->repair == GODB_REPAIRED;
}

void
check_tell(
    struct check *check, const struct check_finding *finding, const char *format, ...)
{
    char path[GODB_PATH_MAX];
    struct godb_err line;
    va_list args;
    char reason[sizeof line.msg];
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    if (finding->repair == GODB_REPAIR_FAILED)
        err_sys(&line, finding->repair_errno, "%.400s; cannot be repaired", reason);
    else
        err_set(&line, GODB_ECORRUPT, "%s", reason);
    snprintf(path, sizeof path, "%s%s%s", finding->dir,
        finding->dir[0] && finding->file ? "/" : "",
        finding->file ? finding->file : "");
    const struct godb_problem problem = {finding->severity, finding->kind,
        path[0] ? path : ".", check->iface, finding->time_s, finding->repair, line.msg};
    count_problem(check->counts, &problem);
    if (check->spec->problem) check->spec->problem(check->spec->arg, &problem);
}

/* --- summary.json ----------------------------------------------------------------- */

static void
tell_summary(struct check *check, int rc, int os_errno, const char *before,
    const char *iface, const char *behind)
{
    const int why = rc == GODB_OK ? 0 : os_errno ? os_errno : EIO;
    const struct check_finding finding = {
        GODB_WARNING, "summary", "", "summary.json", 0, check_outcome(check, why), why};
    if (rc == GODB_EBUSY) return; /* another program is just putting it right */
    check_tell(check, &finding, "%s '%s'%s", before, iface, behind);
}

/* The entry of an interface, against what its blocks came to. */
static void
check_summary(struct check *check)
{
    const char *root = godb_root(check->db);
    const struct summary_entry now = {meta_number(check->flow_count),
        meta_number(check->traffic_bytes), check->begin_s, check->end_s};
    struct summary_entry old;
    struct godb_err err = {0};
    int rc = summary_read(&old, root, check->iface, NULL);
    if (rc == GODB_OK && old.flow_count == now.flow_count &&
        old.traffic_bytes == now.traffic_bytes && old.begin_s == now.begin_s &&
        old.end_s == now.end_s)
        return;
    const bool has_entry = rc == GODB_OK;
    if (rc == GODB_ECORRUPT && !check->spec->does_repair) return; /* told already */
    rc = check->spec->does_repair
             ? summary_update(root, check->iface, &now, false, &err)
             : GODB_OK;
    tell_summary(check, rc, err.os_errno, has_entry ? "has of" : "has no", check->iface,
        has_entry ? " other totals than its blocks" : "");
}

static void
check_entry(struct check *check, const char *name)
{
    struct godb_err err = {0};
    if (godb_has_iface(check->db, name)) return;
    const int rc = check->spec->does_repair && godb_iface_check(name, NULL) == GODB_OK
                       ? summary_forget(godb_root(check->db), name, &err)
                       : GODB_OK;
    tell_summary(check, rc, err.os_errno, "has", name, ", which is no interface here");
}

static void
visit_entry(void *arg, const char *name)
{
    check_entry(arg, name);
}

/* Can it be read, and are there interfaces in it that are gone? */
static void
check_summary_file(struct check *check)
{
    struct godb_err why;
    int rc = summary_each(godb_root(check->db), visit_entry, check, &why);
    if (rc == GODB_OK || rc == GODB_ENOTFOUND) return;
    const int os_errno =
        check->spec->does_repair ? repair_quarantine(check, "", "summary.json") : 0;
    const struct check_finding finding = {GODB_WARNING, "summary", "", "summary.json",
        0, check_outcome(check, os_errno), os_errno};
    check_tell(check, &finding, "%s", why.msg);
}

/* --- Interfaces ------------------------------------------------------------------- */

static bool
is_stopped(const struct check *check)
{
    return check->spec->stop && check->spec->stop(check->spec->stop_arg);
}

static int
check_one_day(
    struct check *check, const struct day_list *days, size_t i, struct godb_err *err)
{
    const struct day_ref *ref = &days->days[i];
    if (is_stopped(check)) return err_set(err, GODB_ECANCELLED, "cancelled");
    if (check->spec->progress)
        check->spec->progress(
            check->spec->arg, i, days->count, check->counts->flow_count);
    snprintf(check->dir, sizeof check->dir, "%s/%" PRId64, check->iface, ref->day_s);
    check->day_s = ref->day_s;
    check->is_newest = i + 1 == days->count || days->days[i + 1].iface != ref->iface;
    check->is_damaged = false;
    check->counts->day_count++;
    int rc = check_day(check, err);
    if (check->is_damaged) check->is_complete = false;
    return rc;
}

static bool
has_writer(int iface_fd)
{
    if (flock(iface_fd, LOCK_EX | LOCK_NB) != 0) return true;
    flock(iface_fd, LOCK_UN);
    return false;
}

static int
check_iface(struct check *check, const struct day_list *days, uint32_t number,
    struct godb_err *err)
{
    check->iface = days->ifaces[number];
    check->is_complete = true;
    check->flow_count = check->traffic_bytes = 0;
    check->begin_s = check->end_s = 0;
    check->iface_fd = fs_open_below(godb_root(check->db), check->iface, NULL);
    if (check->iface_fd < 0) return GODB_OK; /* a link, which the root's check told */
    check->has_writer = !check->spec->does_repair && has_writer(check->iface_fd);
    check->counts->busy_count += check->has_writer;
    check->counts->iface_count++;
    int rc = check_dir(check, check->iface_fd, check->iface, CHECK_IFACE, err);
    for (size_t i = 0; i < days->count && rc == GODB_OK; i++)
        if (days->days[i].iface == number) rc = check_one_day(check, days, i, err);
    if (rc == GODB_OK && check->is_complete && !check->has_writer && check->end_s > 0)
        check_summary(check);
    close(check->iface_fd);
    check->iface = NULL;
    return rc;
}

static int
check_ifaces(struct check *check, const struct day_list *days, struct godb_err *err)
{
    int rc = GODB_OK;
    if (check->spec->ifaces == NULL) {
        rc = check_dir(check, check->root_fd, "", CHECK_ROOT, err);
        if (rc == GODB_OK) check_summary_file(check);
    }
    for (uint32_t i = 0; i < days->iface_count && rc == GODB_OK; i++)
        rc = check_iface(check, days, i, err);
    return rc;
}

/* --- Locks ------------------------------------------------------------------------ */

static int
lock_iface(struct check *check, const char *iface, int *out, struct godb_err *err)
{
    const char *root = godb_root(check->db);
    *out = fs_open_below(root, iface, NULL);
    if (*out < 0 && errno == ELOOP) return GODB_OK; /* is told, and left alone */
    if (*out < 0) return err_sys(err, errno, "%s/%s", root, iface);
    if (flock(*out, LOCK_EX | LOCK_NB) == 0) return GODB_OK;
    return err_set(err, GODB_EBUSY,
        "%s/%s: a program is writing to this interface; stop it to repair", root,
        iface);
}

static int
repair_locked(struct check *check, const struct day_list *days, struct godb_err *err)
{
    int *fds = calloc(days->iface_count ? days->iface_count : 1, sizeof *fds);
    size_t count = 0;
    int rc = fds ? GODB_OK : err_nomem(err);
    for (; rc == GODB_OK && count < days->iface_count; count++)
        rc = lock_iface(check, days->ifaces[count], &fds[count], err);
    if (rc == GODB_OK) rc = check_ifaces(check, days, err);
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0) close(fds[i]);
    free(fds);
    return rc;
}

/* ---------------------------------------------------------------------------------- */

static void
name_quarantine(struct check *check)
{
    struct tm tm;
    char stamp[32];
    const time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    snprintf(check->quarantine, sizeof check->quarantine, ".quarantine/%s-%ld", stamp,
        (long)getpid());
}

int
godb_check(struct godb_check_counts *out, struct godb *db,
    const struct godb_check_spec *spec, struct godb_err *err)
{
    const struct godb_selection sel = {
        spec->ifaces, spec->iface_count, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct day_list days;
    memset(out, 0, sizeof *out);
    int rc = day_list_make(&days, db, &sel, err);
    if (rc != GODB_OK) return rc;
    struct check check = {.db = db, .spec = spec, .counts = out};
    name_quarantine(&check);
    check.root_fd = fs_open_dir(AT_FDCWD, godb_root(db));
    if (check.root_fd < 0)
        rc = err_sys(err, errno, "%s", godb_root(db));
    else
        rc = spec->does_repair ? repair_locked(&check, &days, err)
                               : check_ifaces(&check, &days, err);
    if (check.root_fd >= 0) close(check.root_fd);
    day_list_free(&days);
    return rc;
}
