/* SPDX-License-Identifier: MIT
 *
 * view_bytes.h -- a view's flows as bytes for a reader of libgodb; docs/format.md has
 * them.
 */
#ifndef CAPTURE_VIEW_BYTES_H
#define CAPTURE_VIEW_BYTES_H

#include "capture/view.h"

/* Takes the next bytes; false: it cannot, and there is no use in more. */
typedef bool view_bytes_put_fn(void *arg, const void *bytes, size_t count);

/* view->rows have been merged; names may be NULL. */
uint64_t view_bytes_size(const struct view *view, const struct godb_l7_names *names);
bool view_bytes_send(const struct view *view, const struct godb_l7_names *names,
    view_bytes_put_fn *put, void *arg);

#endif
