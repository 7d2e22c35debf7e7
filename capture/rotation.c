/* SPDX-License-Identifier: MIT
 *
 * rotation.c -- see rotation.h.
 *
 * Rows are added in chunks, so that none has to be moved while packets wait, and are
 * put in order by the thread that writes them.
 */
#include "capture/rotation.h"

#include <stdlib.h>
#include <string.h>

#include "capture/rank_sort.h"

enum { CHUNK_ROWS = 4096 };

struct rotation_chunk {
    struct rotation_chunk *next;
    size_t count;
    struct rotation_row rows[CHUNK_ROWS];
};

struct rotation *
rotation_new(size_t iface_count, int64_t time_s)
{
    struct rotation *rotation =
        calloc(1, sizeof *rotation + iface_count * sizeof rotation->stats[0]);
    if (rotation == NULL) return NULL;
    rotation->ifaces = calloc(iface_count + 1, sizeof *rotation->ifaces);
    if (rotation->ifaces == NULL) {
        free(rotation);
        return NULL;
    }
    rotation->iface_count = iface_count;
    rotation->time_s = time_s;
    for (size_t i = 0; i < iface_count; i++)
        rotation->stats[i] = (struct godb_block_stats){GODB_PCAP_STATS_UNKNOWN, -1};
    return rotation;
}

static void
free_chunks(struct rotation *rotation)
{
    while (rotation->chunks != NULL) {
        struct rotation_chunk *next = rotation->chunks->next;
        free(rotation->chunks);
        rotation->chunks = next;
    }
}

void
rotation_clear(struct rotation *rotation)
{
    free_chunks(rotation);
    rotation->count = 0;
}

void
rotation_free(struct rotation *rotation)
{
    if (rotation == NULL) return;
    free_chunks(rotation);
    free(rotation->rows);
    free(rotation->ifaces);
    free(rotation);
}

/* --- Taking ----------------------------------------------------------------------- */

static struct rotation_row *
new_row(struct rotation *rotation)
{
    struct rotation_chunk *chunk = rotation->chunks;
    if (chunk == NULL || chunk->count == CHUNK_ROWS) {
        chunk = malloc(sizeof *chunk);
        if (chunk == NULL) return NULL;
        chunk->next = rotation->chunks;
        chunk->count = 0;
        rotation->chunks = chunk;
    }
    rotation->count++;
    return &chunk->rows[chunk->count++];
}

static void
fill_row(struct rotation_row *row, const struct flow *flow, uint16_t l7proto)
{
    const struct flow_key *key = &flow->key;
    const bool turn = flow->is_reversed;
    row->iface = key->iface;
    memcpy(row->flow.sip, turn ? key->dip : key->sip, 16);
    memcpy(row->flow.dip, turn ? key->sip : key->dip, 16);
    row->flow.dport = turn ? flow->sport : key->dport;
    row->flow.proto = key->proto;
    row->flow.l7proto = l7proto;
    row->flow.bytes_rcvd = flow->bytes_rcvd;
    row->flow.bytes_sent = flow->bytes_sent;
    row->flow.packets_rcvd = flow->packets_rcvd;
    row->flow.packets_sent = flow->packets_sent;
}

bool
rotation_take(
    struct rotation *rotation, struct classify *classify, const struct flow *flow)
{
    struct rotation_row *row = new_row(rotation);
    if (row == NULL) return false;
    fill_row(row, flow, classify ? classify_now(classify, flow) : flow->l7proto);
    return true;
}

bool
rotation_add(struct rotation *rotation, const struct rotation_row *rows, size_t count)
{
    struct rotation_chunk *const before = rotation->chunks;
    const size_t before_count = rotation->count;
    const size_t chunk_count = before ? before->count : 0;
    for (size_t i = 0; i < count; i++) {
        struct rotation_row *row = new_row(rotation);
        if (row != NULL) {
            *row = rows[i];
            continue;
        }
        while (rotation->chunks != before) {
            struct rotation_chunk *next = rotation->chunks->next;
            free(rotation->chunks);
            rotation->chunks = next;
        }
        if (before) before->count = chunk_count;
        rotation->count = before_count;
        return false;
    }
    return true;
}

static void
add_counters(struct godb_flow *to, const struct godb_flow *from)
{
    to->bytes_rcvd = godb_sum(to->bytes_rcvd, from->bytes_rcvd);
    to->bytes_sent = godb_sum(to->bytes_sent, from->bytes_sent);
    to->packets_rcvd = godb_sum(to->packets_rcvd, from->packets_rcvd);
    to->packets_sent = godb_sum(to->packets_sent, from->packets_sent);
}

/* --- Folding ---------------------------------------------------------------------- */

static struct rotation_row *
find_folded(struct rotation_row *rows, size_t count, const struct rotation_row *like)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].iface == like->iface && rows[i].flow.proto == like->flow.proto)
            return &rows[i];
    return NULL;
}

size_t
rotation_fold_rows(struct rotation_row *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rotation_row row = rows[i];
        struct rotation_row *folded = find_folded(rows, kept, &row);
        if (folded == NULL) {
            folded = &rows[kept++];
            *folded = (struct rotation_row){
                .iface = row.iface, .flow = {.proto = row.flow.proto}};
        }
        add_counters(&folded->flow, &row.flow);
    }
    return kept;
}

