/* SPDX-License-Identifier: MIT
 *
 * Grouping, summing, ordering and cutting, against a slow and simple count of the same
 * flows; and the hash table under it.
 */
#include "godb/group_part.h"
#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 6, FLOWS = 200 };

static struct godb *
open_filled(void)
{
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    for (int i = 0; i < BLOCKS; i++)
        assert_int_equal(store_append(db, i % 2 ? "eth1" : "eth0",
                             DAY + 300 + 40000 * (i / 2), 50 * i, FLOWS, NULL),
            GODB_OK);
    free(root);
    return db;
}

static struct godb_result *
ask(struct godb *db, unsigned dims, const struct godb_order *order, int64_t limit)
{
    struct godb_aggregate_spec spec = {
        .scan = store_spec(0, NULL), .dims = dims, .sums = GODB_SUMS_ALL};
    struct godb_result *result;
    struct godb_err err = {0};
    spec.limit = limit;
    if (order) spec.order[spec.order_count++] = *order;
    if (godb_aggregate(&result, db, &spec, &err) != GODB_OK) fail_msg("%s", err.msg);
    return result;
}

static struct godb_row
next_row(struct godb_result *result)
{
    struct godb_row row;
    assert_int_equal(godb_result_next(result, &row, NULL), GODB_OK);
    return row;
}

static void
expect_end(struct godb_result *result)
{
    struct godb_row row;
    for (int i = 0; i < 2; i++)
        assert_int_equal(godb_result_next(result, &row, NULL), GODB_DONE);
}

/* Sum over all flows of the database that agree with the row in dims. */
static void
count_slowly(unsigned dims, const struct godb_row *row, uint64_t sums[GODB_SUM_COUNT])
{
    memset(sums, 0, GODB_SUM_COUNT * sizeof *sums);
    for (int block = 0; block < BLOCKS; block++)
        for (int i = 0; i < FLOWS; i++) {
            const struct godb_flow flow = store_flow((uint64_t)(50 * block + i));
            if ((dims & GODB_DIM_BIT(GODB_DIM_TIME)) &&
                row->time_s != DAY + 300 + 40000 * (block / 2))
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_IFACE)) &&
                strcmp(row->iface, block % 2 ? "eth1" : "eth0") != 0)
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_SIP)) && memcmp(row->sip, flow.sip, 16))
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_DIP)) && memcmp(row->dip, flow.dip, 16))
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_DPORT)) && row->dport != flow.dport)
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_PROTO)) && row->proto != flow.proto)
                continue;
            if ((dims & GODB_DIM_BIT(GODB_DIM_L7PROTO)) && row->l7proto != flow.l7proto)
                continue;
            sums[GODB_SUM_BYTES_RCVD] += flow.bytes_rcvd;
            sums[GODB_SUM_BYTES_SENT] += flow.bytes_sent;
            sums[GODB_SUM_PACKETS_RCVD] += flow.packets_rcvd;
            sums[GODB_SUM_PACKETS_SENT] += flow.packets_sent;
            sums[GODB_SUM_BYTES] += flow.bytes_rcvd + flow.bytes_sent;
            sums[GODB_SUM_PACKETS] += flow.packets_rcvd + flow.packets_sent;
            sums[GODB_SUM_FLOWS]++;
        }
}

static void
every_choice_of_dimensions_sums_like_a_slow_count(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    for (unsigned dims = 0; dims < GODB_DIM_BIT(GODB_DIM_L7_NAME); dims++) {
        struct godb_result *result = ask(db, dims, NULL, -1);
        uint64_t flows = 0;
        for (uint64_t i = 0; i < godb_result_group_count(result); i++) {
            uint64_t want[GODB_SUM_COUNT];
            const struct godb_row row = next_row(result);
            flows += row.sums[GODB_SUM_FLOWS];
            if (i % 7 != 0) continue; /* the slow count of each would take minutes */
            count_slowly(dims, &row, want);
            assert_memory_equal(row.sums, want, sizeof want);
        }
        assert_int_equal(flows, BLOCKS * FLOWS);
        assert_int_equal(godb_result_totals(result)[GODB_SUM_FLOWS], BLOCKS * FLOWS);
        expect_end(result);
        godb_result_free(result);
    }
    godb_close(db);
}

static void
no_dimension_gives_one_row_even_of_nothing(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_result *result = ask(db, 0, NULL, -1);
    next_row(result);
    expect_end(result);
    assert_int_equal(godb_result_totals(result)[GODB_SUM_FLOWS], 0);
    godb_result_free(result);
    const struct godb_aggregate_spec nothing = {
        .scan = store_spec(0, NULL), .limit = -1};
    assert_int_equal(godb_aggregate(&result, db, &nothing, NULL), GODB_OK);
    next_row(result);
    expect_end(result);
    godb_result_free(result);
    godb_close(db);
    free(root);
}

