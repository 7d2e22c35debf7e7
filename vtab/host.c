/* SPDX-License-Identifier: MIT
 *
 * host.c -- see host.h.
 */
#include "vtab/host.h"

#include <stddef.h>

SQLITE_EXTENSION_INIT3

#if SQLITE_VERSION_NUMBER >= 3038000

/* sqlite3_vtab_in() and its kin came with 3.38. */
static bool
has_in(void)
{
    return sqlite3_libversion_number() >= 3038000;
}

bool
host_is_in(sqlite3_index_info *info, int i)
{
    return has_in() && sqlite3_vtab_in(info, i, -1);
}

void
host_take_in(sqlite3_index_info *info, int i)
{
    sqlite3_vtab_in(info, i, 1);
}

sqlite3_value *
host_right_side(sqlite3_index_info *info, int i)
{
    sqlite3_value *value;
    if (!has_in() || sqlite3_vtab_rhs_value(info, i, &value) != SQLITE_OK) return NULL;
    return value;
}

/* What sqlite3_vtab_distinct() calls a DISTINCT without an order. */
enum { DISTINCT_ONLY = 2 };

bool
host_wants_distinct(sqlite3_index_info *info)
{
    return has_in() && sqlite3_vtab_distinct(info) == DISTINCT_ONLY;
}

int
host_in_first(sqlite3_value *list, sqlite3_value **out)
{
    return sqlite3_vtab_in_first(list, out);
}

int
host_in_next(sqlite3_value *list, sqlite3_value **out)
{
    return sqlite3_vtab_in_next(list, out);
}

#else

bool
host_is_in(sqlite3_index_info *info, int i)
{
    (void)info, (void)i;
    return false;
}

void
host_take_in(sqlite3_index_info *info, int i)
{
    (void)info, (void)i;
}

sqlite3_value *
host_right_side(sqlite3_index_info *info, int i)
{
    (void)info, (void)i;
    return NULL;
}

bool
host_wants_distinct(sqlite3_index_info *info)
{
    (void)info;
    return false;
}

int
host_in_first(sqlite3_value *list, sqlite3_value **out)
{
    (void)list, (void)out;
    return SQLITE_MISUSE;
}

int
host_in_next(sqlite3_value *list, sqlite3_value **out)
{
    (void)list, (void)out;
    return SQLITE_MISUSE;
}

#endif
