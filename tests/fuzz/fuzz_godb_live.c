/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a goprobe's answer: it is refused, or its blocks can be read whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "godb/live.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every value is read, and every name. */
static uint64_t
sum_of(const struct godb_live *live, const struct live_block *block)
{
    uint64_t sum = 0;
    for (uint32_t row = 0; row < block->row_count; row++) {
        const uint16_t id = ((const uint16_t *)block->columns[GODB_L7PROTO])[row];
        sum += strlen(godb_l7_name(live->names, id));
        sum += strlen(godb_l7_category(live->names, id));
        sum += ((const uint16_t *)block->columns[GODB_DPORT])[row];
        sum += ((const uint8_t *)block->columns[GODB_PROTO])[row];
        sum += ((const uint8_t(*)[16])block->columns[GODB_SIP])[row][15];
        sum += ((const uint8_t(*)[16])block->columns[GODB_DIP])[row][15];
        for (int i = 0; i < 4; i++)
            sum += ((const uint64_t *)block->columns[GODB_BYTES_RCVD + i])[row];
    }
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct godb_live *live;
    struct godb_err err;
    volatile uint64_t sum = 0;
    const int rc = live_parse(&live, data, size, &err);
    if (rc == GODB_ECORRUPT) return 0;
    if (rc != GODB_OK) abort();
    for (size_t i = 0; i < live->count; i++) {
        const struct live_block *block = &live->blocks[i];
        if (block->time_s <= block->written_s) abort();
        if (live_find(live, block->iface) != block) abort();
        sum += sum_of(live, block);
    }
    godb_live_free(live);
    return 0;
}
