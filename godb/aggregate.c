/* SPDX-License-Identifier: MIT
 *
 * aggregate.c -- filter, group and sum inside the scan.
 *
 *      chunk --> batches of rows --> keys and counters --> two tables --> order, cut
 *                                    side by side          (group_table)   (result.c)
 *
 * Rows go by the batch, column after column, so that each loop touches one array.  A
 * batch is split once: rows whose addresses are all IPv4 have short keys.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "godb/block_reader.h"
#include "godb/error.h"
#include "godb/result.h"
#include "godb/scan.h"

struct aggregation {
    struct godb_result *result;
    struct godb_scan_spec scan;
    struct key_context context;
    bool has_ips;
    uint64_t keys[GROUP_BATCH * GROUP_KEY_WORDS_MAX];
    uint64_t sums[GROUP_BATCH * GODB_SUM_COUNT];
};

/* --- Preparing -------------------------------------------------------------------- */

/* The counters, by enum godb_measure, that a sum is made of. */
static const struct {
    uint8_t first, count;
} parts_of[GODB_SUM_COUNT] = {
    [GODB_SUM_BYTES_RCVD] = {GODB_SUM_BYTES_RCVD, 1},
    [GODB_SUM_BYTES_SENT] = {GODB_SUM_BYTES_SENT, 1},
    [GODB_SUM_PACKETS_RCVD] = {GODB_SUM_PACKETS_RCVD, 1},
    [GODB_SUM_PACKETS_SENT] = {GODB_SUM_PACKETS_SENT, 1},
    [GODB_SUM_BYTES] = {GODB_SUM_BYTES_RCVD, 2},
    [GODB_SUM_PACKETS] = {GODB_SUM_PACKETS_RCVD, 2},
    [GODB_SUM_FLOWS] = {0, 0},
};

static unsigned
sum_columns(unsigned sums)
{
    unsigned columns = 0;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        for (int part = 0; (sums & GODB_SUM_BIT(sum)) && part < parts_of[sum].count;
             part++)
            columns |= GODB_COLUMN_BIT(GODB_BYTES_RCVD + parts_of[sum].first + part);
    return columns;
}

/* The seed keeps whoever sends the packets from choosing keys that collide. */
static uint64_t
random_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != sizeof seed)
        seed = (uintptr_t)&seed;
    return seed;
}

static void
prepare_result(struct godb_result *result, const struct godb_aggregate_spec *spec)
{
    uint8_t place = 0;
    result->sums = spec->sums;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (spec->sums & GODB_SUM_BIT(sum)) result->sum_place[sum] = place++;
    const uint64_t seed = random_seed();
    for (int which = 0; which < RESULT_TABLES; which++) {
        key_layout_init(&result->layouts[which], spec->dims,
            which == RESULT_NARROW ? 4 : GODB_IP_BYTES);
        group_table_init(
            &result->tables[which], result->layouts[which].words, place, seed);
    }
}

/* --- Rows ------------------------------------------------------------------------- */

static void
gather_sum(uint64_t *to, unsigned step, int sum, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    const uint64_t *const *columns = chunk->counters + parts_of[sum].first;
    switch (parts_of[sum].count) {
    case 0:
        for (size_t i = 0; i < count; i++)
            to[i * step] = 1;
        break;
    case 1:
        for (size_t i = 0; i < count; i++)
            to[i * step] = columns[0][rows[i]];
        break;
    default:
        for (size_t i = 0; i < count; i++)
            to[i * step] = godb_sum(columns[0][rows[i]], columns[1][rows[i]]);
    }
}

static void
gather_sums(struct aggregation *agg, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    const struct godb_result *result = agg->result;
    const unsigned step = result->tables[RESULT_NARROW].sum_count;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (result->sums & GODB_SUM_BIT(sum))
            gather_sum(
                agg->sums + result->sum_place[sum], step, sum, chunk, rows, count);
}

static int
add_rows(struct aggregation *agg, int which, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count)
{
    if (count == 0) return GODB_OK;
    int rc = key_pack(
        &agg->result->layouts[which], &agg->context, chunk, rows, count, agg->keys);
    if (rc != GODB_OK) return rc;
    gather_sums(agg, chunk, rows, count);
    return group_table_add(&agg->result->tables[which], agg->keys, agg->sums, count);
}

