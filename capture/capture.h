/* SPDX-License-Identifier: MIT
 *
 * capture.h -- packets from a source into flows, and flows into rotations.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <signal.h>

#include "capture/options.h"
#include "capture/service.h"

/* What signal handlers set. */
struct capture_signals {
    volatile sig_atomic_t stop;
    volatile sig_atomic_t reload; /* live: read the configuration again */
    volatile sig_atomic_t tell;   /* live: log what has been counted */
};

/* Capture as the options say until told to stop (live) or the file ends, and write all
 * that was seen.  A reload replaces *options.  The exit code; errors have been printed.
 */
int capture_run(
    struct options *options, struct capture_signals *signals, struct service *service);

#endif
