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
#include "shell/csv_source.h"

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

/* Read the source to its end and tell about every record: also about what could not be
 * one, with its problem.  Lines without any field are passed over.  GODB_OK (also where
 * fn ended it), the source's errors, GODB_ENOMEM. */
int csv_reader_run(
    struct csv_source *source, csv_reader_fn *fn, void *arg, struct godb_err *err);

#endif
