/* SPDX-License-Identifier: MIT
 *
 * filter.h -- evaluate a godb_filter on the columns of one block.
 */
#ifndef GODB_FILTER_H
#define GODB_FILTER_H

#include "godb/godb.h"

/* Where the columns of the block come from.  column() hands out row_count values in
 * host order (addresses: 16 bytes each) and is called only for columns that the
 * verdict still depends on, so that a source may decode on demand; NULL means that the
 * column cannot be read, and the source remembers why. */
struct filter_source {
    const void *(*column)(void *arg, enum godb_column col);
    void *arg;
    const struct godb_l7_names *l7_names;
    uint32_t row_count;
};

/* Working memory that is kept from block to block; zero-initialise it. */
struct filter_scratch {
    uint8_t *bytes;
    size_t capacity_bytes;
};

void filter_scratch_free(struct filter_scratch *scratch);

/* Write the numbers of the rows that pass, rising, to rows (room for row_count) and
 * their number to *out_count.  GODB_OK, GODB_ENOMEM, or GODB_ECORRUPT where a column
 * could not be had.  filter is not NULL. */
int filter_select(const struct godb_filter *filter, const struct filter_source *source,
    struct filter_scratch *scratch, uint32_t *rows, uint32_t *out_count);

/* The first l7 protocol name in the filter that known() does not accept, borrowed from
 * the filter; NULL where there is none. */
const char *filter_unknown_l7_name(const struct godb_filter *filter,
    bool (*known)(void *arg, const char *name), void *arg);

#endif
