/* SPDX-License-Identifier: MIT
 *
 * group_part.c -- see group_part.h.
 */
#include "godb/group_part.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"

void
group_part_init(struct group_part *part, struct chunk_pool *pool, unsigned key_words,
    unsigned row_words)
{
    memset(part, 0, sizeof *part);
    pthread_mutex_init(&part->lock, NULL);
    row_list_init(&part->groups, pool, row_words);
    part->key_words = key_words;
}

/* Of the chunks that have come, keep the first `count`. */
static void
give_back(struct group_part *part, size_t count)
{
    while (part->come_count > count) {
        const struct come_chunk *last = &part->come[--part->come_count];
        part->come_rows -= last->count;
        chunk_pool_give(part->groups.pool, last->rows);
    }
}

void
group_part_free(struct group_part *part)
{
    pthread_mutex_destroy(&part->lock);
    give_back(part, 0);
    free(part->come);
    row_list_free(&part->groups);
    free(part->spilled);
}

static void
note_chunks(struct group_part *part)
{
    atomic_store_explicit(&part->held_chunks,
        part->groups.chunk_count + part->come_count, memory_order_relaxed);
}

/* Last come, first folded: what came last is in the cache. */
static int
fold_come(struct group_part *part, struct group_table *table, uint64_t seed)
{
    /* Some of the rows will be new groups; where more are, slots grow. */
    const uint64_t expected = part->groups.count + part->come_rows / 4;
    int rc = group_table_begin(table, &part->groups, part->key_words, seed, expected);
    while (rc == GODB_OK && part->come_count > 0) {
        const struct come_chunk *last = &part->come[part->come_count - 1];
        rc = group_table_add(table, last->rows, last->count);
        give_back(part, part->come_count - 1);
    }
    return rc;
}

int
group_part_fold(struct group_part *part, struct group_table *table, uint64_t seed,
    struct godb_err *err)
{
    int rc = part->come_count > 0 ? fold_come(part, table, seed) : GODB_OK;
    note_chunks(part);
    return rc == GODB_OK ? GODB_OK : err_nomem(err);
}

/* --- Spilling --------------------------------------------------------------------- */

static int
add_extent(struct group_part *part, struct spill_extent extent)
{
    struct spill_extent *spilled =
        realloc(part->spilled, (part->spilled_count + 1) * sizeof *spilled);
    if (spilled == NULL) return GODB_ENOMEM;
    part->spilled = spilled;
    spilled[part->spilled_count++] = extent;
    return GODB_OK;
}

struct spill {
    struct spill_file *file;
    uint64_t at_bytes;
};

static int
write_rows(struct spill *to, const uint64_t *rows, size_t count, unsigned row_words,
    struct godb_err *err)
{
    const size_t bytes = count * row_words * sizeof *rows;
    const uint64_t at_bytes = to->at_bytes;
    to->at_bytes += bytes;
    return spill_file_write(to->file, rows, bytes, at_bytes, err);
}

static int
write_part(struct spill *to, const struct group_part *part, struct godb_err *err)
{
    const unsigned row_words = part->groups.row_words;
    int rc = GODB_OK;
    for (size_t i = 0; i < part->groups.chunk_count && rc == GODB_OK; i++) {
        size_t count;
        const uint64_t *rows = row_list_chunk(&part->groups, i, &count);
        rc = write_rows(to, rows, count, row_words, err);
    }
    for (size_t i = 0; i < part->come_count && rc == GODB_OK; i++)
        rc = write_rows(to, part->come[i].rows, part->come[i].count, row_words, err);
    return rc;
}

int
group_part_spill(struct group_part *part, struct spill_file *file, struct godb_err *err)
{
    struct spill_extent extent = {0, part->groups.count + part->come_rows};
    int rc = GODB_OK;
    if (extent.row_count > 0) {
        rc = spill_file_reserve(file,
            extent.row_count * part->groups.row_words * sizeof(uint64_t),
            &extent.offset_bytes, err);
        struct spill to = {file, extent.offset_bytes};
        if (rc == GODB_OK) rc = write_part(&to, part, err);
        if (rc == GODB_OK && add_extent(part, extent) != GODB_OK) rc = err_nomem(err);
    }
    give_back(part, 0);
    row_list_cut(&part->groups, 0);
    note_chunks(part);
    return rc;
}

/* --- Room ------------------------------------------------------------------------- */

static struct group_part *
largest_part(struct group_parts *parts)
{
    struct group_part *largest = &parts->parts[0];
    size_t most = 0;
    for (size_t i = 0; i < parts->count; i++) {
        struct group_part *part = &parts->parts[i];
        const size_t held =
            atomic_load_explicit(&part->held_chunks, memory_order_relaxed);
        if (held > most) largest = part;
        if (held > most) most = held;
    }
    return largest;
}

/* Is there more to gain from folding than from spilling? */
static bool
is_worth_folding(const struct group_part *part)
{
    return part->come_rows > (part->groups.count + part->come_rows) / 4;
}

static int
shrink_largest(
    struct group_parts *parts, struct group_table *table, struct godb_err *err)
{
    struct group_part *part = largest_part(parts);
    pthread_mutex_lock(&part->lock);
    int rc = is_worth_folding(part) ? group_part_fold(part, table, parts->seed, err)
                                    : group_part_spill(part, &parts->spill, err);
    pthread_mutex_unlock(&part->lock);
    return rc;
}

/* Where what parts give back is in use by other threads all the time, the limit gives
 * way. */
int
group_parts_take(struct group_parts *parts, struct group_table *table, uint64_t **out,
    struct godb_err *err)
{
    enum { TRIES = 8 };
    for (int try = 1;; try++) {
        void *chunk;
        int rc = chunk_pool_take(&parts->pool, try == TRIES, &chunk);
        *out = chunk;
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != CHUNK_POOL_FULL) return rc;
        rc = shrink_largest(parts, table, err);
        if (rc != GODB_OK) return rc;
    }
}

static int
add_chunk(struct group_part *part, uint64_t *chunk, size_t count)
{
    if (part->come_count == part->come_capacity) {
        const size_t capacity = part->come_capacity * 2 + 8;
        struct come_chunk *come = realloc(part->come, capacity * sizeof *come);
        if (come == NULL) return GODB_ENOMEM;
        part->come = come;
        part->come_capacity = capacity;
    }
    part->come[part->come_count++] = (struct come_chunk){chunk, count};
    part->come_rows += count;
    note_chunks(part);
    return GODB_OK;
}

/* The more groups there are to go through, the more rows should have come. */
static bool
is_time_to_fold(const struct group_part *part)
{
    enum { ROWS_MIN = 1024 };
    return part->come_rows > ROWS_MIN + 2 * part->groups.count;
}

int
group_parts_give(struct group_parts *parts, size_t i, uint64_t *chunk, size_t count,
    struct group_table *table, struct godb_err *err)
{
    struct group_part *part = &parts->parts[i];
    pthread_mutex_lock(&part->lock);
    int rc = add_chunk(part, chunk, count) == GODB_OK ? GODB_OK : err_nomem(err);
    if (rc == GODB_OK && is_time_to_fold(part))
        rc = group_part_fold(part, table, parts->seed, err);
    pthread_mutex_unlock(&part->lock);
    return rc;
}
