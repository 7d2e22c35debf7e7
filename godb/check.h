/* SPDX-License-Identifier: MIT
 *
 * check.h -- what the parts of a check share.
 *
 *      check.c         the walk: root, interfaces, their names; godb_check()
 *      check_dir.c     what lies in a directory: names, kinds, modes, leftovers
 *      check_day.c     a day's side files: l7proto.json, meta.json, blocks.index
 *      check_blocks.c  a day's columns: headers, and each block decoded
 *      repair.c        quarantine, and headers from the index
 */
#ifndef GODB_CHECK_H
#define GODB_CHECK_H

#include "godb/block_index.h"
#include "godb/colfile.h"
#include "godb/day.h"
#include "godb/godb.h"
#include "godb/meta.h"

struct check {
    struct godb *db;
    const struct godb_check_spec *spec;
    struct godb_check_counts *counts;
    int root_fd;
    char quarantine[64]; /* ".quarantine/20261125T013000Z-1234" */
    /* The interface at hand. */
    const char *iface;
    int iface_fd;
    bool has_writer;  /* its newest day is changing, and the summary */
    bool is_complete; /* the sums below are those of all its blocks */
    uint64_t flow_count, traffic_bytes;
    int64_t begin_s, end_s;
    bool summary_is_told; /* that it cannot be read */
    /* The day at hand. */
    char dir[GODB_IFACE_MAX + 32]; /* below the root: "eth0/1700006400" */
    int64_t day_s;
    int dir_fd;
    bool is_newest;
    bool is_damaged; /* columns cannot all be read: side files are left as they are */
};

/* Which problem; a repair that failed is told by its errno. */
struct check_finding {
    enum godb_severity severity;
    const char *kind;
    const char *dir, *file; /* dir "" is the root */
    int64_t time_s;
    enum godb_repair repair;
    int repair_errno;
};

void check_tell(struct check *check, const struct check_finding *finding,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* REPAIRABLE, or, where this check is to repair, what became of it. */
enum godb_repair check_outcome(const struct check *check, int repair_errno);

/* --- check_dir.c -------------------------------------------------------------------
 */

enum check_place { CHECK_ROOT, CHECK_IFACE, CHECK_DAY };

/* Tell of names, kinds and modes in a directory.  Takes no descriptor over. */
int check_dir(struct check *check, int dir_fd, const char *dir, enum check_place place,
    struct godb_err *err);

/* --- check_day.c, check_blocks.c ----------------------------------------------------
 */

/* What the columns say. */
struct check_block {
    int64_t time_s;
    uint32_t row_count;
    bool is_good;    /* every column could be read and is as written */
    bool has_record; /* the index says of this block: */
    uint64_t traffic_bytes, packets;
    struct block_record record;
};

struct check_blocks {
    struct check_block blocks[GODB_DAY_BLOCKS];
    uint32_t count, bad_count;
    bool has_record_all; /* each good block has one */
    bool is_fresh;       /* the index was written when the columns were as they are */
};

/* Each header and each block of the day at hand.  GODB_OK also where there is damage,
 * which is told; GODB_ENOMEM, GODB_ECANCELLED. */
int check_blocks(struct check *check, struct check_blocks *out, struct godb_err *err);

/* The day at hand, whole. */
int check_day(struct check *check, struct godb_err *err);

/* --- repair.c -----------------------------------------------------------------------
 */

/* Move <dir>/<name>, dir below the root, to the same place in the quarantine.  0 or an
 * errno. */
int repair_quarantine(struct check *check, const char *dir, const char *name);

/* Copy into the quarantine the first count_bytes behind `from` of a file that is open,
 * as <dir>/<name>.  0 or an errno. */
int repair_save(struct check *check, const char *dir, const char *name, int fd,
    uint64_t from, uint64_t count_bytes);

/* *out_differs: the column's header is not what the index's records say, all of whose
 * blocks lie where they say with the bytes that they say.  *header is then the one that
 * it was.  GODB_ENOMEM: it cannot be told. */
int repair_find_header(struct block_index *index, struct colfile *file,
    uint8_t header[COLFILE_HEADER], bool *out_differs, struct godb_err *err);

/* Write it, stamps last.  0 or an errno. */
int repair_write_header(
    int dir_fd, enum godb_column column, const uint8_t header[COLFILE_HEADER]);

#endif
