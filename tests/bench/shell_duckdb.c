/* SPDX-License-Identifier: MIT
 *
 * duckdb -- run SQL in DuckDB and print what it answers, as little else as possible:
 * what DuckDB's own shell would cost, without the start of an interpreter.
 *
 *      shell_duckdb LIBDUCKDB_SO DATABASE STATEMENT...
 *
 * Prints rows with tabs between the columns.  The library is loaded at run time, so
 * that building the benchmark needs no DuckDB; what is declared here is a part of its
 * stable C interface.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct result {
    uint64_t deprecated_count[3];
    void *deprecated[2];
    void *internal;
};

struct api {
    int (*open)(const char *path, void **database);
    int (*connect)(void *database, void **connection);
    int (*query)(void *connection, const char *sql, struct result *out);
    const char *(*result_error)(struct result *result);
    uint64_t (*column_count)(struct result *result);
    uint64_t (*row_count)(struct result *result);
    char *(*value_varchar)(struct result *result, uint64_t column, uint64_t row);
    void (*free)(void *value);
    void (*destroy_result)(struct result *result);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
};

static void *
symbol(void *library, const char *name)
{
    void *address = dlsym(library, name);
    if (address == NULL) {
        fprintf(stderr, "duckdb: %s\n", dlerror());
        exit(1);
    }
    return address;
}

static void
load(struct api *api, const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "duckdb: %s\n", dlerror());
        exit(1);
    }
    *(void **)&api->open = symbol(library, "duckdb_open");
    *(void **)&api->connect = symbol(library, "duckdb_connect");
    *(void **)&api->query = symbol(library, "duckdb_query");
    *(void **)&api->result_error = symbol(library, "duckdb_result_error");
    *(void **)&api->column_count = symbol(library, "duckdb_column_count");
    *(void **)&api->row_count = symbol(library, "duckdb_row_count");
    *(void **)&api->value_varchar = symbol(library, "duckdb_value_varchar");
    *(void **)&api->free = symbol(library, "duckdb_free");
    *(void **)&api->destroy_result = symbol(library, "duckdb_destroy_result");
    *(void **)&api->disconnect = symbol(library, "duckdb_disconnect");
    *(void **)&api->close = symbol(library, "duckdb_close");
}

static void
print(const struct api *api, struct result *result)
{
    const uint64_t columns = api->column_count(result), rows = api->row_count(result);
    for (uint64_t row = 0; row < rows; row++)
        for (uint64_t column = 0; column < columns; column++) {
            char *text = api->value_varchar(result, column, row);
            printf(
                "%s%c", text != NULL ? text : "", column + 1 < columns ? '\t' : '\n');
            api->free(text);
        }
}

static int
run(const struct api *api, void *connection, const char *sql)
{
    struct result result = {0};
    const int rc = api->query(connection, sql, &result);
    if (rc == 0)
        print(api, &result);
    else
        fprintf(stderr, "duckdb: %s\n", api->result_error(&result));
    api->destroy_result(&result);
    return rc;
}

int
main(int argc, char **argv)
{
    struct api api;
    void *database = NULL, *connection = NULL;
    int rc = 0;
    if (argc < 4) {
        fprintf(stderr, "usage: %s LIBDUCKDB_SO DATABASE STATEMENT...\n", argv[0]);
        return 64;
    }
    load(&api, argv[1]);
    if (api.open(argv[2], &database) != 0 || api.connect(database, &connection) != 0) {
        fprintf(stderr, "duckdb: cannot open %s\n", argv[2]);
        return 1;
    }
    for (int i = 3; i < argc && rc == 0; i++)
        rc = run(&api, connection, argv[i]);
    api.disconnect(&connection);
    api.close(&database);
    return rc == 0 ? 0 : 1;
}
