/* SPDX-License-Identifier: MIT
 *
 * mend.c -- see mend.h.
 */
#include "godb/mend.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/day.h"
#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/fsutil.h"
#include "godb/summary.h"

/* --- Slots ------------------------------------------------------------------------ */

static bool
is_committed(const struct colfile *commit, int64_t time_s)
{
    return colfile_find(commit, time_s, 0) != UINT32_MAX;
}

int
mend_slots(struct colfile files[GODB_COLUMN_COUNT], const char *path,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    const struct colfile *commit = &files[DAY_COMMIT_COLUMN];
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        struct colfile *file = &files[col];
        uint32_t keep = file->used;
        while (keep > 0 && !is_committed(commit, colfile_time(file, keep - 1)))
            keep--;
        const uint32_t dropped = colfile_stamped_from(file, keep);
        struct godb_err news;
        err_set(&news, GODB_ECORRUPT,
            "%s/%s: dropped %u half-written block(s) that not all columns have", path,
            godb_columns[col].file, dropped);
        if (warn && dropped > 0) warn(warn_arg, &news);
        int rc = colfile_drop_slots(file, keep);
        if (rc != 0) return err_sys(err, rc, "%s/%s", path, godb_columns[col].file);
    }
    return GODB_OK;
}

/* --- meta.json -------------------------------------------------------------------- */

/* The sum of two counter columns of a block. */
static int
sum_columns(struct day *day, const struct day_block *block, enum godb_column first,
    enum godb_column second, int64_t *out, struct godb_err *err)
{
    struct day_values values = {NULL, 0};
    const void *column;
    uint64_t sum = 0;
    const uint32_t count = block->row_count;
    const struct day_rows rows = {0, count};
    int rc = day_read(day, block, first, rows, &values, &column, err);
    if (rc == GODB_OK) {
        sum = day_values_sum(column, count);
        rc = day_read(day, block, second, rows, &values, &column, err);
    }
    if (rc == GODB_OK) *out = meta_number(godb_sum(sum, day_values_sum(column, count)));
    day_values_free(&values);
    return rc;
}

static int
block_from_columns(
    struct day *day, uint32_t slot, struct meta_block *out, struct godb_err *err)
{
    struct day_block block;
    *out = (struct meta_block){
        day_block_time(day, slot), GODB_PCAP_STATS_UNKNOWN, 0, 0, 0};
    int rc = day_block_enter(day, slot, slot, &block, err);
    if (rc != GODB_OK) return rc;
    out->flow_count = block.row_count;
    rc = sum_columns(
        day, &block, GODB_BYTES_RCVD, GODB_BYTES_SENT, &out->traffic_bytes, err);
    if (rc == GODB_OK)
        rc = sum_columns(day, &block, GODB_PACKETS_RCVD, GODB_PACKETS_SENT,
            &out->packets_logged, err);
    return rc;
}

static int
mend_entries(struct meta *out, const struct meta *old, struct day *day,
    godb_warn_fn *warn, void *warn_arg, struct godb_err *err)
{
    for (uint32_t slot = 0; slot < day_block_count(day); slot++) {
        const struct meta_block *known = meta_find(old, day_block_time(day, slot));
        struct meta_block block;
        struct godb_err why;
        int rc = GODB_OK;
        if (known)
            block = *known;
        else
            rc = block_from_columns(day, slot, &block, &why);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != GODB_OK && warn) warn(warn_arg, &why);
        /* What the disk does not give now it may give later: a 0 would stay. */
        if (rc == GODB_EIO) continue;
        /* A block that is damaged keeps its place, with what is known of it. */
        if (meta_add(out, &block) != GODB_OK) return err_nomem(err);
    }
    return GODB_OK;
}

static bool
is_complete(const struct meta *meta, const struct day *day)
{
    for (uint32_t slot = 0; slot < day_block_count(day); slot++)
        if (meta_find(meta, day_block_time(day, slot)) == NULL) return false;
    return true;
}

