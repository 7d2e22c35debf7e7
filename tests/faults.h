/* SPDX-License-Identifier: MIT
 *
 * faults.h -- calls that fail when a test says so.
 *
 * The calls are wrapped at link time (-Wl,--wrap, see the Makefile), those of the
 * project's own objects; jansson's memory is asked for here too once faults_begin() was
 * called.  Included by one file of a test program.
 */
#ifndef TESTS_FAULTS_H
#define TESTS_FAULTS_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <lz4hc.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum fault_mode {
    FAULT_NONE,
    FAULT_ONCE,  /* the call fails */
    FAULT_FROM,  /* it and all that follow: the disk is gone */
    FAULT_DEATH, /* the process dies before it */
    FAULT_EVENT, /* it works, but something else happens right before it */
};

/* Which calls count. */
enum fault_calls {
    FAULT_DISK = 1,     /* what changes files */
    FAULT_OPEN = 2,     /* openat, open: descriptors run out */
    FAULT_MEMORY = 4,   /* malloc, calloc, realloc, strdup, mmap, LZ4's */
    FAULT_CLOSE = 8,    /* close tells of what was not written */
    FAULT_READ = 32,    /* pread */
    FAULT_JANSSON = 16, /* what jansson allocates */
    FAULT_LOOK = 64,    /* stat and its kin, access */
    FAULT_LIST = 128,   /* opendir, fdopendir, readdir */
    FAULT_LOCK = 256,   /* flock */
    FAULT_SOCKET = 512, /* socket, connect, poll, send, recv */
    FAULT_RANDOM = 1024 /* getrandom */
};

enum { FAULT_DEATH_STATUS = 99 };

static struct {
    enum fault_mode mode;
    unsigned calls; /* fault_calls */
    int os_errno;   /* of calls on files */
    int countdown;  /* calls until it happens */
    bool happened;
    void (*event)(void *arg);
    void *event_arg;
    bool hides_types; /* directories are read without d_type, as some disks do */
} fault;

static inline bool
fault_strikes(enum fault_calls kind)
{
    if (fault.mode == FAULT_NONE || !(fault.calls & kind)) return false;
    if (fault.happened && fault.mode == FAULT_ONCE) return false;
    if (!fault.happened && --fault.countdown > 0) return false;
    fault.happened = true;
    if (fault.mode == FAULT_DEATH) _exit(FAULT_DEATH_STATUS);
    if (fault.mode == FAULT_EVENT) {
        fault.mode = FAULT_NONE;
        fault.event(fault.event_arg);
        return false;
    }
    errno = fault.os_errno;
    if (kind == FAULT_OPEN) errno = EMFILE;
    if (kind & (FAULT_MEMORY | FAULT_JANSSON)) errno = ENOMEM;
    return true;
}

#define FAULT_WRAP(kind, type, failure, name, parameters, arguments)                   \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        return fault_strikes(kind) ? (failure) : __real_##name arguments;              \
    }

int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);

/* Nobody pulls the plug here: what a sync does, but for its failing, costs time alone.
 */
int
__wrap_fsync(int fd)
{
    (void)fd;
    return fault_strikes(FAULT_DISK) ? -1 : 0;
}

int
__wrap_fdatasync(int fd)
{
    return __wrap_fsync(fd);
}

FAULT_WRAP(FAULT_DISK, int, -1, renameat,
    (int from_fd, const char *from, int to_fd, const char *to),
    (from_fd, from, to_fd, to))
