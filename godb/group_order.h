/* SPDX-License-Identifier: MIT
 *
 * group_order.h -- groups as rows, and which of two comes first.
 *
 * By the terms that were asked for, addresses by their text; what those leave equal by
 * the dimensions' bytes, so that the same question always gives the same order.
 */
#ifndef GODB_GROUP_ORDER_H
#define GODB_GROUP_ORDER_H

#include "godb/grouping.h"

struct group_order {
    const struct grouping *grouping;
    const char (*ifaces)[GODB_IFACE_MAX];
    struct godb_order terms[GODB_ORDER_MAX];
    size_t term_count;
    uint64_t key_mask; /* bits of a key's first word that mean the same in all kinds */
};

/* grouping and ifaces are borrowed as long as the order is used; of spec the terms are
 * copied. */
void group_order_init(struct group_order *order, const struct grouping *grouping,
    const char (*ifaces)[GODB_IFACE_MAX], const struct godb_aggregate_spec *spec);

/* An entry of a table, or the same bytes from a spill file, as a row. */
void group_order_row(const struct group_order *order, enum group_kind kind,
    const uint64_t *entry, struct godb_row *out);

/* A number that is not larger for the group that comes first: nearly all comparisons
 * are decided by it alone. */
uint64_t group_order_lead(
    const struct group_order *order, enum group_kind kind, const uint64_t *entry);

/* Below 0 where a comes before b, 0 where they are the same group. */
int group_order_compare(const struct group_order *order, enum group_kind kind_a,
    const uint64_t *a, enum group_kind kind_b, const uint64_t *b);

#endif
