/* SPDX-License-Identifier: MIT
 *
 * block_reader.c -- see block_reader.h.
 */
#include "godb/block_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "godb/error.h"
#include "godb/filter_prune.h"

void
block_reader_init(struct block_reader *reader, const struct godb_scan_spec *spec)
{
    memset(reader, 0, sizeof *reader);
    reader->spec = spec;
    reader->columns = spec->columns | godb_filter_columns(spec->filter);
}

static void
swap_windows(struct block_reader *reader)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (reader->day.opened & GODB_COLUMN_BIT(col))
            colfile_swap_window(&reader->day.files[col], &reader->windows[col]);
    reader->has_lent = !reader->has_lent;
}

static void
leave_day(struct block_reader *reader)
{
    if (!reader->has_day) return;
    if (reader->has_lent) swap_windows(reader);
    day_close(&reader->day);
    l7_spaces_free(&reader->l7);
    reader->has_day = false;
}

void
block_reader_free(struct block_reader *reader)
{
    leave_day(reader);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        day_values_free(&reader->values[col]);
        free(reader->windows[col].bytes);
    }
    free(reader->selected);
    filter_scratch_free(&reader->scratch);
}

static void
tell(const struct block_reader *reader, const struct godb_err *warning)
{
    if (reader->spec->warn) reader->spec->warn(reader->spec->warn_arg, warning);
}

/* --- Days ------------------------------------------------------------------------- */

static bool
in_range(const struct block_reader *reader, uint32_t slot)
{
    const int64_t time_s = day_block_time(&reader->day, slot);
    return time_s >= reader->spec->sel.first_s && time_s <= reader->until_s;
}

/* Which slots are left, and where the range of times ends among them. */
static void
set_slots(struct block_reader *reader, uint32_t from, uint32_t until)
{
    reader->next_slot = reader->last_slot = from;
    reader->end_slot = until;
    for (uint32_t slot = from; slot < until; slot++)
        if (in_range(reader, slot)) reader->last_slot = slot;
}

void
block_reader_take_part(struct block_reader *reader, uint32_t part, uint32_t part_count)
{
    if (part != 0) reader->live = NULL;
    if (!reader->has_day) return;
    const uint32_t slots = day_block_count(&reader->day);
    set_slots(reader, slots * part / part_count, slots * (part + 1) / part_count);
}

void
block_reader_take_slots(struct block_reader *reader, uint32_t from, uint32_t until)
{
    if (!reader->has_day) return;
    const uint32_t slots = day_block_count(&reader->day);
    set_slots(reader, from < slots ? from : slots, until < slots ? until : slots);
}

static int
open_day(
    struct block_reader *reader, const char *root, int64_t day_s, struct godb_err *why)
{
    int rc = day_open(&reader->day, root, reader->iface, day_s, why);
    if (rc != GODB_OK) return rc;
    reader->has_day = true;
    rc = day_open_columns(&reader->day, reader->columns, why);
    if (rc != GODB_OK) return rc;
    day_open_index(&reader->day);
    if (day_check_count(&reader->day, why) != GODB_OK) tell(reader, why);
    if (!(reader->columns & GODB_COLUMN_BIT(GODB_L7PROTO))) return GODB_OK;
    rc = l7_file_read(&reader->l7, reader->day.dir_fd, why);
    if (rc != GODB_OK) err_prefix(why, reader->day.path);
    /* Nobody says any more what its ids mean. */
    if (rc == GODB_OK && reader->l7.count == 0 && day_is_gone(&reader->day))
        rc = err_set(why, GODB_ENOTFOUND, "%s: deleted", reader->day.path);
    return rc;
}

int
block_reader_enter(struct block_reader *reader, const char *root, const char *iface,
    int64_t day_s, struct godb_err *err)
{
    struct godb_err why;
    leave_day(reader);
    reader->iface = iface;
    reader->live = day_s == DAY_LIVE ? live_find(reader->spec->live, iface) : NULL;
    if (day_s == DAY_LIVE) return GODB_OK;
    const int64_t stored_s = live_stored_until(reader->spec->live, iface);
    const int64_t last_s = reader->spec->sel.last_s;
    reader->until_s = stored_s < last_s ? stored_s : last_s;
    int rc = open_day(reader, root, day_s, &why);
    if (rc == GODB_OK) {
        swap_windows(reader);
        set_slots(reader, 0, day_block_count(&reader->day));
        return GODB_OK;
    }
    leave_day(reader);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    /* A day directory without files yet is being made; one that is gone was deleted. */
    if (rc != GODB_ENOTFOUND) tell(reader, &why);
    return GODB_OK;
}

