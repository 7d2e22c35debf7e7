/* SPDX-License-Identifier: MIT
 *
 * day_list.c -- see day_list.h.
 *
 * A block lies in the directory of the day of its stamp, so the range of stamps is the
 * range of directories.  It is widened by one interval at both ends for writers that
 * stamped blocks with their start.
 */
#include "godb/day_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/v4_day.h"

static int
compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int
compare_days(const void *a, const void *b)
{
    const struct day_ref *one = a, *two = b;
    if (one->iface != two->iface) return one->iface < two->iface ? -1 : 1;
    return one->day_s < two->day_s ? -1 : one->day_s > two->day_s;
}

static int
add_iface(struct day_list *list, const char *name, struct godb_err *err)
{
    void *more = realloc(list->ifaces, (list->iface_count + 1) * sizeof *list->ifaces);
    if (more == NULL) return err_nomem(err);
    list->ifaces = more;
    char *copy = list->ifaces[list->iface_count++];
    const size_t length = strnlen(name, GODB_IFACE_MAX - 1);
    memcpy(copy, name, length);
    copy[length] = '\0';
    return GODB_OK;
}

/* Canonical decimal only: goDB writes no other, and "007" would be opened as "7". */
static bool
parse_day(const char *name, int64_t *out_s)
{
    char *end;
    if (name[0] < '1' || name[0] > '9') return name[0] == '0' && name[1] == '\0';
    errno = 0;
    long long day_s = strtoll(name, &end, 10);
    if (errno != 0 || *end != '\0' || day_s > GODB_STAMP_MAX) return false;
    *out_s = day_s;
    return true;
}

/* 0, or an errno: what it is cannot be told, so it may be missed.  A symbolic link
 * counts: it is not followed, but told where it is opened, as what it stands for may be
 * missed. */
static int
look_for_dir(int dir_fd, const struct dirent *entry, bool *out)
{
    struct stat st;
    *out = entry->d_type == DT_DIR || entry->d_type == DT_LNK;
    if (entry->d_type != DT_UNKNOWN) return 0;
    if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno;
    *out = S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode);
    return 0;
}

/* Call take() for each directory in dir, and close it. */
static int
each_dir(DIR *dir, const char *path,
    int (*take)(void *arg, const char *name, struct godb_err *), void *arg,
    struct godb_err *err)
{
    if (dir == NULL) return err_sys(err, errno, "%s", path);
    int rc = GODB_OK, failed = 0;
    struct dirent *entry;
    while (rc == GODB_OK && failed == 0 && (errno = 0, entry = readdir(dir)) != NULL) {
        bool is_dir;
        failed = look_for_dir(dirfd(dir), entry, &is_dir);
        if (failed == 0 && is_dir) rc = take(arg, entry->d_name, err);
    }
    if (rc == GODB_OK && failed == 0) failed = errno;
    if (failed != 0) rc = err_sys(err, failed, "%s", path);
    closedir(dir);
    return rc;
}

static int
take_iface(void *arg, const char *name, struct godb_err *err)
{
    if (godb_iface_check(name, NULL) != GODB_OK) return GODB_OK;
    return add_iface(arg, name, err);
}

int
day_list_ifaces(struct day_list *list, const struct godb *db, struct godb_err *err)
{
    memset(list, 0, sizeof *list);
    int rc = each_dir(opendir(godb_root(db)), godb_root(db), take_iface, list, err);
    if (rc != GODB_OK) {
        day_list_free(list);
        return rc;
    }
    if (list->iface_count > 1)
        qsort(list->ifaces, list->iface_count, sizeof *list->ifaces, compare_names);
    return GODB_OK;
}

int
godb_iface_number(const struct godb *db, const char *name)
{
    struct day_list list;
    int number = -1;
    if (day_list_ifaces(&list, db, NULL) != GODB_OK) return -1;
    for (size_t i = 0; i < list.iface_count && number < 0; i++)
        if (strcmp(list.ifaces[i], name) == 0) number = (int)i;
    day_list_free(&list);
    return number;
}

static int
copy_ifaces(
    struct day_list *list, const struct godb_selection *sel, struct godb_err *err)
{
    for (size_t i = 0; i < sel->iface_count; i++) {
        int rc = godb_iface_check(sel->ifaces[i], err);
        if (rc == GODB_OK) rc = add_iface(list, sel->ifaces[i], err);
        if (rc != GODB_OK) return rc;
    }
    if (list->iface_count == 0) return GODB_OK;
    qsort(list->ifaces, list->iface_count, sizeof *list->ifaces, compare_names);
    size_t kept = 1;
    for (size_t i = 1; i < list->iface_count; i++)
        if (strcmp(list->ifaces[i], list->ifaces[kept - 1]) != 0)
            memmove(list->ifaces[kept++], list->ifaces[i], GODB_IFACE_MAX);
    list->iface_count = kept;
    return GODB_OK;
}

static int
push_day(struct day_list *list, struct day_ref day, struct godb_err *err)
{
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count ? list->count * 2 : 1;
        void *more = realloc(list->days, capacity * sizeof *list->days);
        if (more == NULL) return err_nomem(err);
        list->days = more;
    }
    list->days[list->count++] = day;
    return GODB_OK;
}

struct day_taker {
    struct day_list *list;
    const struct godb_selection *sel;
    uint32_t iface;
    const char *root;
    const char *below; /* the directory at hand, in the interface's; NULL: that one */
};

