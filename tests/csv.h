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

/* Run the reader over `length` bytes, piece_bytes at a time. */
static inline void
csv_feed_pieces(
    const char *bytes, size_t length, size_t piece_bytes, csv_reader_fn *fn, void *arg)
{
    struct csv_reader *reader = csv_reader_new();
    assert_non_null(reader);
    for (size_t at = 0; at < length; at += piece_bytes) {
        const size_t left = length - at;
        assert_int_equal(csv_reader_feed(reader, bytes + at,
                             left < piece_bytes ? left : piece_bytes, fn, arg),
            GODB_OK);
    }
    assert_int_equal(csv_reader_finish(reader, fn, arg), GODB_OK);
    csv_reader_free(reader);
}

static inline void
csv_feed(const char *bytes, size_t length, csv_reader_fn *fn, void *arg)
{
    csv_feed_pieces(bytes, length, length ? length : 1, fn, arg);
}

#endif
