/* SPDX-License-Identifier: MIT
 *
 * csv_import.c -- see csv_import.h.
 *
 *      csv_source   the file, or a copy of standard input: it is read twice
 *      csv_reader   records with line numbers
 *      csv_columns  the first record, when it is a header
 *      csv_row      record --> flow and time, or a reason
 *      csv_lane     flows of one interface --> blocks --> godb_writer
 *
 * csv_lane.c says why there are two passes.  This file runs them and keeps the account:
 * each record is either handed to a lane or named on standard error with its line.
 */
#include "shell/csv_import.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/csv_lane.h"
#include "shell/csv_source.h"
#include "shell/progress.h"
#include "shell/shell_err.h"

enum {
    TOLD_MAX = 20,    /* lines that name refused rows */
    LANES_MAX = 1024, /* interfaces in one file; each keeps files open */
    PROGRESS_ROWS = 1024
};

struct import {
    const struct csv_import_spec *spec;
    const char *name; /* of the file, for messages */
    struct godb *db;
    struct csv_columns columns;
    bool has_header;
    struct csv_lane *lanes[LANES_MAX];
    size_t lane_count, last_lane;
    struct csv_lane_sink sink;
    struct progress progress;
    uint64_t file_bytes;
    uint64_t record_count; /* of this pass */
    uint64_t data_count;   /* of them, rows */
    uint64_t refused_count;
    uint64_t told_count; /* lines about them, printed or not */
    struct godb_err *err;
    int rc; /* why the reading was ended */
};

/* --- Telling ---------------------------------------------------------------------- */

static void
tell_line(struct import *import, uint64_t first, uint64_t last, const char *reason)
{
    progress_hide(&import->progress);
    if (first == last)
        fprintf(stderr, "goconvert: %s:%" PRIu64 ": %s\n", import->name, first, reason);
    else
        fprintf(stderr, "goconvert: %s:%" PRIu64 "-%" PRIu64 ": %s\n", import->name,
            first, last, reason);
}

static void
refuse(
    struct import *import, const struct csv_reader_record *record, const char *reason)
{
    import->refused_count++;
    if (import->told_count++ < TOLD_MAX)
        tell_line(import, record->first_line, record->last_line, reason);
}

/* A csv_lane_lost_fn. */
static void
lose_rows(void *arg, uint64_t first_line, uint64_t last_line, size_t row_count,
    const char *reason)
{
    struct import *import = arg;
    char text[sizeof import->err->msg + 40];
    snprintf(text, sizeof text, "%zu rows refused: %s", row_count, reason);
    import->refused_count += row_count;
    if (import->told_count++ < TOLD_MAX) tell_line(import, first_line, last_line, text);
}

static void
warn(void *arg, const struct godb_err *warning)
{
    struct import *import = arg;
    progress_hide(&import->progress);
    fprintf(stderr, "goconvert: warning: %s\n", warning->msg);
}

static void
note_column(void *arg, const char *name, bool is_twice)
{
    struct import *import = arg;
    fprintf(stderr, "goconvert: %s: column '%.60s' is ignored%s\n", import->name, name,
        is_twice ? ": it is there twice" : ": unknown");
}

/* --- Lanes ------------------------------------------------------------------------ */

/* The row's lane, made when it is new; NULL with a reason for a row that can have none,
 * or with import->rc set. */
static struct csv_lane *
find_lane(struct import *import, const char *name, char reason[CSV_ROW_REASON])
{
    if (name == NULL) name = import->spec->iface;
    if (name == NULL) {
        snprintf(reason, CSV_ROW_REASON, "iface is empty, and there is no -iface");
        return NULL;
    }
    for (size_t i = 0; i < import->lane_count; i++) {
        const size_t at = (import->last_lane + i) % import->lane_count;
        if (strcmp(csv_lane_name(import->lanes[at]), name) != 0) continue;
        import->last_lane = at;
        return import->lanes[at];
    }
    if (import->lane_count == LANES_MAX) {
        snprintf(reason, CSV_ROW_REASON, "iface: more than %d interfaces in one file",
            LANES_MAX);
        return NULL;
    }
    struct csv_lane *lane = csv_lane_new(import->db, name);
    if (lane == NULL)
        import->rc = shell_err(import->err, GODB_ENOMEM, "out of memory");
    else
        import->lanes[import->lane_count++] = lane;
    return lane;
}

/* --- Passes ----------------------------------------------------------------------- */

/* Is this a record with data, and still wanted? */
static bool
is_data(
    struct import *import, const struct csv_reader_record *record, uint64_t read_bytes)
{
    if (import->record_count++ % PROGRESS_ROWS == 0)
        progress_show(&import->progress, read_bytes, import->file_bytes);
    if (import->record_count == 1 && import->has_header) return false;
    return !csv_columns_is_footer(record);
}

static bool
is_enough(const struct import *import)
{
    return import->rc != GODB_OK || (import->spec->row_limit > 0 &&
                                        import->data_count >= import->spec->row_limit);
}

