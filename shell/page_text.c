/* SPDX-License-Identifier: MIT
 *
 * page_text.c -- see page_text.h.
 */
#include "shell/page_text.h"

#include <inttypes.h>
#include <stddef.h>
#include <time.h>

/* --- Texts ------------------------------------------------------------------------ */

/* Bytes of the character at *text, and its code; 0: it is none, by RFC 3629. */
static size_t
read_utf8(const unsigned char *text, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char lead = text[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xc2) || lead > 0xf4) return 0;
    *code = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (text[i] & 0x3f);
    }
    if (*code < least[length] || (*code >= 0xd800 && *code <= 0xdfff)) return 0;
    return *code <= 0x10ffff ? length : 0;
}

/* Controls, and those that turn the direction of what follows them. */
static int
is_printable(uint32_t code)
{
    if (code == '\n' || code == '\t') return 1;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
    if (code >= 0x202a && code <= 0x202e) return 0;
    return !(code >= 0x2066 && code <= 0x2069);
}

static const char *
entity(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    }
    return NULL;
}

void
page_escape(FILE *out, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        uint32_t code = 0;
        const size_t length = read_utf8(at, &code);
        const char *name = entity(*at);
        if (name)
            fputs(name, out);
        else if (length == 0 || !is_printable(code))
            fputs("\xef\xbf\xbd", out);
        else
            fwrite(at, 1, length, out);
        at += length ? length : 1;
    }
}

/* --- Numbers ---------------------------------------------------------------------- */

static size_t
scale(double *number)
{
    size_t step = 0;
    for (; *number >= 999.5 && step < 6; step++)
        *number /= 1000;
    return step;
}

/* Three digits that count. */
static int
decimals(double number)
{
    return number < 9.995 ? 2 : number < 99.95 ? 1 : 0;
}

void
page_count(char out[PAGE_TEXT], double count)
{
    static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
    const size_t step = scale(&count);
    snprintf(out, PAGE_TEXT, "%.*f%s", step ? decimals(count) : 0, count, units[step]);
}

static const char *const bit_units[] = {
    "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s", "Ebit/s"};

void
page_rate(char out[PAGE_TEXT], double bits_per_s)
{
    const size_t step = scale(&bits_per_s);
    snprintf(out, PAGE_TEXT, "%.*f %s", step ? decimals(bits_per_s) : 0, bits_per_s,
        bit_units[step]);
}

void
page_rate_round(char out[PAGE_TEXT], double bits_per_s)
{
    const size_t step = scale(&bits_per_s);
    snprintf(out, PAGE_TEXT, "%g %s", bits_per_s, bit_units[step]);
}

/* --- Times ------------------------------------------------------------------------ */

void
page_duration(char out[PAGE_TEXT], int64_t duration_s)
{
    const int64_t minutes = (duration_s + 30) / 60, hours = minutes / 60;
    const int64_t days = hours / 24;
    if (days > 0 && hours % 24 == 0)
        snprintf(out, PAGE_TEXT, "%" PRId64 " day%s", days, days == 1 ? "" : "s");
    else if (days > 0)
        snprintf(out, PAGE_TEXT, "%" PRId64 " day%s %" PRId64 " h", days,
            days == 1 ? "" : "s", hours % 24);
    else if (hours > 0 && minutes % 60 == 0)
        snprintf(out, PAGE_TEXT, "%" PRId64 " h", hours);
    else if (hours > 0)
        snprintf(out, PAGE_TEXT, "%" PRId64 " h %" PRId64 " min", hours, minutes % 60);
    else
        snprintf(out, PAGE_TEXT, "%" PRId64 " min", minutes);
}

void
page_time(char out[PAGE_TEXT], enum page_time_form form, int64_t time_s)
{
    struct tm tm = {0};
    const time_t time = (time_t)time_s;
    size_t length = 0;
    localtime_r(&time, &tm);
    switch (form) {
    case PAGE_MOMENT:
        length = strftime(out, PAGE_TEXT, "%a %d %b %Y %H:%M", &tm);
        break;
    case PAGE_MOMENT_ZONE:
        length = strftime(out, PAGE_TEXT, "%a %d %b %Y %H:%M %Z", &tm);
        break;
    case PAGE_MINUTE:
        length = strftime(out, PAGE_TEXT, "%a %d %b %H:%M", &tm);
        break;
    case PAGE_CLOCK:
        length = strftime(out, PAGE_TEXT, "%H:%M", &tm);
        break;
    case PAGE_DAY:
        length = strftime(out, PAGE_TEXT, "%d %b", &tm);
        break;
    case PAGE_SORTABLE:
        length = strftime(out, PAGE_TEXT, "%Y-%m-%d %H:%M", &tm);
        break;
    }
    if (length == 0) out[0] = '\0'; /* a zone of more than 20 letters */
}
