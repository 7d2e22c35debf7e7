/* SPDX-License-Identifier: MIT
 *
 * report.c -- see report.h.
 *
 *      talk_conv --> sip,dip --> SELECT sip,
 *                                       dip,
 *                                       human_count(packets) AS "packets",
 *                                       format('%.2f', 100.0 * packets / total_packets)
 * AS "%",
 *                                       ...
 *                                  FROM report
 *                                 ORDER BY report.bytes DESC
 *                                 LIMIT 1000
 *
 * One statement gives rows and totals, so that the database is scanned once, and what
 * it gives is what is printed: whoever pastes it into a SQL shell sees the same table.
 * The view `report` sums by the columns that the statement uses, so there is no GROUP
 * BY, and ORDER BY and LIMIT run inside the engine.  Order is by `report.bytes`, since
 * plain `bytes` would be the text that the alias stands for.
 */
#include "shell/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shell/shell_err.h"

/* --- Names ------------------------------------------------------------------------ */

static const struct {
    const char *name, *columns;
} types[] = {
    {"talk_src", "sip"},
    {"talk_dst", "dip"},
    {"talk_conv", "sip,dip"},
    {"apps_port", "dport,proto"},
    {"apps_dpi", "l7proto"},
    {"agg_talk_port", "sip,dip,dport,proto"},
    {"raw", "time,iface,sip,dip,dport,proto,l7proto"},
};

enum key {
    KEY_TIME,
    KEY_IFACE,
    KEY_SIP,
    KEY_DIP,
    KEY_DPORT,
    KEY_PROTO,
    KEY_L7PROTO,
    KEY_CATEGORY, /* follows l7proto; nobody asks for it by name */
    KEY_COUNT
};

static const struct {
    const char *name, *alias;
    const char *sql; /* in the view `report` */
} keys[KEY_COUNT] = {
    [KEY_TIME] = {"time", NULL, "time"},
    [KEY_IFACE] = {"iface", NULL, "iface"},
    [KEY_SIP] = {"sip", "src", "sip"},
    [KEY_DIP] = {"dip", "dst", "dip"},
    [KEY_DPORT] = {"dport", NULL, "dport"},
    [KEY_PROTO] = {"proto", NULL, "proto_name"},
    [KEY_L7PROTO] = {"l7proto", NULL, "l7_name"},
    [KEY_CATEGORY] = {"category", NULL, "l7_category"},
};

static bool
is_word(const char *name, const char *word, size_t length)
{
    return name && strlen(name) == length && strncasecmp(name, word, length) == 0;
}

static enum key
find_key(const char *word, size_t length)
{
    int key = 0;
    while (key < KEY_CATEGORY && !is_word(keys[key].name, word, length) &&
           !is_word(keys[key].alias, word, length))
        key++;
    return key < KEY_CATEGORY ? (enum key)key : KEY_COUNT;
}

static const char *
columns_of(const char *type)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcasecmp(types[i].name, type) == 0) return types[i].columns;
    return type;
}

/* --- Keys ------------------------------------------------------------------------- */

struct key_list {
    enum key keys[KEY_COUNT];
    size_t count;
};

static bool
has_key(const struct key_list *list, enum key key)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->keys[i] == key) return true;
    return false;
}

static void
add_key(struct key_list *list, enum key key)
{
    if (!has_key(list, key)) list->keys[list->count++] = key;
}

static int
read_keys(struct key_list *out, const char *type, struct godb_err *err)
{
    const char *word = columns_of(type);
    out->count = 0;
    for (;;) {
        const size_t length = strcspn(word, ",");
        const enum key key = find_key(word, length);
        if (key == KEY_COUNT)
            return shell_err(err, GODB_EARG,
                "'%.*s' is neither a report (talk_src, talk_dst, talk_conv, apps_port, "
                "apps_dpi, agg_talk_port, raw) nor a column (time, iface, sip, dip, "
                "dport, proto, l7proto)",
                length < 40 ? (int)length : 40, word);
        add_key(out, key);
        if (key == KEY_L7PROTO) add_key(out, KEY_CATEGORY);
        if (word[length] == '\0') return GODB_OK;
        word += length + 1;
    }
}

/* Time, interface, then the others as they were asked for. */
static struct key_list
in_print_order(const struct key_list *asked)
{
    struct key_list list = {.count = 0};
    if (has_key(asked, KEY_TIME)) add_key(&list, KEY_TIME);
    if (has_key(asked, KEY_IFACE)) add_key(&list, KEY_IFACE);
    for (size_t i = 0; i < asked->count; i++)
        add_key(&list, asked->keys[i]);
    return list;
}

/* --- Columns ---------------------------------------------------------------------- */

static const struct report_column measures[] = {
    {"packets", "packets", REPORT_COUNTER},
    {"%", "packets_percent", REPORT_PERCENT},
    {"data vol.", "bytes", REPORT_COUNTER},
    {"%", "bytes_percent", REPORT_PERCENT},
};

