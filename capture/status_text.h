/* SPDX-License-Identifier: MIT
 *
 * status_text.h -- a view's counters for a person, for a program, and for Prometheus.
 */
#ifndef CAPTURE_STATUS_TEXT_H
#define CAPTURE_STATUS_TEXT_H

#include "capture/view.h"

enum status_format { STATUS_TEXT, STATUS_JSON, STATUS_PROMETHEUS };

/* *out is for free(3).  False: out of memory. */
bool status_text(
    char **out, size_t *out_size, const struct view *view, enum status_format format);

#endif
