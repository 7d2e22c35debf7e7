/* SPDX-License-Identifier: MIT
 *
 * own_groups.c -- see own_groups.h.
 */
#include "godb/own_groups.h"

#include <stdlib.h>
#include <string.h>

#include "godb/bytes.h"
#include "godb/godb.h"

/* Numbers of rows have gaps, but those are fewer than the rows. */
_Static_assert(2 * OWN_GROUPS_MAX <= UINT16_MAX, "a page holds any number");

void
own_groups_init(struct own_groups *own, const struct key_layout *layout,
    struct chunk_pool *pool, unsigned row_words, uint64_t seed)
{
    memset(own, 0, sizeof *own);
    row_list_init(&own->rows, pool, row_words);
    own->key_words = layout->words;
    own->seed = seed;
    own->has_pages = layout->words == 1 && layout->bytes <= 3;
}

static void
free_pages(struct own_groups *own)
{
    for (int i = 0; i < OWN_PAGES; i++) {
        free(own->pages[i]);
        own->pages[i] = NULL;
    }
}

void
own_groups_free(struct own_groups *own)
{
    free_pages(own);
    group_table_free(&own->table);
    row_list_free(&own->rows);
}

/* --- Pages ------------------------------------------------------------------------ */

/* The key's three bytes: the last says which page, as it is the one with fewest values.
 */
static inline uint32_t
key_number(const uint64_t *row)
{
    const uint8_t *bytes = (const uint8_t *)row;
    return (uint32_t)bytes[2] << 16 | get_be16(bytes);
}

static inline void
add_to_page(struct own_groups *own, uint16_t *number, const uint64_t *row)
{
    const unsigned row_words = own->rows.row_words;
    if (*number == 0) {
        *number = (uint16_t)(own->table.next + 1);
        memcpy(row_list_row(&own->rows, own->table.next), row, row_words * sizeof *row);
        own->table.next = row_list_next(&own->rows, own->table.next);
        own->rows.count++;
        return;
    }
    uint64_t *group = row_list_row(&own->rows, *number - 1u);
    for (unsigned word = 1; word < row_words; word++)
        group[word] = godb_sum(group[word], row[word]);
}

static int
add_by_page(struct own_groups *own, const uint64_t *rows, size_t count)
{
    const unsigned row_words = own->rows.row_words;
    for (size_t i = 0; i < count; i++, rows += row_words) {
        const uint32_t key = key_number(rows);
        uint16_t **page = &own->pages[key / OWN_PAGE_KEYS];
        if (*page == NULL) *page = calloc(OWN_PAGE_KEYS, sizeof **page);
        if (*page == NULL) return GODB_ENOMEM;
        add_to_page(own, &(*page)[key % OWN_PAGE_KEYS], rows);
    }
    return GODB_OK;
}

static void
clear_pages(struct own_groups *own)
{
    for (size_t i = 0; i < own->rows.chunk_count; i++) {
        size_t count;
        const uint64_t *row = row_list_chunk(&own->rows, i, &count);
        for (; count > 0; count--, row += own->rows.row_words)
            own->pages[key_number(row) / OWN_PAGE_KEYS]
                      [key_number(row) % OWN_PAGE_KEYS] = 0;
    }
}

/* --- Either way ------------------------------------------------------------------- */

static int
add_by_hash(
    struct own_groups *own, const uint64_t *rows, uint32_t *hashes, size_t count)
{
    if (own->table.list == NULL && group_table_begin(&own->table, &own->rows,
                                       own->key_words, own->seed, 0, 0) != GODB_OK)
        return GODB_ENOMEM;
    group_hash(hashes, rows, own->key_words, own->rows.row_words, count, own->seed);
    int rc = group_table_add(&own->table, rows, hashes, count);
    own->rows.count = own->table.count;
    return rc;
}

int
own_groups_add(
    struct own_groups *own, const uint64_t *rows, uint32_t *hashes, size_t count)
{
    own->row_count += count;
    if (row_list_reserve(&own->rows, own->rows.count + count, true) != GODB_OK)
        return GODB_ENOMEM;
    return own->has_pages ? add_by_page(own, rows, count)
                          : add_by_hash(own, rows, hashes, count);
}

void
own_groups_clear(struct own_groups *own)
{
    if (own->has_pages) clear_pages(own);
    own->table.list = NULL;
    own->table.next = 0;
    own->rows.count = own->row_count = 0;
}
