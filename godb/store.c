/* SPDX-License-Identifier: MIT
 *
 * store.c -- a database as a directory: opening it, and the names in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/godb.h"

struct godb {
    char *root;
};

/* mkdir -p; the directories above are for everyone to go through. */
static int
make_dirs(const char *root, struct godb_err *err)
{
    char *path = strdup(root);
    if (path == NULL) return err_nomem(err);
    int rc = GODB_OK;
    for (char *slash = path + 1; rc == GODB_OK; slash++) {
        slash = strchr(slash, '/');
        const bool is_last = slash == NULL || slash[strspn(slash, "/")] == '\0';
        if (slash != NULL) *slash = '\0';
        if (mkdir(path, is_last ? FS_DIR_MODE : 0755) != 0 && errno != EEXIST)
            rc = err_sys(err, errno, "%s: cannot be created", path);
        if (is_last) break;
        *slash = '/';
    }
    free(path);
    return rc;
}

static int
check_root(const char *root, struct godb_err *err)
{
    struct stat st;
    if (strlen(root) > GODB_PATH_MAX - GODB_IFACE_MAX - 64)
        return err_set(err, GODB_EARG, "the database's path is too long");
    if (stat(root, &st) != 0) {
        int os_errno = errno;
        if (os_errno == ENOENT)
            return err_set(err, GODB_ENOTFOUND, "%s: no such database", root);
        return err_sys(err, os_errno, "%s", root);
    }
    if (!S_ISDIR(st.st_mode))
        return err_set(
            err, GODB_EARG, "%s: not a directory, so not a goDB database", root);
    if (access(root, R_OK | X_OK) != 0)
        return err_sys(err, errno, "%s: cannot be read", root);
    return GODB_OK;
}

int
godb_open(struct godb **out, const char *root, unsigned flags, struct godb_err *err)
{
    int rc = GODB_OK;
    if (root == NULL || root[0] == '\0')
        return err_set(err, GODB_EARG, "no database given: its path is empty");
    if (flags == GODB_CREATE) rc = make_dirs(root, err);
    if (rc == GODB_OK) rc = check_root(root, err);
    if (rc == GODB_OK && (flags & GODB_WRITE) && access(root, W_OK) != 0)
        rc = err_sys(err, errno, "%s: cannot be written to", root);
    if (rc != GODB_OK) return rc;
    struct godb *db = malloc(sizeof *db);
    if (db == NULL) return err_nomem(err);
    db->root = strdup(root);
    if (db->root == NULL) {
        free(db);
        return err_nomem(err);
    }
    *out = db;
    return GODB_OK;
}

void
godb_close(struct godb *db)
{
    if (db == NULL) return;
    free(db->root);
    free(db);
}

const char *
godb_root(const struct godb *db)
{
    return db->root;
}

int
godb_iface_check(const char *name, struct godb_err *err)
{
    const size_t length = strlen(name);
    if (length == 0) return err_set(err, GODB_EARG, "the interface's name is empty");
    if (length >= GODB_IFACE_MAX)
        return err_set(err, GODB_EARG, "interface name '%.32s...' is longer than %d",
            name, GODB_IFACE_MAX - 1);
    if (name[0] == '.')
        return err_set(err, GODB_EARG, "interface name '%s' starts with a dot", name);
    for (const char *c = name; *c; c++)
        if (*c == '/' || (unsigned char)*c < 0x20 || *c == 0x7f)
            return err_set(err, GODB_EARG,
                "interface name '%s' holds a '/' or a control character", name);
    return GODB_OK;
}

bool
godb_has_iface(const struct godb *db, const char *name)
{
    char path[GODB_PATH_MAX];
    struct stat st;
    if (godb_iface_check(name, NULL) != GODB_OK) return false;
    snprintf(path, sizeof path, "%s/%s", db->root, name);
    return lstat(path, &st) == 0 && (S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode));
}

int
godb_selection_overlap(
    struct godb_selection *sel, int64_t from_s, int64_t to_s, struct godb_err *err)
{
    if (from_s >= to_s)
        return err_set(err, GODB_EARG,
            "the time range is upside down: its first second %lld is not before its "
            "last %lld",
            (long long)from_s, (long long)to_s);
    /* (S - 300, S) meets (from, to)  <=>  S > from and S - 300 < to. */
    if (from_s >= GODB_STAMP_MAX) from_s = GODB_STAMP_MAX;
    if (to_s > GODB_STAMP_MAX) to_s = GODB_STAMP_MAX;
    if (to_s < -GODB_DAY_S) to_s = -GODB_DAY_S;
    if (from_s + 1 > sel->first_s) sel->first_s = from_s + 1;
    if (to_s + GODB_INTERVAL_S - 1 < sel->last_s)
        sel->last_s = to_s + GODB_INTERVAL_S - 1;
    return GODB_OK;
}
