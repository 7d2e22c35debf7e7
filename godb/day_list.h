/* SPDX-License-Identifier: MIT
 *
 * day_list.h -- which day directories a selection needs, by listing directories.
 */
#ifndef GODB_DAY_LIST_H
#define GODB_DAY_LIST_H

#include "godb/godb.h"

struct day_ref {
    uint32_t iface; /* index into day_list.ifaces */
    int64_t day_s;  /* DAY_LIVE: no directory, but a block in memory; see live.h */
    bool is_v4;     /* only there as goDB v4 writes it; see v4_day.h */
};

#define DAY_LIVE INT64_MAX

struct day_list {
    char (*ifaces)[GODB_IFACE_MAX]; /* by name, each once */
    size_t iface_count;
    struct day_ref *days; /* by interface, then day */
    size_t count;
};

/* The interfaces of a database: its directories whose names may be interfaces. */
int day_list_ifaces(struct day_list *list, const struct godb *db, struct godb_err *err);

/* Interfaces and days of the selection.  GODB_ENOTFOUND for an interface that does not
 * exist.  Directories whose names are no decimal day, nor a year with months with days
 * of goDB v4, are not ours and are ignored.  On
 * error nothing is left to free. */
int day_list_make(struct day_list *list, const struct godb *db,
    const struct godb_selection *sel, struct godb_err *err);
void day_list_free(struct day_list *list);

/* Add a day, and its interface where the list lacks it. */
int day_list_add(
    struct day_list *list, const char *iface, int64_t day_s, struct godb_err *err);

#endif
