/* SPDX-License-Identifier: MIT
 *
 * live.h -- the flows that are not written yet, as the statements of a connection see
 * them.
 *
 * All cursors that are open at a time see the same moment: both sides of a join, both
 * scans of `a OR b`, a table that is asked again for each row of another.  So the
 * session holds the answer of the goprobe as long as one of them does.
 */
#ifndef VTAB_LIVE_H
#define VTAB_LIVE_H

#include "vtab/session.h"
#include "vtab/watch.h"

struct live_view;

/* Make *view what the scope `live` says for this database: NULL where it is off; else
 * what open cursors see of it, or the goprobe's answer now.  What *view was before is
 * kept where it is still right.  Where no goprobe answers that is a warning. */
int live_hold(struct live_view **view, struct session *session, const struct godb *db,
    struct watch *watch, struct godb_err *err);

/* Let go of it; before the session's last reference goes.  *view may be NULL. */
void live_release(struct live_view **view, struct session *session);

/* For godb_scan_spec.live; view may be NULL. */
const struct godb_live *live_flows(const struct live_view *view);

#endif
