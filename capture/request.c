/* SPDX-License-Identifier: MIT
 *
 * request.c -- see request.h.
 */
#include "capture/request.h"

#include <string.h>

static const char *const lines[] = {
    [REQUEST_FLOWS] = "flows\n",
    [REQUEST_STATUS_TEXT] = "status text\n",
    [REQUEST_STATUS_JSON] = "status json\n",
    [REQUEST_STATUS_PROMETHEUS] = "status prometheus\n",
};

enum { LINES = sizeof lines / sizeof lines[0] };

const char *
request_line(enum request request)
{
    return (size_t)request < LINES ? lines[request] : NULL;
}

enum request
request_parse(const char *bytes, size_t count)
{
    const char *end = memchr(bytes, '\n', count < REQUEST_MAX ? count : REQUEST_MAX);
    if (end == NULL) return count < REQUEST_MAX ? REQUEST_MORE : REQUEST_BAD;
    /* One question, and nothing behind it. */
    if ((size_t)(end - bytes) + 1 != count) return REQUEST_BAD;
    for (int i = REQUEST_FLOWS; i < LINES; i++)
        if (strlen(lines[i]) == count && memcmp(lines[i], bytes, count) == 0)
            return (enum request)i;
    return REQUEST_BAD;
}
