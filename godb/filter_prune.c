/* SPDX-License-Identifier: MIT
 *
 * filter_prune.c -- see filter_prune.h.
 *
 * Each node says what it knows, by the ranges, protocols, fences and sieve of the
 * record; what it does not know can pass and can fail.
 */
#include "godb/filter_prune.h"

#include <string.h>

#include "godb/bytes.h"
#include "godb/filter_node.h"

/* Addresses in a list that are looked for one by one: each costs a read. */
enum { LOOKUPS_MAX = 64 };

struct view {
    const struct block_index *index;
    const struct day_block *block;
};

static struct filter_verdict
unknown(const struct view *view)
{
    return (struct filter_verdict){true, true, view->block->row_count};
}

static struct filter_verdict
none_passes(void)
{
    return (struct filter_verdict){false, true, 0};
}

static bool
may_hold(const struct view *view, struct sieve_key key)
{
    return block_index_may_hold(
        view->index, view->block->slot, &view->block->record, key);
}

/* --- Numbers ---------------------------------------------------------------------- */

static struct filter_verdict
prune_protos(const struct view *view, uint64_t low, uint64_t high)
{
    struct filter_verdict verdict = {false, false, view->block->row_count};
    for (unsigned proto = 0; proto <= UINT8_MAX; proto++) {
        if (!(view->block->record.protos[proto / 8] >> (proto % 8) & 1)) continue;
        if (low <= proto && proto <= high)
            verdict.can_pass = true;
        else
            verdict.can_fail = true;
    }
    return verdict;
}

static bool
has_sieve_keys(enum godb_column column)
{
    return column == GODB_DPORT || column == GODB_L7PROTO;
}

static struct filter_verdict
prune_range(const struct view *view, const struct godb_filter *node)
{
    const struct block_record_column *column =
        &view->block->record.columns[node->column];
    if (node->column == GODB_PROTO) return prune_protos(view, node->low, node->high);
    if (node->low > column->max || node->high < column->min) return none_passes();
    if (node->low == node->high && has_sieve_keys(node->column) &&
        !may_hold(view, sieve_key_number(node->column, (uint16_t)node->low)))
        return none_passes();
    struct filter_verdict verdict = unknown(view);
    verdict.can_fail = node->low > column->min || node->high < column->max;
    return verdict;
}

static bool
may_hold_number(const struct view *view, enum godb_column column, uint64_t number)
{
    const struct block_record *record = &view->block->record;
    if (column == GODB_PROTO)
        return number <= UINT8_MAX &&
               (record->protos[number / 8] >> (number % 8) & 1) != 0;
    if (number < record->columns[column].min || number > record->columns[column].max)
        return false;
    return !has_sieve_keys(column) ||
           may_hold(view, sieve_key_number(column, (uint16_t)number));
}

static struct filter_verdict
prune_list(const struct view *view, const struct godb_filter *node)
{
    if (node->count > LOOKUPS_MAX) return unknown(view);
    for (size_t i = 0; i < node->count; i++)
        if (may_hold_number(view, node->column, node->numbers[i])) return unknown(view);
    return none_passes();
}

/* --- Addresses -------------------------------------------------------------------- */

/* Rows that are sorted by sip: none from this one on starts with more than `most`. */
static uint32_t
row_end(const struct view *view, uint32_t most)
{
    const struct block_record *record = &view->block->record;
    for (unsigned i = 0; i < BLOCK_FENCES && record->is_sorted; i++)
        if (record->fences[i] > most) return block_record_fence_row(record, i);
    return view->block->row_count;
}

static struct filter_verdict
up_to(const struct view *view, enum godb_column column, uint32_t most)
{
    struct filter_verdict verdict = unknown(view);
    if (column == GODB_SIP) verdict.row_end = row_end(view, most);
    verdict.can_pass = verdict.row_end > 0;
    return verdict;
}

static struct filter_verdict
prune_ips(const struct view *view, const struct godb_filter *node)
{
    bool found = node->count > LOOKUPS_MAX;
    for (size_t i = 0; i < node->count && !found; i++)
        found = may_hold(view, sieve_key_ip(node->column, node->ips[i]));
    if (!found) return none_passes();
    return up_to(view, node->column, get_be32(node->ips[node->count - 1]));
}

static struct filter_verdict
prune_net(const struct view *view, const struct godb_filter *node)
{
    const struct godb_net *net = &node->net;
    const unsigned bits = net->prefix_bits;
    if (bits >= (net->is_v4 ? SIEVE_V4_NET_BITS : SIEVE_V6_NET_BITS) &&
        !may_hold(view, sieve_key_net(node->column, net->addr, net->is_v4)))
        return none_passes();
    const uint32_t host_bits = bits >= 32 ? 0 : UINT32_MAX >> bits;
    return up_to(view, node->column, get_be32(net->addr) | host_bits);
}

/* --- The tree --------------------------------------------------------------------- */

static struct filter_verdict prune(
    const struct view *view, const struct godb_filter *node);

static struct filter_verdict
prune_and(const struct view *view, const struct godb_filter *node)
{
    struct filter_verdict all = {true, false, view->block->row_count};
    for (size_t i = 0; i < node->count && all.can_pass; i++) {
        const struct filter_verdict one = prune(view, node->children[i]);
        all.can_pass = one.can_pass;
        all.can_fail |= one.can_fail;
        if (one.row_end < all.row_end) all.row_end = one.row_end;
    }
    return all.can_pass && all.row_end > 0 ? all : none_passes();
}

static struct filter_verdict
prune_or(const struct view *view, const struct godb_filter *node)
{
    struct filter_verdict any = {false, true, 0};
    for (size_t i = 0; i < node->count && any.can_fail; i++) {
        const struct filter_verdict one = prune(view, node->children[i]);
        any.can_pass |= one.can_pass;
        any.can_fail = one.can_fail;
        if (one.row_end > any.row_end) any.row_end = one.row_end;
    }
    return any;
}

static struct filter_verdict
prune_plain(const struct view *view, const struct godb_filter *node)
{
    switch (node->kind) {
    case FILTER_CONST:
        return (struct filter_verdict){true, false, view->block->row_count};
    case FILTER_RANGE:
        return prune_range(view, node);
    case FILTER_LIST:
        return prune_list(view, node);
    case FILTER_IPS:
        return prune_ips(view, node);
    case FILTER_NET:
        return prune_net(view, node);
    case FILTER_AND:
        return prune_and(view, node);
    case FILTER_OR:
        return prune_or(view, node);
    default:
        return unknown(view);
    }
}

static struct filter_verdict
prune(const struct view *view, const struct godb_filter *node)
{
    const struct filter_verdict verdict = prune_plain(view, node);
    if (!node->negated) return verdict;
    return verdict.can_fail
               ? (struct filter_verdict){true, verdict.can_pass, view->block->row_count}
               : none_passes();
}

struct filter_verdict
filter_prune(const struct godb_filter *filter, const struct block_index *index,
    const struct day_block *block)
{
    const struct view view = {index, block};
    return prune(&view, filter);
}
