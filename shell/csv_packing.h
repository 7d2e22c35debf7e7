/* SPDX-License-Identifier: MIT
 *
 * csv_packing.h -- full blocks, packed by several threads and stored in the order in
 * which they were filled.
 */
#ifndef SHELL_CSV_PACKING_H
#define SHELL_CSV_PACKING_H

#include "godb/godb.h"

struct csv_packing_block {
    struct csv_lane *lane; /* that it is for */
    int64_t stamp_s;
    uint64_t first_line, last_line; /* of the file */
    struct godb_block *block;
    int rc; /* of packing */
    struct godb_err err;
    struct csv_packing_block *next; /* spare one */
};

/* Called with a block that is packed; an error ends the import. */
typedef int csv_packing_store_fn(
    void *arg, struct csv_packing_block *block, struct godb_err *err);

struct csv_packing;

/* NULL: out of memory. */
struct csv_packing *csv_packing_new(
    enum godb_effort effort, csv_packing_store_fn *store, void *store_arg);
void csv_packing_free(struct csv_packing *packing); /* forgets what is not stored */

/* An empty block to fill, which goes back with put() or drop(); NULL: out of memory. */
struct csv_packing_block *csv_packing_get(struct csv_packing *packing);
void csv_packing_drop(struct csv_packing *packing, struct csv_packing_block *block);

/* Let the block be packed.  Stores earlier ones, as many as it takes to hold no more
 * than half a million rows. */
int csv_packing_put(
    struct csv_packing *packing, struct csv_packing_block *block, struct godb_err *err);

/* Store all that was put. */
int csv_packing_flush(struct csv_packing *packing, struct godb_err *err);

#endif
