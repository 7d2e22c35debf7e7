/* SPDX-License-Identifier: MIT
 *
 * summary.c -- see summary.h.
 */
#include "godb/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/json_file.h"

static const char SUMMARY_FILE[] = "summary.json";
static const char LOCK_FILE[] = "summary.lock";

enum {
    /* As goDB 2.x waits: 50 ms, then twice as long each time, seven times. */
    LOCK_FIRST_WAIT_MS = 50,
    LOCK_WAITS = 7,
};

/* --- The lock --------------------------------------------------------------------- */

static void
sleep_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

/* The file, with its owner in it for whoever looks; goDB leaves its own empty.  Ours is
 * locked by flock(2) besides, which ends with its owner. */
static int
try_lock(int *out_fd, int root_fd)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    int fd = openat(root_fd, LOCK_FILE, flags, FS_FILE_MODE);
    if (fd < 0) return errno;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) dprintf(fd, "%ld\n", (long)getpid());
    *out_fd = fd;
    return 0;
}

/* One of ours that nobody holds: its owner was killed. */
static bool
is_orphan(int fd, const struct stat *st)
{
    return st->st_size > 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* An update takes milliseconds, so a lock of SUMMARY_STALE_S has no owner any more. */
static bool
is_old(const struct stat *st)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec - st->st_mtim.tv_sec > SUMMARY_STALE_S;
}

