/* SPDX-License-Identifier: MIT
 *
 * filter_node.h -- a filter from the inside: a tree of tests on columns.
 *
 *      (host = 10.0.0.1 & dport < 1024)
 *
 *              AND                     children in the order of their cost: the
 *             /   \                    dport column is decoded first, the addresses
 *      RANGE dport   OR                only where a row is left
 *      [0, 1023]    /  \
 *             IPS sip   IPS dip
 *
 * Every comparison of numbers is a range, perhaps negated, so that one loop does them
 * all.
 */
#ifndef GODB_FILTER_NODE_H
#define GODB_FILTER_NODE_H

#include "godb/godb.h"

enum filter_kind {
    FILTER_CONST,  /* negated: takes nothing */
    FILTER_RANGE,  /* low <= column <= high */
    FILTER_LIST,   /* column is one of numbers */
    FILTER_IPS,    /* column is one of ips */
    FILTER_NET,    /* column lies in net */
    FILTER_L7NAME, /* column cmp the id that is called name */
    FILTER_AND,
    FILTER_OR,
};

enum {
    /* Of brackets in a text and of nodes in a tree: each level costs a mask of a
     * block's rows, and the stack some hundred bytes. */
    FILTER_DEPTH_MAX = 100,
    FILTER_TEXT_MAX = 64 * 1024
};

struct godb_filter {
    enum filter_kind kind;
    bool negated; /* the outcome is turned round */
    enum godb_column column;
    enum godb_cmp cmp; /* L7NAME */
    uint64_t low, high;
    struct godb_net net;
    char *name;
    uint64_t *numbers; /* rising */
    uint8_t (*ips)[GODB_IP_BYTES];
    struct godb_filter **children;
    size_t count;     /* of numbers, ips or children */
    unsigned columns; /* GODB_COLUMN_BITs of the whole tree */
    unsigned depth;   /* of the tree below, itself included */
};

/* A node of a kind; NULL: out of memory. */
struct godb_filter *filter_new(enum filter_kind kind, enum godb_column column);

/* column cmp value, as a range. */
struct godb_filter *filter_range(
    enum godb_column column, enum godb_cmp cmp, uint64_t value);

struct godb_filter *filter_l7_name(enum godb_cmp cmp, const char *name);
struct godb_filter *filter_ip(enum godb_column column, const uint8_t ip[GODB_IP_BYTES]);
struct godb_filter *filter_net(enum godb_column column, const struct godb_net *net);

/* Join two filters with FILTER_AND or FILTER_OR, flattening chains.  Takes both,
 * whatever it returns; NULL where one is NULL or memory is out. */
struct godb_filter *filter_join(
    enum filter_kind kind, struct godb_filter *a, struct godb_filter *b);

#endif
