/* SPDX-License-Identifier: MIT
 *
 * page_file.c -- see page_file.h.
 */
#include "shell/page_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/shell_err.h"

static int
write_all(int fd, const char *text, size_t length)
{
    while (length > 0) {
        const ssize_t count = write(fd, text, length);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -1;
        text += count;
        length -= (size_t)count;
    }
    return 0;
}

static int
write_to_device(const char *path, const char *text, size_t length, struct godb_err *err)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool is_written = fd >= 0 && write_all(fd, text, length) == 0;
    const int os_errno = errno;
    const bool is_closed = fd < 0 || close(fd) == 0;
    if (is_written && is_closed) return GODB_OK;
    return shell_err_sys(err, is_written ? errno : os_errno, "-report: %s", path);
}

/* What open(2) would have given it; mkstemp(3) keeps it to its owner. */
static mode_t
mode_of(const char *path)
{
    struct stat stat_buf;
    if (stat(path, &stat_buf) == 0) return stat_buf.st_mode & 0777;
    const mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static int
fill(int fd, const char *path, const char *text, size_t length)
{
    if (write_all(fd, text, length) != 0 || fchmod(fd, mode_of(path)) != 0) return -1;
    return fsync(fd);
}

static int
replace(const char *path, const char *text, size_t length, struct godb_err *err)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        return shell_err(err, GODB_ENOMEM, "out of memory");
    const int fd = mkostemp(temporary, O_CLOEXEC);
    bool is_good = fd >= 0 && fill(fd, path, text, length) == 0;
    int os_errno = errno;
    if (fd >= 0 && close(fd) != 0 && is_good) is_good = false, os_errno = errno;
    if (is_good && rename(temporary, path) != 0) is_good = false, os_errno = errno;
    if (!is_good && fd >= 0) unlink(temporary);
    free(temporary);
    return is_good ? GODB_OK : shell_err_sys(err, os_errno, "-report: %s", path);
}

int
page_file_write(const char *path, const char *text, size_t length, struct godb_err *err)
{
    struct stat stat_buf;
    if (strcmp(path, "-") == 0) {
        fwrite(text, 1, length, stdout);
        return GODB_OK; /* main() looks at the stream */
    }
    if (stat(path, &stat_buf) != 0) return replace(path, text, length, err);
    if (S_ISDIR(stat_buf.st_mode))
        return shell_err_sys(err, EISDIR, "-report: %s", path);
    if (!S_ISREG(stat_buf.st_mode)) return write_to_device(path, text, length, err);
    char *real = realpath(path, NULL);
    if (real == NULL) return shell_err_sys(err, errno, "-report: %s", path);
    const int rc = replace(real, text, length, err);
    free(real);
    return rc;
}
