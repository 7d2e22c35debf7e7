/* SPDX-License-Identifier: MIT
 *
 * row_list.c -- see row_list.h.
 */
#include "godb/row_list.h"

#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

static unsigned
bits_for(size_t count)
{
    unsigned bits = 0;
    while ((size_t)1 << bits < count)
        bits++;
    return bits;
}

void
row_list_init(struct row_list *list, struct chunk_pool *pool, unsigned row_words)
{
    memset(list, 0, sizeof *list);
    list->pool = pool;
    list->row_words = row_words;
    list->chunk_rows = (uint32_t)(pool->chunk_bytes / (row_words * sizeof(uint64_t)));
    list->place_bits = bits_for(list->chunk_rows);
}

static void
give_chunks(struct row_list *list, size_t keep)
{
    while (list->chunk_count > keep)
        chunk_pool_give(list->pool, list->chunks[--list->chunk_count]);
}

void
row_list_free(struct row_list *list)
{
    give_chunks(list, 0);
    free(list->chunks);
    list->chunks = NULL;
    list->chunk_capacity = 0;
    list->count = 0;
}

static int
add_chunk(struct row_list *list, bool must_have)
{
    if (list->chunk_count == list->chunk_capacity) {
        const size_t capacity = list->chunk_capacity * 2 + 8;
        uint64_t **chunks = realloc(list->chunks, capacity * sizeof *chunks);
        if (chunks == NULL) return GODB_ENOMEM;
        list->chunks = chunks;
        list->chunk_capacity = capacity;
    }
    if ((list->chunk_count + 1) << list->place_bits >= UINT32_MAX) return GODB_ENOMEM;
    void *chunk;
    int rc = chunk_pool_take(list->pool, must_have, &chunk);
    if (rc == GODB_OK) list->chunks[list->chunk_count++] = chunk;
    return rc;
}

int
row_list_reserve(struct row_list *list, uint64_t count, bool must_have)
{
    int rc = GODB_OK;
    while (rc == GODB_OK && (uint64_t)list->chunk_count * list->chunk_rows < count)
        rc = add_chunk(list, must_have);
    return rc;
}

int
row_list_append(
    struct row_list *list, const uint64_t *rows, size_t count, bool must_have)
{
    int rc = row_list_reserve(list, list->count + count, must_have);
    while (rc == GODB_OK && count > 0) {
        const size_t at = list->count % list->chunk_rows;
        const size_t room = list->chunk_rows - at, now = count < room ? count : room;
        memcpy(list->chunks[list->count / list->chunk_rows] + at * list->row_words,
            rows, now * list->row_words * sizeof *rows);
        rows += now * list->row_words;
        list->count += now;
        count -= now;
    }
    return rc;
}

void
row_list_cut(struct row_list *list, uint64_t count)
{
    list->count = count;
    give_chunks(list, (size_t)((count + list->chunk_rows - 1) / list->chunk_rows));
}

void
row_list_sum(const struct row_list *list, unsigned first_word, uint64_t *sums)
{
    for (size_t i = 0; i < list->chunk_count; i++) {
        size_t count;
        const uint64_t *row = row_list_chunk(list, i, &count);
        for (; count > 0; count--, row += list->row_words)
            for (unsigned word = first_word; word < list->row_words; word++)
                sums[word - first_word] = godb_sum(sums[word - first_word], row[word]);
    }
}
