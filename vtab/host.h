/* SPDX-License-Identifier: MIT
 *
 * host.h -- what newer SQLite libraries have, and what older ones get in its place.
 *
 *                                  from 3.38        before
 *   x IN (...)                     one scan         one scan a value, as for x = ?
 *   the value in x = constant      estimates        estimates of an unknown value
 *   DISTINCT                       inside the scan  SQLite's
 *   LIMIT                          inside the scan  SQLite's; rows still come in order
 *
 * The library is asked at run time, for the extension meets others than the one it was
 * built beside, and a call that the host does not have would be a crash.  It can be
 * built with the headers of an older one, too, and then asks for nothing newer.
 */
#ifndef VTAB_HOST_H
#define VTAB_HOST_H

#include <sqlite3ext.h>

#include <stdbool.h>

enum {
    HOST_OLDEST = 3034000, /* of RHEL 9; sqlite3_libversion_number() */
    /* Operators of terms, which older headers lack. */
    HOST_LIMIT = 73,
    HOST_OFFSET = 74,
};

/* In xBestIndex: is term i an IN whose values xFilter can have all at once? */
bool host_is_in(sqlite3_index_info *info, int i);

/* Have them so; host_is_in() must have said yes. */
void host_take_in(sqlite3_index_info *info, int i);

/* What the column is compared with in term i, or NULL where that is not known. */
sqlite3_value *host_right_side(sqlite3_index_info *info, int i);

/* Does the statement want DISTINCT rows in no order of its own? */
bool host_wants_distinct(sqlite3_index_info *info);

/* In xFilter: the values of a term that host_take_in() was said of.  SQLITE_OK and the
 * value; SQLITE_DONE or NULL behind the last one. */
int host_in_first(sqlite3_value *list, sqlite3_value **out);
int host_in_next(sqlite3_value *list, sqlite3_value **out);

#endif
