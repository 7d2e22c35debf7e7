/* SPDX-License-Identifier: MIT
 *
 * txt_table.c -- see txt_table.h.
 */
#include "shell/txt_table.h"

#include <stdlib.h>
#include <string.h>

#include "shell/printable.h"

enum {
    FIRST_BYTES = 4096,
    CUT_MIN = 8,  /* what is left of a cell at least */
    BAR_MIN = 6,  /* a shorter bar says nothing */
    BAR_MAX = 20, /* a longer one no more */
    BAR_GAP = 2,
    PADDING_WITH_BARS = 2
};

struct column {
    size_t width; /* in characters */
    bool may_cut;
};

struct txt_table {
    size_t column_count, cell_count;
    char *text; /* every cell with its NUL, one behind the other */
    size_t length, capacity;
    double *bars; /* of the first bar_count rows */
    size_t bar_count, bar_capacity;
    struct column columns[];
};

/* The table as it fits. */
struct layout {
    const struct txt_table_style *style;
    size_t padding, bar_width;
    double bar_max;
    size_t widths[];
};

struct txt_table *
txt_table_new(size_t column_count)
{
    struct txt_table *table =
        calloc(1, sizeof *table + column_count * sizeof table->columns[0]);
    if (table) table->column_count = column_count;
    return table;
}

void
txt_table_free(struct txt_table *table)
{
    if (table == NULL) return;
    free(table->text);
    free(table->bars);
    free(table);
}

/* Bytes that do not continue a character. */
size_t
txt_width(const char *text)
{
    size_t width = 0;
    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

/* --- Filling ---------------------------------------------------------------------- */

static bool
reserve(struct txt_table *table, size_t length)
{
    if (table->capacity - table->length >= length) return true;
    size_t capacity = table->capacity ? table->capacity : FIRST_BYTES;
    while (capacity - table->length < length)
        capacity *= 2;
    char *more = realloc(table->text, capacity);
    if (more == NULL) return false;
    table->text = more;
    table->capacity = capacity;
    return true;
}

bool
txt_table_add(struct txt_table *table, const char *text)
{
    const size_t length = strlen(text) + 1;
    if (!reserve(table, length)) return false;
    char *cell = printable(memcpy(table->text + table->length, text, length));
    struct column *column = &table->columns[table->cell_count++ % table->column_count];
    const size_t width = txt_width(cell);
    if (width > column->width) column->width = width;
    table->length += length;
    return true;
}

bool
txt_table_bar(struct txt_table *table, double length)
{
    const size_t row = (table->cell_count - 1) / table->column_count;
    if (row >= table->bar_capacity) {
        const size_t capacity = (row + 1) * 2;
        double *more = realloc(table->bars, capacity * sizeof *more);
        if (more == NULL) return false;
        table->bars = more;
        table->bar_capacity = capacity;
    }
    while (table->bar_count < row)
        table->bars[table->bar_count++] = 0;
    table->bars[table->bar_count++] = length;
    return true;
}

void
txt_table_may_cut(struct txt_table *table, size_t column)
{
    table->columns[column].may_cut = true;
}

/* --- Fitting ---------------------------------------------------------------------- */

static size_t
line_width(const struct txt_table *table, const struct layout *layout)
{
    size_t width = 0;
    for (size_t i = 0; i < table->column_count; i++)
        width += layout->padding + layout->widths[i];
    return width;
}

/* Make the widest of the columns that may be cut one narrower. */
static bool
cut_one(const struct txt_table *table, struct layout *layout)
{
    size_t widest = table->column_count;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].may_cut && layout->widths[i] > CUT_MIN &&
            (widest == table->column_count ||
                layout->widths[i] > layout->widths[widest]))
            widest = i;
    if (widest == table->column_count) return false;
    layout->widths[widest]--;
    return true;
}

/* What is left of the line for a bar. */
static size_t
bar_room(const struct txt_table *table, const struct layout *layout)
{
    const size_t columns = layout->style->columns;
    const size_t used = line_width(table, layout) + BAR_GAP;
    if (columns == 0 || (used < columns && columns - used > BAR_MAX)) return BAR_MAX;
    return used < columns ? columns - used : 0;
}