static bool
is_narrow(const struct godb_chunk *chunk, uint32_t row)
{
    return (chunk->sip == NULL || godb_ip_is_v4(chunk->sip[row])) &&
           (chunk->dip == NULL || godb_ip_is_v4(chunk->dip[row]));
}

static int
add_batch(struct aggregation *agg, const struct godb_chunk *chunk, const uint32_t *rows,
    size_t count)
{
    uint32_t split[RESULT_TABLES][GROUP_BATCH];
    size_t counts[RESULT_TABLES] = {0, 0};
    if (!agg->has_ips) return add_rows(agg, RESULT_NARROW, chunk, rows, count);
    for (size_t i = 0; i < count; i++) {
        const int which = is_narrow(chunk, rows[i]) ? RESULT_NARROW : RESULT_WIDE;
        split[which][counts[which]++] = rows[i];
    }
    int rc = add_rows(
        agg, RESULT_NARROW, chunk, split[RESULT_NARROW], counts[RESULT_NARROW]);
    if (rc != GODB_OK) return rc;
    return add_rows(agg, RESULT_WIDE, chunk, split[RESULT_WIDE], counts[RESULT_WIDE]);
}

static int
add_chunk(struct aggregation *agg, const struct godb_chunk *chunk)
{
    uint32_t rows[GROUP_BATCH];
    for (uint32_t done = 0; done < chunk->selected_count; done += GROUP_BATCH) {
        const uint32_t left = chunk->selected_count - done;
        const uint32_t count = left < GROUP_BATCH ? left : GROUP_BATCH;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = chunk->selected ? chunk->selected[done + i] : done + i;
        int rc = add_batch(agg, chunk, rows, count);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

/* --- Days ------------------------------------------------------------------------- */

static int
add_day(struct aggregation *agg, struct block_reader *reader, struct godb_err *err)
{
    struct godb_chunk chunk;
    int rc;
    while ((rc = block_reader_next(reader, &chunk, err)) == GODB_OK)
        if (add_chunk(agg, &chunk) != GODB_OK) return err_nomem(err);
    return rc == GODB_DONE ? GODB_OK : rc;
}

static int
add_days(struct aggregation *agg, struct godb *db, struct godb_err *err)
{
    const struct day_list *days = &agg->result->days;
    struct block_reader reader;
    int rc = GODB_OK;
    block_reader_init(&reader, &agg->scan);
    for (size_t i = 0; i < days->count && rc == GODB_OK; i++) {
        const struct day_ref *ref = &days->days[i];
        agg->context.iface = ref->iface;
        rc = block_reader_enter(
            &reader, godb_root(db), days->ifaces[ref->iface], ref->day_s, err);
        if (rc == GODB_OK) rc = add_day(agg, &reader, err);
    }
    block_reader_free(&reader);
    return rc;
}

/* A question without dimensions has an answer even where there was nothing to sum. */
static int
add_empty_row(struct godb_result *result)
{
    const uint64_t zeros[GODB_SUM_COUNT] = {0};
    return group_table_add(&result->tables[RESULT_NARROW], zeros, zeros, 1);
}

static int
aggregate_into(struct godb_result *result, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err)
{
    struct aggregation *agg = calloc(1, sizeof *agg);
    if (agg == NULL) return err_nomem(err);
    agg->result = result;
    agg->scan = spec->scan;
    agg->scan.columns = key_columns(spec->dims) | sum_columns(spec->sums);
    agg->context.l7 = &result->l7;
    agg->has_ips =
        spec->dims & (GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DIP));
    int rc = scan_days(&result->days, db, &agg->scan, err);
    if (rc == GODB_OK) rc = add_days(agg, db, err);
    if (rc == GODB_OK && spec->dims == 0 && add_empty_row(result) != GODB_OK)
        rc = err_nomem(err);
    if (rc == GODB_OK) rc = result_finish(result, spec, err);
    free(agg);
    return rc;
}

int
godb_aggregate(struct godb_result **out, struct godb *db,
    const struct godb_aggregate_spec *spec, struct godb_err *err)
{
    struct godb_result *result = calloc(1, sizeof *result);
    if (result == NULL) return err_nomem(err);
    prepare_result(result, spec);
    int rc = aggregate_into(result, db, spec, err);
    if (rc != GODB_OK) {
        godb_result_free(result);
        return rc;
    }
    *out = result;
    return GODB_OK;
}
