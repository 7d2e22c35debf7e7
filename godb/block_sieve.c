/* SPDX-License-Identifier: MIT
 *
 * block_sieve.c -- see block_sieve.h.
 */
#include "godb/block_sieve.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "godb/bytes.h"

enum {
    LINE_BITS = 480,
    CHECK_AT = LINE_BITS / 8,
    PROBES = 4,        /* bits that a key sets, from 16 bits of its hash each */
    KEYS_A_ROW = 6,    /* sip, dip, their networks, dport, l7proto */
    ROOM_PERCENT = 144 /* of the bits set, so that half of all are: 1 / ln 2 */
};

enum kind { KIND_IP, KIND_V4_NET, KIND_V6_NET, KIND_NUMBER };

/* --- Keys ------------------------------------------------------------------------- */

static struct sieve_key
make_key(
    enum kind kind, enum godb_column column, const uint8_t *value, size_t value_bytes)
{
    const XXH128_hash_t hash = XXH3_128bits_withSeed(
        value, value_bytes, (uint64_t)kind << 8 | (uint64_t)column);
    return (struct sieve_key){hash.low64, hash.high64};
}

struct sieve_key
sieve_key_ip(enum godb_column column, const uint8_t ip[GODB_IP_BYTES])
{
    return make_key(KIND_IP, column, ip, GODB_IP_BYTES);
}

struct sieve_key
sieve_key_net(enum godb_column column, const uint8_t ip[GODB_IP_BYTES], bool is_v4)
{
    return make_key(is_v4 ? KIND_V4_NET : KIND_V6_NET, column, ip,
        (is_v4 ? SIEVE_V4_NET_BITS : SIEVE_V6_NET_BITS) / 8);
}

struct sieve_key
sieve_key_number(enum godb_column column, uint16_t number)
{
    uint8_t stored[2];
    put_be16(stored, number);
    return make_key(KIND_NUMBER, column, stored, sizeof stored);
}

uint32_t
sieve_line_of(struct sieve_key key, uint32_t line_count)
{
    return (uint32_t)((key.line >> 32) * line_count >> 32);
}

static unsigned
bit_of(struct sieve_key key, int probe)
{
    return (unsigned)((key.bits >> (16 * probe) & 0xffff) * LINE_BITS >> 16);
}

/* --- Lines ------------------------------------------------------------------------ */

static uint32_t
line_check(const uint8_t *line, int64_t time_s, uint32_t number)
{
    const uint64_t seed = (uint64_t)time_s << 24 ^ number;
    return (uint32_t)XXH3_64bits_withSeed(line, CHECK_AT, seed);
}

bool
sieve_line_check(const uint8_t line[SIEVE_LINE_BYTES], int64_t time_s, uint32_t number)
{
    return get_be32(line + CHECK_AT) == line_check(line, time_s, number);
}

bool
sieve_line_may_hold(const uint8_t line[SIEVE_LINE_BYTES], struct sieve_key key)
{
    for (int probe = 0; probe < PROBES; probe++) {
        const unsigned bit = bit_of(key, probe);
        if (!(line[bit / 8] >> (bit % 8) & 1)) return false;
    }
    return true;
}

static void
put_key(uint8_t *line, struct sieve_key key)
{
    for (int probe = 0; probe < PROBES; probe++) {
        const unsigned bit = bit_of(key, probe);
        line[bit / 8] |= (uint8_t)(1u << (bit % 8));
    }
}

/* --- Building --------------------------------------------------------------------- */

struct key_list {
    struct sieve_key *keys;
    size_t count;
};

/* Rows are sorted by sip as a rule: a value like the one before adds nothing. */
static void
list_ips(struct key_list *list, enum godb_column column, const uint8_t *ips,
    uint32_t row_count)
{
    for (uint32_t row = 0; row < row_count; row++, ips += GODB_IP_BYTES) {
        if (row > 0 && memcmp(ips, ips - GODB_IP_BYTES, GODB_IP_BYTES) == 0) continue;
        list->keys[list->count++] = sieve_key_ip(column, ips);
        list->keys[list->count++] = sieve_key_net(column, ips, godb_ip_is_v4(ips));
    }
}

