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
 * Times are taken for moments where two different ones that follow each other are less
 * than a minute apart, or where a day has more of them than it has room for blocks.
 *
 * Blocks are stored in the order of time, so a block is held back until rows are
 * window_s further, and a row that comes later than that is refused.
 */
#include "shell/csv_lane.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

enum { STAMPS_APART_S = 60 };

struct csv_lane {
    char name[GODB_IFACE_MAX];

    bool is_moments;         /* what the survey has found so far */
    int64_t surveyed_s;      /* the last time; 0: none */
    int64_t latest_s;        /* the latest time; 0: none */
    unsigned surveyed_count; /* of later and later times, within their day */

    int64_t window_s;
    int64_t *stored; /* stamps that the database has, rising */
    size_t stored_count;
    int64_t newest_s; /* the latest stamp so far; 0: none */

    struct godb_writer *writer; /* NULL until the first row */
    /* Blocks that rows may still come to, by rising stamp. */
    struct csv_packing_block **open;
    size_t open_count, open_capacity, last_open;
    struct csv_lane_stats stats;
};

struct csv_lane *
csv_lane_new(const char *name)
{
    struct csv_lane *lane = calloc(1, sizeof *lane);
    if (lane) snprintf(lane->name, sizeof lane->name, "%s", name);
    return lane;
}

