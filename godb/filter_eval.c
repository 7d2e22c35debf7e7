/* SPDX-License-Identifier: MIT
 *
 * filter_eval.c -- a filter over the columns of one block.
 *
 * Each node fills a mask, one byte a row, in loops that the compiler can vectorise;
 * joins combine masks and stop as soon as no further child can change the outcome, so
 * that its columns are never decoded.  A level of the tree has one mask to work in.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "godb/filter.h"
#include "godb/filter_node.h"

struct evaluation {
    const struct filter_source *source;
    uint32_t row_count;
};

static bool eval(
    const struct evaluation *e, const struct godb_filter *node, uint8_t *mask);

/* --- Numbers ---------------------------------------------------------------------- */

static void
range_u8(uint8_t *mask, const uint8_t *x, uint32_t count, uint8_t low, uint8_t span)
{
    for (uint32_t i = 0; i < count; i++)
        mask[i] = (uint8_t)(x[i] - low) <= span;
}

static void
range_u16(uint8_t *mask, const uint16_t *x, uint32_t count, uint16_t low, uint16_t span)
{
    for (uint32_t i = 0; i < count; i++)
        mask[i] = (uint16_t)(x[i] - low) <= span;
}

static void
range_u64(uint8_t *mask, const uint64_t *x, uint32_t count, uint64_t low, uint64_t span)
{
    for (uint32_t i = 0; i < count; i++)
        mask[i] = x[i] - low <= span;
}

static void
eval_range(uint8_t *mask, enum godb_column column, const void *values, uint32_t count,
    uint64_t low, uint64_t high)
{
    const uint8_t width = godb_columns[column].width_bytes;
    const uint64_t most = width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
    if (low > high || low > most) {
        memset(mask, 0, count);
        return;
    }
    const uint64_t span = (high > most ? most : high) - low;
    if (width == 1)
        range_u8(mask, values, count, (uint8_t)low, (uint8_t)span);
    else if (width == 2)
        range_u16(mask, values, count, (uint16_t)low, (uint16_t)span);
    else
        range_u64(mask, values, count, low, span);
}

static uint64_t
number_at(enum godb_column column, const void *values, uint32_t row)
{
    switch (godb_columns[column].width_bytes) {
    case 1:
        return ((const uint8_t *)values)[row];
    case 2:
        return ((const uint16_t *)values)[row];
    default:
        return ((const uint64_t *)values)[row];
    }
}

