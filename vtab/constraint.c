/* SPDX-License-Identifier: MIT
 *
 * constraint.c -- comparisons as SQLite makes them.
 *
 * A column of numbers has INTEGER affinity: a text that looks like a number is compared
 * as one, any other text or blob is greater than all numbers, and a fraction lies
 * between two.  A column of texts has TEXT affinity: a number is compared as its text,
 * and an address equals only the one text that the column would show for it.  NULL is
 * never equal, less or greater.
 */
#include "vtab/constraint.h"

#include <stdio.h>
#include <string.h>

#include "vtab/host.h"

SQLITE_EXTENSION_INIT3

static int
no_memory(struct godb_err *err)
{
    err->status = GODB_ENOMEM;
    snprintf(err->msg, sizeof err->msg, "out of memory");
    return GODB_ENOMEM;
}

/* Both the query's filter so far and this one; takes it. */
static int
add_filter(
    struct query *query, int rc, struct godb_filter *filter, struct godb_err *err)
{
    if (rc == GODB_OK) rc = godb_filter_and(&query->filter, query->filter, filter);
    return rc == GODB_OK ? GODB_OK : no_memory(err);
}

/* --- Numbers ---------------------------------------------------------------------- */

enum place { BELOW_ALL, AT, BETWEEN, ABOVE_ALL, NOWHERE };

/* Where a value stands among the 64-bit integers: at one, between *out and the next,
 * ... */
static enum place
place_of(sqlite3_value *value, int64_t *out)
{
    switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_NULL:
        return NOWHERE;
    case SQLITE_INTEGER:
        *out = sqlite3_value_int64(value);
        return AT;
    case SQLITE_FLOAT:
        break;
    default:
        return ABOVE_ALL;
    }
    const double real = sqlite3_value_double(value);
    if (real < -9223372036854775808.0) return BELOW_ALL;
    if (!(real < 9223372036854775808.0)) return ABOVE_ALL;
    *out = (int64_t)real;
    if ((double)*out > real) --*out; /* down, also below zero */
    return (double)*out == real ? AT : BETWEEN;
}

/* The integers low..high for which `x op value` holds; false where there is none. */
static bool
range_of(enum plan_op op, sqlite3_value *value, int64_t *low, int64_t *high)
{
    int64_t at = 0;
    const enum place place = place_of(value, &at);
    *low = INT64_MIN;
    *high = INT64_MAX;
    const bool is_less = op == PLAN_LT || op == PLAN_LE;
    if (place == NOWHERE) return false;
    if (op == PLAN_EQ || op == PLAN_IN) {
        *low = *high = at;
        return place == AT;
    }
    if (place == BELOW_ALL) return !is_less;
    if (place == ABOVE_ALL) return is_less;
    if (is_less) {
        *high = at;
        if (place == BETWEEN || op == PLAN_LE) return true;
        return !__builtin_sub_overflow(at, 1, high);
    }
    *low = at;
    if (place == AT && op == PLAN_GE) return true;
    return !__builtin_add_overflow(at, 1, low);
}

static void
narrow_times(struct query *query, int64_t low, int64_t high)
{
    if (low > query->sel.first_s) query->sel.first_s = low;
    if (high < query->sel.last_s) query->sel.last_s = high;
    if (query->sel.first_s > query->sel.last_s) query->is_empty = true;
}

static enum godb_column
column_of(enum field field)
{
    switch (field) {
    case FIELD_SIP:
        return GODB_SIP;
    case FIELD_DIP:
        return GODB_DIP;
    case FIELD_DPORT:
        return GODB_DPORT;
    case FIELD_PROTO:
        return GODB_PROTO;
    default:
        return GODB_L7PROTO;
    }
}

/* low <= column <= high, where the column holds no negative numbers. */
static int
add_range(struct query *query, enum field field, int64_t low, int64_t high,
    struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    if (high < 0) {
        query->is_empty = true;
        return GODB_OK;
    }
    int rc = GODB_OK;
    if (low > 0) {
        rc = godb_filter_number(
            &filter, column_of(field), low == high ? GODB_EQ : GODB_GE, (uint64_t)low);
        if (rc != GODB_OK || low == high) return add_filter(query, rc, filter, err);
        rc = add_filter(query, rc, filter, err);
        if (rc != GODB_OK) return rc;
    }
    if (high == INT64_MAX) return GODB_OK;
    rc = godb_filter_number(&filter, column_of(field), GODB_LE, (uint64_t)high);
    return add_filter(query, rc, filter, err);
}

