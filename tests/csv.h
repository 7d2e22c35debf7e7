/* SPDX-License-Identifier: MIT
 *
 * csv.h -- CSV records for tests: from a literal text, through the real reader.
 */
#ifndef TESTS_CSV_H
#define TESTS_CSV_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "shell/csv_reader.h"

/* Run the reader over `length` bytes. */
static inline void
csv_feed(const char *bytes, size_t length, csv_reader_fn *fn, void *arg)
{
    struct godb_err err = {0};
    FILE *file = tmpfile();
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fflush(file), 0);
    struct csv_source *source;
    assert_int_equal(
        csv_source_of_fd(&source, fileno(file), "test.csv", &err), GODB_OK);
    if (csv_reader_run(source, fn, arg, &err) != GODB_OK) fail_msg("%s", err.msg);
    csv_source_close(source);
    fclose(file);
}

#endif
