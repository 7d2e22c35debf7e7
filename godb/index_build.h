/* SPDX-License-Identifier: MIT
 *
 * index_build.h -- make the index of a day from its columns.
 */
#ifndef GODB_INDEX_BUILD_H
#define GODB_INDEX_BUILD_H

#include "godb/godb.h"

/* Replace <root>/<iface>/<day>/blocks.index, at once.  A block that cannot be read gets
 * no record; one whose stored bytes are not those that the old index has the hash of
 * keeps its old record, so that it is not taken for right, unless forget_old.  warn
 * (may be NULL) hears of both.  *out counts blocks; may be NULL.  The caller is the
 * day's only writer; a day that someone else indexes at this moment is GODB_EBUSY. */
int index_build(const char *root, const char *iface, int64_t day_s, bool forget_old,
    struct godb_index_counts *out, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err);

/* Has every block a record, and does the index fit the files?  Counts as above. */
int index_check(const char *root, const char *iface, int64_t day_s, bool *out_is_whole,
    struct godb_index_counts *out, struct godb_err *err);

#endif