void
csv_lane_free(struct csv_lane *lane)
{
    if (lane == NULL) return;
    godb_writer_close(lane->writer);
    for (size_t i = 0; i < lane->open_count; i++) {
        godb_block_free(lane->open[i]->block);
        free(lane->open[i]);
    }
    free(lane->open);
    free(lane->stored);
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

/* --- Survey ----------------------------------------------------------------------- */

void
csv_lane_survey(struct csv_lane *lane, int64_t time_s)
{
    const int64_t before_s = lane->surveyed_s;
    if (time_s == before_s || lane->is_moments) return;
    const int64_t apart_s = time_s > before_s ? time_s - before_s : before_s - time_s;
    if (before_s != 0 && apart_s < STAMPS_APART_S) lane->is_moments = true;
    lane->surveyed_s = time_s;
    if (time_s <= lane->latest_s) return;
    const bool is_same_day = lane->latest_s / GODB_DAY_S == time_s / GODB_DAY_S;
    lane->surveyed_count = is_same_day ? lane->surveyed_count + 1 : 1;
    lane->latest_s = time_s;
    if (lane->surveyed_count > GODB_DAY_BLOCKS) lane->is_moments = true;
}

/* --- What the database has -------------------------------------------------------- */

static int
add_stored(struct csv_lane *lane, int64_t stamp_s, struct godb_err *err)
{
    if ((lane->stored_count & (lane->stored_count - 1)) == 0) {
        const size_t capacity = lane->stored_count ? lane->stored_count * 2 : 1;
        void *more = realloc(lane->stored, capacity * sizeof *lane->stored);
        if (more == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
        lane->stored = more;
    }
    lane->stored[lane->stored_count++] = stamp_s;
    return GODB_OK;
}

static int
compare_stamps(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
    return one < two ? -1 : one > two;
}

static int
list_stored(struct csv_lane *lane, struct godb *db, struct godb_err *err)
{
    const char *name = lane->name;
    const struct godb_selection sel = {&name, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    if (db == NULL || !godb_has_iface(db, lane->name)) return GODB_OK;
    int rc = godb_block_list_open(&list, db, &sel, NULL, NULL, err);
    if (rc != GODB_OK) return rc;
    while ((rc = godb_block_list_next(list, &info, err)) == GODB_OK)
        if ((rc = add_stored(lane, info.time_s, err)) != GODB_OK) break;
    godb_block_list_close(list);
    if (lane->stored_count > 1)
        qsort(lane->stored, lane->stored_count, sizeof *lane->stored, compare_stamps);
    return rc == GODB_DONE ? GODB_OK : rc;
}

int
csv_lane_begin(
    struct csv_lane *lane, struct godb *db, int64_t window_s, struct godb_err *err)
{
    lane->window_s = window_s;
    return list_stored(lane, db, err);
}

/* --- Judging ---------------------------------------------------------------------- */

static int64_t
stamp_of(const struct csv_lane *lane, int64_t time_s)
{
    if (!lane->is_moments) return time_s;
    return (time_s + GODB_INTERVAL_S - 1) / GODB_INTERVAL_S * GODB_INTERVAL_S;
}

void
csv_lane_restart(struct csv_lane *lane)
{
    lane->newest_s = 0;
}

enum csv_lane_verdict
csv_lane_judge(struct csv_lane *lane, int64_t time_s, char reason[CSV_ROW_REASON])
{
    const int64_t stamp_s = stamp_of(lane, time_s);
    const int64_t stored_s =
        lane->stored_count ? lane->stored[lane->stored_count - 1] : 0;
    if (stamp_s <= stored_s) {
        if (bsearch(&stamp_s, lane->stored, lane->stored_count, sizeof stamp_s,
                compare_stamps))
            return CSV_LANE_THERE;
        snprintf(reason, CSV_ROW_REASON,
            "time %" PRId64 ": %s in the database already has blocks up to %" PRId64,
            time_s, lane->name, stored_s);
        return CSV_LANE_REFUSE;
    }
    if (stamp_s > lane->newest_s) lane->newest_s = stamp_s;
    if (stamp_s >= lane->newest_s - lane->window_s) return CSV_LANE_TAKE;
    snprintf(reason, CSV_ROW_REASON,
        "out of order: time %" PRId64 " comes after rows of block %" PRId64
        "; sort the file by time, or give a larger -window",
        time_s, lane->newest_s);
    return CSV_LANE_REFUSE;
}

/* --- Writing ---------------------------------------------------------------------- */

static void
count_block(struct csv_lane *lane, int64_t stamp_s, size_t row_count, int64_t before_s)
{
    lane->stats.row_count += row_count;
    lane->stats.block_count++;
    if (lane->stats.day_count == 0 || before_s / GODB_DAY_S != stamp_s / GODB_DAY_S)
        lane->stats.day_count++;
}

int
csv_lane_store(struct csv_lane *lane, struct csv_packing_block *block,
    const struct csv_lane_sink *sink, struct godb_err *err)
{
    const size_t row_count = godb_block_count(block->block);
    const int64_t before_s = godb_writer_last_s(lane->writer);
    int rc = godb_writer_append(lane->writer, block->stamp_s, block->block, NULL, err);
    if (rc == GODB_OK) count_block(lane, block->stamp_s, row_count, before_s);
    if (rc != GODB_EFULL) return rc;
    sink->lost(sink->arg, block->first_line, block->last_line, row_count, err->msg);
    return GODB_OK;
}

int
csv_lane_commit(struct csv_lane *lane, struct godb_err *err)
{
    return lane->writer ? godb_writer_commit(lane->writer, err) : GODB_OK;
}

/* --- Filling ---------------------------------------------------------------------- */

static int
close_first(struct csv_lane *lane, struct csv_packing *packing, struct godb_err *err)
{
    struct csv_packing_block *first = lane->open[0];
    lane->open_count--;
    lane->last_open = 0;
    memmove(lane->open, lane->open + 1,
        lane->open_count * sizeof(struct csv_packing_block *));
    return csv_packing_put(packing, first, err);
}

int
csv_lane_end(struct csv_lane *lane, struct csv_packing *packing, struct godb_err *err)
{
    int rc = GODB_OK;
    while (rc == GODB_OK && lane->open_count > 0)
        rc = close_first(lane, packing, err);
    return rc;
}

/* Room for one more open block. */
static int
reserve_open(struct csv_lane *lane, struct godb_err *err)
{
    if (lane->open_count < lane->open_capacity) return GODB_OK;
    const size_t capacity = lane->open_capacity + 16;
    void *more = realloc(lane->open, capacity * sizeof(struct csv_packing_block *));
    if (more == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    lane->open = more;
    lane->open_capacity = capacity;
    return GODB_OK;
}

static int
open_at(struct csv_lane *lane, size_t at, int64_t stamp_s, uint64_t line,
    struct csv_packing *packing, struct godb_err *err)
{
    int rc = reserve_open(lane, err);
    if (rc != GODB_OK) return rc;
    struct csv_packing_block *block = csv_packing_get(packing);
    if (block == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    block->lane = lane;
    block->stamp_s = stamp_s;
    block->first_line = block->last_line = line;
    memmove(lane->open + at + 1, lane->open + at,
        (lane->open_count - at) * sizeof(struct csv_packing_block *));
    lane->open[at] = block;
    lane->open_count++;
    return GODB_OK;
}

/* lane->last_open becomes the open block with this stamp, made where there is none. */
static int
find_open(struct csv_lane *lane, int64_t stamp_s, uint64_t line,
    struct csv_packing *packing, struct godb_err *err)
{
    size_t at = lane->last_open;
    if (at < lane->open_count && lane->open[at]->stamp_s == stamp_s) return GODB_OK;
    for (at = lane->open_count; at > 0 && lane->open[at - 1]->stamp_s >= stamp_s; at--)
        continue;
    lane->last_open = at;
    if (at < lane->open_count && lane->open[at]->stamp_s == stamp_s) return GODB_OK;
    return open_at(lane, at, stamp_s, line, packing, err);
}

int
csv_lane_fill(struct csv_lane *lane, struct godb *db,
    const struct godb_l7_names *l7_names, const struct csv_batch_run *run,
    struct csv_packing *packing, const struct csv_lane_sink *sink,
    struct godb_block **out, struct godb_err *err)
{
    int rc = GODB_OK;
    if (lane->writer == NULL)
        rc = godb_writer_open(
            &lane->writer, db, lane->name, l7_names, sink->warn, sink->arg, err);
    while (rc == GODB_OK && lane->open_count > 0 &&
           lane->open[0]->stamp_s < lane->newest_s - lane->window_s)
        rc = close_first(lane, packing, err);
    if (rc == GODB_OK)
        rc =
            find_open(lane, stamp_of(lane, run->time_s), run->first_line, packing, err);
    if (rc != GODB_OK) return rc;
    lane->open[lane->last_open]->last_line = run->first_line + run->row_count - 1;
    *out = lane->open[lane->last_open]->block;
    return GODB_OK;
}
