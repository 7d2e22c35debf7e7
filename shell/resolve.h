/* SPDX-License-Identifier: MIT
 *
 * resolve.h -- host names in conditions.
 */
#ifndef SHELL_RESOLVE_H
#define SHELL_RESOLVE_H

#include "godb/godb.h"

/* A godb_resolve_fn that asks the system (hosts file, DNS); arg is not used.  It takes
 * as long as the system's resolver does. */
int resolve_host(
    void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max);

#endif
