/* SPDX-License-Identifier: MIT
 *
 * csv_packing.c -- see csv_packing.h.
 *
 * A day's end is a dozen fsync() calls, a tenth of a second in which this thread does
 * nothing else.  The blocks that wait meanwhile are what the others are busy with.
 */
#include "shell/csv_packing.h"

#include <stdlib.h>

#include "shell/conveyor.h"
#include "shell/shell_err.h"

enum { PLACES = 1024, ROWS_MAX = 1 << 19 };

struct csv_packing {
    csv_packing_store_fn *store;
    void *store_arg;
    struct conveyor *conveyor;
    size_t row_count; /* in blocks that were put and not stored */
    struct csv_packing_block *spare;
    unsigned packer_count;
    struct godb_packer *packers[CONVEYOR_WORKERS_MAX];
};

static void
pack(void *arg, unsigned worker, void *item)
{
    struct csv_packing *packing = arg;
    struct csv_packing_block *block = item;
    block->rc = godb_block_pack(
        packing->packers[worker], block->block, block->stamp_s, &block->err);
}

struct csv_packing *
csv_packing_new(enum godb_effort effort, csv_packing_store_fn *store, void *store_arg)
{
    const unsigned workers = conveyor_processors();
    struct csv_packing *packing = calloc(1, sizeof *packing);
    if (packing == NULL) return NULL;
    packing->store = store;
    packing->store_arg = store_arg;
    bool is_made = true;
    while (is_made && packing->packer_count < workers) {
        is_made = godb_packer_new(&packing->packers[packing->packer_count], effort) ==
                  GODB_OK;
        packing->packer_count += is_made;
    }
    if (is_made) packing->conveyor = conveyor_new(workers, PLACES, pack, packing);
    if (packing->conveyor) return packing;
    csv_packing_free(packing);
    return NULL;
}

static void
free_block(struct csv_packing_block *block)
{
    godb_block_free(block->block);
    free(block);
}

void
csv_packing_free(struct csv_packing *packing)
{
    if (packing == NULL) return;
    struct csv_packing_block *block;
    if (packing->conveyor)
        while ((block = conveyor_take(packing->conveyor)) != NULL)
            free_block(block);
    conveyor_free(packing->conveyor);
    while ((block = packing->spare) != NULL) {
        packing->spare = block->next;
        free_block(block);
    }
    for (unsigned i = 0; i < packing->packer_count; i++)
        godb_packer_free(packing->packers[i]);
    free(packing);
}

/* --- Blocks ----------------------------------------------------------------------- */

struct csv_packing_block *
csv_packing_get(struct csv_packing *packing)
{
    struct csv_packing_block *block = packing->spare;
    if (block != NULL) {
        packing->spare = block->next;
        return block;
    }
    block = calloc(1, sizeof *block);
    if (block != NULL && godb_block_new(&block->block) == GODB_OK) return block;
    free(block);
    return NULL;
}

void
csv_packing_drop(struct csv_packing *packing, struct csv_packing_block *block)
{
    godb_block_reset(block->block);
    block->next = packing->spare;
    packing->spare = block;
}

/* --- Storing ---------------------------------------------------------------------- */

/* Store the first one of those that were put. */
static int
store_first(struct csv_packing *packing, struct godb_err *err)
{
    struct csv_packing_block *block = conveyor_take(packing->conveyor);
    packing->row_count -= godb_block_count(block->block);
    int rc = block->rc;
    if (rc == GODB_OK)
        rc = packing->store(packing->store_arg, block, err);
    else if (err)
        *err = block->err;
    csv_packing_drop(packing, block);
    return rc;
}

int
csv_packing_put(
    struct csv_packing *packing, struct csv_packing_block *block, struct godb_err *err)
{
    int rc = GODB_OK;
    const size_t row_count = godb_block_count(block->block);
    while (rc == GODB_OK && packing->row_count > 0 &&
           (packing->row_count + row_count > ROWS_MAX ||
               !conveyor_has_room(packing->conveyor)))
        rc = store_first(packing, err);
    if (rc != GODB_OK) {
        csv_packing_drop(packing, block);
        return rc;
    }
    packing->row_count += row_count;
    conveyor_put(packing->conveyor, block);
    return GODB_OK;
}

int
csv_packing_flush(struct csv_packing *packing, struct godb_err *err)
{
    int rc = GODB_OK;
    while (rc == GODB_OK && packing->row_count > 0)
        rc = store_first(packing, err);
    return rc;
}
