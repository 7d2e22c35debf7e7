/* SPDX-License-Identifier: MIT
 *
 * csv_field.c -- see csv_field.h.
 */
#include "shell/csv_field.h"

#include <string.h>

void
csv_field_print(FILE *out, const char *text)
{
    if (*text != ' ' && *text != '\t' && strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}
