/* SPDX-License-Identifier: MIT
 *
 * csv_source.c -- see csv_source.h.
 */
#include "shell/csv_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "shell/shell_err.h"

enum { STORED_BYTES = 1 << 17 };

enum coding { CODING_NONE, CODING_GZIP, CODING_ZSTD };

struct csv_source {
    const char *name;
    int fd;
    bool owns_fd, is_at_end;
    enum coding coding;
    uint64_t done_bytes, total_bytes;
    z_stream gzip;
    ZSTD_DStream *zstd;
    bool is_inside; /* of a compressed frame: an end here is too early */
    size_t stored_at, stored_end;
    char stored[STORED_BYTES];
};

const char *
csv_source_name(const struct csv_source *source)
{
    return source->name;
}

uint64_t
csv_source_done_bytes(const struct csv_source *source)
{
    return source->done_bytes;
}

uint64_t
csv_source_total_bytes(const struct csv_source *source)
{
    return source->total_bytes;
}

/* --- Opening ---------------------------------------------------------------------- */

static bool
ends_in(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static int
start_decoding(struct csv_source *source, struct godb_err *err)
{
    if (ends_in(source->name, ".gz")) source->coding = CODING_GZIP;
    if (ends_in(source->name, ".zst")) source->coding = CODING_ZSTD;
    bool is_ready = true;
    if (source->coding == CODING_GZIP) /* +16: gzip, not zlib */
        is_ready = inflateInit2(&source->gzip, MAX_WBITS + 16) == Z_OK;
    if (source->coding == CODING_ZSTD)
        is_ready = (source->zstd = ZSTD_createDStream()) != NULL;
    return is_ready ? GODB_OK : shell_err(err, GODB_ENOMEM, "out of memory");
}

static int
look_at_file(struct csv_source *source, struct godb_err *err)
{
    struct stat status;
    if (fstat(source->fd, &status) != 0)
        return shell_err_sys(err, errno, "%s", source->name);
    if (S_ISDIR(status.st_mode)) return shell_err_sys(err, EISDIR, "%s", source->name);
    if (S_ISREG(status.st_mode)) source->total_bytes = (uint64_t)status.st_size;
    return start_decoding(source, err);
}

int
csv_source_open(struct csv_source **out, const char *path, struct godb_err *err)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    struct csv_source *source = calloc(1, sizeof *source);
    if (source == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    source->name = is_stdin ? "standard input" : path;
    source->owns_fd = !is_stdin;
    source->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int rc = source->fd < 0 ? shell_err_sys(err, errno, "%s", path)
                            : look_at_file(source, err);
    if (rc == GODB_OK)
        *out = source;
    else
        csv_source_close(source);
    return rc;
}

void
csv_source_close(struct csv_source *source)
{
    if (source == NULL) return;
    if (source->coding == CODING_GZIP) inflateEnd(&source->gzip);
    ZSTD_freeDStream(source->zstd);
    if (source->owns_fd && source->fd >= 0) close(source->fd);
    free(source);
}

/* --- Reading ---------------------------------------------------------------------- */

static int
read_fd(struct csv_source *source, char *to, size_t max, size_t *out_got,
    struct godb_err *err)
{
    ssize_t got;
    do {
        got = read(source->fd, to, max);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return shell_err_sys(err, errno, "%s", source->name);
    source->done_bytes += (uint64_t)got;
    *out_got = (size_t)got;
    return GODB_OK;
}

static int
fail_damaged(const struct csv_source *source, const char *why, struct godb_err *err)
{
    return shell_err(
        err, GODB_ECORRUPT, "%s: cannot be decompressed: %s", source->name, why);
}

/* One step of gunzip: from stored[] to `to`.  Files may be several, one behind the
 * other. */
static int
step_gzip(struct csv_source *source, char *to, size_t max, size_t *out_got,
    struct godb_err *err)
{
    z_stream *gzip = &source->gzip;
    gzip->next_in = (Bytef *)source->stored + source->stored_at;
    gzip->avail_in = (uInt)(source->stored_end - source->stored_at);
    gzip->next_out = (Bytef *)to;
    gzip->avail_out = (uInt)max;
    int rc = inflate(gzip, Z_NO_FLUSH);
    source->stored_at = source->stored_end - gzip->avail_in;
    *out_got = max - gzip->avail_out;
    source->is_inside = rc != Z_STREAM_END;
    if (rc == Z_STREAM_END) rc = inflateReset(gzip);
    if (rc == Z_OK || rc == Z_BUF_ERROR) return GODB_OK;
    return fail_damaged(source, gzip->msg ? gzip->msg : "no gzip", err);
}

static int
step_zstd(struct csv_source *source, char *to, size_t max, size_t *out_got,
    struct godb_err *err)
{
    ZSTD_inBuffer in = {source->stored, source->stored_end, source->stored_at};
    ZSTD_outBuffer out = {to, max, 0};
    const size_t rc = ZSTD_decompressStream(source->zstd, &out, &in);
    if (ZSTD_isError(rc)) return fail_damaged(source, ZSTD_getErrorName(rc), err);
    source->stored_at = in.pos;
    source->is_inside = rc != 0;
    *out_got = out.pos;
    return GODB_OK;
}

static int
refill(struct csv_source *source, struct godb_err *err)
{
    if (source->stored_at < source->stored_end) return GODB_OK;
    source->stored_at = source->stored_end = 0;
    int rc = read_fd(source, source->stored, STORED_BYTES, &source->stored_end, err);
    source->is_at_end = rc == GODB_OK && source->stored_end == 0;
    return rc;
}

int
csv_source_read(struct csv_source *source, char *to, size_t max, size_t *out_got,
    struct godb_err *err)
{
    *out_got = 0;
    if (source->coding == CODING_NONE) return read_fd(source, to, max, out_got, err);
    int rc = GODB_OK;
    while (rc == GODB_OK && *out_got == 0 && !source->is_at_end) {
        rc = refill(source, err);
        if (rc != GODB_OK || source->is_at_end) break;
        rc = source->coding == CODING_GZIP ? step_gzip(source, to, max, out_got, err)
                                           : step_zstd(source, to, max, out_got, err);
    }
    if (rc == GODB_OK && *out_got == 0 && source->is_inside)
        return fail_damaged(source, "it ends too early", err);
    return rc;
}
