/* SPDX-License-Identifier: MIT
 *
 * v4_meta.c -- see v4_meta.h.
 */
#include "godb/v4_meta.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "godb/bytes.h"
#include "godb/error.h"

enum {
    VERSION = 1,
    HEAD_BYTES = 72,
    EXTENT_BYTES = 9,
    BLOCK_BYTES = 16,
    STAMP_BYTES = 8,
};

int
v4_column(enum godb_column column)
{
    if (column == GODB_L7PROTO) return -1;
    return (int)column - (column > GODB_L7PROTO);
}

/* --- .blockmeta ------------------------------------------------------------------- */

static int
check_size(size_t count, uint64_t block_count, struct godb_err *err)
{
    if (block_count > V4_BLOCKS_MAX)
        return err_set(err, GODB_ECORRUPT,
            ".blockmeta: %" PRIu64 " blocks; a day has one every 5 seconds at most, %d",
            block_count, V4_BLOCKS_MAX);
    const size_t wanted = 144 + 88 * (size_t)block_count;
    if (count == wanted) return GODB_OK;
    return err_set(err, GODB_ECORRUPT,
        ".blockmeta: %zu bytes instead of the %zu of %" PRIu64 " blocks", count, wanted,
        block_count);
}

/* A column's blocks lie one behind the other. */
static int
parse_column(
    struct v4_meta *meta, int column, const uint8_t *bytes, struct godb_err *err)
{
    const uint64_t length = get_be64(bytes);
    uint64_t start = 0;
    for (uint32_t i = 0; i < meta->block_count; i++) {
        const uint8_t *at = bytes + 8 + (size_t)i * EXTENT_BYTES;
        meta->blocks[i].columns[column] =
            (struct v4_extent){start, get_be32(at), get_be32(at + 4), at[8]};
        start += get_be32(at);
    }
    if (start == length) return GODB_OK;
    return err_set(err, GODB_ECORRUPT,
        ".blockmeta: blocks of column %d have %" PRIu64 " bytes, and it %" PRIu64,
        column, start, length);
}

/* A clock that was set back has wrapped in the seconds since the block before, and is
 * unwrapped here. */
static int
parse_block(struct v4_block *block, int64_t before_s, const uint8_t *bytes,
    struct godb_err *err)
{
    const bool is_wrong =
        __builtin_add_overflow(before_s, (int32_t)get_be32(bytes + 12), &block->time_s);
    block->v4_count = get_be32(bytes);
    block->v6_count = get_be32(bytes + 4);
    block->drop_count = get_be32(bytes + 8);
    if (is_wrong || block->time_s < GODB_STAMP_MIN || block->time_s > GODB_STAMP_MAX)
        return err_set(err, GODB_ECORRUPT,
            ".blockmeta: a block behind %" PRId64 " has a stamp that is no time",
            before_s);
    if ((uint64_t)block->v4_count + block->v6_count > V4_FLOWS_MAX)
        return err_set(err, GODB_ECORRUPT,
            ".blockmeta: block %" PRId64 " has %u and %u flows", block->time_s,
            block->v4_count, block->v6_count);
    return GODB_OK;
}

static int
parse_blocks(struct v4_meta *meta, const uint8_t *bytes, struct godb_err *err)
{
    int64_t time_s = (int64_t)get_be64(bytes);
    int rc = GODB_OK;
    for (uint32_t i = 0; i < meta->block_count && rc == GODB_OK; i++) {
        struct v4_block *block = &meta->blocks[i];
        rc = parse_block(
            block, time_s, bytes + STAMP_BYTES + (size_t)i * BLOCK_BYTES, err);
        if (meta->rising_count == i && (i == 0 || block->time_s > time_s))
            meta->rising_count++;
        time_s = block->time_s;
    }
    return rc;
}

static int
parse_all(struct v4_meta *meta, const uint8_t *bytes, struct godb_err *err)
{
    const size_t column_bytes = 8 + (size_t)meta->block_count * EXTENT_BYTES;
    const uint8_t *at = bytes + HEAD_BYTES;
    int rc = GODB_OK;
    for (int column = 0; column < V4_COLUMN_COUNT && rc == GODB_OK; column++) {
        rc = parse_column(meta, column, at, err);
        at += column_bytes;
    }
    return rc == GODB_OK ? parse_blocks(meta, at, err) : rc;
}

