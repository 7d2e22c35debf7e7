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
    row_list_init(&part->rows, pool, row_words);
    part->key_words = key_words;
}

void
group_part_free(struct group_part *part)
{
    pthread_mutex_destroy(&part->lock);
    row_list_free(&part->rows);
    free(part->spilled);
}

static void
note_chunks(struct group_part *part)
{
    atomic_store_explicit(
        &part->held_chunks, part->rows.chunk_count, memory_order_relaxed);
}

int
group_part_fold(struct group_part *part, struct group_table *table, uint64_t seed,
    struct godb_err *err)
{
    int rc =
        group_table_fold(table, &part->rows, part->key_words, seed, &part->group_count);
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

static int
write_rows(struct spill_file *file, const struct row_list *list, uint64_t offset_bytes,
    struct godb_err *err)
{
    int rc = GODB_OK;
    for (size_t i = 0; i < list->chunk_count && rc == GODB_OK; i++) {
        size_t count;
        const uint64_t *rows = row_list_chunk(list, i, &count);
        const size_t bytes = count * list->row_words * sizeof *rows;
        rc = spill_file_write(file, rows, bytes, offset_bytes, err);
        offset_bytes += bytes;
    }
    return rc;
}

int
group_part_spill(struct group_part *part, struct spill_file *file, struct godb_err *err)
{
    struct row_list *list = &part->rows;
    struct spill_extent extent = {0, list->count};
    int rc = GODB_OK;
    if (extent.row_count > 0) {
        rc = spill_file_reserve(file,
            extent.row_count * list->row_words * sizeof(uint64_t), &extent.offset_bytes,
            err);
        if (rc == GODB_OK) rc = write_rows(file, list, extent.offset_bytes, err);
        if (rc == GODB_OK && add_extent(part, extent) != GODB_OK) rc = err_nomem(err);
    }
    row_list_cut(list, 0);
    part->group_count = 0;
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
    return part->rows.count - part->group_count > part->rows.count / 4;
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

/* Its lock is held, but given up while another part is made smaller.  Where the rest is
 * in use all the time, by more threads than the limit has room for, it gives way. */
static int
append(struct group_parts *parts, struct group_part *part, const uint64_t *rows,
    size_t count, struct group_table *table, struct godb_err *err)
{
    enum { TRIES = 8 };
    for (int try = 1;; try++) {
        int rc = row_list_append(&part->rows, rows, count, try == TRIES);
        note_chunks(part);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != CHUNK_POOL_FULL) return rc;
        pthread_mutex_unlock(&part->lock);
        rc = shrink_largest(parts, table, err);
        pthread_mutex_lock(&part->lock);
        if (rc != GODB_OK) return rc;
    }
}

/* The more groups there are to go through, the more rows should have come. */
static bool
is_time_to_fold(const struct group_part *part)
{
    enum { ROWS_MIN = 1024 };
    const uint64_t come = part->rows.count - part->group_count;
    return come > ROWS_MIN + 2 * part->group_count;
}

int
group_parts_add(struct group_parts *parts, size_t i, const uint64_t *rows, size_t count,
    struct group_table *table, struct godb_err *err)
{
    struct group_part *part = &parts->parts[i];
    pthread_mutex_lock(&part->lock);
    int rc = append(parts, part, rows, count, table, err);
    if (rc == GODB_OK && is_time_to_fold(part))
        rc = group_part_fold(part, table, parts->seed, err);
    pthread_mutex_unlock(&part->lock);
    return rc;
}
