/* SPDX-License-Identifier: MIT
 *
 * block_reader.h -- the selected rows of one day's blocks, decoded as far as needed.
 *
 *      headers    which blocks, and which of them in the range of times
 *         |
 *      index      if there is one: can a row of the block pass at all, and up to where?
 *         |
 *      filter's columns     up to there; which rows pass
 *         |
 *      other columns        up to the last row that passed
 *
 * A reader keeps its buffers from block to block and from day to day, and shares
 * nothing with other readers, so that each thread can have its own.
 */
#ifndef GODB_BLOCK_READER_H
#define GODB_BLOCK_READER_H

#include "godb/day.h"
#include "godb/day_list.h"
#include "godb/filter.h"
#include "godb/l7_file.h"
#include "godb/live.h"

struct block_reader {
    const struct godb_scan_spec *spec;
    unsigned columns;       /* wanted ones and the filter's */
    bool has_day, has_lent; /* the windows, to the day */
    const char *iface;
    struct day day;
    struct colfile_window windows[GODB_COLUMN_COUNT];
    struct l7_spaces l7;
    uint32_t next_slot, end_slot;  /* what is left of the day, or of the part of it */
    uint32_t last_slot;            /* the last one in range */
    int64_t until_s;               /* no later blocks of the interface are taken */
    const struct live_block *live; /* in place of a day; NULL: none, or taken */
    /* The block at hand. */
    struct day_block block;
    uint32_t first_row, row_end; /* no rows outside of them pass */
    unsigned decoded;            /* GODB_COLUMN_BITs */
    const void *column[GODB_COLUMN_COUNT];
    struct day_values values[GODB_COLUMN_COUNT];
    uint32_t *selected;
    size_t selected_capacity;
    struct filter_scratch scratch;
    struct godb_err why; /* what the filter's column source ran into */
};

/* *spec is borrowed until block_reader_free(). */
void block_reader_init(struct block_reader *reader, const struct godb_scan_spec *spec);
void block_reader_free(struct block_reader *reader);

/* Begin with a day; one that cannot be read is told to spec->warn, and has no blocks.
 * DAY_LIVE: the block that spec->live has of the interface.  iface is borrowed until
 * the next day. */
int block_reader_enter(struct block_reader *reader, const char *root, const char *iface,
    int64_t day_s, struct godb_err *err);

/* Of the day just entered, take part `part` of `part_count` alone. */
void block_reader_take_part(
    struct block_reader *reader, uint32_t part, uint32_t part_count);

/* Of the day just entered, take the slots from..until - 1. */
void block_reader_take_slots(
    struct block_reader *reader, uint32_t from, uint32_t until);

/* The next block with a selected row; GODB_DONE where none is left of what was taken,
 * the whole day at first.  A block that cannot
 * be read is told and skipped. */
int block_reader_next(
    struct block_reader *reader, struct godb_chunk *out, struct godb_err *err);

#endif
