/* SPDX-License-Identifier: MIT
 *
 * Whatever a CSV file holds: records come in the order of their lines, and each is a
 * header, a flow that the library can store, or has a printable reason why not.
 */
#include <stdlib.h>
#include <string.h>

#include "shell/csv_row.h"

struct pass {
    struct csv_columns columns;
    uint64_t record_count, last_line;
    uint64_t line_count; /* of the whole input, an unfinished one included */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds) abort();
}

static void
check_reason(const char *reason)
{
    check(*reason != '\0' && memchr(reason, '\0', CSV_ROW_REASON) != NULL);
    for (; *reason; reason++)
        check(*reason >= ' ' && *reason < 0x7f);
}

static void
check_row(const struct csv_row *row)
{
    check(row->time_s >= GODB_STAMP_MIN &&
          row->time_s <= GODB_STAMP_MAX - GODB_INTERVAL_S);
    check(row->iface == NULL || godb_iface_check(row->iface, NULL) == GODB_OK);
}

static bool
take_record(void *arg, const struct csv_reader_record *record)
{
    struct pass *pass = arg;
    struct godb_err err = {0};
    char reason[CSV_ROW_REASON] = "";
    struct csv_row row;
    check(record->first_line >= pass->last_line);
    check(record->first_line <= record->last_line);
    check(record->last_line <= pass->line_count);
    check(record->problem || record->field_count > 0);
    pass->last_line = record->last_line;
    if (pass->record_count++ == 0 && csv_columns_is_header(record) &&
        csv_columns_read(&pass->columns, record, NULL, NULL, &err) != GODB_OK) {
        check(err.status == GODB_EARG && *err.msg);
        pass->columns = csv_columns_default();
    }
    if (csv_row_parse(&row, &pass->columns, record, reason))
        check_row(&row);
    else
        check_reason(reason);
    (void)csv_columns_is_footer(record);
    return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pass pass = {csv_columns_default(), 0, 0, 1};
    for (size_t i = 0; i < size; i++)
        pass.line_count += data[i] == '\n';
    struct csv_reader *reader = csv_reader_new();
    check(reader != NULL);
    /* In two pieces, so that one ends anywhere. */
    const size_t first = size > 0 ? data[size - 1] % size : 0;
    const char *bytes = (const char *)data;
    check(csv_reader_feed(reader, bytes, first, take_record, &pass) == GODB_OK);
    check(csv_reader_feed(reader, bytes + first, size - first, take_record, &pass) ==
          GODB_OK);
    check(csv_reader_finish(reader, take_record, &pass) == GODB_OK);
    csv_reader_free(reader);
    return 0;
}
