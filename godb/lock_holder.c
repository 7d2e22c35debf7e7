/* SPDX-License-Identifier: MIT
 *
 * lock_holder.c -- see lock_holder.h.
 *
 *      3: FLOCK  ADVISORY  WRITE 12345 fe:00:1441798 0 EOF
 *
 * A line of one that waits has an arrow behind its number.  The device is not compared:
 * what stat(2) says of it differs from what stands here on some file systems.
 */
#include "godb/lock_holder.h"

#include <stdio.h>
#include <sys/stat.h>

long
lock_holder(int fd)
{
    struct stat st;
    char line[256];
    long holder = 0;
    FILE *locks = fstat(fd, &st) == 0 ? fopen("/proc/locks", "re") : NULL;
    if (locks == NULL) return 0;
    while (holder == 0 && fgets(line, sizeof line, locks) != NULL) {
        unsigned long long inode;
        long pid;
        /* The kernel's own numbers fit.  NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%*d: FLOCK ADVISORY %*s %ld %*x:%*x:%llu ", &pid, &inode) ==
                2 &&
            inode == st.st_ino && pid > 0)
            holder = pid;
    }
    fclose(locks);
    return holder;
}
