/* SPDX-License-Identifier: MIT
 *
 * Any text as a time: it is read or refused in one line, and the same twice.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct godb_err err = {GODB_OK, 0, ""};
    int64_t first_s = 0, second_s = 0;
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    const int rc = godb_time_parse(&first_s, text, 1700000000, &err);
    if (rc != GODB_OK && (rc != GODB_EARG || strchr(err.msg, '\n'))) abort();
    if (godb_time_parse(&second_s, text, 1700000000, NULL) != rc) abort();
    if (rc == GODB_OK && first_s != second_s) abort();
    free(text);
    return 0;
}
