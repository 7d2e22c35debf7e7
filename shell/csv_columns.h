/* SPDX-License-Identifier: MIT
 *
 * csv_columns.h -- which column of a CSV file is which field of a flow.
 */
#ifndef SHELL_CSV_COLUMNS_H
#define SHELL_CSV_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shell/csv_reader.h"

enum csv_field {
    CSV_FIELD_TIME,
    CSV_FIELD_IFACE,
    CSV_FIELD_SIP,
    CSV_FIELD_DIP,
    CSV_FIELD_DPORT,
    CSV_FIELD_PROTO,
    CSV_FIELD_L7PROTO,
    CSV_FIELD_L7_NAME, /* what the number of l7proto means */
    CSV_FIELD_L7_CATEGORY,
    CSV_FIELD_BYTES_RCVD,
    CSV_FIELD_BYTES_SENT,
    CSV_FIELD_PACKETS_RCVD,
    CSV_FIELD_PACKETS_SENT,
    CSV_FIELD_COUNT
};

struct csv_columns {
    size_t count;                /* fields that a row has */
    int16_t at[CSV_FIELD_COUNT]; /* the field's column, from 0; -1: not in the file */
    bool is_nfdump; /* ports may be "8.0", ICMP's type and code, and stand for 0 */
};

/* The layout of a file without a header, goConvert 1.05's:
 * bytes_rcvd,bytes_sent,dip,dport,l7_proto,packets_rcvd,packets_sent,proto,sip,tstamp
 */
struct csv_columns csv_columns_default(void);

/* Is this first record a header?  It is one when it begins with '#', or when one of its
 * fields names a column and none is a number. */
bool csv_columns_is_header(const struct csv_reader_record *record);

/* Told of a column that nothing is known about, or of one that is there twice. */
typedef void csv_columns_note_fn(void *arg, const char *name, bool is_twice);

/* Read a header: names of goProbe 1.05 and 2.x and of our SQL tables, in any letter
 * case, after an optional "# HEADER:".  GODB_EARG names the column that is missing:
 * every field but iface, and l7proto, which goProbe 2.1 no longer wrote.  A file that
 * has names of layer 7 protocols alone has them as l7proto. */
int csv_columns_read(struct csv_columns *out, const struct csv_reader_record *record,
    csv_columns_note_fn *note, void *note_arg, struct godb_err *err);

/* Columns from a text, "time,sip,dip": what a header would say.  GODB_EARG as above. */
int csv_columns_schema(struct csv_columns *out, const char *schema,
    csv_columns_note_fn *note, void *note_arg, struct godb_err *err);

/* The header of nfdump -o csv, of 1.6 and of 1.7; what it has and goDB has not is
 * passed over silently.  GODB_EARG as above. */
int csv_columns_read_nfdump(struct csv_columns *out,
    const struct csv_reader_record *record, struct godb_err *err);

/* Does the summary begin here that nfdump prints behind the flows? */
bool csv_columns_is_nfdump_end(const struct csv_reader_record *record);

/* Is this one of the lines that goquery writes below its CSV table? */
bool csv_columns_is_footer(const struct csv_reader_record *record);

/* The name for messages: as in SQL. */
const char *csv_columns_name(enum csv_field field);

#endif
