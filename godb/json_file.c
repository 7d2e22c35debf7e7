/* SPDX-License-Identifier: MIT
 *
 * json_file.c -- see json_file.h.
 */
#include "godb/json_file.h"

#include <errno.h>
#include <stdlib.h>

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
    /* Without memory it may say that a token is invalid: what is bad is bad twice. */
    if (*out == NULL) *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    free(text);
    if (*out != NULL) return GODB_OK;
    if (why.text[0] == '\0') return err_nomem(err); /* it says nothing else then */
    return err_set(err, GODB_ECORRUPT, "%s: line %d: %s", name, why.line, why.text);
}

/* The text with a newline behind it, for free(3); NULL: out of memory.  json_dumps()
 * drops keys where its buffer cannot grow, and says nothing (jansson 2.14): ours has
 * its size from the beginning. */
static char *
text_of(const json_t *root, size_t *out_bytes)
{
    const size_t bytes = root ? json_dumpb(root, NULL, 0, JSON_COMPACT) : 0;
    char *text = bytes > 0 ? malloc(bytes + 1) : NULL;
    if (text == NULL) return NULL;
    if (json_dumpb(root, text, bytes, JSON_COMPACT) != bytes) {
        free(text);
        return NULL;
    }
    text[bytes] = '\n';
    *out_bytes = bytes + 1;
    return text;
}

int
json_file_write(int dir_fd, const char *name, json_t *root, struct godb_err *err)
{
    size_t bytes = 0;
    char *text = text_of(root, &bytes);
    json_decref(root);
    if (text == NULL) return err_nomem(err);
    int rc = fs_replace(dir_fd, name, text, bytes);
    free(text);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", name);
}
