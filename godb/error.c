/* SPDX-License-Identifier: MIT
 *
 * error.c -- one error convention for the library: a status and a line of text.
 */
#include "godb/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The functions themselves are here. */
#undef err_set
#undef err_sys
#undef err_nomem

const char *
godb_status_name(enum godb_status status)
{
    switch (status) {
    case GODB_DONE:
        return "done";
    case GODB_OK:
        return "ok";
    case GODB_EARG:
        return "bad argument";
    case GODB_ENOMEM:
        return "out of memory";
    case GODB_EIO:
        return "input/output error";
    case GODB_ENOTFOUND:
        return "not found";
    case GODB_ECORRUPT:
        return "corrupt";
    case GODB_EBUSY:
        return "busy";
    case GODB_EFULL:
        return "day full";
    case GODB_ECANCELLED:
        return "cancelled";
    }
    return "unknown status";
}

/* Names and paths come from strangers: what would break the line becomes '?'. */
static void
keep_to_one_line(char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == 0x7f) *text = '?';
    }
}

int
err_set(struct godb_err *err, enum godb_status status, const char *format, ...)
{
    if (err == NULL) return status;
    va_list args;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    keep_to_one_line(err->msg);
    err->status = status;
    err->os_errno = 0;
    return status;
}

int
err_sys(struct godb_err *err, int os_errno, const char *format, ...)
{
    enum godb_status status = os_errno == ENOMEM   ? GODB_ENOMEM
                              : os_errno == ENOENT ? GODB_ENOTFOUND
                              : os_errno == ELOOP  ? GODB_ECORRUPT
                                                   : GODB_EIO;
    if (err == NULL) return status;
    char reason[128];
    const char *text = os_errno == ELOOP
                           ? "is a symbolic link, which is not followed in a database"
                           : strerror_r(os_errno, reason, sizeof reason);
    va_list args;
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    size_t used = strlen(err->msg);
    snprintf(err->msg + used, sizeof err->msg - used, ": %s", text);
    keep_to_one_line(err->msg);
    err->status = status;
    err->os_errno = os_errno;
    return status;
}

int
err_nomem(struct godb_err *err)
{
    return err_set(err, GODB_ENOMEM, "out of memory");
}

bool
err_is_of_file(const struct godb_err *err)
{
    return err->status == GODB_ECORRUPT || err->os_errno == EIO ||
           err->os_errno == ENODATA || err->os_errno == EINVAL;
}

int
err_errno(int rc, const struct godb_err *err)
{
    switch (rc) {
    case GODB_OK:
        return 0;
    case GODB_ENOMEM:
        return ENOMEM;
    case GODB_EBUSY:
        return EBUSY;
    case GODB_EARG:
        return EINVAL;
    default:
        return err->os_errno ? err->os_errno : EIO;
    }
}

void
err_prefix(struct godb_err *err, const char *prefix)
{
    if (err == NULL) return;
    char old[sizeof err->msg];
    memcpy(old, err->msg, sizeof old);
    const size_t used = (size_t)snprintf(err->msg, sizeof err->msg, "%s: ", prefix);
    if (used >= sizeof err->msg) return;
    snprintf(err->msg + used, sizeof err->msg - used, "%s", old);
}
