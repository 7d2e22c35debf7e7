/* SPDX-License-Identifier: MIT
 *
 * json_file.h -- side files: one JSON value a file, on one line, replaced at once.
 */
#ifndef GODB_JSON_FILE_H
#define GODB_JSON_FILE_H

#include <jansson.h>

#include "godb/godb.h"

/* Read the file into *out, for json_decref().  GODB_ENOTFOUND where there is none,
 * GODB_ECORRUPT where it is no JSON or longer than JSON_FILE_MAX_BYTES, GODB_ENOMEM,
 * GODB_EIO.  err->msg names the file only: the caller knows the directory. */
int json_file_read(json_t **out, int dir_fd, const char *name, struct godb_err *err);

/* Replace the file by root, compact and with a newline.  Takes root, which may be NULL:
 * then memory was out when it was made. */
int json_file_write(int dir_fd, const char *name, json_t *root, struct godb_err *err);

/* The same, with a key "check" behind all others: the hash of the text in front of it.
 * For files that no other program writes. */
int json_file_write_checked(
    int dir_fd, const char *name, json_t *root, struct godb_err *err);

/* Read such a file: GODB_ECORRUPT too where it is not what was written. *out_has_check:
 * false where it has no such key. */
int json_file_read_checked(json_t **out, bool *out_has_check, int dir_fd,
    const char *name, struct godb_err *err);

enum { JSON_FILE_MAX_BYTES = 64 << 20 };

#endif
