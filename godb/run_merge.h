/* SPDX-License-Identifier: MIT
 *
 * run_merge.h -- ordered runs of groups in a spill file, read as one.
 *
 *      run   | group | group | ...  --.
 *      run   | group | group | ...  --+--> the first of all heads, again and again
 *      run   | group | group | ...  --'
 */
#ifndef GODB_RUN_MERGE_H
#define GODB_RUN_MERGE_H

#include "godb/group_order.h"

/* Groups of one kind, in order, each in one run only. */
struct run {
    struct spill_extent extent;
    enum group_kind kind;
};

struct run_reader {
    struct run run; /* its extent is what is still in the file */
    uint64_t *rows; /* room for buffer_rows, or fewer where the run is shorter */
    size_t at, have;
    uint64_t lead; /* of the group at hand */
};

struct run_merge {
    const struct group_order *order;
    struct spill_file *file;
    size_t row_words[GROUP_KINDS];
    size_t buffer_rows[GROUP_KINDS];
    struct run_reader *readers; /* a heap: that with the first group is on top */
    size_t count;
    bool has_taken; /* the group on top */
};

/* Zero-initialise *merge before.  memory_bytes: for the buffers of all runs.  order
 * and file are borrowed until run_merge_free(). */
int run_merge_open(struct run_merge *merge, const struct group_order *order,
    struct spill_file *file, const struct run *runs, size_t count,
    uint64_t memory_bytes, struct godb_err *err);
void run_merge_free(struct run_merge *merge);

/* The next group, borrowed until the next call; GODB_DONE after the last. */
int run_merge_next(struct run_merge *merge, enum group_kind *out_kind,
    const uint64_t **out_entry, struct godb_err *err);

#endif
