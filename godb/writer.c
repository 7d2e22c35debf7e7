/* SPDX-License-Identifier: MIT
 *
 * writer.c -- append blocks to one interface, day by day.
 *
 * stage.h has the commit protocol of a day.  This file decides which day a block
 * belongs to, keeps the interface to one writer (an advisory lock on its directory,
 * which the original does not see), and lets meta.json, l7proto.json and summary.json
 * follow.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "godb/block_pack.h"
#include "godb/day.h"
#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/l7_file.h"
#include "godb/lock_holder.h"
#include "godb/mend.h"
#include "godb/stage.h"
#include "godb/summary.h"

enum { LOCK_TRIES = 50, LOCK_WAIT_NS = 100 * 1000 * 1000 };

struct godb_writer {
    struct godb *db;
    char iface[GODB_IFACE_MAX];
    const struct godb_l7_names *l7_names;
    godb_warn_fn *warn;
    void *warn_arg;
    int iface_fd;               /* holds the lock */
    int64_t committed_s;        /* the last block that is on disk; 0: none */
    int64_t last_s;             /* the last block, staged ones included */
    struct godb_packer *packer; /* NULL until a block is not packed */
    bool has_stage;
    bool summary_is_stale;
    struct stage stage;
};

static void
tell(const struct godb_writer *writer, const struct godb_err *warning)
{
    if (writer->warn) writer->warn(writer->warn_arg, warning);
}

/* --- Opening ---------------------------------------------------------------------- */

static int
lock_iface(int fd, const char *path, struct godb_err *err)
{
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0) return GODB_OK;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_sys(err, errno, "%s: cannot be locked", path);
        nanosleep(&(struct timespec){0, LOCK_WAIT_NS}, NULL);
    }
    const long holder = lock_holder(fd);
    if (holder > 0)
        return err_set(err, GODB_EBUSY,
            "%s: process %ld is writing to this interface; end it first", path, holder);
    return err_set(
        err, GODB_EBUSY, "%s: another program is writing to this interface", path);
}

/* A directory that is new has to survive a crash with its blocks. */
static int
make_iface_dir(struct godb_writer *writer, const char *path, struct godb_err *err)
{
    if (mkdir(path, FS_DIR_MODE) != 0)
        return errno == EEXIST ? GODB_OK
                               : err_sys(err, errno, "%s: cannot be created", path);
    const int root_fd = fs_open_dir(AT_FDCWD, godb_root(writer->db));
    int rc = root_fd < 0 ? errno : fs_sync(root_fd);
    if (root_fd >= 0) close(root_fd);
    return rc == 0 ? GODB_OK : err_sys(err, rc, "%s", godb_root(writer->db));
}

static int
lock_iface_dir(struct godb_writer *writer, const char *path, struct godb_err *err)
{
    int rc = make_iface_dir(writer, path, err);
    if (rc != GODB_OK) return rc;
    writer->iface_fd = fs_open_below(godb_root(writer->db), writer->iface, NULL);
    if (writer->iface_fd < 0) return err_sys(err, errno, "%s", path);
    return lock_iface(writer->iface_fd, path, err);
}

/* A directory without days may be deleted while its lock is waited for. */
static bool
is_gone(const struct godb_writer *writer, const char *path)
{
    struct stat mine, there;
    return fstat(writer->iface_fd, &mine) != 0 || lstat(path, &there) != 0 ||
           mine.st_ino != there.st_ino || mine.st_dev != there.st_dev;
}

