/* SPDX-License-Identifier: MIT
 *
 * mend.h -- bring a day back in step before something is appended to it.
 */
#ifndef GODB_MEND_H
#define GODB_MEND_H

#include "godb/colfile.h"
#include "godb/meta.h"

/* Drop the slots at the end of each column that the commit column does not have, and
 * whatever stands behind the used ones: what a crash left between two columns, or
 * between two sectors of a header.  warn hears of blocks that go.  files are open for
 * writing; path is for messages. */
int mend_slots(struct colfile files[GODB_COLUMN_COUNT], const char *path,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err);

/* Read the day's meta.json into *out; blocks that it lacks (goDB 1.05 wrote none, a
 * crash can have come before it, it can be damaged) get an entry from the columns.
 * *out_changed (may be NULL): the file does not say what *out does. */
int mend_meta(struct meta *out, bool *out_changed, int dir_fd, const char *root,
    const char *iface, int64_t day_s, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err);

/* Make the interface's entry in summary.json what its blocks say, if it is not; days
 * whose meta.json does not know all their blocks get a whole one first. */
int mend_summary(struct godb *db, const char *iface, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err);

#endif
