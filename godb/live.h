/* SPDX-License-Identifier: MIT
 *
 * live.h -- flows that a goprobe has counted and not written yet, beside the stored
 * ones.
 *
 *      stored     |--- A ---|--- B ---|--- C     what was written until the question
 *      live                           |--- D     one block an interface, in memory
 *                                     ^
 *                                  written_s
 *
 * A goprobe goes on writing while its answer is read.  So it says up to which stamp
 * the interface's blocks were written when it answered; later ones, which hold the
 * same flows again, are left out.
 */
#ifndef GODB_LIVE_H
#define GODB_LIVE_H

#include "godb/day_list.h"

struct live_block {
    char iface[GODB_IFACE_MAX];
    int64_t written_s; /* stamp of the last stored block; 0: none */
    int64_t time_s;    /* that this one is to have: later */
    uint32_t row_count;
    void *columns[GODB_COLUMN_COUNT]; /* in host order; all in the first's memory */
};

struct godb_live {
    struct live_block *blocks; /* by interface */
    size_t count;
    const struct godb_l7_names *names;
    struct godb_l7_names *owned_names;
};

/* A goprobe's answer, as docs/format.md has it.  Every byte is checked.  GODB_ECORRUPT,
 * GODB_ENOMEM. */
int live_parse(struct godb_live **out, const uint8_t *bytes, size_t count_bytes,
    struct godb_err *err);

/* The block of an interface; live may be NULL, and so is the answer where there is
 * none. */
const struct live_block *live_find(const struct godb_live *live, const char *iface);

/* The last stamp that may be taken from an interface's stored blocks. */
int64_t live_stored_until(const struct godb_live *live, const char *iface);

/* Add a day of its own (DAY_LIVE) for each block of the selection that has rows. */
int live_add_days(struct day_list *list, const struct godb_live *live,
    const struct godb_selection *sel, struct godb_err *err);

#endif
