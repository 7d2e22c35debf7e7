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
        &output_txt, &output_csv, &output_json, &output_influx};
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++)
        if (strcmp(writers[i]->name, name) == 0) return writers[i];
    return NULL;
}

void
output_empty(const struct output_context *context)
{
    fputs("Query returned no results\n", context->out);
}

void
output_human_bytes(char out[OUTPUT_NUMBER], double amount)
{
    static const char *const units[] = {" B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t unit = 0;
    for (; amount >= 1025 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        amount /= 1024;
    snprintf(out, OUTPUT_NUMBER, "%.2f %s", amount, units[unit]);
}
