/* SPDX-License-Identifier: MIT
 *
 * host_names.c -- see host_names.h.
 */
#include "shell/host_names.h"

#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

void
host_names_init(struct host_names *names, const struct report *report)
{
    *names = (struct host_names){.report = report};
}

void
host_names_free(struct host_names *names)
{
    for (size_t row = 0; row < names->row_count; row++)
        for (size_t i = 0; i < names->report->column_count; i++)
            free((char *)(uintptr_t)names->rows[row].texts[i]);
    free(names->rows);
    free(names->queries);
    *names = (struct host_names){.report = NULL};
}

static bool
is_address(const struct report_column *column)
{
    return column->kind == REPORT_KEY &&
           (strcmp(column->name, "sip") == 0 || strcmp(column->name, "dip") == 0);
}

static struct resolve_query *
find(const struct host_names *names, const uint8_t ip[GODB_IP_BYTES])
{
    for (size_t i = 0; i < names->query_count; i++)
        if (memcmp(names->queries[i].ip, ip, GODB_IP_BYTES) == 0)
            return &names->queries[i];
    return NULL;
}

static bool
add_query(struct host_names *names, const char *text)
{
    uint8_t ip[GODB_IP_BYTES];
    if (!godb_ip_parse(ip, text) || find(names, ip)) return true;
    if (names->query_count == names->capacity) {
        const size_t capacity = names->capacity ? names->capacity * 2 : 32;
        void *more = realloc(names->queries, capacity * sizeof *names->queries);
        if (more == NULL) return false;
        names->queries = more;
        names->capacity = capacity;
    }
    memcpy(names->queries[names->query_count++].ip, ip, GODB_IP_BYTES);
    return true;
}

bool
host_names_add(struct host_names *names, const struct output_row *row)
{
    bool fits = true;
    void *more = realloc(names->rows, (names->row_count + 1) * sizeof *names->rows);
    if (more == NULL) return false;
    names->rows = more;
    struct output_row *copy = &names->rows[names->row_count++];
    *copy = *row;
    for (size_t i = 0; i < names->report->column_count; i++) {
        copy->texts[i] = strdup(row->texts[i]);
        fits = fits && copy->texts[i] != NULL;
        if (fits && is_address(&names->report->columns[i]))
            fits = add_query(names, copy->texts[i]);
    }
    return fits;
}

/* The name in place of the address, where there is one. */
static bool
put_name(const struct host_names *names, const char **text)
{
    uint8_t ip[GODB_IP_BYTES];
    if (!godb_ip_parse(ip, *text)) return true;
    const struct resolve_query *query = find(names, ip);
    if (query == NULL || *query->name == '\0') return true;
    char *copy = strdup(query->name);
    if (copy == NULL) return false;
    free((char *)(uintptr_t)*text);
    *text = copy;
    return true;
}

int
host_names_resolve(struct host_names *names, int64_t timeout_ms, struct godb_err *err)
{
    int rc = resolve_names(names->queries, names->query_count, timeout_ms, err);
    if (rc != GODB_OK) return rc;
    for (size_t row = 0; row < names->row_count; row++)
        for (size_t i = 0; i < names->report->column_count; i++)
            if (is_address(&names->report->columns[i]) &&
                !put_name(names, &names->rows[row].texts[i]))
                return shell_err(err, GODB_ENOMEM, "out of memory");
    return GODB_OK;
}
