/* SPDX-License-Identifier: MIT
 *
 * output.c -- see output.h.
 */
#include "shell/output.h"

#include <string.h>

const struct output_writer *
output_find(const char *name)
{
    static const struct output_writer *const writers[] = {
        &output_txt, &output_csv, &output_json};
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
        if (strcmp(writers[i]->name, name) == 0) return writers[i];
    return NULL;
}

const char *
output_text(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return text ? text : "";
}
