/* SPDX-License-Identifier: MIT
 *
 * rotation.h -- what one interval left: rows taken out of the flow table one by one
 * while it goes on, and handed over when all are there.
 */
#ifndef CAPTURE_ROTATION_H
#define CAPTURE_ROTATION_H

#include "capture/classify.h"
#include "capture/flowtab.h"
#include "godb/godb.h"

struct rotation_row {
    uint16_t iface;
    struct godb_flow flow;
};

struct rotation_chunk; /* of rows as they came */

/* What a row's iface stands for. */
struct rotation_iface {
    char name[GODB_IFACE_MAX]; /* "": nothing */
    bool is_active;            /* it has a block even if nothing happened */
};

struct rotation {
    struct rotation *next; /* of a queue */
    int64_t time_s;        /* stamp of the blocks: the end of the interval */
    struct rotation_chunk *chunks;
    struct rotation_row *rows; /* after rotation_merge() */
    size_t count;
    size_t iface_count;
    struct rotation_iface *ifaces;
    struct godb_block_stats stats[]; /* of each interface */
};

/* Without rows, names and statistics.  NULL: out of memory. */
struct rotation *rotation_new(size_t iface_count, int64_t time_s);
void rotation_free(struct rotation *rotation);

/* Drop the rows that were taken, and begin again. */
void rotation_clear(struct rotation *rotation);

/* Add a flow's counters.  classify may be NULL.  False: out of memory. */
bool rotation_take(
    struct rotation *rotation, struct classify *classify, const struct flow *flow);

/* Add rows that an earlier rotation left.  False: out of memory, and none was added. */
bool rotation_add(
    struct rotation *rotation, const struct rotation_row *rows, size_t count);

/* Sum up rows by interface and protocol, without addresses and ports, in place: what is
 * left of them where there is no room for more.  Gives how many there are now. */
size_t rotation_fold_rows(struct rotation_row *rows, size_t count);

/* The same with all rows of a rotation, before rotation_merge().  False: out of memory,
 * and some rows are lost. */
bool rotation_fold(struct rotation *rotation);

/* Order rows by interface, addresses, protocol, port and layer 7, and sum up those that
 * are alike: many short flows of a client become one.  False: out of memory. */
bool rotation_merge(struct rotation *rotation);

#endif