/* --- Columns ---------------------------------------------------------------------- */

static const void *
decode(struct block_reader *reader, enum godb_column column, uint32_t first_row)
{
    const struct day_rows rows = {first_row, reader->row_end};
    if (!(reader->decoded & GODB_COLUMN_BIT(column))) {
        int rc = day_read(&reader->day, &reader->block, column, rows,
            &reader->values[column], &reader->column[column], &reader->why);
        if (rc != GODB_OK) return NULL;
        reader->decoded |= GODB_COLUMN_BIT(column);
    }
    return reader->column[column];
}

static const void *
decode_for_filter(void *reader, enum godb_column column)
{
    return decode(reader, column, 0);
}

static int
decode_wanted(struct block_reader *reader)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if ((reader->spec->columns & GODB_COLUMN_BIT(col)) &&
            decode(reader, (enum godb_column)col, reader->first_row) == NULL)
            return reader->why.status;
    return GODB_OK;
}

/* --- Rows ------------------------------------------------------------------------- */

static const struct godb_l7_names *
l7_names(const struct block_reader *reader)
{
    return l7_spaces_at(&reader->l7, day_block_time(&reader->day, reader->block.slot));
}

static int
reserve_selected(struct block_reader *reader)
{
    const uint32_t row_count = reader->block.row_count;
    if (row_count <= reader->selected_capacity) return GODB_OK;
    free(reader->selected);
    reader->selected_capacity = 0;
    reader->selected = malloc(row_count * sizeof *reader->selected);
    if (reader->selected == NULL) return err_nomem(&reader->why);
    reader->selected_capacity = row_count;
    return GODB_OK;
}

/* Bring row_end down to where rows can pass.  True where it is also known that all of
 * them do. */
static bool
prune(struct block_reader *reader)
{
    const struct godb_filter *filter = reader->spec->filter;
    const struct day_block *block = &reader->block;
    if (filter == NULL) return true;
    if (!block->has_record) return false;
    const struct filter_verdict verdict =
        filter_prune(filter, &reader->day.index, block);
    const bool is_news =
        !verdict.can_pass || !verdict.can_fail || verdict.row_end < block->row_count;
    if (!is_news ||
        !day_block_is_described(&reader->day, block, godb_filter_columns(filter)))
        return false;
    reader->row_end = verdict.can_pass ? verdict.row_end : 0;
    return !verdict.can_fail;
}

static int
select_rows(struct block_reader *reader, uint32_t *out_count)
{
    const bool all_pass = prune(reader);
    *out_count = reader->row_end;
    if (all_pass || reader->row_end == 0) return GODB_OK;
    if (reserve_selected(reader) != GODB_OK) return GODB_ENOMEM;
    const struct filter_source source = {
        decode_for_filter, reader, l7_names(reader), reader->row_end};
    int rc = filter_select(
        reader->spec->filter, &source, &reader->scratch, reader->selected, out_count);
    /* A column that failed has left its reason, which may be no corruption. */
    if (rc == GODB_ENOMEM) return err_nomem(&reader->why);
    if (rc != GODB_OK) return reader->why.status;
    if (*out_count == 0) return GODB_OK;
    reader->first_row = reader->selected[0];
    reader->row_end = reader->selected[*out_count - 1] + 1;
    return GODB_OK;
}

/* Those that were wanted; the rest of *out is zero. */
static void
fill_columns(const struct block_reader *reader, struct godb_chunk *out)
{
    const void *wanted[GODB_COLUMN_COUNT] = {NULL};
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (reader->spec->columns & GODB_COLUMN_BIT(col))
            wanted[col] = reader->column[col];
    memset(out, 0, sizeof *out);
    out->sip = wanted[GODB_SIP];
    out->dip = wanted[GODB_DIP];
    out->proto = wanted[GODB_PROTO];
    out->dport = wanted[GODB_DPORT];
    out->l7proto = wanted[GODB_L7PROTO];
    for (int i = 0; i < 4; i++)
        out->counters[i] = wanted[GODB_BYTES_RCVD + i];
}

