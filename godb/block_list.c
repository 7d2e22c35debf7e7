/* SPDX-License-Identifier: MIT
 *
 * block_list.c -- blocks and interfaces as their headers and metadata describe them.
 *
 * No column is decompressed here: flow counts come from the headers' lengths, bytes and
 * packets from meta.json where there is one.  Only days of goDB v4, which have none,
 * give their counters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/day.h"
#include "godb/day_list.h"
#include "godb/error.h"
#include "godb/meta.h"

struct godb_block_list {
    struct godb *db;
    struct godb_selection sel; /* its interfaces are in days */
    godb_warn_fn *warn;
    void *warn_arg;
    struct day_list days;
    size_t next_day;
    bool has_day;
    uint32_t slot, iface;
    struct day day;
    char damage[256]; /* the first column that cannot be opened, or "" */
    struct meta meta;
};

static void
tell(const struct godb_block_list *list, const struct godb_err *warning)
{
    if (list->warn) list->warn(list->warn_arg, warning);
}

/* --- Days ------------------------------------------------------------------------- */

static void
leave_day(struct godb_block_list *list)
{
    if (!list->has_day) return;
    day_close(&list->day);
    meta_free(&list->meta);
    list->has_day = false;
}

/* One by one: a column that cannot be opened must not take the others along.
 * GODB_ENOTFOUND: the day was deleted in between. */
static int
open_columns(struct godb_block_list *list, struct godb_err *why)
{
    list->damage[0] = '\0';
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        int rc = day_open_columns(&list->day, GODB_COLUMN_BIT(col), why);
        if (rc == GODB_ENOMEM || rc == GODB_ENOTFOUND) return rc;
        if (rc != GODB_OK && list->damage[0] == '\0')
            snprintf(list->damage, sizeof list->damage, "%.255s", why->msg);
    }
    return GODB_OK;
}

/* GODB_OK also where the day cannot be read: that is told, and the walk goes on. */
static int
enter_day(struct godb_block_list *list, struct godb_err *err)
{
    const struct day_ref *ref = &list->days.days[list->next_day++];
    struct godb_err why;
    int rc = day_open(&list->day, godb_root(list->db), list->days.ifaces[ref->iface],
        ref->day_s, &why);
    if (rc == GODB_OK) {
        list->has_day = true;
        list->iface = ref->iface;
        list->slot = 0;
        day_open_index(&list->day);
        if (day_check_count(&list->day, &why) != GODB_OK) tell(list, &why);
        rc = open_columns(list, &why);
    }
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK) {
        if (rc != GODB_ENOTFOUND) tell(list, &why);
        leave_day(list);
        return GODB_OK;
    }
    rc = meta_read(&list->meta, list->day.dir_fd, &why);
    if (rc == GODB_ENOMEM) return err_nomem(err);
    if (rc != GODB_OK && rc != GODB_ENOTFOUND) {
        err_prefix(&why, list->day.path);
        tell(list, &why);
    }
    return GODB_OK;
}

/* --- Blocks ----------------------------------------------------------------------- */

/* The counts of packets are no longer those that were written. */
static void
check_packets(struct godb_block_list *list, const struct day_block *block,
    struct godb_block_info *out)
{
    if (!block->is_own ||
        block_record_has_packets(&block->record, &out->pcap, out->packets_logged))
        return;
    snprintf(out->status, sizeof out->status,
        "%.200s/meta.json: packets are not counted as they were", list->day.path);
    out->pcap = (struct godb_pcap_stats)GODB_PCAP_STATS_UNKNOWN;
    out->packets_logged = -1;
}

/* The sum in meta.json is no longer the one of the flows. */
static void
check_traffic(struct godb_block_list *list, const struct day_block *block,
    struct godb_block_info *out)
{
    if (out->traffic_bytes < 0 || !block->is_own || block->record.traffic_check == 0 ||
        block->record.traffic_check == block_record_traffic(out->traffic_bytes))
        return;
    snprintf(out->status, sizeof out->status,
        "%.200s/meta.json: traffic is not that of the flows", list->day.path);
    out->traffic_bytes = -1;
}

static void
fill_sizes(struct godb_block_list *list, struct godb_block_info *out)
{
    struct godb_err why;
    struct day_block block;
    const bool is_told = list->damage[0] != '\0';
    snprintf(out->status, sizeof out->status, "%s", is_told ? list->damage : "ok");
    if (day_block_enter(&list->day, list->slot, list->slot, &block, &why) != GODB_OK) {
        snprintf(out->status, sizeof out->status, "%.255s", why.msg);
        return;
    }
    const uint32_t rows = block.row_count;
    check_packets(list, &block, out);
    check_traffic(list, &block, out);
    out->flow_count = rows;
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        struct colfile_extent extent;
        uint32_t slot;
        if (day_extent(&list->day, (enum godb_column)col, list->slot, rows, &slot,
                &extent, &why) != GODB_OK) {
            if (!is_told) snprintf(out->status, sizeof out->status, "%.255s", why.msg);
            continue;
        }
        out->compressed_bytes += extent.end - extent.start;
        out->raw_bytes += extent.raw_bytes;
    }
}

/* goDB v4 keeps no sum of a block's bytes, so this one takes reading its counters. */
static void
fill_v4(struct godb_block_list *list, struct godb_block_info *out)
{
    uint64_t bytes;
    out->pcap.dropped = list->day.v4->meta.blocks[list->slot].drop_count;
    if (v4_day_traffic(list->day.v4, list->slot, &bytes, NULL) == GODB_OK)
        out->traffic_bytes = meta_number(bytes);
}

