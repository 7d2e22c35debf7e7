/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a client's question, as they come in pieces: nothing behind them is
 * read, a whole line is never waited for again, and only the lines that are known are
 * questions.
 *
 *      byte 0     how many bytes come at a time
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "capture/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(enum request request, const char *bytes, size_t count)
{
    const char *const line = request_line(request);
    if (request == REQUEST_MORE) {
        if (memchr(bytes, '\n', count) != NULL || count >= REQUEST_MAX) abort();
    } else if (request == REQUEST_BAD) {
        if (line != NULL) abort();
    } else if (line == NULL || strlen(line) != count ||
               memcmp(line, bytes, count) != 0) {
        abort();
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    const size_t step = data[0] % REQUEST_MAX + 1;
    const size_t whole = size - 1 < REQUEST_MAX ? size - 1 : REQUEST_MAX;
    for (size_t count = 0;; count += step) {
        if (count > whole) count = whole;
        /* A copy of the exact size: a read behind it is seen. */
        char *bytes = malloc(count + (count == 0));
        if (bytes == NULL) return 0;
        memcpy(bytes, data + 1, count);
        const enum request request = request_parse(bytes, count);
        check(request, bytes, count);
        free(bytes);
        if (request != REQUEST_MORE || count == whole) return 0;
    }
}
