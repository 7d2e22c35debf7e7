/* SPDX-License-Identifier: MIT
 *
 * txt_table.c -- see txt_table.h.
 */
#include "shell/txt_table.h"

#include <stdlib.h>
#include <string.h>

enum { PADDING = 3, FIRST_BYTES = 4096 };

struct txt_table {
    size_t column_count, cell_count;
    char *text; /* every cell with its NUL, one behind the other */
    size_t length, capacity;
    size_t widths[]; /* in characters */
};

struct txt_table *
txt_table_new(size_t column_count)
{
    struct txt_table *table =
        calloc(1, sizeof *table + column_count * sizeof table->widths[0]);
    if (table) table->column_count = column_count;
    return table;
}

void
txt_table_free(struct txt_table *table)
{
    if (table == NULL) return;
    free(table->text);
    free(table);
}

/* Characters of UTF-8: bytes that do not continue one. */
static size_t
width_of(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static bool
reserve(struct txt_table *table, size_t length)
{
    if (table->capacity - table->length >= length) return true;
    size_t capacity = table->capacity ? table->capacity : FIRST_BYTES;
    while (capacity - table->length < length)
        capacity *= 2;
    char *more = realloc(table->text, capacity);
    if (more == NULL) return false;
    table->text = more;
    table->capacity = capacity;
    return true;
}

bool
txt_table_add(struct txt_table *table, const char *text)
{
    const size_t length = strlen(text) + 1;
    if (!reserve(table, length)) return false;
    char *cell = memcpy(table->text + table->length, text, length);
    for (char *c = cell; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    const size_t column = table->cell_count++ % table->column_count;
    const size_t width = width_of(cell);
    if (width > table->widths[column]) table->widths[column] = width;
    table->length += length;
    return true;
}

void
txt_table_print(const struct txt_table *table, FILE *out)
{
    const char *cell = table->text;
    for (size_t i = 0; i < table->cell_count; i++) {
        const size_t column = i % table->column_count;
        const size_t blanks = PADDING + table->widths[column] - width_of(cell);
        fprintf(out, "%*s%s", (int)blanks, "", cell);
        if (column + 1 == table->column_count) fputc('\n', out);
        cell += strlen(cell) + 1;
    }
}
