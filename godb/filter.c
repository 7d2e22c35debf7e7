/* SPDX-License-Identifier: MIT
 *
 * filter.c -- build and free filters; filter_node.h has the picture.
 */
#include "godb/filter.h"

#include <stdlib.h>
#include <string.h>

#include "godb/filter_node.h"

struct godb_filter *
filter_new(enum filter_kind kind, enum godb_column column)
{
    struct godb_filter *node = calloc(1, sizeof *node);
    if (node == NULL) return NULL;
    node->kind = kind;
    node->column = column;
    node->depth = 1;
    if (kind != FILTER_CONST && kind != FILTER_AND && kind != FILTER_OR)
        node->columns = GODB_COLUMN_BIT(column);
    return node;
}

void
godb_filter_free(struct godb_filter *filter)
{
    if (filter == NULL) return;
    for (size_t i = 0; filter->children && i < filter->count; i++)
        godb_filter_free(filter->children[i]);
    free(filter->children);
    free(filter->name);
    free(filter->numbers);
    free(filter->ips);
    free(filter);
}

unsigned
godb_filter_columns(const struct godb_filter *filter)
{
    return filter ? filter->columns : 0;
}

/* --- Leaves ----------------------------------------------------------------------- */

struct godb_filter *
filter_range(enum godb_column column, enum godb_cmp cmp, uint64_t value)
{
    struct godb_filter *node = filter_new(FILTER_RANGE, column);
    if (node == NULL) return NULL;
    node->low = value;
    node->high = value;
    node->negated = cmp == GODB_NE || cmp == GODB_LT || cmp == GODB_GT;
    /* x < v is not x >= v, which cannot underflow. */
    if (cmp == GODB_LE || cmp == GODB_GT) node->low = 0;
    if (cmp == GODB_GE || cmp == GODB_LT) node->high = UINT64_MAX;
    return node;
}

struct godb_filter *
filter_l7_name(enum godb_cmp cmp, const char *name)
{
    struct godb_filter *node = filter_new(FILTER_L7NAME, GODB_L7PROTO);
    if (node == NULL) return NULL;
    node->cmp = cmp;
    node->name = strdup(name);
    if (node->name == NULL) {
        godb_filter_free(node);
        return NULL;
    }
    return node;
}

struct godb_filter *
filter_net(enum godb_column column, const struct godb_net *net)
{
    struct godb_filter *node = filter_new(FILTER_NET, column);
    if (node != NULL) node->net = *net;
    return node;
}

static int
compare_u64(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;
    return one < two ? -1 : one > two;
}

static int
compare_ips(const void *a, const void *b)
{
    return memcmp(a, b, GODB_IP_BYTES);
}

/* A sorted copy; NULL: out of memory. */
static void *
sorted_copy(const void *from, size_t count, size_t width,
    int (*compare)(const void *, const void *))
{
    void *copy = malloc(count * width + 1);
    if (copy == NULL || count == 0) return copy;
    memcpy(copy, from, count * width);
    qsort(copy, count, width, compare);
    return copy;
}

static int
list_of(struct godb_filter **out, struct godb_filter *node, void *copy, size_t count)
{
    if (node == NULL || copy == NULL) {
        free(copy);
        godb_filter_free(node);
        return GODB_ENOMEM;
    }
    if (node->kind == FILTER_IPS)
        node->ips = copy;
    else
        node->numbers = copy;
    node->count = count;
    /* As text it is a join of its values, and has to parse where this one did. */
    if (count > 1) node->depth = 2;
    *out = node;
    return GODB_OK;
}

int
godb_filter_numbers(struct godb_filter **out, enum godb_column column,
    const uint64_t *values, size_t count)
{
    return list_of(out, filter_new(FILTER_LIST, column),
        sorted_copy(values, count, sizeof *values, compare_u64), count);
}

int
godb_filter_ips(struct godb_filter **out, enum godb_column column,
    const uint8_t (*ips)[GODB_IP_BYTES], size_t count)
{
    return list_of(out, filter_new(FILTER_IPS, column),
        sorted_copy(ips, count, GODB_IP_BYTES, compare_ips), count);
}

