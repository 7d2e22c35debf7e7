/* SPDX-License-Identifier: MIT
 *
 * lock_holder.h -- who holds a lock of flock(2).
 */
#ifndef GODB_LOCK_HOLDER_H
#define GODB_LOCK_HOLDER_H

/* The process that holds the lock on an open file, as /proc/locks tells; 0 where it
 * does not: it is gone by now, lives in another container, or there is no /proc. */
long lock_holder(int fd);

#endif
