/* SPDX-License-Identifier: MIT
 *
 * time_parse.c -- the notations of goquery's -f and -l.
 *
 * Epoch seconds, times relative to now, and absolute times in the layouts of
 * goProbe 1.05 and 2.x together.  strptime(3) reads the fields; fractions of a second
 * and zones are read here, since strptime either cannot or would let them change the
 * outcome silently.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "godb/error.h"

enum {
    TEXT_MAX = 100,
    YEAR_MIN = 1000, /* a year of fewer digits is a slip of the hand */
};

/* --- Relative: -15d:04h:05m ------------------------------------------------------ */

static int64_t
unit_s(char unit)
{
    switch (unit) {
    case 'd':
        return 86400;
    case 'h':
        return 3600;
    case 'm':
        return 60;
    case 's':
        return 1;
    default:
        return 0;
    }
}

/* One "4h" of a relative time; false where it is none or overflows. */
static bool
add_chunk(const char **text, int64_t *sum_s)
{
    char *end;
    int64_t chunk_s;
    errno = 0;
    const long long count = strtoll(*text, &end, 10);
    if (end == *text || errno != 0 || isspace((unsigned char)**text)) return false;
    const int64_t unit = unit_s(*end);
    if (unit == 0 || __builtin_mul_overflow(count, unit, &chunk_s) ||
        __builtin_add_overflow(*sum_s, chunk_s, sum_s))
        return false;
    *text = end + 1;
    return true;
}

static bool
parse_relative(int64_t *out_s, const char *text, int64_t now_s)
{
    int64_t sum_s = 0;
    text++; /* the dash */
    do {
        if (!add_chunk(&text, &sum_s)) return false;
    } while (*text++ == ':');
    return text[-1] == '\0' && !__builtin_sub_overflow(now_s, sum_s, out_s);
}

/* --- Epoch ----------------------------------------------------------------------- */

static bool
parse_epoch(int64_t *out_s, const char *text)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0) return false;
    *out_s = value;
    return true;
}

/* --- Absolute -------------------------------------------------------------------- */

/* %: strptime's fields.  A `~` stands for an optional fraction of a second, a `^` for
 * an optional zone behind a blank, a `@` for a zone that must be there, a blank for one
 * blank or more (strptime would take none).  %y comes before %Y, which would read 16 as
 * the year 16. */
static const char MARKS[] = " ~^@";
static const char *const layouts[] = {
    "%Y-%m-%dT%H:%M:%S~^",
    "%Y-%m-%d %H:%M:%S~^",
    "%Y-%m-%d %H:%M^",
    "%Y-%m-%d^",
    "%d.%m.%y %H:%M:%S~^",
    "%d.%m.%y %H:%M^",
    "%d.%m.%y^",
    "%d.%m.%Y %H:%M:%S~^",
    "%d.%m.%Y %H:%M^",
    "%d.%m.%Y^",
    "%a %b %d %H:%M:%S~ %Y",
    "%a %b %d %H:%M:%S~ @ %Y",
    "%d %b %y %H:%M^",
    "%A, %d-%b-%y %H:%M:%S~^",
    "%a, %d %b %Y %H:%M:%S~^",
};

struct zone {
    bool given;
    long offset_s; /* east of Greenwich */
};

/* "+01:00", "-0700": false where it is no offset. */
static bool
parse_offset(const char **text, struct zone *out)
{
    const char *c = *text;
    int digits[4];
    const int sign = *c == '+' ? 1 : *c == '-' ? -1 : 0;
    if (sign == 0) return false;
    c++;
    for (int i = 0; i < 4; i++) {
        if (i == 2 && *c == ':') c++;
        if (!isdigit((unsigned char)*c)) return false;
        digits[i] = *c++ - '0';
    }
    const int hours = digits[0] * 10 + digits[1], minutes = digits[2] * 10 + digits[3];
    if (hours > 23 || minutes > 59) return false;
    out->given = true;
    out->offset_s = sign * (hours * 3600L + minutes * 60L);
    *text = c;
    return true;
}

/* Does the local zone call itself so, now or in the other half of the year? */
static bool
is_local_zone(const char *name, size_t length)
{
    tzset();
    for (int i = 0; i < 2; i++)
        if (strlen(tzname[i]) == length && strncmp(tzname[i], name, length) == 0)
            return true;
    return false;
}

