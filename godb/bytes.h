/* SPDX-License-Identifier: MIT
 *
 * bytes.h -- big-endian loads and stores: the only place that knows byte order.
 *
 * Pointers need no alignment.  Column arrays are turned in place, from the order on
 * disk to the host's.
 */
#ifndef GODB_BYTES_H
#define GODB_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t
get_be64(const uint8_t *from)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    return be64toh(value);
}

static inline uint32_t
get_be32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof value);
    return be32toh(value);
}

static inline uint16_t
get_be16(const uint8_t *from)
{
    uint16_t value;
    memcpy(&value, from, sizeof value);
    return be16toh(value);
}

static inline void
put_be64(uint8_t *to, uint64_t value)
{
    value = htobe64(value);
    memcpy(to, &value, sizeof value);
}

static inline void
put_be32(uint8_t *to, uint32_t value)
{
    value = htobe32(value);
    memcpy(to, &value, sizeof value);
}

static inline void
put_be16(uint8_t *to, uint16_t value)
{
    value = htobe16(value);
    memcpy(to, &value, sizeof value);
}

/* `count` values from the order on disk to the host's, in place. */
void turn_be64(uint64_t *values, size_t count);
void turn_be16(uint16_t *values, size_t count);

#endif
