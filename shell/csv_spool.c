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

#include "shell/csv_flow.h"
#include "shell/shell_err.h"

enum { BUFFER_BYTES = 1 << 18 };

struct csv_spool {
    FILE *file;
    const char *dir;
    struct csv_list runs, l7_ids, flows; /* of the batch that was read last */
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
    free(spool->runs.bytes);
    free(spool->l7_ids.bytes);
    free(spool->flows.bytes);
    free(spool);
}

static bool
put(struct csv_spool *spool, const void *bytes, size_t length)
{
    return fwrite_unlocked(bytes, 1, length, spool->file) == length;
}

int
csv_spool_add(
    struct csv_spool *spool, const struct csv_spool_batch *batch, struct godb_err *err)
{
    if (put(spool, batch, sizeof *batch) &&
        put(spool, batch->runs, batch->run_count * sizeof *batch->runs) &&
        put(spool, batch->l7_ids, batch->l7_count * sizeof *batch->l7_ids) &&
        put(spool, batch->flows, batch->flow_bytes))
        return GODB_OK;
    return fail(spool, err);
}

int
csv_spool_rewind(struct csv_spool *spool, struct godb_err *err)
{
    return fflush(spool->file) == 0 && fseek(spool->file, 0, SEEK_SET) == 0
               ? GODB_OK
               : fail(spool, err);
}

/* The next bytes, with room behind them; NULL where they are not to be had. */
static void *
get(struct csv_spool *spool, struct csv_list *list, size_t length)
{
    void *room = csv_list_room(list, length + CSV_FLOW_MAX);
    if (room == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    return fread_unlocked(room, 1, length, spool->file) == length ? room : NULL;
}

int
csv_spool_next(struct csv_spool *spool, struct csv_spool_batch *out, bool with_flows,
    struct godb_err *err)
{
    if (fread_unlocked(out, sizeof *out, 1, spool->file) != 1)
        return ferror(spool->file) ? fail(spool, err) : GODB_DONE;
    out->runs = get(spool, &spool->runs, out->run_count * sizeof *out->runs);
    out->l7_ids = get(spool, &spool->l7_ids, out->l7_count * sizeof *out->l7_ids);
    if (out->runs == NULL || out->l7_ids == NULL) return fail(spool, err);
    out->flows = NULL;
    if (with_flows)
        out->flows = get(spool, &spool->flows, out->flow_bytes);
    else if (fseek(spool->file, (long)out->flow_bytes, SEEK_CUR) != 0)
        return fail(spool, err);
    return with_flows && out->flows == NULL ? fail(spool, err) : GODB_OK;
}
