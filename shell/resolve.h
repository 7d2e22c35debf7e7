/* SPDX-License-Identifier: MIT
 *
 * resolve.h -- names and addresses, from the hosts file and DNS, in bounded time.
 */
#ifndef SHELL_RESOLVE_H
#define SHELL_RESOLVE_H

#include "godb/godb.h"

enum { RESOLVE_NAME = 256 };

/* A godb_resolve_fn for host names in conditions; arg is the time it may take, in
 * milliseconds: const int64_t *. */
int resolve_host(
    void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max);

struct resolve_query {
    uint8_t ip[GODB_IP_BYTES];
    char name[RESOLVE_NAME]; /* "" where there is none, or none came in time */
};

/* Ask for all names at once, and wait for at most timeout_ms.  GODB_ENOMEM, or
 * GODB_EIO where the system's resolver is not set up; names are then "". */
int resolve_names(struct resolve_query *queries, size_t count, int64_t timeout_ms,
    struct godb_err *err);

#endif
