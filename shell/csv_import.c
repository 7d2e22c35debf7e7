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
#include <stdlib.h>

#include "shell/csv_flow.h"
#include "shell/csv_import_state.h"
#include "shell/shell_err.h"

enum { TOLD_MAX = 20 /* lines that name refused rows */ };

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

void
csv_import_refuse(struct import *import, uint64_t first, uint64_t last,
    size_t row_count, const char *reason)
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
    csv_import_refuse(import, first_line, last_line, row_count, text);
}

static void
warn(void *arg, const struct godb_err *warning)
{
    struct import *import = arg;
    progress_hide(&import->progress);
    fprintf(stderr, "goconvert: warning: %s\n", warning->msg);
}

static void
tell_untold(const struct import *import)
{
    if (import->told_count > TOLD_MAX)
        fprintf(stderr, "goconvert: %s: %" PRIu64 " rows refused in all\n",
            csv_source_name(import->source), import->refused_count);
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
            csv_import_refuse(
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
    int rc = csv_import_read(import);
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
    if (rc == GODB_OK && spec->schema) rc = csv_import_read_schema(import);
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
