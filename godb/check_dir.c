/* SPDX-License-Identifier: MIT
 *
 * check_dir.c -- see check.h: what may lie where, of which kind, with which mode.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "godb/check.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/summary.h"

/* What a name stands for. */
enum entry {
    ENTRY_FOREIGN,
    ENTRY_FILE,     /* of goDB's */
    ENTRY_DIR,      /* of goDB's */
    ENTRY_SOCKET,   /* of a running daemon */
    ENTRY_LEFTOVER, /* of a program that was cut off */
    ENTRY_HIDDEN    /* the quarantine: not looked into */
};

static bool
is_number(const char *name)
{
    return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* ".meta.json.1234": what fs_replace() renames. */
static bool
is_temporary(const char *name, const char *of)
{
    const size_t length = strlen(of);
    return name[0] == '.' && strncmp(name + 1, of, length) == 0 &&
           name[1 + length] == '.' && is_number(name + 2 + length);
}

static enum entry
classify_root(const char *name)
{
    if (strcmp(name, ".quarantine") == 0) return ENTRY_HIDDEN;
    if (strcmp(name, "summary.json") == 0) return ENTRY_FILE;
    if (strcmp(name, "summary.lock") == 0) return ENTRY_LEFTOVER;
    if (strcmp(name, GODB_LIVE_SOCKET) == 0) return ENTRY_SOCKET;
    if (is_temporary(name, "summary.json")) return ENTRY_LEFTOVER;
    return godb_iface_check(name, NULL) == GODB_OK ? ENTRY_DIR : ENTRY_FOREIGN;
}

static enum entry
classify_iface(const char *name)
{
    if (strncmp(name, ".deleted-", 9) == 0 && is_number(name + 9))
        return ENTRY_LEFTOVER;
    if (!is_number(name) || (name[0] == '0' && name[1] != '\0')) return ENTRY_FOREIGN;
    return ENTRY_DIR;
}

static enum entry
classify_day(const char *name)
{
    static const char *const files[] = {"meta.json", "l7proto.json", BLOCK_INDEX_FILE};
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (strcmp(name, godb_columns[col].file) == 0) return ENTRY_FILE;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(name, files[i]) == 0) return ENTRY_FILE;
        if (is_temporary(name, files[i])) return ENTRY_LEFTOVER;
    }
    return strcmp(name, BLOCK_INDEX_NEW_FILE) == 0 ? ENTRY_LEFTOVER : ENTRY_FOREIGN;
}

static enum entry (*const classify[])(const char *name) = {
    [CHECK_ROOT] = classify_root,
    [CHECK_IFACE] = classify_iface,
    [CHECK_DAY] = classify_day,
};

struct visit {
    struct check *check;
    int dir_fd;
    const char *dir, *name;
    struct stat st;
};

static void
tell(const struct visit *visit, enum godb_severity severity, const char *kind,
    enum godb_repair repair, int repair_errno, const char *what)
{
    const struct check_finding finding = {
        severity, kind, visit->dir, visit->name, 0, repair, repair_errno};
    check_tell(visit->check, &finding, "%s", what);
}

/* --- Kinds ------------------------------------------------------------------------ */

static const char *
kind_of(mode_t mode)
{
    if (S_ISLNK(mode)) return "a symbolic link, which is not followed";
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISREG(mode)) return "a file";
    if (S_ISFIFO(mode)) return "a FIFO";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

/* False where it is not what the name stands for, which is told. */
static bool
check_kind(const struct visit *visit, enum entry entry)
{
    const mode_t mode = visit->st.st_mode;
    const bool is_right = entry == ENTRY_FILE  ? S_ISREG(mode)
                          : entry == ENTRY_DIR ? S_ISDIR(mode)
                                               : S_ISSOCK(mode);
    char what[128];
    if (is_right) return true;
    /* In the root any name may be an interface's: a file is just no interface. */
    if (entry == ENTRY_DIR && !S_ISLNK(mode)) {
        tell(visit, GODB_NOTE, "foreign", GODB_NOT_REPAIRABLE, 0,
            "is not goDB's, and ignored");
        return false;
    }
    snprintf(what, sizeof what, "is %s", kind_of(mode));
    tell(visit, GODB_DAMAGE, S_ISLNK(mode) ? "link" : "kind", GODB_NOT_REPAIRABLE, 0,
        what);
    return false;
}

/* --- Modes ------------------------------------------------------------------------ */

