/* SPDX-License-Identifier: MIT
 *
 * writeout.h -- a thread that writes rotations as blocks, while capture goes on.
 *
 * Rows of an interface that cannot be written now (a full disk, another writer) are
 * kept, and go into its next block: nothing is lost while the process lives.
 */
#ifndef CAPTURE_WRITEOUT_H
#define CAPTURE_WRITEOUT_H

#include "capture/rotation.h"

struct writeout;

struct writeout_options {
    const char *db_path;
    const char *const *ifaces; /* that are known to come, to see now what is wrong */
    size_t iface_count;
    const struct godb_l7_names *l7_names; /* borrowed likewise; NULL: none are known */
    bool is_strict; /* a block that is not later than the last is an error, as it is for
                     * a recorded file; live, it is stamped just behind the last */
};

/* Open the database, creating it, and a writer for each interface; those of others are
 * opened as they come. */
int writeout_open(struct writeout **out, const struct writeout_options *options,
    struct godb_err *err);

/* Hand over a rotation, which the thread frees.  Waits for the thread where is_strict
 * and some are queued. */
void writeout_submit(struct writeout *writeout, struct rotation *rotation);

/* True once a block could not be written that will not be tried again (is_strict). */
bool writeout_has_failed(struct writeout *writeout);

/* Write what is queued, end the thread, and free all.  0, or -1 where rows were lost:
 * that has been said. */
int writeout_close(struct writeout *writeout);

#endif
