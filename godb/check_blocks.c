/* SPDX-License-Identifier: MIT
 *
 * check_blocks.c -- see check.h: the columns of a day.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/check.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/mend.h"

struct reading {
    struct check *check;
    struct day day;
    bool is_told;    /* what open_day() found: the headers were changed since */
    unsigned usable; /* GODB_COLUMN_BITs of the columns that could be opened */
    struct day_values values;
};

static bool
may_change(const struct check *check)
{
    return check->has_writer && check->is_newest;
}

static void
tell_damage(struct check *check, const char *kind, const char *file, int64_t time_s,
    const char *reason)
{
    const struct check_finding finding = {
        GODB_DAMAGE, kind, check->dir, file, time_s, GODB_NOT_REPAIRABLE, 0};
    check->is_damaged = true;
    check_tell(check, &finding, "%s", reason);
}

/* Messages of the library begin with path and file, which the report has of its own. */
static const char *
without_path(const struct check *check, const char *message, int col)
{
    const char *file = godb_columns[col].file;
    const char *at = strstr(message, check->dir);
    if (at) message = at + strlen(check->dir);
    message += strspn(message, ":/ ");
    if (strncmp(message, file, strlen(file)) == 0) message += strlen(file);
    return message + strspn(message, ": ");
}

/* --- Opening ---------------------------------------------------------------------- */

/* GODB_DONE: there is nothing to read. */
static int
open_day(struct reading *reading, struct godb_err *err)
{
    struct check *check = reading->check;
    struct godb_err why;
    int rc =
        day_open(&reading->day, godb_root(check->db), check->iface, check->day_s, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc == GODB_ENOTFOUND) return GODB_DONE; /* or gone since it was listed */
    if (rc != GODB_OK) {
        tell_damage(check, "column", godb_columns[DAY_COMMIT_COLUMN].file, 0,
            without_path(check, why.msg, DAY_COMMIT_COLUMN));
        return GODB_DONE;
    }
    day_open_index(&reading->day);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        rc = day_open_columns(&reading->day, GODB_COLUMN_BIT(col), &why);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc == GODB_OK)
            reading->usable |= GODB_COLUMN_BIT(col);
        else if (!reading->is_told)
            tell_damage(check, "column", godb_columns[col].file, 0,
                without_path(check, why.msg, col));
    }
    reading->is_told = true;
    return GODB_OK;
}

/* --- Headers ---------------------------------------------------------------------- */

static bool
is_open(const struct day *day, int col)
{
    return day->v4 == NULL && day->opened & GODB_COLUMN_BIT(col);
}

static int
restore(struct check *check, const struct colfile *file,
    const uint8_t header[COLFILE_HEADER])
{
    char name[64];
    if (!check->spec->does_repair) return 0;
    snprintf(name, sizeof name, "%s.header", godb_columns[file->column].file);
    int rc = repair_save(check, check->dir, name, file->fd, 0, COLFILE_HEADER);
    return rc ? rc : repair_write_header(check->dir_fd, file->column, header);
}

/* Go on with the header that it is to have. */
static void
use_header(struct colfile *file, const uint8_t header[COLFILE_HEADER])
{
    memcpy(file->header, header, COLFILE_HEADER);
    file->used = 0;
    while (file->used < GODB_DAY_BLOCKS && colfile_time(file, file->used) != 0)
        file->used++;
}

/* A header that is not as the index knows it, while the blocks are.  *out_restored is
 * set where it was put right. */
static int
check_header(struct check *check, struct day *day, struct colfile *file,
    bool *out_restored, struct godb_err *err)
{
    uint8_t header[COLFILE_HEADER];
    bool differs;
    int rc = repair_find_header(&day->index, file, header, &differs, err);
    if (rc != GODB_OK || !differs) return rc;
    const int failed = restore(check, file, header);
    const struct check_finding finding = {GODB_DAMAGE, "header", check->dir,
        godb_columns[file->column].file, 0, check_outcome(check, failed), failed};
    if (finding.repair == GODB_REPAIRED)
        *out_restored = true;
    else
        check->is_damaged = true;
    use_header(file, header);
    check_tell(check, &finding,
        "the header is not the one of its blocks, which are as they were written");
    return GODB_OK;
}

