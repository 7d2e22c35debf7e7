/* SPDX-License-Identifier: MIT
 *
 * grouping.c -- see grouping.h.
 */
#include "godb/grouping.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "godb/error.h"

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

unsigned
grouping_columns(unsigned dims, unsigned sums)
{
    unsigned columns = key_columns(dims);
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

/* Rows on their way into one part. */
struct grouper_batch {
    size_t count;
    uint32_t hashes[GROUP_BATCH];
    uint64_t *rows; /* GROUP_BATCH of them; NULL: none came yet */
};

unsigned
grouping_row_words(const struct grouping *grouping, enum group_kind kind)
{
    const unsigned words = grouping->layouts[kind].words + grouping->sum_count;
    return words > 0 ? words : 1;
}

static size_t
batch_bytes(const struct grouping *grouping, enum group_kind kind)
{
    return GROUP_BATCH * grouping_row_words(grouping, kind) * sizeof(uint64_t);
}

/* What the batches of all threads may take. */
static uint64_t
batches_bytes(const struct grouping *grouping, size_t thread_count)
{
    uint64_t bytes = 0;
    for (int kind = 0; kind < GROUP_KINDS; kind++)
        bytes +=
            sizeof(struct grouper_batch) + batch_bytes(grouping, (enum group_kind)kind);
    return bytes * grouping->split_count * thread_count;
}

/* Parts are what is spilled and read back one at a time, so there should be many; but
 * batches are to leave most of the memory to tables, and each table needs some. */
static void
share_memory(struct grouping *grouping, size_t split_count, size_t thread_count,
    uint64_t limit_bytes)
{
    enum { CHUNKS_A_PART = 16 };
    grouping->split_count = split_count;
    while (grouping->split_count > 1 &&
           batches_bytes(grouping, thread_count) > limit_bytes / 4)
        grouping->split_count /= 2;
    const uint64_t batches =
        grouping->split_count > 1 ? batches_bytes(grouping, thread_count) : 0;
    const uint64_t left = limit_bytes - batches;
    size_t chunk = CHUNK_BYTES_MAX;
    while (
        chunk > CHUNK_BYTES_MIN && chunk * CHUNKS_A_PART * grouping->split_count > left)
        chunk /= 2;
    chunk_pool_init(&grouping->pool, chunk, left < SIZE_MAX ? (size_t)left : SIZE_MAX);
}

void
grouping_make_table(const struct grouping *grouping, enum group_kind kind,
    struct chunk_pool *pool, struct group_table *out)
{
    group_table_init(out, pool, grouping->layouts[kind].words, grouping->sum_count);
}

static int
make_parts(struct grouping *grouping)
{
    const size_t count = grouping->split_count * GROUP_KINDS;
    grouping->parts = calloc(count, sizeof *grouping->parts);
    if (grouping->parts == NULL) return GODB_ENOMEM;
    grouping->part_count = count;
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_init(&grouping->parts[i].lock, NULL);
        grouping_make_table(
            grouping, group_kind_of(i), &grouping->pool, &grouping->parts[i].table);
    }
    return GODB_OK;
}

int
grouping_init(struct grouping *grouping, unsigned dims, unsigned sums,
    size_t split_count, size_t thread_count, uint64_t limit_bytes)
{
    memset(grouping, 0, sizeof *grouping);
    grouping->dims = dims;
    grouping->sums = sums;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (sums & GODB_SUM_BIT(sum))
            grouping->sum_place[sum] = (uint8_t)grouping->sum_count++;
    grouping->has_ips =
        dims & (GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DIP));
    key_layout_init(&grouping->layouts[GROUPS_NARROW], dims, 4);
    key_layout_init(&grouping->layouts[GROUPS_WIDE], dims, GODB_IP_BYTES);
    grouping->seed = random_seed();
    pthread_mutex_init(&grouping->l7_lock, NULL);
    spill_file_init(&grouping->spill);
    share_memory(grouping, split_count, thread_count, limit_bytes);
    return make_parts(grouping);
}

