/* SPDX-License-Identifier: MIT
 *
 * block.c -- rows in, columns out.
 */
#include "godb/block.h"

#include <stdlib.h>
#include <string.h>

#include "godb/block_pack.h"
#include "godb/bytes.h"

int
godb_block_new(struct godb_block **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? GODB_OK : GODB_ENOMEM;
}

void
godb_block_free(struct godb_block *block)
{
    if (block == NULL) return;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        free(block->columns[col]);
    block_free_packed(block);
    free(block);
}

void
godb_block_reset(struct godb_block *block)
{
    block->count = 0;
    block->traffic_bytes = block->packet_count = 0;
    block_unpack(block);
}

size_t
godb_block_count(const struct godb_block *block)
{
    return block->count;
}

static int
grow(struct godb_block *block)
{
    const size_t capacity = block->capacity ? block->capacity * 2 : 256;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        void *more =
            realloc(block->columns[col], capacity * godb_columns[col].width_bytes);
        if (more == NULL) return GODB_ENOMEM;
        block->columns[col] = more;
    }
    block->capacity = capacity;
    return GODB_OK;
}

int
godb_block_add(struct godb_block *block, const struct godb_flow *flow)
{
    if (block->count == block->capacity && grow(block) != GODB_OK) return GODB_ENOMEM;
    if (block->packed) block_unpack(block);
    const size_t row = block->count;
    uint8_t *const *columns = block->columns;
    memcpy(columns[GODB_SIP] + row * GODB_IP_BYTES, flow->sip, GODB_IP_BYTES);
    memcpy(columns[GODB_DIP] + row * GODB_IP_BYTES, flow->dip, GODB_IP_BYTES);
    columns[GODB_PROTO][row] = flow->proto;
    put_be16(columns[GODB_DPORT] + row * 2, flow->dport);
    put_be16(columns[GODB_L7PROTO] + row * 2, flow->l7proto);
    put_be64(columns[GODB_BYTES_RCVD] + row * 8, flow->bytes_rcvd);
    put_be64(columns[GODB_BYTES_SENT] + row * 8, flow->bytes_sent);
    put_be64(columns[GODB_PACKETS_RCVD] + row * 8, flow->packets_rcvd);
    put_be64(columns[GODB_PACKETS_SENT] + row * 8, flow->packets_sent);
    block->traffic_bytes =
        godb_sum(block->traffic_bytes, godb_sum(flow->bytes_rcvd, flow->bytes_sent));
    block->packet_count =
        godb_sum(block->packet_count, godb_sum(flow->packets_rcvd, flow->packets_sent));
    block->count++;
    return GODB_OK;
}

/* --- Order ------------------------------------------------------------------------ */

static int
compare_rows(const struct godb_block *block, size_t a, size_t b)
{
    static const enum godb_column by[] = {GODB_SIP, GODB_DIP, GODB_PROTO, GODB_DPORT};
    for (size_t i = 0; i < sizeof by / sizeof by[0]; i++) {
        const uint8_t width = godb_columns[by[i]].width_bytes;
        const uint8_t *values = block->columns[by[i]];
        int order = memcmp(values + a * width, values + b * width, width);
        if (order != 0) return order;
    }
    return a < b ? -1 : a > b; /* equal keys keep their order */
}

static int
compare_indexes(const void *a, const void *b, void *block)
{
    return compare_rows(block, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void
permute(uint8_t *to, const uint8_t *from, const uint32_t *order, size_t count,
    uint8_t width)
{
    for (size_t row = 0; row < count; row++)
        memcpy(to + row * width, from + (size_t)order[row] * width, width);
}

static bool
is_sorted(const struct godb_block *block)
{
    for (size_t row = 1; row < block->count; row++)
        if (compare_rows(block, row - 1, row) > 0) return false;
    return true;
}

int
block_sort(struct godb_block *block)
{
    const size_t count = block->count;
    if (is_sorted(block)) return GODB_OK;
    uint32_t *order = malloc(count * sizeof *order);
    uint8_t *spare = malloc(count * GODB_IP_BYTES);
    if (order == NULL || spare == NULL) {
        free(order);
        free(spare);
        return GODB_ENOMEM;
    }
    for (size_t row = 0; row < count; row++)
        order[row] = (uint32_t)row;
    qsort_r(order, count, sizeof *order, compare_indexes, block);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        const uint8_t width = godb_columns[col].width_bytes;
        permute(spare, block->columns[col], order, count, width);
        memcpy(block->columns[col], spare, count * width);
    }
    free(order);
    free(spare);
    return GODB_OK;
}
