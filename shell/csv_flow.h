/* SPDX-License-Identifier: MIT
 *
 * csv_flow.h -- a flow in a third of its bytes, for as long as it waits.
 */
#ifndef SHELL_CSV_FLOW_H
#define SHELL_CSV_FLOW_H

#include <stddef.h>
#include <stdint.h>

#include "godb/godb.h"

/* Most bytes of a flow.  put() and get() touch as many, however short it is: keep so
 * much room behind the last one. */
enum { CSV_FLOW_MAX = 80 };

/* How many bytes it took. */
size_t csv_flow_put(uint8_t to[CSV_FLOW_MAX], const struct godb_flow *flow);
size_t csv_flow_get(struct godb_flow *out, const uint8_t from[CSV_FLOW_MAX]);

#endif