/* The sums of another chunk.  False: out of memory. */
static bool
add_folded(struct rotation *rotation, const struct rotation_chunk *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct rotation_row *row = &from->rows[i];
        struct rotation_row *to = NULL;
        for (struct rotation_chunk *at = rotation->chunks; at && !to; at = at->next)
            to = find_folded(at->rows, at->count, row);
        if (to != NULL) {
            add_counters(&to->flow, &row->flow);
            continue;
        }
        to = new_row(rotation);
        if (to == NULL) return false;
        *to = *row;
    }
    return true;
}

bool
rotation_fold(struct rotation *rotation)
{
    struct rotation_chunk *chunk = rotation->chunks;
    bool is_whole = true;
    rotation->chunks = NULL;
    rotation->count = 0;
    while (chunk != NULL) {
        struct rotation_chunk *next = chunk->next;
        chunk->count = rotation_fold_rows(chunk->rows, chunk->count);
        if (rotation->chunks == NULL) { /* the others' sums go to the first */
            chunk->next = NULL;
            rotation->chunks = chunk;
            rotation->count = chunk->count;
        } else {
            is_whole = add_folded(rotation, chunk) && is_whole;
            free(chunk);
        }
        chunk = next;
    }
    return is_whole;
}

/* --- Merging ---------------------------------------------------------------------- */

/* A row's place in the order, in words that are sorted fast: iface and the first four
 * bytes of sip; then dip, proto, dport.  That is all but l7proto for IPv4; rows with
 * IPv6 addresses have all ones in the second, and are compared in full. */
static uint32_t
leading_bytes(const uint8_t *ip)
{
    return (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}

static struct rank
rank_of(const struct rotation_row *row)
{
    const struct godb_flow *flow = &row->flow;
    struct rank rank = {
        (uint64_t)row->iface << 32 | leading_bytes(flow->sip), UINT64_MAX, row};
    if (godb_ip_is_v4(flow->sip) && godb_ip_is_v4(flow->dip))
        rank.second = (uint64_t)leading_bytes(flow->dip) << 24 |
                      (uint64_t)flow->proto << 16 | flow->dport;
    return rank;
}

static int
compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int
compare_rows(const struct rotation_row *one, const struct rotation_row *two)
{
    int order = compare_numbers(one->iface, two->iface);
    if (order == 0) order = memcmp(one->flow.sip, two->flow.sip, 16);
    if (order == 0) order = memcmp(one->flow.dip, two->flow.dip, 16);
    if (order == 0) order = compare_numbers(one->flow.proto, two->flow.proto);
    if (order == 0) order = compare_numbers(one->flow.dport, two->flow.dport);
    if (order == 0) order = compare_numbers(one->flow.l7proto, two->flow.l7proto);
    return order;
}

static int
compare_ranked_rows(const void *a, const void *b)
{
    return compare_rows(((const struct rank *)a)->row, ((const struct rank *)b)->row);
}

/* Ranks with the same words: in order where they are alike but for layer 7. */
static void
sort_equal(struct rank *ranks, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count; end++)
            if (ranks[end].second != ranks[start].second) break;
        if (end > start + 1)
            qsort(ranks + start, end - start, sizeof *ranks, compare_ranked_rows);
    }
}

/* Ranks with the same first word: an IPv6 row among them can belong before any, and
 * stands behind all IPv4 rows now. */
static void
sort_runs(struct rank *ranks, size_t count)
{
    for (size_t start = 0, end; start < count; start = end) {
        for (end = start + 1; end < count; end++)
            if (ranks[end].first != ranks[start].first) break;
        if (ranks[end - 1].second == UINT64_MAX)
            qsort(ranks + start, end - start, sizeof *ranks, compare_ranked_rows);
        else
            sort_equal(ranks + start, end - start);
    }
}

/* False: out of memory. */
static bool
rank_rows(const struct rotation *rotation, struct rank *ranks)
{
    size_t at = 0;
    struct rank *spare = malloc((rotation->count + 1) * sizeof *spare);
    if (spare == NULL) return false;
    for (const struct rotation_chunk *chunk = rotation->chunks; chunk;
         chunk = chunk->next)
        for (size_t i = 0; i < chunk->count; i++)
            ranks[at++] = rank_of(&chunk->rows[i]);
    rank_sort(ranks, spare, at);
    free(spare);
    sort_runs(ranks, at);
    return true;
}

/* Rows lie where they came, ranks do not: have them on their way from memory. */
static inline void
fetch(const struct rotation_row *row)
{
    __builtin_prefetch(row);
    __builtin_prefetch((const char *)(row + 1) - 1);
}

bool
rotation_merge(struct rotation *rotation)
{
    const size_t count = rotation->count;
    struct rank *ranks = malloc((count + 1) * sizeof *ranks);
    struct rotation_row *rows = malloc((count + 1) * sizeof *rows);
    if (ranks == NULL || rows == NULL || !rank_rows(rotation, ranks)) {
        free(ranks);
        free(rows);
        return false;
    }
    enum { AHEAD = 8 };
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct rotation_row *row = ranks[i].row;
        if (i + AHEAD < count) fetch(ranks[i + AHEAD].row);
        if (kept > 0 && compare_rows(&rows[kept - 1], row) == 0)
            add_counters(&rows[kept - 1].flow, &row->flow);
        else
            rows[kept++] = *row;
    }
    free(ranks);
    free_chunks(rotation);
    rotation->rows = rows;
    rotation->count = kept;
    return true;
}
