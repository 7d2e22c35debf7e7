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
    const char *const *ifaces; /* borrowed until writeout_close() */
    size_t iface_count;
    const struct godb_l7_names *l7_names; /* borrowed likewise; NULL: none are known */
    bool is_strict; /* a block that is not later than the last is an error, as it is for
                     * a recorded file; live, it is stamped just behind the last */
};

/* Open the database, creating it, and a writer for each interface. */
int writeout_open(struct writeout **out, const struct writeout_options *options,
    struct godb_err *err);

/* Hand over a rotation, which the thread frees.  Waits for the thread where is_strict
 * and some are queued. */
void writeout_submit(struct writeout *writeout, struct rotation *rotation);

/* What an interface has on disk, and what waits for it.  Borrowed for the call. */
struct writeout_state {
    int64_t written_s;               /* stamp of its last block; 0: none */
    const struct rotation_row *kept; /* of blocks that could not be written */
    size_t kept_count;
};

typedef void writeout_look_fn(
    void *arg, size_t iface, const struct writeout_state *state);

enum writeout_moment {
    WRITEOUT_QUIET, /* looked: all that was submitted is on disk, or is kept */
    WRITEOUT_BUSY,  /* it took too long */
    WRITEOUT_PAST   /* more has been submitted since */
};

/* Wait until the first `submitted` rotations are done, and look at each interface
 * while nothing else is.  May be called by any thread. */
enum writeout_moment writeout_look(struct writeout *writeout, uint64_t submitted,
    int timeout_ms, writeout_look_fn *look, void *arg);

/* What was written and kept when this was last known, at once; kept is NULL. */
struct writeout_state writeout_state(struct writeout *writeout, size_t iface);

/* True once a block could not be written that will not be tried again (is_strict). */
bool writeout_has_failed(struct writeout *writeout);

/* Write what is queued, end the thread, and free all.  0, or -1 where rows were lost:
 * that has been said. */
int writeout_close(struct writeout *writeout);

#endif
