/* SPDX-License-Identifier: MIT
 *
 * reload.h -- reading the configuration again, while capture goes on.
 *
 * A thread of its own reads: compiling filters can take longer than the ring holds
 * packets.
 */
#ifndef CAPTURE_RELOAD_H
#define CAPTURE_RELOAD_H

#include "capture/options.h"

struct reload;

/* Begin to read what these options were read from.  NULL: it cannot be done now, and
 * that was said. */
struct reload *reload_begin(const struct options *options);

bool reload_is_done(const struct reload *reload);

/* Wait for the end, and free it.  True: *out is what was read; false: it is wrong, and
 * that was said.  For options_free() either way. */
bool reload_end(struct reload *reload, struct options *out);

#endif
