/* SPDX-License-Identifier: MIT
 *
 * csv_import.c -- see csv_import.h.
 *
 *      csv_source   a file, a pipe, compressed or not
 *      csv_reader   records with line numbers
 *      csv_columns  the first record, when it is a header
 *      csv_row      record --> flow and time, or a reason
 *      csv_spool    flows that wait until the whole file is known
 *      csv_lane     flows of one interface --> blocks --> godb_writer
 *
 * Whether a row can be stored depends on rows that come later: they tell stamps from
 * moments (csv_lane.c), and one bad row keeps all others out.  So the file is read
 * once, the rows are judged, and only then is anything written.
 */
#include "shell/csv_import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/csv_lane.h"
#include "shell/progress.h"
#include "shell/shell_err.h"

enum {
    TOLD_MAX = 20,    /* lines that name refused rows */
    LANES_MAX = 1024, /* interfaces in one file; each keeps files open */
    PROGRESS_ROWS = 4096
};

struct import {
    const struct csv_import_spec *spec;
    struct csv_source *source;
    struct csv_spool *spool;
    struct godb *db; /* NULL: not opened, or there is none yet */
    struct csv_columns columns;
    struct csv_lane *lanes[LANES_MAX];
    size_t lane_count, last_lane;
    struct csv_lane_sink sink;
    struct progress progress;
    FILE *rejects;
    uint64_t record_count;
    uint64_t data_count; /* of them, rows */
    uint64_t refused_count, there_count;
    uint64_t told_count; /* lines about refused ones, printed or not */
    struct godb_err *err;
    int rc; /* why the reading was ended */
};

/* --- Telling ---------------------------------------------------------------------- */

static void
print_line(
    FILE *out, const char *name, uint64_t first, uint64_t last, const char *reason)
{
    if (first == last)
        fprintf(out, "%s:%" PRIu64 ": %s\n", name, first, reason);
    else
        fprintf(out, "%s:%" PRIu64 "-%" PRIu64 ": %s\n", name, first, last, reason);
}

static void
refuse_lines(struct import *import, uint64_t first, uint64_t last, size_t row_count,
    const char *reason)
{
    const char *name = csv_source_name(import->source);
    import->refused_count += row_count;
    if (import->rejects) {
        print_line(import->rejects, name, first, last, reason);
    } else if (import->told_count++ < TOLD_MAX) {
        progress_hide(&import->progress);
        fputs("goconvert: ", stderr);
        print_line(stderr, name, first, last, reason);
    }
}

/* A csv_lane_lost_fn. */
static void
lose_rows(void *arg, uint64_t first_line, uint64_t last_line, size_t row_count,
    const char *reason)
{
    struct import *import = arg;
    char text[sizeof import->err->msg + 40];
    snprintf(text, sizeof text, "%zu rows refused: %s", row_count, reason);
    refuse_lines(import, first_line, last_line, row_count, text);
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
    fprintf(stderr, "goconvert: %s: column '%.60s' is ignored%s\n",
        csv_source_name(import->source), name,
        is_twice ? ": it is there twice" : ": unknown");
}

static void
tell_untold(const struct import *import)
{
    if (import->told_count > TOLD_MAX)
        fprintf(stderr, "goconvert: %s: %" PRIu64 " rows refused in all\n",
            csv_source_name(import->source), import->refused_count);
}

/* --- Lanes ------------------------------------------------------------------------ */

static bool
find_lane(struct import *import, const char *name, size_t *out)
{
    for (size_t i = 0; i < import->lane_count; i++) {
        const size_t at = (import->last_lane + i) % import->lane_count;
        if (strcmp(csv_lane_name(import->lanes[at]), name) != 0) continue;
        *out = import->last_lane = at;
        return true;
    }
    return false;
}

/* The row's lane, made when it is new; false with a reason for a row that can have
 * none, or with import->rc set. */
static bool
take_lane(
    struct import *import, const char *name, size_t *out, char reason[CSV_ROW_REASON])
{
    if (name == NULL) name = import->spec->iface;
    if (name == NULL) {
        snprintf(reason, CSV_ROW_REASON, "iface is empty, and there is no -iface");
        return false;
    }
    if (find_lane(import, name, out)) return true;
    if (import->lane_count == LANES_MAX) {
        snprintf(reason, CSV_ROW_REASON, "iface: more than %d interfaces in one file",
            LANES_MAX);
        return false;
    }
    struct csv_lane *lane = csv_lane_new(name);
    if (lane == NULL) {
        import->rc = shell_err(import->err, GODB_ENOMEM, "out of memory");
        return false;
    }
    *out = import->lane_count;
    import->lanes[import->lane_count++] = lane;
    return true;
}

