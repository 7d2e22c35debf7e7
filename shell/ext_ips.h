/* SPDX-License-Identifier: MIT
 *
 * ext_ips.h -- the machine's own outside addresses, as goQuery 1.05 tells them.
 */
#ifndef SHELL_EXT_IPS_H
#define SHELL_EXT_IPS_H

#include <stddef.h>

#include "godb/godb.h"

/* Where 1.05 looks. */
#define EXT_IPS_FILE "/etc/macros.conf"

enum { EXT_IPS_MAX = 64 };

struct ext_ips {
    size_t count;
    char texts[EXT_IPS_MAX][GODB_IP_TEXT];
};

/* The addresses of the file's line "ip_LOCAL_EXT=a,b"; none where there is no such line
 * or file.  Whatever is no address is passed over, and so are files that are larger
 * than 64 KiB, or no files at all. */
void ext_ips_read(struct ext_ips *out, const char *path);

#endif
