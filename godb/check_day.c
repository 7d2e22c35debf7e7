/* SPDX-License-Identifier: MIT
 *
 * check_day.c -- see check.h: what lies beside the columns of a day.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "godb/check.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/index_build.h"
#include "godb/l7_file.h"

static const char META[] = "meta.json";

static bool
may_change(const struct check *check)
{
    return check->has_writer && check->is_newest;
}

/* --- meta.json -------------------------------------------------------------------- */

static const struct check_block *
find_block(const struct check_blocks *blocks, int64_t time_s)
{
    for (uint32_t i = 0; i < blocks->count; i++)
        if (blocks->blocks[i].time_s == time_s) return &blocks->blocks[i];
    return NULL;
}

static bool
has_packets(const struct meta_block *entry, const struct check_block *block)
{
    return !block->has_record || block_record_has_packets(&block->record, &entry->pcap,
                                     entry->packets_logged);
}

/* What is wrong first, before the block's stamp; NULL: nothing. */
static const char *
entry_fault(const struct meta_block *entry, const struct check_block *block)
{
    if (block == NULL) return "has a block that is not there,";
    if (!block->is_good) return NULL;
    if (entry->flow_count != (int64_t)block->row_count)
        return "has another number of flows of block";
    if (entry->traffic_bytes != meta_number(block->traffic_bytes))
        return "has another traffic of block";
    if (!has_packets(entry, block)) return "has other counts of packets of block";
    return NULL;
}

static const char *
meta_fault(
    const struct meta *meta, const struct check_blocks *blocks, int64_t *out_time_s)
{
    for (size_t i = 0; i < meta->count; i++) {
        *out_time_s = meta->blocks[i].time_s;
        const char *fault =
            entry_fault(&meta->blocks[i], find_block(blocks, *out_time_s));
        if (fault) return fault;
    }
    for (uint32_t i = 0; i < blocks->count; i++) {
        *out_time_s = blocks->blocks[i].time_s;
        if (*out_time_s > 0 && meta_find(meta, *out_time_s) == NULL)
            return "lacks block";
    }
    return NULL;
}

/* The entry as the columns have it; what they do not know stays. */
static struct meta_block
right_entry(const struct meta *old, const struct check_block *block)
{
    const struct meta_block *known = meta_find(old, block->time_s);
    struct meta_block entry = {
        block->time_s, GODB_PCAP_STATS_UNKNOWN, meta_number(block->packets), 0, 0};
    if (known && (!block->is_good || has_packets(known, block))) entry = *known;
    entry.flow_count = block->row_count;
    entry.traffic_bytes = meta_number(block->traffic_bytes);
    return entry;
}

