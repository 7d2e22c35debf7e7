/* SPDX-License-Identifier: MIT
 *
 * block_pack.c -- see block_pack.h, and godb_block_pack() in godb.h.
 */
#include "godb/block_pack.h"

#include <stdlib.h>
#include <string.h>

#include "godb/block_sieve.h"
#include "godb/bytes.h"
#include "godb/codec.h"
#include "godb/colfile.h"
#include "godb/error.h"

enum {
    SMALL_ROWS_MAX = 32 << 10,
    GOOD_ROWS_MAX = 128 << 10,
    FAST_ROWS_MAX = 512 << 10
};

struct godb_packer {
    enum godb_effort effort;
    struct codec_state *codec;
    uint8_t *raw;
    size_t capacity;
};

int
godb_packer_new(struct godb_packer **out, enum godb_effort effort)
{
    struct godb_packer *packer = calloc(1, sizeof *packer);
    if (packer == NULL) return GODB_ENOMEM;
    packer->effort = effort;
    packer->codec = codec_state_new();
    if (packer->codec == NULL) {
        free(packer);
        return GODB_ENOMEM;
    }
    *out = packer;
    return GODB_OK;
}

void
godb_packer_free(struct godb_packer *packer)
{
    if (packer == NULL) return;
    codec_state_free(packer->codec);
    free(packer->raw);
    free(packer);
}

/* --- Memory ----------------------------------------------------------------------- */

static int
reserve(uint8_t **buffer, size_t *capacity, size_t need)
{
    if (need <= *capacity) return GODB_OK;
    uint8_t *bigger = realloc(*buffer, need);
    if (bigger == NULL) return GODB_ENOMEM;
    *buffer = bigger;
    *capacity = need;
    return GODB_OK;
}

bool
block_is_packed(const struct godb_block *block, int64_t time_s)
{
    return block->packed && block->packed->is_valid &&
           block->packed->record.time_s == time_s;
}

void
block_unpack(struct godb_block *block)
{
    if (block->packed == NULL) return;
    free(block->packed->lines);
    block->packed->lines = NULL;
    block->packed->is_valid = false;
}

void
block_free_packed(struct godb_block *block)
{
    if (block->packed == NULL) return;
    block_unpack(block);
    free(block->packed->bytes);
    free(block->packed);
}

/* --- Columns ---------------------------------------------------------------------- */

/* A block of some thousand flows takes milliseconds in any case; one of a million would
 * take seconds. */
static enum codec_effort
effort_for(enum godb_effort effort, size_t row_count)
{
    if (row_count > FAST_ROWS_MAX) return CODEC_FASTEST;
    if (row_count > GOOD_ROWS_MAX) return CODEC_FAST;
    if (effort == GODB_EFFORT_QUICK) return CODEC_QUICK;
    return row_count > SMALL_ROWS_MAX ? CODEC_GOOD : CODEC_SMALL;
}

static size_t
raw_bytes_of(const struct godb_block *block, int col)
{
    return block->count * godb_columns[col].width_bytes + COLFILE_STAMPS;
}

/* stamp, values, stamp */
static int
frame(struct godb_packer *packer, const struct godb_block *block, int col)
{
    const size_t raw_bytes = raw_bytes_of(block, col);
    const size_t value_bytes = raw_bytes - COLFILE_STAMPS;
    const uint64_t stamp = (uint64_t)block->packed->record.time_s;
    if (reserve(&packer->raw, &packer->capacity, raw_bytes) != GODB_OK)
        return GODB_ENOMEM;
    put_be64(packer->raw, stamp);
    if (value_bytes > 0) memcpy(packer->raw + 8, block->columns[col], value_bytes);
    put_be64(packer->raw + 8 + value_bytes, stamp);
    return GODB_OK;
}

/* Compress the column to `at` in the block's packed bytes. */
static int
pack_column(struct godb_packer *packer, struct godb_block *block, int col, size_t at)
{
    struct packed_block *packed = block->packed;
    struct block_record_column *record = &packed->record.columns[col];
    const size_t raw_bytes = raw_bytes_of(block, col);
    if (frame(packer, block, col) != GODB_OK) return GODB_ENOMEM;
    const size_t packed_bytes =
        codec_pack(packer->codec, effort_for(packer->effort, block->count),
            packed->bytes + at, packed->capacity - at, packer->raw, raw_bytes);
    if (packed_bytes == 0) return GODB_ENOMEM;
    packed->at[col] = at;
    packed->raw_bytes[col] = raw_bytes;
    record->packed_bytes = (uint32_t)packed_bytes;
    record->hash = block_record_hash(packed->bytes + at, packed_bytes);
    return GODB_OK;
}

static int
pack_columns(struct godb_packer *packer, struct godb_block *block)
{
    size_t need = 0, at = 0;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        need += codec_bound(raw_bytes_of(block, col));
    int rc = reserve(&block->packed->bytes, &block->packed->capacity, need);
    for (int col = 0; col < GODB_COLUMN_COUNT && rc == GODB_OK; col++) {
        rc = pack_column(packer, block, col, at);
        at += block->packed->record.columns[col].packed_bytes;
    }
    return rc;
}

/* What the index says about the block, which is as good without. */
static void
describe(struct godb_block *block)
{
    struct packed_block *packed = block->packed;
    const uint8_t *columns[GODB_COLUMN_COUNT];
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        columns[col] = block->columns[col];
    block_record_describe(&packed->record, columns, (uint32_t)block->count);
    packed->is_described =
        sieve_build(&packed->lines, &packed->record.line_count, columns,
            (uint32_t)block->count, packed->record.time_s) == GODB_OK;
}

int
godb_block_pack(struct godb_packer *packer, struct godb_block *block, int64_t time_s,
    struct godb_err *err)
{
    if (block->count > (CODEC_RAW_MAX - COLFILE_STAMPS) / GODB_IP_BYTES)
        return err_set(
            err, GODB_EARG, "%zu flows are too many for one block", block->count);
    if (block->packed == NULL &&
        (block->packed = calloc(1, sizeof *block->packed)) == NULL)
        return err_nomem(err);
    block_unpack(block);
    block->packed->record = (struct block_record){.time_s = time_s};
    int rc = block_sort(block);
    if (rc == GODB_OK) rc = pack_columns(packer, block);
    if (rc != GODB_OK) return err_nomem(err);
    describe(block);
    block->packed->is_valid = true;
    return GODB_OK;
}
