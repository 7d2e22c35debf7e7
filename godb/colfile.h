/* SPDX-License-Identifier: MIT
 *
 * colfile.h -- one column file: a fixed header of slots, then compressed blocks.
 *
 *      0        4096       8192       12288
 *      +----------+----------+----------+---------+---------+--
 *      | end[512] | time[512]| len[512] | block 0 | block 1 | ...
 *      +----------+----------+----------+---------+---------+--
 *                                       ^         ^
 *                                  COLFILE_HEADER end[0]
 *
 * Slot i is used when time[i] is not 0, and used slots come first.  Block i lies
 * between end[i-1] (the header's end for i = 0) and end[i]; it is one LZ4 block of
 * len[i] bytes once decompressed: the stamp, the values, the stamp again.  Everything
 * is big-endian.
 *
 * A file says nothing about its siblings: which blocks count is for day.c to believe
 * and for writer.c to decide.  So this file never locks, never syncs on its own, and
 * takes every number that it reads for a lie until it is checked.
 */
#ifndef GODB_COLFILE_H
#define GODB_COLFILE_H

#include "godb/godb.h"

enum {
    COLFILE_SECTION = GODB_DAY_BLOCKS * 8,
    COLFILE_HEADER = 3 * COLFILE_SECTION,
    COLFILE_STAMPS = 16, /* bytes that a block has beside its values */
};

/* Where in a header the number of a slot lies; section is 0 to 2. */
static inline size_t
colfile_slot_at(int section, uint32_t slot)
{
    return (size_t)section * COLFILE_SECTION + (size_t)slot * 8;
}

struct colfile {
    int fd; /* -1: not open */
    enum godb_column column;
    uint32_t used; /* slots */
    uint64_t file_bytes;
    uint8_t header[COLFILE_HEADER];
    /* The part of the file that was read last; see colfile_load(). */
    struct colfile_window {
        uint8_t *bytes;
        size_t capacity_bytes;
    } window;
    uint64_t window_start, window_end;
};

/* Where a block lies, checked against the file. */
struct colfile_extent {
    uint64_t start, end;
    uint64_t raw_bytes;
    uint32_t row_count;
};

/* Open for reading; never creates.  GODB_ENOTFOUND, GODB_EIO, GODB_ECORRUPT (shorter
 * than a header).  err->msg names the file only: the caller knows the directory.  *file
 * is to be zero or closed before, and closed after success. */
int colfile_open(
    struct colfile *file, int dir_fd, enum godb_column column, struct godb_err *err);

/* Open for reading and writing; creates the file with an empty header. */
int colfile_open_write(
    struct colfile *file, int dir_fd, enum godb_column column, struct godb_err *err);
void colfile_close(struct colfile *file);

/* Exchange the memory that an open file is read into: who opens many files, one after
 * the other, has it touched once.  *window is zero at first, and its bytes are for
 * free(3) at last. */
void colfile_swap_window(struct colfile *file, struct colfile_window *window);

int64_t colfile_time(const struct colfile *file, uint32_t slot);

/* The first used slot with this stamp, looking at `hint` first; UINT32_MAX: none. */
uint32_t colfile_find(const struct colfile *file, int64_t time_s, uint32_t hint);

/* Check slot's numbers against each other and against the file.  The size of the file
 * is asked again before it is blamed, since a writer may have appended meanwhile. */
int colfile_extent(struct colfile *file, uint32_t slot, struct colfile_extent *out,
    struct godb_err *err);

/* Read a block as it is stored: *packed is extent->end - extent->start bytes, good
 * until the next call.  Blocks are usually asked for in order, so what follows up to
 * read_to (an offset in the file) is read with it, in steps that stay in the cache. */
int colfile_load(struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, uint64_t read_to, const uint8_t **packed,
    struct godb_err *err);

/* Decompress what was loaded into raw (raw_bytes of it) and check both stamps.  The
 * values start 8 bytes into raw, in the order on disk. */
int colfile_unpack(const struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, const uint8_t *packed, uint8_t *raw,
    struct godb_err *err);

/* Decompress the first `rows` values alone (raw: 8 bytes more than them).  Only the
 * first stamp is checked, so this is for bytes that are known to be right. */
int colfile_unpack_first(const struct colfile *file, uint32_t slot,
    const struct colfile_extent *extent, const uint8_t *packed, uint32_t rows,
    uint8_t *raw, struct godb_err *err);

/* Turn the values behind the stamp from row `first` up to row `end` to host order; raw
 * is 8-aligned. */
void colfile_turn(
    const struct colfile *file, uint8_t *raw, uint32_t first, uint32_t end);

/* Where the next block goes: after the last used one, whatever lies there. */
uint64_t colfile_next_offset(const struct colfile *file);

/* Set slot's numbers, in memory and on disk: where its block ends and what it unpacks
 * to; and then its stamp, which makes it a used one.  Both return 0 or an errno; some
 * of it may have reached the disk even so, until colfile_drop_slots() succeeds. */
int colfile_write_extent(
    struct colfile *file, uint32_t slot, uint64_t end, uint64_t raw_bytes);
int colfile_write_stamp(struct colfile *file, uint32_t slot, int64_t time_s);

/* Clear all slots from `used` on, in memory and on disk, also what stands behind the
 * used ones.  Returns 0, or an errno: then it is to be called again. */
int colfile_drop_slots(struct colfile *file, uint32_t used);

/* How many slots from `first` on have a stamp; slots behind a gap count too. */
uint32_t colfile_stamped_from(const struct colfile *file, uint32_t first);

#endif
