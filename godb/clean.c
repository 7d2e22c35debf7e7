/* SPDX-License-Identifier: MIT
 *
 * clean.c -- deleting days.
 *
 *   1  <day> becomes .deleted-<day>, which no reader looks into: gone at once   <-
 * commit 2  summary.json loses what they held 3  the files go, then the directories
 *
 * A crash before 2 leaves a summary that is too large, one before 3 leaves files; both
 * are put right by the next clean, which finds the .deleted- directories, and the first
 * also by the next writer.
 *
 * Only files with goDB's names are deleted.  A day directory that holds others gets its
 * name back and keeps them; a directory without a goDB file is nobody's business here.
 *
 * A daemon holds the lock of its interfaces as long as it runs, so there deleting goes
 * on without it: it has no day open but the newest, which is left alone then.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "godb/block_index.h"
#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/mend.h"
#include "godb/summary.h"

static const char TRASH[] = ".deleted-";

enum { NAME_MAX_BYTES = 64 };

/* One interface's turn. */
struct cleaning {
    struct godb *db;
    const char *iface;
    int64_t before_s;
    bool is_dry, has_lock;
    godb_warn_fn *warn;
    void *warn_arg;
    struct godb_clean_counts *counts;
    int iface_fd;
    struct summary_entry gone; /* what the summary is to lose */
    bool is_unsure;            /* the summary has to be counted again */
    uint64_t renamed_count;
};

static void
tell(const struct cleaning *cleaning, const struct godb_err *warning)
{
    if (cleaning->warn) cleaning->warn(cleaning->warn_arg, warning);
}

static void
tell_sys(const struct cleaning *cleaning, const char *name)
{
    struct godb_err why;
    err_sys(&why, errno, "%s/%s/%s", godb_root(cleaning->db), cleaning->iface, name);
    tell(cleaning, &why);
}

/* --- Names ------------------------------------------------------------------------ */

static bool
is_file_name(const char *name)
{
    static const char *const others[] = {
        "meta.json", "l7proto.json", BLOCK_INDEX_FILE, BLOCK_INDEX_NEW_FILE};
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (strcmp(name, godb_columns[col].file) == 0) return true;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(name, others[i]) == 0) return true;
    return false;
}

/* A file of goDB's, or, ".meta.json.1234", what one was to become. */
static bool
is_ours(const char *name)
{
    char stem[NAME_MAX_BYTES];
    const char *dot = strrchr(name, '.');
    if (name[0] != '.') return is_file_name(name);
    const size_t length = (size_t)(dot - name);
    if (length < 2 || length > sizeof stem || dot[1] == '\0' ||
        dot[1 + strspn(dot + 1, "0123456789")] != '\0')
        return false;
    memcpy(stem, name + 1, length - 1);
    stem[length - 1] = '\0';
    return is_file_name(stem);
}

