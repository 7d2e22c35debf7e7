/* SPDX-License-Identifier: MIT
 *
 * block_record.c -- see block_record.h.
 */
#include "godb/block_record.h"

#include <string.h>

#include <xxhash.h>

#include "godb/bytes.h"
#include "godb/meta.h"

enum {
    FLAG_SORTED = 1,
    FLAG_L7_TABLE = 2,
    FLAG_UNDECODED = 4,
    FLAG_BITS = 8, /* the packets' check stands above them */
    FLAGS_AT = 16,
    OWNER_AT = 20,
    TRAFFIC_AT = BLOCK_RECORD_BYTES - 12,
    HASH_AT = BLOCK_RECORD_BYTES - 8
};

uint64_t
block_record_hash(const uint8_t *packed, size_t packed_bytes)
{
    return XXH3_64bits(packed, packed_bytes);
}

static uint32_t
never_0(uint64_t hash)
{
    return (uint32_t)hash ? (uint32_t)hash : 1;
}

uint32_t
block_record_owner(const char *iface, int64_t day_s)
{
    return never_0(XXH3_64bits_withSeed(iface, strlen(iface), (uint64_t)day_s));
}

uint32_t
block_record_traffic(int64_t traffic_bytes)
{
    uint8_t bytes[8];
    if (traffic_bytes < 0) return 0;
    put_be64(bytes, (uint64_t)traffic_bytes);
    return never_0(XXH3_64bits(bytes, sizeof bytes));
}

static bool
has_undecoded(const struct godb_pcap_stats *pcap)
{
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        if (pcap->undecoded[i] >= 0) return true;
    return false;
}

static uint32_t
packets_check(const struct godb_pcap_stats *pcap, int64_t packets_logged)
{
    const int64_t counts[] = {
        pcap->received, pcap->dropped, pcap->if_dropped, packets_logged};
    uint8_t bytes[8 * (4 + GODB_UNDECODED_COUNT)];
    for (int i = 0; i < 4; i++)
        put_be64(bytes + 8 * i, (uint64_t)counts[i]);
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        put_be64(bytes + 8 * (4 + i), (uint64_t)pcap->undecoded[i]);
    return never_0(XXH3_64bits(bytes, sizeof bytes) >> (32 + FLAG_BITS));
}

void
block_record_note_packets(struct block_record *record,
    const struct godb_pcap_stats *pcap, int64_t packets_logged)
{
    record->packets_check = packets_check(pcap, packets_logged);
    record->has_undecoded = has_undecoded(pcap);
}

bool
block_record_has_packets(const struct block_record *record,
    const struct godb_pcap_stats *pcap, int64_t packets_logged)
{
    const bool knows_reasons = has_undecoded(pcap);
    const bool knows_any = knows_reasons || pcap->received >= 0 || pcap->dropped >= 0 ||
                           pcap->if_dropped >= 0;
    return record->packets_check == 0 || !knows_any ||
           (record->has_undecoded && !knows_reasons) ||
           record->packets_check == packets_check(pcap, packets_logged);
}

/* --- Describing values ------------------------------------------------------------ */

static void
range_of_16(struct block_record_column *out, const uint8_t *values, uint32_t row_count)
{
    uint16_t min = UINT16_MAX, max = 0;
    for (uint32_t row = 0; row < row_count; row++) {
        const uint16_t value = get_be16(values + (size_t)row * 2);
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    out->min = min;
    out->max = max;
}

static void
range_of_64(struct block_record_column *out, const uint8_t *values, uint32_t row_count)
{
    uint64_t min = UINT64_MAX, max = 0;
    for (uint32_t row = 0; row < row_count; row++) {
        const uint64_t value = get_be64(values + (size_t)row * 8);
        min = value < min ? value : min;
        max = value > max ? value : max;
    }
    out->min = min;
    out->max = max;
}

static void
describe_protos(struct block_record *record, const uint8_t *protos, uint32_t row_count)
{
    memset(record->protos, 0, sizeof record->protos);
    for (uint32_t row = 0; row < row_count; row++)
        record->protos[protos[row] / 8] |= (uint8_t)(1u << (protos[row] % 8));
}

uint32_t
block_record_fence_row(const struct block_record *record, unsigned i)
{
    return (uint32_t)((uint64_t)record->row_count * i / BLOCK_FENCES);
}

static void
describe_order(struct block_record *record, const uint8_t *sips, uint32_t row_count)
{
    record->is_sorted = row_count > 0;
    for (uint32_t row = 1; row < row_count && record->is_sorted; row++)
        record->is_sorted = memcmp(sips + (size_t)(row - 1) * GODB_IP_BYTES,
                                sips + (size_t)row * GODB_IP_BYTES, GODB_IP_BYTES) <= 0;
    for (unsigned i = 0; i < BLOCK_FENCES; i++)
        record->fences[i] =
            record->is_sorted
                ? get_be32(
                      sips + (size_t)block_record_fence_row(record, i) * GODB_IP_BYTES)
                : 0;
}

static uint64_t
sum_of_64(const uint8_t *values, uint32_t row_count)
{
    uint64_t sum = 0;
    for (uint32_t row = 0; values && row < row_count; row++)
        sum = godb_sum(sum, get_be64(values + (size_t)row * 8));
    return sum;
}

static void
describe_traffic(struct block_record *record,
    const uint8_t *const columns[GODB_COLUMN_COUNT], uint32_t row_count)
{
    const uint64_t bytes = godb_sum(sum_of_64(columns[GODB_BYTES_RCVD], row_count),
        sum_of_64(columns[GODB_BYTES_SENT], row_count));
    record->traffic_check = block_record_traffic(meta_number(bytes));
}

void
block_record_describe(struct block_record *record,
    const uint8_t *const columns[GODB_COLUMN_COUNT], uint32_t row_count)
{
    record->row_count = row_count;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        struct block_record_column *out = &record->columns[col];
        out->min = out->max = 0;
        if (columns[col] == NULL) continue;
        if (godb_columns[col].width_bytes == 2)
            range_of_16(out, columns[col], row_count);
        else if (godb_columns[col].width_bytes == 8)
            range_of_64(out, columns[col], row_count);
    }
    describe_protos(record, columns[GODB_PROTO], row_count);
    describe_order(record, columns[GODB_SIP], row_count);
    describe_traffic(record, columns, row_count);
}