static bool
in_list(const struct godb_filter *node, uint64_t value)
{
    size_t low = 0, high = node->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (node->numbers[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low < node->count && node->numbers[low] == value;
}

static void
eval_list(
    uint8_t *mask, const struct godb_filter *node, const void *values, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        mask[i] = in_list(node, number_at(node->column, values, i));
}

/* --- Names ----------------------------------------------------------------------- */

/* Several ids of a name space may share a name. */
static void
eval_l7_equal(uint8_t *mask, const struct godb_l7_names *names, const char *name,
    const uint16_t *ids, uint32_t count)
{
    uint16_t last_id = 0;
    uint8_t last = strcasecmp(godb_l7_name(names, 0), name) == 0;
    for (uint32_t i = 0; i < count; i++) {
        if (ids[i] != last_id) {
            last_id = ids[i];
            last = strcasecmp(godb_l7_name(names, last_id), name) == 0;
        }
        mask[i] = last;
    }
}

static void
turn_round(uint8_t *mask, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        mask[i] ^= 1;
}

static void
eval_l7_name(uint8_t *mask, const struct godb_filter *node,
    const struct godb_l7_names *names, const uint16_t *ids, uint32_t count)
{
    if (node->cmp == GODB_EQ || node->cmp == GODB_NE) {
        eval_l7_equal(mask, names, node->name, ids, count);
        if (node->cmp == GODB_NE) turn_round(mask, count);
        return;
    }
    const int id = godb_l7_id(names, node->name);
    if (id < 0) {
        memset(mask, 0, count);
        return;
    }
    const bool up = node->cmp == GODB_LE || node->cmp == GODB_GT;
    eval_range(mask, GODB_L7PROTO, ids, count, up ? 0 : (uint64_t)id,
        up ? (uint64_t)id : UINT64_MAX);
    if (node->cmp == GODB_GT || node->cmp == GODB_LT) turn_round(mask, count);
}

/* --- Addresses ------------------------------------------------------------------- */

typedef const uint8_t (*ip_array)[GODB_IP_BYTES];

static void
eval_ips(uint8_t *mask, const struct godb_filter *node, ip_array x, uint32_t count)
{
    if (node->count != 1) {
        for (uint32_t i = 0; i < count; i++) {
            size_t low = 0, high = node->count;
            while (low < high) {
                const size_t middle = (low + high) / 2;
                if (memcmp(node->ips[middle], x[i], GODB_IP_BYTES) < 0)
                    low = middle + 1;
                else
                    high = middle;
            }
            mask[i] =
                low < node->count && memcmp(node->ips[low], x[i], GODB_IP_BYTES) == 0;
        }
        return;
    }
    uint64_t want[2], got[2];
    memcpy(want, node->ips[0], sizeof want);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(got, x[i], sizeof got);
        mask[i] = ((got[0] ^ want[0]) | (got[1] ^ want[1])) == 0;
    }
}

/* --- The tree -------------------------------------------------------------------- */

static bool
eval_leaf(const struct evaluation *e, const struct godb_filter *node, uint8_t *mask)
{
    if (node->kind == FILTER_CONST) {
        memset(mask, 1, e->row_count);
        return true;
    }
    const void *values = e->source->column(e->source->arg, node->column);
    if (values == NULL) return false;
    ip_array ips = values;
    switch (node->kind) {
    case FILTER_RANGE:
        eval_range(mask, node->column, values, e->row_count, node->low, node->high);
        break;
    case FILTER_LIST:
        eval_list(mask, node, values, e->row_count);
        break;
    case FILTER_L7NAME:
        eval_l7_name(mask, node, e->source->l7_names, values, e->row_count);
        break;
    case FILTER_IPS:
        eval_ips(mask, node, ips, e->row_count);
        break;
    default:
        for (uint32_t i = 0; i < e->row_count; i++)
            mask[i] = godb_net_holds(&node->net, ips[i]);
    }
    return true;
}

/* Nothing that an AND (OR) still has to ask can change a mask of zeros (ones). */
static bool
is_decided(const uint8_t *mask, uint32_t count, bool is_and)
{
    return memchr(mask, is_and ? 1 : 0, count) == NULL;
}

static bool
eval_join(const struct evaluation *e, const struct godb_filter *node, uint8_t *mask)
{
    const bool is_and = node->kind == FILTER_AND;
    uint8_t *other = mask + e->row_count;
    if (!eval(e, node->children[0], mask)) return false;
    for (size_t i = 1; i < node->count; i++) {
        if (is_decided(mask, e->row_count, is_and)) break;
        if (!eval(e, node->children[i], other)) return false;
        if (is_and)
            for (uint32_t row = 0; row < e->row_count; row++)
                mask[row] &= other[row];
        else
            for (uint32_t row = 0; row < e->row_count; row++)
                mask[row] |= other[row];
    }
    return true;
}

/* Fill mask; the masks behind it are free for the levels below. */
static bool
eval(const struct evaluation *e, const struct godb_filter *node, uint8_t *mask)
{
    const bool is_join = node->kind == FILTER_AND || node->kind == FILTER_OR;
    if (!(is_join ? eval_join(e, node, mask) : eval_leaf(e, node, mask))) return false;
    if (node->negated) turn_round(mask, e->row_count);
    return true;
}

/* --- Entry ----------------------------------------------------------------------- */

void
filter_scratch_free(struct filter_scratch *scratch)
{
    free(scratch->bytes);
    scratch->bytes = NULL;
    scratch->capacity_bytes = 0;
}

static int
reserve(struct filter_scratch *scratch, size_t need_bytes)
{
    if (need_bytes <= scratch->capacity_bytes) return GODB_OK;
    filter_scratch_free(scratch);
    scratch->bytes = malloc(need_bytes);
    if (scratch->bytes == NULL) return GODB_ENOMEM;
    scratch->capacity_bytes = need_bytes;
    return GODB_OK;
}

int
filter_select(const struct godb_filter *filter, const struct filter_source *source,
    struct filter_scratch *scratch, uint32_t *rows, uint32_t *out_count)
{
    *out_count = 0;
    if (source->row_count == 0) return GODB_OK;
    if (reserve(scratch, (size_t)source->row_count * filter->depth) != GODB_OK)
        return GODB_ENOMEM;
    const struct evaluation e = {source, source->row_count};
    if (!eval(&e, filter, scratch->bytes)) return GODB_ECORRUPT;
    uint32_t count = 0;
    for (uint32_t row = 0; row < source->row_count; row++) {
        rows[count] = row;
        count += scratch->bytes[row];
    }
    *out_count = count;
    return GODB_OK;
}
