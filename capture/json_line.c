/* SPDX-License-Identifier: MIT
 *
 * json_line.c -- see json_line.h.
 */
#include "capture/json_line.h"

#include <string.h>

static const char *
skip_blank(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Behind the string that starts here. */
static const char *
skip_string(const char *at)
{
    for (at++; *at != '\0' && *at != '"'; at++)
        if (*at == '\\' && at[1] != '\0') at++;
    return *at == '"' ? at + 1 : at;
}

/* Behind the value that starts here. */
static const char *
skip_value(const char *at)
{
    int depth = 0;
    do {
        if (*at == '"') {
            at = skip_string(at);
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        if (*at == '\0') return at;
        at++;
    } while (depth > 0 || (*at != '\0' && strchr(",}] \t\r\n", *at) == NULL));
    return at;
}

/* The key in the object that starts here; *out_value is set.  NULL: it has none. */
static const char *
find_key(const char *at, const char *key, const char **out_value)
{
    const size_t length = strlen(key);
    if (*at != '{') return NULL;
    at = skip_blank(at + 1);
    while (*at == '"') {
        const char *const name = at;
        at = skip_blank(skip_string(at));
        if (*at == ':') at = skip_blank(at + 1);
        *out_value = at;
        if (strncmp(name + 1, key, length) == 0 && name[1 + length] == '"') return name;
        at = skip_blank(skip_value(at));
        if (*at == ',') at = skip_blank(at + 1);
    }
    return NULL;
}

size_t
json_line(const char *text, const char *const *path, size_t depth)
{
    const char *value = skip_blank(text), *place = value;
    size_t line = 1;
    for (size_t i = 0; i < depth; i++) {
        const char *const key = find_key(value, path[i], &value);
        if (key == NULL) break;
        place = key;
    }
    for (const char *at = text; at < place; at++)
        if (*at == '\n') line++;
    return line;
}