/* --- Reading ---------------------------------------------------------------------- */

static bool
fail_header(struct import *import, uint64_t line, const struct godb_err *why)
{
    import->rc = shell_err(import->err, GODB_ECORRUPT, "%s:%" PRIu64 ": %.400s",
        csv_source_name(import->source), line, why->msg);
    return false;
}

/* What the first record says about the columns.  False: it is no row. */
static bool
begins_with_row(struct import *import, const struct csv_reader_record *record)
{
    struct godb_err why;
    if (import->spec->is_nfdump)
        return csv_columns_read_nfdump(&import->columns, record, &why) != GODB_OK &&
               fail_header(import, record->first_line, &why);
    const bool is_header = csv_columns_is_header(record);
    if (!is_header || import->spec->schema) return !is_header;
    return csv_columns_read(&import->columns, record, note_column, import, &why) !=
               GODB_OK &&
           fail_header(import, record->first_line, &why);
}

static bool
check_iface(struct import *import)
{
    if (import->columns.at[CSV_FIELD_IFACE] >= 0 || import->spec->iface) return true;
    import->rc = shell_err(import->err, GODB_EARG,
        "%s has no column iface: give -iface NAME", csv_source_name(import->source));
    return false;
}

/* Is this a record with data? */
static bool
is_data(struct import *import, const struct csv_reader_record *record)
{
    if (import->record_count++ == 0) {
        const bool is_row = begins_with_row(import, record);
        if (import->rc != GODB_OK || !check_iface(import) || !is_row) return false;
    }
    if (import->record_count % PROGRESS_ROWS == 0)
        progress_show(&import->progress, csv_source_done_bytes(import->source),
            csv_source_total_bytes(import->source), import->data_count);
    return !csv_columns_is_footer(record);
}

static void
spool_row(struct import *import, const struct csv_row *row, size_t lane, uint64_t line)
{
    const struct csv_spool_row spooled = {row->time_s, line, (uint32_t)lane, row->flow};
    csv_lane_survey(import->lanes[lane], row->time_s);
    import->rc = csv_spool_add(import->spool, &spooled, import->err);
}

static bool
read_record(void *arg, const struct csv_reader_record *record)
{
    struct import *import = arg;
    const uint64_t limit = import->spec->row_limit;
    struct csv_row row;
    size_t lane;
    char reason[CSV_ROW_REASON];
    if (import->spec->is_nfdump && csv_columns_is_nfdump_end(record)) return false;
    if (!is_data(import, record)) return import->rc == GODB_OK;
    import->data_count++;
    if (csv_row_parse(&row, &import->columns, record, reason) &&
        take_lane(import, row.iface, &lane, reason))
        spool_row(import, &row, lane, record->first_line);
    else if (import->rc == GODB_OK)
        refuse_lines(import, record->first_line, record->last_line, 1, reason);
    return import->rc == GODB_OK && (limit == 0 || import->data_count < limit);
}

static int
read_all(struct import *import)
{
    import->progress = progress_start(stderr, "reading");
    int rc = csv_reader_run(import->source, read_record, import, import->err);
    progress_hide(&import->progress);
    return rc == GODB_OK ? import->rc : rc;
}

/* --- Judging ---------------------------------------------------------------------- */

/* A database that is not there yet is made when something is written to it. */
static int
begin_lanes(struct import *import)
{
    struct godb_err why;
    int rc = godb_open(&import->db, import->spec->out, GODB_READ, &why);
    if (rc != GODB_OK && rc != GODB_ENOTFOUND) {
        *import->err = why;
        return rc;
    }
    rc = GODB_OK;
    for (size_t i = 0; i < import->lane_count && rc == GODB_OK; i++)
        rc = csv_lane_begin(
            import->lanes[i], import->db, import->spec->window_s, import->err);
    godb_close(import->db);
    import->db = NULL;
    return rc;
}

