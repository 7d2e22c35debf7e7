/* SPDX-License-Identifier: MIT
 *
 * scan.h -- what godb_scan and godb_aggregate do before the first block.
 */
#ifndef GODB_SCAN_H
#define GODB_SCAN_H

#include "godb/day_list.h"

/* List the days of the selection, and refuse a filter that asks for a layer 7 protocol
 * which no name space in them knows: a typing error must not look like silence. */
int scan_days(struct day_list *out, struct godb *db, const struct godb_scan_spec *spec,
    struct godb_err *err);

#endif
