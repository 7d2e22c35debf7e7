/* SPDX-License-Identifier: MIT
 *
 * filter_prune.h -- what a filter makes of a block as far as its record tells.
 */
#ifndef GODB_FILTER_PRUNE_H
#define GODB_FILTER_PRUNE_H

#include "godb/day.h"
#include "godb/godb.h"

struct filter_verdict {
    bool can_pass;    /* false: no row passes */
    bool can_fail;    /* false: every row passes */
    uint32_t row_end; /* no row from here on passes */
};

/* The verdict on a block that has a record.  It holds where the record can be believed
 * about the filter's columns, see day_block_is_described(). */
struct filter_verdict filter_prune(const struct godb_filter *filter,
    const struct block_index *index, const struct day_block *block);

#endif