static int
compare_number(struct query *query, const struct plan_term *term, sqlite3_value *value,
    struct godb_err *err)
{
    int64_t low, high;
    if (!range_of(term->op, value, &low, &high)) {
        query->is_empty = true;
        return GODB_OK;
    }
    if (term->field != FIELD_TIME) return add_range(query, term->field, low, high, err);
    narrow_times(query, low, high);
    return GODB_OK;
}

/* --- Texts ------------------------------------------------------------------------ */

/* The text that a column of TEXT affinity is compared with; NULL where it equals none.
 */
static const char *
text_of(sqlite3_value *value)
{
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL || type == SQLITE_BLOB) return NULL;
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL || strlen(text) != (size_t)sqlite3_value_bytes(value)) return NULL;
    return text;
}

/* The address that shows as this very text. */
static bool
address_of(sqlite3_value *value, uint8_t out[GODB_IP_BYTES])
{
    char shown[GODB_IP_TEXT];
    const char *text = text_of(value);
    if (text == NULL || !godb_ip_parse(out, text)) return false;
    godb_ip_format(shown, out);
    return strcmp(shown, text) == 0;
}

/* Leave only the interfaces of the query that are in names; without a list yet, those
 * that the database has. */
static int
narrow_ifaces(
    struct query *query, const char *const *names, size_t count, struct godb_err *err)
{
    const char **kept = sqlite3_malloc64((count + 1) * sizeof *kept);
    if (kept == NULL) return no_memory(err);
    size_t kept_count = 0, bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bool wanted = query->ifaces == NULL && godb_has_iface(query->db, names[i]);
        for (size_t k = 0; query->ifaces && k < query->sel.iface_count; k++)
            wanted |= strcmp(query->ifaces[k], names[i]) == 0;
        if (!wanted) continue;
        kept[kept_count++] = names[i];
        bytes += strlen(names[i]) + 1;
    }
    /* The names live no longer than the argument they came from. */
    char *text = sqlite3_malloc64(bytes + 1);
    if (text == NULL) {
        sqlite3_free(kept);
        return no_memory(err);
    }
    char *to = text;
    for (size_t i = 0; i < kept_count; i++) {
        const char *start = to;
        to = stpcpy(to, kept[i]) + 1;
        kept[i] = start;
    }
    sqlite3_free(query->iface_text);
    sqlite3_free(query->ifaces);
    query->iface_text = text;
    query->ifaces = kept;
    query->sel.ifaces = kept;
    query->sel.iface_count = kept_count;
    if (kept_count == 0) query->is_empty = true;
    return GODB_OK;
}

static int
equal_text(
    struct query *query, enum field field, sqlite3_value *value, struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    uint8_t ip[1][GODB_IP_BYTES];
    if (field == FIELD_IFACE) {
        const char *name = text_of(value);
        return narrow_ifaces(query, &name, name ? 1 : 0, err);
    }
    if (!address_of(value, ip[0])) {
        query->is_empty = true;
        return GODB_OK;
    }
    int rc = godb_filter_ips(
        &filter, column_of(field), (const uint8_t(*)[GODB_IP_BYTES])ip, 1);
    return add_filter(query, rc, filter, err);
}

static int
in_net(
    struct query *query, enum field field, sqlite3_value *value, struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    struct godb_net net;
    if (sqlite3_value_type(value) == SQLITE_NULL) {
        query->is_empty = true;
        return GODB_OK;
    }
    const char *text = (const char *)sqlite3_value_text(value);
    if (text == NULL || !godb_net_parse(&net, text)) {
        err->status = GODB_EARG;
        snprintf(err->msg, sizeof err->msg,
            "ip_in: '%.60s' is not a network like 10.0.0.0/8 or 2001:db8::/32",
            text ? text : "");
        return GODB_EARG;
    }
    int rc = godb_filter_net(&filter, column_of(field), &net);
    return add_filter(query, rc, filter, err);
}

