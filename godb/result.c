/* SPDX-License-Identifier: MIT
 *
 * result.c -- order, cut, and hand out the groups of an aggregation.
 *
 * With a limit only that many groups are ever ordered: they stand in a heap whose top
 * is the last of them, and a group that comes before the top takes its place.
 */
#include "godb/result.h"

#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "godb/error.h"

static uint64_t
reference(size_t part, int which, size_t entry)
{
    return (uint64_t)part << 33 | (uint64_t)which << 32 | entry;
}

static int
table_kind(uint64_t ref)
{
    return (int)(ref >> 32 & 1);
}

static const struct group_table *
table_of(const struct godb_result *result, uint64_t ref)
{
    return &result->grouping.parts[ref >> 33].tables[table_kind(ref)];
}

static const uint64_t *
entry_of(const struct godb_result *result, uint64_t ref)
{
    return group_entry(table_of(result, ref), (uint32_t)ref);
}

/* --- Rows ------------------------------------------------------------------------- */

static void
read_row(const struct godb_result *result, uint64_t ref, struct godb_row *out)
{
    const struct grouping *grouping = &result->grouping;
    const struct key_layout *layout = &grouping->layouts[table_kind(ref)];
    const uint64_t *entry = entry_of(result, ref);
    memset(out, 0, sizeof *out);
    key_unpack(layout, entry, (const char(*)[GODB_IFACE_MAX])result->days.ifaces,
        &result->grouping.l7, out);
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            out->sums[sum] = entry[layout->words + grouping->sum_place[sum]];
}

int
godb_result_next(struct godb_result *result, struct godb_row *out, struct godb_err *err)
{
    (void)err;
    if (result->next_row >= result->row_count) return GODB_DONE;
    read_row(result, result->rows[result->next_row++], out);
    return GODB_OK;
}

static void
hash_text(XXH3_state_t *state, const char *text)
{
    /* With its NUL, so that neighbours cannot run together. */
    if (text) XXH3_64bits_update(state, text, strlen(text) + 1);
}

uint64_t
godb_row_id(const struct godb_row *row)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &row->time_s, sizeof row->time_s);
    XXH3_64bits_update(&state, row->sip, sizeof row->sip);
    XXH3_64bits_update(&state, row->dip, sizeof row->dip);
    const uint16_t numbers[3] = {row->dport, row->l7proto, row->proto};
    XXH3_64bits_update(&state, numbers, sizeof numbers);
    hash_text(&state, row->iface);
    hash_text(&state, row->l7_name);
    hash_text(&state, row->l7_category);
    return XXH3_64bits_digest(&state);
}

uint64_t
godb_result_group_count(const struct godb_result *result)
{
    return result->group_count;
}

const uint64_t *
godb_result_totals(const struct godb_result *result)
{
    return result->totals;
}

void
godb_result_free(struct godb_result *result)
{
    if (result == NULL) return;
    grouping_free(&result->grouping);
    day_list_free(&result->days);
    free(result->rows);
    free(result);
}

/* --- Comparing -------------------------------------------------------------------- */

static int
compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_ip_texts(const uint8_t *a, const uint8_t *b)
{
    char text_a[GODB_IP_TEXT], text_b[GODB_IP_TEXT];
    if (memcmp(a, b, GODB_IP_BYTES) == 0) return 0;
    godb_ip_format(text_a, a);
    godb_ip_format(text_b, b);
    return strcmp(text_a, text_b);
}

static int
compare_texts(const char *a, const char *b)
{
    return a == b ? 0 : strcmp(a, b);
}

static int
compare_dim(enum godb_dim dim, const struct godb_row *a, const struct godb_row *b)
{
    switch (dim) {
    case GODB_DIM_TIME:
        return a->time_s < b->time_s ? -1 : a->time_s > b->time_s;
    case GODB_DIM_IFACE:
        return compare_texts(a->iface, b->iface);
    case GODB_DIM_SIP:
        return compare_ip_texts(a->sip, b->sip);
    case GODB_DIM_DIP:
        return compare_ip_texts(a->dip, b->dip);
    case GODB_DIM_DPORT:
        return compare_u64(a->dport, b->dport);
    case GODB_DIM_PROTO:
        return compare_u64(a->proto, b->proto);
    case GODB_DIM_L7PROTO:
        return compare_u64(a->l7proto, b->l7proto);
    case GODB_DIM_L7_NAME:
        return compare_texts(a->l7_name, b->l7_name);
    case GODB_DIM_L7_CATEGORY:
        return compare_texts(a->l7_category, b->l7_category);
    case GODB_DIM_COUNT:
        break;
    }
    return 0;
}

/* What the order leaves equal: by the dimensions as bytes, texts by their letters. */
static int
compare_rest(const struct godb_row *a, const struct godb_row *b)
{
    static const enum godb_dim after_ips[] = {GODB_DIM_DPORT, GODB_DIM_PROTO,
        GODB_DIM_L7PROTO, GODB_DIM_L7_NAME, GODB_DIM_L7_CATEGORY};
    int order = compare_dim(GODB_DIM_TIME, a, b);
    if (order == 0) order = compare_dim(GODB_DIM_IFACE, a, b);
    if (order == 0) order = memcmp(a->sip, b->sip, GODB_IP_BYTES);
    if (order == 0) order = memcmp(a->dip, b->dip, GODB_IP_BYTES);
    for (size_t i = 0; order == 0 && i < sizeof after_ips / sizeof after_ips[0]; i++)
        order = compare_dim(after_ips[i], a, b);
    return order;
}