static void
list_numbers(struct key_list *list, enum godb_column column, const uint8_t *numbers,
    uint32_t row_count)
{
    for (size_t row = 0; row < row_count; row++)
        if (row == 0 || memcmp(numbers + 2 * row, numbers + 2 * row - 2, 2) != 0)
            list->keys[list->count++] =
                sieve_key_number(column, get_be16(numbers + 2 * row));
}

static uint8_t *
line_of(uint8_t *lines, uint32_t line_count, struct sieve_key key)
{
    return lines + (size_t)sieve_line_of(key, line_count) * SIEVE_LINE_BYTES;
}

static void
fill(uint8_t *lines, uint32_t line_count, const struct key_list *list)
{
    enum { AHEAD = 16 }; /* keys whose lines are on their way from memory */
    memset(lines, 0, (size_t)line_count * SIEVE_LINE_BYTES);
    for (size_t i = 0; i < list->count; i++) {
        if (i + AHEAD < list->count)
            __builtin_prefetch(line_of(lines, line_count, list->keys[i + AHEAD]), 1);
        put_key(line_of(lines, line_count, list->keys[i]), list->keys[i]);
    }
}

static uint32_t
lines_for(uint64_t set_bits)
{
    const uint64_t lines = set_bits * ROOM_PERCENT / 100 / LINE_BITS;
    return lines > 0 ? (uint32_t)lines : 1;
}

/* How many bits all keys set, had each one the filter for itself: keys that came twice
 * set the same bits, those that met by chance are made up for by the series of
 * -m ln(1 - set / m). */
static uint64_t
distinct_bits(const uint8_t *lines, uint32_t line_count)
{
    const double most = (double)line_count * LINE_BITS;
    size_t set = 0;
    for (size_t at = 0; at < (size_t)line_count * SIEVE_LINE_BYTES; at += 4) {
        uint32_t word;
        memcpy(&word, lines + at, sizeof word);
        set += (size_t)__builtin_popcount(word);
    }
    const double part = (double)set / most;
    return (uint64_t)((double)set * (1 + part / 2 + part * part / 3));
}

static void
list_keys(struct key_list *list, const uint8_t *const columns[GODB_COLUMN_COUNT],
    uint32_t row_count)
{
    list_ips(list, GODB_SIP, columns[GODB_SIP], row_count);
    list_ips(list, GODB_DIP, columns[GODB_DIP], row_count);
    list_numbers(list, GODB_DPORT, columns[GODB_DPORT], row_count);
    if (columns[GODB_L7PROTO] != NULL)
        list_numbers(list, GODB_L7PROTO, columns[GODB_L7PROTO], row_count);
    else
        list->keys[list->count++] = sieve_key_number(GODB_L7PROTO, 0);
}

int
sieve_build(uint8_t **out, uint32_t *out_line_count,
    const uint8_t *const columns[GODB_COLUMN_COUNT], uint32_t row_count, int64_t time_s)
{
    *out = NULL;
    *out_line_count = 0;
    if (row_count < SIEVE_MIN_ROWS) return GODB_OK;
    struct key_list list = {NULL, 0};
    list.keys = malloc((size_t)row_count * KEYS_A_ROW * sizeof *list.keys);
    uint32_t line_count = lines_for((uint64_t)row_count * KEYS_A_ROW * PROBES);
    uint8_t *lines = malloc((size_t)line_count * SIEVE_LINE_BYTES);
    if (list.keys == NULL || lines == NULL) {
        free(list.keys);
        free(lines);
        return GODB_ENOMEM;
    }
    list_keys(&list, columns, row_count);
    fill(lines, line_count, &list);
    line_count = lines_for(distinct_bits(lines, line_count));
    fill(lines, line_count, &list);
    free(list.keys);
    for (uint32_t i = 0; i < line_count; i++) {
        uint8_t *line = lines + (size_t)i * SIEVE_LINE_BYTES;
        put_be32(line + CHECK_AT, line_check(line, time_s, i));
    }
    *out = lines;
    *out_line_count = line_count;
    return GODB_OK;
}