static int
save_file(struct check *check, const char *name)
{
    struct stat st;
    const int fd =
        openat(check->dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT ? 0 : errno;
    int rc = fstat(fd, &st) == 0 ? 0 : errno;
    if (rc == 0) rc = repair_save(check, check->dir, name, fd, 0, (uint64_t)st.st_size);
    close(fd);
    return rc;
}

/* 0 or an errno. */
static int
repair_meta(
    struct check *check, const struct meta *old, const struct check_blocks *blocks)
{
    struct meta meta = {NULL, 0, 0};
    struct godb_err why = {0};
    if (!check->spec->does_repair) return 0;
    int rc = save_file(check, META);
    if (rc != 0) return rc;
    for (uint32_t i = 0; i < blocks->count && rc == GODB_OK; i++) {
        const struct meta_block entry = right_entry(old, &blocks->blocks[i]);
        if (entry.time_s > 0) rc = meta_add(&meta, &entry);
    }
    if (rc == GODB_OK) rc = meta_write(check->dir_fd, &meta, &why);
    meta_free(&meta);
    return err_errno(rc, &why);
}

/* Before it is taken for lost: a disk can fail once. */
static int
read_meta(struct meta *out, const struct check *check, struct godb_err *why)
{
    const int rc = meta_read(out, check->dir_fd, why);
    return rc == GODB_EIO ? meta_read(out, check->dir_fd, why) : rc;
}

static int
check_meta(struct check *check, const struct check_blocks *blocks, struct godb_err *err)
{
    struct meta meta;
    struct godb_err why;
    int64_t time_s = 0;
    int rc = read_meta(&meta, check, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    const char *fault = rc == GODB_OK ? meta_fault(&meta, blocks, &time_s) : "";
    if (rc == GODB_ENOTFOUND && blocks->count == 0) fault = NULL;
    if (fault == NULL) {
        meta_free(&meta);
        return GODB_OK;
    }
    /* Of blocks that cannot be read now it may be all that is known. */
    const bool can_repair =
        !check->is_damaged &&
        (rc == GODB_OK || rc == GODB_ENOTFOUND || err_is_of_file(&why));
    const int failed = can_repair ? repair_meta(check, &meta, blocks) : 0;
    const struct check_finding finding = {
        rc == GODB_ENOTFOUND ? GODB_NOTE : GODB_WARNING, "meta", check->dir, META,
        time_s, can_repair ? check_outcome(check, failed) : GODB_NOT_REPAIRABLE,
        failed};
    if (rc == GODB_ENOTFOUND)
        check_tell(check, &finding, "is missing: counts of packets are not known");
    else if (rc != GODB_OK)
        check_tell(check, &finding, "%s", why.msg);
    else
        check_tell(check, &finding, "%s %" PRId64, fault, time_s);
    meta_free(&meta);
    return GODB_OK;
}

/* --- l7proto.json ----------------------------------------------------------------- */

/* The first block whose protocols are not of the name space that it was written with;
 * NULL: none. */
static const struct check_block *
find_nameless(const struct check_blocks *blocks, const struct l7_spaces *spaces)
{
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct check_block *block = &blocks->blocks[i];
        const bool has_table =
            l7_spaces_at(spaces, block->time_s) != godb_l7_libprotoident();
        if (block->has_record && block->record.has_l7_table != has_table) return block;
    }
    return NULL;
}

static int
check_l7(struct check *check, const struct check_blocks *blocks, struct godb_err *err)
{
    struct l7_spaces spaces;
    struct godb_err why;
    int rc = l7_file_read(&spaces, check->dir_fd, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc == GODB_OK) {
        const struct check_block *block = find_nameless(blocks, &spaces);
        if (block)
            rc = err_set(&why, GODB_ECORRUPT, "%s of block %" PRId64,
                spaces.count > 0 ? "is not the one" : "is missing, the one",
                block->time_s);
        l7_spaces_free(&spaces);
    }
    if (rc == GODB_OK) return GODB_OK;
    const struct check_finding finding = {
        GODB_DAMAGE, "l7proto", check->dir, "l7proto.json", 0, GODB_NOT_REPAIRABLE, 0};
    check->is_damaged = true;
    check_tell(
        check, &finding, "%s; names of layer 7 protocols cannot be told", why.msg);
    return GODB_OK;
}

/* --- blocks.index ----------------------------------------------------------------- */

static int
build_index(struct check *check)
{
    struct godb_err why = {0};
    if (!check->spec->does_repair) return 0;
    int rc = save_file(check, BLOCK_INDEX_FILE);
    if (rc != 0) return rc;
    rc = index_build(godb_root(check->db), check->iface, check->day_s, false, NULL,
        NULL, NULL, &why);
    return err_errno(rc, &why);
}

static int
check_index(
    struct check *check, const struct check_blocks *blocks, struct godb_err *err)
{
    struct stat st = {0};
    const bool is_there =
        fstatat(check->dir_fd, BLOCK_INDEX_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!is_there && errno != ENOENT)
        return err_sys(
            err, errno, "%s/%s/%s", godb_root(check->db), check->dir, BLOCK_INDEX_FILE);
    if (blocks->count == 0 || (is_there && !S_ISREG(st.st_mode))) return GODB_OK;
    if (is_there && blocks->has_record_all && blocks->is_fresh) return GODB_OK;
    const int rc = build_index(check);
    const struct check_finding finding = {
        is_there && !blocks->has_record_all ? GODB_WARNING : GODB_NOTE, "index",
        check->dir, BLOCK_INDEX_FILE, 0, check_outcome(check, rc), rc};
    check_tell(check, &finding, "%s",
        !is_there                ? "is missing: turned bits are not found"
        : blocks->has_record_all ? "is not as new as the columns"
                                 : "has no record of blocks that are there");
    return GODB_OK;
}

/* ---------------------------------------------------------------------------------- */

static int
check_files(struct check *check, struct check_blocks *blocks, struct godb_err *err)
{
    int rc = check_dir(check, check->dir_fd, check->dir, CHECK_DAY, err);
    if (rc == GODB_OK) rc = check_blocks(check, blocks, err);
    if (rc == GODB_OK) rc = check_l7(check, blocks, err);
    if (rc != GODB_OK || may_change(check)) return rc;
    rc = check_meta(check, blocks, err);
    if (rc == GODB_OK) rc = check_index(check, blocks, err);
    return rc;
}

int
check_day(struct check *check, struct godb_err *err)
{
    struct check_blocks *blocks = calloc(1, sizeof *blocks);
    if (blocks == NULL) return err_nomem(err);
    check->dir_fd =
        fs_open_below(godb_root(check->db), check->iface, strchr(check->dir, '/') + 1);
    int rc;
    if (check->dir_fd >= 0) {
        rc = check_files(check, blocks, err);
        close(check->dir_fd);
    } else if (errno == ELOOP) { /* which the interface's check told */
        check->is_damaged = true;
        rc = GODB_OK;
    } else if (errno == ENOENT) {
        rc = check_blocks(check, blocks, err); /* of goDB v4 */
    } else {
        rc = err_sys(err, errno, "%s/%s", godb_root(check->db), check->dir);
    }
    free(blocks);
    return rc;
}
