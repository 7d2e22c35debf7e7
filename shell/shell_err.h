/* SPDX-License-Identifier: MIT
 *
 * shell_err.h -- errors of the programs, in the library's struct, and the exit codes
 * that they become.
 */
#ifndef SHELL_SHELL_ERR_H
#define SHELL_SHELL_ERR_H

#include "godb/godb.h"

/* Fill *err, which must not be NULL, and return status. */
__attribute__((format(printf, 3, 4))) int shell_err(
    struct godb_err *err, enum godb_status status, const char *format, ...);

/* GODB_EIO, with the words of os_errno after the text. */
__attribute__((format(printf, 3, 4))) int shell_err_sys(
    struct godb_err *err, int os_errno, const char *format, ...);

/* As in sysexits.h: 64 for what the command line got wrong, 74 input and output, 77 no
 * permission, else 1. */
int shell_exit_code(const struct godb_err *err);

#endif
