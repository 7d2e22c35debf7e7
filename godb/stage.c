/* SPDX-License-Identifier: MIT
 *
 * stage.c -- see stage.h.
 */
#include "godb/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/check.h"
#include "godb/day.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/index_build.h"
#include "godb/mend.h"

/* A header may name bytes that never reached the disk, where the writer did not sync;
 * more than this is no lost tail but garbage. */
#define TAIL_MAX_BYTES (UINT64_C(256) << 20)

static int
file_err(struct stage *stage, int col, int os_errno, struct godb_err *err)
{
    return err_sys(err, os_errno, "%s/%s", stage->path, godb_columns[col].file);
}

/* --- Opening ---------------------------------------------------------------------- */

static int
make_day_dir(struct stage *stage, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err)
{
    char name[24];
    snprintf(stage->path, sizeof stage->path, "%s/%s/%" PRId64, root, iface, day_s);
    if (mkdir(stage->path, FS_DIR_MODE) != 0 && errno != EEXIST)
        return err_sys(err, errno, "%s: cannot be created", stage->path);
    snprintf(name, sizeof name, "%" PRId64, day_s);
    stage->dir_fd = fs_open_below(root, iface, name);
    if (stage->dir_fd < 0) return err_sys(err, errno, "%s", stage->path);
    stage->day_s = day_s;
    return GODB_OK;
}

static int
open_file(struct stage *stage, enum godb_column column, struct godb_err *err)
{
    int rc = colfile_open_write(&stage->files[column], stage->dir_fd, column, err);
    if (rc != GODB_OK) err_prefix(err, stage->path);
    return rc;
}

/* The commit column first: a day that has columns and not that one is a damaged one. */
static int
open_files(struct stage *stage, struct godb_err *err)
{
    int rc = open_file(stage, DAY_COMMIT_COLUMN, err);
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++)
        if (col != DAY_COMMIT_COLUMN) rc = open_file(stage, (enum godb_column)col, err);
    return rc;
}

/* Where the next bytes of a column go; what lies there is cut off. */
static int
cut_tail(struct stage *stage, int col, struct godb_err *err)
{
    struct colfile *file = &stage->files[col];
    const uint64_t next = colfile_next_offset(file);
    if (next < COLFILE_HEADER || next > file->file_bytes + TAIL_MAX_BYTES)
        return err_set(err, GODB_ECORRUPT,
            "%s/%s: the header puts the next block at %" PRIu64
            ", the file has %" PRIu64 " bytes; move the day away to go on",
            stage->path, godb_columns[col].file, next, file->file_bytes);
    const int rc = file->file_bytes > next ? fs_truncate(file->fd, next) : 0;
    if (rc != 0) return file_err(stage, col, rc, err);
    stage->next_offset[col] = next;
    return GODB_OK;
}

/* A header that differs from what blocks.index knows of committed blocks is written
 * anew, where all of those lie on disk with the bytes that they should have. */
static int
restore_header(struct stage *stage, enum godb_column column, struct block_index *index,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    uint8_t header[COLFILE_HEADER];
    struct colfile *file = &stage->files[column];
    struct godb_err news;
    bool differs;
    int rc = repair_find_header(index, file, header, &differs, err);
    if (rc != GODB_OK || !differs) return rc;
    rc = repair_write_header(stage->dir_fd, column, header);
    if (rc != 0) return file_err(stage, column, rc, err);
    err_set(&news, GODB_ECORRUPT,
        "%s/%s: the header was not that of blocks.index, and has been restored",
        stage->path, godb_columns[column].file);
    if (warn) warn(warn_arg, &news);
    stage->has_restored = true;
    colfile_close(file);
    return open_file(stage, column, err);
}

/* Later it is there, and blocks may be lost without it. */
static bool
is_short_of(int os_errno)
{
    return os_errno == EMFILE || os_errno == ENFILE || os_errno == ENOMEM;
}

/* Before slots are judged by those of the commit column. */
static int
restore_headers(
    struct stage *stage, godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    struct block_index index;
    int rc = GODB_OK;
    block_index_open(&index, stage->dir_fd, stage->owner);
    const bool is_there = block_index_count(&index) > 0;
    if (is_short_of(index.os_errno))
        rc = err_sys(err, index.os_errno, "%s", stage->path);
    for (int col = 0; col < GODB_COLUMN_COUNT && is_there && rc == GODB_OK; col++)
        rc = restore_header(stage, (enum godb_column)col, &index, warn, warn_arg, err);
    block_index_close(&index);
    return rc;
}

static int
prepare_files(
    struct stage *stage, godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    int rc = restore_headers(stage, warn, warn_arg, err);
    if (rc == GODB_OK) rc = mend_slots(stage->files, stage->path, warn, warn_arg, err);
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++)
        rc = cut_tail(stage, col, err);
    return rc;
}

/* --- The index -------------------------------------------------------------------- */

/* What cannot be indexed is answered slower, not wrongly: the blocks go on without. */
static void
end_index(struct stage *stage, int os_errno)
{
    block_index_close_write(&stage->index);
    stage->index_errno = os_errno;
}

