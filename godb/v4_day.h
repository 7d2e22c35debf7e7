/* SPDX-License-Identifier: MIT
 *
 * v4_day.h -- one day directory of goDB v4 (goProbe 4.x), for reading.
 *
 *      <root>/<iface>/<YYYY>/<MM>/<day>[_<totals>]/    .blockmeta, eight columns
 *
 * YYYY and MM are those of the writer's local time, so a day is looked for in the
 * months around it too.  The directory is renamed after every write, as its name holds
 * the day's totals: it is found by its number, and looked for again where it has just
 * gone.
 *
 * day.h reads through this where there is no directory <root>/<iface>/<day>.
 */
#ifndef GODB_V4_DAY_H
#define GODB_V4_DAY_H

#include <stddef.h>

#include "godb/v4_meta.h"

struct v4_day {
    int dir_fd;
    int fds[V4_COLUMN_COUNT]; /* -1: not open */
    struct v4_meta meta;
    uint8_t *stored, *raw; /* working memory */
    size_t stored_capacity, raw_capacity;
};

/* The number that a v4 day directory's name begins with; false where it is none. */
bool v4_day_number(const char *name, int64_t *out_s);

/* GODB_ENOTFOUND where there is no such day.  *out for v4_day_close(). */
int v4_day_open(struct v4_day **out, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err);
void v4_day_close(struct v4_day *day);

/* A column file; one that holds nothing may be missing. */
int v4_day_open_column(
    struct v4_day *day, enum godb_column column, struct godb_err *err);

/* Can what is stored of a block be a column of so many flows at all?  Asked before
 * anything is allocated for them.  GODB_ECORRUPT. */
int v4_day_check(const struct v4_day *day, uint32_t slot, enum godb_column column,
    struct godb_err *err);

/* The values of block `slot`, which is checked, in host order: room for its flows is in
 * out.  l7proto, which v4 has not, is 0. */
int v4_day_read(struct v4_day *day, uint32_t slot, enum godb_column column, void *out,
    struct godb_err *err);

/* The sum of a block's bytes; opens both columns.  GODB_ECORRUPT. */
int v4_day_traffic(
    struct v4_day *day, uint32_t slot, uint64_t *out_bytes, struct godb_err *err);

#endif