void
grouping_free(struct grouping *grouping)
{
    for (size_t i = 0; i < grouping->part_count; i++) {
        pthread_mutex_destroy(&grouping->parts[i].lock);
        group_table_free(&grouping->parts[i].table);
        free(grouping->parts[i].spilled);
    }
    free(grouping->parts);
    chunk_pool_free(&grouping->pool);
    spill_file_free(&grouping->spill);
    intern_free(&grouping->l7);
    pthread_mutex_destroy(&grouping->l7_lock);
}

int
grouper_init(struct grouper *grouper, struct grouping *grouping)
{
    memset(grouper, 0, sizeof *grouper);
    grouper->grouping = grouping;
    if (grouping->split_count == 1) return GODB_OK;
    grouper->batches = calloc(grouping->part_count, sizeof *grouper->batches);
    return grouper->batches ? GODB_OK : GODB_ENOMEM;
}

void
grouper_free(struct grouper *grouper)
{
    for (size_t i = 0; grouper->batches && i < grouper->grouping->part_count; i++)
        free(grouper->batches[i].rows);
    free(grouper->batches);
    free(grouper->l7_codes);
    intern_free(&grouper->l7);
}

/* --- Layer 7 texts ---------------------------------------------------------------- */

/* The grouping's code of a text that this thread meets for the first time. */
static int
learn_text(struct grouper *grouper, const char *text)
{
    uint32_t *codes =
        realloc(grouper->l7_codes, (grouper->l7_known + 1) * sizeof *grouper->l7_codes);
    if (codes == NULL) return GODB_ENOMEM;
    grouper->l7_codes = codes;
    pthread_mutex_lock(&grouper->grouping->l7_lock);
    codes[grouper->l7_known] = intern_code(&grouper->grouping->l7, text);
    pthread_mutex_unlock(&grouper->grouping->l7_lock);
    return codes[grouper->l7_known++] == UINT32_MAX ? GODB_ENOMEM : GODB_OK;
}

static uint32_t
l7_code(void *arg, const char *text)
{
    struct grouper *grouper = arg;
    const uint32_t own = intern_code(&grouper->l7, text);
    if (own == UINT32_MAX) return UINT32_MAX;
    if (own == grouper->l7_known && learn_text(grouper, text) != GODB_OK)
        return UINT32_MAX;
    return grouper->l7_codes[own];
}

/* --- Spilling --------------------------------------------------------------------- */

static int
add_extent(struct group_part *part, struct spill_extent extent)
{
    struct spill_extent *spilled =
        realloc(part->spilled, (part->spilled_count + 1) * sizeof *spilled);
    if (spilled == NULL) return GODB_ENOMEM;
    part->spilled = spilled;
    spilled[part->spilled_count++] = extent;
    return GODB_OK;
}

static int
write_groups(struct spill_file *file, const struct group_table *table,
    uint64_t offset_bytes, struct godb_err *err)
{
    int rc = GODB_OK;
    for (size_t i = 0; i < table->entry_chunk_count && rc == GODB_OK; i++) {
        size_t count;
        const uint64_t *rows = group_chunk(table, i, &count);
        const size_t bytes = count * table->row_words * sizeof *rows;
        rc = spill_file_write(file, rows, bytes, offset_bytes, err);
        offset_bytes += bytes;
    }
    return rc;
}

int
group_part_spill(
    struct grouping *grouping, struct group_part *part, struct godb_err *err)
{
    struct group_table *table = &part->table;
    struct spill_extent extent = {0, table->count};
    int rc = GODB_OK;
    if (extent.row_count > 0) {
        rc = spill_file_reserve(&grouping->spill,
            extent.row_count * table->row_words * sizeof(uint64_t),
            &extent.offset_bytes, err);
        if (rc == GODB_OK)
            rc = write_groups(&grouping->spill, table, extent.offset_bytes, err);
        if (rc == GODB_OK && add_extent(part, extent) != GODB_OK) rc = err_nomem(err);
    }
    group_table_clear(table);
    atomic_store(&part->held_chunks, group_table_chunks(table));
    return rc;
}