static int
set_mode(const struct visit *visit, mode_t mode)
{
    if (!visit->check->spec->does_repair) return 0;
    return fchmodat(visit->dir_fd, visit->name, mode, 0) == 0 ? 0 : errno;
}

/* Older versions, and goProbe, let everybody read: told of directories, since what is
 * in one that is closed cannot be reached. */
static void
check_mode(const struct visit *visit)
{
    const mode_t mode = visit->st.st_mode & 07777;
    const mode_t wanted = mode & (S_ISDIR(visit->st.st_mode) ? 0770 : 0660);
    const bool is_writable = mode & 02;
    const bool is_readable = S_ISDIR(visit->st.st_mode) && mode & 05;
    if (!is_writable && !is_readable) return;
    const int rc = set_mode(visit, wanted);
    tell(visit, is_writable ? GODB_WARNING : GODB_NOTE, "mode",
        check_outcome(visit->check, rc), rc,
        is_writable ? "can be changed by everybody" : "can be read by everybody");
}

/* --- Leftovers -------------------------------------------------------------------- */

/* A file that a program is just writing is no leftover. */
static bool
is_old(const struct stat *st)
{
    return time(NULL) - st->st_mtim.tv_sec > SUMMARY_STALE_S;
}

static void
check_leftover(const struct visit *visit)
{
    struct check *check = visit->check;
    const bool does_repair = check->spec->does_repair;
    const bool is_locked = does_repair && check->iface != NULL;
    if (!is_locked && !is_old(&visit->st)) return;
    const int rc = does_repair ? repair_quarantine(check, visit->dir, visit->name) : 0;
    tell(visit, GODB_WARNING, "leftover", check_outcome(check, rc), rc,
        "was left behind by a program that was cut off");
}

/* ---------------------------------------------------------------------------------- */

static void
look_at(const struct visit *visit, enum check_place place)
{
    const enum entry entry = classify[place](visit->name);
    switch (entry) {
    case ENTRY_FOREIGN:
        if (S_ISLNK(visit->st.st_mode))
            tell(visit, GODB_WARNING, "link", GODB_NOT_REPAIRABLE, 0,
                "is a symbolic link, and not goDB's");
        else
            tell(visit, GODB_NOTE, "foreign", GODB_NOT_REPAIRABLE, 0,
                "is not goDB's, and ignored");
        break;
    case ENTRY_FILE:
    case ENTRY_DIR:
    case ENTRY_SOCKET:
        if (check_kind(visit, entry)) check_mode(visit);
        break;
    case ENTRY_LEFTOVER:
        check_leftover(visit);
        break;
    case ENTRY_HIDDEN:
        break;
    }
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct names {
    char **of;
    size_t count;
};

static int
add_name(struct names *names, const char *name)
{
    char **more = realloc(names->of, (names->count + 1) * sizeof *more);
    if (more == NULL) return ENOMEM;
    names->of = more;
    char *copy = strdup(name);
    if (copy == NULL) return ENOMEM;
    more[names->count++] = copy;
    return 0;
}

static int
read_names(int dir_fd, struct names *out)
{
    const int fd = fs_open_dir(dir_fd, ".");
    if (fd < 0) return errno;
    DIR *dir = fdopendir(fd);
    const struct dirent *entry;
    int rc = 0;
    if (dir == NULL) {
        rc = errno;
        close(fd);
        return rc;
    }
    while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            rc = add_name(out, entry->d_name);
    if (rc == 0) rc = errno;
    closedir(dir);
    return rc;
}

/* What is gone since its name was read is no problem; what cannot be looked at is. */
static int
visit_name(struct visit *visit, enum check_place place)
{
    if (fstatat(visit->dir_fd, visit->name, &visit->st, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : errno;
    look_at(visit, place);
    return 0;
}

/* In the order of names, so that the same database gives the same report; and when all
 * are read, so that what a repair moves does not disturb the reading. */
int
check_dir(struct check *check, int dir_fd, const char *dir, enum check_place place,
    struct godb_err *err)
{
    struct names names = {NULL, 0};
    int rc = read_names(dir_fd, &names);
    if (names.count > 0) qsort(names.of, names.count, sizeof *names.of, compare_names);
    for (size_t i = 0; i < names.count; i++) {
        struct visit visit = {
            .check = check, .dir_fd = dir_fd, .dir = dir, .name = names.of[i]};
        if (rc == 0) rc = visit_name(&visit, place);
        free(names.of[i]);
    }
    free(names.of);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s/%s", godb_root(check->db), dir);
}
