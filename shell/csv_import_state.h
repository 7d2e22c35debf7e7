/* SPDX-License-Identifier: MIT
 *
 * csv_import_state.h -- an import under way: what csv_import.c and csv_import_read.c
 * share.
 */
#ifndef SHELL_CSV_IMPORT_STATE_H
#define SHELL_CSV_IMPORT_STATE_H

#include <stdio.h>

#include "shell/csv_import.h"
#include "shell/csv_l7.h"
#include "shell/csv_lane.h"
#include "shell/csv_source.h"
#include "shell/csv_spool.h"
#include "shell/progress.h"

enum { LANES_MAX = 1024 /* interfaces in one file; each keeps files open */ };

struct import {
    const struct csv_import_spec *spec;
    struct csv_source *source;
    struct csv_spool *spool;
    struct csv_packing *packing; /* NULL until something is written */
    struct godb *db;             /* NULL: not opened, or there is none yet */
    struct csv_columns columns;
    struct csv_l7 *l7; /* NULL: the file says nothing of layer 7 */
    const struct godb_l7_names *l7_names;
    struct csv_list lane_map, l7_map; /* of a batch's numbers */
    struct csv_lane *lanes[LANES_MAX];
    size_t lane_count, last_lane;
    struct csv_lane_sink sink;
    struct progress progress;
    FILE *rejects;
    uint64_t data_count; /* records that are data */
    uint64_t row_count;  /* of them, rows that are flows */
    uint64_t refused_count, there_count;
    uint64_t told_count; /* lines about refused ones, printed or not */
    struct godb_err *err;
};

/* Count and name rows that are refused, for one reason. */
void csv_import_refuse(struct import *import, uint64_t first_line, uint64_t last_line,
    size_t row_count, const char *reason);

/* Settles which columns a file has whose header does not say: -schema. */
int csv_import_read_schema(struct import *import);

/* From the source to the spool. */
int csv_import_read(struct import *import);

#endif
