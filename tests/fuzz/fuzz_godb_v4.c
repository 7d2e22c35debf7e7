/* SPDX-License-Identifier: MIT
 *
 * Whatever .blockmeta and a column of goDB v4 hold: numbers that fit each other, or an
 * error.  The input is both, parted by its first two bytes: the length of .blockmeta.
 */
#include <stdlib.h>
#include <string.h>

#include "godb/v4_meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds) abort();
}

static void
check_block(const struct v4_block *block, const uint8_t *raw, size_t raw_bytes)
{
    const size_t count = (size_t)block->v4_count + block->v6_count;
    struct godb_err err;
    check(block->time_s >= GODB_STAMP_MIN && block->time_s <= GODB_STAMP_MAX);
    check(count <= V4_FLOWS_MAX);
    /* As the reader does: nothing is allocated for flows without bytes. */
    if (raw_bytes < count) return;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        if (col == GODB_L7PROTO) continue;
        uint8_t *out = malloc(count * godb_columns[col].width_bytes + 1);
        check(out != NULL);
        err.status = GODB_OK;
        const int rc =
            v4_values(out, (enum godb_column)col, block, raw, raw_bytes, &err);
        check(rc == GODB_OK || (rc == GODB_ECORRUPT && err.status == rc));
        free(out);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct v4_meta meta;
    struct godb_err err;
    if (size < 2) return 0;
    size_t meta_bytes = (size_t)data[0] << 8 | data[1];
    if (meta_bytes > size - 2) meta_bytes = size - 2;
    if (v4_meta_parse(&meta, data + 2, meta_bytes, &err) != GODB_OK) return 0;
    check(meta.block_count <= GODB_DAY_BLOCKS);
    for (uint32_t i = 0; i < meta.block_count; i++)
        check_block(&meta.blocks[i], data + 2 + meta_bytes, size - 2 - meta_bytes);
    v4_meta_free(&meta);
    return 0;
}
