/* SPDX-License-Identifier: MIT
 *
 * shell_err.c -- see shell_err.h.
 */
#include "shell/shell_err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shell/printable.h"

/* The functions themselves are here. */
#undef shell_err
#undef shell_err_sys

int
shell_err(struct godb_err *err, enum godb_status status, const char *format, ...)
{
    va_list args;
    err->status = status;
    err->os_errno = 0;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    printable(err->msg);
    return status;
}

int
shell_err_sys(struct godb_err *err, int os_errno, const char *format, ...)
{
    va_list args;
    err->status = GODB_EIO;
    err->os_errno = os_errno;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    printable(err->msg);
    const size_t length = strlen(err->msg);
    snprintf(err->msg + length, sizeof err->msg - length, ": %s", strerror(os_errno));
    return GODB_EIO;
}

int
shell_exit_code(const struct godb_err *err)
{
    if (err->os_errno == EACCES || err->os_errno == EPERM) return EX_NOPERM;
    switch (err->status) {
    case GODB_EARG:
        return EX_USAGE;
    case GODB_EIO:
        return EX_IOERR;
    default:
        return 1;
    }
}
