/* SPDX-License-Identifier: MIT
 *
 * v4_meta.h -- .blockmeta, the one file that says where the blocks of a goDB v4 day
 * lie.
 *
 *      0     version, blocks, flows of IPv4 and of IPv6, drops, four sums    9 x 8
 * bytes 72    for each of eight columns: its length, then a block each of { stored
 * bytes 4, raw bytes 4, encoder 1 }
 *      ...   the first stamp                                                     8
 * bytes
 *      ...   for each block { IPv4 flows 4, IPv6 flows 4, drops 4, seconds since the
 *            block before 4 }
 *
 * All of it is big-endian; of n blocks it takes 144 + 88 n bytes.  The file is replaced
 * at once, after the columns were written, so it alone decides what exists.
 *
 * Pure: bytes in, numbers out, each checked against the others.
 */
#ifndef GODB_V4_META_H
#define GODB_V4_META_H

#include "godb/godb.h"

enum {
    V4_COLUMN_COUNT = 8,    /* goDB's without l7proto, in the same order */
    V4_FLOWS_MAX = 1 << 24, /* of a block; goDB's largest have some hundred thousand */
    /* Of a day.  v4 itself has no limit; it writes every five minutes, others every
     * minute.  What claims a block every five seconds is taken for damaged. */
    V4_BLOCKS_MAX = GODB_DAY_S / 5,
    V4_META_MAX_BYTES = 144 + 88 * V4_BLOCKS_MAX,
};

enum v4_encoder { V4_NULL = 1, V4_ZSTD = 2, V4_LZ4 = 3 };

/* A block's part of a column file. */
struct v4_extent {
    uint64_t start;
    uint32_t stored_bytes, raw_bytes;
    uint8_t encoder;
};

struct v4_block {
    int64_t time_s;
    uint32_t v4_count, v6_count; /* flows: first those of IPv4, then those of IPv6 */
    uint32_t drop_count;
    struct v4_extent columns[V4_COLUMN_COUNT];
};

struct v4_meta {
    uint32_t block_count;
    uint32_t rising_count; /* the first blocks, each later than the one before */
    struct v4_block *blocks;
};

/* GODB_ECORRUPT, GODB_ENOMEM.  What has more than V4_BLOCKS_MAX blocks is refused. */
int v4_meta_parse(
    struct v4_meta *out, const uint8_t *bytes, size_t count, struct godb_err *err);
void v4_meta_free(struct v4_meta *meta);

/* The column's place in .blockmeta; -1 for l7proto. */
int v4_column(enum godb_column column);

/* Turn a decoded column into host order and the width that godb_columns says: raw_bytes
 * of raw into v4_count + v6_count values.  GODB_ECORRUPT where the lengths do not fit.
 */
int v4_values(void *out, enum godb_column column, const struct v4_block *block,
    const uint8_t *raw, size_t raw_bytes, struct godb_err *err);

#endif
