/* SPDX-License-Identifier: MIT
 *
 * csv_import_read.c -- the first half of an import: a file's rows, to the spool.
 */
#include <inttypes.h>
#include <string.h>

#include "shell/csv_import_state.h"
#include "shell/csv_intake.h"
#include "shell/shell_err.h"

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

/* --- Columns ------------------------------------------------------------------- */

static void
note_column(void *arg, const char *name, bool is_twice)
{
    struct import *import = arg;
    fprintf(stderr, "goconvert: %s: column '%.60s' is ignored%s\n",
        csv_source_name(import->source), name,
        is_twice ? ": it is there twice" : ": unknown");
}

int
csv_import_read_schema(struct import *import)
{
    return csv_columns_schema(
        &import->columns, import->spec->schema, note_column, import, import->err);
}

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
    if (import->columns.at[CSV_FIELD_L7PROTO] >= 0 &&
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
        csv_import_refuse(import, line_base + refusals[i].first_line,
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

int
csv_import_read(struct import *import)
{
    const struct csv_batch_source rows = {&import->columns, import->spec->iface};
    const struct csv_intake_calls calls = {begin_file, take_batch, import};
    import->progress = progress_start(stderr, "reading");
    int rc = csv_intake_run(import->source, &rows, &calls, import->err);
    progress_hide(&import->progress);
    return rc;
}