/* What the first record says about the columns. */
static bool
read_header(void *arg, const struct csv_reader_record *record, uint64_t read_bytes)
{
    struct import *import = arg;
    (void)read_bytes;
    import->has_header = csv_columns_is_header(record);
    if (!import->has_header) return false;
    struct godb_err why;
    import->rc = csv_columns_read(&import->columns, record, note_column, import, &why);
    if (import->rc != GODB_OK)
        shell_err(import->err, GODB_ECORRUPT, "%s:%" PRIu64 ": %.400s", import->name,
            record->first_line, why.msg);
    return false;
}

static bool
survey_record(void *arg, const struct csv_reader_record *record, uint64_t read_bytes)
{
    struct import *import = arg;
    struct csv_row row;
    char reason[CSV_ROW_REASON];
    if (!is_data(import, record, read_bytes)) return true;
    import->data_count++;
    if (csv_row_peek(&row, &import->columns, record, reason)) {
        struct csv_lane *lane = find_lane(import, row.iface, reason);
        const bool is_settled = lane && csv_lane_survey(lane, row.time_s);
        if (is_settled && import->columns.at[CSV_FIELD_IFACE] < 0) return false;
    }
    return !is_enough(import);
}

static bool
import_record(void *arg, const struct csv_reader_record *record, uint64_t read_bytes)
{
    struct import *import = arg;
    struct csv_row row;
    char reason[CSV_ROW_REASON];
    if (!is_data(import, record, read_bytes)) return true;
    import->data_count++;
    struct csv_lane *lane = NULL;
    if (csv_row_parse(&row, &import->columns, record, reason))
        lane = find_lane(import, row.iface, reason);
    int rc = GODB_DONE;
    if (lane) rc = csv_lane_add(lane, &row, record, &import->sink, reason, import->err);
    if (rc == GODB_DONE && import->rc == GODB_OK) refuse(import, record, reason);
    if (rc < 0) import->rc = rc;
    return !is_enough(import);
}

static int
run_pass(struct import *import, int fd, const char *label, csv_reader_fn *fn)
{
    import->progress = progress_start(stderr, label);
    import->record_count = import->data_count = 0;
    import->rc = GODB_OK;
    int rc = csv_reader_run(fd, import->name, fn, import, import->err);
    progress_hide(&import->progress);
    return rc == GODB_OK ? import->rc : rc;
}

static int
check_iface(const struct import *import)
{
    if (import->columns.at[CSV_FIELD_IFACE] >= 0 || import->spec->iface) return GODB_OK;
    return shell_err(import->err, GODB_EARG, "%s has no column iface: give -iface NAME",
        import->name);
}

static int
run_passes(struct import *import, int fd)
{
    int rc = run_pass(import, fd, "reading", read_header);
    if (rc == GODB_OK) rc = check_iface(import);
    if (rc == GODB_OK)
        rc = godb_open(&import->db, import->spec->out, GODB_CREATE, import->err);
    if (rc == GODB_OK) rc = run_pass(import, fd, "looking at times", survey_record);
    if (rc == GODB_OK) rc = run_pass(import, fd, "importing", import_record);
    for (size_t i = 0; i < import->lane_count && rc == GODB_OK; i++)
        rc = csv_lane_finish(import->lanes[i], &import->sink, import->err);
    return rc;
}

/* --- The whole -------------------------------------------------------------------- */

static struct csv_import_stats
add_up(const struct import *import)
{
    struct csv_import_stats sum = {0, import->refused_count, 0, 0, 0};
    for (size_t i = 0; i < import->lane_count; i++) {
        const struct csv_lane_stats stats = csv_lane_stats(import->lanes[i]);
        sum.imported += stats.row_count;
        sum.blocks += stats.block_count;
        sum.days += stats.day_count;
        sum.ifaces += stats.block_count > 0;
    }
    return sum;
}

static void
tell_untold(const struct import *import)
{
    if (import->told_count > TOLD_MAX)
        fprintf(stderr, "goconvert: %s: %" PRIu64 " rows refused in all\n",
            import->name, import->refused_count);
}

int
csv_import_run(struct csv_import_stats *out, const struct csv_import_spec *spec,
    struct godb_err *err)
{
    int fd = -1;
    struct import *import = calloc(1, sizeof *import);
    if (import == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    import->spec = spec;
    import->name = csv_source_name(spec->in);
    import->sink = (struct csv_lane_sink){warn, lose_rows, import};
    import->err = err;
    import->columns = csv_columns_default();
    int rc = csv_source_open(&fd, &import->file_bytes, spec->in, err);
    if (rc == GODB_OK) rc = run_passes(import, fd);
    tell_untold(import);
    *out = add_up(import);
    for (size_t i = 0; i < import->lane_count; i++)
        csv_lane_free(import->lanes[i]);
    godb_close(import->db);
    if (fd >= 0) close(fd);
    free(import);
    return rc;
}
