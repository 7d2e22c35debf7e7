/* SPDX-License-Identifier: MIT
 *
 * run_merge.c -- see run_merge.h.
 */
#include "godb/run_merge.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"

static const uint64_t *
head_of(const struct run_merge *merge, const struct run_reader *reader)
{
    /* clang misses that step() put another reader in place of the one it freed.
     * NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    return reader->rows + reader->at * merge->row_words[reader->run.kind];
}

static void
take_lead(const struct run_merge *merge, struct run_reader *reader)
{
    reader->lead =
        group_order_lead(merge->order, reader->run.kind, head_of(merge, reader));
}

/* The next rows of a run into its buffer; reader->have is 0 where none are left. */
static int
fill(struct run_merge *merge, struct run_reader *reader, struct godb_err *err)
{
    struct spill_extent *left = &reader->run.extent;
    const size_t most = merge->buffer_rows[reader->run.kind];
    reader->at = 0;
    reader->have = left->row_count < most ? (size_t)left->row_count : most;
    if (reader->have == 0) return GODB_OK;
    const size_t bytes =
        reader->have * merge->row_words[reader->run.kind] * sizeof(uint64_t);
    int rc = spill_file_read(merge->file, reader->rows, bytes, left->offset_bytes, err);
    if (rc != GODB_OK) return rc;
    left->offset_bytes += bytes;
    left->row_count -= reader->have;
    take_lead(merge, reader);
    return GODB_OK;
}

static bool
comes_before(const struct run_merge *merge, const struct run_reader *a,
    const struct run_reader *b)
{
    if (a->lead != b->lead) return a->lead < b->lead;
    return group_order_compare(merge->order, a->run.kind, head_of(merge, a),
               b->run.kind, head_of(merge, b)) < 0;
}

static void
sift_down(struct run_merge *merge, size_t at)
{
    struct run_reader *heap = merge->readers;
    for (;;) {
        size_t first = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < merge->count;
             child++)
            if (comes_before(merge, &heap[child], &heap[first])) first = child;
        if (first == at) return;
        const struct run_reader moved = heap[at];
        heap[at] = heap[first];
        heap[first] = moved;
        at = first;
    }
}

/* --- Opening ---------------------------------------------------------------------- */

static void
share_memory(struct run_merge *merge, size_t count, uint64_t memory_bytes)
{
    enum { MOST_BYTES = 128 << 10 };
    const struct grouping *grouping = merge->order->grouping;
    uint64_t bytes = memory_bytes / (count > 0 ? count : 1);
    if (bytes > MOST_BYTES) bytes = MOST_BYTES;
    for (int kind = 0; kind < GROUP_KINDS; kind++) {
        merge->row_words[kind] = grouping_row_words(grouping, (enum group_kind)kind);
        const size_t rows = (size_t)bytes / (merge->row_words[kind] * sizeof(uint64_t));
        merge->buffer_rows[kind] = rows > 0 ? rows : 1;
    }
}

static int
open_run(struct run_merge *merge, const struct run *run, struct godb_err *err)
{
    struct run_reader *reader = &merge->readers[merge->count++];
    const size_t most = merge->buffer_rows[run->kind];
    const size_t rows =
        run->extent.row_count < most ? (size_t)run->extent.row_count : most;
    reader->run = *run;
    reader->rows = malloc(rows * merge->row_words[run->kind] * sizeof(uint64_t));
    return reader->rows ? fill(merge, reader, err) : err_nomem(err);
}

int
run_merge_open(struct run_merge *merge, const struct group_order *order,
    struct spill_file *file, const struct run *runs, size_t count,
    uint64_t memory_bytes, struct godb_err *err)
{
    int rc = GODB_OK;
    merge->order = order;
    merge->file = file;
    share_memory(merge, count, memory_bytes);
    merge->readers = calloc(count > 0 ? count : 1, sizeof *merge->readers);
    if (merge->readers == NULL) return err_nomem(err);
    for (size_t i = 0; i < count && rc == GODB_OK; i++)
        if (runs[i].extent.row_count > 0) rc = open_run(merge, &runs[i], err);
    for (size_t at = merge->count / 2; at > 0 && rc == GODB_OK; at--)
        sift_down(merge, at - 1);
    return rc;
}

void
run_merge_free(struct run_merge *merge)
{
    for (size_t i = 0; i < merge->count; i++)
        free(merge->readers[i].rows);
    free(merge->readers);
    memset(merge, 0, sizeof *merge);
}

/* --- Reading ---------------------------------------------------------------------- */

/* Go on from the group on top; its run leaves the heap after its last. */
static int
step(struct run_merge *merge, struct godb_err *err)
{
    struct run_reader *top = &merge->readers[0];
    int rc = GODB_OK;
    if (++top->at < top->have)
        take_lead(merge, top);
    else
        rc = fill(merge, top, err);
    if (rc != GODB_OK) return rc;
    if (top->have == 0) {
        free(top->rows);
        *top = merge->readers[--merge->count];
    }
    sift_down(merge, 0);
    return GODB_OK;
}

int
run_merge_next(struct run_merge *merge, enum group_kind *out_kind,
    const uint64_t **out_entry, struct godb_err *err)
{
    if (merge->has_taken) {
        int rc = step(merge, err);
        if (rc != GODB_OK) return rc;
    }
    merge->has_taken = merge->count > 0;
    if (merge->count == 0) return GODB_DONE;
    *out_kind = merge->readers[0].run.kind;
    *out_entry = head_of(merge, &merge->readers[0]);
    return GODB_OK;
}