int
v4_meta_parse(
    struct v4_meta *out, const uint8_t *bytes, size_t count, struct godb_err *err)
{
    *out = (struct v4_meta){0, 0, NULL};
    if (count < 16 || get_be64(bytes) != VERSION)
        return err_set(err, GODB_ECORRUPT, ".blockmeta: not of version %d", VERSION);
    const uint64_t block_count = get_be64(bytes + 8);
    int rc = check_size(count, block_count, err);
    if (rc != GODB_OK || block_count == 0) return rc;
    out->block_count = (uint32_t)block_count;
    out->blocks = calloc(out->block_count, sizeof *out->blocks);
    if (out->blocks == NULL) return err_nomem(err);
    rc = parse_all(out, bytes, err);
    if (rc != GODB_OK) v4_meta_free(out);
    return rc;
}

void
v4_meta_free(struct v4_meta *meta)
{
    free(meta->blocks);
    *meta = (struct v4_meta){0, 0, NULL};
}

/* --- Values ----------------------------------------------------------------------- */

static int
fail_length(enum godb_column column, size_t raw_bytes, const struct v4_block *block,
    struct godb_err *err)
{
    return err_set(err, GODB_ECORRUPT,
        "%s: block %" PRId64 " has %zu bytes for %u and %u flows",
        godb_columns[column].file, block->time_s, raw_bytes, block->v4_count,
        block->v6_count);
}

/* Addresses of IPv4 have 4 bytes, and 16 here. */
static void
widen_addresses(uint8_t *out, const struct v4_block *block, const uint8_t *raw)
{
    const size_t v4_bytes = (size_t)block->v4_count * 4;
    memset(out, 0, (size_t)block->v4_count * GODB_IP_BYTES);
    for (uint32_t i = 0; i < block->v4_count; i++)
        memcpy(out + (size_t)i * GODB_IP_BYTES, raw + (size_t)i * 4, 4);
    memcpy(out + (size_t)block->v4_count * GODB_IP_BYTES, raw + v4_bytes,
        (size_t)block->v6_count * GODB_IP_BYTES);
}

/* Counters are little-endian and as wide as the largest of the block needs. */
static void
widen_counters(uint64_t *out, uint32_t count, const uint8_t *raw, uint8_t width)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t value = 0;
        memcpy(&value, raw + (size_t)i * width, width);
        out[i] = le64toh(value);
    }
}

static int
take_counters(uint64_t *out, enum godb_column column, const struct v4_block *block,
    const uint8_t *raw, size_t raw_bytes, struct godb_err *err)
{
    const uint32_t count = block->v4_count + block->v6_count;
    const uint8_t width = raw_bytes > 0 ? raw[0] : 0;
    if (width < 1 || width > 8 || raw_bytes - 1 != (size_t)count * width)
        return fail_length(column, raw_bytes, block, err);
    widen_counters(out, count, raw + 1, width);
    return GODB_OK;
}

int
v4_values(void *out, enum godb_column column, const struct v4_block *block,
    const uint8_t *raw, size_t raw_bytes, struct godb_err *err)
{
    const uint32_t count = block->v4_count + block->v6_count;
    const size_t address_bytes =
        (size_t)block->v4_count * 4 + (size_t)block->v6_count * GODB_IP_BYTES;
    switch (column) {
    case GODB_SIP:
    case GODB_DIP:
        if (raw_bytes != address_bytes) break;
        widen_addresses(out, block, raw);
        return GODB_OK;
    case GODB_PROTO:
        if (raw_bytes != count) break;
        memcpy(out, raw, count);
        return GODB_OK;
    case GODB_DPORT:
        if (raw_bytes != (size_t)count * 2) break;
        for (uint32_t i = 0; i < count; i++)
            ((uint16_t *)out)[i] = get_be16(raw + (size_t)i * 2);
        return GODB_OK;
    case GODB_L7PROTO:
    case GODB_COLUMN_COUNT:
        break;
    default:
        return take_counters(out, column, block, raw, raw_bytes, err);
    }
    return fail_length(column, raw_bytes, block, err);
}
