/* SPDX-License-Identifier: MIT
 *
 * block_pack.h -- a block as it goes to disk: its columns compressed, its record and
 * sieve for the index made.  All that costs time and needs no file.
 */
#ifndef GODB_BLOCK_PACK_H
#define GODB_BLOCK_PACK_H

#include "godb/block.h"
#include "godb/block_record.h"

struct packed_block {
    bool is_valid; /* of the rows that the block has now */
    uint8_t *bytes;
    size_t capacity;
    size_t at[GODB_COLUMN_COUNT]; /* where in bytes a column begins */
    uint64_t raw_bytes[GODB_COLUMN_COUNT];
    struct block_record record; /* but for where its columns start */
    uint8_t *lines;             /* of its sieve */
    bool is_described;          /* record and lines say what the rows hold */
};

/* Is the block packed, for this stamp? */
bool block_is_packed(const struct godb_block *block, int64_t time_s);

/* The block's rows have changed. */
void block_unpack(struct godb_block *block);
void block_free_packed(struct godb_block *block);

#endif
