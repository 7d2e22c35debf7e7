/* SPDX-License-Identifier: MIT
 *
 * repair.c -- see check.h.
 *
 * Everything here can be cut off at any point and begun again: what goes is renamed,
 * what changes is saved before, and the records that a header is made from stay.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/bytes.h"
#include "godb/check.h"
#include "godb/error.h"
#include "godb/fsutil.h"

/* --- Quarantine ------------------------------------------------------------------- */

/* Makes `name` in *fd's directory and steps into it. */
static int
step(int *fd, const char *name)
{
    if (mkdirat(*fd, name, FS_DIR_MODE) != 0 && errno != EEXIST) return errno;
    const int inside =
        openat(*fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (inside < 0) return errno;
    close(*fd);
    *fd = inside;
    return 0;
}

static int
step_path(int *fd, const char *path)
{
    char copy[sizeof(((struct check *)0)->dir)], *rest = copy;
    if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
        return ENAMETOOLONG;
    for (const char *part; (part = strsep(&rest, "/")) != NULL;)
        if (part[0] != '\0') {
            int rc = step(fd, part);
            if (rc != 0) return rc;
        }
    return 0;
}

/* The directory in the quarantine that stands for `dir`. */
static int
open_quarantine(const struct check *check, const char *dir, int *out)
{
    *out = openat(check->root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0) return errno;
    int rc = step_path(out, check->quarantine);
    if (rc == 0) rc = step_path(out, dir);
    if (rc != 0) close(*out);
    return rc;
}

static int
open_source(const struct check *check, const char *dir)
{
    if (dir[0] == '\0') return fs_open_dir(check->root_fd, ".");
    char iface[GODB_IFACE_MAX];
    const char *slash = strchr(dir, '/');
    const size_t length = slash ? (size_t)(slash - dir) : strlen(dir);
    if (length >= sizeof iface) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(iface, dir, length);
    iface[length] = '\0';
    return fs_open_below(godb_root(check->db), iface, slash ? slash + 1 : NULL);
}

int
repair_quarantine(struct check *check, const char *dir, const char *name)
{
    int to;
    int rc = open_quarantine(check, dir, &to);
    if (rc != 0) return rc;
    const int from = open_source(check, dir);
    rc = from >= 0 && renameat(from, name, to, name) == 0 ? 0 : errno;
    if (rc == 0) rc = fs_sync(to);
    if (rc == 0) rc = fs_sync(from);
    if (from >= 0) close(from);
    close(to);
    return rc;
}

static int
copy_bytes(int to, int fd, uint64_t from, uint64_t count_bytes)
{
    uint8_t bytes[16384];
    for (uint64_t at = 0; at < count_bytes;) {
        const uint64_t left = count_bytes - at;
        const size_t part = left < sizeof bytes ? (size_t)left : sizeof bytes;
        int rc = fs_read_at(fd, bytes, part, from + at);
        if (rc == 0) rc = fs_write_at(to, bytes, part, at);
        if (rc != 0) return rc;
        at += part;
    }
    return fs_sync(to);
}

/* A file that is not there yet: a column's header may be changed twice by one repair,
 * and the first is the one that was found. */
static int
open_new(int place, const char *name)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(place, name, flags, FS_FILE_MODE);
    for (int number = 2; fd < 0 && errno == EEXIST; number++) {
        char other[128];
        snprintf(other, sizeof other, "%s.%d", name, number);
        fd = openat(place, other, flags, FS_FILE_MODE);
    }
    return fd;
}

int
repair_save(struct check *check, const char *dir, const char *name, int fd,
    uint64_t from, uint64_t count_bytes)
{
    int place;
    int rc = open_quarantine(check, dir, &place);
    if (rc != 0) return rc;
    const int to = open_new(place, name);
    rc = to >= 0 ? copy_bytes(to, fd, from, count_bytes) : errno;
    if (to >= 0) close(to);
    close(place);
    return rc;
}

/* --- Headers ---------------------------------------------------------------------- */

static uint8_t *
slot_number(uint8_t *header, int section, uint32_t slot)
{
    return header + colfile_slot_at(section, slot);
}

/* Has the file the recorded bytes in the recorded place?  Slots are looked at alone
 * where their numbers are not those of the header as it stands. */
