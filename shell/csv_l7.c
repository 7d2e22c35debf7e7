/* SPDX-License-Identifier: MIT
 *
 * csv_l7.c -- see csv_l7.h.
 *
 * A database may have been captured with one release of nDPI after another, which give
 * old numbers new meanings.  Its export then has two names for one number.  The first
 * one keeps it, and the other gets one from the upper end, where no library has any.
 */
#include "shell/csv_l7.h"

#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

enum { IDS = UINT16_MAX + 1, MOVED_MAX = 4096 };

struct csv_l7 {
    struct name {
        char *text; /* NULL: no row has the number */
        char *category;
    } names[IDS];
    struct moved {
        uint16_t from, to;
    } moved[MOVED_MAX];
    size_t moved_count;
    bool is_foreign; /* not all names are libprotoident's */
    struct godb_l7_names *space;
};

struct csv_l7 *
csv_l7_new(void)
{
    return calloc(1, sizeof(struct csv_l7));
}

void
csv_l7_free(struct csv_l7 *l7)
{
    if (l7 == NULL) return;
    for (size_t i = 0; i < IDS; i++) {
        free(l7->names[i].text);
        free(l7->names[i].category);
    }
    godb_l7_names_free(l7->space);
    free(l7);
}

static int
set_name(struct csv_l7 *l7, uint16_t id, const char *text, const char *category,
    struct godb_err *err)
{
    struct name *name = &l7->names[id];
    name->text = strdup(text);
    name->category = strdup(category);
    return name->text && name->category ? GODB_OK
                                        : shell_err(err, GODB_ENOMEM, "out of memory");
}

/* A free number, from above. */
static int
move_name(struct csv_l7 *l7, uint16_t from, const char *text, const char *category,
    uint16_t *out_id, struct godb_err *err)
{
    size_t id = IDS;
    while (id > 0 && l7->names[id - 1].text)
        id--;
    if (id == 0 || l7->moved_count == MOVED_MAX)
        return shell_err(err, GODB_ECORRUPT,
            "l7_name: the rows have more than one name for too many numbers");
    *out_id = (uint16_t)(id - 1);
    l7->moved[l7->moved_count++] = (struct moved){from, *out_id};
    return set_name(l7, *out_id, text, category, err);
}

int
csv_l7_add(struct csv_l7 *l7, uint16_t id, const char *text, const char *category,
    uint16_t *out_id, struct godb_err *err)
{
    const struct godb_l7_names *known = godb_l7_libprotoident();
    *out_id = id;
    if (*text == '\0') {
        text = godb_l7_name(known, id);
        category = godb_l7_category(known, id);
    }
    const bool is_known = strcmp(text, godb_l7_name(known, id)) == 0;
    if (*category == '\0')
        category = is_known ? godb_l7_category(known, id) : "Uncategorised";
    l7->is_foreign |= !is_known;
    if (l7->names[id].text == NULL) return set_name(l7, id, text, category, err);
    if (strcmp(l7->names[id].text, text) == 0) return GODB_OK;
    for (size_t i = 0; i < l7->moved_count; i++)
        if (l7->moved[i].from == id &&
            strcmp(l7->names[l7->moved[i].to].text, text) == 0) {
            *out_id = l7->moved[i].to;
            return GODB_OK;
        }
    return move_name(l7, id, text, category, out_id, err);
}

int
csv_l7_names(struct csv_l7 *l7, const struct godb_l7_names **out, struct godb_err *err)
{
    size_t count = 0;
    *out = NULL;
    if (!l7->is_foreign) return GODB_OK;
    struct godb_l7_entry *entries = calloc(IDS, sizeof *entries);
    if (entries == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    for (size_t id = 0; id < IDS; id++)
        if (l7->names[id].text)
            entries[count++] = (struct godb_l7_entry){
                (uint16_t)id, l7->names[id].text, l7->names[id].category};
    int rc = godb_l7_names_new(&l7->space, "CSV", entries, count, err);
    free(entries);
    *out = l7->space;
    return rc;
}
