/* SPDX-License-Identifier: MIT
 *
 * own_groups.c -- see own_groups.h.
 */
#include "godb/own_groups.h"

#include <string.h>

#include "godb/godb.h"

void
own_groups_init(struct own_groups *own, const struct key_layout *layout,
    struct chunk_pool *pool, unsigned row_words, uint64_t seed)
{
    memset(own, 0, sizeof *own);
    row_list_init(&own->rows, pool, row_words);
    own->key_words = layout->words;
    own->seed = seed;
}

void
own_groups_free(struct own_groups *own)
{
    group_table_free(&own->table);
    row_list_free(&own->rows);
}

int
own_groups_add(struct own_groups *own, const uint64_t *rows, size_t count)
{
    own->row_count += count;
    if (own->table.list == NULL && group_table_begin(&own->table, &own->rows,
                                       own->key_words, own->seed, 0) != GODB_OK)
        return GODB_ENOMEM;
    return group_table_add(&own->table, rows, count);
}

void
own_groups_clear(struct own_groups *own)
{
    own->table.list = NULL;
    own->rows.count = own->row_count = 0;
}
