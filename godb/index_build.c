/* SPDX-License-Identifier: MIT
 *
 * index_build.c -- see index_build.h.
 *
 *      stored bytes --> hash ---------------------------+
 *           |                                           +--> record -->
 * blocks.index.new
 *           +--> values (both stamps checked) --> describe, sieve            |
 *                                                                  rename -->
 * blocks.index
 */
#include "godb/index_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "godb/day.h"
#include "godb/error.h"
#include "godb/l7_file.h"
#include "godb/meta.h"

struct builder {
    struct day day;
    bool forget_old;
    struct block_index_writer writer;
    struct day_values values[GODB_COLUMN_COUNT];
    struct l7_spaces l7;
    struct meta meta;
    bool has_bad_table; /* there is one, whatever was in it */
    struct godb_index_counts counts;
    godb_warn_fn *warn;
    void *warn_arg;
};

/* --- Reading a block -------------------------------------------------------------- */

struct block_bytes {
    struct day_block block;
    struct block_record record;
    const uint8_t *columns[GODB_COLUMN_COUNT]; /* as they are stored; NULL: missing */
};

/* May the old record be this block's?  One that names another day is not, unless its
 * interface was renamed since. */
static bool
may_be_its_own(const struct builder *builder, const struct day_block *block,
    enum godb_column column)
{
    return block->is_own || block->record.owner == 0 ||
           block_index_is_fresh(&builder->day.index, &builder->day.files[column]);
}

static bool
keeps_old(const struct builder *builder, const struct day_block *block,
    enum godb_column column, const struct block_record_column *now)
{
    const struct block_record_column *old = &block->record.columns[column];
    const bool is_in_place =
        old->start == now->start && old->packed_bytes == now->packed_bytes;
    return block->has_record && (block->is_own || is_in_place) &&
           (old->packed_bytes != now->packed_bytes || old->hash != now->hash) &&
           may_be_its_own(builder, block, column);
}

static int
read_values(struct builder *builder, struct block_bytes *bytes, enum godb_column column,
    uint32_t slot, const struct colfile_extent *extent, struct godb_err *err)
{
    struct colfile *file = &builder->day.files[column];
    struct block_record_column *record = &bytes->record.columns[column];
    struct day_values *values = &builder->values[column];
    const uint8_t *packed;
    int rc = colfile_load(file, slot, extent, file->file_bytes, &packed, err);
    if (rc == GODB_OK) rc = day_values_reserve(values, extent->raw_bytes, err);
    if (rc != GODB_OK) return rc;
    record->start = extent->start;
    record->packed_bytes = (uint32_t)(extent->end - extent->start);
    record->hash = block_record_hash(packed, record->packed_bytes);
    if (keeps_old(builder, &bytes->block, column, record))
        return day_block_is_another(column, slot, err);
    rc = colfile_unpack(file, slot, extent, packed, values->raw, err);
    bytes->columns[column] = values->raw + 8;
    return rc;
}

static int
read_column(struct builder *builder, struct block_bytes *bytes, enum godb_column column,
    struct godb_err *err)
{
    struct day *day = &builder->day;
    struct colfile_extent extent;
    uint32_t slot;
    int rc = day_extent(
        day, column, bytes->block.slot, bytes->block.row_count, &slot, &extent, err);
    if (rc == GODB_OK) rc = day_check_missing(day, &bytes->block, column, &extent, err);
    if (rc != GODB_OK || extent.raw_bytes == 0) return rc;
    rc = read_values(builder, bytes, column, slot, &extent, err);
    if (rc != GODB_OK && rc != GODB_ENOMEM) err_prefix(err, day->path);
    return rc;
}

/* What the writer noted stays: a count that turned since is not to become the right
 * one. Of a block that none was noted of, meta.json is taken at its word. */
static void
note_packets(const struct builder *builder, struct block_bytes *bytes)
{
    const struct block_record *old = &bytes->block.record;
    if (bytes->block.is_own && old->packets_check != 0) {
        bytes->record.packets_check = old->packets_check;
        bytes->record.has_undecoded = old->has_undecoded;
        return;
    }
    const struct meta_block *entry = meta_find(&builder->meta, bytes->record.time_s);
    if (entry)
        block_record_note_packets(&bytes->record, &entry->pcap, entry->packets_logged);
}

static bool
has_table(const struct builder *builder, int64_t time_s)
{
    return builder->has_bad_table ||
           l7_spaces_at(&builder->l7, time_s) != godb_l7_libprotoident();
}

