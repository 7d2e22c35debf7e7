/* SPDX-License-Identifier: MIT
 *
 * shell_open.h -- goquery -shell: the stock sqlite3 shell with goprobe's tables.
 */
#ifndef SHELL_SHELL_OPEN_H
#define SHELL_SHELL_OPEN_H

#include "shell/session.h"

/* Become sqlite3, with the extension loaded and the scope set.  Comes back only with
 * an error: GODB_ENOTFOUND where there is no sqlite3. */
int shell_open(const struct session_scope *scope, struct godb_err *err);

#endif
