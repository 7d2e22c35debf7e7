/* SPDX-License-Identifier: MIT
 *
 * block_sieve.h -- which values a block may hold: a compact filter over its addresses,
 * networks, ports and layer 7 ids.
 *
 *      line   | 480 bits ..................... | check |    64 bytes, one cache line
 *      line   | 480 bits ..................... | check |
 *      ...
 *
 * A Bloom filter whose keys keep to one line each, so that a question reads one line of
 * each block, and each line can be believed or not by itself.  A value that was put in
 * is always found; one that was not is found in about one block of sixteen.
 *
 * Networks are keys of their own: every address adds its /24 (IPv6: its /48), which
 * answers for that network and for all smaller ones.
 */
#ifndef GODB_BLOCK_SIEVE_H
#define GODB_BLOCK_SIEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "godb/godb.h"

enum {
    SIEVE_LINE_BYTES = 64,
    SIEVE_MIN_ROWS = 32, /* a smaller block is read as fast as it is sieved */
    SIEVE_V4_NET_BITS = 24,
    SIEVE_V6_NET_BITS = 48
};

/* What a key is made of. */
struct sieve_key {
    uint64_t line, bits;
};

/* column: GODB_SIP or GODB_DIP. */
struct sieve_key sieve_key_ip(enum godb_column column, const uint8_t ip[GODB_IP_BYTES]);

/* The network of SIEVE_V4_NET_BITS (SIEVE_V6_NET_BITS) that ip lies in. */
struct sieve_key sieve_key_net(
    enum godb_column column, const uint8_t ip[GODB_IP_BYTES], bool is_v4);

/* column: GODB_DPORT or GODB_L7PROTO. */
struct sieve_key sieve_key_number(enum godb_column column, uint16_t number);

/* Which of a sieve's lines the key is in. */
uint32_t sieve_line_of(struct sieve_key key, uint32_t line_count);

/* Is this the line that was written, with this number, for the block of this stamp? */
bool sieve_line_check(
    const uint8_t line[SIEVE_LINE_BYTES], int64_t time_s, uint32_t number);
bool sieve_line_may_hold(const uint8_t line[SIEVE_LINE_BYTES], struct sieve_key key);

/* The sieve of a block: columns as they are stored, without their stamps, row_count
 * values each; a missing l7proto (NULL) is all 0.  *out is for free(3), NULL with
 * *out_line_count 0 for a block that is too small.  GODB_OK or GODB_ENOMEM. */
int sieve_build(uint8_t **out, uint32_t *out_line_count,
    const uint8_t *const columns[GODB_COLUMN_COUNT], uint32_t row_count,
    int64_t time_s);

#endif