static int
open_real_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Call visit() for each name in a directory; it takes the descriptor. */
static void
each_name(int fd, void (*visit)(void *arg, int fd, const char *name), void *arg)
{
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry;
    if (dir == NULL) {
        if (fd >= 0) close(fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(arg, dirfd(dir), entry->d_name);
    closedir(dir);
}

/* --- Looking ---------------------------------------------------------------------- */

static void
look(void *arg, int fd, const char *name)
{
    bool *has_ours = arg;
    (void)fd;
    *has_ours |= is_ours(name);
}

/* Is this directory a day of goDB's?  One without a file of it is not. */
static bool
is_day(const struct cleaning *cleaning, const char *name)
{
    bool has_ours = false;
    each_name(open_real_dir(cleaning->iface_fd, name), look, &has_ours);
    return has_ours;
}

/* What a day holds, before it is gone. */
static void
count_day(struct cleaning *cleaning, int64_t day_s)
{
    const struct godb_selection sel = {
        &cleaning->iface, 1, day_s, day_s + GODB_DAY_S - 1};
    struct godb_block_list *list;
    struct godb_block_info info;
    cleaning->counts->day_count++;
    if (godb_block_list_open(&list, cleaning->db, &sel, NULL, NULL, NULL) != GODB_OK) {
        cleaning->is_unsure = true;
        return;
    }
    while (godb_block_list_next(list, &info, NULL) == GODB_OK) {
        cleaning->counts->block_count++;
        cleaning->counts->flow_count += info.flow_count;
        cleaning->counts->disk_bytes += info.compressed_bytes;
        cleaning->gone.flow_count += (int64_t)info.flow_count;
        cleaning->gone.traffic_bytes += info.traffic_bytes > 0 ? info.traffic_bytes : 0;
        cleaning->is_unsure |= info.traffic_bytes < 0;
    }
    godb_block_list_close(list);
}

/* --- Deleting --------------------------------------------------------------------- */

struct emptying {
    struct cleaning *cleaning;
    bool has_others;
};

static void
delete_file(void *arg, int fd, const char *name)
{
    struct emptying *emptying = arg;
    if (!is_ours(name))
        emptying->has_others = true;
    else if (unlinkat(fd, name, 0) != 0)
        tell_sys(emptying->cleaning, name);
}

/* One .deleted- directory. */
static void
empty_trash(struct cleaning *cleaning, const char *name)
{
    struct emptying emptying = {cleaning, false};
    struct godb_err why;
    each_name(open_real_dir(cleaning->iface_fd, name), delete_file, &emptying);
    if (unlinkat(cleaning->iface_fd, name, AT_REMOVEDIR) == 0) return;
    if (!emptying.has_others) {
        tell_sys(cleaning, name);
        return;
    }
    const char *day = name + strlen(TRASH);
    renameat(cleaning->iface_fd, name, cleaning->iface_fd, day);
    cleaning->counts->kept_count++;
    err_set(&why, GODB_EIO, "%s/%s/%s: holds files that are not goDB's, which stay",
        godb_root(cleaning->db), cleaning->iface, day);
    tell(cleaning, &why);
}

struct trash {
    char (*names)[NAME_MAX_BYTES];
    size_t count;
};

static void
list_trash(void *arg, int fd, const char *name)
{
    struct trash *trash = arg;
    const size_t length = strlen(name);
    (void)fd;
    if (strncmp(name, TRASH, strlen(TRASH)) != 0 || length >= NAME_MAX_BYTES) return;
    void *more = realloc(trash->names, (trash->count + 1) * sizeof *trash->names);
    if (more == NULL) return; /* the next clean will find it */
    trash->names = more;
    memcpy(trash->names[trash->count++], name, length + 1);
}

static struct trash
find_trash(const struct cleaning *cleaning)
{
    struct trash trash = {NULL, 0};
    each_name(openat(cleaning->iface_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        list_trash, &trash);
    return trash;
}

static void
empty_all_trash(struct cleaning *cleaning)
{
    struct trash trash = find_trash(cleaning);
    for (size_t i = 0; i < trash.count; i++)
        empty_trash(cleaning, trash.names[i]);
    free(trash.names);
}

static void
take_day(struct cleaning *cleaning, int64_t day_s)
{
    char name[NAME_MAX_BYTES], trash[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "%" PRId64, day_s);
    snprintf(trash, sizeof trash, "%s%" PRId64, TRASH, day_s);
    if (day_s % GODB_DAY_S != 0 || !is_day(cleaning, name)) return;
    count_day(cleaning, day_s);
    if (cleaning->is_dry) return;
    if (renameat(cleaning->iface_fd, name, cleaning->iface_fd, trash) == 0) {
        cleaning->renamed_count++;
        return;
    }
    tell_sys(cleaning, name);
    cleaning->counts->day_count--;
    cleaning->is_unsure = true;
}

/* --- The summary ------------------------------------------------------------------ */

/* The first stamp of what is left; 0 where nothing is. */
static int64_t
first_left(const struct cleaning *cleaning)
{
    const struct godb_selection sel = {
        &cleaning->iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    int64_t first_s = 0;
    if (godb_block_list_open(&list, cleaning->db, &sel, NULL, NULL, NULL) != GODB_OK)
        return 0;
    /* Days come in order, the blocks of one as they were written. */
    while (godb_block_list_next(list, &info, NULL) == GODB_OK &&
           (first_s == 0 || info.time_s < first_s + GODB_DAY_S))
        if (first_s == 0 || info.time_s < first_s) first_s = info.time_s;
    godb_block_list_close(list);
    return first_s;
}

static int
follow_summary(struct cleaning *cleaning, struct godb_err *err)
{
    const char *root = godb_root(cleaning->db);
    cleaning->gone.begin_s = first_left(cleaning);
    if (cleaning->gone.begin_s == 0) return summary_forget(root, cleaning->iface, err);
    if (!cleaning->is_unsure)
        return summary_subtract(root, cleaning->iface, &cleaning->gone, err);
    return mend_summary(
        cleaning->db, cleaning->iface, cleaning->warn, cleaning->warn_arg, err);
}

/* --- Interfaces ------------------------------------------------------------------- */

static int
rename_days(struct cleaning *cleaning, struct godb_err *err)
{
    const struct godb_selection sel = {
        &cleaning->iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct day_list list;
    int rc = day_list_make(&list, cleaning->db, &sel, err);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < list.count; i++) {
        const int64_t day_s = list.days[i].day_s;
        if (day_s + GODB_DAY_S > cleaning->before_s) continue;
        if (!cleaning->has_lock && i + 1 == list.count)
            cleaning->counts->busy_count++;
        else
            take_day(cleaning, day_s);
    }
    day_list_free(&list);
    return GODB_OK;
}

static int
delete_days(struct cleaning *cleaning, struct godb_err *err)
{
    struct trash old = find_trash(cleaning);
    cleaning->is_unsure |= old.count > 0;
    free(old.names);
    int rc = rename_days(cleaning, err);
    if (rc != GODB_OK || cleaning->is_dry) return rc;
    if (cleaning->renamed_count == 0 && old.count == 0) return GODB_OK;
    if (fsync(cleaning->iface_fd) != 0)
        return err_sys(err, errno, "%s/%s", godb_root(cleaning->db), cleaning->iface);
    rc = follow_summary(cleaning, err);
    empty_all_trash(cleaning);
    return rc;
}

/* An interface without anything goes, unless somebody is about to write. */
static void
remove_if_empty(struct cleaning *cleaning)
{
    char path[GODB_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", godb_root(cleaning->db), cleaning->iface);
    if (cleaning->is_dry || !cleaning->has_lock || cleaning->renamed_count == 0) return;
    if (rmdir(path) == 0) cleaning->counts->iface_count++;
}

static int
clean_iface(struct cleaning *cleaning, struct godb_err *err)
{
    char path[GODB_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", godb_root(cleaning->db), cleaning->iface);
    cleaning->iface_fd = open_real_dir(AT_FDCWD, path);
    if (cleaning->iface_fd < 0) {
        tell_sys(cleaning, "");
        return GODB_OK;
    }
    cleaning->has_lock = flock(cleaning->iface_fd, LOCK_EX | LOCK_NB) == 0;
    int rc = delete_days(cleaning, err);
    if (rc == GODB_OK) remove_if_empty(cleaning);
    close(cleaning->iface_fd);
    return rc;
}

int
godb_clean(struct godb_clean_counts *out, struct godb *db, int64_t before_s,
    bool is_dry, godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    struct day_list list;
    memset(out, 0, sizeof *out);
    int rc = day_list_ifaces(&list, db, err);
    for (size_t i = 0; rc == GODB_OK && i < list.iface_count; i++) {
        struct cleaning cleaning = {.db = db,
            .iface = list.ifaces[i],
            .before_s = before_s,
            .is_dry = is_dry,
            .warn = warn,
            .warn_arg = warn_arg,
            .counts = out};
        rc = clean_iface(&cleaning, err);
    }
    day_list_free(&list);
    return rc;
}
