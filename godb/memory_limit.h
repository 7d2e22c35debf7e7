/* SPDX-License-Identifier: MIT
 *
 * memory_limit.h -- how much memory a question may take where nobody says.
 */
#ifndef GODB_MEMORY_LIMIT_H
#define GODB_MEMORY_LIMIT_H

#include <stdint.h>

/* In bytes, at least 64 MiB: half of the machine's memory or of what the process's
 * control groups (version 1 or 2) allow, whichever is less; and no more than three
 * quarters of what is available at the moment, for a firewall has better to do than to
 * look for memory.  Reads /proc and /sys/fs/cgroup. */
uint64_t memory_limit_default(void);

#endif
