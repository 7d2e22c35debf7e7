/* SPDX-License-Identifier: MIT
 *
 * stage.h -- one day directory, opened for appending: the commit protocol.
 *
 *   stage_add      bytes of every column, behind the last block; no slot names them
 *   stage_commit   1  sync the bytes
 *                  2  slots of all columns, but no stamps in the commit column; sync
 *                  3  stamps of the commit column, one by one; sync   <- commit
 *                  4  blocks.index; meta.json, replaced at once
 *
 * A slot's three numbers lie in three sectors, which reach the disk in any order: that
 * is why the commit column's stamps wait until the others are there.
 *
 * A crash before 3 leaves bytes that no slot names and slots that the commit column
 * does not have: both are invisible (day.h), and stage_open() takes them away.  Bytes
 * are written at the end that the header gives, not at the file's, and the file is cut
 * there first: goDB appends at the file's end while it counts from the header's, so
 * that what a crash left behind would shift every later block.
 */
#ifndef GODB_STAGE_H
#define GODB_STAGE_H

#include "godb/block_index.h"
#include "godb/block_pack.h"
#include "godb/colfile.h"
#include "godb/meta.h"

struct staged_block {
    int64_t time_s;
    uint32_t index_at; /* its record in the index */
    uint64_t end[GODB_COLUMN_COUNT], raw_bytes[GODB_COLUMN_COUNT];
};

struct stage {
    int dir_fd;
    int64_t day_s;
    char path[GODB_PATH_MAX]; /* for messages */
    struct colfile files[GODB_COLUMN_COUNT];
    uint64_t next_offset[GODB_COLUMN_COUNT];
    struct meta meta; /* its last staged_count entries are not committed */
    struct staged_block *staged;
    uint32_t staged_count;
    /* Slots of each column before a commit that failed. */
    uint32_t sound[GODB_COLUMN_COUNT];
    bool has_debris;   /* slots behind those could not be cleared yet */
    bool has_restored; /* a header: blocks are back that no summary has */
    struct block_index_writer index;
    bool has_l7_table;  /* of its blocks; set by the writer */
    uint32_t owner;     /* what its records have as theirs */
    uint64_t index_end; /* of the committed blocks' records */
    int index_errno;    /* what ended it */
};

/* Open or create <root>/<iface>/<day>, take away what a crash left, and bring meta.json
 * in step with the blocks.  warn (may be NULL) hears of both.  *stage is uninitialised
 * before, and after success to be closed. */
int stage_open(struct stage *stage, const char *root, const char *iface, int64_t day_s,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err);
void stage_close(struct stage *stage);

/* Blocks that the day has, staged ones included. */
uint32_t stage_block_count(const struct stage *stage);

/* Write the block's bytes.  Adds meta to the entries; its time_s is the stamp that the
 * block is packed for. */
int stage_add(struct stage *stage, const struct packed_block *packed,
    const struct meta_block *meta, struct godb_err *err);

/* All staged blocks, or none: after an error they are dropped.  Where the disk does not
 * even take that, it is made good before anything else is written; until then readers
 * may see blocks that the next commit brings again. */
int stage_commit(struct stage *stage, struct godb_err *err);

/* Take back what a commit that failed could not, before the day is closed. */
int stage_settle(struct stage *stage, struct godb_err *err);

/* GODB_OK, or once, why blocks.index does not follow any more.  The blocks are safe. */
int stage_index_error(struct stage *stage, struct godb_err *err);

/* Drop what is staged. */
void stage_drop(struct stage *stage);

#endif
