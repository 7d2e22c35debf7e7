/* SPDX-License-Identifier: MIT
 *
 * intern.h -- texts as small numbers, so that rows can be grouped by a name.
 *
 * Codes count from 0 in the order of arrival, and texts live as long as the table.
 */
#ifndef GODB_INTERN_H
#define GODB_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern {
    char **texts;
    size_t count, capacity;
    uint32_t *slots; /* code + 1; 0: free */
    size_t slot_count;
};

/* The code of a text, which is copied where it is new; UINT32_MAX: out of memory.
 * Zero-initialise *table before the first call. */
uint32_t intern_code(struct intern *table, const char *text);
const char *intern_text(const struct intern *table, uint32_t code);
void intern_free(struct intern *table);

#endif
