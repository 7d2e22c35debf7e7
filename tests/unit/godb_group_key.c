/* SPDX-License-Identifier: MIT
 *
 * Short keys have numbers: the same keys, and each its own.  What is summed up by
 * number is what rows say.
 */
#include "godb/group_key.h"
#include "godb/small_groups.h"
#include "tests/store.h"

enum { ROWS = 1000, BATCH = 128 };

static uint16_t dport[ROWS], l7proto[ROWS];
static uint8_t proto[ROWS];

static const struct godb_chunk chunk = {
    .row_count = ROWS, .proto = proto, .dport = dport, .l7proto = l7proto};

static const unsigned short_dims[] = {
    GODB_DIM_BIT(GODB_DIM_DPORT),
    GODB_DIM_BIT(GODB_DIM_PROTO),
    GODB_DIM_BIT(GODB_DIM_L7PROTO),
    GODB_DIM_BIT(GODB_DIM_DPORT) | GODB_DIM_BIT(GODB_DIM_PROTO),
    GODB_DIM_BIT(GODB_DIM_PROTO) | GODB_DIM_BIT(GODB_DIM_L7PROTO),
};

static int
set_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < ROWS; i++) {
        dport[i] = (uint16_t)(i * 2654435761u >> 7);
        l7proto[i] = (uint16_t)(i * 40503u + 255);
        proto[i] = (uint8_t)(i * 97u);
    }
    return 0;
}

/* Rows from `first` on, `step` apart. */
static void
check_numbers(unsigned dims, uint32_t first, uint32_t step)
{
    struct key_layout layout;
    uint32_t rows[BATCH], numbers[BATCH];
    uint64_t keys[BATCH];
    key_layout_init(&layout, dims, 4);
    assert_true(key_has_number(&layout));
    for (uint32_t i = 0; i < BATCH; i++)
        rows[i] = first + i * step;
    assert_int_equal(
        key_pack(&layout, &(struct key_context){0}, &chunk, rows, BATCH, keys, 1),
        GODB_OK);
    key_numbers(&layout, &chunk, rows, BATCH, numbers);
    for (int i = 0; i < BATCH; i++) {
        assert_int_equal(numbers[i], key_to_number(keys[i]));
        assert_int_equal(key_from_number(numbers[i]), keys[i]);
    }
}

static void
numbers_are_those_of_packed_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof short_dims / sizeof *short_dims; i++) {
        check_numbers(short_dims[i], 0, 1);
        check_numbers(short_dims[i], 777, 1);
        check_numbers(short_dims[i], 3, 7);
    }
}

static void
longer_keys_have_none(void **state)
{
    (void)state;
    const unsigned dims[] = {0, GODB_DIM_BIT(GODB_DIM_SIP), GODB_DIM_BIT(GODB_DIM_TIME),
        GODB_DIM_BIT(GODB_DIM_L7_NAME),
        GODB_DIM_BIT(GODB_DIM_DPORT) | GODB_DIM_BIT(GODB_DIM_L7PROTO)};
    for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
        struct key_layout layout;
        key_layout_init(&layout, dims[i], 4);
        assert_false(key_has_number(&layout));
    }
}

/* Numbers at both ends of the first and the last page, each as often as it is large. */
static void
sums_are_by_number(void **state)
{
    (void)state;
    static const uint32_t all[] = {0, 1, 65535, 65536, 0xff0000, 0xffffff};
    enum { COUNT = sizeof all / sizeof *all };
    struct small_groups small;
    small_groups_init(&small, 3, COUNT);
    for (int round = 0; round < 2; round++) { /* and once more after it was cleared */
        for (uint64_t i = 0; i < COUNT * COUNT; i++) {
            const uint64_t sums[] = {1, i, i == COUNT ? UINT64_MAX : 5};
            const uint32_t number = all[i % COUNT];
            assert_int_equal(small_groups_add(&small, &number, sums, 1), GODB_OK);
        }
        assert_int_equal(small.count, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            const uint64_t *row = small.rows + i * 4;
            assert_int_equal(key_to_number(row[0]), all[i]);
            assert_int_equal(row[1], COUNT);
            assert_int_equal(row[2], COUNT * i + COUNT * COUNT * (COUNT - 1) / 2);
            assert_int_equal(row[3], i == 0 ? UINT64_MAX : 5 * COUNT);
        }
        small_groups_clear(&small);
        assert_int_equal(small.count, 0);
    }
    small_groups_free(&small);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_packed_keys),
        cmocka_unit_test(longer_keys_have_none),
        cmocka_unit_test(sums_are_by_number),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
