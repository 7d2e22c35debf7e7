/* SPDX-License-Identifier: MIT
 *
 * summary.h -- the database's summary.json: totals of each interface.
 *
 *   {"interfaces":{"eth0":{"flowcount":N,"traffic":N,"begin":T,"end":T},...}}
 *
 * goDB 2.x answers `-list` and `-i ANY` from it, so it is kept up to date; nothing here
 * depends on it.  Changes happen under summary.lock, made with O_EXCL as goDB 2.x does.
 * A lock of ours that a killed process left is taken over at once, as flock(2) tells.
 * goDB's records no owner, so it would block everybody for ever: a lock that nobody
 * touched for SUMMARY_STALE_S is taken over, too.
 */
#ifndef GODB_SUMMARY_H
#define GODB_SUMMARY_H

#include "godb/godb.h"

enum { SUMMARY_STALE_S = 60 };

struct summary_entry {
    int64_t flow_count, traffic_bytes, begin_s, end_s;
};

/* GODB_ENOTFOUND where the file or the interface's entry is missing. */
int summary_read(struct summary_entry *out, const char *root, const char *iface,
    struct godb_err *err);

/* Call visit() for each interface that it has.  GODB_ENOTFOUND where there is no file,
 * GODB_ECORRUPT where it cannot be understood. */
int summary_each(const char *root, void (*visit)(void *arg, const char *iface),
    void *arg, struct godb_err *err);

/* Change an interface's entry under the lock, waiting at most about six seconds
 * (GODB_EBUSY).  add: what came on top of the entry; otherwise the entry is replaced by
 * it.  An unreadable summary starts afresh with this interface alone. */
int summary_update(const char *root, const char *iface,
    const struct summary_entry *entry, bool add, struct godb_err *err);

/* Take from an interface's entry the flows and bytes in *gone, and let it begin at
 * gone->begin_s; or drop the entry.  Under the lock as above; an entry or a file that
 * is not there stays away. */
int summary_subtract(const char *root, const char *iface,
    const struct summary_entry *gone, struct godb_err *err);
int summary_forget(const char *root, const char *iface, struct godb_err *err);

#endif
