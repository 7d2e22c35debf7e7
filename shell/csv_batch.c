/* SPDX-License-Identifier: MIT
 *
 * csv_batch.c -- see csv_batch.h.
 */
#include "shell/csv_batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/csv_flow.h"

enum { L7_SLOTS = 256 };
#define NONE UINT32_MAX

/* --- Lists ------------------------------------------------------------------------ */

void *
csv_list_room(struct csv_list *list, size_t length)
{
    if (list->bytes == NULL || length > list->capacity - list->length) {
        size_t capacity = list->capacity ? list->capacity * 2 : 1024;
        while (capacity - list->length < length)
            capacity *= 2;
        char *more = realloc(list->bytes, capacity);
        if (more == NULL) return NULL;
        list->bytes = more;
        list->capacity = capacity;
    }
    return list->bytes + list->length;
}

static bool
append(struct csv_list *list, const void *bytes, size_t length)
{
    void *room = csv_list_room(list, length);
    if (room == NULL) return false;
    memcpy(room, bytes, length);
    list->length += length;
    return true;
}

static bool
add_text(struct csv_batch *batch, const char *text, size_t *out_number)
{
    *out_number = batch->texts.length;
    return append(&batch->texts, text, strlen(text) + 1);
}

void
csv_batch_free(struct csv_batch *batch)
{
    free(batch->runs.bytes);
    free(batch->flows.bytes);
    free(batch->refusals.bytes);
    free(batch->texts.bytes);
    free(batch->ifaces.bytes);
    free(batch->l7s.bytes);
}

void
csv_batch_reset(struct csv_batch *batch)
{
    batch->data_count = batch->row_count = 0;
    batch->is_over = batch->has_l7 = batch->is_short = false;
    batch->runs.length = batch->flows.length = batch->refusals.length = 0;
    batch->texts.length = batch->ifaces.length = batch->l7s.length = 0;
    batch->last_iface = 0;
    memset(batch->l7_slots, 0xff, sizeof batch->l7_slots);
}

/* --- Numbers of names ------------------------------------------------------------- */

static const char *
iface_name(const struct csv_batch *batch, uint32_t number)
{
    return csv_batch_text(batch, ((const size_t *)batch->ifaces.bytes)[number]);
}

/* NONE: out of memory. */
static uint32_t
number_iface(struct csv_batch *batch, const char *name)
{
    const uint32_t count = (uint32_t)(batch->ifaces.length / sizeof(size_t));
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t at = (batch->last_iface + i) % count;
        if (strcmp(iface_name(batch, at), name) == 0) return batch->last_iface = at;
    }
    size_t text;
    if (!add_text(batch, name, &text) || !append(&batch->ifaces, &text, sizeof text))
        return NONE;
    return batch->last_iface = count;
}

/* Has an earlier row said the same? */
static bool
is_l7(const struct csv_batch *batch, uint32_t number, const struct csv_row *row)
{
    const struct csv_batch_l7 *l7 = (struct csv_batch_l7 *)batch->l7s.bytes + number;
    return l7->id == row->flow.l7proto &&
           strcmp(csv_batch_text(batch, l7->name), row->l7_name) == 0 &&
           strcmp(csv_batch_text(batch, l7->category), row->l7_category) == 0;
}

/* NONE: out of memory. */
static uint32_t
number_l7(struct csv_batch *batch, const struct csv_row *row)
{
    uint32_t *slot = &batch->l7_slots[row->flow.l7proto % L7_SLOTS];
    const uint32_t count = (uint32_t)(batch->l7s.length / sizeof(struct csv_batch_l7));
    if (*slot != NONE && is_l7(batch, *slot, row)) return *slot;
    for (uint32_t i = 0; i < count; i++)
        if (is_l7(batch, i, row)) return *slot = i;
    struct csv_batch_l7 l7 = {row->flow.l7proto, 0, 0};
    if (count > UINT16_MAX || !add_text(batch, row->l7_name, &l7.name) ||
        !add_text(batch, row->l7_category, &l7.category) ||
        !append(&batch->l7s, &l7, sizeof l7))
        return NONE;
    return *slot = count;
}

