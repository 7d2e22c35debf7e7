/* SPDX-License-Identifier: MIT
 *
 * csv_field.h -- a field of a CSV file on its way out.
 */
#ifndef SHELL_CSV_FIELD_H
#define SHELL_CSV_FIELD_H

#include <stdio.h>

/* Quoted where a reader would take it for something else. */
void csv_field_print(FILE *out, const char *text);

#endif
