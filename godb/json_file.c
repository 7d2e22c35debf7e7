/* SPDX-License-Identifier: MIT
 *
 * json_file.c -- see json_file.h.
 */
#include "godb/json_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "godb/error.h"
#include "godb/fsutil.h"

int
json_file_read(json_t **out, int dir_fd, const char *name, struct godb_err *err)
{
    char *text;
    size_t bytes;
    json_error_t why;
    int rc = fs_read_file(&text, &bytes, dir_fd, name, JSON_FILE_MAX_BYTES);
    if (rc == EFBIG)
        return err_set(
            err, GODB_ECORRUPT, "%s: longer than %d bytes", name, JSON_FILE_MAX_BYTES);
    if (rc != 0) return err_sys(err, rc, "%s", name);
    *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    free(text);
    if (*out != NULL) return GODB_OK;
    return err_set(err, GODB_ECORRUPT, "%s: line %d: %s", name, why.line, why.text);
}

int
json_file_write(int dir_fd, const char *name, json_t *root, struct godb_err *err)
{
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL) return err_nomem(err);
    /* The line ends where json_dumps() put its NUL. */
    const size_t length = strlen(text);
    text[length] = '\n';
    int rc = fs_replace(dir_fd, name, text, length + 1);
    free(text);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", name);
}
