/* SPDX-License-Identifier: MIT
 *
 * day_record.c -- what a day's index says of a block, and what it is worth.
 *
 *      record's own hash is right, and it names this day
 *          yes  ->  it is of this block, and whatever differs is damage
 *          no   ->  it may have come from elsewhere with its file: it is of this block
 *                   where the columns did not change since, or most of them agree
 */
#include <inttypes.h>

#include "godb/day.h"
#include "godb/error.h"

void
day_open_index(struct day *day)
{
    if (day->v4 == NULL) block_index_open(&day->index, day->dir_fd, day->owner);
}

bool
day_is_fresh(const struct day *day)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (!block_index_is_fresh(&day->index, &day->files[col])) return false;
    return true;
}

/* Blocks that were added since the header was read. */
static uint32_t
count_now(const struct day *day)
{
    struct colfile now;
    if (colfile_open(&now, day->dir_fd, DAY_COMMIT_COLUMN, NULL) != GODB_OK) return 0;
    const uint32_t used = now.used;
    colfile_close(&now);
    return used;
}

/* Turned bits in the index can name the record of a block that is there for one behind
 * the last, which would be newer.  True where there is no record, too. */
static bool
is_of_one_there(struct day *day, uint32_t slot)
{
    struct block_record record;
    if (!block_index_find(&day->index, slot, &record) ||
        !block_index_owns(&day->index, slot, &record))
        return true;
    for (uint32_t there = 0; there < day_block_count(day); there++)
        if (day_block_time(day, there) == record.time_s) return true;
    return false;
}

static int
index_err(const struct day *day, struct godb_err *err)
{
    return err_sys(err, day->index.os_errno, "%s/%s", day->path, BLOCK_INDEX_FILE);
}

int
day_check_count(struct day *day, struct godb_err *err)
{
    uint32_t known = block_index_count(&day->index);
    while (known > day_block_count(day) && is_of_one_there(day, known - 1))
        known--;
    if (block_index_is_hindered(&day->index)) return index_err(day, err);
    if (known <= day_block_count(day) || known <= count_now(day)) return GODB_OK;
    return err_set(err, GODB_ECORRUPT,
        "%s/%s: has %u blocks, but %s knows of %u; goprobe-check may bring them back",
        day->path, godb_columns[DAY_COMMIT_COLUMN].file, day_block_count(day),
        BLOCK_INDEX_FILE, known);
}

/* The record cannot be another block's, so one of both is not what was written; and the
 * record's hash is right. */
static int
is_not_as_recorded(const struct day *day, uint32_t slot, const char *what, int64_t have,
    int64_t recorded, struct godb_err *err)
{
    return err_set(err, GODB_ECORRUPT,
        "%s/%s: slot %u: the block has %s %" PRId64 ", but was written with %" PRId64
        ", says %s",
        day->path, godb_columns[DAY_COMMIT_COLUMN].file, slot, what, have, recorded,
        BLOCK_INDEX_FILE);
}

static int
check_record(const struct day *day, const struct day_block *block, struct godb_err *err)
{
    const int64_t time_s = day_block_time(day, block->slot);
    const struct block_record *record = &block->record;
    if (record->time_s != time_s)
        return is_not_as_recorded(
            day, block->slot, "the stamp", time_s, record->time_s, err);
    if (record->row_count != block->row_count)
        return is_not_as_recorded(day, block->slot, "as its number of flows",
            block->row_count, record->row_count, err);
    return GODB_OK;
}

int
day_block_enter(struct day *day, uint32_t slot, uint32_t last_slot,
    struct day_block *out, struct godb_err *err)
{
    out->slot = slot;
    out->last_slot = last_slot;
    out->has_record = block_index_find(&day->index, slot, &out->record);
    out->is_own = out->has_record && block_index_owns(&day->index, slot, &out->record);
    /* Whether it is as it was written cannot be told. */
    if (!out->has_record && block_index_is_hindered(&day->index))
        return index_err(day, err);
    int rc = day_block_rows(day, slot, &out->row_count, err);
    if (rc != GODB_OK || !out->has_record) return rc;
    rc = check_record(day, out, out->is_own ? err : NULL);
    if (rc == GODB_OK || out->is_own) return rc;
    out->has_record = false;
    return GODB_OK;
}

