/* SPDX-License-Identifier: MIT
 *
 * l7_file.c -- see l7_file.h.
 */
#include "godb/l7_file.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"
#include "godb/json_file.h"
#include "godb/l7_names.h"

static const char L7_FILE[] = "l7proto.json";

enum {
    L7_SPACES_MAX = GODB_DAY_BLOCKS, /* more changes than blocks make no sense */
    L7_VERSION_PLAIN = 1,            /* without the check, as it was first */
    L7_VERSION = 2
};

static int
bad(struct godb_err *err, const char *what)
{
    return err_set(err, GODB_ECORRUPT, "%s: %s", L7_FILE, what);
}

static int
read_protocols(struct godb_l7_names **out, const char *library, json_t *protocols,
    struct godb_err *err)
{
    const size_t count = json_array_size(protocols);
    struct godb_l7_entry *entries = calloc(count ? count : 1, sizeof *entries);
    if (entries == NULL) return err_nomem(err);
    int rc = GODB_OK;
    for (size_t i = 0; i < count && rc == GODB_OK; i++) {
        int id = -1;
        if (json_unpack(json_array_get(protocols, i), "[i,s,s]", &id, &entries[i].name,
                &entries[i].category) != 0 ||
            id < 0 || id > UINT16_MAX)
            rc = bad(err, "a protocol is not [id, name, category]");
        entries[i].id = (uint16_t)id;
    }
    if (rc == GODB_OK) rc = godb_l7_names_new(out, library, entries, count, err);
    if (rc == GODB_EARG) rc = bad(err, "ids or names are not unique or empty");
    free(entries);
    return rc;
}

static int
read_space(struct l7_space *out, json_t *entry, struct godb_err *err)
{
    json_int_t from_s;
    const char *library;
    json_t *protocols = NULL;
    if (json_unpack(entry, "{s:I,s:s,s?o}", "from", &from_s, "library", &library,
            "protocols", &protocols) != 0)
        return bad(err, "an entry lacks \"from\" or \"library\"");
    out->from_s = from_s;
    out->owned = NULL;
    out->names = godb_l7_libprotoident();
    if (strcmp(library, godb_l7_library(out->names)) == 0) return GODB_OK;
    int rc = read_protocols(&out->owned, library, protocols, err);
    out->names = out->owned;
    return rc;
}

static int
read_spaces(struct l7_spaces *out, const json_t *array, struct godb_err *err)
{
    const size_t count = json_array_size(array);
    if (count == 0 || count > L7_SPACES_MAX)
        return bad(err, "\"name_spaces\" is no array of a sensible length");
    out->spaces = calloc(count, sizeof *out->spaces);
    if (out->spaces == NULL) return err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int rc = read_space(&out->spaces[i], json_array_get(array, i), err);
        if (rc != GODB_OK) return rc;
        out->count++;
    }
    return GODB_OK;
}

static int
read_file(struct l7_spaces *out, int dir_fd, struct godb_err *err)
{
    json_t *root;
    memset(out, 0, sizeof *out);
    bool has_check;
    int rc = json_file_read_checked(&root, &has_check, dir_fd, L7_FILE, err);
    if (rc == GODB_ENOTFOUND) return GODB_OK;
    if (rc != GODB_OK) return rc;
    const json_int_t version = json_integer_value(json_object_get(root, "version"));
    if (version != L7_VERSION_PLAIN && (version != L7_VERSION || !has_check))
        rc = bad(err, "not of version 1 or 2");
    else
        rc = read_spaces(out, json_object_get(root, "name_spaces"), err);
    json_decref(root);
    if (rc != GODB_OK) l7_spaces_free(out);
    return rc;
}

int
l7_file_read(struct l7_spaces *out, int dir_fd, struct godb_err *err)
{
    /* Without memory jansson drops keys, and says nothing: what is bad is bad twice. */
    const int rc = read_file(out, dir_fd, err);
    return rc == GODB_ECORRUPT ? read_file(out, dir_fd, err) : rc;
}

void
l7_spaces_free(struct l7_spaces *spaces)
{
    for (size_t i = 0; i < spaces->count; i++)
        godb_l7_names_free(spaces->spaces[i].owned);
    free(spaces->spaces);
    memset(spaces, 0, sizeof *spaces);
}

const struct godb_l7_names *
l7_spaces_at(const struct l7_spaces *spaces, int64_t time_s)
{
    for (size_t i = spaces->count; i > 0; i--)
        if (spaces->spaces[i - 1].from_s <= time_s) return spaces->spaces[i - 1].names;
    return godb_l7_libprotoident();
}

static json_t *
protocols_json(const struct godb_l7_names *names)
{
    json_t *array = json_array();
    for (size_t i = 0; i < names->count; i++) {
        const struct godb_l7_entry entry = names->entries[i];
        json_t *row = json_pack("[i,s,s]", (int)entry.id, entry.name, entry.category);
        if (json_array_append_new(array, row) != 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static int
append_space(json_t *spaces, int64_t from_s, const struct godb_l7_names *names)
{
    json_t *entry = json_pack(
        "{s:I,s:s}", "from", (json_int_t)from_s, "library", godb_l7_library(names));
    if (names != godb_l7_libprotoident() &&
        json_object_set_new(entry, "protocols", protocols_json(names)) != 0) {
        json_decref(entry);
        return -1;
    }
    return json_array_append_new(spaces, entry);
}

static json_t *
spaces_json(
    const struct l7_spaces *old, int64_t time_s, const struct godb_l7_names *names)
{
    json_t *spaces = json_array();
    int rc = 0;
    for (size_t i = 0; i < old->count && rc == 0; i++)
        rc = append_space(spaces, old->spaces[i].from_s, old->spaces[i].names);
    if (rc == 0) rc = append_space(spaces, time_s, names);
    if (rc != 0) {
        json_decref(spaces);
        return NULL;
    }
    return json_pack("{s:i,s:o}", "version", L7_VERSION, "name_spaces", spaces);
}

int
l7_file_declare(
    int dir_fd, int64_t time_s, const struct godb_l7_names *names, struct godb_err *err)
{
    struct l7_spaces old;
    int rc = l7_file_read(&old, dir_fd, err);
    if (rc != GODB_OK) return rc;
    if (l7_names_equal(l7_spaces_at(&old, time_s), names)) {
        l7_spaces_free(&old);
        return GODB_OK;
    }
    json_t *root = spaces_json(&old, time_s, names);
    l7_spaces_free(&old);
    return json_file_write_checked(dir_fd, L7_FILE, root, err);
}
