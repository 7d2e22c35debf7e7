/* SPDX-License-Identifier: MIT
 *
 * day.c -- see day.h.
 */
#include "godb/day.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/error.h"
#include "godb/fsutil.h"

static struct colfile *
commit_file(struct day *day)
{
    return &day->files[DAY_COMMIT_COLUMN];
}

static bool
has_any_column(const struct day *day)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (faccessat(day->dir_fd, godb_columns[col].file, F_OK, 0) == 0 ||
            errno != ENOENT)
            return true;
    return false;
}

static int
prefix_path(const struct day *day, int rc, struct godb_err *err)
{
    if (rc != GODB_OK && rc != GODB_ENOMEM && rc != GODB_ENOTFOUND)
        err_prefix(err, day->path);
    return rc;
}

static int
open_v4(struct day *day, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err)
{
    int rc = v4_day_open(&day->v4, root, iface, day_s, err);
    if (rc != GODB_OK) return prefix_path(day, rc, err);
    day->dir_fd = day->v4->dir_fd;
    return GODB_OK;
}

int
day_open(struct day *day, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err)
{
    snprintf(day->path, sizeof day->path, "%s/%s/%" PRId64, root, iface, day_s);
    day->owner = block_record_owner(iface, day_s);
    day->opened = day->fresh = 0;
    day->index.fd = -1;
    day->index.os_errno = 0;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        day->files[col].fd = -1;
        day->files[col].column = (enum godb_column)col;
    }
    day->v4 = NULL;
    day->dir_fd = fs_open_below(root, iface, strrchr(day->path, '/') + 1);
    if (day->dir_fd < 0 && errno == ENOENT)
        return open_v4(day, root, iface, day_s, err);
    if (day->dir_fd < 0) return err_sys(err, errno, "%s", day->path);
    const unsigned commit = GODB_COLUMN_BIT(DAY_COMMIT_COLUMN);
    int rc = day_open_columns(day, commit, err);
    if (rc == GODB_ENOTFOUND && has_any_column(day)) {
        /* Writers make it first, so it is there now where the day is just being made.
         */
        rc = day_open_columns(day, commit, err);
        if (rc == GODB_ENOTFOUND) rc = GODB_ECORRUPT;
        if (err) err->status = (enum godb_status)rc;
    }
    if (rc != GODB_OK) day_close(day);
    return rc;
}

void
day_close(struct day *day)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (day->opened & GODB_COLUMN_BIT(col)) colfile_close(&day->files[col]);
    day->opened = day->fresh = 0;
    block_index_close(&day->index);
    if (day->v4)
        v4_day_close(day->v4);
    else
        close(day->dir_fd);
    day->v4 = NULL;
    day->dir_fd = -1;
}

bool
day_is_gone(const struct day *day)
{
    struct stat mine, there;
    if (day->v4) return false;
    /* One that cannot be looked at may be there: it would be missed without a word. */
    if (stat(day->path, &there) != 0) return errno == ENOENT;
    return fstat(day->dir_fd, &mine) == 0 &&
           (mine.st_ino != there.st_ino || mine.st_dev != there.st_dev);
}

static int
open_column(struct day *day, enum godb_column column, struct godb_err *err)
{
    int rc = colfile_open(&day->files[column], day->dir_fd, column, err);
    if (rc == GODB_OK) {
        day->opened |= GODB_COLUMN_BIT(column);
        return GODB_OK;
    }
    const bool is_gone = rc == GODB_ENOTFOUND && day_is_gone(day);
    if (rc == GODB_ENOTFOUND && column == GODB_L7PROTO && !is_gone) return GODB_OK;
    /* Without its commit column a day is not there; without another it is damaged. */
    if (rc == GODB_ENOTFOUND && column != DAY_COMMIT_COLUMN && !is_gone)
        rc = GODB_ECORRUPT;
    if (err) err->status = (enum godb_status)rc;
    err_prefix(err, day->path);
    return rc;
}

