/* SPDX-License-Identifier: MIT
 *
 * Any text as a size: it is read or refused in one line; what is read is no smaller
 * than its digits say, and as many bytes give the same again.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text, uint64_t bytes)
{
    char again[32];
    uint64_t same = 0;
    if (bytes == 0 || bytes < strtoull(text, NULL, 10)) abort();
    snprintf(again, sizeof again, "%" PRIu64, bytes);
    if (godb_size_parse(&same, again, NULL) != GODB_OK || same != bytes) abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct godb_err err = {GODB_OK, 0, ""};
    uint64_t bytes = 4711;
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    const int rc = godb_size_parse(&bytes, text, &err);
    if (rc == GODB_OK)
        check(text, bytes);
    else if (rc != GODB_EARG || strchr(err.msg, '\n') || bytes != 4711)
        abort();
    free(text);
    return 0;
}