static int
judge_all(struct import *import)
{
    struct csv_spool_row row;
    char reason[CSV_ROW_REASON];
    int rc = csv_spool_rewind(import->spool, import->err);
    while (rc == GODB_OK &&
           (rc = csv_spool_next(import->spool, &row, import->err)) == GODB_OK)
        switch (csv_lane_judge(import->lanes[row.lane], row.time_s, reason)) {
        case CSV_LANE_TAKE:
            break;
        case CSV_LANE_THERE:
            import->there_count++;
            break;
        case CSV_LANE_REFUSE:
            refuse_lines(import, row.line, row.line, 1, reason);
            break;
        }
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* --- Writing ---------------------------------------------------------------------- */

static int
write_rows(struct import *import)
{
    const uint64_t count = csv_spool_count(import->spool);
    struct csv_spool_row row;
    char reason[CSV_ROW_REASON];
    int rc = csv_spool_rewind(import->spool, import->err);
    for (uint64_t i = 0; rc == GODB_OK; i++) {
        rc = csv_spool_next(import->spool, &row, import->err);
        if (rc != GODB_OK) break;
        struct csv_lane *lane = import->lanes[row.lane];
        if (i % PROGRESS_ROWS == 0) progress_show(&import->progress, i, count, i);
        if (csv_lane_judge(lane, row.time_s, reason) == CSV_LANE_TAKE)
            rc = csv_lane_add(lane, import->db, &row, &import->sink, import->err);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

static int
write_all(struct import *import)
{
    int rc = godb_open(&import->db, import->spec->out, GODB_CREATE, import->err);
    for (size_t i = 0; i < import->lane_count; i++)
        csv_lane_restart(import->lanes[i]);
    import->progress = progress_start(stderr, "importing");
    if (rc == GODB_OK) rc = write_rows(import);
    for (size_t i = 0; i < import->lane_count && rc == GODB_OK; i++)
        rc = csv_lane_finish(import->lanes[i], &import->sink, import->err);
    progress_hide(&import->progress);
    return rc;
}

/* --- The whole -------------------------------------------------------------------- */

static int
run(struct import *import, bool *out_left_out)
{
    int rc = read_all(import);
    if (rc == GODB_OK) rc = begin_lanes(import);
    if (rc == GODB_OK) rc = judge_all(import);
    if (rc != GODB_OK) return rc;
    *out_left_out = import->refused_count > 0 && !import->spec->keeps_going;
    return *out_left_out ? GODB_OK : write_all(import);
}

static int
open_all(struct import *import)
{
    const struct csv_import_spec *spec = import->spec;
    struct godb_err *err = import->err;
    int rc = csv_source_open(&import->source, spec->in, err);
    if (rc == GODB_OK && spec->schema)
        rc = csv_columns_schema(
            &import->columns, spec->schema, note_column, import, err);
    if (rc == GODB_OK) rc = csv_spool_new(&import->spool, err);
    if (rc == GODB_OK && spec->rejects &&
        (import->rejects = fopen(spec->rejects, "we")) == NULL)
        rc = shell_err_sys(err, errno, "%s", spec->rejects);
    return rc;
}

static int
close_all(struct import *import, int rc)
{
    for (size_t i = 0; i < import->lane_count; i++)
        csv_lane_free(import->lanes[i]);
    godb_close(import->db);
    csv_spool_free(import->spool);
    csv_source_close(import->source);
    if (import->rejects && fclose(import->rejects) != 0 && rc == GODB_OK)
        rc = shell_err_sys(import->err, errno, "%s", import->spec->rejects);
    free(import);
    return rc;
}

static struct csv_import_stats
add_up(const struct import *import, bool is_left_out)
{
    struct csv_import_stats sum = {.refused = import->refused_count,
        .there = import->there_count,
        .is_left_out = is_left_out};
    for (size_t i = 0; i < import->lane_count; i++) {
        const struct csv_lane_stats stats = csv_lane_stats(import->lanes[i]);
        sum.imported += stats.row_count;
        sum.blocks += stats.block_count;
        sum.days += stats.day_count;
        sum.ifaces += stats.block_count > 0;
    }
    return sum;
}

int
csv_import_run(struct csv_import_stats *out, const struct csv_import_spec *spec,
    struct godb_err *err)
{
    struct import *import = calloc(1, sizeof *import);
    bool is_left_out = false;
    if (import == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    import->spec = spec;
    import->sink = (struct csv_lane_sink){warn, lose_rows, import};
    import->err = err;
    import->columns = csv_columns_default();
    int rc = open_all(import);
    if (rc == GODB_OK) {
        rc = run(import, &is_left_out);
        tell_untold(import);
    }
    *out = add_up(import, is_left_out);
    return close_all(import, rc);
}