static void
a_limit_gives_the_first_rows_of_the_whole_order(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    const unsigned dims = GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DPORT);
    static const struct godb_order orders[] = {{GODB_KEY_SUM + GODB_SUM_BYTES, true},
        {GODB_KEY_SUM + GODB_SUM_BYTES, false}, {GODB_KEY_SUM + GODB_SUM_FLOWS, true},
        {GODB_KEY_DIM + GODB_DIM_SIP, true}, {GODB_KEY_DIM + GODB_DIM_DPORT, false},
        {GODB_KEY_SUM + GODB_SUM_PACKETS, true}};
    static const int64_t limits[] = {0, 1, 2, 3, 10, 100, 1000, 100000};
    for (size_t o = 0; o < sizeof orders / sizeof orders[0]; o++) {
        for (size_t l = 0; l < sizeof limits / sizeof limits[0]; l++) {
            struct godb_result *all = ask(db, dims, &orders[o], -1);
            struct godb_result *some = ask(db, dims, &orders[o], limits[l]);
            const uint64_t groups = godb_result_group_count(all);
            assert_int_equal(godb_result_group_count(some), groups);
            for (uint64_t i = 0; i < groups && i < (uint64_t)limits[l]; i++) {
                const struct godb_row a = next_row(all), b = next_row(some);
                assert_memory_equal(&a, &b, sizeof a);
            }
            expect_end(some);
            godb_result_free(some);
            godb_result_free(all);
        }
    }
    godb_close(db);
}

static void
addresses_are_ordered_by_their_text(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    const struct godb_order order = {GODB_KEY_DIM + GODB_DIM_SIP, false};
    struct godb_result *result = ask(db, GODB_DIM_BIT(GODB_DIM_SIP), &order, -1);
    char before[GODB_IP_TEXT] = "";
    for (uint64_t i = 0; i < godb_result_group_count(result); i++) {
        char text[GODB_IP_TEXT];
        const struct godb_row row = next_row(result);
        godb_ip_format(text, row.sip);
        assert_true(strcmp(before, text) < 0);
        memcpy(before, text, sizeof before);
    }
    godb_result_free(result);
    godb_close(db);
}

