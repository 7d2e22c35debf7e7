/* SPDX-License-Identifier: MIT
 *
 * txt_table.h -- a table of text whose columns are as wide as their widest cell.
 */
#ifndef SHELL_TXT_TABLE_H
#define SHELL_TXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct txt_table;

/* NULL: out of memory. */
struct txt_table *txt_table_new(size_t column_count);
void txt_table_free(struct txt_table *table);

/* The next cell, row by row; copied.  What is no printable text becomes '?': names come
 * from other machines' files, and a terminal obeys escape sequences.  False: out of
 * memory. */
bool txt_table_add(struct txt_table *table, const char *text);

/* Right-aligned, each column with three blanks before it. */
void txt_table_print(const struct txt_table *table, FILE *out);

#endif
