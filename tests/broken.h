/* SPDX-License-Identifier: MIT
 *
 * broken.h -- a call of the daemon that fails when a test says so, by its name: the
 * second socket(), or whatever asks for memory from the fifth time on.
 *
 * The calls are wrapped at link time (-Wl,--wrap, see the Makefile), those of the
 * project's own objects; what libraries call among themselves works.  Included by one
 * file of a test program.
 */
#ifndef TESTS_BROKEN_H
#define TESTS_BROKEN_H

#include <cap-ng.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <libmnl/libmnl.h>
#include <ndpi/ndpi_api.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct {
    const char *_Atomic call; /* its name, "memory": all that allocate; NULL: none */
    atomic_int os_errno;
    atomic_bool is_lasting; /* and all that follow */
    atomic_int before;      /* calls until it happens */
    atomic_bool has_happened;
    /* What clocks are ahead of those of the machine. */
    atomic_llong wall_s, boot_s;
    /* Answers of rtnetlink, in place of the kernel's; NULL: those. */
    ssize_t (*answer)(void *bytes, size_t count);
    atomic_int exempt; /* calls that are under way of libraries that do not bear it */
} broken;

/* The `at`th call of this name fails, 1 being the next, with this errno. */
static inline void
broken_from(const char *call, int at, int os_errno, bool is_lasting)
{
    broken.os_errno = os_errno;
    broken.is_lasting = is_lasting;
    atomic_store(&broken.before, at - 1);
    atomic_store(&broken.has_happened, false);
    atomic_store(&broken.call, call);
}

static inline void
broken_once(const char *call, int at, int os_errno)
{
    broken_from(call, at, os_errno, false);
}

/* Is it this one that fails? */
static inline bool
broken_is(const char *call)
{
    const char *const which = atomic_load(&broken.call);
    return which != NULL && strcmp(which, call) == 0;
}

/* All calls work again.  True: one had failed. */
static inline bool
broken_mend(void)
{
    atomic_store(&broken.call, NULL);
    return atomic_load(&broken.has_happened);
}

static inline bool
broken_strikes(const char *call)
{
    if (!broken_is(call) || atomic_load(&broken.exempt) > 0) return false;
    const int before = atomic_fetch_sub(&broken.before, 1);
    if (before > 0 || (before < 0 && !broken.is_lasting)) return false;
    atomic_store(&broken.has_happened, true);
    errno = broken.os_errno;
    return true;
}

#define BROKEN_WRAP(what, type, failure, name, parameters, arguments)                  \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        return broken_strikes(what) ? (failure) : __real_##name arguments;             \
    }

/* --- Memory ----------------------------------------------------------------------- */

BROKEN_WRAP("memory", void *, NULL, malloc, (size_t bytes), (bytes))
BROKEN_WRAP(
    "memory", void *, NULL, calloc, (size_t count, size_t bytes), (count, bytes))
BROKEN_WRAP("memory", void *, NULL, realloc, (void *old, size_t bytes), (old, bytes))
BROKEN_WRAP("memory", void *, NULL, reallocarray,
    (void *old, size_t count, size_t bytes), (old, count, bytes))
BROKEN_WRAP("memory", char *, NULL, strdup, (const char *text), (text))
BROKEN_WRAP("memory", FILE *, NULL, open_memstream, (char **out, size_t *out_size),
    (out, out_size))
BROKEN_WRAP("mmap", void *, MAP_FAILED, mmap,
    (void *at, size_t bytes, int protection, int flags, int fd, off_t offset),
    (at, bytes, protection, flags, fd, offset))
BROKEN_WRAP("fopencookie", FILE *, NULL, fopencookie,
    (void *cookie, const char *mode, cookie_io_functions_t calls),
    (cookie, mode, calls))

/* --- Sockets and files ------------------------------------------------------------ */

BROKEN_WRAP("socket", int, -1, socket, (int domain, int type, int protocol),
    (domain, type, protocol))
