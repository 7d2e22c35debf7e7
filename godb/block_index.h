/* SPDX-License-Identifier: MIT
 *
 * block_index.h -- <day>/blocks.index: what is known of each block without reading it.
 *
 *      0      "GODBIDX1", then size and change time of each column file, hash
 *      2048   for each of 512 slots: where its record starts (0: there is none)
 *      4096   record | sieve lines | record | sieve lines | ...
 *
 * The file can be lost, old or damaged at any time and be made again from the columns
 * (index_build.h).  Nothing in it is believed by itself:
 *
 *  - a record counts where its own hash is right and the column headers still have the
 *    block where the record says;
 *  - a block is skipped on the word of its record where the column file has the size
 *    and change time that the index was left with, else only once its stored bytes
 *    give the hash that the record has;
 *  - a block that is read has its stored bytes checked by that hash, too.
 *
 * The original does not know the file and leaves it alone.
 */
#ifndef GODB_BLOCK_INDEX_H
#define GODB_BLOCK_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "godb/block.h"
#include "godb/block_record.h"
#include "godb/block_sieve.h"
#include "godb/colfile.h"

#define BLOCK_INDEX_FILE     "blocks.index"
#define BLOCK_INDEX_NEW_FILE "blocks.index.new" /* while it is built again */

enum { BLOCK_INDEX_HEADER = 4096 };

/* --- Reading ---------------------------------------------------------------------- */

struct block_index {
    int fd;       /* -1: none */
    int os_errno; /* why there is none, or a record was not found; 0: it is not there */
    uint32_t owner; /* what records of this day have as theirs */
    uint8_t header[BLOCK_INDEX_HEADER];
};

/* Open the index of a day; one that is missing or makes no sense is as good as none.
 * owner: of the day.  *index is to be closed afterwards in any case.  Who writes
 * another index in its place is to look at os_errno: what this one knows may not be
 * lost. */
void block_index_open(struct block_index *index, int dir_fd, uint32_t owner);
void block_index_close(struct block_index *index);

/* Was there no memory, no descriptor, or a disk that failed, so that what it knows is
 * missed?  One that may not be read is as good as none. */
bool block_index_is_hindered(const struct block_index *index);

/* The record of the block in this slot of the commit column. */
bool block_index_find(
    struct block_index *index, uint32_t slot, struct block_record *out);

/* Is the record in this slot of this day, and did not come with the index of another?
 * False too for those that do not say. */
bool block_index_owns(
    const struct block_index *index, uint32_t slot, const struct block_record *record);

/* How many blocks the index knows of: behind the last slot that has a record of this
 * day. */
uint32_t block_index_count(struct block_index *index);

/* Is the column file as it was when the index was written? */
bool block_index_is_fresh(const struct block_index *index, const struct colfile *file);

/* False: the block of this record, in this slot, does not hold the key's value. */
bool block_index_may_hold(const struct block_index *index, uint32_t slot,
    const struct block_record *record, struct sieve_key key);

/* --- Writing ---------------------------------------------------------------------- */

struct block_index_writer {
    int fd;       /* -1: not open */
    uint64_t end; /* where the next record goes */
};

/* Make an index without records, in a file of this name.  0 or an errno. */
int block_index_create(struct block_index_writer *writer, int dir_fd, const char *name);

/* Open the index for appending.  False in *out_is_fresh where it does not fit the
 * column files as they are now, or is none: then it is to be built before anything is
 * added.  0 or an errno (ENOENT: there is none). */
int block_index_open_write(struct block_index_writer *writer, int dir_fd,
    const struct colfile files[GODB_COLUMN_COUNT], bool *out_is_fresh);
void block_index_close_write(struct block_index_writer *writer);

/* Write the record and the sieve behind what is there, without naming them yet: *at is
 * where.  0 or an errno. */
int block_index_add(struct block_index_writer *writer,
    const struct block_record *record, const uint8_t *lines, uint32_t *at);

/* Let slot have the record that was written there.  0 or an errno. */
int block_index_name(struct block_index_writer *writer, uint32_t slot, uint32_t at);

/* From now on the index fits the column files as they are now.  0 or an errno. */
int block_index_stamp(
    struct block_index_writer *writer, const struct colfile files[GODB_COLUMN_COUNT]);

#endif
