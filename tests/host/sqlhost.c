/* SPDX-License-Identifier: MIT
 *
 * sqlhost -- a small SQL shell with the extension linked in, for builds that a stock
 * shell cannot load (sanitizers).  With SQLHOST_LOADS it loads the extension that
 * $GOPROBE_SO names instead, for other versions of SQLite than the stock shell's.
 *
 * Runs each argument, or else standard input, on :memory:.  Rows come as sqlite3's list
 * mode prints them; the first error goes to standard error and ends it with status 1.
 */
#include <stdio.h>
#include <stdlib.h>

#ifdef SQLHOST_LOADS
#include <sqlite3.h>
#else
#include "vtab/register.h"
#endif

static int
add_goprobe(sqlite3 *db, char **error)
{
#ifdef SQLHOST_LOADS
    sqlite3_enable_load_extension(db, 1);
    return sqlite3_load_extension(db, getenv("GOPROBE_SO"), NULL, error);
#else
    return goprobe_register(db, NULL, NULL, error);
#endif
}

static void
print_row(sqlite3_stmt *statement)
{
    const int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; i++) {
        const unsigned char *text = sqlite3_column_text(statement, i);
        printf("%s%s", i > 0 ? "|" : "", text ? (const char *)text : "");
    }
    putchar('\n');
}

static int
run_one(sqlite3 *db, const char *sql, const char **rest)
{
    sqlite3_stmt *statement;
    int rc = sqlite3_prepare_v2(db, sql, -1, &statement, rest);
    if (rc != SQLITE_OK) return rc;
    while (statement && (rc = sqlite3_step(statement)) == SQLITE_ROW)
        print_row(statement);
    sqlite3_finalize(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
run(sqlite3 *db, const char *sql)
{
    while (*sql)
        if (run_one(db, sql, &sql) != SQLITE_OK) {
            fflush(stdout);
            fprintf(stderr, "Error: %s\n", sqlite3_errmsg(db));
            return 1;
        }
    return 0;
}

static char *
read_all(FILE *from)
{
    size_t length = 0, capacity = 4096;
    char *text = malloc(capacity);
    while (text != NULL) {
        length += fread(text + length, 1, capacity - length - 1, from);
        text[length] = '\0';
        if (length < capacity - 1) return text;
        char *more = realloc(text, capacity *= 2);
        if (more == NULL) free(text);
        text = more;
    }
    return NULL;
}

int
main(int argc, char **argv)
{
    sqlite3 *db;
    char *error = NULL;
    int failed = 0;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK) return 1;
    if (add_goprobe(db, &error) != SQLITE_OK) {
        fprintf(stderr, "Error: %s\n", error ? error : "out of memory");
        return 1;
    }
    for (int i = 1; i < argc && !failed; i++)
        failed = run(db, argv[i]);
    if (argc == 1) {
        char *sql = read_all(stdin);
        failed = sql == NULL || run(db, sql);
        free(sql);
    }
    sqlite3_close(db);
    return failed;
}
