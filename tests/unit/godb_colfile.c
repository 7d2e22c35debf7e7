/* SPDX-License-Identifier: MIT
 *
 * The header of a column file, and which day a block belongs to.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "godb/bytes.h"
#include "godb/codec.h"
#include "godb/colfile.h"
#include "godb/day.h"
#include "tests/store.h"

static int
open_dir(char *root)
{
    const int fd = open(root, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

static void
a_new_file_is_an_empty_header(void **state)
{
    (void)state;
    char *root = store_new();
    const int dir_fd = open_dir(root);
    struct colfile file;
    struct stat st;
    assert_int_equal(colfile_open(&file, dir_fd, GODB_DPORT, NULL), GODB_ENOTFOUND);
    assert_int_equal(colfile_open_write(&file, dir_fd, GODB_DPORT, NULL), GODB_OK);
    assert_int_equal(fstat(file.fd, &st), 0);
    assert_int_equal(st.st_size, 12288);
    assert_int_equal(file.used, 0);
    assert_int_equal(colfile_next_offset(&file), 12288);
    colfile_close(&file);
    close(dir_fd);
    free(root);
}

static int
write_slot(struct colfile *file, uint32_t slot, int64_t time_s, uint64_t end,
    uint64_t raw_bytes)
{
    int rc = colfile_write_extent(file, slot, end, raw_bytes);
    return rc == 0 ? colfile_write_stamp(file, slot, time_s) : rc;
}

static void
slots_are_where_the_format_has_them(void **state)
{
    (void)state;
    char *root = store_new();
    const int dir_fd = open_dir(root);
    struct colfile file;
    assert_int_equal(colfile_open_write(&file, dir_fd, GODB_PROTO, NULL), GODB_OK);
    /* The worked example of the format: proto.gpf, its first block. */
    assert_int_equal(write_slot(&file, 0, 1456428875, 12307, 17), 0);
    assert_int_equal(write_slot(&file, 1, 1456429175, 12326, 17), 0);
    uint8_t header[12288];
    assert_int_equal(pread(file.fd, header, sizeof header, 0), sizeof header);
    assert_memory_equal(header, "\0\0\0\0\0\0\x30\x13\0\0\0\0\0\0\x30\x26", 16);
    assert_memory_equal(
        header + 0x1000, "\0\0\0\0\x56\xcf\x57\x4b\0\0\0\0\x56\xcf\x58\x77", 16);
    assert_memory_equal(header + 0x2000, "\0\0\0\0\0\0\0\x11", 8);
    assert_int_equal(file.used, 2);
    assert_int_equal(colfile_time(&file, 1), 1456429175);
    assert_int_equal(colfile_find(&file, 1456429175, 0), 1);
    assert_int_equal(colfile_find(&file, 1456429175, 1), 1);
    assert_int_equal(colfile_find(&file, 1, 0), UINT32_MAX);
    assert_int_equal(colfile_next_offset(&file), 12326);
    assert_int_equal(colfile_drop_slots(&file, 1), 0);
    assert_int_equal(pread(file.fd, header, sizeof header, 0), sizeof header);
    assert_memory_equal(header + 8, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(colfile_next_offset(&file), 12307);
    colfile_close(&file);
    close(dir_fd);
    free(root);
}

static void
the_worked_example_of_the_format_decodes(void **state)
{
    (void)state;
    static const uint8_t block[] = {0xf0, 0x02, 0, 0, 0, 0, 0x56, 0xcf, 0x57, 0x4b,
        0x06, 0, 0, 0, 0, 0x56, 0xcf, 0x57, 0x4b};
    char *root = store_new();
    const int dir_fd = open_dir(root);
    struct colfile file;
    struct colfile_extent extent;
    uint64_t raw[4];
    assert_int_equal(colfile_open_write(&file, dir_fd, GODB_PROTO, NULL), GODB_OK);
    assert_int_equal(pwrite(file.fd, block, sizeof block, 12288), sizeof block);
    assert_int_equal(write_slot(&file, 0, 1456428875, 12307, 17), 0);
    assert_int_equal(colfile_extent(&file, 0, &extent, NULL), GODB_OK);
    assert_int_equal(extent.row_count, 1);
    const uint8_t *packed;
    assert_int_equal(colfile_load(&file, 0, &extent, 0, &packed, NULL), GODB_OK);
    assert_int_equal(
        colfile_unpack(&file, 0, &extent, packed, (uint8_t *)raw, NULL), GODB_OK);
    assert_int_equal(((uint8_t *)raw)[8], 6);
    colfile_close(&file);
    close(dir_fd);
    free(root);
}

static void
packing_and_unpacking_give_the_same_bytes(void **state)
{
    (void)state;
    struct codec_state *codec = codec_state_new();
    uint8_t raw[5000], packed[6000], again[5000];
    assert_non_null(codec);
    for (size_t length = 1; length < sizeof raw; length = length * 3 / 2 + 1) {
        for (size_t i = 0; i < length; i++)
            raw[i] = (uint8_t)(i * i >> 5);
        const size_t bytes =
            codec_pack(codec, CODEC_SMALL, packed, sizeof packed, raw, length);
        assert_true(bytes > 0 && bytes <= codec_bound(length));
        assert_true(codec_is_plausible(bytes, length));
        assert_true(codec_unpack(again, length, packed, bytes));
        assert_memory_equal(raw, again, length);
        assert_false(codec_unpack(again, length - 1, packed, bytes));
        assert_false(codec_unpack(again, length, packed, bytes - 1));
    }
    assert_false(codec_is_plausible(10, 100000));
    assert_false(codec_is_plausible(UINT64_MAX, UINT64_MAX));
    codec_state_free(codec);
}

static void
a_stamp_belongs_to_the_utc_day_that_it_lies_in(void **state)
{
    (void)state;
    assert_int_equal(day_of(1456444799), 1456358400);
    assert_int_equal(day_of(1456444800), 1456444800); /* midnight: the new day */
    assert_int_equal(day_of(1456444801), 1456444800);
    assert_int_equal(day_of(1), 0);
    assert_int_equal(day_of(86399), 0);
    assert_int_equal(day_of(86400), 86400);
}

static void
an_overlap_takes_every_block_whose_interval_it_touches(void **state)
{
    (void)state;
    struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_err err;
    assert_int_equal(godb_selection_overlap(&sel, 1000, 2000, NULL), GODB_OK);
    assert_int_equal(sel.first_s, 1001);
    assert_int_equal(sel.last_s, 2299);
    /* It narrows, and never widens. */
    assert_int_equal(godb_selection_overlap(&sel, 0, 1500, NULL), GODB_OK);
    assert_int_equal(sel.first_s, 1001);
    assert_int_equal(sel.last_s, 1799);
    assert_int_equal(godb_selection_overlap(&sel, 5, 5, &err), GODB_EARG);
    assert_non_null(strstr(err.msg, "upside down"));
    assert_int_equal(godb_selection_overlap(&sel, INT64_MIN, INT64_MAX, NULL), GODB_OK);
    assert_int_equal(sel.first_s, 1001);
    assert_int_equal(sel.last_s, 1799);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_an_empty_header),
        cmocka_unit_test(slots_are_where_the_format_has_them),
        cmocka_unit_test(the_worked_example_of_the_format_decodes),
        cmocka_unit_test(packing_and_unpacking_give_the_same_bytes),
        cmocka_unit_test(a_stamp_belongs_to_the_utc_day_that_it_lies_in),
        cmocka_unit_test(an_overlap_takes_every_block_whose_interval_it_touches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
