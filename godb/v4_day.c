/* SPDX-License-Identifier: MIT
 *
 * v4_day.c -- see v4_day.h.
 */
#include "godb/v4_day.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "godb/codec.h"
#include "godb/error.h"
#include "godb/fsutil.h"

enum { OPEN_TRIES = 3 };

/* --- Finding ---------------------------------------------------------------------- */

bool
v4_day_number(const char *name, int64_t *out_s)
{
    char *end;
    if (name[0] < '1' || name[0] > '9') return false;
    errno = 0;
    const long long day_s = strtoll(name, &end, 10);
    if (errno != 0 || (*end != '\0' && *end != '_') || day_s > GODB_STAMP_MAX ||
        day_s % GODB_DAY_S != 0)
        return false;
    *out_s = day_s;
    return true;
}

/* The day's name in a month's directory; ENOENT where it is not there, or errno. */
static int
find_name(DIR *dir, int64_t day_s, const char **out)
{
    const struct dirent *entry;
    int64_t found_s;
    while ((errno = 0, entry = readdir(dir)) != NULL)
        if (v4_day_number(entry->d_name, &found_s) && found_s == day_s) {
            *out = entry->d_name;
            return 0;
        }
    return errno != 0 ? errno : ENOENT;
}

/* The day's directory in a month's, opened, or an errno. */
static int
find_in_month(
    int *out_fd, const char *root, const char *iface, const char *month, int64_t day_s)
{
    DIR *dir = fs_read_below(root, iface, month);
    char below[GODB_PATH_MAX];
    const char *name;
    if (dir == NULL) return errno;
    int rc = find_name(dir, day_s, &name);
    if (rc == 0) {
        snprintf(below, sizeof below, "%s/%s", month, name);
        *out_fd = fs_open_below(root, iface, below);
        if (*out_fd < 0) rc = errno;
    }
    closedir(dir);
    return rc;
}

/* Noon of the first, and days in the months before and behind it.  ENOENT: it is in
 * none of them, and each could be read. */
static int
find_around(int *out_fd, const char *root, const char *iface, int64_t day_s)
{
    static const int shifts_s[] = {0, -GODB_DAY_S, GODB_DAY_S};
    char month[32];
    int worst = ENOENT;
    for (size_t i = 0; i < sizeof shifts_s / sizeof shifts_s[0]; i++) {
        struct tm tm;
        const time_t time = (time_t)(day_s + shifts_s[i]);
        if (gmtime_r(&time, &tm) == NULL) continue;
        snprintf(month, sizeof month, "%04d/%02d", tm.tm_year + 1900, tm.tm_mon + 1);
        const int rc = find_in_month(out_fd, root, iface, month, day_s);
        if (rc == 0) return 0;
        if (rc != ENOENT) worst = rc;
    }
    return worst;
}

/* --- Opening ---------------------------------------------------------------------- */

static int
read_meta(struct v4_day *day, struct godb_err *err)
{
    char *bytes;
    size_t count;
    int rc = fs_read_file(&bytes, &count, day->dir_fd, ".blockmeta", V4_META_MAX_BYTES);
    if (rc == EFBIG)
        return err_set(err, GODB_ECORRUPT, ".blockmeta: more than %d blocks in a day",
            V4_BLOCKS_MAX);
    if (rc != 0) return err_sys(err, rc, ".blockmeta");
    rc = v4_meta_parse(&day->meta, (const uint8_t *)bytes, count, err);
    free(bytes);
    return rc;
}

int
v4_day_open(struct v4_day **out, const char *root, const char *iface, int64_t day_s,
    struct godb_err *err)
{
    struct v4_day *day = calloc(1, sizeof *day);
    if (day == NULL) return err_nomem(err);
    for (int i = 0; i < V4_COLUMN_COUNT; i++)
        day->fds[i] = -1;
    day->dir_fd = -1;
    int found = ENOENT;
    for (int tries = 0; tries < OPEN_TRIES && found == ENOENT; tries++)
        found = find_around(&day->dir_fd, root, iface, day_s);
    int rc = found == 0
                 ? read_meta(day, err)
                 : err_sys(err, found, "%s/%s: day %" PRId64, root, iface, day_s);
    if (rc == GODB_OK)
        *out = day;
    else
        v4_day_close(day);
    return rc;
}

void
v4_day_close(struct v4_day *day)
{
    for (int i = 0; i < V4_COLUMN_COUNT; i++)
        if (day->fds[i] >= 0) close(day->fds[i]);
    if (day->dir_fd >= 0) close(day->dir_fd);
    v4_meta_free(&day->meta);
    free(day->stored);
    free(day->raw);
    free(day);
}

static bool
is_empty(const struct v4_day *day, int at)
{
    for (uint32_t i = 0; i < day->meta.block_count; i++)
        if (day->meta.blocks[i].columns[at].stored_bytes > 0) return false;
    return true;
}

