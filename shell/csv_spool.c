/* SPDX-License-Identifier: MIT
 *
 * csv_spool.c -- see csv_spool.h.
 */
#include "shell/csv_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/shell_err.h"

enum { BUFFER_BYTES = 1 << 18 };

struct csv_spool {
    FILE *file;
    const char *dir;
    uint64_t count;
};

static int
fail(const struct csv_spool *spool, struct godb_err *err)
{
    return shell_err_sys(err, errno, "%s: temporary file of rows", spool->dir);
}

int
csv_spool_new(struct csv_spool **out, struct godb_err *err)
{
    const char *dir = getenv("TMPDIR");
    struct csv_spool *spool = calloc(1, sizeof *spool);
    if (spool == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    spool->dir = dir && *dir ? dir : "/tmp";
    int fd = open(spool->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0) spool->file = fdopen(fd, "w+");
    if (spool->file == NULL) {
        int rc = fail(spool, err);
        if (fd >= 0) close(fd);
        free(spool);
        return rc;
    }
    setvbuf(spool->file, NULL, _IOFBF, BUFFER_BYTES);
    *out = spool;
    return GODB_OK;
}

void
csv_spool_free(struct csv_spool *spool)
{
    if (spool == NULL) return;
    fclose(spool->file);
    free(spool);
}

int
csv_spool_add(
    struct csv_spool *spool, const struct csv_spool_row *row, struct godb_err *err)
{
    spool->count++;
    return fwrite_unlocked(row, sizeof *row, 1, spool->file) == 1 ? GODB_OK
                                                                  : fail(spool, err);
}

uint64_t
csv_spool_count(const struct csv_spool *spool)
{
    return spool->count;
}

int
csv_spool_rewind(struct csv_spool *spool, struct godb_err *err)
{
    return fflush(spool->file) == 0 && fseek(spool->file, 0, SEEK_SET) == 0
               ? GODB_OK
               : fail(spool, err);
}

int
csv_spool_next(struct csv_spool *spool, struct csv_spool_row *out, struct godb_err *err)
{
    if (fread_unlocked(out, sizeof *out, 1, spool->file) == 1) return GODB_OK;
    return ferror(spool->file) ? fail(spool, err) : GODB_DONE;
}