/* --- Bytes ------------------------------------------------------------------------ */

struct cursor {
    uint8_t *to;
    const uint8_t *from;
};

static void
put_range(struct cursor *at, int width_bytes, const struct block_record_column *column)
{
    if (width_bytes == 2) {
        put_be16(at->to, (uint16_t)column->min);
        put_be16(at->to + 2, (uint16_t)column->max);
        at->to += 4;
    } else if (width_bytes == 8) {
        put_be64(at->to, column->min);
        put_be64(at->to + 8, column->max);
        at->to += 16;
    }
}

static void
get_range(struct cursor *at, int width_bytes, struct block_record_column *column)
{
    if (width_bytes == 2) {
        column->min = get_be16(at->from);
        column->max = get_be16(at->from + 2);
        at->from += 4;
    } else if (width_bytes == 8) {
        column->min = get_be64(at->from);
        column->max = get_be64(at->from + 8);
        at->from += 16;
    }
}

static uint32_t
flags_of(const struct block_record *record)
{
    return (record->is_sorted ? FLAG_SORTED : 0) |
           (record->has_l7_table ? FLAG_L7_TABLE : 0) |
           (record->has_undecoded ? FLAG_UNDECODED : 0) |
           record->packets_check << FLAG_BITS;
}

void
block_record_pack(uint8_t to[BLOCK_RECORD_BYTES], const struct block_record *record)
{
    struct cursor at = {to + 24, NULL};
    memset(to, 0, BLOCK_RECORD_BYTES);
    put_be64(to, (uint64_t)record->time_s);
    put_be32(to + 8, record->row_count);
    put_be32(to + 12, record->line_count);
    put_be32(to + FLAGS_AT, flags_of(record));
    put_be32(to + OWNER_AT, record->owner);
    put_be32(to + TRAFFIC_AT, record->traffic_check);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++, at.to += 20) {
        put_be64(at.to, record->columns[col].start);
        put_be64(at.to + 8, record->columns[col].hash);
        put_be32(at.to + 16, record->columns[col].packed_bytes);
    }
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        put_range(&at, godb_columns[col].width_bytes, &record->columns[col]);
    memcpy(at.to, record->protos, sizeof record->protos);
    at.to += sizeof record->protos;
    for (size_t i = 0; i < BLOCK_FENCES; i++)
        put_be32(at.to + 4 * i, record->fences[i]);
    put_be64(to + HASH_AT, XXH3_64bits(to, HASH_AT));
}

bool
block_record_unpack(struct block_record *out, const uint8_t from[BLOCK_RECORD_BYTES])
{
    struct cursor at = {NULL, from + 24};
    if (get_be64(from + HASH_AT) != XXH3_64bits(from, HASH_AT)) return false;
    memset(out, 0, sizeof *out);
    out->time_s = (int64_t)get_be64(from);
    out->row_count = get_be32(from + 8);
    out->line_count = get_be32(from + 12);
    const uint32_t flags = get_be32(from + FLAGS_AT);
    out->is_sorted = flags & FLAG_SORTED;
    out->has_l7_table = flags & FLAG_L7_TABLE;
    out->has_undecoded = flags & FLAG_UNDECODED;
    out->packets_check = flags >> FLAG_BITS;
    out->owner = get_be32(from + OWNER_AT);
    out->traffic_check = get_be32(from + TRAFFIC_AT);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++, at.from += 20) {
        out->columns[col].start = get_be64(at.from);
        out->columns[col].hash = get_be64(at.from + 8);
        out->columns[col].packed_bytes = get_be32(at.from + 16);
    }
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        get_range(&at, godb_columns[col].width_bytes, &out->columns[col]);
    memcpy(out->protos, at.from, sizeof out->protos);
    at.from += sizeof out->protos;
    for (size_t i = 0; i < BLOCK_FENCES; i++)
        out->fences[i] = get_be32(at.from + 4 * i);
    return true;
}
