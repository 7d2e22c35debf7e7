/* SPDX-License-Identifier: MIT
 *
 * json_line.h -- where in a JSON text a key stands, for messages about its value.
 *
 * Pure.  jansson says where a text is no JSON, but forgets places once it is parsed.
 */
#ifndef CAPTURE_JSON_LINE_H
#define CAPTURE_JSON_LINE_H

#include <stddef.h>

/* The line, from 1, of the key that `path` of `depth` keys leads to, from the outermost
 * object on; that of the last key on the way which is there.  text is valid JSON. */
size_t json_line(const char *text, const char *const *path, size_t depth);

#endif
