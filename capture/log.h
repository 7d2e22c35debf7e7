/* SPDX-License-Identifier: MIT
 *
 * log.h -- lines on standard error, or wherever standard error has been led to.
 *
 * What starts with "warning: " or "error: " is one; other lines tell what happens.
 */
#ifndef CAPTURE_LOG_H
#define CAPTURE_LOG_H

#include <stdbool.h>

/* "goprobe: text" and a newline, in one write, so that threads do not mix. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum log_target {
    LOG_TO_STDERR,
    LOG_TO_SYSLOG,  /* syslog(3), facility daemon */
    LOG_TO_RFC3164, /* datagrams over UDP */
    LOG_TO_RFC5424
};

enum { LOG_ERROR_MAX = 256 };

struct log_sink;

/* Prepare a target; host, a name or an address, and port are those of the datagrams.
 * False: there is a line in error. */
bool log_open(struct log_sink **out, enum log_target target, const char *host, int port,
    char *error);

/* From now on the stream stderr leads there, also for lines of libraries.  To be called
 * while other threads have nothing to say. */
void log_use(struct log_sink *sink);

/* stderr is what it was. */
void log_close(struct log_sink *sink);

#endif
