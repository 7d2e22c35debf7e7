/* SPDX-License-Identifier: MIT
 *
 * csv_batch.h -- what a piece of a CSV file holds: flows and reasons for refusing rows.
 *
 *      runs     iface, time | iface, time | ...    rows with both alike, on lines that
 *      flows    row row row   row row              follow each other
 *
 * A batch is made without knowing what came before in the file.  So lines are counted
 * from a base that comes to be known later, and interfaces and layer 7 protocols are
 * numbered by the batch's own lists.
 */
#ifndef SHELL_CSV_BATCH_H
#define SHELL_CSV_BATCH_H

#include "shell/csv_row.h"

struct csv_batch_run {
    int64_t time_s;
    uint64_t first_line;
    uint32_t iface;
    uint32_t row_count;
};

struct csv_batch_refusal {
    uint64_t first_line, last_line;
    uint64_t record; /* data records before it */
    size_t reason;   /* a text's number */
};

/* What a row says about its layer 7 protocol. */
struct csv_batch_l7 {
    uint16_t id;
    size_t name, category; /* texts' numbers */
};

/* Grows, never shrinks. */
struct csv_list {
    char *bytes;
    size_t length, capacity;
};

struct csv_batch {
    uint64_t data_count; /* records: rows and refusals */
    uint64_t row_count;
    bool is_over;  /* the end of what can be read was met */
    bool has_l7;   /* flows' l7proto are numbers of `l7s` */
    bool is_short; /* of memory */
    struct csv_list runs, flows, refusals;
    struct csv_list texts;  /* NUL-terminated; a text's number is where it begins */
    struct csv_list ifaces; /* texts' numbers, size_t */
    struct csv_list l7s;
    uint32_t last_iface, l7_slots[256];
};

struct csv_batch_source {
    const struct csv_columns *columns;
    const char *iface; /* of rows that have none; NULL: such rows are refused */
};

void csv_batch_free(struct csv_batch *batch);

/* Empty; memory is kept. */
void csv_batch_reset(struct csv_batch *batch);

/* False ends the reading: is_over, or is_short. */
bool csv_batch_take(struct csv_batch *batch, const struct csv_batch_source *source,
    const struct csv_reader_record *record);

/* Keep the first data records only. */
void csv_batch_cut(struct csv_batch *batch, uint64_t data_count);

static inline const char *
csv_batch_text(const struct csv_batch *batch, size_t number)
{
    return batch->texts.bytes + number;
}

static inline struct csv_batch_run *
csv_batch_runs(const struct csv_batch *batch)
{
    return (struct csv_batch_run *)batch->runs.bytes;
}

static inline size_t
csv_batch_run_count(const struct csv_batch *batch)
{
    return batch->runs.length / sizeof(struct csv_batch_run);
}

/* Room for `length` more bytes behind the list's; NULL: out of memory. */
void *csv_list_room(struct csv_list *list, size_t length);

#endif