BROKEN_WRAP("connect", int, -1, connect,
    (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
BROKEN_WRAP("bind", int, -1, bind,
    (int fd, const struct sockaddr *address, socklen_t length), (fd, address, length))
BROKEN_WRAP("listen", int, -1, listen, (int fd, int backlog), (fd, backlog))
BROKEN_WRAP("accept4", int, -1, accept4,
    (int fd, struct sockaddr *address, socklen_t *length, int flags),
    (fd, address, length, flags))
BROKEN_WRAP("setsockopt", int, -1, setsockopt,
    (int fd, int level, int option, const void *value, socklen_t length),
    (fd, level, option, value, length))
BROKEN_WRAP("getsockopt", int, -1, getsockopt,
    (int fd, int level, int option, void *value, socklen_t *length),
    (fd, level, option, value, length))
BROKEN_WRAP("poll", int, -1, poll, (struct pollfd * fds, nfds_t count, int timeout_ms),
    (fds, count, timeout_ms))
BROKEN_WRAP("send", ssize_t, -1, send,
    (int fd, const void *bytes, size_t count, int flags), (fd, bytes, count, flags))
BROKEN_WRAP("recv", ssize_t, -1, recv, (int fd, void *bytes, size_t count, int flags),
    (fd, bytes, count, flags))
/* What it is called where the compiler knows the buffer's size. */
BROKEN_WRAP("recv", ssize_t, -1, __recv_chk,
    (int fd, void *bytes, size_t count, size_t room, int flags),
    (fd, bytes, count, room, flags))
BROKEN_WRAP("chmod", int, -1, chmod, (const char *path, mode_t mode), (path, mode))
BROKEN_WRAP("chown", int, -1, chown, (const char *path, uid_t user, gid_t group),
    (path, user, group))
BROKEN_WRAP("mkdir", int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
BROKEN_WRAP("unlink", int, -1, unlink, (const char *path), (path))
BROKEN_WRAP("ftruncate", int, -1, ftruncate, (int fd, off_t length), (fd, length))
BROKEN_WRAP("write", ssize_t, -1, write, (int fd, const void *bytes, size_t count),
    (fd, bytes, count))
BROKEN_WRAP(
    "read", ssize_t, -1, read, (int fd, void *bytes, size_t count), (fd, bytes, count))
BROKEN_WRAP("pipe2", int, -1, pipe2, (int ends[2], int flags), (ends, flags))
BROKEN_WRAP("eventfd", int, -1, eventfd, (unsigned value, int flags), (value, flags))
BROKEN_WRAP("fork", pid_t, -1, fork, (void), ())
BROKEN_WRAP("getrandom", ssize_t, -1, getrandom,
    (void *bytes, size_t count, unsigned flags), (bytes, count, flags))
BROKEN_WRAP("getifaddrs", int, -1, getifaddrs, (struct ifaddrs * *list), (list))
BROKEN_WRAP(
    "gethostname", int, -1, gethostname, (char *name, size_t room), (name, room))
BROKEN_WRAP("pthread_create", int, broken.os_errno, pthread_create,
    (pthread_t * id, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
    (id, attributes, run, arg))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);

int
__wrap_open(const char *path, int flags, ...)
{
    va_list args;
    va_start(args, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return broken_strikes("open") ? -1 : __real_open(path, flags, mode);
}

/* --- Clocks ----------------------------------------------------------------------- */

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int
__wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    const int rc = __real_clock_gettime(clock, now);
    if (clock == CLOCK_REALTIME) now->tv_sec += atomic_load(&broken.wall_s);
    if (clock == CLOCK_BOOTTIME) now->tv_sec += atomic_load(&broken.boot_s);
    return rc;
}

/* --- Rights ----------------------------------------------------------------------- */

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...);

/* The daemon has one use for it, with numbers alone. */
int
__wrap_prctl(int option, ...)
{
    va_list args;
    va_start(args, option);
    const unsigned long value = va_arg(args, unsigned long);
    va_end(args);
    return broken_strikes("prctl") ? -1 : __real_prctl(option, value, 0UL, 0UL, 0UL);
}

BROKEN_WRAP("capng_get_caps_process", int, -1, capng_get_caps_process, (void), ())
BROKEN_WRAP("capng_apply", int, -1, capng_apply, (capng_select_t set), (set))
BROKEN_WRAP(
    "seccomp_init", scmp_filter_ctx, NULL, seccomp_init, (uint32_t action), (action))
BROKEN_WRAP("seccomp_attr_set", int, -broken.os_errno, seccomp_attr_set,
    (scmp_filter_ctx filter, enum scmp_filter_attr attribute, uint32_t value),
    (filter, attribute, value))
BROKEN_WRAP("seccomp_load", int, -broken.os_errno, seccomp_load,
    (const scmp_filter_ctx filter), (filter))

/* --- Libraries of packets --------------------------------------------------------- */

BROKEN_WRAP(
    "pcap_activate", int, -broken.os_errno, pcap_activate, (pcap_t * pcap), (pcap))
BROKEN_WRAP("pcap_set_datalink", int, -1, pcap_set_datalink, (pcap_t * pcap, int link),
    (pcap, link))
BROKEN_WRAP("pcap_open_dead", pcap_t *, NULL, pcap_open_dead, (int link, int snaplen),
    (link, snaplen))
BROKEN_WRAP("pcap_dispatch", int, -1, pcap_dispatch,
    (pcap_t * pcap, int count, pcap_handler call, u_char *arg),
    (pcap, count, call, arg))
BROKEN_WRAP("pcap_stats", int, -1, pcap_stats, (pcap_t * pcap, struct pcap_stat *out),
    (pcap, out))
BROKEN_WRAP("mnl_socket_open2", struct mnl_socket *, NULL, mnl_socket_open2,
    (int bus, int flags), (bus, flags))
BROKEN_WRAP("mnl_socket_bind", int, -1, mnl_socket_bind,
    (struct mnl_socket * socket, unsigned groups, pid_t pid), (socket, groups, pid))
BROKEN_WRAP("mnl_socket_sendto", ssize_t, -1, mnl_socket_sendto,
    (const struct mnl_socket *socket, const void *bytes, size_t count),
    (socket, bytes, count))
ssize_t __real_mnl_socket_recvfrom(
    const struct mnl_socket *socket, void *bytes, size_t count);
ssize_t __wrap_mnl_socket_recvfrom(
    const struct mnl_socket *socket, void *bytes, size_t count);

ssize_t
__wrap_mnl_socket_recvfrom(const struct mnl_socket *socket, void *bytes, size_t count)
{
    if (broken_strikes("mnl_socket_recvfrom")) return -1;
    if (broken.answer != NULL) return broken.answer(bytes, count);
    return __real_mnl_socket_recvfrom(socket, bytes, count);
}

struct ndpi_detection_module_struct *__real_ndpi_init_detection_module(
    ndpi_init_prefs prefs);
struct ndpi_detection_module_struct *__wrap_ndpi_init_detection_module(
    ndpi_init_prefs prefs);

/* nDPI asks us for memory, and crashes where it gets none. */
struct ndpi_detection_module_struct *
__wrap_ndpi_init_detection_module(ndpi_init_prefs prefs)
{
    if (broken_strikes("ndpi_init_detection_module")) return NULL;
    atomic_fetch_add(&broken.exempt, 1);
    struct ndpi_detection_module_struct *module =
        __real_ndpi_init_detection_module(prefs);
    atomic_fetch_sub(&broken.exempt, 1);
    return module;
}

void __real_ndpi_finalize_initialization(struct ndpi_detection_module_struct *module);
void __wrap_ndpi_finalize_initialization(struct ndpi_detection_module_struct *module);

void
__wrap_ndpi_finalize_initialization(struct ndpi_detection_module_struct *module)
{
    atomic_fetch_add(&broken.exempt, 1);
    __real_ndpi_finalize_initialization(module);
    atomic_fetch_sub(&broken.exempt, 1);
}

pcap_t *__real_pcap_create(const char *device, char *why);
pcap_t *__wrap_pcap_create(const char *device, char *why);

pcap_t *
__wrap_pcap_create(const char *device, char *why)
{
    if (!broken_strikes("pcap_create")) return __real_pcap_create(device, why);
    snprintf(why, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
    return NULL;
}

int __real_pcap_setnonblock(pcap_t *pcap, int is_nonblocking, char *why);
int __wrap_pcap_setnonblock(pcap_t *pcap, int is_nonblocking, char *why);

int
__wrap_pcap_setnonblock(pcap_t *pcap, int is_nonblocking, char *why)
{
    if (!broken_strikes("pcap_setnonblock"))
        return __real_pcap_setnonblock(pcap, is_nonblocking, why);
    snprintf(why, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
    return -1;
}

/* --- Becoming another user -------------------------------------------------------- */

int __real_capng_change_id(int user, int group, capng_flags_t flags);
int __wrap_capng_change_id(int user, int group, capng_flags_t flags);
int __real_setuid(uid_t user);
int __wrap_setuid(uid_t user);

/* A library that says it changed the user, and did not. */
int
__wrap_capng_change_id(int user, int group, capng_flags_t flags)
{
    if (broken_strikes("capng_change_id")) return -5;
    if (broken_is("setuid") || broken_is("nobody changes")) return 0;
    return __real_capng_change_id(user, group, flags);
}

BROKEN_WRAP("setuid", int, -1, setuid, (uid_t user), (user))

#endif
