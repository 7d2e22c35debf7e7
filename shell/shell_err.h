/* SPDX-License-Identifier: MIT
 *
 * shell_err.h -- errors of the programs, in the library's struct, and the exit codes
 * that they become.
 */
#ifndef SHELL_SHELL_ERR_H
#define SHELL_SHELL_ERR_H

#include "godb/godb.h"

/* Fill *err, which must not be NULL, and return status, which is an error. */
__attribute__((format(printf, 3, 4))) int shell_err(
    struct godb_err *err, enum godb_status status, const char *format, ...);

/* GODB_EIO, with the words of os_errno after the text. */
__attribute__((format(printf, 3, 4))) int shell_err_sys(
    struct godb_err *err, int os_errno, const char *format, ...);

/* That neither returns GODB_OK is for compilers and analyzers to know, as in
 * godb/error.h. */
static inline int
shell_failed(int status)
{
    if (status >= GODB_OK) __builtin_unreachable();
    return status;
}
#define shell_err(...)     shell_failed(shell_err(__VA_ARGS__))
#define shell_err_sys(...) shell_failed(shell_err_sys(__VA_ARGS__))

/* As in sysexits.h: 64 for what the command line got wrong, 74 input and output, 77 no
 * permission, else 1. */
int shell_exit_code(const struct godb_err *err);

#endif
