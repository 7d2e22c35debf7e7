/* SPDX-License-Identifier: MIT
 *
 * bytes.c -- see bytes.h.
 *
 * Clones are static: the compiler would export what chooses among others.
 */
#include "godb/bytes.h"

#include "godb/clones.h"

GODB_CLONES static void
turn_8(uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = be64toh(values[i]);
}

GODB_CLONES static void
turn_2(uint16_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        values[i] = be16toh(values[i]);
}

void
turn_be64(uint64_t *values, size_t count)
{
    turn_8(values, count);
}

void
turn_be16(uint16_t *values, size_t count)
{
    turn_2(values, count);
}
