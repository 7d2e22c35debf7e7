/* SPDX-License-Identifier: MIT
 *
 * colfile.c -- see colfile.h for the layout.
 */
#include "godb/colfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/bytes.h"
#include "godb/codec.h"
#include "godb/error.h"
#include "godb/fsutil.h"

/* Enough to make the system calls few, little enough for nine columns to stay in the
 * second-level cache until they are decoded. */
enum { WINDOW_BYTES = 128 * 1024 };

static const char *
file_name(const struct colfile *file)
{
    return godb_columns[file->column].file;
}

static uint64_t
section(const struct colfile *file, int which, uint32_t slot)
{
    return get_be64(file->header + colfile_slot_at(which, slot));
}

int64_t
colfile_time(const struct colfile *file, uint32_t slot)
{
    return (int64_t)section(file, 1, slot);
}

static int
load_header(struct colfile *file, struct godb_err *err)
{
    struct stat st;
    if (fstat(file->fd, &st) != 0) return err_sys(err, errno, "%s", file_name(file));
    if (!S_ISREG(st.st_mode))
        return err_set(err, GODB_ECORRUPT, "%s: not a regular file", file_name(file));
    file->file_bytes = (uint64_t)st.st_size;
    file->used = 0;
    if (file->file_bytes == 0) return GODB_OK; /* being created at this moment */
    if (file->file_bytes < COLFILE_HEADER)
        return err_set(err, GODB_ECORRUPT,
            "%s: %" PRIu64 " bytes, shorter than its header of %d", file_name(file),
            file->file_bytes, COLFILE_HEADER);
    int rc = fs_read_at(file->fd, file->header, COLFILE_HEADER, 0);
    if (rc != 0) return err_sys(err, rc, "%s: header", file_name(file));
    while (file->used < GODB_DAY_BLOCKS && colfile_time(file, file->used) != 0)
        file->used++;
    return GODB_OK;
}

static void
start(struct colfile *file, enum godb_column column)
{
    file->column = column;
    file->used = 0;
    file->window = (struct colfile_window){NULL, 0};
    file->window_start = file->window_end = 0;
}

