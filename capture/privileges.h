/* SPDX-License-Identifier: MIT
 *
 * privileges.h -- what the daemon no longer needs once its sockets are open.
 */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

/* Drop all capabilities, for good, but the one to write into db_path where somebody
 * else owns it.  Filters and memberships can be changed without them.  A failure is
 * logged: capture works all the same. */
void privileges_drop(const char *db_path);

#endif
