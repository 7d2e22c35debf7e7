/* SPDX-License-Identifier: MIT
 *
 * csv_lane.h -- the rows of one interface on their way into blocks.
 */
#ifndef SHELL_CSV_LANE_H
#define SHELL_CSV_LANE_H

#include "godb/godb.h"
#include "shell/csv_row.h"

struct csv_lane;

/* Rows that were taken before, but whose block could not be stored. */
typedef void csv_lane_lost_fn(void *arg, uint64_t first_line, uint64_t last_line,
    size_t row_count, const char *reason);

struct csv_lane_stats {
    uint64_t row_count, block_count, day_count; /* handed to the writer */
};

/* NULL: out of memory.  db is borrowed; `name` is a checked interface name. */
struct csv_lane *csv_lane_new(struct godb *db, const char *name);
void csv_lane_free(struct csv_lane *lane); /* drops what was not committed */
const char *csv_lane_name(const struct csv_lane *lane);

/* The first pass: a row with this time will come.  True when the lane has seen all that
 * it needs to know. */
bool csv_lane_survey(struct csv_lane *lane, int64_t time_s);

/* The second pass.  GODB_OK, GODB_DONE where the row is refused, with the reason, or an
 * error that ends the import.  Opens the interface for writing when the first row
 * comes; warn hears what the writer mends. */
struct csv_lane_sink {
    godb_warn_fn *warn;
    csv_lane_lost_fn *lost;
    void *arg; /* of both */
};
int csv_lane_add(struct csv_lane *lane, const struct csv_row *row,
    const struct csv_reader_record *record, const struct csv_lane_sink *sink,
    char reason[CSV_ROW_REASON], struct godb_err *err);

/* Write the last block and commit. */
int csv_lane_finish(
    struct csv_lane *lane, const struct csv_lane_sink *sink, struct godb_err *err);

struct csv_lane_stats csv_lane_stats(const struct csv_lane *lane);

#endif