static int
read_block(struct builder *builder, uint32_t slot, struct block_bytes *bytes,
    struct godb_err *err)
{
    memset(bytes, 0, sizeof *bytes);
    int rc = day_block_enter(&builder->day, slot, slot, &bytes->block, err);
    if (rc != GODB_OK) return rc; /* has its path already */
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++)
        rc = read_column(builder, bytes, (enum godb_column)col, err);
    if (rc != GODB_OK) return rc;
    bytes->record.time_s = day_block_time(&builder->day, slot);
    bytes->record.owner = builder->day.owner;
    note_packets(builder, bytes);
    /* Nor does building forget that a table is missing. */
    bytes->record.has_l7_table = bytes->block.is_own
                                     ? bytes->block.record.has_l7_table
                                     : has_table(builder, bytes->record.time_s);
    block_record_describe(&bytes->record, bytes->columns, bytes->block.row_count);
    return GODB_OK;
}

/* --- Writing ---------------------------------------------------------------------- */

static int
write_err(const struct builder *builder, int os_errno, struct godb_err *err)
{
    return err_sys(err, os_errno, "%s/%s", builder->day.path, BLOCK_INDEX_NEW_FILE);
}

static int
put_record(struct builder *builder, uint32_t slot, struct block_record *record,
    const uint8_t *lines, uint32_t line_count, struct godb_err *err)
{
    uint32_t at;
    record->line_count = line_count;
    int rc = block_index_add(&builder->writer, record, lines, &at);
    if (rc == 0) rc = block_index_name(&builder->writer, slot, at);
    return rc == 0 ? GODB_OK : write_err(builder, rc, err);
}

static int
put_block(struct builder *builder, uint32_t slot, struct block_bytes *bytes,
    struct godb_err *err)
{
    uint8_t *lines;
    uint32_t line_count;
    int rc = sieve_build(&lines, &line_count, bytes->columns, bytes->block.row_count,
        bytes->record.time_s);
    if (rc != GODB_OK) return err_nomem(err);
    rc = put_record(builder, slot, &bytes->record, lines, line_count, err);
    free(lines);
    return rc;
}

/* A block that cannot be read: told, and left without a record or with its old one. */
static int
put_bad_block(struct builder *builder, uint32_t slot, struct block_bytes *bytes,
    struct godb_err *why, struct godb_err *err)
{
    builder->counts.bad_count++;
    if (builder->warn) builder->warn(builder->warn_arg, why);
    if (!bytes->block.has_record) return GODB_OK;
    return put_record(builder, slot, &bytes->block.record, NULL, 0, err);
}

static int
build_block(struct builder *builder, uint32_t slot, struct godb_err *err)
{
    struct block_bytes bytes;
    struct godb_err why;
    builder->counts.block_count++;
    int rc = read_block(builder, slot, &bytes, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK) return put_bad_block(builder, slot, &bytes, &why, err);
    builder->counts.indexed_count++;
    return put_block(builder, slot, &bytes, err);
}

/* What the old index knows of behind the last block stays known: without its records
 * nobody would miss the blocks. */
static int
keep_missing(struct builder *builder, struct godb_err *err)
{
    struct block_index *old = &builder->day.index;
    const uint32_t count = day_block_count(&builder->day);
    struct block_record record;
    struct godb_err why;
    if (day_check_count(&builder->day, &why) == GODB_OK) return GODB_OK;
    if (builder->warn) builder->warn(builder->warn_arg, &why);
    builder->counts.bad_count += block_index_count(old) - count;
    int rc = GODB_OK;
    for (uint32_t slot = count; slot < block_index_count(old) && rc == GODB_OK; slot++)
        if (block_index_find(old, slot, &record) &&
            block_index_owns(old, slot, &record))
            rc = put_record(builder, slot, &record, NULL, 0, err);
    return rc;
}