int
colfile_open(
    struct colfile *file, int dir_fd, enum godb_column column, struct godb_err *err)
{
    start(file, column);
    /* NONBLOCK: a FIFO in the place of a file must not hang the reader. */
    file->fd =
        openat(dir_fd, file_name(file), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (file->fd < 0) return err_sys(err, errno, "%s", file_name(file));
    int rc = load_header(file, err);
    if (rc != GODB_OK) colfile_close(file);
    return rc;
}

int
colfile_open_write(
    struct colfile *file, int dir_fd, enum godb_column column, struct godb_err *err)
{
    start(file, column);
    file->fd = openat(dir_fd, file_name(file),
        O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FS_FILE_MODE);
    if (file->fd < 0) return err_sys(err, errno, "%s", file_name(file));
    struct stat st;
    int rc = fstat(file->fd, &st) == 0 ? 0 : errno;
    /* A file that is all header and no block, or was cut off while it was created. */
    if (rc == 0 && st.st_size < COLFILE_HEADER)
        rc = fs_truncate(file->fd, COLFILE_HEADER);
    rc = rc != 0 ? err_sys(err, rc, "%s", file_name(file)) : load_header(file, err);
    if (rc != GODB_OK) colfile_close(file);
    return rc;
}

void
colfile_close(struct colfile *file)
{
    if (file->fd >= 0) close(file->fd);
    file->fd = -1;
    free(file->window.bytes);
    file->window = (struct colfile_window){NULL, 0};
}

void
colfile_swap_window(struct colfile *file, struct colfile_window *window)
{
    const struct colfile_window mine = file->window;
    file->window = *window;
    file->window_start = file->window_end = 0;
    *window = mine;
}

uint32_t
colfile_find(const struct colfile *file, int64_t time_s, uint32_t hint)
{
    if (hint < file->used && colfile_time(file, hint) == time_s) return hint;
    for (uint32_t slot = 0; slot < file->used; slot++)
        if (colfile_time(file, slot) == time_s) return slot;
    return UINT32_MAX;
}

static uint64_t
block_start(const struct colfile *file, uint32_t slot)
{
    return slot == 0 ? COLFILE_HEADER : section(file, 0, slot - 1);
}

/* Does the file reach up to `end`?  It may have grown since it was opened. */
static bool
reaches(struct colfile *file, uint64_t end)
{
    struct stat st;
    if (end <= file->file_bytes) return true;
    if (fstat(file->fd, &st) == 0) file->file_bytes = (uint64_t)st.st_size;
    return end <= file->file_bytes;
}

static int
check_extent(struct colfile *file, uint32_t slot, struct colfile_extent *out,
    struct godb_err *err)
{
    const uint64_t start_at = block_start(file, slot), end = section(file, 0, slot);
    const uint64_t raw_bytes = section(file, 2, slot);
    const unsigned width = godb_columns[file->column].width_bytes;
    if (start_at < COLFILE_HEADER || end <= start_at || end > INT64_MAX)
        return err_set(err, GODB_ECORRUPT,
            "%s: slot %u: block from %" PRIu64 " to %" PRIu64 " makes no sense",
            file_name(file), slot, start_at, end);
    if (!reaches(file, end))
        return err_set(err, GODB_ECORRUPT,
            "%s: slot %u: block ends at %" PRIu64 ", the file at %" PRIu64,
            file_name(file), slot, end, file->file_bytes);
    if (raw_bytes < COLFILE_STAMPS || (raw_bytes - COLFILE_STAMPS) % width != 0 ||
        !codec_is_plausible(end - start_at, raw_bytes))
        return err_set(err, GODB_ECORRUPT,
            "%s: slot %u: %" PRIu64 " bytes cannot come from a block of %" PRIu64,
            file_name(file), slot, raw_bytes, end - start_at);
    out->start = start_at;
    out->end = end;
    out->raw_bytes = raw_bytes;
    out->row_count = (uint32_t)((raw_bytes - COLFILE_STAMPS) / width);
    return GODB_OK;
}

int
colfile_extent(struct colfile *file, uint32_t slot, struct colfile_extent *out,
    struct godb_err *err)
{
    int rc = check_extent(file, slot, out, err);
    if (rc == GODB_OK) return rc;
    /* A header that was read while the writer was in the middle of this slot shows its
     * stamp without its numbers.  Slots that came since then stay unseen. */
    const uint32_t used = file->used;
    rc = load_header(file, err);
    if (rc == GODB_OK && file->used > used) file->used = used;
    if (rc == GODB_OK && slot >= file->used)
        rc = err_set(err, GODB_ECORRUPT, "%s: slot %u: taken back while it was read",
            file_name(file), slot);
    return rc == GODB_OK ? check_extent(file, slot, out, err) : rc;
}

/* Bring [start, end) into the window, and what follows up to read_to as far as it
 * fits. */
static int
fill_window(struct colfile *file, uint64_t start_at, uint64_t end, uint64_t read_to)
{
    if (start_at >= file->window_start && end <= file->window_end) return 0;
    uint64_t until = end;
    if (read_to > until) until = read_to;
    if (until > start_at + WINDOW_BYTES) until = start_at + WINDOW_BYTES;
    if (until < end) until = end;
    if (until > file->file_bytes) until = file->file_bytes;
    const size_t want = (size_t)(until - start_at);
    if (want > file->window.capacity_bytes) {
        uint8_t *bigger = realloc(file->window.bytes, want);
        if (bigger == NULL) return ENOMEM;
        file->window.bytes = bigger;
        file->window.capacity_bytes = want;
    }
    file->window_start = file->window_end = 0;
    int rc = fs_read_at(file->fd, file->window.bytes, want, start_at);
    if (rc != 0) return rc;
    file->window_start = start_at;
    file->window_end = until;
    return 0;
}

int
colfile_load(struct colfile *file, uint32_t slot, const struct colfile_extent *extent,
    uint64_t read_to, const uint8_t **packed, struct godb_err *err)
{
    int rc = fill_window(file, extent->start, extent->end, read_to);
    if (rc == ENOMEM) return err_nomem(err);
    if (rc == ENODATA)
        return err_set(err, GODB_ECORRUPT,
            "%s: slot %u: the file ends inside its block", file_name(file), slot);
    if (rc != 0) return err_sys(err, rc, "%s: slot %u", file_name(file), slot);
    *packed = file->window.bytes + (extent->start - file->window_start);
    return GODB_OK;
}

static int
check_stamp(const struct colfile *file, uint32_t slot, const uint8_t *stamp,
    struct godb_err *err)
{
    const uint64_t time_s = (uint64_t)colfile_time(file, slot);
    if (get_be64(stamp) == time_s) return GODB_OK;
    return err_set(err, GODB_ECORRUPT,
        "%s: slot %u: the block's stamps are not the header's %" PRIu64,
        file_name(file), slot, time_s);
}

static int
does_not_unpack(const struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, struct godb_err *err)
{
    return err_set(err, GODB_ECORRUPT,
        "%s: slot %u: the block does not decompress to its %" PRIu64 " bytes",
        file_name(file), slot, extent->raw_bytes);
}

int
colfile_unpack(const struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, const uint8_t *packed, uint8_t *raw,
    struct godb_err *err)
{
    if (!codec_unpack(raw, extent->raw_bytes, packed, extent->end - extent->start))
        return does_not_unpack(file, slot, extent, err);
    int rc = check_stamp(file, slot, raw, err);
    return rc != GODB_OK ? rc
                         : check_stamp(file, slot, raw + extent->raw_bytes - 8, err);
}

int
colfile_unpack_first(const struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, const uint8_t *packed, uint32_t rows,
    uint8_t *raw, struct godb_err *err)
{
    const size_t bytes = 8 + (size_t)rows * godb_columns[file->column].width_bytes;
    if (bytes > extent->raw_bytes ||
        !codec_unpack_first(raw, bytes, packed, extent->end - extent->start))
        return does_not_unpack(file, slot, extent, err);
    return check_stamp(file, slot, raw, err);
}

void
colfile_turn(const struct colfile *file, uint8_t *raw, uint32_t first, uint32_t end)
{
    const uint8_t width = godb_columns[file->column].width_bytes;
    void *values = raw + 8 + (size_t)first * width;
    if (width == 8)
        turn_be64(values, end - first);
    else if (width == 2)
        turn_be16(values, end - first);
    /* Addresses and protocols are bytes. */
}

uint64_t
colfile_next_offset(const struct colfile *file)
{
    return block_start(file, file->used);
}

static int
put_section(struct colfile *file, int which, uint32_t slot, uint64_t value)
{
    const uint64_t offset = colfile_slot_at(which, slot);
    put_be64(file->header + offset, value);
    return fs_write_at(file->fd, file->header + offset, 8, offset);
}

int
colfile_write_extent(
    struct colfile *file, uint32_t slot, uint64_t end, uint64_t raw_bytes)
{
    int rc = put_section(file, 0, slot, end);
    return rc == 0 ? put_section(file, 2, slot, raw_bytes) : rc;
}

int
colfile_write_stamp(struct colfile *file, uint32_t slot, int64_t time_s)
{
    int rc = put_section(file, 1, slot, (uint64_t)time_s);
    if (rc == 0 && slot >= file->used) file->used = slot + 1;
    return rc;
}

/* What was to be written and failed is in our copy of the header, as some of it may
 * have reached the file; what was cleared leaves the copy when it is gone there. */
static int
clear_section(struct colfile *file, int which, uint32_t slot)
{
    static const uint8_t zeros[8];
    const uint64_t offset = colfile_slot_at(which, slot);
    if (section(file, which, slot) == 0) return 0;
    int rc = fs_write_at(file->fd, zeros, sizeof zeros, offset);
    if (rc == 0) put_be64(file->header + offset, 0);
    return rc;
}

int
colfile_drop_slots(struct colfile *file, uint32_t used)
{
    /* From the last one on, stamps first: what is left at any moment is a file with
     * fewer blocks. */
    for (uint32_t slot = GODB_DAY_BLOCKS; slot-- > used;) {
        int rc = clear_section(file, 1, slot);
        if (rc == 0 && file->used > slot) file->used = slot;
        if (rc == 0) rc = clear_section(file, 0, slot);
        if (rc == 0) rc = clear_section(file, 2, slot);
        if (rc != 0) return rc;
    }
    return 0;
}

uint32_t
colfile_stamped_from(const struct colfile *file, uint32_t first)
{
    uint32_t count = 0;
    for (uint32_t slot = first; slot < GODB_DAY_BLOCKS; slot++)
        count += colfile_time(file, slot) != 0;
    return count;
}
