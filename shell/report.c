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
 * Without a limit the rows are cut where they make up 95 % of it all: LIMIT then stands
 * inside, so that the engine still hands out a thousand rows at most, and a window
 * function adds them up.
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
    [KEY_DPORT] = {"dport", "port", "dport"},
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
    if (key == KEY_L7PROTO) add_key(list, KEY_CATEGORY);
}

/* The columns that a report's name stands for, or NULL. */
static const char *
columns_of(const char *word, size_t length)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (is_word(types[i].name, word, length)) return types[i].columns;
    return NULL;
}

/* Add the columns of a list; false, with *word at what is none, if there is such. */
static bool
add_columns(struct key_list *list, const char **word)
{
    for (;; (*word)++) {
        const size_t length = strcspn(*word, ",");
        const enum key key = find_key(*word, length);
        const char *columns = columns_of(*word, length);
        if (key == KEY_COUNT && columns == NULL) return false;
        if (columns)
            add_columns(list, &columns);
        else
            add_key(list, key);
        *word += length;
        if (**word == '\0') return true;
    }
}

static int
read_keys(struct key_list *out, const char *type, struct godb_err *err)
{
    out->count = 0;
    if (add_columns(out, &type)) return GODB_OK;
    const size_t length = strcspn(type, ",");
    return shell_err(err, GODB_EARG,
        "'%.*s' is neither a report (talk_src, talk_dst, talk_conv, apps_port, "
        "apps_dpi, agg_talk_port, raw) nor a column (time, iface, sip, dip, "
        "dport, proto, l7proto)",
        length < 40 ? (int)length : 40, type);
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

/* By what is printed: [0] for one number each, [1] for both directions side by side. */
static const struct report_column measures[2][6] = {
    {
        {"packets", "packets", REPORT_COUNTER, NULL},
        {"%", "packets_percent", REPORT_PERCENT, NULL},
        {"data vol.", "bytes", REPORT_COUNTER, NULL},
        {"%", "bytes_percent", REPORT_PERCENT, NULL},
    },
    {
        {"packets received", "packets_rcvd", REPORT_COUNTER, NULL},
        {"packets sent", "packets_sent", REPORT_COUNTER, NULL},
        {"%", "packets_percent", REPORT_PERCENT, NULL},
        {"data vol. received", "bytes_rcvd", REPORT_COUNTER, NULL},
        {"data vol. sent", "bytes_sent", REPORT_COUNTER, NULL},
        {"%", "bytes_percent", REPORT_PERCENT, NULL},
    },
};

/* For people, who have a line of their own above the titles. */
static const struct report_column readable_measures[6] = {
    {"in", "packets_rcvd", REPORT_COUNTER, "packets"},
    {"out", "packets_sent", REPORT_COUNTER, "packets"},
    {"%", "packets_percent", REPORT_PERCENT, NULL},
    {"in", "bytes_rcvd", REPORT_COUNTER, "bytes"},
    {"out", "bytes_sent", REPORT_COUNTER, "bytes"},
    {"%", "bytes_percent", REPORT_PERCENT, NULL},
};

static const char *const totals[] = {"total_packets", "total_bytes"};

static const char *const totals_of_both[] = {
    "total_packets_rcvd", "total_packets_sent", "total_bytes_rcvd", "total_bytes_sent"};

static const char *const readable_totals[] = {"total_packets_rcvd",
    "total_packets_sent", "total_packets", "total_bytes_rcvd", "total_bytes_sent",
    "total_bytes"};

static const struct report_column *
measures_of(const struct report_spec *spec, size_t *out_count)
{
    const bool is_both = spec->direction == REPORT_BOTH;
    *out_count = is_both ? 6 : 4;
    if (is_both && spec->format == REPORT_TXT) return readable_measures;
    return measures[is_both];
}

static void
list_columns(
    struct report *report, const struct report_spec *spec, const struct key_list *list)
{
    size_t count;
    const struct report_column *added = measures_of(spec, &count);
    for (size_t i = 0; i < list->count; i++) {
        const char *name = keys[list->keys[i]].name;
        report->columns[report->column_count++] =
            (struct report_column){name, name, REPORT_KEY, NULL};
    }
    report->key_count = list->count;
    for (size_t i = 0; i < count; i++) {
        if (added[i].kind == REPORT_PERCENT && spec->format == REPORT_INFLUX) continue;
        const bool is_wanted = report->is_by_packets == (i < count / 2);
        if (added[i].kind == REPORT_PERCENT && is_wanted)
            report->share_at = report->column_count;
        report->columns[report->column_count++] = added[i];
    }
}

static void
list_totals(struct report *report, const struct report_spec *spec)
{
    const bool is_both = spec->direction == REPORT_BOTH;
    const bool is_readable = is_both && spec->format == REPORT_TXT;
    const char *const *names = is_both ? totals_of_both : totals;
    report->total_count = is_readable ? 6 : is_both ? 4 : 2;
    for (size_t i = 0; i < report->total_count; i++)
        report->totals[i] = is_readable ? readable_totals[i] : names[i];
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
    const char *prefix, const char *end)
{
    const bool is_readable = spec->format == REPORT_TXT;
    fprintf(out, "%s%s%s%s%s%s", is_readable ? measure->human : "",
        is_readable ? "(" : "", prefix, measure->counter, end, is_readable ? ")" : "");
}

/* NULL where the total is 0, which format() makes 0.00. */
static void
print_percent(FILE *out, const struct report_spec *spec, const struct measure *measure)
{
    const char *name = measure->counter, *end = suffix(spec->direction);
    const bool is_json = spec->format == REPORT_JSON;
    if (spec->format == REPORT_INFLUX) return;
    fprintf(out, "%s100.0 * %s%s / total_%s%s%s", is_json ? "" : "format('%.2f', ",
        name, end, name, end, is_json ? "" : ")");
    fprintf(out, " AS \"%s%s\",\n       ", is_json ? measure->counter : "%",
        is_json ? "_percent" : "");
}

/* Both directions of a counter; readable ones need a name. */
static void
print_both(FILE *out, const struct report_spec *spec, const struct measure *measure)
{
    static const char *const ends[] = {"_rcvd", "_sent"}, *const names[] = {
                                                              "in", "out"};
    for (size_t i = 0; i < 2; i++) {
        print_counter(out, spec, measure, "", ends[i]);
        if (spec->format == REPORT_TXT) fprintf(out, " AS \"%s\"", names[i]);
        fputs(",\n       ", out);
    }
}

static void
print_measure(FILE *out, const struct report_spec *spec, const struct measure *measure)
{
    const bool is_plain = spec->format == REPORT_JSON || spec->format == REPORT_INFLUX;
    if (spec->direction == REPORT_BOTH) {
        print_both(out, spec, measure);
    } else {
        print_counter(out, spec, measure, "", suffix(spec->direction));
        fprintf(
            out, " AS \"%s\",\n       ", is_plain ? measure->counter : measure->title);
    }
    print_percent(out, spec, measure);
}

static void
print_time(FILE *out, const struct report_spec *spec)
{
    if (spec->format != REPORT_TXT)
        fputs("time", out);
    else if (spec->direction == REPORT_BOTH)
        fputs("substr(datetime(time, 'unixepoch', 'localtime'), 3) AS \"time\"", out);
    else
        fputs("datetime(time, 'unixepoch', 'localtime') AS \"time\"", out);
}

static void
print_keys(FILE *out, const struct report_spec *spec, const struct key_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const enum key key = list->keys[i];
        if (key == KEY_TIME)
            print_time(out, spec);
        else if (strcmp(keys[key].sql, keys[key].name) != 0)
            fprintf(out, "%s AS \"%s\"", keys[key].sql, keys[key].name);
        else
            fputs(keys[key].sql, out);
        fputs(",\n       ", out);
    }
}