int
mend_meta(struct meta *out, bool *out_changed, int dir_fd, const char *root,
    const char *iface, int64_t day_s, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    struct meta old;
    struct godb_err why;
    struct day day;
    memset(out, 0, sizeof *out);
    int rc = meta_read(&old, dir_fd, &why);
    if (rc != GODB_OK && rc != GODB_ENOTFOUND && !err_is_of_file(&why)) {
        if (err) *err = why;
        return rc;
    }
    if (rc != GODB_OK && rc != GODB_ENOTFOUND && warn) warn(warn_arg, &why);
    rc = day_open(&day, root, iface, day_s, err);
    if (rc == GODB_OK) {
        const bool complete = is_complete(&old, &day);
        if (out_changed) *out_changed = !complete;
        if (complete) {
            *out = old;
            memset(&old, 0, sizeof old);
        } else {
            rc = day_open_columns(&day, GODB_COLUMNS_ALL, err);
            if (rc == GODB_OK) rc = mend_entries(out, &old, &day, warn, warn_arg, err);
        }
        day_close(&day);
    }
    meta_free(&old);
    if (rc != GODB_OK) meta_free(out);
    return rc;
}

/* --- summary.json ----------------------------------------------------------------- */

static int
mend_day(struct godb *db, const char *iface, int64_t day_s, godb_warn_fn *warn,
    void *warn_arg, struct godb_err *err)
{
    char path[GODB_PATH_MAX];
    struct meta meta;
    bool changed = false;
    snprintf(path, sizeof path, "%s/%s/%" PRId64, godb_root(db), iface, day_s);
    int dir_fd = fs_open_below(godb_root(db), iface, strrchr(path, '/') + 1);
    if (dir_fd < 0) return err_sys(err, errno, "%s", path);
    int rc = mend_meta(
        &meta, &changed, dir_fd, godb_root(db), iface, day_s, warn, warn_arg, err);
    if (rc == GODB_OK) {
        if (changed) rc = meta_write(dir_fd, &meta, err);
        meta_free(&meta);
    }
    close(dir_fd);
    return rc;
}

/* A day that cannot be mended is told and left as it is. */
static int
mend_days(struct godb *db, const char *iface, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    const struct godb_selection sel = {&iface, 1, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct day_list list;
    struct godb_err why;
    int rc = day_list_make(&list, db, &sel, err);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < list.count && rc != GODB_ENOMEM; i++) {
        rc = mend_day(db, iface, list.days[i].day_s, warn, warn_arg, &why);
        if (rc != GODB_OK && rc != GODB_ENOTFOUND && warn) warn(warn_arg, &why);
    }
    day_list_free(&list);
    return rc == GODB_ENOMEM ? err_nomem(err) : GODB_OK;
}

static int
find_iface(struct godb *db, const char *iface, struct godb_iface_info *out,
    struct godb_err *err)
{
    struct godb_iface_info *all;
    size_t count;
    memset(out, 0, sizeof *out);
    int rc = godb_ifaces(db, &all, &count, NULL, NULL, NULL, NULL, err);
    if (rc != GODB_OK) return rc;
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, iface) == 0) *out = all[i];
    godb_ifaces_free(all);
    return GODB_OK;
}

/* All its days were deleted, and summary.json could not follow. */
static int
forget_if_known(const char *root, const char *iface, struct godb_err *err)
{
    struct summary_entry entry;
    if (summary_read(&entry, root, iface, NULL) != GODB_OK) return GODB_OK;
    return summary_forget(root, iface, err);
}

int
mend_summary(struct godb *db, const char *iface, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    struct godb_iface_info info;
    struct summary_entry old;
    int rc = find_iface(db, iface, &info, err);
    if (rc == GODB_OK && !info.has_traffic) {
        rc = mend_days(db, iface, warn, warn_arg, err);
        if (rc == GODB_OK) rc = find_iface(db, iface, &info, err);
    }
    if (rc != GODB_OK) return rc;
    if (info.block_count == 0) return forget_if_known(godb_root(db), iface, err);
    const struct summary_entry entry = {meta_number(info.flow_count),
        meta_number(info.traffic_bytes), info.begin_s, info.end_s};
    if (summary_read(&old, godb_root(db), iface, NULL) == GODB_OK &&
        old.flow_count == entry.flow_count && old.begin_s == entry.begin_s &&
        old.end_s == entry.end_s && old.traffic_bytes == entry.traffic_bytes)
        return GODB_OK;
    return summary_update(godb_root(db), iface, &entry, false, err);
}
