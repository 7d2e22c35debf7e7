/* SPDX-License-Identifier: MIT
 *
 * bytes.c -- see bytes.h.
 */
#include "godb/bytes.h"

#include "godb/clones.h"

GODB_CLONES void
turn_be64(uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = be64toh(values[i]);
}

GODB_CLONES void
turn_be16(uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = be16toh(values[i]);
}