static struct group_part *
largest_part(struct grouping *grouping)
{
    struct group_part *largest = &grouping->parts[0];
    size_t most = 0;
    for (size_t i = 0; i < grouping->part_count; i++) {
        const size_t held =
            atomic_load_explicit(&grouping->parts[i].held_chunks, memory_order_relaxed);
        if (held > most) largest = &grouping->parts[i];
        if (held > most) most = held;
    }
    return largest;
}

static int
spill_largest(struct grouping *grouping, struct godb_err *err)
{
    struct group_part *part = largest_part(grouping);
    pthread_mutex_lock(&part->lock);
    int rc = group_part_spill(grouping, part, err);
    pthread_mutex_unlock(&part->lock);
    return rc;
}

/* Make room in a part for `count` more rows.  Its lock is held, but given up while
 * another part is spilled.  Where the rest is in use all the time, by more threads than
 * the limit has room for, it gives way. */
static int
make_room(struct grouping *grouping, struct group_part *part, size_t count,
    struct godb_err *err)
{
    enum { TRIES = 8 };
    for (int try = 1;; try++) {
        int rc = group_table_reserve(&part->table, count, try == TRIES);
        atomic_store_explicit(
            &part->held_chunks, group_table_chunks(&part->table), memory_order_relaxed);
        if (rc == GODB_ENOMEM) return err_nomem(err);
        if (rc != CHUNK_POOL_FULL) return rc;
        pthread_mutex_unlock(&part->lock);
        rc = spill_largest(grouping, err);
        pthread_mutex_lock(&part->lock);
        if (rc != GODB_OK) return rc;
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

/* sums: of the first row, step words from row to row. */
static void
gather_sums(const struct grouper *grouper, uint64_t *sums, unsigned step,
    const struct godb_chunk *chunk, const uint32_t *rows, size_t count)
{
    const struct grouping *grouping = grouper->grouping;
    for (int sum = 0; sum < GODB_SUM_COUNT; sum++)
        if (grouping->sums & GODB_SUM_BIT(sum))
            gather_sum(sums + grouping->sum_place[sum], step, sum, chunk, rows, count);
}

/* What the rows of a batch have in common. */
struct batch {
    const struct godb_chunk *chunk;
    uint32_t iface;
};

static int
add_to_part(struct grouping *grouping, size_t i, const uint64_t *rows,
    const uint32_t *hashes, size_t count, struct godb_err *err)
{
    struct group_part *part = &grouping->parts[i];
    pthread_mutex_lock(&part->lock);
    int rc = make_room(grouping, part, count, err);
    if (rc == GODB_OK) group_table_add(&part->table, rows, hashes, count);
    pthread_mutex_unlock(&part->lock);
    return rc;
}

static int
flush(struct grouper *grouper, size_t i, struct godb_err *err)
{
    struct grouper_batch *batch = &grouper->batches[i];
    const size_t count = batch->count;
    batch->count = 0;
    return count == 0 ? GODB_OK
                      : add_to_part(grouper->grouping, i, batch->rows, batch->hashes,
                            count, err);
}

int
grouper_flush(struct grouper *grouper, struct godb_err *err)
{
    int rc = GODB_OK;
    for (size_t i = 0;
         grouper->batches && i < grouper->grouping->part_count && rc == GODB_OK; i++)
        rc = flush(grouper, i, err);
    return rc;
}

static int
start_batch(const struct grouping *grouping, struct grouper_batch *batch,
    enum group_kind kind, struct godb_err *err)
{
    batch->rows = malloc(batch_bytes(grouping, kind));
    return batch->rows ? GODB_OK : err_nomem(err);
}

/* Deal the rows at hand out to the batches of their parts.  The upper bits of the hash
 * choose the part: the lower ones choose the slot within it. */
static int
deal_rows(
    struct grouper *grouper, enum group_kind kind, size_t count, struct godb_err *err)
{
    const struct grouping *grouping = grouper->grouping;
    const unsigned row_words = grouping_row_words(grouping, kind);
    for (size_t i = 0; i < count; i++) {
        const uint32_t hash = grouper->hashes[i];
        const size_t split = (uint64_t)hash * grouping->split_count >> 32;
        const size_t to = split * GROUP_KINDS + (size_t)kind;
        struct grouper_batch *batch = &grouper->batches[to];
        if (batch->rows == NULL && start_batch(grouping, batch, kind, err) != GODB_OK)
            return GODB_ENOMEM;
        uint64_t *row = batch->rows + batch->count * row_words;
        for (unsigned word = 0; word < row_words; word++)
            row[word] = grouper->rows[i * row_words + word];
        batch->hashes[batch->count++] = hash;
        if (batch->count < GROUP_BATCH) continue;
        int rc = flush(grouper, to, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}

static int
add_rows(struct grouper *grouper, enum group_kind kind, const struct batch *batch,
    const uint32_t *rows, size_t count, struct godb_err *err)
{
    struct grouping *grouping = grouper->grouping;
    const struct key_layout *layout = &grouping->layouts[kind];
    const struct key_context context = {batch->iface, l7_code, grouper};
    const unsigned row_words = grouping_row_words(grouping, kind);
    if (count == 0) return GODB_OK;
    int rc =
        key_pack(layout, &context, batch->chunk, rows, count, grouper->rows, row_words);
    if (rc != GODB_OK) return err_nomem(err);
    gather_sums(
        grouper, grouper->rows + layout->words, row_words, batch->chunk, rows, count);
    group_hash(grouper->hashes, grouper->rows, layout->words, row_words, count,
        grouping->seed);
    if (grouper->batches != NULL) return deal_rows(grouper, kind, count, err);
    return add_to_part(
        grouping, (size_t)kind, grouper->rows, grouper->hashes, count, err);
}

static bool
is_narrow(const struct godb_chunk *chunk, uint32_t row)
{
    return (chunk->sip == NULL || godb_ip_is_v4(chunk->sip[row])) &&
           (chunk->dip == NULL || godb_ip_is_v4(chunk->dip[row]));
}

static int
add_batch(struct grouper *grouper, const struct batch *batch, const uint32_t *rows,
    size_t count, struct godb_err *err)
{
    uint32_t split[GROUP_KINDS][GROUP_BATCH];
    size_t counts[GROUP_KINDS] = {0, 0};
    if (!grouper->grouping->has_ips)
        return add_rows(grouper, GROUPS_NARROW, batch, rows, count, err);
    for (size_t i = 0; i < count; i++) {
        const int kind = is_narrow(batch->chunk, rows[i]) ? GROUPS_NARROW : GROUPS_WIDE;
        split[kind][counts[kind]++] = rows[i];
    }
    int rc = GODB_OK;
    for (int kind = 0; kind < GROUP_KINDS && rc == GODB_OK; kind++)
        rc = add_rows(
            grouper, (enum group_kind)kind, batch, split[kind], counts[kind], err);
    return rc;
}

int
grouper_add(struct grouper *grouper, const struct godb_chunk *chunk, uint32_t iface,
    struct godb_err *err)
{
    const struct batch batch = {chunk, iface};
    uint32_t rows[GROUP_BATCH];
    for (uint32_t done = 0; done < chunk->selected_count; done += GROUP_BATCH) {
        const uint32_t left = chunk->selected_count - done;
        const uint32_t count = left < GROUP_BATCH ? left : GROUP_BATCH;
        for (uint32_t i = 0; i < count; i++)
            rows[i] = chunk->selected ? chunk->selected[done + i] : done + i;
        int rc = add_batch(grouper, &batch, rows, count, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}