/* Two blanks between columns are enough where three leave no room for bars. */
static void
fit_bars(const struct txt_table *table, struct layout *layout)
{
    if (layout->padding > PADDING_WITH_BARS && bar_room(table, layout) < BAR_MIN) {
        const size_t padding = layout->padding;
        layout->padding = PADDING_WITH_BARS;
        if (bar_room(table, layout) < BAR_MIN) layout->padding = padding;
    }
    const size_t room = bar_room(table, layout);
    for (size_t i = 0; i < table->bar_count; i++)
        if (table->bars[i] > layout->bar_max) layout->bar_max = table->bars[i];
    if (room >= BAR_MIN && layout->bar_max > 0) layout->bar_width = room;
}

static struct layout *
fit(const struct txt_table *table, const struct txt_table_style *style)
{
    struct layout *layout =
        calloc(1, sizeof *layout + table->column_count * sizeof layout->widths[0]);
    if (layout == NULL) return NULL;
    layout->style = style;
    layout->padding = style->padding;
    for (size_t i = 0; i < table->column_count; i++)
        layout->widths[i] = table->columns[i].width;
    const size_t columns = style->columns;
    while (columns > 0 && layout->padding > 1 && line_width(table, layout) > columns)
        layout->padding--;
    while (columns > 0 && line_width(table, layout) > columns)
        if (!cut_one(table, layout)) break;
    if (style->has_bars) fit_bars(table, layout);
    return layout;
}

/* --- Printing --------------------------------------------------------------------- */

/* A line being printed: blanks wait until something stands behind them. */
struct line {
    FILE *out;
    size_t blanks;
};

/* The first `count` characters. */
static void
print_part(FILE *out, const char *text, size_t count)
{
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0) != 0x80 && count-- == 0) return;
        fputc(*text, out);
    }
}

static void
print_cell(struct line *line, const struct layout *layout, const char *cell,
    size_t column_width)
{
    const size_t width = txt_width(cell);
    line->blanks += layout->padding + (width < column_width ? column_width - width : 0);
    if (width == 0) return;
    fprintf(line->out, "%*s", (int)line->blanks, "");
    line->blanks = 0;
    print_part(line->out, cell, width > column_width ? column_width - 1 : width);
    if (width > column_width)
        fputs(layout->style->is_utf8 ? "\xe2\x80\xa6" : "~", line->out);
}

static void
print_bar(const struct layout *layout, double length, FILE *out)
{
    static const char *const eighths[] = {"", "\xe2\x96\x8f", "\xe2\x96\x8e",
        "\xe2\x96\x8d", "\xe2\x96\x8c", "\xe2\x96\x8b", "\xe2\x96\x8a", "\xe2\x96\x89"};
    const double share = length / layout->bar_max;
    const size_t parts = (size_t)(share * (double)layout->bar_width * 8 + 0.5);
    if (parts == 0) return;
    fprintf(out, "%*s%s", BAR_GAP, "", layout->style->has_colour ? "\033[36m" : "");
    for (size_t i = 0; i < parts / 8; i++)
        fputs(layout->style->is_utf8 ? "\xe2\x96\x88" : "#", out);
    if (layout->style->is_utf8) fputs(eighths[parts % 8], out);
    if (layout->style->has_colour) fputs("\033[0m", out);
}

static void
end_row(
    const struct txt_table *table, const struct layout *layout, size_t row, FILE *out)
{
    if (layout->bar_width > 0 && row < table->bar_count)
        print_bar(layout, table->bars[row], out);
    if (layout->style->has_colour && row < layout->style->head_rows)
        fputs("\033[0m", out);
    fputc('\n', out);
}

void
txt_table_print(
    const struct txt_table *table, const struct txt_table_style *style, FILE *out)
{
    struct layout *layout = fit(table, style);
    const char *cell = table->text;
    struct line line = {out, 0};
    if (layout == NULL) return;
    for (size_t i = 0; i < table->cell_count; i++) {
        const size_t column = i % table->column_count, row = i / table->column_count;
        if (column == 0 && style->has_colour && row < style->head_rows)
            fputs("\033[1m", out);
        print_cell(&line, layout, cell, layout->widths[column]);
        if (column + 1 == table->column_count) {
            end_row(table, layout, row, out);
            line.blanks = 0;
        }
        cell += strlen(cell) + 1;
    }
    free(layout);
}
