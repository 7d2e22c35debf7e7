/* SPDX-License-Identifier: MIT
 *
 * v4.h -- days of goDB v4 for tests, which the library only reads.
 */
#ifndef TESTS_V4_H
#define TESTS_V4_H

#include <endian.h>
#include <lz4.h>
#include <sys/stat.h>
#include <zstd.h>

#include "godb/v4_meta.h"
#include "tests/store.h"

struct v4_bytes {
    uint8_t *at;
    size_t count;
};

static inline void
v4_put(struct v4_bytes *bytes, const void *from, size_t count)
{
    bytes->at = realloc(bytes->at, bytes->count + count + 1);
    if (bytes->at == NULL) abort();
    memcpy(bytes->at + bytes->count, from, count);
    bytes->count += count;
}

static inline void
v4_put_be(struct v4_bytes *bytes, uint64_t value, size_t width)
{
    const uint64_t be = htobe64(value);
    v4_put(bytes, (const uint8_t *)&be + 8 - width, width);
}

struct v4_test_block {
    int64_t time_s;
    uint64_t first; /* flows are those of store_flow() from here on */
    size_t count;
    enum v4_encoder encoder;
};

static inline uint64_t
v4_counter(const struct godb_flow *flow, int column)
{
    const uint64_t counters[] = {
        flow->bytes_rcvd, flow->bytes_sent, flow->packets_rcvd, flow->packets_sent};
    return counters[column - 4];
}

/* One column of one flow. */
static inline void
v4_put_value(
    struct v4_bytes *raw, const struct godb_flow *flow, int column, uint8_t width)
{
    const bool is_v4 = godb_ip_is_v4(flow->sip);
    const uint64_t counter = column >= 4 ? htole64(v4_counter(flow, column)) : 0;
    if (column < 2)
        v4_put(raw, column == 0 ? flow->sip : flow->dip, is_v4 ? 4 : 16);
    else if (column == 2)
        v4_put(raw, &flow->proto, 1);
    else if (column == 3)
        v4_put_be(raw, flow->dport, 2);
    else
        v4_put(raw, &counter, width);
}

/* A column of a block, decoded: IPv4 first. */
static inline struct v4_bytes
v4_raw(const struct v4_test_block *block, int column)
{
    struct v4_bytes raw = {NULL, 0};
    uint64_t max = 0;
    uint8_t width = 1;
    for (size_t i = 0; column >= 4 && i < block->count; i++) {
        const struct godb_flow flow = store_flow(block->first + i);
        if (v4_counter(&flow, column) > max) max = v4_counter(&flow, column);
    }
    while (width < 8 && max >> (8 * width))
        width++;
    if (column >= 4) v4_put(&raw, &width, 1);
    for (int family = 0; family < 2; family++)
        for (size_t i = 0; i < block->count; i++) {
            const struct godb_flow flow = store_flow(block->first + i);
            if (godb_ip_is_v4(flow.sip) == (family == 0))
                v4_put_value(&raw, &flow, column, width);
        }
    return raw;
}

static inline struct v4_bytes
v4_encode(const struct v4_bytes *raw, enum v4_encoder *encoder)
{
    struct v4_bytes out = {calloc(1, raw->count * 2 + 512), 0};
    if (out.at == NULL) abort();
    if (raw->count == 0) *encoder = V4_NULL;
    if (*encoder == V4_LZ4)
        out.count = (size_t)LZ4_compress_default((const char *)raw->at, (char *)out.at,
            (int)raw->count, (int)raw->count * 2 + 512);
    if (*encoder == V4_ZSTD)
        out.count = ZSTD_compress(out.at, raw->count * 2 + 512, raw->at, raw->count, 3);
    if (*encoder == V4_NULL || out.count > raw->count) {
        *encoder = V4_NULL;
        out.count = raw->count;
        if (raw->count > 0) memcpy(out.at, raw->at, raw->count);
    }
    return out;
}

static inline void
v4_save(const char *dir, const char *name, const struct v4_bytes *bytes)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", dir, name) < 0) abort();
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes->at, 1, bytes->count, file) != bytes->count)
        abort();
    fclose(file);
    free(path);
}

/* Column `column` of all blocks as a file, and its part of .blockmeta. */
static inline void
v4_write_column(const char *dir, int column, const struct v4_test_block *blocks,
    size_t count, struct v4_bytes *meta)
{
    static const enum godb_column columns[] = {GODB_SIP, GODB_DIP, GODB_PROTO,
        GODB_DPORT, GODB_BYTES_RCVD, GODB_BYTES_SENT, GODB_PACKETS_RCVD,
        GODB_PACKETS_SENT};
    struct v4_bytes file = {NULL, 0}, table = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        enum v4_encoder encoder = blocks[i].encoder;
        struct v4_bytes raw = v4_raw(&blocks[i], column);
        struct v4_bytes stored = v4_encode(&raw, &encoder);
        v4_put(&file, stored.at, stored.count);
        v4_put_be(&table, stored.count, 4);
        v4_put_be(&table, raw.count, 4);
        v4_put_be(&table, encoder, 1);
        free(raw.at);
        free(stored.at);
    }
    v4_put_be(meta, file.count, 8);
    v4_put(meta, table.at, table.count);
    if (file.count > 0) v4_save(dir, godb_columns[columns[column]].file, &file);
    free(file.at);
    free(table.at);
}

static inline uint32_t
v4_count_v4(const struct v4_test_block *block)
{
    uint32_t count = 0;
    for (size_t i = 0; i < block->count; i++)
        count += godb_ip_is_v4(store_flow(block->first + i).sip);
    return count;
}

/* Write a day into an existing directory, whatever it is called. */
static inline void
v4_write_day(const char *dir, const struct v4_test_block *blocks, size_t count)
{
    struct v4_bytes meta = {NULL, 0};
    v4_put_be(&meta, 1, 8);
    v4_put_be(&meta, count, 8);
    for (int i = 0; i < 7; i++)
        v4_put_be(&meta, 0, 8); /* totals, which nobody reads */
    for (int column = 0; column < V4_COLUMN_COUNT; column++)
        v4_write_column(dir, column, blocks, count, &meta);
    v4_put_be(&meta, (uint64_t)blocks[0].time_s, 8);
    for (size_t i = 0; i < count; i++) {
        const uint32_t v4_count = v4_count_v4(&blocks[i]);
        v4_put_be(&meta, v4_count, 4);
        v4_put_be(&meta, blocks[i].count - v4_count, 4);
        v4_put_be(&meta, i, 4); /* drops */
        v4_put_be(
            &meta, i > 0 ? (uint32_t)(blocks[i].time_s - blocks[i - 1].time_s) : 0, 4);
    }
    v4_save(dir, ".blockmeta", &meta);
    free(meta.at);
}

/* mkdir -p of a format; for free(3). */
__attribute__((format(printf, 1, 2))) static inline char *
v4_make_dir(const char *format, ...)
{
    char *path = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&path, format, args) < 0) abort();
    va_end(args);
    for (char *c = path + 1; *c; c++) {
        if (*c != '/') continue;
        *c = '\0';
        mkdir(path, 0755);
        *c = '/';
    }
    mkdir(path, 0755);
    return path;
}

#endif
