/* SPDX-License-Identifier: MIT
 *
 * ask_status.h -- goprobe -status: what a running goprobe says of itself.
 */
#ifndef CAPTURE_ASK_STATUS_H
#define CAPTURE_ASK_STATUS_H

#include <stdbool.h>

/* Is this command line one that asks?  -status or --status is among its words. */
bool ask_status_is_meant(int argc, char **argv);

/* Ask, and print the answer; the exit code, errors have been printed. */
int ask_status(int argc, char **argv);

#endif
