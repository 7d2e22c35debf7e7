/* SPDX-License-Identifier: MIT
 *
 * printable.c -- see printable.h.
 */
#include "shell/printable.h"

/* How many bytes of a control character stand here; 0: none does. */
static int
control_bytes(const char *text)
{
    const unsigned char first = (unsigned char)text[0];
    if (first < 0x20 || first == 0x7f) return 1;
    const unsigned char second = first == 0xc2 ? (unsigned char)text[1] : 0;
    return second >= 0x80 && second < 0xa0 ? 2 : 0;
}

char *
printable(char *text)
{
    for (char *c = text; *c; c++)
        for (int bytes = control_bytes(c); bytes > 0; bytes--)
            c[bytes - 1] = '?';
    return text;
}

void
print_printable(FILE *out, const char *text)
{
    for (; *text; text++) {
        const int bytes = control_bytes(text);
        fputc(bytes > 0 ? '?' : *text, out);
        if (bytes == 2) text++;
    }
}