static const struct report_column measures_of_both[] = {
    {"packets received", "packets_rcvd", REPORT_COUNTER},
    {"packets sent", "packets_sent", REPORT_COUNTER},
    {"%", "packets_percent", REPORT_PERCENT},
    {"data vol. received", "bytes_rcvd", REPORT_COUNTER},
    {"data vol. sent", "bytes_sent", REPORT_COUNTER},
    {"%", "bytes_percent", REPORT_PERCENT},
};

static const char *const totals[] = {"total_packets", "total_bytes"};

static const char *const totals_of_both[] = {
    "total_packets_rcvd", "total_packets_sent", "total_bytes_rcvd", "total_bytes_sent"};

static void
list_columns(
    struct report *report, const struct key_list *list, enum report_direction direction)
{
    const bool is_both = direction == REPORT_BOTH;
    const struct report_column *added = is_both ? measures_of_both : measures;
    const size_t count = is_both ? sizeof measures_of_both / sizeof measures_of_both[0]
                                 : sizeof measures / sizeof measures[0];
    report->column_count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *name = keys[list->keys[i]].name;
        report->columns[report->column_count++] =
            (struct report_column){name, name, REPORT_KEY};
    }
    for (size_t i = 0; i < count; i++)
        report->columns[report->column_count++] = added[i];
}

static void
list_totals(struct report *report, enum report_direction direction)
{
    const bool is_both = direction == REPORT_BOTH;
    const char *const *names = is_both ? totals_of_both : totals;
    report->total_count = is_both ? REPORT_TOTALS_MAX : REPORT_TOTALS_MAX / 2;
    for (size_t i = 0; i < report->total_count; i++)
        report->totals[i] = names[i];
}

/* --- SQL -------------------------------------------------------------------------- */

struct measure {
    const char *counter; /* "bytes" */
    const char *title;
    const char *human; /* the function that makes it readable */
};

static const struct measure packets = {"packets", "packets", "human_count"};
static const struct measure bytes = {"bytes", "data vol.", "human_bytes"};

static const char *
suffix(enum report_direction direction)
{
    switch (direction) {
    case REPORT_RCVD:
        return "_rcvd";
    case REPORT_SENT:
        return "_sent";
    default:
        return "";
    }
}

/* A counter, or with "total_" before it the sum over everything. */
static void
print_counter(FILE *out, const struct report_spec *spec, const struct measure *measure,
    const char *prefix)
{
    const bool is_readable = spec->format == REPORT_TXT;
    fprintf(out, "%s%s%s%s%s%s", is_readable ? measure->human : "",
        is_readable ? "(" : "", prefix, measure->counter, suffix(spec->direction),
        is_readable ? ")" : "");
}

/* NULL where the total is 0, which format() makes 0.00. */
static void
print_percent(FILE *out, const struct report_spec *spec, const struct measure *measure)
{
    const char *name = measure->counter, *end = suffix(spec->direction);
    const bool is_rounded = spec->format != REPORT_JSON;
    fprintf(out, "%s100.0 * %s%s / total_%s%s%s", is_rounded ? "format('%.2f', " : "",
        name, end, name, end, is_rounded ? ")" : "");
}

static void
print_measure(FILE *out, const struct report_spec *spec, const struct measure *measure)
{
    const bool is_json = spec->format == REPORT_JSON;
    if (spec->direction == REPORT_BOTH) {
        fprintf(out, "%s_rcvd,\n       %s_sent,\n       ", measure->counter,
            measure->counter);
    } else {
        print_counter(out, spec, measure, "");
        fprintf(
            out, " AS \"%s\",\n       ", is_json ? measure->counter : measure->title);
    }
    print_percent(out, spec, measure);
    fprintf(out, " AS \"%s%s\",\n       ", is_json ? measure->counter : "%",
        is_json ? "_percent" : "");
}

static void
print_keys(FILE *out, const struct report_spec *spec, const struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const enum key key = list->keys[i];
        if (key == KEY_TIME && spec->format == REPORT_TXT)
            fprintf(out, "datetime(time, 'unixepoch', 'localtime') AS \"time\"");
        else if (strcmp(keys[key].sql, keys[key].name) != 0)
            fprintf(out, "%s AS \"%s\"", keys[key].sql, keys[key].name);
        else
            fputs(keys[key].sql, out);
        fputs(",\n       ", out);
    }
}

static void
print_totals(FILE *out, const struct report_spec *spec)
{
    fputs("hits, ", out);
    if (spec->direction == REPORT_BOTH) {
        for (size_t i = 0; i < REPORT_TOTALS_MAX; i++)
            fprintf(out, "%s%s", i ? ", " : "", totals_of_both[i]);
    } else {
        print_counter(out, spec, &packets, "total_");
        fprintf(out, " AS %s, ", totals[0]);
        print_counter(out, spec, &bytes, "total_");
        fprintf(out, " AS %s", totals[1]);
    }
    fputs("\n  FROM report\n ORDER BY ", out);
}

