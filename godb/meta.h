/* SPDX-License-Identifier: MIT
 *
 * meta.h -- a day's meta.json: what is known of each block beside its flows.
 *
 * goDB 2.x writes one line, {"blocks":[{...},...]}, in the order of writing; 1.05 wrote
 * none.  What we know beyond its fields stands behind them, where it is known: its
 * readers take no notice of other keys.  It is read for the `blocks` and `interfaces`
 * tables and for the summary, never to decide which blocks exist.
 */
#ifndef GODB_META_H
#define GODB_META_H

#include "godb/godb.h"

struct meta_block {
    int64_t time_s;
    struct godb_pcap_stats pcap;
    int64_t packets_logged, flow_count, traffic_bytes;
};

struct meta {
    struct meta_block *blocks;
    size_t count, capacity;
};

/* GODB_ENOTFOUND where there is none, GODB_ECORRUPT where it cannot be understood; *out
 * is empty then.  err->msg names the file only. */
int meta_read(struct meta *out, int dir_fd, struct godb_err *err);

/* Replace the file at once. */
int meta_write(int dir_fd, const struct meta *meta, struct godb_err *err);

/* GODB_OK or GODB_ENOMEM. */
int meta_add(struct meta *meta, const struct meta_block *block);

/* The entry with this stamp, borrowed until the next meta_add(), or NULL. */
const struct meta_block *meta_find(const struct meta *meta, int64_t time_s);

void meta_free(struct meta *meta);

/* A count as JSON can hold it: what does not fit stops at INT64_MAX. */
static inline int64_t
meta_number(uint64_t count)
{
    return count > INT64_MAX ? INT64_MAX : (int64_t)count;
}

#endif