static void
fill_block(struct godb_block_list *list, struct godb_block_info *out)
{
    memset(out, 0, sizeof *out);
    out->iface = list->days.ifaces[list->iface];
    out->time_s = day_block_time(&list->day, list->slot);
    out->traffic_bytes = out->packets_logged = -1;
    out->pcap = (struct godb_pcap_stats)GODB_PCAP_STATS_UNKNOWN;
    const struct meta_block *meta = meta_find(&list->meta, out->time_s);
    if (meta) {
        out->traffic_bytes = meta->traffic_bytes;
        out->packets_logged = meta->packets_logged;
        out->pcap = meta->pcap;
    }
    if (list->day.v4) fill_v4(list, out);
    fill_sizes(list, out);
}

static bool
is_selected(struct godb_block_list *list)
{
    struct godb_err why;
    const int64_t time_s = day_block_time(&list->day, list->slot);
    if (time_s >= list->sel.first_s && time_s <= list->sel.last_s &&
        day_block_is_first(&list->day, list->slot))
        return true;
    if (day_check_stamp(&list->day, list->slot, &why) != GODB_OK) tell(list, &why);
    return false;
}

int
godb_block_list_open(struct godb_block_list **out, struct godb *db,
    const struct godb_selection *sel, godb_warn_fn *warn, void *warn_arg,
    struct godb_err *err)
{
    struct godb_block_list *list = calloc(1, sizeof *list);
    if (list == NULL) return err_nomem(err);
    list->db = db;
    list->sel = *sel;
    list->warn = warn;
    list->warn_arg = warn_arg;
    int rc = day_list_make(&list->days, db, sel, err);
    if (rc != GODB_OK) {
        free(list);
        return rc;
    }
    *out = list;
    return GODB_OK;
}

int
godb_block_list_next(
    struct godb_block_list *list, struct godb_block_info *out, struct godb_err *err)
{
    for (;;) {
        while (list->has_day && list->slot < day_block_count(&list->day)) {
            const bool wanted = is_selected(list);
            if (wanted) fill_block(list, out);
            list->slot++;
            if (wanted) return GODB_OK;
        }
        leave_day(list);
        if (list->next_day >= list->days.count) return GODB_DONE;
        int rc = enter_day(list, err);
        if (rc != GODB_OK) return rc;
    }
}

void
godb_block_list_close(struct godb_block_list *list)
{
    if (list == NULL) return;
    leave_day(list);
    day_list_free(&list->days);
    free(list);
}

/* --- Interfaces ------------------------------------------------------------------- */

static void
tell_status(const struct godb_block_list *list, const struct godb_block_info *block)
{
    struct godb_err why;
    if (strcmp(block->status, "ok") == 0) return;
    err_set(&why, GODB_ECORRUPT, "%s", block->status);
    tell(list, &why);
}

static void
count_block(struct godb_iface_info *info, const struct godb_block_info *block)
{
    if (info->begin_s == 0 || block->time_s < info->begin_s)
        info->begin_s = block->time_s;
    if (block->time_s > info->end_s) info->end_s = block->time_s;
    info->flow_count += block->flow_count;
    info->block_count++;
    info->disk_bytes += block->compressed_bytes;
    if (block->traffic_bytes < 0)
        info->has_traffic = false;
    else
        info->traffic_bytes =
            godb_sum(info->traffic_bytes, (uint64_t)block->traffic_bytes);
}

static int
count_blocks(struct godb_iface_info *infos, size_t count, struct godb_block_list *list,
    godb_stop_fn *stop, void *stop_arg, struct godb_err *err)
{
    struct godb_block_info block;
    size_t i = 0;
    int rc;
    /* Both are ordered by the interface's name. */
    while ((rc = godb_block_list_next(list, &block, err)) == GODB_OK) {
        if (stop && stop(stop_arg)) return err_set(err, GODB_ECANCELLED, "cancelled");
        while (i < count && strcmp(infos[i].name, block.iface) != 0)
            i++;
        if (i == count) break;
        tell_status(list, &block);
        count_block(&infos[i], &block);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

int
godb_ifaces(struct godb *db, struct godb_iface_info **out, size_t *out_count,
    godb_warn_fn *warn, void *warn_arg, godb_stop_fn *stop, void *stop_arg,
    struct godb_err *err)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list = NULL;
    int rc = godb_block_list_open(&list, db, &all, warn, warn_arg, err);
    if (rc != GODB_OK) return rc;
    const size_t count = list->days.iface_count;
    struct godb_iface_info *infos = calloc(count ? count : 1, sizeof *infos);
    if (infos == NULL) rc = err_nomem(err);
    for (size_t i = 0; i < count && infos != NULL; i++) {
        memcpy(infos[i].name, list->days.ifaces[i], GODB_IFACE_MAX);
        infos[i].has_traffic = true;
    }
    if (rc == GODB_OK) rc = count_blocks(infos, count, list, stop, stop_arg, err);
    godb_block_list_close(list);
    if (rc != GODB_OK) {
        free(infos);
        return rc;
    }
    *out = infos;
    *out_count = count;
    return GODB_OK;
}

void
godb_ifaces_free(struct godb_iface_info *ifaces)
{
    free(ifaces);
}
