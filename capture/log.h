/* SPDX-License-Identifier: MIT
 *
 * log.h -- lines on standard error, for a person or for the service manager that reads
 * it.
 */
#ifndef CAPTURE_LOG_H
#define CAPTURE_LOG_H

/* "goprobe: text" and a newline, in one write, so that threads do not mix. */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