static void
break_stale_lock(int root_fd)
{
    struct stat st, there;
    int fd = openat(root_fd, LOCK_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return;
    /* While we hold the lock of a file nobody takes it away but us: so, if its name
     * still leads to it, it is this one that goes. */
    if (fstat(fd, &st) == 0 && (is_orphan(fd, &st) || is_old(&st)) &&
        fstatat(root_fd, LOCK_FILE, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
        there.st_ino == st.st_ino)
        unlinkat(root_fd, LOCK_FILE, 0);
    close(fd);
}

/* *out_fd is what unlock() takes. */
static int
lock(int *out_fd, int root_fd, struct godb_err *err)
{
    long wait_ms = LOCK_FIRST_WAIT_MS;
    for (int tries = 0;; tries++) {
        break_stale_lock(root_fd);
        int rc = try_lock(out_fd, root_fd);
        if (rc == 0) return GODB_OK;
        if (rc != EEXIST) return err_sys(err, rc, "%s", LOCK_FILE);
        if (tries == LOCK_WAITS)
            return err_set(err, GODB_EBUSY,
                "%s: held by another process; remove it if none runs", LOCK_FILE);
        sleep_ms(wait_ms);
        wait_ms *= 2;
    }
}

static void
unlock(int fd, int root_fd)
{
    unlinkat(root_fd, LOCK_FILE, 0);
    close(fd);
}

/* --- The file --------------------------------------------------------------------- */

static int64_t
number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int
load(json_t **out, int root_fd, struct godb_err *err)
{
    int rc = json_file_read(out, root_fd, SUMMARY_FILE, err);
    if (rc != GODB_OK) return rc;
    if (json_is_object(json_object_get(*out, "interfaces"))) return GODB_OK;
    json_decref(*out);
    return err_set(err, GODB_ECORRUPT, "%s: no object \"interfaces\"", SUMMARY_FILE);
}

static bool
parse_entry(struct summary_entry *out, const json_t *entry)
{
    out->flow_count = number_of(entry, "flowcount");
    out->traffic_bytes = number_of(entry, "traffic");
    out->begin_s = number_of(entry, "begin");
    out->end_s = number_of(entry, "end");
    return json_is_object(entry);
}

static int64_t
add_clamped(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void
merge(struct summary_entry *entry, const json_t *old)
{
    if (!json_is_object(old)) return;
    const int64_t begin_s = number_of(old, "begin"), end_s = number_of(old, "end");
    entry->flow_count = add_clamped(entry->flow_count, number_of(old, "flowcount"));
    entry->traffic_bytes = add_clamped(entry->traffic_bytes, number_of(old, "traffic"));
    if (begin_s > 0 && begin_s < entry->begin_s) entry->begin_s = begin_s;
    if (end_s > entry->end_s) entry->end_s = end_s;
}

static int
compare_names(const void *one, const void *two)
{
    return strcmp(*(const char *const *)one, *(const char *const *)two);
}

/* Interfaces in the order of their names, as the original writes them.  NULL: out of
 * memory. */
static json_t *
sorted(json_t *ifaces)
{
    const size_t count = json_object_size(ifaces);
    const char **names = calloc(count + 1, sizeof *names);
    json_t *out = json_object(), *value;
    const char *name;
    size_t i = 0;
    int rc = names && out ? 0 : -1;
    if (rc == 0) {
        json_object_foreach(ifaces, name, value) names[i++] = name;
        qsort(names, count, sizeof *names, compare_names);
    }
    for (i = 0; i < count && rc == 0; i++)
        rc = json_object_set(out, names[i], json_object_get(ifaces, names[i]));
    free(names);
    if (rc == 0) return out;
    json_decref(out);
    return NULL;
}

static int
change(json_t *root, const char *iface, struct summary_entry entry, bool add,
    struct godb_err *err)
{
    json_t *ifaces = json_object_get(root, "interfaces");
    if (add) merge(&entry, json_object_get(ifaces, iface));
    json_t *value = json_pack("{s:I,s:I,s:I,s:I}", "flowcount",
        (json_int_t)entry.flow_count, "traffic", (json_int_t)entry.traffic_bytes,
        "begin", (json_int_t)entry.begin_s, "end", (json_int_t)entry.end_s);
    if (value == NULL) return err_nomem(err);
    if (json_object_set_new(ifaces, iface, value) != 0)
        return err_set(
            err, GODB_EARG, "%s: interface '%s' is not UTF-8", SUMMARY_FILE, iface);
    json_t *ordered = sorted(ifaces);
    if (json_object_set_new(root, "interfaces", ordered) != 0) return err_nomem(err);
    return GODB_OK;
}

/* What is done to an interface's entry. */
enum change { CHANGE_SET, CHANGE_ADD, CHANGE_SUBTRACT, CHANGE_FORGET };

static int64_t
subtract_clamped(int64_t a, int64_t b)
{
    return b > a ? 0 : a - b;
}

static int
subtract(json_t *root, const char *iface, const struct summary_entry *gone,
    struct godb_err *err)
{
    struct summary_entry entry;
    const json_t *old = json_object_get(json_object_get(root, "interfaces"), iface);
    if (!parse_entry(&entry, old)) return GODB_OK;
    entry.flow_count = subtract_clamped(entry.flow_count, gone->flow_count);
    entry.traffic_bytes = subtract_clamped(entry.traffic_bytes, gone->traffic_bytes);
    entry.begin_s = gone->begin_s;
    return change(root, iface, entry, false, err);
}

static int
apply(json_t *root, const char *iface, const struct summary_entry *entry,
    enum change what, struct godb_err *err)
{
    switch (what) {
    case CHANGE_SET:
    case CHANGE_ADD:
        return change(root, iface, *entry, what == CHANGE_ADD, err);
    case CHANGE_SUBTRACT:
        return subtract(root, iface, entry, err);
    case CHANGE_FORGET:
        json_object_del(json_object_get(root, "interfaces"), iface);
        break;
    }
    return GODB_OK;
}

static int
update_locked(int root_fd, const char *iface, const struct summary_entry *entry,
    enum change what, struct godb_err *err)
{
    json_t *root = NULL;
    const bool makes_file = what == CHANGE_SET || what == CHANGE_ADD;
    int rc = load(&root, root_fd, err);
    if (rc == GODB_ENOTFOUND && !makes_file) return GODB_OK;
    if (rc == GODB_ENOTFOUND || rc == GODB_ECORRUPT) {
        root = json_pack("{s:{}}", "interfaces");
        rc = root ? GODB_OK : err_nomem(err);
    }
    if (rc == GODB_OK) rc = apply(root, iface, entry, what, err);
    if (rc == GODB_OK) return json_file_write(root_fd, SUMMARY_FILE, root, err);
    json_decref(root);
    return rc;
}

static int
update(const char *root, const char *iface, const struct summary_entry *entry,
    enum change what, struct godb_err *err)
{
    int root_fd = fs_open_dir(AT_FDCWD, root);
    if (root_fd < 0) return err_sys(err, errno, "%s", root);
    int lock_fd = -1;
    int rc = lock(&lock_fd, root_fd, err);
    if (rc == GODB_OK) {
        rc = update_locked(root_fd, iface, entry, what, err);
        unlock(lock_fd, root_fd);
    }
    close(root_fd);
    if (rc != GODB_OK && rc != GODB_ENOMEM) err_prefix(err, root);
    return rc;
}

int
summary_update(const char *root, const char *iface, const struct summary_entry *entry,
    bool add, struct godb_err *err)
{
    return update(root, iface, entry, add ? CHANGE_ADD : CHANGE_SET, err);
}

int
summary_subtract(const char *root, const char *iface, const struct summary_entry *gone,
    struct godb_err *err)
{
    return update(root, iface, gone, CHANGE_SUBTRACT, err);
}

int
summary_forget(const char *root, const char *iface, struct godb_err *err)
{
    return update(root, iface, NULL, CHANGE_FORGET, err);
}

static int
read_file(json_t **out, const char *root, struct godb_err *err)
{
    int root_fd = fs_open_dir(AT_FDCWD, root);
    if (root_fd < 0) return err_sys(err, errno, "%s", root);
    int rc = load(out, root_fd, err);
    close(root_fd);
    return rc;
}

int
summary_read(struct summary_entry *out, const char *root, const char *iface,
    struct godb_err *err)
{
    json_t *file;
    int rc = read_file(&file, root, err);
    if (rc != GODB_OK) return rc;
    const json_t *ifaces = json_object_get(file, "interfaces");
    if (!parse_entry(out, json_object_get(ifaces, iface)))
        rc = err_set(err, GODB_ENOTFOUND, "%s: no '%s'", SUMMARY_FILE, iface);
    json_decref(file);
    return rc;
}

int
summary_each(const char *root, void (*visit)(void *arg, const char *iface), void *arg,
    struct godb_err *err)
{
    json_t *file, *value;
    const char *iface;
    int rc = read_file(&file, root, err);
    if (rc != GODB_OK) return rc;
    json_object_foreach(json_object_get(file, "interfaces"), iface, value)
    {
        visit(arg, iface);
    }
    json_decref(file);
    return GODB_OK;
}

/* --- How much there is ------------------------------------------------------------ */

static bool
is_selected(const struct godb_selection *sel, const char *iface)
{
    if (sel->ifaces == NULL) return true;
    for (size_t i = 0; i < sel->iface_count; i++)
        if (strcmp(sel->ifaces[i], iface) == 0) return true;
    return false;
}

static void
add_size(struct godb_size *size, const struct summary_entry *entry)
{
    if (entry->flow_count <= 0 || entry->begin_s > entry->end_s) return;
    const bool is_first = size->iface_count++ == 0;
    size->flow_count = add_clamped(size->flow_count, entry->flow_count);
    if (is_first || entry->begin_s < size->begin_s) size->begin_s = entry->begin_s;
    if (is_first || entry->end_s > size->end_s) size->end_s = entry->end_s;
}

int
godb_size(struct godb_size *out, const struct godb *db,
    const struct godb_selection *sel, struct godb_err *err)
{
    json_t *file, *value;
    const char *iface;
    memset(out, 0, sizeof *out);
    int rc = read_file(&file, godb_root(db), err);
    if (rc != GODB_OK) return rc;
    json_object_foreach(json_object_get(file, "interfaces"), iface, value)
    {
        struct summary_entry entry;
        if (is_selected(sel, iface) && parse_entry(&entry, value))
            add_size(out, &entry);
    }
    json_decref(file);
    if (out->iface_count > 0) return GODB_OK;
    return err_set(
        err, GODB_ENOTFOUND, "%s: no flows of these interfaces", SUMMARY_FILE);
}
