/* SPDX-License-Identifier: MIT
 *
 * csv_l7.h -- what the layer 7 numbers of a CSV file mean, where it says.
 */
#ifndef SHELL_CSV_L7_H
#define SHELL_CSV_L7_H

#include "godb/godb.h"

struct csv_l7;

struct csv_l7 *csv_l7_new(void); /* NULL: out of memory */
void csv_l7_free(struct csv_l7 *l7);

/* The file calls id by this name; "": it does not say.  *out_id is the number that
 * stands for the name in the whole file: id, unless that has another name already.
 * GODB_ENOMEM; GODB_ECORRUPT where there are too many names for numbers. */
int csv_l7_add(struct csv_l7 *l7, uint16_t id, const char *name, const char *category,
    uint16_t *out_id, struct godb_err *err);

/* *out is for godb_writer_open(), NULL where all names are libprotoident's, and lives
 * as long as l7. */
int csv_l7_names(
    struct csv_l7 *l7, const struct godb_l7_names **out, struct godb_err *err);

#endif
