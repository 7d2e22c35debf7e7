/* SPDX-License-Identifier: MIT
 *
 * csv_lane.h -- the rows of one interface on their way into blocks.
 *
 *      survey every row's time      what kind of times are they?
 *      begin                        what has the database already?
 *      judge every row, in order    will it be taken?
 *      restart, fill every row that is taken into its block; store; finish
 */
#ifndef SHELL_CSV_LANE_H
#define SHELL_CSV_LANE_H

#include "godb/godb.h"
#include "shell/csv_batch.h"
#include "shell/csv_packing.h"
#include "shell/csv_row.h"

struct csv_lane;

/* Rows that were taken, but whose block could not be stored. */
typedef void csv_lane_lost_fn(void *arg, uint64_t first_line, uint64_t last_line,
    size_t row_count, const char *reason);

struct csv_lane_sink {
    godb_warn_fn *warn; /* hears what the writer mends */
    csv_lane_lost_fn *lost;
    void *arg; /* of both */
};

struct csv_lane_stats {
    uint64_t row_count, block_count, day_count; /* handed to the writer */
};

/* NULL: out of memory.  `name` is a checked interface name. */
struct csv_lane *csv_lane_new(const char *name);
void csv_lane_free(struct csv_lane *lane); /* without what was not committed */
const char *csv_lane_name(const struct csv_lane *lane);
struct csv_lane_stats csv_lane_stats(const struct csv_lane *lane);

/* A row with this time will come. */
void csv_lane_survey(struct csv_lane *lane, int64_t time_s);

/* The survey is over.  db may be NULL: there is none yet.  Rows may come up to window_s
 * after rows of later blocks. */
int csv_lane_begin(
    struct csv_lane *lane, struct godb *db, int64_t window_s, struct godb_err *err);

enum csv_lane_verdict {
    CSV_LANE_TAKE,
    CSV_LANE_THERE, /* the database has its block: imported before */
    CSV_LANE_REFUSE
};

/* What becomes of the next row; fills reason where it is refused. */
enum csv_lane_verdict csv_lane_judge(
    struct csv_lane *lane, int64_t time_s, char reason[CSV_ROW_REASON]);

/* Judge from the first row on again. */
void csv_lane_restart(struct csv_lane *lane);

/* The block that rows of this time and these lines, which were judged to be taken, are
 * to be added to.  Hands the blocks to which no row can come any more to packing.
 * Opens the interface for writing first; l7_names is borrowed until the lane is freed.
 */
int csv_lane_fill(struct csv_lane *lane, struct godb *db,
    const struct godb_l7_names *l7_names, const struct csv_batch_run *run,
    struct csv_packing *packing, const struct csv_lane_sink *sink,
    struct godb_block **out, struct godb_err *err);

/* No row comes any more: hand over all blocks. */
int csv_lane_end(
    struct csv_lane *lane, struct csv_packing *packing, struct godb_err *err);

/* Stage a packed block of this lane.  A full day costs this block alone. */
int csv_lane_store(struct csv_lane *lane, struct csv_packing_block *block,
    const struct csv_lane_sink *sink, struct godb_err *err);

int csv_lane_commit(struct csv_lane *lane, struct godb_err *err);

#endif
