/* SPDX-License-Identifier: MIT
 *
 * page_answer.c -- see page_answer.h.
 */
#include "shell/page_answer.h"

#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

static bool
reserve(struct page_answer *answer)
{
    const size_t needed = (answer->row_count + 1) * answer->column_count;
    if (needed <= answer->capacity) return true;
    const size_t capacity = needed * 2;
    void *more = realloc(answer->cells, capacity * sizeof *answer->cells);
    if (more == NULL) return false;
    answer->cells = more;
    answer->capacity = capacity;
    return true;
}

static bool
add_row(struct page_answer *answer, sqlite3_stmt *statement)
{
    if (!reserve(answer)) return false;
    struct page_cell *row = answer->cells + answer->row_count * answer->column_count;
    for (size_t i = 0; i < answer->column_count; i++) {
        const int column = (int)i;
        const char *text = (const char *)sqlite3_column_text(statement, column);
        row[i] = (struct page_cell){strdup(text ? text : ""),
            sqlite3_column_double(statement, column),
            sqlite3_column_type(statement, column) == SQLITE_NULL};
        if (row[i].text) continue;
        while (i > 0)
            free(row[--i].text);
        return false;
    }
    answer->row_count++;
    return true;
}

int
page_answer_get(struct page_answer *out, struct session *session, const char *sql,
    struct godb_err *err)
{
    sqlite3_stmt *statement;
    *out = (struct page_answer){.column_count = 0};
    int rc = session_prepare(session, sql, &statement, err);
    if (rc != GODB_OK) return rc;
    out->column_count = (size_t)sqlite3_column_count(statement);
    while ((rc = session_step(session, statement, err)) == GODB_OK) {
        if (add_row(out, statement)) continue;
        rc = shell_err(err, GODB_ENOMEM, "out of memory");
        break;
    }
    sqlite3_finalize(statement);
    return rc == GODB_DONE ? GODB_OK : rc;
}

void
page_answer_free(struct page_answer *answer)
{
    for (size_t i = 0; i < answer->row_count * answer->column_count; i++)
        free(answer->cells[i].text);
    free(answer->cells);
    *answer = (struct page_answer){.column_count = 0};
}

double
page_answer_max(const struct page_answer *answer, size_t column)
{
    double max = 0;
    for (size_t i = 0; i < answer->row_count; i++) {
        const double number = page_answer_at(answer, i, column)->number;
        if (number > max) max = number;
    }
    return max;
}