struct ordering {
    const struct godb_result *result;
    const struct godb_aggregate_spec *spec;
    /* The first term where it is a sum: nearly all rows are turned away by it alone. */
    bool has_lead;
    bool lead_descends;
    unsigned lead_sum; /* its place among an entry's sums */
};

static uint64_t
lead_of(const struct ordering *by, uint64_t ref)
{
    const unsigned key_words = by->result->grouping.layouts[table_kind(ref)].words;
    return entry_of(by->result, ref)[key_words + by->lead_sum];
}

static void
find_lead(struct ordering *by)
{
    if (by->spec->order_count == 0 || by->spec->order[0].key < GODB_KEY_SUM) return;
    const unsigned sum = by->spec->order[0].key - GODB_KEY_SUM;
    by->has_lead = by->result->grouping.sums & GODB_SUM_BIT(sum);
    by->lead_sum = by->result->grouping.sum_place[sum];
    by->lead_descends = by->spec->order[0].descending;
}

static int
compare_rows(
    const struct ordering *by, const struct godb_row *a, const struct godb_row *b)
{
    for (size_t i = 0; i < by->spec->order_count; i++) {
        const struct godb_order *term = &by->spec->order[i];
        int order = term->key < GODB_KEY_SUM
                        ? compare_dim((enum godb_dim)term->key, a, b)
                        : compare_u64(a->sums[term->key - GODB_KEY_SUM],
                              b->sums[term->key - GODB_KEY_SUM]);
        if (order != 0) return term->descending ? -order : order;
    }
    return compare_rest(a, b);
}

static int
compare_refs(const void *a, const void *b, void *arg)
{
    const struct ordering *by = arg;
    if (by->has_lead) {
        const uint64_t lead_a = lead_of(by, *(const uint64_t *)a);
        const uint64_t lead_b = lead_of(by, *(const uint64_t *)b);
        if (lead_a != lead_b) return (lead_a < lead_b) == by->lead_descends ? 1 : -1;
    }
    struct godb_row row_a, row_b;
    read_row(by->result, *(const uint64_t *)a, &row_a);
    read_row(by->result, *(const uint64_t *)b, &row_b);
    return compare_rows(by, &row_a, &row_b);
}

/* --- Choosing ----------------------------------------------------------------------
 */

/* Let the row at heap[at] sink until none below it comes after it. */
static void
sift_down(uint64_t *heap, size_t count, size_t at, struct ordering *by)
{
    for (;;) {
        size_t last = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++)
            if (compare_refs(&heap[child], &heap[last], by) > 0) last = child;
        if (last == at) return;
        const uint64_t moved = heap[at];
        heap[at] = heap[last];
        heap[last] = moved;
        at = last;
    }
}

static void
offer(struct godb_result *result, size_t limit, uint64_t ref, struct ordering *by)
{
    uint64_t *heap = result->rows;
    if (result->row_count < limit) {
        heap[result->row_count++] = ref;
        if (result->row_count == limit && limit < result->group_count)
            for (size_t at = limit / 2; at > 0; at--)
                sift_down(heap, limit, at - 1, by);
        return;
    }
    if (compare_refs(&ref, &heap[0], by) >= 0) return;
    heap[0] = ref;
    sift_down(heap, limit, 0, by);
}

static void
offer_part(struct godb_result *result, size_t limit, size_t part, struct ordering *by)
{
    for (int which = 0; which < GROUPS_TABLES; which++)
        for (size_t i = 0; i < result->grouping.parts[part].tables[which].count; i++)
            offer(result, limit, reference(part, which, i), by);
}

static int
choose_rows(struct godb_result *result, const struct godb_aggregate_spec *spec,
    struct godb_err *err)
{
    struct ordering by = {.result = result, .spec = spec};
    find_lead(&by);
    size_t limit = result->group_count;
    if (spec->limit >= 0 && (uint64_t)spec->limit < limit) limit = (size_t)spec->limit;
    if (limit == 0) return GODB_OK;
    result->rows = malloc(limit * sizeof *result->rows);
    if (result->rows == NULL) return err_nomem(err);
    for (size_t part = 0; part < result->grouping.part_count; part++)
        offer_part(result, limit, part, &by);
    qsort_r(result->rows, result->row_count, sizeof *result->rows, compare_refs, &by);
    return GODB_OK;
}

static void
add_table_totals(struct godb_result *result, const struct group_table *table)
{
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++) {
        if (!(result->grouping.sums & GODB_SUM_BIT(sum))) continue;
        const unsigned word = table->key_words + result->grouping.sum_place[sum];
        uint64_t total = result->totals[sum];
        for (size_t i = 0; i < table->count; i++)
            total = godb_sum(total, group_entry(table, i)[word]);
        result->totals[sum] = total;
    }
}

int
result_finish(struct godb_result *result, const struct godb_aggregate_spec *spec,
    struct godb_err *err)
{
    result->group_count = 0;
    for (size_t part = 0; part < result->grouping.part_count; part++)
        for (int which = 0; which < GROUPS_TABLES; which++) {
            const struct group_table *table =
                &result->grouping.parts[part].tables[which];
            result->group_count += table->count;
            add_table_totals(result, table);
        }
    return choose_rows(result, spec, err);
}
