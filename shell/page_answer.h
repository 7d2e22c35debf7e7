/* SPDX-License-Identifier: MIT
 *
 * page_answer.h -- all rows of a statement in memory, for pages that look at them
 * twice.
 */
#ifndef SHELL_PAGE_ANSWER_H
#define SHELL_PAGE_ANSWER_H

#include "shell/session.h"

struct page_cell {
    char *text; /* never NULL; NULL in SQL is "" */
    double number;
    bool is_null;
};

struct page_answer {
    size_t column_count, row_count, capacity; /* of cells */
    struct page_cell *cells;
};

/* Run one statement to its end.  Whatever it returns, the answer is for the _free. */
int page_answer_get(struct page_answer *out, struct session *session, const char *sql,
    struct godb_err *err);
void page_answer_free(struct page_answer *answer);

static inline const struct page_cell *
page_answer_at(const struct page_answer *answer, size_t row, size_t column)
{
    return &answer->cells[row * answer->column_count + column];
}

/* The largest number of a column, 0 where there is none above. */
double page_answer_max(const struct page_answer *answer, size_t column);

#endif
