/* SPDX-License-Identifier: MIT
 *
 * service.h -- goprobe among the other services of a machine: in the background or
 * under a manager, once and not twice, heard by the right log.
 *
 * The only part that knows systemd.
 */
#ifndef CAPTURE_SERVICE_H
#define CAPTURE_SERVICE_H

#include "capture/options.h"

struct service;

enum service_verdict {
    SERVICE_RUN,
    SERVICE_DONE /* it went wrong and was said, or it runs in the background now */
};

/* Detach where that is asked for, take the pid file, and prepare the log.  Detached, it
 * comes back twice: with SERVICE_RUN in the background, and with SERVICE_DONE in the
 * foreground as soon as the other one is ready, or has failed, *out_exit_code saying
 * which. */
enum service_verdict service_begin(
    struct service **out, const struct options *options, int *out_exit_code);

/* It captures.  What is logged from here on goes to the log. */
void service_ready(struct service *service, const char *status);

/* To be called every second: the manager's watchdog hears that it lives. */
void service_alive(const struct service *service);

/* It reads its configuration again, until the next service_ready(). */
void service_reloading(const struct service *service);

/* It writes what it has. */
void service_stopping(const struct service *service);

/* Give back the pid file, and tell the foreground where it still waits. */
void service_end(struct service *service, int exit_code);

#endif