static int
open_iface_dir(struct godb_writer *writer, struct godb_err *err)
{
    char path[GODB_PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", godb_root(writer->db), writer->iface);
    for (int tries = 0; tries < LOCK_TRIES; tries++) {
        int rc = lock_iface_dir(writer, path, err);
        if (rc != GODB_OK || !is_gone(writer, path)) return rc;
        close(writer->iface_fd);
        writer->iface_fd = -1;
    }
    return err_set(err, GODB_EBUSY, "%s: is deleted again and again", path);
}

/* The last stamp of a day; 0 where it has no block yet. */
static int
last_of_day(
    struct godb_writer *writer, int64_t day_s, int64_t *out_s, struct godb_err *err)
{
    struct day day;
    *out_s = 0;
    int rc = day_open(&day, godb_root(writer->db), writer->iface, day_s, err);
    if (rc == GODB_ENOTFOUND) return GODB_OK;
    if (rc != GODB_OK) return rc;
    for (uint32_t slot = 0; slot < day_block_count(&day); slot++)
        if (day_block_time(&day, slot) > *out_s) *out_s = day_block_time(&day, slot);
    day_close(&day);
    return GODB_OK;
}

static int
find_last(struct godb_writer *writer, struct godb_err *err)
{
    const char *name = writer->iface;
    const struct godb_selection sel = {&name, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct day_list list;
    int rc = day_list_make(&list, writer->db, &sel, err);
    if (rc != GODB_OK) return rc;
    int64_t last_s = 0;
    for (size_t i = 0; i < list.count && rc == GODB_OK; i++)
        if (list.days[i].is_v4)
            rc = err_set(err, GODB_EARG,
                "%s/%s: a database of goDB v4 is only read; export it with goconvert",
                godb_root(writer->db), name);
    for (size_t i = list.count; i > 0 && last_s == 0 && rc == GODB_OK; i--)
        rc = last_of_day(writer, list.days[i - 1].day_s, &last_s, err);
    day_list_free(&list);
    writer->last_s = writer->committed_s = last_s;
    return rc;
}

static void
follow_summary(struct godb_writer *writer)
{
    struct godb_err why;
    writer->summary_is_stale = mend_summary(writer->db, writer->iface, writer->warn,
                                   writer->warn_arg, &why) != GODB_OK;
    if (writer->summary_is_stale) tell(writer, &why);
}

int
godb_writer_open(struct godb_writer **out, struct godb *db, const char *iface,
    const struct godb_l7_names *l7_names, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    int rc = godb_iface_check(iface, err);
    if (rc != GODB_OK) return rc;
    struct godb_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL) return err_nomem(err);
    writer->db = db;
    snprintf(writer->iface, sizeof writer->iface, "%s", iface);
    writer->l7_names = l7_names ? l7_names : godb_l7_libprotoident();
    writer->warn = warn;
    writer->warn_arg = warn_arg;
    writer->iface_fd = -1;
    rc = open_iface_dir(writer, err);
    if (rc == GODB_OK) rc = find_last(writer, err);
    if (rc != GODB_OK) {
        godb_writer_close(writer);
        return rc;
    }
    follow_summary(writer);
    *out = writer;
    return GODB_OK;
}

void
godb_writer_close(struct godb_writer *writer)
{
    if (writer == NULL) return;
    if (writer->has_stage) {
        (void)stage_settle(&writer->stage, NULL);
        stage_close(&writer->stage);
    }
    if (writer->iface_fd >= 0) close(writer->iface_fd);
    godb_packer_free(writer->packer);
    free(writer);
}

int64_t
godb_writer_last_s(const struct godb_writer *writer)
{
    return writer->last_s;
}

/* --- Appending -------------------------------------------------------------------- */

static int
enter_day(struct godb_writer *writer, int64_t day_s, struct godb_err *err)
{
    if (writer->has_stage && writer->stage.day_s == day_s) return GODB_OK;
    int rc = godb_writer_commit(writer, err);
    if (rc == GODB_OK && writer->has_stage) rc = stage_settle(&writer->stage, err);
    if (rc != GODB_OK) return rc;
    if (writer->has_stage) stage_close(&writer->stage);
    writer->has_stage = false;
    rc = stage_open(&writer->stage, godb_root(writer->db), writer->iface, day_s,
        writer->warn, writer->warn_arg, err);
    if (rc != GODB_OK) return rc;
    writer->summary_is_stale |= writer->stage.has_restored;
    writer->stage.has_l7_table = writer->l7_names != godb_l7_libprotoident();
    /* The new directory's own name has to survive a crash too. */
    rc = fs_sync(writer->iface_fd);
    writer->has_stage = rc == 0;
    if (rc == 0) return GODB_OK;
    stage_close(&writer->stage);
    return err_sys(err, rc, "%s/%s", godb_root(writer->db), writer->iface);
}

/* Before the first block with these ids can be seen. */
static int
declare_l7(struct godb_writer *writer, int64_t time_s, struct godb_err *err)
{
    int rc = l7_file_declare(writer->stage.dir_fd, time_s, writer->l7_names, err);
    if (rc != GODB_OK && rc != GODB_ENOMEM) err_prefix(err, writer->stage.path);
    return rc;
}

static int
pack(struct godb_writer *writer, struct godb_block *block, int64_t time_s,
    struct godb_err *err)
{
    if (block_is_packed(block, time_s)) return GODB_OK;
    if (writer->packer == NULL &&
        godb_packer_new(&writer->packer, GODB_EFFORT_SMALL) != GODB_OK)
        return err_nomem(err);
    int rc = godb_block_pack(writer->packer, block, time_s, err);
    if (rc == GODB_EARG) err_prefix(err, writer->stage.path);
    return rc;
}

static struct meta_block
meta_of(const struct godb_block *block, int64_t time_s,
    const struct godb_block_stats *stats)
{
    struct meta_block meta = {time_s, GODB_PCAP_STATS_UNKNOWN, -1,
        (int64_t)block->count, meta_number(block->traffic_bytes)};
    if (stats) {
        meta.pcap = stats->pcap;
        meta.packets_logged = stats->packets_logged;
    }
    if (meta.packets_logged < 0) meta.packets_logged = meta_number(block->packet_count);
    return meta;
}

int
godb_writer_append(struct godb_writer *writer, int64_t time_s, struct godb_block *block,
    const struct godb_block_stats *stats, struct godb_err *err)
{
    if (time_s < GODB_STAMP_MIN || time_s > GODB_STAMP_MAX)
        return err_set(err, GODB_EARG, "%s: %" PRId64 " is no time for a block",
            writer->iface, time_s);
    if (time_s <= writer->last_s)
        return err_set(err, GODB_EARG,
            "%s: block %" PRId64 " is not later than the last one, %" PRId64,
            writer->iface, time_s, writer->last_s);
    int rc = enter_day(writer, day_of(time_s), err);
    const bool is_first = rc == GODB_OK && writer->stage.staged_count == 0;
    if (is_first) rc = declare_l7(writer, time_s, err);
    if (rc == GODB_OK) rc = pack(writer, block, time_s, err);
    if (rc != GODB_OK) return rc;
    const struct meta_block meta = meta_of(block, time_s, stats);
    rc = stage_add(&writer->stage, block->packed, &meta, err);
    if (rc == GODB_OK) writer->last_s = time_s;
    return rc;
}

/* --- Committing ------------------------------------------------------------------- */

/* What the staged blocks add to the summary. */
static struct summary_entry
staged_entry(const struct stage *stage)
{
    const struct meta_block *first =
        stage->meta.blocks + stage->meta.count - stage->staged_count;
    struct summary_entry entry = {0, 0, first->time_s, first->time_s};
    for (uint32_t i = 0; i < stage->staged_count; i++) {
        entry.flow_count += first[i].flow_count;
        entry.traffic_bytes = meta_number(
            godb_sum((uint64_t)entry.traffic_bytes, (uint64_t)first[i].traffic_bytes));
        entry.end_s = first[i].time_s;
    }
    return entry;
}

/* The blocks are safe by now: what fails here is told, and made good later. */
static void
follow(struct godb_writer *writer, const struct summary_entry *entry)
{
    struct godb_err why;
    if (stage_index_error(&writer->stage, &why) != GODB_OK) tell(writer, &why);
    if (meta_write(writer->stage.dir_fd, &writer->stage.meta, &why) != GODB_OK) {
        err_prefix(&why, writer->stage.path);
        tell(writer, &why);
        writer->summary_is_stale = true;
    }
    if (writer->summary_is_stale) {
        follow_summary(writer);
    } else if (summary_update(godb_root(writer->db), writer->iface, entry, true,
                   &why) != GODB_OK) {
        writer->summary_is_stale = true;
        tell(writer, &why);
    }
}

int
godb_writer_commit(struct godb_writer *writer, struct godb_err *err)
{
    if (!writer->has_stage || writer->stage.staged_count == 0) return GODB_OK;
    const struct summary_entry entry = staged_entry(&writer->stage);
    int rc = stage_commit(&writer->stage, err);
    if (rc != GODB_OK) {
        writer->last_s = writer->committed_s;
        return rc;
    }
    writer->committed_s = writer->last_s;
    follow(writer, &entry);
    return GODB_OK;
}
