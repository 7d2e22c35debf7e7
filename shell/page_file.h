/* SPDX-License-Identifier: MIT
 *
 * page_file.h -- put a text where a file is to be, whole or not at all.
 */
#ifndef SHELL_PAGE_FILE_H
#define SHELL_PAGE_FILE_H

#include "godb/godb.h"

/* A regular file, or none yet, is replaced by a new one at once: whoever reads it has
 * the one before or this one.  "-" is standard output; a pipe or a device is written
 * to.  A link is followed.  GODB_EIO names the path, and leaves nothing behind. */
int page_file_write(
    const char *path, const char *text, size_t length, struct godb_err *err);

#endif