/* The commit column's last, so that a block appears as a whole. */
static int
check_headers(
    struct check *check, struct day *day, bool *out_restored, struct godb_err *err)
{
    int rc = GODB_OK;
    if (may_change(check)) return GODB_OK;
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++)
        if (is_open(day, col))
            rc = check_header(check, day, &day->files[col], out_restored, err);
    return rc;
}

static bool
has_hole(const struct colfile *file)
{
    for (uint32_t slot = file->used; slot < GODB_DAY_BLOCKS && file->file_bytes; slot++)
        if (colfile_time(file, slot) != 0) return true;
    return false;
}

/* Without a slot its bytes look like those of none. */
static bool
has_all_blocks(const struct day *day, int col)
{
    for (uint32_t slot = 0; slot < day_block_count(day); slot++)
        if (colfile_find(&day->files[col], day_block_time(day, slot), slot) ==
            UINT32_MAX)
            return false;
    return true;
}

static int
cut_tail(struct check *check, const struct colfile *file, uint64_t end)
{
    char name[64];
    if (!check->spec->does_repair) return 0;
    snprintf(name, sizeof name, "%s.tail", godb_columns[file->column].file);
    int rc =
        repair_save(check, check->dir, name, file->fd, end, file->file_bytes - end);
    if (rc != 0) return rc;
    const int fd = openat(check->dir_fd, godb_columns[file->column].file,
        O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno;
    rc = fs_truncate(fd, end);
    if (rc == 0) rc = fs_sync(fd);
    close(fd);
    return rc;
}

static void
check_tail(struct check *check, const struct colfile *file)
{
    const uint64_t end = colfile_next_offset(file);
    if (end < COLFILE_HEADER || file->file_bytes <= end) return;
    const int rc = cut_tail(check, file, end);
    const struct check_finding finding = {GODB_WARNING, "tail", check->dir,
        godb_columns[file->column].file, 0, check_outcome(check, rc), rc};
    check_tell(check, &finding, "%" PRIu64 " bytes behind its last block are of none",
        file->file_bytes - end);
}

static bool
lies_in_day(const struct check *check, int64_t time_s)
{
    return time_s > check->day_s - GODB_INTERVAL_S &&
           time_s < check->day_s + GODB_DAY_S + GODB_INTERVAL_S;
}

/* Is the commit column this day's, so that it says which blocks were never finished?
 * One that was exchanged must not take the others' slots along. */
static bool
can_be_judged_by(const struct check *check, struct day *day)
{
    for (uint32_t slot = 0; slot < day_block_count(day); slot++)
        if (!lies_in_day(check, day_block_time(day, slot)) ||
            day_check_stamp(day, slot, NULL) != GODB_OK)
            return false;
    return true;
}

/* Slots at the end that the commit column does not have. */
static uint32_t
half_written(const struct day *day, int col)
{
    const struct colfile *file = &day->files[col];
    uint32_t keep = file->used;
    while (keep > 0 && colfile_find(&day->files[DAY_COMMIT_COLUMN],
                           colfile_time(file, keep - 1), keep - 1) == UINT32_MAX)
        keep--;
    return file->used - keep;
}

static int
drop_slots(struct check *check, const struct colfile *file, uint32_t keep)
{
    uint8_t header[COLFILE_HEADER];
    char name[64];
    if (!check->spec->does_repair) return 0;
    snprintf(name, sizeof name, "%s.header", godb_columns[file->column].file);
    int rc = repair_save(check, check->dir, name, file->fd, 0, COLFILE_HEADER);
    memcpy(header, file->header, sizeof header);
    for (int section = 0; section < 3; section++)
        memset(header + colfile_slot_at(section, keep), 0,
            COLFILE_SECTION - keep * sizeof(uint64_t));
    return rc ? rc : repair_write_header(check->dir_fd, file->column, header);
}

/* What a crash leaves.  True where something was taken away. */
static bool
check_half_written(struct check *check, const struct day *day)
{
    bool is_dropped = false;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        const uint32_t count = is_open(day, col) ? half_written(day, col) : 0;
        if (count == 0) continue;
        const int rc =
            drop_slots(check, &day->files[col], day->files[col].used - count);
        const struct check_finding finding = {GODB_WARNING, "half-written", check->dir,
            godb_columns[col].file, 0, check_outcome(check, rc), rc};
        is_dropped |= finding.repair == GODB_REPAIRED;
        check_tell(check, &finding,
            "has %u block(s) that were never finished, and are not read", count);
    }
    return is_dropped;
}

