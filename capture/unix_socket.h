/* SPDX-License-Identifier: MIT
 *
 * unix_socket.h -- listen to a socket in the file system, and connect to one.
 */
#ifndef CAPTURE_UNIX_SOCKET_H
#define CAPTURE_UNIX_SOCKET_H

#include <stdbool.h>

enum { UNIX_SOCKET_ERROR_MAX = 256, UNIX_SOCKET_MODE = 0660 };

/* A listening descriptor.  A socket that is left there, and that nobody listens to, is
 * replaced; any other file is not.  -1: there is a line in error. */
int unix_socket_listen(const char *path, char *error);

/* A connected descriptor; -1 with errno, EINVAL where the path is too long. */
int unix_socket_connect(const char *path);

/* Is the peer root, this process's user, or of its group? */
bool unix_socket_peer_may(int fd);

#endif
