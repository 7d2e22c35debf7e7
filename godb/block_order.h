/* SPDX-License-Identifier: MIT
 *
 * block_order.h -- the blocks of a selection by time and interface.
 *
 * A stamp is believed nowhere but in the header that holds it, so all headers of the
 * selection are read before the first block is given: some 20 us and, at 288 blocks, 5
 * KiB a day.  No column is read for it.
 */
#ifndef GODB_BLOCK_ORDER_H
#define GODB_BLOCK_ORDER_H

#include "godb/day_list.h"

struct block_ref {
    int64_t time_s;
    uint32_t day; /* index into day_list.days */
    uint32_t slot;
};

struct block_order {
    struct block_ref *refs;
    size_t count;
};

/* List and order the blocks of the days as spec->block_order says.  A day that cannot
 * be read is told to spec->warn, and has no blocks.  GODB_ECANCELLED where spec->stop
 * says so.  On error nothing is left to free. */
int block_order_make(struct block_order *out, const struct godb *db,
    const struct day_list *days, const struct godb_scan_spec *spec,
    struct godb_err *err);
void block_order_free(struct block_order *order);

#endif