static void
sums_stop_at_the_largest_number_instead_of_wrapping(void **state)
{
    (void)state;
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_block *block;
    struct godb_writer *writer;
    struct godb_flow flow = store_flow(1);
    flow.bytes_rcvd = UINT64_MAX - 5;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(godb_block_add(block, &flow), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 300, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    struct godb_result *result = ask(db, GODB_DIM_BIT(GODB_DIM_SIP), NULL, -1);
    const struct godb_row row = next_row(result);
    assert_true(row.sums[GODB_SUM_BYTES_RCVD] == UINT64_MAX);
    assert_true(godb_result_totals(result)[GODB_SUM_BYTES_RCVD] == UINT64_MAX);
    assert_int_equal(row.sums[GODB_SUM_BYTES_SENT], 3 * flow.bytes_sent);
    godb_result_free(result);
    godb_close(db);
    free(root);
}

/* Every key i of so many twice, with i + 1: rows of key_words + 1. */
static void
make_key(uint64_t *row, unsigned key_words, uint64_t added, uint64_t keys)
{
    memset(row, 0, ROW_WORDS_MAX * sizeof *row);
    row[key_words - 1] = added % keys;
    row[key_words] = added % keys + 1;
}

static void
add_keys(struct group_table *table, uint64_t keys)
{
    for (uint64_t added = 0; added < 2 * keys; added++) {
        uint64_t row[ROW_WORDS_MAX];
        make_key(row, table->key_words, added, keys);
        assert_int_equal(group_table_add(table, row, 1), GODB_OK);
    }
    assert_int_equal(table->list->count, keys);
}

static void
expect_every_key(const struct row_list *list, unsigned key_words, uint64_t keys)
{
    uint64_t expected = 0, sum = 0;
    uint32_t number = 0;
    assert_int_equal(list->count, keys);
    for (size_t i = 0; i < list->chunk_count; i++) {
        size_t count;
        const uint64_t *row = row_list_chunk(list, i, &count);
        for (size_t in_chunk = 0; in_chunk < count; in_chunk++, expected++) {
            assert_int_equal(number, i << list->place_bits | in_chunk);
            assert_ptr_equal(row_list_row(list, number), row);
            assert_int_equal(row[key_words - 1], expected);
            assert_int_equal(row[key_words], 2 * expected + 2);
            number = row_list_next(list, number);
            row += list->row_words;
        }
    }
    assert_int_equal(expected, keys);
    row_list_sum(list, key_words, &sum);
    assert_int_equal(sum, keys * (keys + 1));
}

static void
a_table_finds_every_key_again_while_it_grows(void **state)
{
    (void)state;
    enum { KEYS = 150000 };
    for (unsigned words = 1; words <= GROUP_KEY_WORDS_MAX; words++)
        for (size_t chunk = CHUNK_BYTES_MIN; chunk <= CHUNK_BYTES_MAX; chunk *= 2) {
            struct chunk_pool pool;
            struct group_table table = {0};
            struct row_list list;
            chunk_pool_init(&pool, chunk, SIZE_MAX);
            row_list_init(&list, &pool, words + 1);
            assert_int_equal(group_table_begin(&table, &list, words, 42, 0), GODB_OK);
            add_keys(&table, KEYS);
            expect_every_key(&list, words, KEYS);
            row_list_cut(&list, 0);
            assert_int_equal(group_table_begin(&table, &list, words, 42, 0), GODB_OK);
            add_keys(&table, 3);
            expect_every_key(&list, words, 3);
            row_list_free(&list);
            group_table_free(&table);
            chunk_pool_free(&pool);
        }
}

/* Every key twice, in chunks of step rows at most, which are folded when the part has
 * enough of them, or with each chunk. */
static void
collect(struct group_parts *parts, struct group_table *table, uint64_t step,
    bool folds_each, uint64_t keys)
{
    struct group_part *part = &parts->parts[0];
    struct godb_err err;
    uint64_t *chunk = NULL, row[ROW_WORDS_MAX];
    size_t in_chunk = 0;
    for (uint64_t added = 0; added < 2 * keys; added++) {
        if (in_chunk == 0)
            assert_int_equal(group_parts_take(parts, table, &chunk, &err), GODB_OK);
        make_key(row, part->key_words, added, keys);
        memcpy(chunk + in_chunk * part->groups.row_words, row,
            part->groups.row_words * sizeof *row);
        if (++in_chunk < step && in_chunk < part->groups.chunk_rows &&
            added + 1 < 2 * keys)
            continue;
        assert_int_equal(
            group_parts_give(parts, 0, chunk, in_chunk, table, &err), GODB_OK);
        in_chunk = 0;
        if (folds_each)
            assert_int_equal(group_part_fold(part, table, parts->seed, &err), GODB_OK);
    }
    assert_int_equal(group_part_fold(part, table, parts->seed, &err), GODB_OK);
}

static int
compare_first_words(const void *a, const void *b)
{
    const uint64_t *x = *(uint64_t *const *)a, *y = *(uint64_t *const *)b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

/* Chunks are folded from the last on: groups are in no order. */
static void
expect_every_key_in_any_order(const struct row_list *list, uint64_t keys)
{
    const uint64_t **rows = calloc(keys, sizeof *rows);
    size_t at = 0;
    assert_int_equal(list->count, keys);
    for (size_t i = 0; i < list->chunk_count; i++) {
        size_t count;
        const uint64_t *row = row_list_chunk(list, i, &count);
        for (; count > 0; count--, row += list->row_words)
            rows[at++] = row;
    }
    qsort(rows, keys, sizeof *rows, compare_first_words);
    for (uint64_t key = 0; key < keys; key++) {
        assert_int_equal(rows[key][0], key);
        assert_int_equal(rows[key][1], 2 * key + 2);
    }
    free(rows);
}

static void
a_part_has_every_key_once_however_often_it_was_folded(void **state)
{
    (void)state;
    enum { KEYS = 20000 };
    for (uint64_t step = 1; step <= 2 * KEYS; step = step * 17 + 11)
        for (int folds_each = 0; folds_each <= (step > 100); folds_each++) {
            struct group_part part;
            struct group_parts parts = {.parts = &part, .count = 1, .seed = 42};
            struct group_table table = {0};
            chunk_pool_init(&parts.pool, CHUNK_BYTES_MIN, SIZE_MAX);
            group_part_init(&part, &parts.pool, 1, 2);
            collect(&parts, &table, step, folds_each, KEYS);
            expect_every_key_in_any_order(&part.groups, KEYS);
            group_part_free(&part);
            group_table_free(&table);
            chunk_pool_free(&parts.pool);
        }
}

static void
a_batch_may_hold_the_same_new_key_many_times(void **state)
{
    (void)state;
    struct chunk_pool pool;
    struct group_table table = {0};
    struct row_list list;
    uint64_t rows[2 * GROUP_BATCH];
    for (int i = 0; i < GROUP_BATCH; i++)
        rows[2 * i] = 7, rows[2 * i + 1] = 1;
    chunk_pool_init(&pool, CHUNK_BYTES_MAX, SIZE_MAX);
    row_list_init(&list, &pool, 2);
    assert_int_equal(group_table_begin(&table, &list, 1, 1, 0), GODB_OK);
    assert_int_equal(group_table_add(&table, rows, GROUP_BATCH), GODB_OK);
    assert_int_equal(list.count, 1);
    assert_int_equal(row_list_row(&list, 0)[1], GROUP_BATCH);
    row_list_free(&list);
    group_table_free(&table);
    chunk_pool_free(&pool);
}

static void
any_number_of_threads_gives_the_same_rows(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    static const unsigned choices[] = {0, GODB_DIM_BIT(GODB_DIM_SIP),
        GODB_DIM_BIT(GODB_DIM_SIP) | GODB_DIM_BIT(GODB_DIM_DIP) |
            GODB_DIM_BIT(GODB_DIM_DPORT),
        GODB_DIM_BIT(GODB_DIM_L7_NAME) | GODB_DIM_BIT(GODB_DIM_L7_CATEGORY),
        GODB_DIM_BIT(GODB_DIM_TIME) | GODB_DIM_BIT(GODB_DIM_IFACE)};
    for (size_t c = 0; c < sizeof choices / sizeof choices[0]; c++)
        for (int threads = 2; threads <= 9; threads++) {
            struct godb_aggregate_spec spec = {.scan = store_spec(0, NULL),
                .dims = choices[c],
                .sums = GODB_SUMS_ALL,
                .limit = -1,
                .threads = 1};
            struct godb_result *one, *many;
            assert_int_equal(godb_aggregate(&one, db, &spec, NULL), GODB_OK);
            spec.threads = threads;
            assert_int_equal(godb_aggregate(&many, db, &spec, NULL), GODB_OK);
            const uint64_t count = godb_result_group_count(one);
            assert_int_equal(godb_result_group_count(many), count);
            assert_memory_equal(godb_result_totals(one), godb_result_totals(many),
                GODB_SUM_COUNT * sizeof(uint64_t));
            for (uint64_t i = 0; i < count; i++) {
                const struct godb_row a = next_row(one), b = next_row(many);
                assert_memory_equal(a.sums, b.sums, sizeof a.sums);
                assert_true(godb_row_id(&a) == godb_row_id(&b));
            }
            expect_end(one);
            expect_end(many);
            godb_result_free(one);
            godb_result_free(many);
        }
    godb_close(db);
}

static bool
stop_at_once(void *arg)
{
    ++*(int *)arg;
    return true;
}

static void
a_stopped_question_says_so(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    int asked = 0;
    struct godb_aggregate_spec spec = {.scan = store_spec(0, NULL),
        .dims = GODB_DIM_BIT(GODB_DIM_SIP),
        .sums = GODB_SUMS_ALL,
        .limit = -1};
    spec.scan.stop = stop_at_once;
    spec.scan.stop_arg = &asked;
    struct godb_result *result;
    assert_int_equal(godb_aggregate(&result, db, &spec, NULL), GODB_ECANCELLED);
    assert_true(asked >= 1);
    godb_close(db);
}

static void
an_interface_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct godb *db = open_filled();
    const char *name = "eth7";
    struct godb_aggregate_spec spec = {.scan = store_spec(0, NULL), .limit = -1};
    spec.scan.sel.ifaces = &name;
    spec.scan.sel.iface_count = 1;
    struct godb_result *result;
    struct godb_err err;
    assert_int_equal(godb_aggregate(&result, db, &spec, &err), GODB_ENOTFOUND);
    assert_non_null(strstr(err.msg, "eth7"));
    godb_close(db);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_choice_of_dimensions_sums_like_a_slow_count),
        cmocka_unit_test(no_dimension_gives_one_row_even_of_nothing),
        cmocka_unit_test(a_limit_gives_the_first_rows_of_the_whole_order),
        cmocka_unit_test(addresses_are_ordered_by_their_text),
        cmocka_unit_test(sums_stop_at_the_largest_number_instead_of_wrapping),
        cmocka_unit_test(a_table_finds_every_key_again_while_it_grows),
        cmocka_unit_test(a_part_has_every_key_once_however_often_it_was_folded),
        cmocka_unit_test(a_batch_may_hold_the_same_new_key_many_times),
        cmocka_unit_test(any_number_of_threads_gives_the_same_rows),
        cmocka_unit_test(a_stopped_question_says_so),
        cmocka_unit_test(an_interface_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