/* The index of a day that has blocks, built again where it does not fit them. */
static int
open_old_index(struct stage *stage, const char *root, const char *iface,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    bool is_fresh;
    int rc =
        block_index_open_write(&stage->index, stage->dir_fd, stage->files, &is_fresh);
    if (rc == 0 && is_fresh) return GODB_OK;
    block_index_close_write(&stage->index);
    rc = index_build(root, iface, stage->day_s, false, NULL, warn, warn_arg, err);
    if (rc != GODB_OK) return rc;
    rc = block_index_open_write(&stage->index, stage->dir_fd, stage->files, &is_fresh);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s/%s", stage->path, BLOCK_INDEX_FILE);
}

static int
open_index(struct stage *stage, const char *root, const char *iface, godb_warn_fn *warn,
    void *warn_arg, struct godb_err *err)
{
    struct godb_err why;
    if (stage->files[DAY_COMMIT_COLUMN].used == 0) {
        int rc = block_index_create(&stage->index, stage->dir_fd, BLOCK_INDEX_FILE);
        if (rc != 0) end_index(stage, rc);
    } else {
        int rc = open_old_index(stage, root, iface, warn, warn_arg, &why);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != GODB_OK && warn) warn(warn_arg, &why);
    }
    stage->index_end = stage->index.end;
    return GODB_OK;
}

/* Where the block lies and what it holds. */
static int
index_block(struct stage *stage, const struct packed_block *packed,
    const struct meta_block *meta, struct staged_block *entry)
{
    struct block_record record = packed->record;
    if (!packed->is_described) return ENOMEM;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        record.columns[col].start = stage->next_offset[col];
    record.time_s = entry->time_s;
    record.owner = stage->owner;
    record.has_l7_table = stage->has_l7_table;
    block_record_note_packets(&record, &meta->pcap, meta->packets_logged);
    return block_index_add(&stage->index, &record, packed->lines, &entry->index_at);
}

static void
commit_index(struct stage *stage, uint32_t first_slot)
{
    int rc = 0;
    if (stage->index.fd < 0) return;
    for (uint32_t i = 0; i < stage->staged_count && rc == 0; i++)
        rc = block_index_name(&stage->index, first_slot + i, stage->staged[i].index_at);
    if (rc == 0) rc = block_index_stamp(&stage->index, stage->files);
    stage->index_end = stage->index.end;
    if (rc != 0) end_index(stage, rc);
}

int
stage_index_error(struct stage *stage, struct godb_err *err)
{
    if (stage->index_errno == 0) return GODB_OK;
    const int os_errno = stage->index_errno;
    stage->index_errno = 0;
    return err_sys(err, os_errno, "%s/%s", stage->path, BLOCK_INDEX_FILE);
}

int
stage_open(struct stage *stage, const char *root, const char *iface, int64_t day_s,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    memset(stage, 0, sizeof *stage);
    stage->dir_fd = stage->index.fd = -1;
    stage->owner = block_record_owner(iface, day_s);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        stage->files[col].fd = -1;
    int rc = make_day_dir(stage, root, iface, day_s, err);
    if (rc == GODB_OK) rc = open_files(stage, err);
    if (rc == GODB_OK) rc = prepare_files(stage, warn, warn_arg, err);
    if (rc == GODB_OK)
        rc = mend_meta(
            &stage->meta, NULL, stage->dir_fd, root, iface, day_s, warn, warn_arg, err);
    if (rc == GODB_OK) rc = open_index(stage, root, iface, warn, warn_arg, err);
    if (rc == GODB_OK) {
        stage->staged = calloc(GODB_DAY_BLOCKS, sizeof *stage->staged);
        if (stage->staged == NULL) rc = err_nomem(err);
    }
    if (rc != GODB_OK) stage_close(stage);
    return rc;
}

void
stage_close(struct stage *stage)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        colfile_close(&stage->files[col]);
    block_index_close_write(&stage->index);
    if (stage->dir_fd >= 0) close(stage->dir_fd);
    stage->dir_fd = -1;
    meta_free(&stage->meta);
    free(stage->staged);
    stage->staged = NULL;
}

uint32_t
stage_block_count(const struct stage *stage)
{
    return stage->files[DAY_COMMIT_COLUMN].used + stage->staged_count;
}

/* --- Adding ----------------------------------------------------------------------- */

static int
add_column(struct stage *stage, int col, const struct packed_block *packed,
    struct staged_block *entry, struct godb_err *err)
{
    const uint32_t packed_bytes = packed->record.columns[col].packed_bytes;
    int rc = fs_write_at(stage->files[col].fd, packed->bytes + packed->at[col],
        packed_bytes, stage->next_offset[col]);
    if (rc != 0) return file_err(stage, col, rc, err);
    entry->raw_bytes[col] = packed->raw_bytes[col];
    entry->end[col] = stage->next_offset[col] + packed_bytes;
    return GODB_OK;
}

