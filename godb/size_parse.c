/* SPDX-License-Identifier: MIT
 *
 * size_parse.c -- sizes as people write them: 1073741824, 1GiB, 512 M.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "godb/error.h"
#include "godb/godb.h"

/* How often 1024 goes into the unit, or -1. */
static int
unit_power(const char *unit)
{
    static const char letters[] = "KMGT";
    if (*unit == '\0' || strcasecmp(unit, "B") == 0) return 0;
    const char *letter = strchr(letters, toupper((unsigned char)*unit));
    if (letter == NULL) return -1;
    if (unit[1] != '\0' && strcasecmp(unit + 1, "iB") != 0) return -1;
    return (int)(letter - letters) + 1;
}

/* Digits at the start of text; where they end, or NULL where there are none or too
 * many.
 */
static const char *
parse_digits(uint64_t *out, const char *text)
{
    const char *at = text;
    *out = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (uint64_t)(*at - '0'), out))
            return NULL;
    return at > text ? at : NULL;
}

int
godb_size_parse(uint64_t *out_bytes, const char *text, struct godb_err *err)
{
    uint64_t bytes = 0;
    const char *unit = parse_digits(&bytes, text);
    if (unit != NULL) unit += strspn(unit, " ");
    const int power = unit ? unit_power(unit) : -1;
    if (power < 0 || bytes == 0 || bytes > UINT64_MAX >> 10 * power)
        return err_set(err, GODB_EARG,
            "'%.40s' is no size: a number of bytes, or with a unit, like 512MiB or 2G",
            text);
    *out_bytes = bytes << 10 * power;
    return GODB_OK;
}
