/* SPDX-License-Identifier: MIT
 *
 * block_record.h -- what the index of a day says about one block: where its columns
 * lie, what their bytes hash to, and which values they hold.
 *
 *      stamp | rows | sieve lines | flags | owner
 *      per column: start, length, hash of the stored bytes
 *      least and greatest dport, l7proto and counters; the set of protocols
 *      sip of every sixteenth of the rows, where they are sorted by it
 *      checks of the traffic and of the packets in meta.json
 *      hash of all that
 *
 * docs/format.md has the layout in bytes.
 */
#ifndef GODB_BLOCK_RECORD_H
#define GODB_BLOCK_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "godb/godb.h"

enum { BLOCK_RECORD_BYTES = 384, BLOCK_FENCES = 16 };

struct block_record {
    int64_t time_s;
    uint32_t row_count;
    uint32_t line_count;    /* of the sieve, which follows the record */
    uint32_t owner;         /* block_record_owner() of the day; 0: not known */
    uint32_t traffic_check; /* block_record_traffic(); 0: not known */
    uint32_t packets_check; /* block_record_packets(); 0: not known */
    struct block_record_column {
        uint64_t start, hash;
        uint32_t packed_bytes; /* 0: the file is missing, the values are 0 */
        uint64_t min, max;     /* of ports, l7 ids and counters */
    } columns[GODB_COLUMN_COUNT];
    uint8_t protos[32]; /* a bit for each protocol */
    bool is_sorted;     /* by sip: the fences count */
    bool has_l7_table;  /* l7proto.json says what the l7 ids mean */
    bool has_undecoded; /* packets_check counts those of no flow, by reason */
    uint32_t fences[BLOCK_FENCES];
};

/* The hash of a column's block as it is stored. */
uint64_t block_record_hash(const uint8_t *packed, size_t packed_bytes);

/* Says of which interface's day a record is, so that one that came with the index of
 * another is not taken for this one's.  Never 0. */
uint32_t block_record_owner(const char *iface, int64_t day_s);

/* Says what meta.json has as the block's traffic.  0 where that is not known (-1). */
uint32_t block_record_traffic(int64_t traffic_bytes);

/* Note what meta.json gets as the block's counts of packets, which no column has. */
void block_record_note_packets(struct block_record *record,
    const struct godb_pcap_stats *pcap, int64_t packets_logged);

/* Are these the counts that were noted?  True too where none were, where all of pcap's
 * are unknown, as they are once meta.json was made again from the columns, and where
 * the reasons of undecoded packets are, which goProbe drops when it writes the file. */
bool block_record_has_packets(const struct block_record *record,
    const struct godb_pcap_stats *pcap, int64_t packets_logged);

/* Fill in what the values say: min, max, protos, fences, traffic.  columns as they are
 * stored, without their stamps, row_count values each; a missing l7proto is NULL. */
void block_record_describe(struct block_record *record,
    const uint8_t *const columns[GODB_COLUMN_COUNT], uint32_t row_count);

/* The row that fence i is the sip of. */
uint32_t block_record_fence_row(const struct block_record *record, unsigned i);

void block_record_pack(
    uint8_t to[BLOCK_RECORD_BYTES], const struct block_record *record);

/* False where the bytes are not what block_record_pack() wrote. */
bool block_record_unpack(
    struct block_record *out, const uint8_t from[BLOCK_RECORD_BYTES]);

#endif
