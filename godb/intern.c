/* SPDX-License-Identifier: MIT
 *
 * intern.c -- see intern.h.
 */
#include "godb/intern.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* The slot that holds text, or the free one where it belongs. */
static size_t
find(const struct intern *table, const char *text)
{
    size_t slot = XXH3_64bits(text, strlen(text)) & (table->slot_count - 1);
    while (table->slots[slot] != 0 &&
           strcmp(table->texts[table->slots[slot] - 1], text) != 0)
        slot = (slot + 1) & (table->slot_count - 1);
    return slot;
}

static int
grow(struct intern *table)
{
    const size_t capacity = table->capacity ? table->capacity * 2 : 64;
    char **texts = realloc(table->texts, capacity * sizeof *texts);
    if (texts == NULL) return -1;
    table->texts = texts;
    uint32_t *slots = calloc(capacity * 2, sizeof *slots);
    if (slots == NULL) return -1;
    free(table->slots);
    table->slots = slots;
    table->slot_count = capacity * 2;
    table->capacity = capacity;
    for (size_t code = 0; code < table->count; code++)
        slots[find(table, texts[code])] = (uint32_t)code + 1;
    return 0;
}

uint32_t
intern_code(struct intern *table, const char *text)
{
    if (table->count == table->capacity && grow(table) != 0) return UINT32_MAX;
    const size_t slot = find(table, text);
    if (table->slots[slot] != 0) return table->slots[slot] - 1;
    char *copy = strdup(text);
    if (copy == NULL) return UINT32_MAX;
    table->texts[table->count++] = copy;
    table->slots[slot] = (uint32_t)table->count;
    return (uint32_t)table->count - 1;
}

const char *
intern_text(const struct intern *table, uint32_t code)
{
    return table->texts[code];
}

void
intern_free(struct intern *table)
{
    for (size_t code = 0; code < table->count; code++)
        free(table->texts[code]);
    free(table->texts);
    free(table->slots);
    memset(table, 0, sizeof *table);
}
