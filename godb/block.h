/* SPDX-License-Identifier: MIT
 *
 * block.h -- a block being built: one big-endian array per column.
 */
#ifndef GODB_BLOCK_H
#define GODB_BLOCK_H

#include "godb/godb.h"

struct packed_block;

struct godb_block {
    size_t count, capacity;              /* rows */
    uint8_t *columns[GODB_COLUMN_COUNT]; /* as they are stored */
    uint64_t traffic_bytes, packet_count;
    struct packed_block *packed; /* NULL: not yet */
};

/* Order the rows by sip, dip, proto, dport; those with equal keys keep their order.
 * GODB_OK or GODB_ENOMEM, which leaves them as they are. */
int block_sort(struct godb_block *block);

#endif
