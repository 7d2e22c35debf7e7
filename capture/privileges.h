/* SPDX-License-Identifier: MIT
 *
 * privileges.h -- what the daemon no longer needs once its sockets are open.
 */
#ifndef CAPTURE_PRIVILEGES_H
#define CAPTURE_PRIVILEGES_H

/* The user that root becomes where nobody says another, if there is such a user. */
#define PRIVILEGES_USER "goprobe"

/* Make the database's directory where it is missing, the user's; then become this user,
 * with its groups and no capability, for good.  user NULL: the other one, if there is
 * such a user, or, where that is NULL too, nobody else.
 *
 * Whoever is not root stays what he is.  Root that stays root keeps only the capability
 * to write into a directory that is somebody else's.  Filters and memberships can be
 * changed by anyone who has the sockets.  An exit code, where it was said what failed,
 * or -1. */
int privileges_drop(const char *db_path, const char *user, const char *other);

#endif