static int
open_v4_columns(struct day *day, unsigned columns, struct godb_err *err)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        if (!(columns & GODB_COLUMN_BIT(col))) continue;
        int rc = v4_day_open_column(day->v4, (enum godb_column)col, err);
        if (rc != GODB_OK) return prefix_path(day, rc, err);
    }
    return GODB_OK;
}

int
day_open_columns(struct day *day, unsigned columns, struct godb_err *err)
{
    if (day->v4) return open_v4_columns(day, columns, err);
    /* A day without blocks may lack columns: they are made one after the other. */
    const bool is_open = day->opened & GODB_COLUMN_BIT(DAY_COMMIT_COLUMN);
    if (is_open && day_block_count(day) == 0) return GODB_OK;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        if (!(columns & ~day->opened & GODB_COLUMN_BIT(col))) continue;
        int rc = open_column(day, (enum godb_column)col, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

uint32_t
day_block_count(const struct day *day)
{
    if (day->v4) return day->v4->meta.block_count;
    return day->files[DAY_COMMIT_COLUMN].used;
}

int64_t
day_block_time(const struct day *day, uint32_t slot)
{
    if (day->v4) return day->v4->meta.blocks[slot].time_s;
    return colfile_time(&day->files[DAY_COMMIT_COLUMN], slot);
}

bool
day_block_is_first(const struct day *day, uint32_t slot)
{
    const int64_t time_s = day_block_time(day, slot);
    if (day->v4 && slot < day->v4->meta.rising_count) return true;
    for (uint32_t earlier = 0; earlier < slot; earlier++)
        if (day_block_time(day, earlier) == time_s) return false;
    return true;
}

int
day_block_rows(
    struct day *day, uint32_t slot, uint32_t *out_count, struct godb_err *err)
{
    struct colfile_extent extent;
    if (day->v4) {
        const struct v4_block *block = &day->v4->meta.blocks[slot];
        *out_count = block->v4_count + block->v6_count;
        return GODB_OK;
    }
    int rc = colfile_extent(commit_file(day), slot, &extent, err);
    if (rc != GODB_OK) {
        err_prefix(err, day->path);
        return rc;
    }
    *out_count = extent.row_count;
    return GODB_OK;
}

static struct colfile_extent
v4_extent_of(const struct day *day, enum godb_column column, uint32_t slot)
{
    const int at = v4_column(column);
    if (at < 0) return (struct colfile_extent){0, 0, 0, 0};
    const struct v4_extent *extent = &day->v4->meta.blocks[slot].columns[at];
    return (struct colfile_extent){.start = extent->start,
        .end = extent->start + extent->stored_bytes,
        .raw_bytes = extent->raw_bytes};
}

int
day_extent(struct day *day, enum godb_column column, uint32_t slot, uint32_t row_count,
    uint32_t *out_slot, struct colfile_extent *out, struct godb_err *err)
{
    const int64_t time_s = day_block_time(day, slot);
    memset(out, 0, sizeof *out);
    *out_slot = slot;
    if (day->v4) {
        *out = v4_extent_of(day, column, slot);
        out->row_count = row_count;
        return GODB_OK;
    }
    const bool is_open = day->opened & GODB_COLUMN_BIT(column);
    if (is_open) *out_slot = colfile_find(&day->files[column], time_s, slot);
    if (!is_open || *out_slot == UINT32_MAX) {
        if (column == GODB_L7PROTO) return GODB_OK;
        return err_set(err, GODB_ECORRUPT,
            "%s/%s: no block %" PRId64 ", which other columns have", day->path,
            godb_columns[column].file, time_s);
    }
    int rc = colfile_extent(&day->files[column], *out_slot, out, err);
    if (rc != GODB_OK) {
        err_prefix(err, day->path);
        return rc;
    }
    if (out->row_count != row_count)
        return err_set(err, GODB_ECORRUPT,
            "%s/%s: block %" PRId64 " has %u flows, other columns have %u", day->path,
            godb_columns[column].file, time_s, out->row_count, row_count);
    return GODB_OK;
}

void
day_values_free(struct day_values *values)
{
    free(values->raw);
    values->raw = NULL;
    values->capacity_bytes = 0;
}

uint64_t
day_values_sum(const void *values, uint32_t count)
{
    const uint64_t *numbers = values;
    uint64_t sum = 0;
    for (uint32_t row = 0; row < count; row++)
        sum = godb_sum(sum, numbers[row]);
    return sum;
}

int
day_values_reserve(struct day_values *values, size_t need_bytes, struct godb_err *err)
{
    if (need_bytes <= values->capacity_bytes) return GODB_OK;
    free(values->raw);
    values->capacity_bytes = 0;
    values->raw = malloc(need_bytes);
    if (values->raw == NULL) return err_nomem(err);
    values->capacity_bytes = need_bytes;
    return GODB_OK;
}

static int
zero_values(enum godb_column column, uint32_t row_count, struct day_values *values,
    const void **out, struct godb_err *err)
{
    const size_t bytes = (size_t)row_count * godb_columns[column].width_bytes;
    int rc = day_values_reserve(values, bytes > 0 ? bytes : 1, err);
    if (rc != GODB_OK) return rc;
    memset(values->raw, 0, bytes);
    *out = values->raw;
    return GODB_OK;
}

uint64_t
day_read_ahead(struct colfile *file, uint32_t last_slot)
{
    struct colfile_extent last;
    if (last_slot >= file->used) return 0;
    return colfile_extent(file, last_slot, &last, NULL) == GODB_OK ? last.end : 0;
}

/* Stopping in time costs more than what is left, where that is little. */
static bool
is_first_part(const struct day_block *block, struct day_rows rows)
{
    return rows.end < block->row_count - block->row_count / 4;
}

/* Decompress into raw, whole where nothing vouches for the bytes. */
static int
unpack(struct day *day, struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, const struct day_block *block,
    struct day_rows rows, uint8_t *raw, struct godb_err *err)
{
    const uint8_t *packed;
    const uint64_t read_to = day_read_ahead(file, block->last_slot);
    bool is_known;
    int rc = colfile_load(file, slot, extent, read_to, &packed, err);
    if (rc == GODB_OK)
        rc =
            day_compare(day, block, file->column, slot, extent, packed, &is_known, err);
    if (rc != GODB_OK) return rc;
    rc = is_known && is_first_part(block, rows)
             ? colfile_unpack_first(file, slot, extent, packed, rows.end, raw, err)
             : colfile_unpack(file, slot, extent, packed, raw, err);
    if (rc == GODB_OK) colfile_turn(file, raw, rows.first, rows.end);
    return rc;
}

static int
read_v4(struct day *day, const struct day_block *block, enum godb_column column,
    struct day_values *values, const void **out, struct godb_err *err)
{
    const size_t bytes = (size_t)block->row_count * godb_columns[column].width_bytes;
    int rc = v4_day_check(day->v4, block->slot, column, err);
    if (rc == GODB_OK) rc = day_values_reserve(values, bytes > 0 ? bytes : 1, err);
    if (rc == GODB_OK) rc = v4_day_read(day->v4, block->slot, column, values->raw, err);
    *out = values->raw;
    return prefix_path(day, rc, err);
}

int
day_read(struct day *day, const struct day_block *block, enum godb_column column,
    struct day_rows rows, struct day_values *values, const void **out,
    struct godb_err *err)
{
    uint32_t slot;
    struct colfile_extent extent;
    if (day->v4) return read_v4(day, block, column, values, out, err);
    int rc =
        day_extent(day, column, block->slot, block->row_count, &slot, &extent, err);
    if (rc == GODB_OK) rc = day_check_missing(day, block, column, &extent, err);
    if (rc != GODB_OK) return rc;
    if (extent.raw_bytes == 0) return zero_values(column, rows.end, values, out, err);
    rc = day_values_reserve(values, extent.raw_bytes, err);
    if (rc != GODB_OK) return rc;
    rc = unpack(day, &day->files[column], slot, &extent, block, rows, values->raw, err);
    if (rc != GODB_OK) {
        if (rc != GODB_ENOMEM) err_prefix(err, day->path);
        return rc;
    }
    *out = values->raw + 8;
    return GODB_OK;
}
