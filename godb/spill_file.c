/* SPDX-License-Identifier: MIT
 *
 * spill_file.c -- see spill_file.h.
 */
#include "godb/spill_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/error.h"
#include "godb/fsutil.h"

void
spill_file_init(struct spill_file *file)
{
    memset(file, 0, sizeof *file);
    pthread_mutex_init(&file->lock, NULL);
}

void
spill_file_free(struct spill_file *file)
{
    if (file->is_made) close(file->fd);
    pthread_mutex_destroy(&file->lock);
}

/* --- Making it -------------------------------------------------------------------- */

/* Not every file system knows files without a name. */
static int
open_and_unlink(const char *dir)
{
    char path[GODB_PATH_MAX];
    const int length = snprintf(path, sizeof path, "%s/goprobe-XXXXXX", dir);
    if (length < 0 || (size_t)length >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) unlink(path);
    return fd;
}

static int
open_in(struct spill_file *file, const char *dir)
{
    snprintf(file->dir, sizeof file->dir, "%s", dir);
    file->fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file->fd < 0) file->fd = open_and_unlink(dir);
    file->is_made = file->fd >= 0;
    return file->is_made ? 0 : errno;
}

/* A directory that somebody chose is not silently replaced by another one. */
static const char *
chosen_dir(void)
{
    static const char *const variables[] = {"SQLITE_TMPDIR", "TMPDIR"};
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *dir = getenv(variables[i]);
        if (dir != NULL && *dir != '\0') return dir;
    }
    return NULL;
}

static int
open_anywhere(struct spill_file *file)
{
    static const char *const dirs[] = {"/var/tmp", "/usr/tmp", "/tmp"};
    const char *chosen = chosen_dir();
    if (chosen != NULL) return open_in(file, chosen);
    int os_errno = ENOENT;
    for (size_t i = 0; os_errno != 0 && i < sizeof dirs / sizeof dirs[0]; i++)
        os_errno = open_in(file, dirs[i]);
    return os_errno;
}

/* --- Bytes ------------------------------------------------------------------------ */

static int
fail(
    const struct spill_file *file, int os_errno, const char *what, struct godb_err *err)
{
    char buffer[128];
    const char *reason = os_errno == ENODATA
                             ? "it ends before what was written"
                             : strerror_r(os_errno, buffer, sizeof buffer);
    err_set(err, GODB_EIO,
        "cannot %s a temporary file in %.256s: %s; SQLITE_TMPDIR names another "
        "directory, a larger memory_limit needs none",
        what, file->dir, reason);
    if (err) err->os_errno = os_errno;
    return GODB_EIO;
}

int
spill_file_reserve(struct spill_file *file, uint64_t count_bytes,
    uint64_t *out_offset_bytes, struct godb_err *err)
{
    pthread_mutex_lock(&file->lock);
    const int os_errno = file->is_made ? 0 : open_anywhere(file);
    int rc = os_errno == 0 ? GODB_OK : fail(file, os_errno, "make", err);
    *out_offset_bytes = file->end_bytes;
    file->end_bytes += count_bytes;
    pthread_mutex_unlock(&file->lock);
    return rc;
}

int
spill_file_write(struct spill_file *file, const void *from, size_t count_bytes,
    uint64_t offset_bytes, struct godb_err *err)
{
    const int os_errno = fs_write_at(file->fd, from, count_bytes, offset_bytes);
    return os_errno == 0 ? GODB_OK : fail(file, os_errno, "write to", err);
}

int
spill_file_read(struct spill_file *file, void *to, size_t count_bytes,
    uint64_t offset_bytes, struct godb_err *err)
{
    const int os_errno = fs_read_at(file->fd, to, count_bytes, offset_bytes);
    return os_errno == 0 ? GODB_OK : fail(file, os_errno, "read from", err);
}

void
spill_file_drop(struct spill_file *file, uint64_t count_bytes, uint64_t offset_bytes)
{
    (void)fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
        (off_t)offset_bytes, (off_t)count_bytes);
}
