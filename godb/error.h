/* SPDX-License-Identifier: MIT
 *
 * error.h -- fill a godb_err and return its status, in one line.
 */
#ifndef GODB_ERROR_H
#define GODB_ERROR_H

#include "godb/godb.h"

/* Fill *err (which may be NULL) and return status, which is an error.  The message is
 * one line, lower case, and says which file or argument; the caller's text never ends
 * in a newline. */
int err_set(struct godb_err *err, enum godb_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As err_set(), for a failed system call: appends ": " and strerror(os_errno).  The
 * status is GODB_ENOMEM for ENOMEM, GODB_ENOTFOUND for ENOENT, GODB_ECORRUPT for ELOOP
 * (a symbolic link where none may be), else GODB_EIO. */
int err_sys(struct godb_err *err, int os_errno, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int err_nomem(struct godb_err *err);

/* None of the three returns GODB_OK.  Said here, compilers and analyzers know it too,
 * and follow no path on which a call both failed and went well. */
static inline int
err_failed(int status)
{
    if (status >= GODB_OK) __builtin_unreachable();
    return status;
}
#define err_set(...)   err_failed(err_set(__VA_ARGS__))
#define err_sys(...)   err_failed(err_sys(__VA_ARGS__))
#define err_nomem(err) err_failed(err_nomem(err))
/* Is it the file that cannot be read?  Without memory or descriptors it can be later,
 * and what is in it must not be thrown away for that. */
bool err_is_of_file(const struct godb_err *err);

/* The errno of what failed with status rc, for where there is room for no more; 0 for
 * GODB_OK. */
int err_errno(int rc, const struct godb_err *err);

/* Put "prefix: " in front of the message that err holds. */
void err_prefix(struct godb_err *err, const char *prefix);

#endif