static void
check_slots(struct check *check, struct day *day)
{
    struct godb_err why;
    if (day->index.os_errno == 0 && day_check_count(day, &why) != GODB_OK)
        tell_damage(check, "lost", godb_columns[DAY_COMMIT_COLUMN].file, 0,
            without_path(check, why.msg, DAY_COMMIT_COLUMN));
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (is_open(day, col) && has_hole(&day->files[col]))
            tell_damage(check, "header", godb_columns[col].file, 0,
                "a slot that is not used lies before one that is");
}

/* *out_again: the day is to be opened again, as its headers were changed. */
static int
check_files(struct reading *reading, bool *out_again, struct godb_err *err)
{
    struct check *check = reading->check;
    struct day *day = &reading->day;
    *out_again = false;
    if (day->v4) return GODB_OK;
    int rc = check_headers(check, day, out_again, err);
    if (rc != GODB_OK || *out_again) return rc;
    check_slots(check, day);
    /* With damage about, nothing says which columns are right; nor, without what the
     * index knows, which bytes are a block's. */
    if (check->is_damaged || may_change(check) || day->index.os_errno != 0 ||
        !can_be_judged_by(check, day))
        return GODB_OK;
    *out_again = check_half_written(check, day);
    for (int col = 0; col < GODB_COLUMN_COUNT && !*out_again; col++)
        if (is_open(day, col) && has_all_blocks(day, col))
            check_tail(check, &day->files[col]);
    return GODB_OK;
}

/* --- Blocks ----------------------------------------------------------------------- */

static const char *
kind_of(const char *message)
{
    if (strstr(message, "another hash")) return "hash";
    if (strstr(message, "decompress")) return "lz4";
    if (strstr(message, "stamps")) return "stamp";
    if (strstr(message, "flows, other columns")) return "rows";
    return "block";
}

static int
check_column(struct reading *reading, const struct day_block *block, int col,
    struct check_block *out, struct godb_err *err)
{
    struct godb_err why;
    const void *values;
    const struct day_rows rows = {0, block->row_count};
    int rc = day_read(&reading->day, block, (enum godb_column)col, rows,
        &reading->values, &values, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK) {
        out->is_good = false;
        const char *reason = without_path(reading->check, why.msg, col);
        tell_damage(reading->check, kind_of(reason), godb_columns[col].file,
            out->time_s, reason);
        return GODB_OK;
    }
    if (col == GODB_BYTES_RCVD || col == GODB_BYTES_SENT)
        out->traffic_bytes =
            godb_sum(out->traffic_bytes, day_values_sum(values, block->row_count));
    if (col == GODB_PACKETS_RCVD || col == GODB_PACKETS_SENT)
        out->packets = godb_sum(out->packets, day_values_sum(values, block->row_count));
    return GODB_OK;
}