struct godb_filter *
filter_ip(enum godb_column column, const uint8_t ip[GODB_IP_BYTES])
{
    struct godb_filter *node = NULL;
    const void *one = ip;
    return godb_filter_ips(&node, column, one, 1) == GODB_OK ? node : NULL;
}

static int
leaf(struct godb_filter **out, struct godb_filter *node)
{
    if (node == NULL) return GODB_ENOMEM;
    *out = node;
    return GODB_OK;
}

int
godb_filter_number(struct godb_filter **out, enum godb_column column, enum godb_cmp cmp,
    uint64_t value)
{
    return leaf(out, filter_range(column, cmp, value));
}

int
godb_filter_net(
    struct godb_filter **out, enum godb_column column, const struct godb_net *net)
{
    return leaf(out, filter_net(column, net));
}

int
godb_filter_const(struct godb_filter **out, bool takes_all)
{
    struct godb_filter *node = filter_new(FILTER_CONST, GODB_SIP);
    if (node != NULL) node->negated = !takes_all;
    return leaf(out, node);
}

/* --- Joining ---------------------------------------------------------------------- */

/* What looking at a filter's columns costs: about the bytes that have to be decoded. */
static unsigned
cost_of(const struct godb_filter *filter)
{
    unsigned cost = 0;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (filter->columns & GODB_COLUMN_BIT(col))
            cost += godb_columns[col].width_bytes;
    return cost;
}

static void
insert_child(struct godb_filter *parent, struct godb_filter *child)
{
    size_t at = parent->count++;
    while (at > 0 && cost_of(parent->children[at - 1]) > cost_of(child)) {
        parent->children[at] = parent->children[at - 1];
        at--;
    }
    parent->children[at] = child;
    parent->columns |= child->columns;
    if (child->depth + 1 > parent->depth) parent->depth = child->depth + 1;
}

/* Make room for `more` children; a node that is no such join becomes the child of a new
 * one.  NULL, and the node freed: out of memory. */
static struct godb_filter *
as_join(enum filter_kind kind, struct godb_filter *node, size_t more)
{
    const bool is_join = node->kind == kind && !node->negated;
    struct godb_filter *join = is_join ? node : filter_new(kind, GODB_SIP);
    void *children = NULL;
    if (join != NULL)
        children = realloc(
            join->children, (join->count + more + 1) * sizeof(struct godb_filter *));
    if (children == NULL) {
        if (join != node) godb_filter_free(join);
        godb_filter_free(node);
        return NULL;
    }
    join->children = children;
    if (!is_join) insert_child(join, node);
    return join;
}

struct godb_filter *
filter_join(enum filter_kind kind, struct godb_filter *a, struct godb_filter *b)
{
    if (a == NULL || b == NULL) {
        godb_filter_free(a);
        godb_filter_free(b);
        return NULL;
    }
    const bool take_apart = b->kind == kind && !b->negated;
    a = as_join(kind, a, take_apart ? b->count : 1);
    if (a == NULL) {
        godb_filter_free(b);
        return NULL;
    }
    if (!take_apart) {
        insert_child(a, b);
        return a;
    }
    for (size_t i = 0; i < b->count; i++)
        insert_child(a, b->children[i]);
    b->count = 0;
    godb_filter_free(b);
    return a;
}

int
godb_filter_and(struct godb_filter **out, struct godb_filter *a, struct godb_filter *b)
{
    *out = NULL;
    if (a == NULL || b == NULL) {
        *out = a ? a : b;
        return GODB_OK;
    }
    return leaf(out, filter_join(FILTER_AND, a, b));
}

const char *
filter_unknown_l7_name(const struct godb_filter *filter,
    bool (*known)(void *arg, const char *name), void *arg)
{
    if (filter->kind == FILTER_L7NAME)
        return known(arg, filter->name) ? NULL : filter->name;
    const char *unknown = NULL;
    for (size_t i = 0; filter->children && unknown == NULL && i < filter->count; i++)
        unknown = filter_unknown_l7_name(filter->children[i], known, arg);
    return unknown;
}
