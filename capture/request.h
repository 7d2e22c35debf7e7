/* SPDX-License-Identifier: MIT
 *
 * request.h -- what a client of the socket wants: one line of text.
 *
 * Pure.  Every byte is hostile.
 */
#ifndef CAPTURE_REQUEST_H
#define CAPTURE_REQUEST_H

#include <stddef.h>

enum { REQUEST_MAX = 64 }; /* with its newline */

enum request {
    REQUEST_MORE, /* the line has no end yet */
    REQUEST_BAD,
    REQUEST_FLOWS,
    REQUEST_STATUS_TEXT,
    REQUEST_STATUS_JSON,
    REQUEST_STATUS_PROMETHEUS
};

/* What the bytes that have come so far ask for. */
enum request request_parse(const char *bytes, size_t count);

/* The line that asks for it, with its newline; NULL: none does. */
const char *request_line(enum request request);

#endif