/* --- Rows ------------------------------------------------------------------------- */

static bool
add_to_run(struct csv_batch *batch, uint32_t iface, int64_t time_s, uint64_t line)
{
    const size_t count = csv_batch_run_count(batch);
    struct csv_batch_run *last = count ? csv_batch_runs(batch) + count - 1 : NULL;
    if (last && last->iface == iface && last->time_s == time_s &&
        last->first_line + last->row_count == line) {
        last->row_count++;
        return true;
    }
    const struct csv_batch_run run = {time_s, line, iface, 1};
    return append(&batch->runs, &run, sizeof run);
}

static bool
add_row(struct csv_batch *batch, const char *iface, struct csv_row *row, uint64_t line)
{
    const uint32_t number = number_iface(batch, iface);
    uint8_t *room = csv_list_room(&batch->flows, CSV_FLOW_MAX);
    if (number == NONE || room == NULL) return false;
    if (row->l7_name) {
        const uint32_t l7 = number_l7(batch, row);
        if (l7 == NONE) return false;
        row->flow.l7proto = (uint16_t)l7;
        batch->has_l7 = true;
    }
    batch->flows.length += csv_flow_put(room, &row->flow);
    batch->row_count++;
    return add_to_run(batch, number, row->time_s, line);
}

static bool
add_refusal(
    struct csv_batch *batch, const struct csv_reader_record *record, const char *reason)
{
    struct csv_batch_refusal refusal = {
        record->first_line, record->last_line, batch->data_count, 0};
    return add_text(batch, reason, &refusal.reason) &&
           append(&batch->refusals, &refusal, sizeof refusal);
}

bool
csv_batch_take(struct csv_batch *batch, const struct csv_batch_source *source,
    const struct csv_reader_record *record)
{
    struct csv_row row;
    char reason[CSV_ROW_REASON];
    batch->is_over = source->columns->is_nfdump && csv_columns_is_nfdump_end(record);
    if (batch->is_over) return false;
    if (csv_columns_is_footer(record)) return true;
    bool is_row = csv_row_parse(&row, source->columns, record, reason);
    const char *iface = is_row && row.iface ? row.iface : source->iface;
    if (is_row && iface == NULL) {
        snprintf(reason, sizeof reason, "iface is empty, and there is no -iface");
        is_row = false;
    }
    batch->is_short = is_row ? !add_row(batch, iface, &row, record->first_line)
                             : !add_refusal(batch, record, reason);
    batch->data_count++;
    return !batch->is_short;
}

/* --- Cutting ---------------------------------------------------------------------- */

static void
cut_flows(struct csv_batch *batch, uint64_t row_count)
{
    const uint8_t *flows = (const uint8_t *)batch->flows.bytes;
    struct godb_flow flow;
    size_t length = 0;
    for (uint64_t i = 0; i < row_count; i++)
        length += csv_flow_get(&flow, flows + length);
    batch->flows.length = length;
    batch->row_count = row_count;
}

static void
cut_runs(struct csv_batch *batch, uint64_t row_count)
{
    struct csv_batch_run *runs = csv_batch_runs(batch);
    size_t count = 0;
    for (; row_count > 0; count++) {
        if (runs[count].row_count > row_count)
            runs[count].row_count = (uint32_t)row_count;
        row_count -= runs[count].row_count;
    }
    batch->runs.length = count * sizeof *runs;
}

void
csv_batch_cut(struct csv_batch *batch, uint64_t data_count)
{
    const struct csv_batch_refusal *refusals =
        (const struct csv_batch_refusal *)batch->refusals.bytes;
    size_t kept = batch->refusals.length / sizeof *refusals;
    if (data_count >= batch->data_count) return;
    while (kept > 0 && refusals[kept - 1].record >= data_count)
        kept--;
    batch->refusals.length = kept * sizeof *refusals;
    cut_runs(batch, data_count - kept);
    cut_flows(batch, data_count - kept);
    batch->data_count = data_count;
}