/* The commit column's slots first. */
int
stage_settle(struct stage *stage, struct godb_err *err)
{
    if (!stage->has_debris) return GODB_OK;
    int rc = colfile_drop_slots(
        &stage->files[DAY_COMMIT_COLUMN], stage->sound[DAY_COMMIT_COLUMN]);
    if (rc != 0) return file_err(stage, DAY_COMMIT_COLUMN, rc, err);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        rc = colfile_drop_slots(&stage->files[col], stage->sound[col]);
        if (rc != 0) return file_err(stage, col, rc, err);
    }
    stage->has_debris = false;
    stage_drop(stage);
    return GODB_OK;
}

int
stage_add(struct stage *stage, const struct packed_block *packed,
    const struct meta_block *meta, struct godb_err *err)
{
    if (stage_block_count(stage) >= GODB_DAY_BLOCKS)
        return err_set(err, GODB_EFULL, "%s: the day is full, it has %d blocks",
            stage->path, GODB_DAY_BLOCKS);
    int rc = stage_settle(stage, err);
    if (rc != GODB_OK) return rc;
    struct staged_block *entry = &stage->staged[stage->staged_count];
    entry->time_s = meta->time_s;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        rc = add_column(stage, col, packed, entry, err);
        if (rc != GODB_OK) return rc;
    }
    if (stage->index.fd >= 0) {
        rc = index_block(stage, packed, meta, entry);
        if (rc != 0) end_index(stage, rc);
    }
    if (meta_add(&stage->meta, meta) != GODB_OK) return err_nomem(err);
    /* Only now, so that a column that failed leaves the others where they were. */
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        stage->next_offset[col] = entry->end[col];
    stage->staged_count++;
    return GODB_OK;
}

/* --- Committing ------------------------------------------------------------------- */

static int
sync_columns(struct stage *stage, struct godb_err *err)
{
    /* All on their way before the first is waited for: one journal commit has them all.
     * Where that cannot be, fs_sync_data() does all of it. */
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        (void)sync_file_range(stage->files[col].fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        const int rc = fs_sync_data(stage->files[col].fd);
        if (rc != 0) return file_err(stage, col, rc, err);
    }
    return GODB_OK;
}

static int
write_extents(struct stage *stage, int col, struct godb_err *err)
{
    struct colfile *file = &stage->files[col];
    if (file->used + stage->staged_count > GODB_DAY_BLOCKS)
        return err_set(err, GODB_EFULL, "%s/%s: all %d slots are used", stage->path,
            godb_columns[col].file, GODB_DAY_BLOCKS);
    for (uint32_t i = 0; i < stage->staged_count; i++) {
        const struct staged_block *entry = &stage->staged[i];
        const int rc = colfile_write_extent(
            file, file->used + i, entry->end[col], entry->raw_bytes[col]);
        if (rc != 0) return file_err(stage, col, rc, err);
    }
    return GODB_OK;
}

static int
write_stamps(struct stage *stage, int col, struct godb_err *err)
{
    struct colfile *file = &stage->files[col];
    for (uint32_t i = 0; i < stage->staged_count; i++) {
        const int rc = colfile_write_stamp(file, file->used, stage->staged[i].time_s);
        if (rc != 0) return file_err(stage, col, rc, err);
    }
    return GODB_OK;
}

static int
write_slots(struct stage *stage, struct godb_err *err)
{
    int rc = GODB_OK;
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++) {
        rc = write_extents(stage, col, err);
        if (rc == GODB_OK && col != DAY_COMMIT_COLUMN)
            rc = write_stamps(stage, col, err);
    }
    return rc;
}

static int
sync_day(struct stage *stage, struct godb_err *err)
{
    int rc = sync_columns(stage, err);
    if (rc != GODB_OK) return rc;
    rc = fs_sync(stage->dir_fd);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", stage->path);
}

static int
commit_slots(struct stage *stage, struct godb_err *err)
{
    int rc = sync_columns(stage, err);
    if (rc == GODB_OK) rc = write_slots(stage, err);
    if (rc == GODB_OK) rc = sync_day(stage, err);
    if (rc == GODB_OK) rc = write_stamps(stage, DAY_COMMIT_COLUMN, err);
    if (rc != GODB_OK) return rc;
    rc = fs_sync_data(stage->files[DAY_COMMIT_COLUMN].fd);
    return rc == 0 ? GODB_OK : file_err(stage, DAY_COMMIT_COLUMN, rc, err);
}

int
stage_commit(struct stage *stage, struct godb_err *err)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        stage->sound[col] = stage->files[col].used;
    int rc = commit_slots(stage, err);
    if (rc != GODB_OK) {
        stage->has_debris = true;
        stage_drop(stage);
        (void)stage_settle(stage, NULL);
        return rc;
    }
    commit_index(stage, stage->sound[DAY_COMMIT_COLUMN]);
    stage->staged_count = 0;
    return GODB_OK;
}

void
stage_drop(struct stage *stage)
{
    stage->meta.count -= stage->staged_count;
    stage->staged_count = 0;
    stage->index.end = stage->index_end;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        stage->next_offset[col] = colfile_next_offset(&stage->files[col]);
}
