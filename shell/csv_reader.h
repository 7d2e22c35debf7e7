/* SPDX-License-Identifier: MIT
 *
 * csv_reader.h -- records of a CSV file, each with the lines it stands on.
 */
#ifndef SHELL_CSV_READER_H
#define SHELL_CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "godb/godb.h"

enum {
    CSV_READER_RECORD_BYTES = 16384, /* of one record, quotes and all */
    CSV_READER_FIELDS = 128          /* kept of one record */
};

struct csv_reader_field {
    const char *text; /* NUL-terminated, but it may hold NULs of its own */
    size_t length;
};

struct csv_reader_record {
    uint64_t first_line, last_line; /* from 1 */
    const char *problem;            /* why this is no record; NULL: it is one */
    size_t field_count;             /* all, of which the first FIELDS are kept */
    struct csv_reader_field fields[CSV_READER_FIELDS];
};

/* *record is borrowed for the call.  False ends the reading. */
typedef bool csv_reader_fn(void *arg, const struct csv_reader_record *record);

/* Reads bytes that come piece by piece; different ones in different threads. */
struct csv_reader;

struct csv_reader *csv_reader_new(void); /* NULL: out of memory */
void csv_reader_free(struct csv_reader *reader);

/* Begin a file, or anywhere where a record begins: its line is number 1. */
void csv_reader_reset(struct csv_reader *reader);

/* Tell about every record that ends in these bytes: also about what could not be one,
 * with its problem.  Lines without any field are passed over.  Nothing is told any more
 * once fn said so.  GODB_OK or GODB_ENOMEM. */
int csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t length,
    csv_reader_fn *fn, void *arg);

/* There are no more bytes: the last line may lack its line break. */
int csv_reader_finish(struct csv_reader *reader, csv_reader_fn *fn, void *arg);

/* Does the next byte belong to a record or line that has begun? */
bool csv_reader_is_inside(const struct csv_reader *reader);

/* Line breaks since the reset. */
uint64_t csv_reader_line_count(const struct csv_reader *reader);

#endif
