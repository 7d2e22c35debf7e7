/* SPDX-License-Identifier: MIT
 *
 * fsutil.c -- see fsutil.h.
 */
#include "godb/fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
fs_read_at(int fd, void *to, size_t count_bytes, uint64_t offset_bytes)
{
    uint8_t *next = to;
    while (count_bytes > 0) {
        ssize_t got = pread(fd, next, count_bytes, (off_t)offset_bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return ENODATA;
        next += got;
        offset_bytes += (uint64_t)got;
        count_bytes -= (size_t)got;
    }
    return 0;
}

int
fs_write_at(int fd, const void *from, size_t count_bytes, uint64_t offset_bytes)
{
    const uint8_t *next = from;
    while (count_bytes > 0) {
        ssize_t put = pwrite(fd, next, count_bytes, (off_t)offset_bytes);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        if (put == 0) return ENOSPC;
        next += put;
        offset_bytes += (uint64_t)put;
        count_bytes -= (size_t)put;
    }
    return 0;
}

int
fs_sync(int fd)
{
    return TEMP_FAILURE_RETRY(fsync(fd)) == 0 ? 0 : errno;
}

int
fs_sync_data(int fd)
{
    return TEMP_FAILURE_RETRY(fdatasync(fd)) == 0 ? 0 : errno;
}

int
fs_truncate(int fd, uint64_t size_bytes)
{
    return TEMP_FAILURE_RETRY(ftruncate(fd, (off_t)size_bytes)) == 0 ? 0 : errno;
}

static int
read_open_file(char **out, size_t *out_bytes, int fd, size_t max_bytes)
{
    struct stat st;
    if (fstat(fd, &st) != 0) return errno;
    if (!S_ISREG(st.st_mode)) return EINVAL;
    if ((uint64_t)st.st_size > max_bytes) return EFBIG;
    size_t size = (size_t)st.st_size;
    char *text = malloc(size + 1);
    if (text == NULL) return ENOMEM;
    int rc = fs_read_at(fd, text, size, 0);
    if (rc != 0) {
        free(text);
        return rc;
    }
    text[size] = '\0';
    *out = text;
    *out_bytes = size;
    return 0;
}

int
fs_read_file(
    char **out, size_t *out_bytes, int dir_fd, const char *name, size_t max_bytes)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0) return errno;
    int rc = read_open_file(out, out_bytes, fd, max_bytes);
    close(fd);
    return rc;
}

static int
write_and_sync(int fd, const char *text, size_t count_bytes)
{
    int rc = fs_write_at(fd, text, count_bytes, 0);
    if (rc == 0) rc = fs_sync(fd);
    if (close(fd) != 0 && rc == 0) rc = errno;
    return rc;
}

int
fs_replace(int dir_fd, const char *name, const char *text, size_t count_bytes)
{
    char temp[256];
    snprintf(temp, sizeof temp, ".%s.%ld", name, (long)getpid());
    int fd = openat(dir_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
        FS_FILE_MODE);
    if (fd < 0) return errno;
    int rc = write_and_sync(fd, text, count_bytes);
    if (rc == 0 && renameat(dir_fd, temp, dir_fd, name) != 0) rc = errno;
    if (rc != 0) {
        unlinkat(dir_fd, temp, 0);
        return rc;
    }
    return fs_sync(dir_fd);
}

int
fs_open_dir(int dir_fd, const char *name)
{
    return openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Of a link the kernel says ENOTDIR where a directory is asked for. */
static int
open_real_dir(int dir_fd, const char *name)
{
    struct stat st;
    const int fd =
        openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOTDIR)
        errno =
            fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode)
                ? ELOOP
                : ENOTDIR;
    return fd;
}

/* Takes dir_fd. */
static int
step_into(int dir_fd, const char *name)
{
    if (dir_fd < 0) return -1;
    const int fd = open_real_dir(dir_fd, name);
    const int os_errno = errno;
    close(dir_fd);
    errno = os_errno;
    return fd;
}

int
fs_open_below(const char *root, const char *iface, const char *below)
{
    char part[256];
    int fd = step_into(fs_open_dir(AT_FDCWD, root), iface);
    while (below != NULL && fd >= 0) {
        const size_t length = strcspn(below, "/");
        if (length >= sizeof part) {
            close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(part, below, length);
        part[length] = '\0';
        fd = step_into(fd, part);
        below = below[length] == '/' ? below + length + 1 : NULL;
    }
    return fd;
}

DIR *
fs_read_below(const char *root, const char *iface, const char *below)
{
    const int fd = fs_open_below(root, iface, below);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL && fd >= 0) close(fd);
    return dir;
}