static void
print_total(FILE *out, const struct report_spec *spec, const char *name)
{
    const bool is_packets = strstr(name, "packets") != NULL;
    const struct measure *measure = is_packets ? &packets : &bytes;
    const char *end = spec->direction == REPORT_BOTH
                          ? name + strlen("total_") + strlen(measure->counter)
                          : suffix(spec->direction);
    print_counter(out, spec, measure, "total_", end);
    if (spec->direction != REPORT_BOTH || spec->format == REPORT_TXT)
        fprintf(out, " AS %s", name);
}

static void
print_totals(FILE *out, const struct report_spec *spec, const struct report *report)
{
    fputs("hits", out);
    for (size_t i = 0; i < report->total_count; i++) {
        fputs(", ", out);
        print_total(out, spec, report->totals[i]);
    }
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
    fputs("\n  FROM report\n ORDER BY ", out);
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s%s", i ? ", " : "", keys[list->keys[i]].sql);
    fputs("\n LIMIT 1", out);
}

/* What the statement needs of the view `report`, by name. */
static void
print_needed(FILE *out, const struct report_spec *spec, const struct key_list *list)
{
    static const char *const both[] = {"", "_rcvd", "_sent"};
    const bool is_both = spec->direction == REPORT_BOTH;
    for (size_t i = 0; i < list->count; i++)
        fprintf(out, "%s, ", keys[list->keys[i]].sql);
    for (size_t i = 0; i < (is_both ? 3 : 1); i++) {
        const char *end = is_both ? both[i] : suffix(spec->direction);
        fprintf(out,
            "packets%s, bytes%s,\n                       total_packets%s, "
            "total_bytes%s, ",
            end, end, end, end);
    }
    fputs("hits", out);
}

/* The rows from the first on until they make up the share: a row belongs to them where
 * those above it do not make it up already. */
