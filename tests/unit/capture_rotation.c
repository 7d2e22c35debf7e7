/* SPDX-License-Identifier: MIT
 *
 * What an interval left is put in order and summed up, whatever the addresses.
 */
#include "capture/rotation.h"
#include "tests/store.h"

enum { ROWS = 20000, SEEDS = 6 };

static uint32_t
pick(uint64_t *state, uint32_t count)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33) % count;
}

/* Few values, so that rows are alike; families share their first bytes; values reach
 * up to all ones, with which words stand for other things. */
static void
pick_ip(uint64_t *state, uint8_t ip[GODB_IP_BYTES])
{
    static const uint8_t first[] = {0, 10, 32, 255};
    memset(ip, 0, GODB_IP_BYTES);
    memset(ip, first[pick(state, 4)], 3);
    ip[3] = (uint8_t)pick(state, 5);
    if (pick(state, 3) == 0) memset(ip + 4, (int)pick(state, 2) * 255, 12);
    if (pick(state, 5) == 0) ip[15] = (uint8_t)pick(state, 3);
}

static struct rotation_row
pick_row(uint64_t *state)
{
    struct rotation_row row;
    memset(&row, 0, sizeof row);
    row.iface = (uint16_t)pick(state, 3);
    pick_ip(state, row.flow.sip);
    pick_ip(state, row.flow.dip);
    row.flow.proto = (uint8_t)(pick(state, 3) * 127);
    row.flow.dport = (uint16_t)(pick(state, 3) * 32767);
    row.flow.l7proto = (uint16_t)pick(state, 2);
    row.flow.bytes_rcvd = pick(state, 1000);
    row.flow.packets_sent = 1;
    return row;
}

static int
compare(const struct rotation_row *a, const struct rotation_row *b)
{
    if (a->iface != b->iface) return a->iface < b->iface ? -1 : 1;
    int order = memcmp(a->flow.sip, b->flow.sip, GODB_IP_BYTES);
    if (order == 0) order = memcmp(a->flow.dip, b->flow.dip, GODB_IP_BYTES);
    if (order == 0) order = (int)a->flow.proto - b->flow.proto;
    if (order == 0) order = (int)a->flow.dport - b->flow.dport;
    return order != 0 ? order : (int)a->flow.l7proto - b->flow.l7proto;
}

static void
expect_row(const struct rotation *rotation, const struct rotation_row *rows, size_t i)
{
    const struct rotation_row *merged = &rotation->rows[i];
    uint64_t bytes = 0, packets = 0;
    if (i > 0) assert_true(compare(merged - 1, merged) < 0);
    for (size_t k = 0; k < ROWS; k++)
        if (compare(merged, &rows[k]) == 0) {
            bytes += rows[k].flow.bytes_rcvd;
            packets += rows[k].flow.packets_sent;
        }
    assert_int_equal(merged->flow.bytes_rcvd, bytes);
    assert_int_equal(merged->flow.packets_sent, packets);
}

static void
rows_that_are_alike_become_one_in_order(void **state)
{
    (void)state;
    struct rotation_row *rows = malloc(ROWS * sizeof *rows);
    assert_non_null(rows);
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint64_t random = seed, packets = 0;
        struct rotation *rotation = rotation_new(3, 300);
        for (size_t i = 0; i < ROWS; i++)
            rows[i] = pick_row(&random);
        assert_true(rotation_add(rotation, rows, ROWS));
        assert_true(rotation_merge(rotation));
        assert_true(rotation->count > ROWS / 10);
        for (size_t i = 0; i < rotation->count; i++)
            packets += rotation->rows[i].flow.packets_sent;
        assert_int_equal(packets, ROWS);
        for (size_t i = 0; i < rotation->count; i += 1 + rotation->count / 200)
            expect_row(rotation, rows, i);
        for (size_t i = 1; i < rotation->count; i++)
            assert_true(compare(&rotation->rows[i - 1], &rotation->rows[i]) < 0);
        rotation_free(rotation);
    }
    free(rows);
}

static void
an_interval_without_rows_is_merged(void **state)
{
    (void)state;
    struct rotation *rotation = rotation_new(1, 300);
    assert_true(rotation_merge(rotation));
    assert_int_equal(rotation->count, 0);
    rotation_free(rotation);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_are_alike_become_one_in_order),
        cmocka_unit_test(an_interval_without_rows_is_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
