/* SPDX-License-Identifier: MIT
 *
 * block_index.c -- see block_index.h.
 *
 * Nothing is synced: what a crash garbles has a wrong hash, and is built again.
 */
#include "godb/block_index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <xxhash.h>

#include "godb/bytes.h"
#include "godb/fsutil.h"

enum {
    FILES_AT = 16, /* size and change time in ns of each column file, 8 bytes each */
    HASH_AT = FILES_AT + GODB_COLUMN_COUNT * 16,
    SLOTS_AT = 2048
};

static const char magic[FILES_AT] = "GODBIDX1";

static void
file_state(uint8_t out[16], int fd)
{
    struct stat st;
    memset(out, 0, 16);
    if (fd < 0 || fstat(fd, &st) != 0) return;
    put_be64(out, (uint64_t)st.st_size);
    put_be64(out + 8,
        (uint64_t)st.st_mtim.tv_sec * 1000000000 + (uint64_t)st.st_mtim.tv_nsec);
}

static bool
has_state(const uint8_t *header, const struct colfile *file)
{
    uint8_t now[16];
    file_state(now, file->fd);
    return memcmp(now, header + FILES_AT + file->column * sizeof now, sizeof now) == 0;
}

static uint64_t
header_hash(const uint8_t *header)
{
    return XXH3_64bits(header, HASH_AT);
}

static bool
read_header(int fd, uint8_t header[BLOCK_INDEX_HEADER])
{
    return fs_read_at(fd, header, BLOCK_INDEX_HEADER, 0) == 0 &&
           memcmp(header, magic, sizeof magic) == 0;
}

/* --- Reading ---------------------------------------------------------------------- */

/* A file that is too short has not got them, and never had. */
static bool
read_at(struct block_index *index, void *to, size_t count_bytes, uint64_t at)
{
    int rc = fs_read_at(index->fd, to, count_bytes, at);
    if (rc != 0 && rc != ENODATA) index->os_errno = rc;
    return rc == 0;
}

static bool
is_index(struct block_index *index)
{
    struct stat st;
    if (fstat(index->fd, &st) != 0) {
        index->os_errno = errno;
        return false;
    }
    return S_ISREG(st.st_mode) &&
           read_at(index, index->header, sizeof index->header, 0) &&
           memcmp(index->header, magic, sizeof magic) == 0;
}