static int
add_day(const struct day_taker *taker, int64_t day_s, bool is_v4, struct godb_err *err)
{
    struct day_list *list = taker->list;
    if (day_s + GODB_DAY_S + GODB_INTERVAL_S <= taker->sel->first_s ||
        day_s - GODB_INTERVAL_S > taker->sel->last_s)
        return GODB_OK;
    return push_day(list, (struct day_ref){taker->iface, day_s, is_v4}, err);
}

static int
take_v4_day(void *arg, const char *name, struct godb_err *err)
{
    int64_t day_s;
    return v4_day_number(name, &day_s) ? add_day(arg, day_s, true, err) : GODB_OK;
}

/* A directory is renamed or deleted while we walk: what is gone holds nothing. */
static int
each_dir_there(const struct day_taker *taker, const char *name,
    int (*take)(void *arg, const char *name, struct godb_err *), struct godb_err *err)
{
    char below[600];
    struct day_taker inside = *taker;
    snprintf(below, sizeof below, "%s%s%s", taker->below ? taker->below : "",
        taker->below ? "/" : "", name);
    inside.below = below;
    int rc =
        each_dir(fs_read_below(taker->root, taker->list->ifaces[taker->iface], below),
            below, take, &inside, err);
    return rc == GODB_ENOTFOUND ? GODB_OK : rc;
}

static bool
is_digits(const char *name, size_t count)
{
    return strlen(name) == count && strspn(name, "0123456789") == count;
}

static int
take_v4_month(void *arg, const char *name, struct godb_err *err)
{
    return is_digits(name, 2) ? each_dir_there(arg, name, take_v4_day, err) : GODB_OK;
}

static int
take_day(void *arg, const char *name, struct godb_err *err)
{
    int64_t day_s = 0;
    if (is_digits(name, 4)) return each_dir_there(arg, name, take_v4_month, err);
    return parse_day(name, &day_s) ? add_day(arg, day_s, false, err) : GODB_OK;
}

/* A day that is there in both forms, or was listed twice while it was renamed, is read
 * once; day_open() prefers the classic form, and so does this. */
static void
drop_doubles(struct day_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct day_ref *last = kept > 0 ? &list->days[kept - 1] : NULL;
        if (last && compare_days(last, &list->days[i]) == 0)
            last->is_v4 = last->is_v4 && list->days[i].is_v4;
        else
            list->days[kept++] = list->days[i];
    }
    list->count = kept;
}

static int
list_days(struct day_list *list, const struct godb *db,
    const struct godb_selection *sel, struct godb_err *err)
{
    for (size_t i = 0; i < list->iface_count; i++) {
        char path[GODB_PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", godb_root(db), list->ifaces[i]);
        struct day_taker taker = {list, sel, (uint32_t)i, godb_root(db), NULL};
        DIR *dir = fs_read_below(godb_root(db), list->ifaces[i], NULL);
        /* One that is a link: a day that cannot be opened tells so, without taking the
         * other interfaces along. */
        int rc = dir == NULL && errno == ELOOP
                     ? push_day(list, (struct day_ref){(uint32_t)i, 0, false}, err)
                     : each_dir(dir, path, take_day, &taker, err);
        if (rc == GODB_ENOTFOUND)
            return err_set(err, rc, "%s: no interface '%s' in this database",
                godb_root(db), list->ifaces[i]);
        if (rc != GODB_OK) return rc;
    }
    if (list->count > 1)
        qsort(list->days, list->count, sizeof *list->days, compare_days);
    drop_doubles(list);
    return GODB_OK;
}

int
day_list_make(struct day_list *list, const struct godb *db,
    const struct godb_selection *sel, struct godb_err *err)
{
    memset(list, 0, sizeof *list);
    int rc = sel->ifaces == NULL ? day_list_ifaces(list, db, err)
                                 : copy_ifaces(list, sel, err);
    if (rc == GODB_OK) rc = list_days(list, db, sel, err);
    if (rc != GODB_OK) day_list_free(list);
    return rc;
}

/* Where it stands or would stand by name. */
static uint32_t
place_of(const struct day_list *list, const char *iface)
{
    uint32_t at = 0;
    while (at < list->iface_count && strcmp(list->ifaces[at], iface) < 0)
        at++;
    return at;
}

static int
insert_iface(
    struct day_list *list, uint32_t at, const char *iface, struct godb_err *err)
{
    int rc = add_iface(list, iface, err);
    if (rc != GODB_OK) return rc;
    char name[GODB_IFACE_MAX];
    memcpy(name, list->ifaces[list->iface_count - 1], sizeof name);
    memmove(list->ifaces[at + 1], list->ifaces[at],
        (list->iface_count - 1 - at) * sizeof *list->ifaces);
    memcpy(list->ifaces[at], name, sizeof name);
    for (size_t i = 0; i < list->count; i++)
        if (list->days[i].iface >= at) list->days[i].iface++;
    return GODB_OK;
}

int
day_list_add(
    struct day_list *list, const char *iface, int64_t day_s, struct godb_err *err)
{
    const uint32_t at = place_of(list, iface);
    int rc = GODB_OK;
    if (at == list->iface_count || strcmp(list->ifaces[at], iface) != 0)
        rc = insert_iface(list, at, iface, err);
    if (rc == GODB_OK) rc = push_day(list, (struct day_ref){at, day_s, false}, err);
    if (rc == GODB_OK) qsort(list->days, list->count, sizeof *list->days, compare_days);
    return rc;
}

void
day_list_free(struct day_list *list)
{
    free(list->ifaces);
    free(list->days);
    memset(list, 0, sizeof *list);
}
