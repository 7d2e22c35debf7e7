/* SPDX-License-Identifier: MIT
 *
 * l7_names.h -- a layer 7 name space from the inside: entries by rising id.
 */
#ifndef GODB_L7_NAMES_H
#define GODB_L7_NAMES_H

#include "godb/godb.h"

struct godb_l7_names {
    const char *library;
    const struct godb_l7_entry *entries;
    size_t count;
    void *owned; /* one allocation for all of the above; NULL where it is static */
};

/* Do both call every id the same? */
bool l7_names_equal(const struct godb_l7_names *a, const struct godb_l7_names *b);

#endif
