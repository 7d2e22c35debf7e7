/* SPDX-License-Identifier: MIT
 *
 * writeout.h -- a thread that writes rotations as blocks, while capture goes on.
 *
 * Rows of an interface that cannot be written now (a full disk, another writer) are
 * kept, and go into its next block: no packet is lost while the process lives.  There
 * is a bound to how many are kept in full.
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
    /* Flows that may wait for the disk.  What is more is summed up by interface and
     * protocol, without addresses: no packet is lost, and it is said.  0: any number */
    size_t max_waiting;
};

/* Open the database, creating it, and a writer for each interface; those of others are
 * opened as they come. */
int writeout_open(struct writeout **out, const struct writeout_options *options,
    struct godb_err *err);

/* Hand over a rotation, which the thread frees.  Waits for the thread where is_strict
 * and some are queued. */
void writeout_submit(struct writeout *writeout, struct rotation *rotation);

/* What an interface has on disk, and what waits for it. */
struct writeout_state {
    char iface[GODB_IFACE_MAX];
    int64_t written_s;   /* stamp of its last block; 0: none; -1: not known yet */
    uint64_t kept_count; /* flows of blocks that could not be written */
};

/* Borrowed for the call; rows' interface numbers mean nothing. */
typedef void writeout_look_fn(
    void *arg, const struct writeout_state *state, const struct rotation_row *kept);

enum writeout_moment {
    WRITEOUT_QUIET, /* looked: all that was submitted is on disk, or is kept */
    WRITEOUT_BUSY,  /* it took too long */
    WRITEOUT_PAST   /* more has been submitted since */
};

/* Wait until the first `submitted` rotations are done, and look at each interface that
 * has had one while nothing else is.  May be called by any thread. */
enum writeout_moment writeout_look(struct writeout *writeout, uint64_t submitted,
    int timeout_ms, writeout_look_fn *look, void *arg);

/* What an interface had when the last rotation was done, without waiting. */
struct writeout_state writeout_state(struct writeout *writeout, const char *iface);

/* True once a block could not be written that will not be tried again (is_strict). */
bool writeout_has_failed(struct writeout *writeout);

/* Write what is queued, end the thread, and free all.  0, or -1 where rows were lost:
 * that has been said. */
int writeout_close(struct writeout *writeout);

#endif
