/* SPDX-License-Identifier: MIT
 *
 * rotation.h -- what one interval left: rows copied out of the flow table, so that the
 * table can go on while they are written.
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

struct rotation {
    struct rotation *next; /* of a queue */
    int64_t time_s;        /* stamp of the blocks: the end of the interval */
    struct rotation_row *rows;
    size_t count;
    size_t iface_count;
    struct godb_block_stats stats[]; /* of each interface */
};

/* Copy all flows with packets out of the table and set their counters to 0; flows
 * without any since the last time leave it.  classify may be NULL.  NULL: out of
 * memory, and the table is as before. */
struct rotation *rotation_take(struct flowtab *table, struct classify *classify,
    size_t iface_count, int64_t time_s);
void rotation_free(struct rotation *rotation);

/* Order rows by interface, addresses, protocol, port and layer 7, and sum up those that
 * are alike: many short flows of a client become one. */
void rotation_merge(struct rotation *rotation);

/* Add rows (iface's alone) in front of the next merge; 0, or -1: out of memory. */
int rotation_add(
    struct rotation *rotation, const struct rotation_row *rows, size_t count);

#endif
