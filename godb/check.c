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
    snprintf(path, sizeof path, "%s%s%s", finding->dir, finding->dir[0] ? "/" : "",
        finding->file);
    const struct godb_problem problem = {finding->severity, finding->kind, path,
        check->iface, finding->time_s, finding->repair, line.msg};
    count_problem(check->counts, &problem);
    if (check->spec->problem) check->spec->problem(check->spec->arg, &problem);
}

/* --- summary.json ----------------------------------------------------------------- */

static void
tell_summary(struct check *check, int rc, const struct godb_err *err,
    const char *before, const char *iface, const char *behind)
{
    const int why = err_errno(rc, err);
    const struct check_finding finding = {
        GODB_WARNING, "summary", "", "summary.json", 0, check_outcome(check, why), why};
    if (rc == GODB_EBUSY) return; /* another program is just putting it right */
    check_tell(check, &finding, "%s '%s'%s", before, iface, behind);
}

/* Tells so, once.  True where what was there is gone, so that another can be made. */
static bool
cannot_read_summary(struct check *check, const struct godb_err *why)
{
    const bool is_of_file = err_is_of_file(why);
    const bool goes = is_of_file && check->spec->does_repair;
    const int failed = goes ? repair_quarantine(check, "", "summary.json") : 0;
    const struct check_finding finding = {GODB_WARNING, "summary", "", "summary.json",
        0, is_of_file ? check_outcome(check, failed) : GODB_NOT_REPAIRABLE, failed};
    if (!check->summary_is_told) check_tell(check, &finding, "%s", why->msg);
    check->summary_is_told = true;
    return goes && failed == 0;
}

/* The entry of an interface, against what its blocks came to. */
static int
check_summary(struct check *check, struct godb_err *err)
{
    const char *root = godb_root(check->db);
    const struct summary_entry now = {meta_number(check->flow_count),
        meta_number(check->traffic_bytes), check->begin_s, check->end_s};
    struct summary_entry old;
    struct godb_err why = {0};
    int rc = summary_read(&old, root, check->iface, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc == GODB_OK && old.flow_count == now.flow_count &&
        old.traffic_bytes == now.traffic_bytes && old.begin_s == now.begin_s &&
        old.end_s == now.end_s)
        return GODB_OK;
    const bool has_entry = rc == GODB_OK;
    if (rc != GODB_OK && rc != GODB_ENOTFOUND && !cannot_read_summary(check, &why))
        return GODB_OK;
    rc = check->spec->does_repair
             ? summary_update(root, check->iface, &now, false, &why)
             : GODB_OK;
    tell_summary(check, rc, &why, has_entry ? "has of" : "has no", check->iface,
        has_entry ? " other totals than its blocks" : "");
    return GODB_OK;
}

static void
check_entry(struct check *check, const char *name)
{
    struct godb_err err = {0};
    if (godb_has_iface(check->db, name)) return;
    const int rc = check->spec->does_repair
                       ? summary_forget(godb_root(check->db), name, &err)
                       : GODB_OK;
    tell_summary(check, rc, &err, "has", name, ", which is no interface here");
}

static void
visit_entry(void *arg, const char *name)
{
    check_entry(arg, name);
}

/* Can it be read, and are there interfaces in it that are gone? */
static int
check_summary_file(struct check *check, struct godb_err *err)
{
    struct godb_err why;
    int rc = summary_each(godb_root(check->db), visit_entry, check, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK && rc != GODB_ENOTFOUND) cannot_read_summary(check, &why);
    return GODB_OK;
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

/* A link was told in the root, where that was looked at; one may be gone by now. */
static int
cannot_open_iface(struct check *check, struct godb_err *err)
{
    const struct check_finding finding = {
        GODB_DAMAGE, "link", "", check->iface, 0, GODB_NOT_REPAIRABLE, 0};
    if (errno != ELOOP && errno != ENOENT)
        return err_sys(err, errno, "%s/%s", godb_root(check->db), check->iface);
    if (errno == ELOOP && check->spec->ifaces != NULL)
        check_tell(check, &finding, "is a symbolic link, which is not followed");
    return GODB_OK;
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
    if (check->iface_fd < 0) return cannot_open_iface(check, err);
    check->has_writer = !check->spec->does_repair && has_writer(check->iface_fd);
    check->counts->busy_count += check->has_writer;
    check->counts->iface_count++;
    int rc = check_dir(check, check->iface_fd, check->iface, CHECK_IFACE, err);
    for (size_t i = 0; i < days->count && rc == GODB_OK; i++)
        if (days->days[i].iface == number) rc = check_one_day(check, days, i, err);
    if (rc == GODB_OK && check->is_complete && !check->has_writer && check->end_s > 0)
        rc = check_summary(check, err);
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
        if (rc == GODB_OK) rc = check_summary_file(check, err);
    }
    for (uint32_t i = 0; i < days->iface_count && rc == GODB_OK; i++)
        rc = check_iface(check, days, i, err);
    return rc;
}

/* --- Repairing -------------------------------------------------------------------- */

/* One that is not there yet: two repairs of a second do not meet in it. */
static void
name_quarantine(struct check *check)
{
    struct tm tm;
    char stamp[32];
    const time_t now = time(NULL);
    gmtime_r(&now, &tm);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
    const int length = snprintf(check->quarantine, sizeof check->quarantine,
        ".quarantine/%s-%ld", stamp, (long)getpid());
    for (int n = 2; faccessat(check->root_fd, check->quarantine, F_OK, 0) == 0; n++)
        snprintf(check->quarantine + length, sizeof check->quarantine - (size_t)length,
            ".%d", n);
}

static int
lock_iface(struct check *check, const char *iface, int *out, struct godb_err *err)
{
    const char *root = godb_root(check->db);
    *out = fs_open_below(root, iface, NULL);
    if (*out < 0 && errno == ELOOP) return GODB_OK; /* is told, and left alone */
    if (*out < 0) return err_sys(err, errno, "%s/%s", root, iface);
    if (flock(*out, LOCK_EX | LOCK_NB) == 0) return GODB_OK;
    if (errno != EWOULDBLOCK) return err_sys(err, errno, "%s/%s", root, iface);
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
    name_quarantine(check);
    if (rc == GODB_OK) rc = check_ifaces(check, days, err);
    for (size_t i = 0; i < count; i++)
        if (fds[i] >= 0) close(fds[i]);
    free(fds);
    return rc;
}

/* ---------------------------------------------------------------------------------- */

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
    check.root_fd = fs_open_dir(AT_FDCWD, godb_root(db));
    if (check.root_fd >= 0) {
        rc = spec->does_repair ? repair_locked(&check, &days, err)
                               : check_ifaces(&check, &days, err);
        close(check.root_fd);
    } else {
        rc = err_sys(err, errno, "%s", godb_root(db));
    }
    day_list_free(&days);
    return rc;
}
