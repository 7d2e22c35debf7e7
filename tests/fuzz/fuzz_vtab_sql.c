/* SPDX-License-Identifier: MIT
 *
 * Any SQL over a database in which any bytes are changed: the statement ends in bounded
 * time, with rows or an error, and SQLite is in order afterwards.
 *
 *      byte 0       count of changes, each 4 bytes:
 *                   file, place (2, modulo the file's size), what it is XORed with
 *      the rest     statements
 */
#include <sqlite3.h>

#include "tests/fuzz/scratch.h"
#include "vtab/register.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CHANGES_MAX = 8, STEPS_MAX = 4000, ROWS_MAX = 500 };

/* Put in the changes; gives the bits of the files that were changed. */
static unsigned
change_files(const struct scratch *scratch, const uint8_t **data, size_t *size)
{
    struct scratch_file *kept = scratch_files(scratch);
    unsigned changed = 0;
    for (int left = take_byte(data, size) % (CHANGES_MAX + 1); left > 0; left--) {
        const unsigned which = take_byte(data, size) % SCRATCH_FILES;
        const size_t place = (size_t)take_number(data, size, 2);
        const uint8_t mask = take_byte(data, size);
        uint8_t byte;
        if (kept[which].size == 0) continue;
        int fd = scratch_open(scratch, kept[which].name, O_RDWR);
        const off_t at = (off_t)(place % kept[which].size);
        check(fd >= 0 && pread(fd, &byte, 1, at) == 1);
        byte ^= mask;
        check(pwrite(fd, &byte, 1, at) == 1);
        close(fd);
        changed |= 1u << which;
    }
    return changed;
}

/* Nothing outside: other files, other databases. */
static int
authorize(void *arg, int action, const char *one, const char *two, const char *three,
    const char *four)
{
    (void)arg;
    (void)three;
    (void)four;
    if (action == SQLITE_ATTACH || action == SQLITE_CREATE_VTABLE) return SQLITE_DENY;
    if (action == SQLITE_PRAGMA && one && sqlite3_strlike("temp%", one, 0) == 0)
        return SQLITE_DENY;
    if (action == SQLITE_FUNCTION && two && sqlite3_stricmp(two, "goprobe_scope") == 0)
        return SQLITE_DENY;
    return SQLITE_OK;
}

static int
count_steps(void *arg)
{
    return ++*(int *)arg > STEPS_MAX;
}

static void
quiet(void *arg, const char *message)
{
    (void)arg;
    check(message[0] != '\0' && strchr(message, '\n') == NULL);
}

static sqlite3 *
connect_to(const struct scratch *scratch, int *steps)
{
    sqlite3 *db;
    char *sql, *error = NULL;
    check(sqlite3_open(":memory:", &db) == SQLITE_OK);
    check(goprobe_register(db, quiet, NULL, &error) == SQLITE_OK);
    sql = sqlite3_mprintf(
        "SELECT goprobe_scope('db', %Q), goprobe_scope('threads', 1)", scratch->root);
    check(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_free(sql);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_EXPR_DEPTH, 60);
    sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 100);
    sqlite3_set_authorizer(db, authorize, NULL);
    sqlite3_progress_handler(db, 100, count_steps, steps);
    return db;
}

static void
run(sqlite3 *db, const char *sql, bool is_changed)
{
    while (sql && *sql) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(db, sql, -1, &statement, &sql) != SQLITE_OK) return;
        for (int row = 0; statement && row < ROWS_MAX; row++) {
            if (sqlite3_step(statement) != SQLITE_ROW) break;
            for (int i = 0; i < sqlite3_column_count(statement); i++)
                (void)sqlite3_column_text(statement, i);
        }
        const int rc = sqlite3_finalize(statement);
        check(rc != SQLITE_MISUSE && rc != SQLITE_INTERNAL);
        check(is_changed || rc != SQLITE_CORRUPT);
        if (rc != SQLITE_OK) return;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scratch *scratch = scratch_get();
    int steps = 0;
    const unsigned changed = change_files(scratch, &data, &size);
    char *sql = malloc(size + 1);
    check(sql != NULL);
    memcpy(sql, data, size);
    sql[size] = '\0';
    sqlite3 *db = connect_to(scratch, &steps);
    run(db, sql, changed != 0);
    check(sqlite3_close(db) == SQLITE_OK);
    free(sql);
    for (unsigned i = 0; i < SCRATCH_FILES; i++)
        if (changed & 1u << i) scratch_put_back(scratch, &scratch_files(scratch)[i]);
    return 0;
}
