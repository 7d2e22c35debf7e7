/* SPDX-License-Identifier: MIT
 *
 * rotation.c -- see rotation.h.
 */
#include "capture/rotation.h"

#include <stdlib.h>
#include <string.h>

/* --- Taking ------------------------------------------------------------------ */

struct taking {
    struct rotation *rotation;
    struct classify *classify;
};

static struct rotation_row
row_of(const struct flow *flow, uint16_t l7proto)
{
    const struct flow_key *key = &flow->key;
    struct rotation_row row = {.iface = key->iface};
    const bool turn = flow->is_reversed;
    memcpy(row.flow.sip, turn ? key->dip : key->sip, 16);
    memcpy(row.flow.dip, turn ? key->sip : key->dip, 16);
    /* The key has a source port for TCP alone, so the flow remembers its own. */
    row.flow.dport = turn ? flow->first_sport : key->dport;
    row.flow.proto = key->proto;
    row.flow.l7proto = l7proto;
    row.flow.bytes_rcvd = flow->bytes_rcvd;
    row.flow.bytes_sent = flow->bytes_sent;
    row.flow.packets_rcvd = flow->packets_rcvd;
    row.flow.packets_sent = flow->packets_sent;
    return row;
}

static bool
take_flow(void *arg, struct flow *flow)
{
    struct taking *taking = arg;
    if (flow->packets_rcvd + flow->packets_sent == 0) {
        if (taking->classify) classify_end(taking->classify, flow);
        return false;
    }
    const uint16_t l7proto =
        taking->classify ? classify_now(taking->classify, flow) : flow->l7proto;
    taking->rotation->rows[taking->rotation->count++] = row_of(flow, l7proto);
    flow->bytes_rcvd = flow->bytes_sent = 0;
    flow->packets_rcvd = flow->packets_sent = 0;
    return true;
}

struct rotation *
rotation_take(struct flowtab *table, struct classify *classify, size_t iface_count,
    int64_t time_s)
{
    struct rotation *rotation =
        calloc(1, sizeof *rotation + iface_count * sizeof rotation->stats[0]);
    if (rotation == NULL) return NULL;
    rotation->rows = malloc((flowtab_count(table) + 1) * sizeof *rotation->rows);
    if (rotation->rows == NULL) {
        free(rotation);
        return NULL;
    }
    rotation->iface_count = iface_count;
    rotation->time_s = time_s;
    for (size_t i = 0; i < iface_count; i++)
        rotation->stats[i] = (struct godb_block_stats){{-1, -1, -1}, -1};
    struct taking taking = {rotation, classify};
    flowtab_sweep(table, take_flow, &taking);
    return rotation;
}

void
rotation_free(struct rotation *rotation)
{
    if (rotation == NULL) return;
    free(rotation->rows);
    free(rotation);
}

/* --- Merging ----------------------------------------------------------------- */

static int
compare_numbers(unsigned a, unsigned b)
{
    return a < b ? -1 : a > b;
}

static int
compare_rows(const void *a, const void *b)
{
    const struct rotation_row *one = a, *two = b;
    int order = compare_numbers(one->iface, two->iface);
    if (order == 0) order = memcmp(one->flow.sip, two->flow.sip, 16);
    if (order == 0) order = memcmp(one->flow.dip, two->flow.dip, 16);
    if (order == 0) order = compare_numbers(one->flow.proto, two->flow.proto);
    if (order == 0) order = compare_numbers(one->flow.dport, two->flow.dport);
    if (order == 0) order = compare_numbers(one->flow.l7proto, two->flow.l7proto);
    return order;
}

static void
add_counters(struct godb_flow *to, const struct godb_flow *from)
{
    to->bytes_rcvd += from->bytes_rcvd;
    to->bytes_sent += from->bytes_sent;
    to->packets_rcvd += from->packets_rcvd;
    to->packets_sent += from->packets_sent;
}

void
rotation_merge(struct rotation *rotation)
{
    struct rotation_row *rows = rotation->rows;
    if (rotation->count == 0) return;
    qsort(rows, rotation->count, sizeof *rows, compare_rows);
    size_t kept = 0;
    for (size_t i = 1; i < rotation->count; i++) {
        if (compare_rows(&rows[kept], &rows[i]) == 0)
            add_counters(&rows[kept].flow, &rows[i].flow);
        else
            rows[++kept] = rows[i];
    }
    rotation->count = kept + 1;
}

int
rotation_add(struct rotation *rotation, const struct rotation_row *rows, size_t count)
{
    struct rotation_row *more =
        realloc(rotation->rows, (rotation->count + count + 1) * sizeof *rotation->rows);
    if (more == NULL) return -1;
    rotation->rows = more;
    if (count > 0) memcpy(more + rotation->count, rows, count * sizeof *rows);
    rotation->count += count;
    return 0;
}
