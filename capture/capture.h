/* SPDX-License-Identifier: MIT
 *
 * capture.h -- packets from a source into flows, and flows into rotations.
 */
#ifndef CAPTURE_CAPTURE_H
#define CAPTURE_CAPTURE_H

#include <signal.h>

#include "capture/options.h"

/* Capture as the options say until *stop is set (live) or the file ends, and write all
 * that was seen.  The exit code; errors have been printed. */
int capture_run(const struct options *options, const volatile sig_atomic_t *stop);

#endif