FAULT_WRAP(FAULT_DISK, int, -1, ftruncate, (int fd, off_t length), (fd, length))
FAULT_WRAP(FAULT_DISK, int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
FAULT_WRAP(FAULT_MEMORY, void *, NULL, malloc, (size_t bytes), (bytes))
FAULT_WRAP(
    FAULT_MEMORY, void *, NULL, calloc, (size_t count, size_t bytes), (count, bytes))
FAULT_WRAP(FAULT_MEMORY, void *, NULL, realloc, (void *old, size_t bytes), (old, bytes))

FAULT_WRAP(FAULT_DISK, int, -1, unlinkat, (int fd, const char *path, int flags),
    (fd, path, flags))
FAULT_WRAP(FAULT_DISK, int, -1, rmdir, (const char *path), (path))
FAULT_WRAP(FAULT_MEMORY, char *, NULL, strdup, (const char *text), (text))
FAULT_WRAP(FAULT_MEMORY, void *, MAP_FAILED, mmap,
    (void *at, size_t bytes, int protection, int flags, int fd, off_t offset),
    (at, bytes, protection, flags, fd, offset))
FAULT_WRAP(FAULT_MEMORY, LZ4_streamHC_t *, NULL, LZ4_createStreamHC, (void), ())

FAULT_WRAP(FAULT_READ, ssize_t, -1, pread,
    (int fd, void *to, size_t count, off_t offset), (fd, to, count, offset))
FAULT_WRAP(FAULT_LOOK, int, -1, fstat, (int fd, struct stat *st), (fd, st))
FAULT_WRAP(FAULT_LOOK, int, -1, stat, (const char *path, struct stat *st), (path, st))
FAULT_WRAP(FAULT_LOOK, int, -1, lstat, (const char *path, struct stat *st), (path, st))
FAULT_WRAP(FAULT_LOOK, int, -1, fstatat,
    (int fd, const char *path, struct stat *st, int flags), (fd, path, st, flags))
FAULT_WRAP(FAULT_LOOK, int, -1, access, (const char *path, int how), (path, how))
FAULT_WRAP(FAULT_LOOK, int, -1, faccessat,
    (int fd, const char *path, int how, int flags), (fd, path, how, flags))
FAULT_WRAP(FAULT_LIST, DIR *, NULL, opendir, (const char *path), (path))
FAULT_WRAP(FAULT_LIST, DIR *, NULL, fdopendir, (int fd), (fd))
FAULT_WRAP(FAULT_LOCK, int, -1, flock, (int fd, int what), (fd, what))
FAULT_WRAP(FAULT_RANDOM, ssize_t, -1, getrandom,
    (void *to, size_t count, unsigned flags), (to, count, flags))

FAULT_WRAP(FAULT_SOCKET, int, -1, socket, (int domain, int type, int protocol),
    (domain, type, protocol))
FAULT_WRAP(FAULT_SOCKET, int, -1, connect,
    (int fd, const struct sockaddr *address, socklen_t bytes), (fd, address, bytes))
FAULT_WRAP(FAULT_SOCKET, int, -1, poll,
    (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))
FAULT_WRAP(FAULT_SOCKET, ssize_t, -1, send,
    (int fd, const void *from, size_t count, int flags), (fd, from, count, flags))
FAULT_WRAP(FAULT_SOCKET, ssize_t, -1, recv, (int fd, void *to, size_t count, int flags),
    (fd, to, count, flags))

struct dirent *__real_readdir(DIR *dir);
struct dirent *__wrap_readdir(DIR *dir);

struct dirent *
__wrap_readdir(DIR *dir)
{
    if (fault_strikes(FAULT_LIST)) return NULL;
    struct dirent *entry = __real_readdir(dir);
    if (entry != NULL && fault.hides_types) entry->d_type = DT_UNKNOWN;
    return entry;
}

ssize_t __real_pwrite(int fd, const void *from, size_t count, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *from, size_t count, off_t offset);
int __real_openat(int dir_fd, const char *path, int flags, ...);
int __wrap_openat(int dir_fd, const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);

ssize_t
__wrap_pwrite(int fd, const void *from, size_t count, off_t offset)
{
    const bool is_next = fault.mode != FAULT_NONE && !fault.happened &&
                         (fault.calls & FAULT_DISK) && fault.countdown == 1;
    if (is_next && count > 1) __real_pwrite(fd, from, count / 2, offset); /* torn */
    return fault_strikes(FAULT_DISK) ? -1 : __real_pwrite(fd, from, count, offset);
}

int
__wrap_openat(int dir_fd, const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return fault_strikes(FAULT_OPEN) ? -1 : __real_openat(dir_fd, path, flags, mode);
}

/* The descriptor is gone in any case, as Linux has it. */
int
__wrap_close(int fd)
{
    const int rc = __real_close(fd);
    if (!fault_strikes(FAULT_CLOSE)) return rc;
    errno = fault.os_errno;
    return -1;
}

static inline void *
faults_malloc(size_t bytes)
{
    return fault_strikes(FAULT_JANSSON) ? NULL : __real_malloc(bytes);
}

/* To be called before jansson is used. */
static inline void
faults_begin(void)
{
    json_set_alloc_funcs(faults_malloc, free);
}

static inline void
faults_arm(enum fault_mode mode, unsigned calls, int os_errno, int countdown)
{
    fault.mode = mode;
    fault.calls = calls;
    fault.os_errno = os_errno;
    fault.countdown = countdown;
    fault.happened = false;
}

/* Calls work again.  True: one had failed. */
static inline bool
faults_disarm(void)
{
    fault.mode = FAULT_NONE;
    return fault.happened;
}

#endif