/* A zone's abbreviation counts where it is UTC's or the local zone's; any other would
 * be taken for UTC by the original, which is a wrong answer, so here it is an error. */
static bool
parse_zone_name(const char **text, struct zone *out)
{
    size_t length = 0;
    while (isupper((unsigned char)(*text)[length]))
        length++;
    if (length == 0) return false;
    const bool utc = (length == 1 && **text == 'Z') ||
                     (length == 3 && (strncmp(*text, "UTC", 3) == 0 ||
                                         strncmp(*text, "GMT", 3) == 0));
    if (!utc && !is_local_zone(*text, length)) return false;
    if (utc) *out = (struct zone){true, 0};
    *text += length;
    return true;
}

/* An offset, a name, or both ("-0700 MST", where the offset counts). */
static bool
parse_zone(const char **text, struct zone *out)
{
    const char *c = *text;
    while (*c == ' ')
        c++;
    if (*c == '\0') return true;
    if (parse_offset(&c, out)) {
        *text = c;
        if (*c != ' ') return true;
        while (*c == ' ' || isupper((unsigned char)*c))
            c++;
    } else if (!parse_zone_name(&c, out)) {
        return false;
    }
    *text = c;
    return true;
}

static const char *
skip_fraction(const char *text)
{
    if (*text != '.' || !isdigit((unsigned char)text[1])) return text;
    text++;
    while (isdigit((unsigned char)*text))
        text++;
    return text;
}

/* What a layout has beside strptime's fields. */
static bool
match_mark(char mark, const char **text, struct zone *out_zone)
{
    switch (mark) {
    case ' ':
        if (**text != ' ') return false;
        *text += strspn(*text, " ");
        return true;
    case '~':
        *text = skip_fraction(*text);
        return true;
    case '^':
        return parse_zone(text, out_zone);
    default:
        return parse_offset(text, out_zone) || parse_zone_name(text, out_zone);
    }
}

static bool
match_layout(
    const char *text, const char *layout, struct tm *out_tm, struct zone *out_zone)
{
    char fields[64];
    while (*layout) {
        const size_t length = strcspn(layout, MARKS);
        memcpy(fields, layout, length);
        fields[length] = '\0';
        if (length > 0) text = strptime(text, fields, out_tm);
        if (text == NULL) return false;
        layout += length;
        if (*layout && !match_mark(*layout++, &text, out_zone)) return false;
    }
    return *text == '\0';
}

static bool
to_epoch(struct tm *tm, const struct zone *zone, int64_t *out_s)
{
    const int day = tm->tm_mday, month = tm->tm_mon;
    tm->tm_isdst = -1;
    const time_t local_s = zone->given ? timegm(tm) : mktime(tm);
    /* The 31st of a shorter month would silently become the 1st of the next. */
    if (tm->tm_mday != day || tm->tm_mon != month) return false;
    *out_s = (int64_t)local_s - (zone->given ? zone->offset_s : 0);
    return true;
}

static bool
parse_absolute(int64_t *out_s, const char *text)
{
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct tm tm = {0};
        struct zone zone = {false, 0};
        tm.tm_mday = 1;
        if (match_layout(text, layouts[i], &tm, &zone))
            return tm.tm_year >= YEAR_MIN - 1900 && to_epoch(&tm, &zone, out_s);
    }
    return false;
}

int
godb_time_parse(int64_t *out_s, const char *text, int64_t now_s, struct godb_err *err)
{
    bool ok;
    if (strnlen(text, TEXT_MAX) == TEXT_MAX)
        ok = false;
    else if (strcasecmp(text, "now") == 0)
        ok = (*out_s = now_s, true);
    else if (text[0] == '-')
        ok = parse_relative(out_s, text, now_s) || parse_epoch(out_s, text);
    else
        ok = parse_epoch(out_s, text) || parse_absolute(out_s, text);
    if (ok) return GODB_OK;
    return err_set(err, GODB_EARG,
        "'%.60s' is no time; try -1d, -2h:30m, 1456428875, 2016-02-25 19:34:35 or "
        "25.02.2016 19:34",
        text);
}
