/* SPDX-License-Identifier: MIT
 *
 * group_order.c -- see group_order.h.
 */
#include "godb/group_order.h"

#include <string.h>

#include "godb/bytes.h"

/* How many of a key's first bytes stand at the same place in all kinds, and are ordered
 * as the rows are: codes of layer 7 texts are not. */
static unsigned
common_bytes(const struct grouping *grouping)
{
    const struct key_layout *narrow = &grouping->layouts[GROUPS_NARROW];
    unsigned bytes = narrow->words * 8;
    for (int dim = GODB_DIM_COUNT - 1; dim >= 0; dim--) {
        if (!(grouping->dims & GODB_DIM_BIT(dim))) continue;
        const bool is_ip = dim == GODB_DIM_SIP || dim == GODB_DIM_DIP;
        if (is_ip) bytes = narrow->offset[dim] + 4u;
        if (dim >= GODB_DIM_L7_NAME) bytes = narrow->offset[dim];
    }
    return bytes;
}

void
group_order_init(struct group_order *order, const struct grouping *grouping,
    const char (*ifaces)[GODB_IFACE_MAX], const struct godb_aggregate_spec *spec)
{
    const unsigned bytes = common_bytes(grouping);
    order->grouping = grouping;
    order->ifaces = ifaces;
    memcpy(order->terms, spec->order, sizeof order->terms);
    order->term_count = spec->order_count;
    order->key_mask = bytes == 0  ? 0
                      : bytes < 8 ? ~(UINT64_MAX >> 8 * bytes)
                                  : UINT64_MAX;
}

void
group_order_row(const struct group_order *order, enum group_kind kind,
    const uint64_t *entry, struct godb_row *out)
{
    const struct grouping *grouping = order->grouping;
    const struct key_layout *layout = &grouping->layouts[kind];
    memset(out, 0, sizeof *out);
    key_unpack(layout, entry, order->ifaces, &grouping->l7, out);
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            out->sums[sum] = entry[layout->words + grouping->sum_place[sum]];
}

/* --- The first term as a number --------------------------------------------------- */

static uint64_t
text_lead(const char *text)
{
    char first[8] = {0};
    memcpy(first, text, strnlen(text, sizeof first));
    return get_be64((const uint8_t *)first);
}

static uint64_t
ip_lead(const uint8_t *bytes, uint8_t ip_bytes)
{
    uint8_t ip[GODB_IP_BYTES] = {0};
    char text[GODB_IP_TEXT];
    memcpy(ip, bytes, ip_bytes);
    godb_ip_format(text, ip);
    return text_lead(text);
}

static uint64_t
dim_lead(const struct group_order *order, const struct key_layout *layout,
    enum godb_dim dim, const uint64_t *entry)
{
    const uint8_t *bytes = (const uint8_t *)entry + layout->offset[dim];
    switch (dim) {
    case GODB_DIM_TIME:
        return get_be64(bytes);
    case GODB_DIM_IFACE:
        return text_lead(order->ifaces[get_be32(bytes)]);
    case GODB_DIM_SIP:
    case GODB_DIM_DIP:
        return ip_lead(bytes, layout->ip_bytes);
    case GODB_DIM_DPORT:
    case GODB_DIM_L7PROTO:
        return get_be16(bytes);
    case GODB_DIM_PROTO:
        return *bytes;
    default:
        return text_lead(intern_text(&order->grouping->l7, get_be32(bytes)));
    }
}

uint64_t
group_order_lead(
    const struct group_order *order, enum group_kind kind, const uint64_t *entry)
{
    const struct grouping *grouping = order->grouping;
    const struct key_layout *layout = &grouping->layouts[kind];
    if (order->term_count == 0)
        return layout->words == 0 ? 0
                                  : get_be64((const uint8_t *)entry) & order->key_mask;
    const struct godb_order *term = &order->terms[0];
    uint64_t lead = 0;
    if (term->key >= GODB_KEY_SUM) {
        const unsigned sum = term->key - GODB_KEY_SUM;
        if (grouping->sums & GODB_SUM_BIT(sum))
            lead = entry[layout->words + grouping->sum_place[sum]];
    } else if (grouping->dims & GODB_DIM_BIT(term->key)) {
        lead = dim_lead(order, layout, (enum godb_dim)term->key, entry);
    }
    return term->descending ? ~lead : lead;
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

static int
compare_rows(
    const struct group_order *order, const struct godb_row *a, const struct godb_row *b)
{
    for (size_t i = 0; i < order->term_count; i++) {
        const struct godb_order *term = &order->terms[i];
        int result = term->key < GODB_KEY_SUM
                         ? compare_dim((enum godb_dim)term->key, a, b)
                         : compare_u64(a->sums[term->key - GODB_KEY_SUM],
                               b->sums[term->key - GODB_KEY_SUM]);
        if (result != 0) return term->descending ? -result : result;
    }
    return compare_rest(a, b);
}

int
group_order_compare(const struct group_order *order, enum group_kind kind_a,
    const uint64_t *a, enum group_kind kind_b, const uint64_t *b)
{
    struct godb_row row_a, row_b;
    group_order_row(order, kind_a, a, &row_a);
    group_order_row(order, kind_b, b, &row_b);
    return compare_rows(order, &row_a, &row_b);
}
