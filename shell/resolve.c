/* SPDX-License-Identifier: MIT
 *
 * resolve.c -- see resolve.h.
 */
#include "shell/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* An address in the form that flows have it; false for other families. */
static bool
take_address(uint8_t out[GODB_IP_BYTES], const struct addrinfo *info)
{
    memset(out, 0, GODB_IP_BYTES);
    if (info->ai_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, info->ai_addr, sizeof v4);
        memcpy(out, &v4.sin_addr, sizeof v4.sin_addr);
    } else if (info->ai_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, info->ai_addr, sizeof v6);
        memcpy(out, &v6.sin6_addr, sizeof v6.sin6_addr);
    }
    return info->ai_family == AF_INET || info->ai_family == AF_INET6;
}

int
resolve_host(void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max)
{
    /* One kind of socket, or each address would come once for every kind. */
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    size_t count = 0;
    (void)arg;
    if (getaddrinfo(host, NULL, &hints, &list) != 0) return -1;
    for (const struct addrinfo *info = list; info && count < max; info = info->ai_next)
        count += take_address(out[count], info);
    freeaddrinfo(list);
    return count > 0 ? (int)count : -1;
}