static void
print_share(FILE *out, const struct report_spec *spec, const struct report *report,
    const struct key_list *list)
{
    const char *name = report->is_by_packets ? "packets" : "bytes";
    const char *end = suffix(spec->direction);
    fprintf(out,
        "\n  FROM (SELECT *, total(%s%s) OVER (ROWS BETWEEN UNBOUNDED PRECEDING\n"
        "                                  AND 1 PRECEDING) AS above\n"
        "          FROM (SELECT ",
        name, end);
    print_needed(out, spec, list);
    fprintf(out,
        "\n                  FROM report\n                 ORDER BY report.%s%s DESC\n"
        "                 LIMIT %d))\n"
        " WHERE above < max(" REPORT_SHARE " * total_%s%s, 1)",
        name, end, REPORT_LIMIT_DEFAULT, name, end);
}

static void
print_sql(FILE *out, const struct report_spec *spec, enum report_sort sort,
    const struct report *report, const struct key_list *list)
{
    int64_t limit = spec->limit;
    const bool is_share = limit < 0 && !report->has_time && !spec->is_ascending;
    if (limit < 0 && !report->has_time) limit = REPORT_LIMIT_DEFAULT;
    fputs("SELECT ", out);
    if (limit != 0) {
        print_keys(out, spec, list);
        print_measure(out, spec, &packets);
        print_measure(out, spec, &bytes);
    }
    print_totals(out, spec, report);
    if (limit == 0) {
        print_order_of_totals(out, list);
    } else if (is_share) {
        print_share(out, spec, report, list);
    } else {
        fputs("\n  FROM report\n ORDER BY ", out);
        print_order(out, spec, sort);
        if (limit > 0) fprintf(out, "\n LIMIT %" PRId64, limit);
    }
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

static int
write_sql(struct report *out, const struct report_spec *spec, enum report_sort sort,
    const struct key_list *list, struct godb_err *err)
{
    size_t length;
    FILE *text = open_memstream(&out->sql, &length);
    if (text == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    print_sql(text, spec, sort, out, list);
    if (fclose(text) == 0) return GODB_OK;
    report_free(out);
    return shell_err(err, GODB_ENOMEM, "out of memory");
}

int
report_make(struct report *out, const struct report_spec *spec, struct godb_err *err)
{
    struct key_list list;
    enum report_sort sort;
    *out = (struct report){.sql = NULL};
    int rc = read_keys(&list, spec->type, err);
    /* Its lines have a time each. */
    if (rc == GODB_OK && spec->format == REPORT_INFLUX) add_key(&list, KEY_TIME);
    if (rc == GODB_OK) rc = choose_sort(&sort, spec, &list, err);
    if (rc != GODB_OK) return rc;
    list = in_print_order(&list);
    out->has_time = has_key(&list, KEY_TIME);
    out->is_by_packets = sort == REPORT_BY_PACKETS;
    if (spec->limit != 0) list_columns(out, spec, &list);
    list_totals(out, spec);
    out->sorted_by = in_words(sort, spec->direction);
    return write_sql(out, spec, sort, &list, err);
}

/* An interface without blocks is not in it. */
static const char list_json_sql[] =
    "SELECT json_object('interfaces', json_group_object(iface,\n"
    "           json_object('flowcount', flow_count, 'traffic', traffic_bytes,\n"
    "                       'begin', first, 'end', last)))\n"
    "  FROM (SELECT * FROM interfaces WHERE first IS NOT NULL ORDER BY iface)";

/* 1.05 adds up the sizes of files, in MB, and counts day directories.  A column file
 * has 12288 bytes in front of its blocks. */
static const char list_1_05_sql[] =
    "WITH days AS (SELECT iface, count(DISTINCT time / 86400) AS days\n"
    "                FROM blocks GROUP BY iface),\n"
    "     sizes AS (SELECT iface, days, (disk_bytes + days * 9 * 12288) / 1048576.0\n"
    "                 AS size FROM interfaces JOIN days USING (iface))\n"
    "SELECT json_group_object(name, json(value)) FROM (\n"
    "  SELECT 'Total Size' AS name, total(size) AS value FROM sizes\n"
    "  UNION ALL\n"
    "  SELECT * FROM (SELECT iface, json_object('Size', size, 'DaysCovered', days)\n"
    "                   FROM sizes ORDER BY iface))";

int
report_make_list(struct report *out, enum report_list form, struct godb_err *err)
{
    const bool is_text = form == REPORT_LIST_TXT;
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
    *out =
        (struct report){.column_count = is_text ? sizeof titles / sizeof titles[0] : 0};
    for (size_t i = 0; i < out->column_count; i++)
        out->columns[i] =
            (struct report_column){titles[i], titles[i], REPORT_KEY, NULL};
    out->sql = strdup(is_text                    ? sql
                      : form == REPORT_LIST_JSON ? list_json_sql
                                                 : list_1_05_sql);
    return out->sql ? GODB_OK : shell_err(err, GODB_ENOMEM, "out of memory");
}

void
report_free(struct report *report)
{
    free(report->sql);
    report->sql = NULL;
}
