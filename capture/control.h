/* SPDX-License-Identifier: MIT
 *
 * control.h -- a Unix socket that answers what the capture is at, and what it has
 * counted and not written yet.
 *
 *      client                            control thread            capture thread
 *      "status json\n"            -->    exchange_ask()    -->     between packets
 *      "OK 812\n" and 812 bytes   <--    as text           <--     a view
 *
 * One client at a time, one question each, all waits bounded: the next one's turn comes
 * whatever a client does.  Only root, the user and the group that the capture runs as
 * are answered.
 */
#ifndef CAPTURE_CONTROL_H
#define CAPTURE_CONTROL_H

#include "capture/exchange.h"
#include "capture/writeout.h"

enum { CONTROL_ERROR_MAX = 256 };

struct control;

/* All borrowed until control_close(). */
struct control_options {
    const char *path;
    struct exchange *exchange;
    struct writeout *writeout;
    const struct godb_l7_names *l7_names; /* NULL: layer 7 is not looked for */
};

/* Make the socket, in the place of one that nobody listens to any more, and a thread.
 * False: there is a line in error. */
bool control_open(
    struct control **out, const struct control_options *options, char *error);

/* End the thread, after exchange_close(), and take the socket away. */
void control_close(struct control *control);

#endif
