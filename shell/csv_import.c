/* SPDX-License-Identifier: MIT
 *
 * csv_import.c -- see csv_import.h.
 *
 *      csv_source   a file, a pipe, compressed or not
 *      csv_intake   reads pieces of it in several threads
 *      csv_reader   records with line numbers
 *      csv_columns  the first record, when it is a header
 *      csv_row      record --> flow and time, or a reason
 *      csv_batch    flows and reasons of a piece
 *      csv_spool    batches that wait until the whole file is known
 *      csv_lane     flows of one interface --> blocks
 *      csv_packing  blocks, packed in several threads --> godb_writer
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

#include "shell/csv_flow.h"
#include "shell/csv_intake.h"
#include "shell/csv_l7.h"
#include "shell/csv_lane.h"
#include "shell/csv_spool.h"
#include "shell/progress.h"
#include "shell/shell_err.h"

enum {
    TOLD_MAX = 20,   /* lines that name refused rows */
    LANES_MAX = 1024 /* interfaces in one file; each keeps files open */
};

struct import {
    const struct csv_import_spec *spec;
    struct csv_source *source;
    struct csv_spool *spool;
    struct csv_packing *packing; /* NULL until something is written */
    struct godb *db;             /* NULL: not opened, or there is none yet */
    struct csv_columns columns;
    struct csv_l7 *l7; /* NULL: the file has no names for its numbers */
    const struct godb_l7_names *l7_names;
    struct csv_list lane_map, l7_map; /* of a batch's numbers */
    struct csv_lane *lanes[LANES_MAX];
    size_t lane_count, last_lane;
    struct csv_lane_sink sink;
    struct progress progress;
    FILE *rejects;
    uint64_t data_count; /* records that are data */
    uint64_t row_count;  /* of them, rows that are flows */
    uint64_t refused_count, there_count;
    uint64_t told_count; /* lines about refused ones, printed or not */
    struct godb_err *err;
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

/* The interface's lane, made when it is new. */
static int
take_lane(struct import *import, const char *name, uint64_t line, size_t *out)
{
    if (find_lane(import, name, out)) return GODB_OK;
    if (import->lane_count == LANES_MAX)
        return shell_err(import->err, GODB_ECORRUPT,
            "%s:%" PRIu64 ": iface: more than %d interfaces in one file; split it",
            csv_source_name(import->source), line, LANES_MAX);
    struct csv_lane *lane = csv_lane_new(name);
    if (lane == NULL) return shell_err(import->err, GODB_ENOMEM, "out of memory");
    *out = import->last_lane = import->lane_count;
    import->lanes[import->lane_count++] = lane;
    return GODB_OK;
}

/* --- The header ------------------------------------------------------------------- */

static int
fail_header(struct import *import, uint64_t line, const struct godb_err *why)
{
    return shell_err(import->err, GODB_ECORRUPT, "%s:%" PRIu64 ": %.400s",
        csv_source_name(import->source), line, why->msg);
}

/* What the first record says about the columns, and whether it is a row. */
static int
read_columns(
    struct import *import, const struct csv_reader_record *record, bool *out_is_row)
{
    struct godb_err why;
    int rc = GODB_OK;
    *out_is_row = false;
    if (import->spec->is_nfdump)
        rc = csv_columns_read_nfdump(&import->columns, record, &why);
    else if (!csv_columns_is_header(record))
        *out_is_row = true;
    else if (import->spec->schema == NULL)
        rc = csv_columns_read(&import->columns, record, note_column, import, &why);
    return rc == GODB_OK ? rc : fail_header(import, record->first_line, &why);
}

/* csv_intake_calls.begin */
static int
begin_file(void *arg, const struct csv_reader_record *record, bool *out_is_row)
{
    struct import *import = arg;
    int rc = read_columns(import, record, out_is_row);
    if (rc != GODB_OK) return rc;
    if (import->columns.at[CSV_FIELD_IFACE] < 0 && import->spec->iface == NULL)
        return shell_err(import->err, GODB_EARG,
            "%s has no column iface: give -iface NAME",
            csv_source_name(import->source));
    if (import->columns.at[CSV_FIELD_L7_NAME] >= 0 &&
        (import->l7 = csv_l7_new()) == NULL)
        return shell_err(import->err, GODB_ENOMEM, "out of memory");
    return GODB_OK;
}

/* --- Reading ---------------------------------------------------------------------- */

/* Which lanes the batch's interfaces are, for csv_spool; and where its rows stand. */
static int
map_runs(struct import *import, struct csv_batch *batch, uint64_t line_base)
{
    const size_t *ifaces = (const size_t *)batch->ifaces.bytes;
    const size_t iface_count = batch->ifaces.length / sizeof *ifaces;
    struct csv_batch_run *runs = csv_batch_runs(batch);
    import->lane_map.length = 0;
    size_t *map = csv_list_room(&import->lane_map, iface_count * sizeof *map);
    if (map == NULL) return shell_err(import->err, GODB_ENOMEM, "out of memory");
    memset(map, 0xff, iface_count * sizeof *map);
    for (size_t i = 0; i < csv_batch_run_count(batch); i++) {
        struct csv_batch_run *run = &runs[i];
        size_t *lane = &map[run->iface];
        run->first_line += line_base;
        if (*lane == SIZE_MAX) {
            int rc = take_lane(import, csv_batch_text(batch, ifaces[run->iface]),
                run->first_line, lane);
            if (rc != GODB_OK) return rc;
        }
        run->iface = (uint32_t)*lane;
        csv_lane_survey(import->lanes[*lane], run->time_s);
    }
    return GODB_OK;
}

static int
map_l7(struct import *import, const struct csv_batch *batch, size_t *out_count)
{
    const struct csv_batch_l7 *l7s = (const struct csv_batch_l7 *)batch->l7s.bytes;
    const size_t count = batch->l7s.length / sizeof *l7s;
    import->l7_map.length = 0;
    uint16_t *map = csv_list_room(&import->l7_map, count * sizeof *map);
    if (map == NULL) return shell_err(import->err, GODB_ENOMEM, "out of memory");
    *out_count = batch->has_l7 ? count : 0;
    for (size_t i = 0; i < *out_count; i++) {
        int rc = csv_l7_add(import->l7, l7s[i].id, csv_batch_text(batch, l7s[i].name),
            csv_batch_text(batch, l7s[i].category), &map[i], import->err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

static void
refuse_batch(struct import *import, const struct csv_batch *batch, uint64_t line_base)
{
    const struct csv_batch_refusal *refusals =
        (const struct csv_batch_refusal *)batch->refusals.bytes;
    for (size_t i = 0; i < batch->refusals.length / sizeof *refusals; i++)
        refuse_lines(import, line_base + refusals[i].first_line,
            line_base + refusals[i].last_line, 1,
            csv_batch_text(batch, refusals[i].reason));
}

static int
spool_batch(struct import *import, struct csv_batch *batch, uint64_t line_base)
{
    struct csv_spool_batch spooled = {.run_count = csv_batch_run_count(batch),
        .flow_bytes = batch->flows.length,
        .runs = csv_batch_runs(batch),
        .flows = (const uint8_t *)batch->flows.bytes};
    int rc = map_runs(import, batch, line_base);
    if (rc == GODB_OK) rc = map_l7(import, batch, &spooled.l7_count);
    spooled.l7_ids = (const uint16_t *)import->l7_map.bytes;
    return rc == GODB_OK ? csv_spool_add(import->spool, &spooled, import->err) : rc;
}

/* csv_intake_calls.take */
static int
take_batch(void *arg, struct csv_batch *batch, uint64_t line_base)
{
    struct import *import = arg;
    const uint64_t limit = import->spec->row_limit;
    if (limit > 0) csv_batch_cut(batch, limit - import->data_count);
    import->data_count += batch->data_count;
    import->row_count += batch->row_count;
    refuse_batch(import, batch, line_base);
    progress_show(&import->progress, csv_source_done_bytes(import->source),
        csv_source_total_bytes(import->source), import->data_count);
    int rc = batch->row_count ? spool_batch(import, batch, line_base) : GODB_OK;
    return rc == GODB_OK && limit > 0 && import->data_count == limit ? GODB_DONE : rc;
}

static int
read_all(struct import *import)
{
    const struct csv_batch_source rows = {&import->columns, import->spec->iface};
    const struct csv_intake_calls calls = {begin_file, take_batch, import};
    import->progress = progress_start(stderr, "reading");
    int rc = csv_intake_run(import->source, &rows, &calls, import->err);
    progress_hide(&import->progress);
    return rc;
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

static void
judge_run(struct import *import, const struct csv_batch_run *run)
{
    char reason[CSV_ROW_REASON];
    switch (csv_lane_judge(import->lanes[run->iface], run->time_s, reason)) {
    case CSV_LANE_TAKE:
        break;
    case CSV_LANE_THERE:
        import->there_count += run->row_count;
        break;
    case CSV_LANE_REFUSE:
        for (uint64_t row = 0; row < run->row_count; row++)
            refuse_lines(
                import, run->first_line + row, run->first_line + row, 1, reason);
        break;
    }
}

static int
judge_all(struct import *import)
{
    struct csv_spool_batch batch;
    int rc = csv_spool_rewind(import->spool, import->err);
    while (rc == GODB_OK) {
        rc = csv_spool_next(import->spool, &batch, false, import->err);
        for (size_t i = 0; rc == GODB_OK && i < batch.run_count; i++)
            judge_run(import, &batch.runs[i]);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* --- Writing ---------------------------------------------------------------------- */

/* A csv_packing_store_fn. */
static int
store_block(void *arg, struct csv_packing_block *block, struct godb_err *err)
{
    struct import *import = arg;
    return csv_lane_store(block->lane, block, &import->sink, err);
}

/* Put the run's flows into their block, or step over them; *at is where they are. */
static int
write_run(struct import *import, const struct csv_spool_batch *batch,
    const struct csv_batch_run *run, const uint8_t **at)
{
    char reason[CSV_ROW_REASON];
    struct csv_lane *lane = import->lanes[run->iface];
    struct godb_block *block = NULL;
    struct godb_flow flow;
    int rc = GODB_OK;
    if (csv_lane_judge(lane, run->time_s, reason) == CSV_LANE_TAKE)
        rc = csv_lane_fill(lane, import->db, import->l7_names, run, import->packing,
            &import->sink, &block, import->err);
    for (uint32_t i = 0; rc == GODB_OK && i < run->row_count; i++) {
        *at += csv_flow_get(&flow, *at);
        if (batch->l7_count > 0) flow.l7proto = batch->l7_ids[flow.l7proto];
        if (block && godb_block_add(block, &flow) != GODB_OK)
            rc = shell_err(import->err, GODB_ENOMEM, "out of memory");
    }
    return rc;
}

static int
write_batch(
    struct import *import, const struct csv_spool_batch *batch, uint64_t *row_count)
{
    const uint8_t *at = batch->flows;
    int rc = GODB_OK;
    for (size_t i = 0; rc == GODB_OK && i < batch->run_count; i++) {
        rc = write_run(import, batch, &batch->runs[i], &at);
        *row_count += batch->runs[i].row_count;
    }
    progress_show(&import->progress, *row_count, import->row_count, *row_count);
    return rc;
}

static int
write_rows(struct import *import)
{
    struct csv_spool_batch batch;
    uint64_t row_count = 0;
    int rc = csv_spool_rewind(import->spool, import->err);
    while (rc == GODB_OK) {
        rc = csv_spool_next(import->spool, &batch, true, import->err);
        if (rc == GODB_OK) rc = write_batch(import, &batch, &row_count);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* What is on its way still, and the last day. */
static int
write_end(struct import *import)
{
    int rc = GODB_OK;
    for (size_t i = 0; i < import->lane_count && rc == GODB_OK; i++)
        rc = csv_lane_end(import->lanes[i], import->packing, import->err);
    if (rc == GODB_OK) rc = csv_packing_flush(import->packing, import->err);
    for (size_t i = 0; i < import->lane_count && rc == GODB_OK; i++)
        rc = csv_lane_commit(import->lanes[i], import->err);
    return rc;
}

static int
write_all(struct import *import)
{
    int rc = godb_open(&import->db, import->spec->out, GODB_CREATE, import->err);
    if (rc == GODB_OK && import->l7)
        rc = csv_l7_names(import->l7, &import->l7_names, import->err);
    import->packing = csv_packing_new(import->spec->effort, store_block, import);
    if (rc == GODB_OK && import->packing == NULL)
        rc = shell_err(import->err, GODB_ENOMEM, "out of memory");
    for (size_t i = 0; i < import->lane_count; i++)
        csv_lane_restart(import->lanes[i]);
    import->progress = progress_start(stderr, "importing");
    if (rc == GODB_OK) rc = write_rows(import);
    if (rc == GODB_OK) rc = write_end(import);
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
    csv_packing_free(import->packing);
    for (size_t i = 0; i < import->lane_count; i++)
        csv_lane_free(import->lanes[i]);
    csv_l7_free(import->l7);
    free(import->lane_map.bytes);
    free(import->l7_map.bytes);
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
