/* SPDX-License-Identifier: MIT
 *
 * unix_socket.c -- see unix_socket.h.
 */
#include "capture/unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 8, GROUPS_MAX = 256 };

static bool
fill_address(struct sockaddr_un *address, const char *path)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    const size_t length = strlen(path);
    if (length >= sizeof address->sun_path) return false;
    memcpy(address->sun_path, path, length + 1);
    return true;
}

int
unix_socket_connect(const char *path)
{
    struct sockaddr_un address;
    if (!fill_address(&address, path)) {
        errno = EINVAL;
        return -1;
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    const int os_errno = errno;
    close(fd);
    errno = os_errno;
    return -1;
}

/* --- Listening -------------------------------------------------------------------- */

static int
fail(int fd, char *error, const char *path, const char *why)
{
    snprintf(error, UNIX_SOCKET_ERROR_MAX, "socket %.120s: %s", path, why);
    if (fd >= 0) close(fd);
    return -1;
}

/* Make the name free; an explanation where it is not ours to take. */
static const char *
clear_way(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0) return errno == ENOENT ? NULL : strerror(errno);
    if (!S_ISSOCK(st.st_mode))
        return "there is a file of that name, which is no socket";
    const int fd = unix_socket_connect(path);
    if (fd >= 0) {
        close(fd);
        return "another goprobe answers there";
    }
    if (errno != ECONNREFUSED) return strerror(errno);
    return unlink(path) == 0 ? NULL : strerror(errno);
}

int
unix_socket_listen(const char *path, char *error)
{
    struct sockaddr_un address;
    if (!fill_address(&address, path))
        return fail(-1, error, path, "its path has more than 107 bytes");
    const char *obstacle = clear_way(path);
    if (obstacle) return fail(-1, error, path, obstacle);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail(fd, error, path, strerror(errno));
    /* Between the two it may be stricter than it is to be, not laxer: what the umask
     * leaves is taken away first, and peers are checked besides. */
    (void)fchmod(fd, UNIX_SOCKET_MODE);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        return fail(fd, error, path, strerror(errno));
    if (chmod(path, UNIX_SOCKET_MODE) != 0 || listen(fd, BACKLOG) != 0)
        return fail(fd, error, path, strerror(errno));
    return fd;
}

/* --- Peers ------------------------------------------------------------------------ */

static bool
is_in_group(int fd, gid_t group)
{
    gid_t groups[GROUPS_MAX];
    socklen_t bytes = sizeof groups;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &bytes) != 0) return false;
    for (size_t i = 0; i < bytes / sizeof groups[0]; i++)
        if (groups[i] == group) return true;
    return false;
}

bool
unix_socket_peer_may(int fd)
{
    struct ucred peer;
    socklen_t bytes = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) return false;
    return peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid() ||
           is_in_group(fd, getegid());
}
