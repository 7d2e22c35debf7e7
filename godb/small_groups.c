/* SPDX-License-Identifier: MIT
 *
 * small_groups.c -- see small_groups.h.
 */
#include "godb/small_groups.h"

#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"
#include "godb/group_key.h"

void
small_groups_init(struct small_groups *small, unsigned sum_count, size_t max)
{
    memset(small, 0, sizeof *small);
    small->sum_count = sum_count;
    small->max = max;
}

void
small_groups_free(struct small_groups *small)
{
    for (int i = 0; i < SMALL_PAGES; i++)
        free(small->pages[i]);
    free(small->rows);
    memset(small, 0, sizeof *small);
}

static inline uint16_t *
place_of(struct small_groups *small, uint32_t number)
{
    return &small->pages[number / SMALL_PAGE_KEYS][number % SMALL_PAGE_KEYS];
}

/* The pages that the keys are on, and their places on the way to the cache. */
static int
open_pages(struct small_groups *small, const uint32_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t **page = &small->pages[numbers[i] / SMALL_PAGE_KEYS];
        if (*page == NULL) *page = calloc(SMALL_PAGE_KEYS, sizeof **page);
        if (*page == NULL) return GODB_ENOMEM;
        __builtin_prefetch(place_of(small, numbers[i]), 1);
    }
    return GODB_OK;
}

static uint16_t
new_group(struct small_groups *small, uint32_t number)
{
    uint64_t *row = small->rows + small->count * (small->sum_count + 1);
    row[0] = key_from_number(number);
    memset(row + 1, 0, small->sum_count * sizeof *row);
    return (uint16_t)++small->count;
}

static inline __attribute__((always_inline)) void
add_rows(struct small_groups *small, const uint32_t *numbers, const uint64_t *sums,
    size_t count, unsigned sum_count)
{
    for (size_t i = 0; i < count; i++, sums += sum_count) {
        uint16_t *place = place_of(small, numbers[i]);
        if (*place == 0) *place = new_group(small, numbers[i]);
        uint64_t *group = small->rows + (size_t)(*place - 1) * (sum_count + 1) + 1;
        for (unsigned sum = 0; sum < sum_count; sum++)
            group[sum] = godb_sum(group[sum], sums[sum]);
    }
}

int
small_groups_add(struct small_groups *small, const uint32_t *numbers,
    const uint64_t *sums, size_t count)
{
    if (small->rows == NULL)
        small->rows = calloc(small->max, (small->sum_count + 1) * sizeof *small->rows);
    if (small->rows == NULL || open_pages(small, numbers, count) != GODB_OK)
        return GODB_ENOMEM;
    /* What reports ask for, compiled for itself. */
    if (small->sum_count == 2)
        add_rows(small, numbers, sums, count, 2);
    else
        add_rows(small, numbers, sums, count, small->sum_count);
    return GODB_OK;
}

void
small_groups_clear(struct small_groups *small)
{
    const uint64_t *row = small->rows;
    for (; small->count > 0; small->count--, row += small->sum_count + 1)
        *place_of(small, key_to_number(*row)) = 0;
}
