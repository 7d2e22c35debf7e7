/* SPDX-License-Identifier: MIT
 *
 * json_file.c -- see json_file.h.
 */
#include "godb/json_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

#include "godb/error.h"
#include "godb/fsutil.h"

/* What a checked file ends with. */
static const char CHECK_KEY[] = ",\"check\":\"";

enum {
    CHECK_DIGITS = 16,
    CHECK_BYTES = sizeof CHECK_KEY - 1 + CHECK_DIGITS + sizeof "\"}\n" - 1
};

static void
make_check(char out[CHECK_BYTES + 1], const char *text, size_t bytes)
{
    snprintf(out, CHECK_BYTES + 1, "%s%016" PRIx64 "\"}\n", CHECK_KEY,
        (uint64_t)XXH3_64bits(text, bytes));
}

static bool
has_check(const char *text, size_t bytes)
{
    return bytes > CHECK_BYTES &&
           memcmp(text + bytes - CHECK_BYTES, CHECK_KEY, sizeof CHECK_KEY - 1) == 0;
}

static bool
is_as_written(const char *text, size_t bytes)
{
    char check[CHECK_BYTES + 1];
    make_check(check, text, bytes - CHECK_BYTES);
    return memcmp(text + bytes - CHECK_BYTES, check, CHECK_BYTES) == 0;
}

static int
read_text(
    char **out, size_t *out_bytes, int dir_fd, const char *name, struct godb_err *err)
{
    int rc = fs_read_file(out, out_bytes, dir_fd, name, JSON_FILE_MAX_BYTES);
    if (rc == 0) return GODB_OK;
    if (rc != EFBIG) return err_sys(err, rc, "%s", name);
    return err_set(
        err, GODB_ECORRUPT, "%s: longer than %d bytes", name, JSON_FILE_MAX_BYTES);
}

static int
parse(json_t **out, const char *text, size_t bytes, const char *name,
    struct godb_err *err)
{
    json_error_t why;
    *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    /* Without memory it may say that a token is invalid: what is bad is bad twice. */
    if (*out == NULL) *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &why);
    if (*out != NULL) return GODB_OK;
    if (why.text[0] == '\0') return err_nomem(err); /* it says nothing else then */
    return err_set(err, GODB_ECORRUPT, "%s: line %d: %s", name, why.line, why.text);
}

int
json_file_read(json_t **out, int dir_fd, const char *name, struct godb_err *err)
{
    char *text;
    size_t bytes;
    int rc = read_text(&text, &bytes, dir_fd, name, err);
    if (rc != GODB_OK) return rc;
    rc = parse(out, text, bytes, name, err);
    free(text);
    return rc;
}

int
json_file_read_checked(json_t **out, bool *out_has_check, int dir_fd, const char *name,
    struct godb_err *err)
{
    char *text;
    size_t bytes;
    int rc = read_text(&text, &bytes, dir_fd, name, err);
    if (rc != GODB_OK) return rc;
    const bool has = has_check(text, bytes);
    if (out_has_check) *out_has_check = has;
    rc = has && !is_as_written(text, bytes)
             ? err_set(err, GODB_ECORRUPT, "%s: is not what was written", name)
             : parse(out, text, bytes, name, err);
    free(text);
    return rc;
}

static int
replace(int dir_fd, const char *name, const char *text, struct godb_err *err)
{
    int rc = fs_replace(dir_fd, name, text, strlen(text));
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", name);
}

/* The compact text, with room for `more` bytes, for free(3); NULL: out of memory; takes
 * root.  json_dumps() drops keys where its buffer cannot grow, and says nothing
 * (jansson 2.14): ours has its size from the beginning. */
static char *
dump(json_t *root, size_t more)
{
    const size_t bytes = root ? json_dumpb(root, NULL, 0, JSON_COMPACT) : 0;
    char *text = bytes > 0 ? malloc(bytes + more + 1) : NULL;
    const bool is_whole =
        text != NULL && json_dumpb(root, text, bytes, JSON_COMPACT) == bytes;
    json_decref(root);
    if (is_whole) {
        text[bytes] = '\0';
        return text;
    }
    free(text);
    return NULL;
}

int
json_file_write(int dir_fd, const char *name, json_t *root, struct godb_err *err)
{
    char *text = dump(root, 1);
    if (text == NULL) return err_nomem(err);
    memcpy(text + strlen(text), "\n", 2);
    int rc = replace(dir_fd, name, text, err);
    free(text);
    return rc;
}

int
json_file_write_checked(
    int dir_fd, const char *name, json_t *root, struct godb_err *err)
{
    char *text = dump(root, CHECK_BYTES);
    if (text == NULL) return err_nomem(err);
    /* In place of the last brace. */
    const size_t length = strlen(text) - 1;
    make_check(text + length, text, length);
    int rc = replace(dir_fd, name, text, err);
    free(text);
    return rc;
}