int
v4_day_open_column(struct v4_day *day, enum godb_column column, struct godb_err *err)
{
    const int at = v4_column(column);
    const char *name = godb_columns[column].file;
    if (at < 0 || day->fds[at] >= 0) return GODB_OK;
    day->fds[at] =
        openat(day->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (day->fds[at] >= 0 || (errno == ENOENT && is_empty(day, at))) return GODB_OK;
    int rc = err_sys(err, errno, "%s", name);
    if (rc == GODB_ENOTFOUND && err) err->status = GODB_ECORRUPT;
    return rc == GODB_ENOTFOUND ? GODB_ECORRUPT : rc;
}

/* --- Reading ---------------------------------------------------------------------- */

static int
reserve(uint8_t **buffer, size_t *capacity, size_t need, struct godb_err *err)
{
    if (need <= *capacity) return GODB_OK;
    free(*buffer);
    *capacity = 0;
    *buffer = malloc(need);
    if (*buffer == NULL) return err_nomem(err);
    *capacity = need;
    return GODB_OK;
}

static int
fail(const struct v4_block *block, enum godb_column column, const char *why,
    struct godb_err *err)
{
    return err_set(err, GODB_ECORRUPT, "%s: block %" PRId64 " %s",
        godb_columns[column].file, block->time_s, why);
}

/* A zstd frame spends four bytes for at most 128 KiB of output. */
static bool
can_decode(const struct v4_extent *extent)
{
    switch (extent->encoder) {
    case V4_NULL:
        return extent->stored_bytes == extent->raw_bytes;
    case V4_LZ4:
        return codec_is_plausible(extent->stored_bytes, extent->raw_bytes);
    case V4_ZSTD:
        return extent->raw_bytes / 32768 <= extent->stored_bytes;
    default:
        return false;
    }
}

int
v4_day_check(const struct v4_day *day, uint32_t slot, enum godb_column column,
    struct godb_err *err)
{
    const struct v4_block *block = &day->meta.blocks[slot];
    const int at = v4_column(column);
    if (at < 0) return GODB_OK;
    const struct v4_extent *extent = &block->columns[at];
    const uint64_t count = (uint64_t)block->v4_count + block->v6_count;
    const off_t end = day->fds[at] >= 0 ? lseek(day->fds[at], 0, SEEK_END) : 0;
    if (extent->raw_bytes > count * godb_columns[column].width_bytes + 1)
        return fail(block, column, "is longer than its flows", err);
    if (extent->raw_bytes < count)
        return fail(block, column, "is shorter than its flows", err);
    if (end < 0 || extent->start + extent->stored_bytes > (uint64_t)end)
        return fail(block, column, "lies behind the end of the file", err);
    if (extent->raw_bytes > 0 && !can_decode(extent))
        return fail(block, column, "cannot be decoded", err);
    return GODB_OK;
}

static int
load(struct v4_day *day, const struct v4_extent *extent, enum godb_column column,
    struct godb_err *err)
{
    int rc = reserve(&day->stored, &day->stored_capacity, extent->stored_bytes, err);
    if (rc != GODB_OK) return rc;
    rc = fs_read_at(
        day->fds[v4_column(column)], day->stored, extent->stored_bytes, extent->start);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", godb_columns[column].file);
}

static bool
decode(const struct v4_day *day, const struct v4_extent *extent)
{
    if (extent->encoder == V4_LZ4)
        return codec_unpack(
            day->raw, extent->raw_bytes, day->stored, extent->stored_bytes);
    if (extent->encoder == V4_ZSTD)
        return codec_unpack_zstd(
            day->raw, extent->raw_bytes, day->stored, extent->stored_bytes);
    memcpy(day->raw, day->stored, extent->raw_bytes);
    return true;
}

int
v4_day_read(struct v4_day *day, uint32_t slot, enum godb_column column, void *out,
    struct godb_err *err)
{
    const struct v4_block *block = &day->meta.blocks[slot];
    const int at = v4_column(column);
    if (at < 0) {
        memset(out, 0,
            ((size_t)block->v4_count + block->v6_count) *
                godb_columns[column].width_bytes);
        return GODB_OK;
    }
    const struct v4_extent *extent = &block->columns[at];
    int rc = v4_day_check(day, slot, column, err);
    if (rc == GODB_OK && extent->raw_bytes > 0) rc = load(day, extent, column, err);
    if (rc == GODB_OK)
        rc = reserve(&day->raw, &day->raw_capacity, (size_t)extent->raw_bytes + 1, err);
    if (rc != GODB_OK) return rc;
    if (extent->raw_bytes > 0 && !decode(day, extent))
        return fail(block, column, "cannot be decoded", err);
    return v4_values(out, column, block, day->raw, extent->raw_bytes, err);
}

/* --- Traffic ---------------------------------------------------------------------- */

static int
add_column(struct v4_day *day, uint32_t slot, enum godb_column column, uint64_t *sum,
    struct godb_err *err)
{
    const struct v4_block *block = &day->meta.blocks[slot];
    const size_t count = (size_t)block->v4_count + block->v6_count;
    int rc = v4_day_open_column(day, column, err);
    if (rc == GODB_OK) rc = v4_day_check(day, slot, column, err);
    if (rc != GODB_OK) return rc;
    uint64_t *values = malloc((count ? count : 1) * sizeof *values);
    if (values == NULL) return err_nomem(err);
    rc = v4_day_read(day, slot, column, values, err);
    for (size_t i = 0; rc == GODB_OK && i < count; i++)
        *sum = godb_sum(*sum, values[i]);
    free(values);
    return rc;
}

int
v4_day_traffic(
    struct v4_day *day, uint32_t slot, uint64_t *out_bytes, struct godb_err *err)
{
    *out_bytes = 0;
    int rc = add_column(day, slot, GODB_BYTES_RCVD, out_bytes, err);
    return rc == GODB_OK ? add_column(day, slot, GODB_BYTES_SENT, out_bytes, err) : rc;
}
