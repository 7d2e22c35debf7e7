/* SPDX-License-Identifier: MIT
 *
 * group_key.h -- the dimensions of a row, packed into a few words.
 *
 *      time 8 | iface 4 | sip 4, 16 | dip 4, 16 | dport 2 | proto 1 | l7proto 2 | ...
 *
 * Only the wanted dimensions are there, big-endian and in this order, padded with zeros
 * to whole words: keys compare as their rows should be ordered.  Rows with IPv4
 * addresses alone use a narrow layout with four bytes an address; a row can have one
 * layout only, since an address is IPv4 exactly when its last twelve bytes are zero.
 */
#ifndef GODB_GROUP_KEY_H
#define GODB_GROUP_KEY_H

#include "godb/bytes.h"
#include "godb/godb.h"
#include "godb/intern.h"

struct key_layout {
    unsigned dims;
    uint8_t ip_bytes; /* 4 or 16 */
    uint8_t offset[GODB_DIM_COUNT];
    unsigned bytes, words; /* of a key: without and with padding */
};

/* What one chunk contributes to every key of it. */
struct key_context {
    uint32_t iface; /* index in the list of interfaces */
    /* The code of a text of L7_NAME or L7_CATEGORY; UINT32_MAX: out of memory. */
    uint32_t (*l7_code)(void *arg, const char *text);
    void *l7_arg;
};

void key_layout_init(struct key_layout *layout, unsigned dims, uint8_t ip_bytes);

/* Bits of the columns that the dimensions come from. */
unsigned key_columns(unsigned dims);

/* Pack the keys of rows[0..count) of the chunk, layout->words
 * each, beginning step_words apart.  GODB_OK or GODB_ENOMEM. */
int key_pack(const struct key_layout *layout, const struct key_context *context,
    const struct godb_chunk *chunk, const uint32_t *rows, size_t count, uint64_t *keys,
    size_t step_words);

/* Keys of ports and protocols as numbers below 2^24: their last byte is the upper one,
 * as it is that with fewest values, so that keys in use are close together. */
enum { KEY_NUMBER_BYTES = 3 };

/* Are the keys that short?  None of them needs a key_context then. */
bool key_has_number(const struct key_layout *layout);

/* The numbers of the keys that key_pack() would make. */
void key_numbers(const struct key_layout *layout, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count, uint32_t *numbers);

static inline uint32_t
key_to_number(uint64_t key)
{
    uint8_t bytes[sizeof key];
    memcpy(bytes, &key, sizeof bytes);
    return (uint32_t)bytes[2] << 16 | get_be16(bytes);
}

static inline uint64_t
key_from_number(uint32_t number)
{
    uint8_t bytes[8] = {0, 0, (uint8_t)(number >> 16)};
    uint64_t key;
    put_be16(bytes, (uint16_t)number);
    memcpy(&key, bytes, sizeof key);
    return key;
}

/* The dimensions of a key, into a row whose other fields stay. */
void key_unpack(const struct key_layout *layout, const uint64_t *key,
    const char (*ifaces)[GODB_IFACE_MAX], const struct intern *l7,
    struct godb_row *out);

#endif