static int
build_blocks(struct builder *builder, struct godb_err *err)
{
    const int dir_fd = builder->day.dir_fd;
    int rc = block_index_create(&builder->writer, dir_fd, BLOCK_INDEX_NEW_FILE);
    if (rc != 0) return write_err(builder, rc, err);
    rc = GODB_OK;
    for (uint32_t slot = 0; slot < day_block_count(&builder->day) && rc == GODB_OK;
         slot++)
        if (day_block_is_first(&builder->day, slot))
            rc = build_block(builder, slot, err);
    if (rc != GODB_OK) return rc;
    /* What it knows of blocks that are damaged would be forgotten. */
    if (builder->day.index.os_errno != 0)
        return err_sys(err, builder->day.index.os_errno, "%s/%s", builder->day.path,
            BLOCK_INDEX_FILE);
    rc = keep_missing(builder, err);
    if (rc != GODB_OK) return rc;
    rc = block_index_stamp(&builder->writer, builder->day.files);
    if (rc == 0 &&
        renameat(dir_fd, BLOCK_INDEX_NEW_FILE, dir_fd, BLOCK_INDEX_FILE) != 0)
        rc = errno;
    return rc == 0 ? GODB_OK : write_err(builder, rc, err);
}

/* --- Days ------------------------------------------------------------------------- */

/* The lock is the day directory's own, so that it meets no writer's. */
static int
lock_day(struct builder *builder, struct godb_err *err)
{
    if (flock(builder->day.dir_fd, LOCK_EX | LOCK_NB) == 0) return GODB_OK;
    return err_set(
        err, GODB_EBUSY, "%s: another program is indexing this day", builder->day.path);
}

/* What could be read another time must not be taken for none, nor for lost. */
static int
unless_of_file(
    const struct builder *builder, const struct godb_err *why, struct godb_err *err)
{
    if (why->status == GODB_ENOTFOUND || err_is_of_file(why)) return GODB_OK;
    if (err) *err = *why;
    if (why->status != GODB_ENOMEM) err_prefix(err, builder->day.path);
    return why->status;
}

/* Either that is damaged is told when it is asked for. */
static int
read_side_files(struct builder *builder, struct godb_err *err)
{
    struct godb_err why;
    int rc = l7_file_read(&builder->l7, builder->day.dir_fd, &why);
    builder->has_bad_table = rc != GODB_OK && err_is_of_file(&why);
    if (rc != GODB_OK && (rc = unless_of_file(builder, &why, err)) != GODB_OK)
        return rc;
    rc = meta_read(&builder->meta, builder->day.dir_fd, &why);
    return rc == GODB_OK ? GODB_OK : unless_of_file(builder, &why, err);
}

static int
build_day(struct builder *builder, struct godb_err *err)
{
    int rc = lock_day(builder, err);
    if (rc == GODB_OK) rc = day_open_columns(&builder->day, GODB_COLUMNS_ALL, err);
    if (rc != GODB_OK) return rc;
    if (!builder->forget_old) day_open_index(&builder->day);
    rc = read_side_files(builder, err);
    if (rc == GODB_OK) rc = build_blocks(builder, err);
    if (rc != GODB_OK) unlinkat(builder->day.dir_fd, BLOCK_INDEX_NEW_FILE, 0);
    block_index_close_write(&builder->writer);
    return rc;
}

int
index_build(const char *root, const char *iface, int64_t day_s, bool forget_old,
    struct godb_index_counts *out, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    struct builder *builder = calloc(1, sizeof *builder);
    if (builder == NULL) return err_nomem(err);
    builder->forget_old = forget_old;
    builder->writer.fd = -1;
    builder->warn = warn;
    builder->warn_arg = warn_arg;
    int rc = day_open(&builder->day, root, iface, day_s, err);
    if (rc == GODB_OK) {
        rc = build_day(builder, err);
        day_close(&builder->day);
    }
    l7_spaces_free(&builder->l7);
    meta_free(&builder->meta);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        day_values_free(&builder->values[col]);
    if (out) *out = builder->counts;
    free(builder);
    return rc;
}

int
index_check(const char *root, const char *iface, int64_t day_s, bool *out_is_whole,
    struct godb_index_counts *out, struct godb_err *err)
{
    struct day day;
    struct day_block block;
    memset(out, 0, sizeof *out);
    int rc = day_open(&day, root, iface, day_s, err);
    if (rc != GODB_OK) return rc;
    rc = day_open_columns(&day, GODB_COLUMNS_ALL, err);
    if (rc == GODB_OK) {
        day_open_index(&day);
        for (uint32_t slot = 0; slot < day_block_count(&day); slot++) {
            if (!day_block_is_first(&day, slot)) continue;
            out->block_count++;
            out->indexed_count +=
                day_block_enter(&day, slot, slot, &block, NULL) == GODB_OK &&
                block.has_record;
        }
        *out_is_whole = out->indexed_count == out->block_count && day_is_fresh(&day) &&
                        day_check_count(&day, NULL) == GODB_OK;
    }
    day_close(&day);
    return rc;
}
