/* SPDX-License-Identifier: MIT
 *
 * row_list.h -- rows of words, one after the other, in chunks of a pool.
 *
 *      chunks   | row | row | row |-|   | row | row | row |-|   | row |     |     |-|
 *      numbers    0     1     2           4     5     6           8
 *
 * A row's number is that of its chunk and its place in there: where a chunk is no power
 * of two of rows, some numbers stand for none.  Chunks never move.
 */
#ifndef GODB_ROW_LIST_H
#define GODB_ROW_LIST_H

#include "godb/chunk_pool.h"

enum { ROW_WORDS_MAX = 15 };

struct row_list {
    struct chunk_pool *pool;
    unsigned row_words;
    unsigned place_bits; /* of a number, for the place in its chunk */
    uint32_t chunk_rows;
    uint64_t **chunks;
    size_t chunk_count, chunk_capacity;
    uint64_t count; /* of rows */
};

/* pool is borrowed until row_list_free(). */
void row_list_init(struct row_list *list, struct chunk_pool *pool, unsigned row_words);

/* All chunks go back to the pool; the list can be used again.  A list of zeros has
 * nothing to free. */
void row_list_free(struct row_list *list);

/* All of the rows or none: GODB_OK, GODB_ENOMEM, or what the pool says. */
int row_list_append(
    struct row_list *list, const uint64_t *rows, size_t count, bool must_have);

/* Chunks for so many rows in all: GODB_OK, GODB_ENOMEM, or what the pool says. */
int row_list_reserve(struct row_list *list, uint64_t count, bool must_have);

/* Keep the first `count` rows, and no more chunks than those need. */
void row_list_cut(struct row_list *list, uint64_t count);

static inline uint64_t *
row_list_row(const struct row_list *list, uint32_t number)
{
    return list->chunks[number >> list->place_bits] +
           (number & ((1u << list->place_bits) - 1)) * (size_t)list->row_words;
}

/* The number behind `number`. */
static inline uint32_t
row_list_next(const struct row_list *list, uint32_t number)
{
    const uint32_t mask = (1u << list->place_bits) - 1;
    return ((number + 1) & mask) == list->chunk_rows ? (number | mask) + 1 : number + 1;
}

/* The rows of chunk i, which begin with number i << place_bits. */
static inline uint64_t *
row_list_chunk(const struct row_list *list, size_t i, size_t *out_count)
{
    const uint64_t before = (uint64_t)i * list->chunk_rows;
    const uint64_t left = list->count > before ? list->count - before : 0;
    *out_count = left < list->chunk_rows ? (size_t)left : list->chunk_rows;
    return list->chunks[i];
}

/* Add each of the words from first_word on of all rows to sums[], which stop at
 * UINT64_MAX. */
void row_list_sum(const struct row_list *list, unsigned first_word, uint64_t *sums);

#endif