static void
fill_chunk(
    const struct block_reader *reader, uint32_t selected_count, struct godb_chunk *out)
{
    fill_columns(reader, out);
    out->iface = reader->iface;
    out->time_s = day_block_time(&reader->day, reader->block.slot);
    out->slot = reader->block.slot;
    out->l7_names = l7_names(reader);
    out->row_count = reader->block.row_count;
    out->selected_count = selected_count;
    if (selected_count < reader->block.row_count) out->selected = reader->selected;
}

/* Ids that a table belongs to must not be taken for libprotoident's, nor its for those
 * of a table: then l7proto.json is missing, or another day's. */
static int
check_l7_names(struct block_reader *reader)
{
    const struct day_block *block = &reader->block;
    const bool has_table = l7_names(reader) != godb_l7_libprotoident();
    if (!(reader->columns & GODB_COLUMN_BIT(GODB_L7PROTO)) || !block->is_own ||
        block->record.has_l7_table == has_table)
        return GODB_OK;
    return err_set(&reader->why, GODB_ECORRUPT,
        "%s/l7proto.json: does not say what the protocols of block %" PRId64 " are",
        reader->day.path, block->record.time_s);
}

/* One block: GODB_OK with *out_count selected rows (maybe none), or why not. */
static int
read_block(struct block_reader *reader, uint32_t slot, uint32_t *out_count)
{
    reader->decoded = 0;
    int rc = day_block_enter(
        &reader->day, slot, reader->last_slot, &reader->block, &reader->why);
    if (rc != GODB_OK) return rc;
    if (check_l7_names(reader) != GODB_OK) return GODB_ECORRUPT;
    reader->first_row = 0;
    reader->row_end = reader->block.row_count;
    rc = select_rows(reader, out_count);
    if (rc == GODB_OK && *out_count > 0) rc = decode_wanted(reader);
    return rc;
}

/* --- Live ------------------------------------------------------------------------- */

static const void *
live_column(void *block, enum godb_column column)
{
    return ((const struct live_block *)block)->columns[column];
}

static int
select_live(struct block_reader *reader, const struct live_block *block,
    uint32_t *out_count, struct godb_err *err)
{
    struct live_block source_block = *block;
    const struct filter_source source = {
        live_column, &source_block, reader->spec->live->names, block->row_count};
    *out_count = block->row_count;
    if (reader->spec->filter == NULL) return GODB_OK;
    reader->block.row_count = block->row_count;
    if (reserve_selected(reader) != GODB_OK) return err_nomem(err);
    int rc = filter_select(
        reader->spec->filter, &source, &reader->scratch, reader->selected, out_count);
    return rc == GODB_ENOMEM ? err_nomem(err) : rc;
}

/* The one block of DAY_LIVE: once. */
static int
next_live(struct block_reader *reader, struct godb_chunk *out, struct godb_err *err)
{
    const struct live_block *block = reader->live;
    uint32_t count;
    reader->live = NULL;
    int rc = select_live(reader, block, &count, err);
    if (rc != GODB_OK) return rc;
    if (count == 0) return GODB_DONE;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        reader->column[col] = block->columns[col];
    fill_columns(reader, out);
    out->iface = reader->iface;
    out->time_s = block->time_s;
    out->slot = GODB_SLOT_LIVE;
    out->l7_names = reader->spec->live->names;
    out->row_count = block->row_count;
    out->selected_count = count;
    if (count < block->row_count) out->selected = reader->selected;
    return GODB_OK;
}

int
block_reader_next(
    struct block_reader *reader, struct godb_chunk *out, struct godb_err *err)
{
    if (reader->live) return next_live(reader, out, err);
    if (!reader->has_day) return GODB_DONE;
    while (reader->next_slot < reader->end_slot) {
        const uint32_t slot = reader->next_slot++;
        if (!in_range(reader, slot) || !day_block_is_first(&reader->day, slot)) {
            if (day_check_stamp(&reader->day, slot, &reader->why) != GODB_OK)
                tell(reader, &reader->why);
            continue;
        }
        if (reader->spec->stop && reader->spec->stop(reader->spec->stop_arg))
            return err_set(err, GODB_ECANCELLED, "cancelled");
        uint32_t count = 0;
        int rc = read_block(reader, slot, &count);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != GODB_OK) tell(reader, &reader->why);
        if (rc != GODB_OK || count == 0) continue;
        fill_chunk(reader, count, out);
        return GODB_OK;
    }
    return GODB_DONE;
}
