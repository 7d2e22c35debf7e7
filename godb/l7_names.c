/* SPDX-License-Identifier: MIT
 *
 * l7_names.c -- see l7_names.h.
 */
#include "godb/l7_names.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "godb/error.h"

/* --- Building --------------------------------------------------------------------- */

static size_t
text_bytes(const char *library, const struct godb_l7_entry *entries, size_t count)
{
    size_t bytes = strlen(library) + 1;
    for (size_t i = 0; i < count; i++)
        bytes += strlen(entries[i].name) + strlen(entries[i].category) + 2;
    return bytes;
}

static const char *
copy_text(char **to, const char *text)
{
    const char *start = *to;
    *to = stpcpy(*to, text) + 1;
    return start;
}

static int
compare_ids(const void *a, const void *b)
{
    const struct godb_l7_entry *one = a, *two = b;
    return one->id < two->id ? -1 : one->id > two->id;
}

static int
check(const char *library, const struct godb_l7_entry *entries, size_t count,
    struct godb_err *err)
{
    if (library[0] == '\0')
        return err_set(err, GODB_EARG, "layer 7 names: the library has no name");
    for (size_t i = 0; i < count; i++)
        if (entries[i].name == NULL || entries[i].name[0] == '\0' ||
            entries[i].category == NULL)
            return err_set(err, GODB_EARG, "layer 7 names: %" PRIu16 " has no name",
                entries[i].id);
    return GODB_OK;
}

int
godb_l7_names_new(struct godb_l7_names **out, const char *library,
    const struct godb_l7_entry *entries, size_t count, struct godb_err *err)
{
    int rc = check(library, entries, count, err);
    if (rc != GODB_OK) return rc;
    const size_t table_bytes = count * sizeof *entries;
    struct godb_l7_names *names =
        malloc(sizeof *names + table_bytes + text_bytes(library, entries, count));
    if (names == NULL) return err_nomem(err);
    struct godb_l7_entry *table = (struct godb_l7_entry *)(names + 1);
    char *texts = (char *)(table + count);
    for (size_t i = 0; i < count; i++) {
        table[i].id = entries[i].id;
        table[i].name = copy_text(&texts, entries[i].name);
        table[i].category = copy_text(&texts, entries[i].category);
    }
    if (count > 0) qsort(table, count, sizeof *table, compare_ids);
    for (size_t i = 1; i < count; i++)
        if (table[i].id == table[i - 1].id) {
            rc = err_set(
                err, GODB_EARG, "layer 7 names: %" PRIu16 " occurs twice", table[i].id);
            free(names);
            return rc;
        }
    *names = (struct godb_l7_names){copy_text(&texts, library), table, count, names};
    *out = names;
    return GODB_OK;
}

void
godb_l7_names_free(struct godb_l7_names *names)
{
    if (names != NULL) free(names->owned);
}

/* --- Looking up ------------------------------------------------------------------- */

static const struct godb_l7_entry *
find(const struct godb_l7_names *names, uint16_t id)
{
    /* Tables are nearly always without gaps: then the id is the index. */
    if (id < names->count && names->entries[id].id == id) return &names->entries[id];
    const struct godb_l7_entry key = {id, NULL, NULL};
    return bsearch(
        &key, names->entries, names->count, sizeof *names->entries, compare_ids);
}

const char *
godb_l7_library(const struct godb_l7_names *names)
{
    return names->library;
}

const char *
godb_l7_name(const struct godb_l7_names *names, uint16_t id)
{
    const struct godb_l7_entry *entry = find(names, id);
    return entry ? entry->name : "Unknown";
}

const char *
godb_l7_category(const struct godb_l7_names *names, uint16_t id)
{
    const struct godb_l7_entry *entry = find(names, id);
    return entry ? entry->category : "Uncategorised";
}

int
godb_l7_id(const struct godb_l7_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (strcasecmp(names->entries[i].name, name) == 0) return names->entries[i].id;
    return -1;
}

bool
l7_names_equal(const struct godb_l7_names *a, const struct godb_l7_names *b)
{
    if (a == b) return true;
    if (a->count != b->count || strcmp(a->library, b->library) != 0) return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->entries[i].id != b->entries[i].id ||
            strcmp(a->entries[i].name, b->entries[i].name) != 0 ||
            strcmp(a->entries[i].category, b->entries[i].category) != 0)
            return false;
    return true;
}
