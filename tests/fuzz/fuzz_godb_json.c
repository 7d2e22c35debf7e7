/* SPDX-License-Identifier: MIT
 *
 * Any text as one of a database's JSON files: flows are found as before, listings
 * end, and the next append succeeds and leaves files that can be read.
 *
 *      byte 0     which: meta.json, summary.json or l7proto.json
 *      the rest   the text
 */
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { META, SUMMARY, L7, JSON_FILES };

static const char *const names[JSON_FILES] = {
    "eth0/1700006400/meta.json", "summary.json", "eth0/1700006400/l7proto.json"};

static void
count_warning(void *arg, const struct godb_err *warning)
{
    check(warning->msg[0] != '\0');
    ++*(int *)arg;
}

/* All flows; or, where it is not known what their l7 ids mean, those of other days and
 * a warning. */
static void
expect_flows(struct godb *db, int blocks, bool is_l7)
{
    int warnings = 0;
    const struct godb_scan_spec spec = {
        .sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL,
        .warn = count_warning,
        .warn_arg = &warnings};
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int rc;
    check(godb_scan_open(&scan, db, &spec, NULL) == GODB_OK);
    while ((rc = godb_scan_next(scan, &chunk, NULL)) == GODB_OK) {
        check(chunk.row_count == SCRATCH_FLOWS);
        check(godb_l7_name(chunk.l7_names, chunk.l7proto[0]) != NULL);
        check(godb_l7_category(chunk.l7_names, chunk.l7proto[0]) != NULL);
        blocks--;
    }
    check(rc == GODB_DONE && (blocks == 0 || (is_l7 && warnings > 0)));
    godb_scan_close(scan);
}

static void
expect_listed(struct godb *db, int blocks)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    struct godb_iface_info *ifaces;
    struct godb_size size;
    size_t count;
    check(godb_ifaces(db, &ifaces, &count, NULL, NULL, NULL, NULL, NULL) == GODB_OK);
    check(count == 1 && ifaces[0].block_count == (uint64_t)blocks);
    check(ifaces[0].flow_count == (uint64_t)blocks * SCRATCH_FLOWS);
    godb_ifaces_free(ifaces);
    (void)godb_size(&size, db, &all, NULL);
    check(godb_block_list_open(&list, db, &all, NULL, NULL, NULL) == GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK)
        blocks--;
    check(blocks == 0);
    godb_block_list_close(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scratch_file kept[JSON_FILES];
    static char columns[GODB_COLUMN_COUNT + 1][64];
    static struct scratch_file column_files[GODB_COLUMN_COUNT + 1];
    struct scratch *scratch = scratch_get();
    if (kept[0].name == NULL) {
        atexit(scratch_remove);
        for (int i = 0; i < JSON_FILES; i++)
            kept[i] = scratch_load(scratch, names[i]);
        for (int i = 0; i <= GODB_COLUMN_COUNT; i++) {
            snprintf(columns[i], sizeof columns[i], "eth0/1700006400/%s",
                i < GODB_COLUMN_COUNT ? godb_columns[i].file : "blocks.index");
            column_files[i] = scratch_load(scratch, columns[i]);
        }
    }
    const int which = take_byte(&data, &size) % JSON_FILES;
    scratch_store(scratch, names[which], data, size);
    expect_flows(scratch->db, SCRATCH_BLOCKS, which == L7);
    expect_listed(scratch->db, SCRATCH_BLOCKS);
    const int rc = scratch_append(scratch->db, SCRATCH_DAY + 80000);
    /* What l7 ids mean cannot be made up again. */
    check(rc == GODB_OK || which == L7);
    expect_flows(scratch->db, SCRATCH_BLOCKS + (rc == GODB_OK), which == L7);
    expect_listed(scratch->db, SCRATCH_BLOCKS + (rc == GODB_OK));
    for (int i = 0; i <= GODB_COLUMN_COUNT; i++)
        scratch_put_back(scratch, &column_files[i]);
    for (int i = 0; i < JSON_FILES; i++)
        scratch_put_back(scratch, &kept[i]);
    return 0;
}
