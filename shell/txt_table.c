/* SPDX-License-Identifier: MIT
 *
 * txt_table.c -- see txt_table.h.
 */
#include "shell/txt_table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/printable.h"

enum {
    FIRST_BYTES = 4096,
    CUT_MIN = 8,  /* what is left of a cell at least */
    BAR_MIN = 6,  /* a shorter bar says nothing */
    BAR_MAX = 20, /* a longer one no more */
    BAR_GAP = 2,
    PADDING_WITH_BARS = 2,
    PADDING_FOLDED = 2
};

struct column {
    size_t width; /* in characters */
    bool may_cut;
    size_t drop_rank; /* from 1: which goes first; 0: none */
};

struct txt_table {
    size_t column_count, cell_count;
    char *text; /* every cell with its NUL, one behind the other */
    size_t length, capacity;
    double *bars; /* of the first bar_count rows */
    size_t bar_count, bar_capacity;
    size_t drop_count, fold_at; /* fold_at 0: anywhere */
    struct column columns[];
};

/* The table as it fits. */
struct layout {
    const struct txt_table_style *style;
    size_t padding, bar_width;
    double bar_max;
    bool is_folded;
    struct place {
        size_t width;
        size_t indent; /* before the first column of a line */
        bool is_dropped;
        bool is_first; /* begins a line */
    } places[];
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

void
txt_table_may_drop(struct txt_table *table, size_t column)
{
    table->columns[column].drop_rank = ++table->drop_count;
}

void
txt_table_may_fold(struct txt_table *table, size_t column)
{
    table->fold_at = column;
}

/* --- Fitting ---------------------------------------------------------------------- */

static size_t
line_width(const struct txt_table *table, const struct layout *layout)
{
    size_t width = 0;
    for (size_t i = 0; i < table->column_count; i++)
        if (!layout->places[i].is_dropped)
            width += layout->padding + layout->places[i].width;
    return width;
}

/* Make the widest of the columns that may be cut one narrower. */
static bool
cut_one(const struct txt_table *table, struct layout *layout)
{
    size_t widest = table->column_count;
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].may_cut && layout->places[i].width > CUT_MIN &&
            (widest == table->column_count ||
                layout->places[i].width > layout->places[widest].width))
            widest = i;
    if (widest == table->column_count) return false;
    layout->places[widest].width--;
    return true;
}

static bool
is_too_wide(const struct txt_table *table, const struct layout *layout)
{
    return layout->style->columns > 0 &&
           line_width(table, layout) > layout->style->columns;
}

static void
set_widths(const struct txt_table *table, struct layout *layout)
{
    for (size_t i = 0; i < table->column_count; i++)
        layout->places[i] = (struct place){.width = table->columns[i].width};
}

static void
drop(const struct txt_table *table, struct layout *layout, size_t rank)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (table->columns[i].drop_rank == rank) layout->places[i].is_dropped = true;
}

/* Of the columns from `from` until `until`. */
static size_t
part_width(const struct layout *layout, size_t from, size_t until)
{
    size_t width = 0;
    for (size_t i = from; i < until; i++)
        width += layout->padding + layout->places[i].width;
    return width;
}

/* Where the line that begins with column `from` ends. */
static size_t
fold_end(const struct txt_table *table, const struct layout *layout, size_t from)
{
    const size_t columns = layout->style->columns, count = table->column_count;
    const size_t at = table->fold_at;
    if (part_width(layout, from, count) <= columns) return count;
    if (from < at && part_width(layout, from, at) <= columns) return at;
    size_t until = from + 1;
    while (until < count && part_width(layout, from, until + 1) <= columns)
        until++;
    return until;
}

/* Lines but the first end where the widest of them does. */
static void
fold(const struct txt_table *table, struct layout *layout)
{
    size_t widest = 0, until;
    set_widths(table, layout);
    layout->is_folded = true;
    layout->padding = PADDING_FOLDED;
    for (size_t from = 0; from < table->column_count; from = until) {
        while (layout->padding + layout->places[from].width > layout->style->columns)
            if (!cut_one(table, layout)) break;
        until = fold_end(table, layout, from);
        layout->places[from].is_first = true;
        const size_t width = part_width(layout, from, until);
        if (width > widest) widest = width;
    }
    for (size_t from = 0; from < table->column_count; from = until) {
        until = from + 1;
        while (until < table->column_count && !layout->places[until].is_first)
            until++;
        if (from > 0)
            layout->places[from].indent = widest - part_width(layout, from, until);
    }
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
        calloc(1, sizeof *layout + table->column_count * sizeof layout->places[0]);
    if (layout == NULL) return NULL;
    layout->style = style;
    layout->padding = style->padding;
    set_widths(table, layout);
    while (layout->padding > 1 && is_too_wide(table, layout))
        layout->padding--;
    while (is_too_wide(table, layout))
        if (!cut_one(table, layout)) break;
    for (size_t i = 1; i <= table->drop_count && is_too_wide(table, layout); i++)
        drop(table, layout, i);
    if (is_too_wide(table, layout))
        fold(table, layout);
    else if (style->has_bars)
        fit_bars(table, layout);
    return layout;
}

/* --- Printing --------------------------------------------------------------------- */

/* A line being printed: blanks wait until something stands behind them. */
struct line {
    FILE *out;
    size_t blanks;
    bool is_begun;
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
    line->is_begun = true;
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
end_line(const struct layout *layout, struct line *line, bool has_colour)
{
    if (has_colour) fputs("\033[0m", line->out);
    if (line->is_begun || !layout->is_folded) fputc('\n', line->out);
    line->blanks = 0;
    line->is_begun = false;
}

/* The lines of a row from `first` on, before `end`.  Returns the cell behind the row.
 */
static const char *
print_lines(const struct txt_table *table, const struct layout *layout, size_t row,
    size_t first, size_t end, const char *cell, FILE *out)
{
    const bool has_colour = layout->style->has_colour && row < layout->style->head_rows;
    struct line line = {out, 0, false};
    size_t number = 0;
    for (size_t i = 0; i < table->column_count; i++, cell += strlen(cell) + 1) {
        const struct place *place = &layout->places[i];
        number += i > 0 && place->is_first;
        if (number < first || number >= end || place->is_dropped) continue;
        if (number > first && place->is_first) end_line(layout, &line, has_colour);
        if (has_colour && (i == 0 || place->is_first)) fputs("\033[1m", out);
        line.blanks += place->indent;
        print_cell(&line, layout, cell, place->width);
    }
    if (layout->bar_width > 0 && row < table->bar_count)
        print_bar(layout, table->bars[row], out);
    end_line(layout, &line, has_colour);
    return cell;
}

/* Rows of a folded head keep together what stands one above the other. */
static const char *
print_head(const struct txt_table *table, const struct layout *layout, FILE *out)
{
    const char *cell = table->text;
    size_t line_count = 1;
    for (size_t i = 1; i < table->column_count; i++)
        line_count += layout->places[i].is_first;
    for (size_t line = 0; line < line_count; line++) {
        cell = table->text;
        for (size_t row = 0; row < layout->style->head_rows; row++)
            cell = print_lines(table, layout, row, line, line + 1, cell, out);
    }
    return cell;
}

void
txt_table_print(
    const struct txt_table *table, const struct txt_table_style *style, FILE *out)
{
    struct layout *layout = fit(table, style);
    if (layout == NULL) return;
    const size_t row_count = table->cell_count / table->column_count;
    const char *cell = print_head(table, layout, out);
    for (size_t row = style->head_rows; row < row_count; row++)
        cell = print_lines(table, layout, row, 0, SIZE_MAX, cell, out);
    free(layout);
}
