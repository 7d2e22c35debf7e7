/* SPDX-License-Identifier: MIT
 *
 * txt_table.h -- a table of text whose columns are as wide as their widest cell, or
 * narrower where a terminal is.
 */
#ifndef SHELL_TXT_TABLE_H
#define SHELL_TXT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct txt_table;

/* How it is printed.  Where `columns` do not suffice, blanks between the columns go
 * first, then the ends of cells that may be cut, then columns that may be dropped.
 * Where even that is too wide, all of them stay, and a row is folded into lines. */
struct txt_table_style {
    size_t columns;   /* of the terminal; 0: lines may be of any length */
    size_t padding;   /* blanks before each column */
    size_t head_rows; /* stand out where there are colours */
    bool has_colour, is_utf8;
    bool has_bars; /* where there is room for them */
};

/* NULL: out of memory. */
struct txt_table *txt_table_new(size_t column_count);
void txt_table_free(struct txt_table *table);

/* The next cell, row by row; copied.  What is no printable text becomes '?': names come
 * from other machines' files, and a terminal obeys escape sequences.  False: out of
 * memory. */
bool txt_table_add(struct txt_table *table, const char *text);

/* The row of the cell added last has a bar of this length, in proportion to the
 * others'. False: out of memory. */
bool txt_table_bar(struct txt_table *table, double length);

/* Cells of this column may be cut. */
void txt_table_may_cut(struct txt_table *table, size_t column);

/* This column may be left out, before those that are told later. */
void txt_table_may_drop(struct txt_table *table, size_t column);

/* A folded row is best broken before this column. */
void txt_table_may_fold(struct txt_table *table, size_t column);

/* Right-aligned. */
void txt_table_print(
    const struct txt_table *table, const struct txt_table_style *style, FILE *out);

/* Characters of UTF-8, each taken for one column wide. */
size_t txt_width(const char *text);

#endif
