/* SPDX-License-Identifier: MIT
 *
 * csv_lane.c -- see csv_lane.h.
 *
 * A row has a time, a block has a stamp, and the file does not say which of two kinds
 * its times are:
 *
 *      stamps    1456428875 1456428875 1456429175 ...   an export of a goDB: kept
 *      moments   1456428601 1456428602 1456428604 ...   gathered into five minutes,
 *                                                       stamped at their end
 *
 *      moments:  (300, 600] --> 600        600 itself belongs to 600
 *
 * So the importer reads a file twice.  The first pass tells a lane every time; it takes
 * them for moments where two different ones that follow each other are less than a
 * minute apart, or where a day has more of them than it has room for blocks.  The
 * second pass builds the blocks.
 *
 * Blocks are appended in the order of time, and a row cannot be added to a block that
 * is finished: a row that comes too late is refused.
 */
#include "shell/csv_lane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

enum { STAMPS_APART_S = 60 };

struct csv_lane {
    struct godb *db;
    char name[GODB_IFACE_MAX];

    bool is_moments;         /* what the survey has found so far */
    int64_t surveyed_s;      /* the last time; 0: none */
    unsigned surveyed_count; /* steps to another time within its day */

    struct godb_writer *writer; /* NULL until the first row */
    struct godb_block *block;
    int64_t stored_s;               /* the last stamp the database had before */
    int64_t stamp_s;                /* of the block that is being built; 0: none yet */
    uint64_t first_line, last_line; /* of its rows */
    struct csv_lane_stats stats;
};

struct csv_lane *
csv_lane_new(struct godb *db, const char *name)
{
    struct csv_lane *lane = calloc(1, sizeof *lane);
    if (lane == NULL) return NULL;
    if (godb_block_new(&lane->block) != GODB_OK) {
        free(lane);
        return NULL;
    }
    lane->db = db;
    snprintf(lane->name, sizeof lane->name, "%s", name);
    return lane;
}

void
csv_lane_free(struct csv_lane *lane)
{
    if (lane == NULL) return;
    godb_writer_close(lane->writer);
    godb_block_free(lane->block);
    free(lane);
}

const char *
csv_lane_name(const struct csv_lane *lane)
{
    return lane->name;
}

struct csv_lane_stats
csv_lane_stats(const struct csv_lane *lane)
{
    return lane->stats;
}

/* --- First pass ------------------------------------------------------------------- */

bool
csv_lane_survey(struct csv_lane *lane, int64_t time_s)
{
    const int64_t before_s = lane->surveyed_s;
    if (time_s == before_s) return lane->is_moments;
    const bool is_same_day = before_s / GODB_DAY_S == time_s / GODB_DAY_S;
    const int64_t apart_s = time_s > before_s ? time_s - before_s : before_s - time_s;
    lane->surveyed_s = time_s;
    lane->surveyed_count = is_same_day ? lane->surveyed_count + 1 : 1;
    if (before_s != 0 && apart_s < STAMPS_APART_S) lane->is_moments = true;
    if (lane->surveyed_count > GODB_DAY_BLOCKS) lane->is_moments = true;
    return lane->is_moments;
}

/* --- Second pass ------------------------------------------------------------------ */

static int64_t
stamp_of(const struct csv_lane *lane, int64_t time_s)
{
    if (!lane->is_moments) return time_s;
    return (time_s + GODB_INTERVAL_S - 1) / GODB_INTERVAL_S * GODB_INTERVAL_S;
}

static int
open_writer(
    struct csv_lane *lane, const struct csv_lane_sink *sink, struct godb_err *err)
{
    if (lane->writer) return GODB_OK;
    int rc = godb_writer_open(
        &lane->writer, lane->db, lane->name, NULL, sink->warn, sink->arg, err);
    if (rc == GODB_OK) lane->stored_s = godb_writer_last_s(lane->writer);
    return rc;
}

static void
count_block(struct csv_lane *lane, size_t row_count, int64_t before_s)
{
    lane->stats.row_count += row_count;
    lane->stats.block_count++;
    if (lane->stats.day_count == 0 ||
        before_s / GODB_DAY_S != lane->stamp_s / GODB_DAY_S)
        lane->stats.day_count++;
}

/* Hand the block over.  A full day costs this block alone. */
static int
write_block(
    struct csv_lane *lane, const struct csv_lane_sink *sink, struct godb_err *err)
{
    const size_t row_count = godb_block_count(lane->block);
    if (row_count == 0) return GODB_OK;
    const int64_t before_s = godb_writer_last_s(lane->writer);
    int rc = godb_writer_append(lane->writer, lane->stamp_s, lane->block, NULL, err);
    if (rc == GODB_OK) count_block(lane, row_count, before_s);
    if (rc == GODB_EFULL) {
        sink->lost(sink->arg, lane->first_line, lane->last_line, row_count, err->msg);
        rc = GODB_OK;
    }
    godb_block_reset(lane->block);
    return rc;
}

static bool
refuse_late(const struct csv_lane *lane, const struct csv_row *row, int64_t stamp_s,
    char *reason)
{
    if (stamp_s <= lane->stored_s)
        snprintf(reason, CSV_ROW_REASON,
            "time %" PRId64 ": %s in the database already has blocks up to %" PRId64,
            row->time_s, lane->name, lane->stored_s);
    else if (stamp_s < lane->stamp_s)
        snprintf(reason, CSV_ROW_REASON,
            "out of order: time %" PRId64 " comes after rows of block %" PRId64
            "; sort the file by time",
            row->time_s, lane->stamp_s);
    return stamp_s <= lane->stored_s || stamp_s < lane->stamp_s;
}

int
csv_lane_add(struct csv_lane *lane, const struct csv_row *row,
    const struct csv_reader_record *record, const struct csv_lane_sink *sink,
    char reason[CSV_ROW_REASON], struct godb_err *err)
{
    int rc = open_writer(lane, sink, err);
    if (rc != GODB_OK) return rc;
    const int64_t stamp_s = stamp_of(lane, row->time_s);
    if (refuse_late(lane, row, stamp_s, reason)) return GODB_DONE;
    if (stamp_s != lane->stamp_s) {
        rc = write_block(lane, sink, err);
        if (rc != GODB_OK) return rc;
        lane->stamp_s = stamp_s;
        lane->first_line = record->first_line;
    }
    lane->last_line = record->last_line;
    if (godb_block_add(lane->block, &row->flow) != GODB_OK)
        return shell_err(err, GODB_ENOMEM, "%s: out of memory", lane->name);
    return GODB_OK;
}

int
csv_lane_finish(
    struct csv_lane *lane, const struct csv_lane_sink *sink, struct godb_err *err)
{
    if (lane->writer == NULL) return GODB_OK;
    int rc = write_block(lane, sink, err);
    return rc == GODB_OK ? godb_writer_commit(lane->writer, err) : rc;
}
