/* SPDX-License-Identifier: MIT
 *
 * Any header and any blocks in one column of a day, with and without an index: a scan
 * ends, what it gives is whole, damage is told, and a writer that comes next either
 * appends its block or says why not.
 *
 *      byte 0       the column, and in bit 7, whether the index goes
 *      byte 1       count of changes to the header, each:
 *                   section, slot (below 4, or the last ones), 8 bytes of value
 *      the rest     the blocks behind the header; none: those that were there
 */
#include "tests/fuzz/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 12288, SECTION_BYTES = 4096 };

static void
change_header(uint8_t *header, const uint8_t **data, size_t *size)
{
    for (int changes = take_byte(data, size) % 16; changes > 0; changes--) {
        const unsigned section = take_byte(data, size) % 3;
        unsigned slot = take_byte(data, size);
        const uint64_t value = take_number(data, size, 8);
        slot = slot < 128 ? slot % 4 : GODB_DAY_BLOCKS - 1 - slot % 4;
        for (int i = 0; i < 8; i++)
            header[section * SECTION_BYTES + slot * 8 + (unsigned)i] =
                (uint8_t)(value >> (56 - 8 * i));
    }
}

/* What a fault is told with has a reason. */
static void
count_warning(void *arg, const struct godb_err *warning)
{
    check(warning->msg[0] != '\0');
    ++*(int *)arg;
}

/* What a scan reads is there: a sanitizer looks on. */
static uint64_t
sum_of(const struct godb_chunk *chunk)
{
    uint64_t sum = 0;
    for (uint32_t row = 0; row < chunk->row_count; row++) {
        sum += chunk->sip[row][15] + chunk->dip[row][15] + chunk->dport[row] +
               chunk->proto[row] + chunk->l7proto[row];
        for (int i = 0; i < 4; i++)
            sum += chunk->counters[i][row];
    }
    return sum;
}

/* Gives how many blocks of the day could be read. */
static int
scan_all(struct godb *db, int *out_warnings)
{
    const struct godb_scan_spec spec = {
        .sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL,
        .warn = count_warning,
        .warn_arg = out_warnings};
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int rc, blocks = 0, others = 0;
    *out_warnings = 0;
    check(godb_scan_open(&scan, db, &spec, NULL) == GODB_OK);
    while ((rc = godb_scan_next(scan, &chunk, NULL)) == GODB_OK) {
        if (chunk.time_s == scratch_time_s(0))
            check(++others == 1 && sum_of(&chunk) >= SCRATCH_FLOWS);
        else
            blocks += sum_of(&chunk) > 0;
    }
    check(rc == GODB_DONE);
    check(others == 1);
    godb_scan_close(scan);
    return blocks;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[SCRATCH_FILE_MAX + (1 << 20)];
    struct scratch *scratch = scratch_get();
    struct scratch_file *kept = scratch_files(scratch);
    const uint8_t first = take_byte(&data, &size);
    const int column = (first & 0x7f) % GODB_COLUMN_COUNT;
    struct scratch_file *file = &kept[column];
    int warnings;
    memcpy(bytes, file->bytes, file->size);
    change_header(bytes, &data, &size);
    size_t total = file->size;
    if (size > 0 && size < sizeof bytes - HEADER_BYTES) {
        memcpy(bytes + HEADER_BYTES, data, size);
        total = HEADER_BYTES + size;
    }
    scratch_store(scratch, file->name, bytes, total);
    if (first & 0x80) scratch_store(scratch, kept[GODB_COLUMN_COUNT].name, "", 0);
    const int blocks = scan_all(scratch->db, &warnings);
    /* The last column says which blocks exist. */
    if (column != GODB_PACKETS_SENT)
        check(blocks == SCRATCH_BLOCKS - 1 || warnings > 0);
    if (scratch_append(scratch->db, SCRATCH_DAY + 80000) == GODB_OK)
        check(scan_all(scratch->db, &warnings) > 0);
    for (int i = 0; i < SCRATCH_FILES; i++)
        scratch_put_back(scratch, &kept[i]);
    return 0;
}