static int
look_on_disk(struct colfile *file, const struct block_record *record, bool *out,
    struct godb_err *err)
{
    const struct block_record_column *column = &record->columns[file->column];
    const uint64_t end = column->start + column->packed_bytes;
    const struct colfile_extent extent = {column->start, end, 0, 0};
    const uint8_t *packed;
    *out = false;
    if (end > file->file_bytes) return GODB_OK;
    const int rc = colfile_load(file, 0, &extent, 0, &packed, NULL);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    *out = rc == GODB_OK &&
           block_record_hash(packed, column->packed_bytes) == column->hash;
    return GODB_OK;
}

/* What the record says of slot, put into header; false where it says nothing. */
static bool
put_slot(uint8_t *header, const struct block_record *record, enum godb_column column,
    uint32_t slot)
{
    const struct block_record_column *where = &record->columns[column];
    const uint64_t start =
        slot == 0 ? COLFILE_HEADER : get_be64(slot_number(header, 0, slot - 1));
    if (where->packed_bytes == 0 || where->start != start) return false;
    const uint64_t raw = (uint64_t)record->row_count * godb_columns[column].width_bytes;
    put_be64(slot_number(header, 0, slot), where->start + where->packed_bytes);
    put_be64(slot_number(header, 1, slot), (uint64_t)record->time_s);
    put_be64(slot_number(header, 2, slot), raw + COLFILE_STAMPS);
    return true;
}

static bool
has_slot(const uint8_t *one, const uint8_t *two, uint32_t slot)
{
    for (int section = 0; section < 3; section++)
        if (memcmp(one + colfile_slot_at(section, slot),
                two + colfile_slot_at(section, slot), 8) != 0)
            return false;
    return true;
}

/* Slots behind those that the index knows may be newer than it; but not when there is
 * no place in the file for their blocks. */
static bool
drop_absurd(uint8_t *header, const struct colfile *file, uint32_t count)
{
    if (count == 0) return false;
    uint64_t end = get_be64(slot_number(header, 0, count - 1));
    uint32_t slot = count;
    for (; slot < GODB_DAY_BLOCKS && get_be64(slot_number(header, 1, slot)) != 0;
         slot++) {
        const uint64_t next = get_be64(slot_number(header, 0, slot));
        if (next <= end || next > file->file_bytes) break;
        end = next;
    }
    if (slot == GODB_DAY_BLOCKS || get_be64(slot_number(header, 1, slot)) == 0)
        return false;
    for (int section = 0; section < 3; section++)
        memset(slot_number(header, section, slot), 0,
            (GODB_DAY_BLOCKS - slot) * sizeof(uint64_t));
    return true;
}

int
repair_find_header(struct block_index *index, struct colfile *file,
    uint8_t header[COLFILE_HEADER], bool *out_differs, struct godb_err *err)
{
    struct block_record record;
    const uint32_t count = block_index_count(index);
    bool differs = false, is_there;
    *out_differs = false;
    if (file->file_bytes < COLFILE_HEADER) return GODB_OK;
    memcpy(header, file->header, COLFILE_HEADER);
    for (uint32_t slot = 0; slot < count; slot++) {
        if (!block_index_find(index, slot, &record) ||
            !block_index_owns(index, slot, &record) ||
            !put_slot(header, &record, file->column, slot))
            return GODB_OK;
        if (has_slot(header, file->header, slot)) continue;
        int rc = look_on_disk(file, &record, &is_there, err);
        if (rc != GODB_OK || !is_there) return rc;
        differs = true;
    }
    *out_differs = drop_absurd(header, file, count) || differs;
    return GODB_OK;
}

int
repair_write_header(
    int dir_fd, enum godb_column column, const uint8_t header[COLFILE_HEADER])
{
    static const int order[] = {0, 2, 1}; /* stamps make a slot seen */
    const int fd =
        openat(dir_fd, godb_columns[column].file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno;
    int rc = 0;
    for (int i = 0; i < 3 && rc == 0; i++) {
        const size_t at = (size_t)order[i] * COLFILE_SECTION;
        rc = fs_write_at(fd, header + at, COLFILE_SECTION, at);
        if (rc == 0) rc = fs_sync_data(fd);
    }
    close(fd);
    return rc;
}