static int
check_block(struct reading *reading, uint32_t slot, struct check_blocks *out,
    struct godb_err *err)
{
    struct check *check = reading->check;
    struct check_block *block = &out->blocks[out->count++];
    struct day_block entered;
    struct godb_err why;
    const char *commit = godb_columns[DAY_COMMIT_COLUMN].file;
    *block = (struct check_block){.time_s = day_block_time(&reading->day, slot)};
    int rc = day_block_enter(&reading->day, slot, slot, &entered, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK) {
        tell_damage(check, "header", commit, block->time_s,
            without_path(check, why.msg, DAY_COMMIT_COLUMN));
        return GODB_OK;
    }
    block->row_count = entered.row_count;
    block->is_good = reading->usable == GODB_COLUMNS_ALL;
    if (!reading->day.v4 && !lies_in_day(check, block->time_s)) {
        block->is_good = false;
        tell_damage(check, "stamp", commit, block->time_s,
            "the block's stamp is not of this day");
    }
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++)
        if (reading->usable & GODB_COLUMN_BIT(col))
            rc = check_column(reading, &entered, col, block, err);
    if (block->is_good && !(entered.has_record && entered.is_own))
        out->has_record_all = false;
    block->has_record = entered.is_own;
    if (entered.is_own) block->record = entered.record;
    return rc;
}

/* Whatever hindered the reading of the index, the blocks were not checked by it. */
static void
check_index_read(struct check *check, const struct block_index *index)
{
    struct godb_err why;
    if (index->os_errno == 0 || index->os_errno == ELOOP) return; /* a link is told */
    err_sys(&why, index->os_errno, "cannot be read, so turned bits are not found");
    tell_damage(check, "index", BLOCK_INDEX_FILE, 0, why.msg);
}

static void
tell_double(struct check *check, int64_t time_s)
{
    const struct check_finding finding = {GODB_WARNING, "double", check->dir,
        godb_columns[DAY_COMMIT_COLUMN].file, time_s, GODB_NOT_REPAIRABLE, 0};
    check_tell(
        check, &finding, "an earlier block has the same stamp; this is not read");
}

static void
add_block(struct check *check, const struct check_block *block)
{
    struct godb_check_counts *counts = check->counts;
    counts->block_count++;
    counts->flow_count += block->row_count;
    counts->bad_block_count += !block->is_good;
    check->flow_count += block->row_count;
    check->traffic_bytes = godb_sum(check->traffic_bytes, block->traffic_bytes);
    if (check->begin_s == 0 || block->time_s < check->begin_s)
        check->begin_s = block->time_s;
    if (block->time_s > check->end_s) check->end_s = block->time_s;
}

static int
read_blocks(struct reading *reading, struct check_blocks *out, struct godb_err *err)
{
    struct check *check = reading->check;
    struct day *day = &reading->day;
    for (uint32_t slot = 0; slot < day_block_count(day); slot++) {
        if (check->spec->stop && check->spec->stop(check->spec->stop_arg))
            return err_set(err, GODB_ECANCELLED, "cancelled");
        struct godb_err why;
        const bool is_first = day_block_is_first(day, slot);
        if (!is_first && day_check_stamp(day, slot, &why) == GODB_OK) {
            tell_double(check, day_block_time(day, slot));
            continue;
        }
        int rc = check_block(reading, slot, out, err);
        if (rc != GODB_OK) return rc;
        const struct check_block *block = &out->blocks[out->count - 1];
        out->bad_count += !block->is_good;
        add_block(check, block);
    }
    out->is_fresh = reading->usable != GODB_COLUMNS_ALL || day_is_fresh(day);
    check_index_read(check, &day->index);
    return GODB_OK;
}

int
check_blocks(struct check *check, struct check_blocks *out, struct godb_err *err)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL) return err_nomem(err);
    int rc = GODB_OK;
    bool again = true;
    /* What is put right once stays so: a third time reads what is there. */
    for (int turn = 0; again && rc == GODB_OK; turn++) {
        memset(out, 0, sizeof *out);
        out->has_record_all = true;
        reading->check = check;
        reading->usable = 0;
        rc = open_day(reading, err);
        if (rc != GODB_OK) break;
        rc = check_files(reading, &again, err);
        again = again && turn < 2;
        if (rc == GODB_OK && !again) rc = read_blocks(reading, out, err);
        day_close(&reading->day);
    }
    day_values_free(&reading->values);
    free(reading);
    return rc == GODB_DONE ? GODB_OK : rc;
}
