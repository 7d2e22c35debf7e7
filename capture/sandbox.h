/* SPDX-License-Identifier: MIT
 *
 * sandbox.h -- system calls that a capturing process has no use for.
 *
 * The only part that knows seccomp.
 */
#ifndef CAPTURE_SANDBOX_H
#define CAPTURE_SANDBOX_H

#include <stdbool.h>

/* From now on, and in all threads, calls that neither capture nor writing, answering
 * nor logging needs fail with EPERM: to run a program, to become someone, to reach into
 * other processes, to change the system.  False: the kernel does not offer it, and
 * nothing has changed; error has a line of at most 256 bytes. */
bool sandbox_enter(char *error);

#endif
