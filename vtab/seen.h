/* SPDX-License-Identifier: MIT
 *
 * seen.h -- rows that a SELECT DISTINCT has had already, as far as they are remembered.
 *
 * SQLite sorts out what is left.  So a table of fixed size will do, in which a row
 * takes the place of another: it forgets, but what it remembers is exact.
 *
 *      row --> key of the used fields --> slot    the same key: seen before
 *                                                 another:      put there, not seen
 */
#ifndef VTAB_SEEN_H
#define VTAB_SEEN_H

#include "godb/godb.h"
#include "vtab/fields.h"

struct seen {
    unsigned fields;
    struct seen_key *slots; /* NULL: nothing is remembered */
    bool is_by_block;       /* the fields are the same in all rows of a block */
};

/* Can rows be told apart by these fields (FIELD_BITs) alone, and is it worth it? */
bool seen_can(unsigned fields);

/* SQLITE_OK or SQLITE_NOMEM.  *seen is zero or ended before. */
int seen_begin(struct seen *seen, unsigned fields);
void seen_end(struct seen *seen);

/* Was there a row like this one?  From now on there was. */
bool seen_before(struct seen *seen, const struct godb_chunk *chunk, uint32_t row);

#endif