/* --- Lists ------------------------------------------------------------------------ */

/* The values of an IN list, as far as the column can have them. */
struct list {
    uint64_t *numbers;
    uint8_t (*ips)[GODB_IP_BYTES];
    char **names; /* copies: a value of the list lives until the next */
    size_t count, capacity;
};

static void
list_free(struct list *list)
{
    for (size_t i = 0; list->names && i < list->count; i++)
        sqlite3_free(list->names[i]);
    sqlite3_free(list->names);
    sqlite3_free(list->numbers);
    sqlite3_free(list->ips);
}

static bool
list_grow(void **array, size_t capacity, size_t width)
{
    void *more = sqlite3_realloc64(*array, capacity * width);
    if (more != NULL) *array = more;
    return more != NULL;
}

static bool
list_reserve(struct list *list)
{
    if (list->count < list->capacity) return true;
    const size_t capacity = list->capacity ? list->capacity * 2 : 16;
    list->capacity = capacity;
    return list_grow((void **)&list->numbers, capacity, sizeof *list->numbers) &&
           list_grow((void **)&list->ips, capacity, sizeof *list->ips) &&
           list_grow((void **)&list->names, capacity, sizeof *list->names);
}

static bool
list_add(struct list *list, enum field field, sqlite3_value *value)
{
    int64_t low, high;
    if (!list_reserve(list)) return false;
    list->names[list->count] = NULL;
    if (field == FIELD_IFACE) {
        const char *name = text_of(value);
        if (name == NULL) return true;
        list->names[list->count] = sqlite3_mprintf("%s", name);
        if (list->names[list->count] == NULL) return false;
    } else if (field == FIELD_SIP || field == FIELD_DIP) {
        if (!address_of(value, list->ips[list->count])) return true;
    } else {
        if (!range_of(PLAN_EQ, value, &low, &high) || low < 0) return true;
        list->numbers[list->count] = (uint64_t)low;
    }
    list->count++;
    return true;
}

static int
apply_list(struct query *query, enum field field, const struct list *list,
    struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    if (field == FIELD_IFACE)
        return narrow_ifaces(query, (const char *const *)list->names, list->count, err);
    if (list->count == 0) {
        query->is_empty = true;
        return GODB_OK;
    }
    int rc = field == FIELD_SIP || field == FIELD_DIP
                 ? godb_filter_ips(&filter, column_of(field),
                       (const uint8_t(*)[GODB_IP_BYTES])list->ips, list->count)
                 : godb_filter_numbers(
                       &filter, column_of(field), list->numbers, list->count);
    return add_filter(query, rc, filter, err);
}

static int
one_of(
    struct query *query, enum field field, sqlite3_value *values, struct godb_err *err)
{
    struct list list = {NULL, NULL, NULL, 0, 0};
    sqlite3_value *value;
    bool has_memory = true;
    int rc = host_in_first(values, &value);
    while (rc == SQLITE_OK && has_memory && value != NULL) {
        has_memory = list_add(&list, field, value);
        if (has_memory) rc = host_in_next(values, &value);
    }
    if (!has_memory || (rc != SQLITE_OK && rc != SQLITE_DONE))
        rc = no_memory(err);
    else
        rc = apply_list(query, field, &list, err);
    list_free(&list);
    return rc;
}

/* --- Entry ------------------------------------------------------------------------ */

int
constraint_apply(struct query *query, const struct plan_term *term,
    sqlite3_value *value, struct godb_err *err)
{
    const enum field field = term->field;
    if (term->op == PLAN_LIMIT || term->op == PLAN_OFFSET || field >= FIELD_CONDITION)
        return GODB_OK;
    if (term->op == PLAN_NET) return in_net(query, field, value, err);
    if (term->op == PLAN_IN) return one_of(query, field, value, err);
    if (field == FIELD_IFACE || field == FIELD_SIP || field == FIELD_DIP)
        return equal_text(query, field, value, err);
    return compare_number(query, term, value, err);
}
