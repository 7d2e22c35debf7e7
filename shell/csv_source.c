/* SPDX-License-Identifier: MIT
 *
 * csv_source.c -- see csv_source.h.
 */
#include "shell/csv_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/shell_err.h"

enum { COPY_BYTES = 1 << 16 };

const char *
csv_source_name(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static bool
write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t done = write(fd, bytes, length);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}

static int
copy_all(int to, int from, const char *name, const char *tmp, struct godb_err *err)
{
    char bytes[COPY_BYTES];
    for (;;) {
        const ssize_t got = read(from, bytes, sizeof bytes);
        if (got == 0) return GODB_OK;
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return shell_err_sys(err, errno, "%s", name);
        if (!write_all(to, bytes, (size_t)got))
            return shell_err_sys(err, errno, "%s: copy of %s", tmp, name);
    }
}

/* *fd becomes the copy's. */
static int
spool(int *fd, const char *name, struct godb_err *err)
{
    const char *tmp = getenv("TMPDIR");
    if (tmp == NULL || *tmp == '\0') tmp = "/tmp";
    int copy = open(tmp, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (copy < 0) return shell_err_sys(err, errno, "%s: copy of %s", tmp, name);
    int rc = copy_all(copy, *fd, name, tmp, err);
    close(*fd);
    *fd = copy;
    return rc;
}

static int
make_seekable(int *fd, uint64_t *out_bytes, const char *name, struct godb_err *err)
{
    struct stat status;
    if (fstat(*fd, &status) != 0) return shell_err_sys(err, errno, "%s", name);
    if (S_ISDIR(status.st_mode)) return shell_err_sys(err, EISDIR, "%s", name);
    if (!S_ISREG(status.st_mode)) {
        int rc = spool(fd, name, err);
        if (rc != GODB_OK) return rc;
        if (fstat(*fd, &status) != 0) return shell_err_sys(err, errno, "%s", name);
    }
    *out_bytes = (uint64_t)status.st_size;
    return GODB_OK;
}

int
csv_source_open(
    int *out_fd, uint64_t *out_bytes, const char *path, struct godb_err *err)
{
    const char *name = csv_source_name(path);
    int fd =
        strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return shell_err_sys(err, errno, "%s", name);
    int rc = make_seekable(&fd, out_bytes, name, err);
    if (rc == GODB_OK)
        *out_fd = fd;
    else
        close(fd);
    return rc;
}