void
block_index_open(struct block_index *index, int dir_fd, uint32_t owner)
{
    index->owner = owner;
    index->os_errno = 0;
    index->fd = openat(
        dir_fd, BLOCK_INDEX_FILE, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (index->fd < 0 && errno != ENOENT) index->os_errno = errno;
    if (index->fd >= 0 && !is_index(index)) block_index_close(index);
}

void
block_index_close(struct block_index *index)
{
    if (index->fd >= 0) close(index->fd);
    index->fd = -1;
}

bool
block_index_is_hindered(const struct block_index *index)
{
    return index->os_errno == EIO || index->os_errno == ENOMEM ||
           index->os_errno == EMFILE || index->os_errno == ENFILE;
}

static uint32_t
record_start(const struct block_index *index, uint32_t slot)
{
    return get_be32(index->header + SLOTS_AT + slot * sizeof(uint32_t));
}

bool
block_index_find(struct block_index *index, uint32_t slot, struct block_record *out)
{
    uint8_t bytes[BLOCK_RECORD_BYTES];
    if (index->fd < 0 || slot >= GODB_DAY_BLOCKS || record_start(index, slot) == 0)
        return false;
    return read_at(index, bytes, sizeof bytes, record_start(index, slot)) &&
           block_record_unpack(out, bytes);
}

/* Where records lie is not hashed: a bit that turned there can name the record of
 * another slot. */
static bool
is_named_once(const struct block_index *index, uint32_t slot)
{
    for (uint32_t other = 0; other < GODB_DAY_BLOCKS; other++)
        if (other != slot && record_start(index, other) == record_start(index, slot))
            return false;
    return true;
}

bool
block_index_owns(
    const struct block_index *index, uint32_t slot, const struct block_record *record)
{
    return record->owner == index->owner && is_named_once(index, slot);
}

uint32_t
block_index_count(struct block_index *index)
{
    struct block_record record;
    uint32_t count = index->fd < 0 ? 0 : GODB_DAY_BLOCKS;
    while (count > 0 && !(block_index_find(index, count - 1, &record) &&
                            block_index_owns(index, count - 1, &record)))
        count--;
    return count;
}

bool
block_index_is_fresh(const struct block_index *index, const struct colfile *file)
{
    return index->fd >= 0 &&
           get_be64(index->header + HASH_AT) == header_hash(index->header) &&
           has_state(index->header, file);
}

bool
block_index_may_hold(const struct block_index *index, uint32_t slot,
    const struct block_record *record, struct sieve_key key)
{
    uint8_t line[SIEVE_LINE_BYTES];
    if (record->line_count == 0) return true;
    const uint32_t number = sieve_line_of(key, record->line_count);
    const uint64_t at = (uint64_t)record_start(index, slot) + BLOCK_RECORD_BYTES +
                        (uint64_t)number * SIEVE_LINE_BYTES;
    if (fs_read_at(index->fd, line, sizeof line, at) != 0 ||
        !sieve_line_check(line, record->time_s, number))
        return true;
    return sieve_line_may_hold(line, key);
}

/* --- Writing ---------------------------------------------------------------------- */

int
block_index_create(struct block_index_writer *writer, int dir_fd, const char *name)
{
    uint8_t header[BLOCK_INDEX_HEADER] = {0};
    const int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    memcpy(header, magic, sizeof magic);
    writer->end = sizeof header;
    writer->fd = openat(dir_fd, name, flags, FS_FILE_MODE);
    if (writer->fd < 0) return errno;
    int rc = fs_write_at(writer->fd, header, sizeof header, 0);
    if (rc != 0) block_index_close_write(writer);
    return rc;
}

static bool
fits(const uint8_t *header, const struct colfile files[GODB_COLUMN_COUNT])
{
    if (get_be64(header + HASH_AT) != header_hash(header)) return false;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        if (!has_state(header, &files[col])) return false;
    return true;
}

int
block_index_open_write(struct block_index_writer *writer, int dir_fd,
    const struct colfile files[GODB_COLUMN_COUNT], bool *out_is_fresh)
{
    uint8_t header[BLOCK_INDEX_HEADER];
    struct stat st;
    *out_is_fresh = false;
    writer->fd =
        openat(dir_fd, BLOCK_INDEX_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (writer->fd < 0) return errno;
    if (fstat(writer->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        block_index_close_write(writer);
        return EINVAL;
    }
    writer->end = (uint64_t)st.st_size;
    *out_is_fresh = read_header(writer->fd, header) && fits(header, files);
    return 0;
}

void
block_index_close_write(struct block_index_writer *writer)
{
    if (writer->fd >= 0) close(writer->fd);
    writer->fd = -1;
}

int
block_index_add(struct block_index_writer *writer, const struct block_record *record,
    const uint8_t *lines, uint32_t *at)
{
    uint8_t bytes[BLOCK_RECORD_BYTES];
    const size_t line_bytes = (size_t)record->line_count * SIEVE_LINE_BYTES;
    if (writer->end + sizeof bytes + line_bytes > UINT32_MAX) return EFBIG;
    block_record_pack(bytes, record);
    int rc = fs_write_at(writer->fd, bytes, sizeof bytes, writer->end);
    if (rc == 0 && line_bytes > 0)
        rc = fs_write_at(writer->fd, lines, line_bytes, writer->end + sizeof bytes);
    if (rc != 0) return rc;
    *at = (uint32_t)writer->end;
    writer->end += sizeof bytes + line_bytes;
    return 0;
}

int
block_index_name(struct block_index_writer *writer, uint32_t slot, uint32_t at)
{
    uint8_t start[4];
    if (slot >= GODB_DAY_BLOCKS) return EINVAL;
    put_be32(start, at);
    return fs_write_at(writer->fd, start, sizeof start, SLOTS_AT + slot * 4);
}

int
block_index_stamp(
    struct block_index_writer *writer, const struct colfile files[GODB_COLUMN_COUNT])
{
    uint8_t header[HASH_AT + 8];
    memcpy(header, magic, sizeof magic);
    for (size_t col = 0; col < GODB_COLUMN_COUNT; col++)
        file_state(header + FILES_AT + 16 * col, files[col].fd);
    put_be64(header + HASH_AT, header_hash(header));
    return fs_write_at(writer->fd, header, sizeof header, 0);
}