int
day_check_stamp(struct day *day, uint32_t slot, struct godb_err *err)
{
    struct block_record record;
    const int64_t time_s = day_block_time(day, slot);
    if (!block_index_find(&day->index, slot, &record) || record.time_s == time_s ||
        !block_index_owns(&day->index, slot, &record))
        return GODB_OK;
    return is_not_as_recorded(day, slot, "the stamp", time_s, record.time_s, err);
}

bool
day_block_is_in_place(const struct day_block *block, enum godb_column column,
    const struct colfile_extent *extent)
{
    const struct block_record_column *record = &block->record.columns[column];
    return block->has_record && record->packed_bytes == extent->end - extent->start &&
           (record->packed_bytes == 0 || record->start == extent->start);
}

/* Asked once: what is appended later changes no block that was there. */
static bool
is_fresh(struct day *day, enum godb_column column)
{
    const unsigned bit = GODB_COLUMN_BIT(column);
    if (!(day->fresh & bit) && block_index_is_fresh(&day->index, &day->files[column]))
        day->fresh |= bit;
    return day->fresh & bit;
}

/* Has the column's block the bytes that its record tells of?  With trusts_files they
 * need not be read where the file has not changed since the record was written. */
static bool
is_column_described(struct day *day, const struct day_block *block,
    enum godb_column column, bool trusts_files)
{
    struct colfile *file = &day->files[column];
    struct colfile_extent extent;
    uint32_t slot;
    const uint8_t *packed;
    if (day_extent(day, column, block->slot, block->row_count, &slot, &extent, NULL) !=
            GODB_OK ||
        !day_block_is_in_place(block, column, &extent))
        return false;
    if (extent.raw_bytes == 0) return true;
    if (trusts_files && is_fresh(day, column)) return true;
    return colfile_load(file, slot, &extent, day_read_ahead(file, block->last_slot),
               &packed, NULL) == GODB_OK &&
           block_record_hash(packed, extent.end - extent.start) ==
               block->record.columns[column].hash;
}

bool
day_block_is_described(struct day *day, const struct day_block *block, unsigned columns)
{
    if (!block->has_record) return false;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if ((columns & GODB_COLUMN_BIT(col)) &&
            !is_column_described(day, block, (enum godb_column)col, true))
            return false;
    return true;
}

int
day_block_is_another(enum godb_column column, uint32_t slot, struct godb_err *err)
{
    return err_set(err, GODB_ECORRUPT,
        "%s: slot %u: the block is not the one that was written, for which %s has "
        "another hash",
        godb_columns[column].file, slot, BLOCK_INDEX_FILE);
}

/* A record that does not say whose it is may have been copied with the index of
 * another interface, or the interface was renamed.  It is this block's where at least
 * half of the other columns have the bytes that it tells of. */
static bool
fits_other_columns(struct day *day, const struct day_block *block, enum godb_column but)
{
    int others = 0, fitting = 0;
    day_open_columns(day, GODB_COLUMNS_ALL, NULL);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        if (col == (int)but || !(day->opened & GODB_COLUMN_BIT(col))) continue;
        others++;
        fitting += is_column_described(day, block, (enum godb_column)col, false);
    }
    return 2 * fitting >= others;
}

/* Is the record of this block, so that other bytes are damage? */
static bool
is_record_of(struct day *day, const struct day_block *block, enum godb_column column)
{
    return block->is_own || is_fresh(day, column) ||
           fits_other_columns(day, block, column);
}

int
day_compare(struct day *day, const struct day_block *block, enum godb_column column,
    uint32_t slot, const struct colfile_extent *extent, const uint8_t *packed,
    bool *out, struct godb_err *err)
{
    *out = false;
    if (!block->has_record) return GODB_OK;
    const struct block_record_column *record = &block->record.columns[column];
    *out = record->packed_bytes == extent->end - extent->start &&
           record->hash == block_record_hash(packed, record->packed_bytes);
    if (*out || !is_record_of(day, block, column)) return GODB_OK;
    return day_block_is_another(column, slot, err);
}

int
day_check_missing(const struct day *day, const struct day_block *block,
    enum godb_column column, const struct colfile_extent *extent, struct godb_err *err)
{
    if (extent->raw_bytes > 0 || !block->is_own ||
        day_block_is_in_place(block, column, extent))
        return GODB_OK;
    return err_set(err, GODB_ECORRUPT,
        "%s/%s: no block %" PRId64 ", which %s says was written", day->path,
        godb_columns[column].file, day_block_time(day, block->slot), BLOCK_INDEX_FILE);
}