static void
print_order(FILE *out, const struct report_spec *spec, enum report_sort sort)
{
    if (sort == REPORT_BY_TIME) {
        fputs("report.time", out);
        return;
    }
    fprintf(out, "report.%s%s%s", sort == REPORT_BY_PACKETS ? "packets" : "bytes",
        suffix(spec->direction), spec->is_ascending ? "" : " DESC");
}

/* The hits are counted by the columns that a statement uses, so here it uses them. */
static void
print_order_of_totals(FILE *out, const struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%s", i ? ", " : "", keys[list->keys[i]].sql);
    fputs("\n LIMIT 1", out);
}

static void
print_sql(FILE *out, const struct report_spec *spec, enum report_sort sort,
    const struct key_list *list)
{
    int64_t limit = spec->limit;
    if (limit < 0 && !has_key(list, KEY_TIME)) limit = REPORT_LIMIT_DEFAULT;
    fputs("SELECT ", out);
    if (limit == 0) {
        print_totals(out, spec);
        print_order_of_totals(out, list);
        return;
    }
    print_keys(out, spec, list);
    print_measure(out, spec, &packets);
    print_measure(out, spec, &bytes);
    print_totals(out, spec);
    print_order(out, spec, sort);
    if (limit > 0) fprintf(out, "\n LIMIT %" PRId64, limit);
}

/* --- Reports ---------------------------------------------------------------------- */

static const char *
in_words(enum report_sort sort, enum report_direction direction)
{
    static const char *const words[2][3] = {
        {"accumulated data volume (sent and received)",
            "accumulated data volume (received only)",
            "accumulated data volume (sent only)"},
        {"accumulated packets (sent and received)",
            "accumulated packets (received only)", "accumulated packets (sent only)"},
    };
    if (sort == REPORT_BY_TIME) return "first packet time";
    return words[sort == REPORT_BY_PACKETS]
                [direction == REPORT_BOTH ? REPORT_SUM : direction];
}

static int
choose_sort(enum report_sort *out, const struct report_spec *spec,
    const struct key_list *list, struct godb_err *err)
{
    *out = spec->sort;
    if (*out == REPORT_BY_DEFAULT)
        *out = has_key(list, KEY_TIME) ? REPORT_BY_TIME : REPORT_BY_BYTES;
    if (*out == REPORT_BY_TIME && !has_key(list, KEY_TIME))
        return shell_err(err, GODB_EARG,
            "-s time: '%.60s' has no time; ask for time,%.60s", spec->type, spec->type);
    return GODB_OK;
}

int
report_make(struct report *out, const struct report_spec *spec, struct godb_err *err)
{
    struct key_list list;
    enum report_sort sort;
    size_t length;
    *out = (struct report){.sql = NULL};
    int rc = read_keys(&list, spec->type, err);
    if (rc == GODB_OK) rc = choose_sort(&sort, spec, &list, err);
    if (rc != GODB_OK) return rc;
    list = in_print_order(&list);
    if (spec->limit != 0) list_columns(out, &list, spec->direction);
    list_totals(out, spec->direction);
    out->sorted_by = in_words(sort, spec->direction);
    FILE *text = open_memstream(&out->sql, &length);
    if (text == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    print_sql(text, spec, sort, &list);
    if (fclose(text) == 0) return GODB_OK;
    report_free(out);
    return shell_err(err, GODB_ENOMEM, "out of memory");
}

int
report_make_list(struct report *out, struct godb_err *err)
{
    static const char *const titles[] = {
        "Iface", "# of flows", "Traffic", "From", "Until"};
    static const char sql[] =
        "SELECT iface AS \"Iface\",\n"
        "       human_count(flow_count) AS \"# of flows\",\n"
        "       human_bytes(traffic_bytes) AS \"Traffic\",\n"
        "       datetime(nullif(first, 0), 'unixepoch', 'localtime') AS \"From\",\n"
        "       datetime(nullif(last, 0), 'unixepoch', 'localtime') AS \"Until\"\n"
        "  FROM interfaces\n"
        "UNION ALL\n"
        "SELECT 'Total', human_count(total(flow_count)), "
        "human_bytes(total(traffic_bytes)),\n"
        "       datetime(min(nullif(first, 0)), 'unixepoch', 'localtime'),\n"
        "       datetime(max(nullif(last, 0)), 'unixepoch', 'localtime')\n"
        "  FROM interfaces";
    *out = (struct report){.column_count = sizeof titles / sizeof titles[0]};
    for (size_t i = 0; i < out->column_count; i++)
        out->columns[i] = (struct report_column){titles[i], titles[i], REPORT_KEY};
    out->sql = strdup(sql);
    return out->sql ? GODB_OK : shell_err(err, GODB_ENOMEM, "out of memory");
}

void
report_free(struct report *report)
{
    free(report->sql);
    report->sql = NULL;
}
