/* SPDX-License-Identifier: MIT
 *
 * day.h -- one day directory, opened for reading: nine column files that must agree.
 *
 *      slot        0     1     2     3
 *      sip         A     B     C     D     being written, or left by a crash
 *      ...
 *      pkts_sent   A     B     C           <- the commit column: blocks A, B, C exist
 *
 * A block exists when the commit column has its stamp: that column's slot is written
 * last, by us after a sync and by goDB 2.x as the last of its columns.  Its header is
 * read first, so every other header that is read after it has at least the same blocks.
 * Columns are matched by stamp, not by slot, since goDB 1.05 could lose one of nine.
 *
 * l7proto may be missing, as goDB 2.1 does not write it: its values are then 0.
 *
 * Where there is no such directory, the day may be one of goDB v4 (v4_day.h), and is
 * read through the same functions.
 */
#ifndef GODB_DAY_H
#define GODB_DAY_H

#include "godb/block_index.h"
#include "godb/colfile.h"
#include "godb/godb.h"
#include "godb/v4_day.h"

#define DAY_COMMIT_COLUMN GODB_PACKETS_SENT

static inline int64_t
day_of(int64_t time_s)
{
    return time_s - time_s % GODB_DAY_S;
}

struct day {
    int dir_fd;
    char path[GODB_PATH_MAX]; /* for messages */
    uint32_t owner;           /* see block_record_owner() */
    unsigned opened;          /* GODB_COLUMN_BITs */
    unsigned fresh;           /* likewise: their index is as fresh as they are */
    struct block_index index; /* see day_open_index() */
    struct colfile files[GODB_COLUMN_COUNT];
    struct v4_day *v4; /* NULL: not of goDB v4; else files[] and index are not used */
};

/* Opens the directory and the commit column.  *day is uninitialised before, and after
 * success to be closed.  GODB_ENOTFOUND where there is no such day, or nothing in it
 * yet; GODB_ECORRUPT where it has other columns but not that one. */
int day_open(struct day *day, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err);
void day_close(struct day *day);

/* Was it deleted since it was opened?  What is missing in it then is no damage. */
bool day_is_gone(const struct day *day);

/* Open more columns (GODB_COLUMN_BITs), those that are not open yet.  GODB_ENOTFOUND
 * where the day is being deleted. */
int day_open_columns(struct day *day, unsigned columns, struct godb_err *err);

/* Open blocks.index too, if there is one: day_block_enter() then finds records. */
void day_open_index(struct day *day);

/* Was the index written when all columns were as they are now? */
bool day_is_fresh(const struct day *day);

/* GODB_ECORRUPT where the index knows of more blocks than the commit column has;
 * GODB_EIO, GODB_ENOMEM where that cannot be told. */
int day_check_count(struct day *day, struct godb_err *err);

/* Blocks that exist, by slot of the commit column. */
uint32_t day_block_count(const struct day *day);
int64_t day_block_time(const struct day *day, uint32_t slot);

/* False where an earlier slot has the same stamp: the first one counts. */
bool day_block_is_first(const struct day *day, uint32_t slot);

/* How many flows block `slot` has. */
int day_block_rows(
    struct day *day, uint32_t slot, uint32_t *out_count, struct godb_err *err);

/* Where the block of an open column lies; GODB_ECORRUPT where the column lacks it or
 * has another number of flows than row_count.  For a missing l7proto raw_bytes is 0. */
int day_extent(struct day *day, enum godb_column column, uint32_t slot,
    uint32_t row_count, uint32_t *out_slot, struct colfile_extent *out,
    struct godb_err *err);

/* A growing buffer for one decoded column. */
struct day_values {
    uint8_t *raw;
    size_t capacity_bytes;
};

/* Room for need_bytes; what was there is lost. */
int day_values_reserve(
    struct day_values *values, size_t need_bytes, struct godb_err *err);
void day_values_free(struct day_values *values);

/* The sum of a counter's values; it stops at UINT64_MAX. */
uint64_t day_values_sum(const void *values, uint32_t count);

/* A block that is being read. */
struct day_block {
    uint32_t slot, row_count;
    uint32_t last_slot; /* the last one that will be asked for: how far to read ahead */
    bool has_record;
    bool is_own; /* the record names this day: it is of this block for sure */
    struct block_record record; /* what it tells of columns is not believed yet */
};

/* GODB_ECORRUPT too where the index has a record of this day in the slot that has
 * another stamp or number of flows: then the commit column's header is damaged. */
int day_block_enter(struct day *day, uint32_t slot, uint32_t last_slot,
    struct day_block *out, struct godb_err *err);

/* Can the block's record be believed about these columns (GODB_COLUMN_BITs, opened)?
 * May have to read their stored bytes to tell. */
bool day_block_is_described(
    struct day *day, const struct day_block *block, unsigned columns);

/* GODB_ECORRUPT: a column's stored bytes have not the hash that they were written with,
 * or do not lie where they were. */
int day_block_is_another(enum godb_column column, uint32_t slot, struct godb_err *err);

/* Is the column's block where the record says? */
bool day_block_is_in_place(const struct day_block *block, enum godb_column column,
    const struct colfile_extent *extent);

/* GODB_ECORRUPT where the block has no bytes in a column that it was written with. */
int day_check_missing(const struct day *day, const struct day_block *block,
    enum godb_column column, const struct colfile_extent *extent, struct godb_err *err);

/* *out: the stored bytes are those that were written.  GODB_ECORRUPT where they are
 * known not to be. */
int day_compare(struct day *day, const struct day_block *block, enum godb_column column,
    uint32_t slot, const struct colfile_extent *extent, const uint8_t *packed,
    bool *out, struct godb_err *err);

/* Where the last block that will be wanted ends in this file, as far as it can be told
 * from the header; only a hint for reading ahead. */
uint64_t day_read_ahead(struct colfile *file, uint32_t last_slot);

/* GODB_ECORRUPT where a block that a question leaves out, for its stamp or because an
 * earlier one has the same, has another stamp in the index: it may belong in. */
int day_check_stamp(struct day *day, uint32_t slot, struct godb_err *err);

struct day_rows {
    uint32_t first, end;
};

/* The values of a block in host order, inside *values; they are good until it is used
 * again.  Only those of `rows` are defined.  Where the index has the hash of the stored
 * bytes they must have it; then, what comes behind the rows is not decompressed. */
int day_read(struct day *day, const struct day_block *block, enum godb_column column,
    struct day_rows rows, struct day_values *values, const void **out,
    struct godb_err *err);

#endif
