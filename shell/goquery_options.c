/* SPDX-License-Identifier: MIT
 *
 * goquery_options.c -- see goquery_options.h.  bind_flags() is the table of options.
 */
#include "shell/goquery_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shell/go_flags.h"
#include "shell/resolve.h"
#include "shell/shell_err.h"

/* What the flags say, before anybody judges it. */
struct raw {
    const char *iface, *db, *condition, *first, *last, *format, *sort, *compat;
    const char *statement, *page_path, *clean, *resolve_timeout;
    int64_t limit, resolve_rows, memory_percent, ignored;
    bool has_limit, has_rows, has_memory, has_format;
    bool by_packets, is_ascending, is_rcvd, is_sent, is_sum;
    bool is_list, is_sql, is_shell, is_plot, is_wipe, is_yes, is_external, does_resolve;
    bool has_bars, are_bars_chosen, is_help, is_help_admin, is_version;
};

static const struct raw defaults = {
    .format = "txt", .resolve_timeout = "1s", .resolve_rows = 25};

enum { QUESTION_FLAGS = 27, ADMIN_FLAGS = 3, ALIAS_FLAGS = 6 };
enum { FLAG_COUNT = QUESTION_FLAGS + ADMIN_FLAGS + ALIAS_FLAGS };

/* --- Flags ------------------------------------------------------------------------ */

/* Which flows. */
static size_t
bind_selection(struct go_flag *out, struct raw *raw)
{
    const struct go_flag flags[] = {
        {.name = "i",
            .long_name = "iface",
            .text = &raw->iface,
            .arg = "IFACE",
            .help = "interface, several with commas between them, or ANY"},
        {.name = "d",
            .long_name = "db",
            .text = &raw->db,
            .arg = "DIR",
            .help = "goDB database (default $GOPROBE_DB, then " GOPROBE_DB_PATH ")"},
        {.name = "c",
            .long_name = "condition",
            .text = &raw->condition,
            .arg = "CONDITION",
            .help = "only flows that it holds for: 'snet=10.0.0.0/8 & dport=443'"},
        {.name = "f",
            .long_name = "first",
            .text = &raw->first,
            .arg = "TIME",
            .help = "from this time on: -1d, '2016-02-25 19:29', 1456428875\n"
                    "(default the first block)"},
        {.name = "l",
            .long_name = "last",
            .text = &raw->last,
            .arg = "TIME",
            .help = "up to this time (default the last block)"},
    };
    memcpy(out, flags, sizeof flags);
    return sizeof flags / sizeof flags[0];
}

/* Which rows, and in which order. */
static size_t
bind_rows(struct go_flag *out, struct raw *raw)
{
    const struct go_flag flags[] = {
        {.name = "n",
            .long_name = "limit",
            .number = &raw->limit,
            .given = &raw->has_limit,
            .arg = "ROWS",
            .help = "at most so many rows, 0: only the totals; without it the rows\n"
                    "that make up 95 % of it all, 1000 at most, and all of a query\n"
                    "with time"},
        {.name = "s",
            .long_name = "sort",
            .text = &raw->sort,
            .arg = "KEY",
            .help = "sort by bytes, packets or time (default time where the query\n"
                    "has it, else bytes)"},
        {.name = "p",
            .long_name = "packets",
            .on = &raw->by_packets,
            .help = "the same as -s packets"},
        {.name = "a",
            .long_name = "ascending",
            .on = &raw->is_ascending,
            .help = "smallest first"},
        {.name = "in", .on = &raw->is_rcvd, .help = "count what was received"},
        {.name = "out",
            .on = &raw->is_sent,
            .help = "count what was sent; with -in: both side by side"},
        {.name = "sum",
            .on = &raw->is_sum,
            .help = "count both in one; txt does without being told"},
    };
    memcpy(out, flags, sizeof flags);
    return sizeof flags / sizeof flags[0];
}

/* How the answer looks. */
static size_t
bind_output(struct go_flag *out, struct raw *raw)
{
    const struct go_flag flags[] = {
        {.name = "e",
            .long_name = "format",
            .text = &raw->format,
            .given = &raw->has_format,
            .arg = "FORMAT",
            .help = "txt, json, csv or influxdb"},
        {.name = "bars",
            .on = &raw->has_bars,
            .given = &raw->are_bars_chosen,
            .help = "a bar behind each row of txt (default on a terminal)"},
        {.name = "plot",
            .on = &raw->is_plot,
            .help = "draw a query that has time as a picture"},
        {.name = "resolve",
            .on = &raw->does_resolve,
            .help = "host names for the addresses of the first rows"},
        {.name = "resolve-timeout",
            .text = &raw->resolve_timeout,
            .arg = "TIME",
            .help = "how long to wait for names: 1s, 500ms"},
        {.name = "resolve-rows",
            .number = &raw->resolve_rows,
            .given = &raw->has_rows,
            .arg = "ROWS",
            .help = "how many rows get names"},
        {.name = "x",
            .long_name = "external",
            .on = &raw->is_external,
            .help = "for other programs: no details of errors, -list as json"},
        {.name = "compat",
            .text = &raw->compat,
            .arg = "VERSION",
            .help = "1.05: print exactly what goQuery 1.05 did"},
    };
    memcpy(out, flags, sizeof flags);
    return sizeof flags / sizeof flags[0];
}

/* What to do instead. */
static size_t
bind_modes(struct go_flag *out, struct raw *raw)
{
    const struct go_flag flags[] = {
        {.name = "list", .on = &raw->is_list, .help = "list the interfaces"},
        {.name = "sql",
            .on = &raw->is_sql,
            .help = "print the SQL for the sqlite3 shell instead of running it"},
        {.name = "q",
            .long_name = "query",
            .text = &raw->statement,
            .arg = "SQL",
            .help = "run this statement: 'SELECT dport, bytes FROM traffic'"},
        {.name = "report",
            .text = &raw->page_path,
            .arg = "FILE",
            .help = "write a page of HTML with the traffic of these -d -i -f -l -c,\n"
                    "-n rows a list; - is standard output"},
        {.name = "shell",
            .on = &raw->is_shell,
            .help = "open sqlite3 with the tables and these -d -i -f -l -c"},
        {.name = "h",
            .long_name = "help",
            .on = &raw->is_help,
            .help = "show this help"},
        {.name = "help-admin",
            .on = &raw->is_help_admin,
            .help = "show the flags that look after a database"},
    };
    memcpy(out, flags, sizeof flags);
    return sizeof flags / sizeof flags[0];
}

static size_t
bind_admin(struct go_flag out[ADMIN_FLAGS], struct raw *raw)
{
    const struct go_flag flags[ADMIN_FLAGS] = {
        {.name = "clean",
            .text = &raw->clean,
            .arg = "TIME",
            .help = "delete the days that end at or before this time; every notation\n"
                    "of -f"},
        {.name = "wipe", .on = &raw->is_wipe, .help = "delete all flows"},
        {.name = "yes",
            .on = &raw->is_yes,
            .help = "do not ask; needed where nobody can be asked"},
    };
    memcpy(out, flags, sizeof flags);
    return ADMIN_FLAGS;
}

static void
bind_aliases(struct go_flag out[ALIAS_FLAGS], struct raw *raw)
{
    const struct go_flag flags[ALIAS_FLAGS] = {
        {.name = "version", .on = &raw->is_version},
        {.name = "interface", .text = &raw->iface},
        {.name = "ifaces", .text = &raw->iface},
        {.name = "sort-by", .text = &raw->sort},
        {.name = "mem", .number = &raw->memory_percent, .given = &raw->has_memory},
        {.name = "m", .number = &raw->ignored}, /* goQuery 2.1 had it, to no effect */
    };
    memcpy(out, flags, sizeof flags);
}

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct raw *raw)
{
    struct go_flag *end = out;
    end += bind_selection(end, raw);
    end += bind_rows(end, raw);
    end += bind_output(end, raw);
    end += bind_modes(end, raw);
    end += bind_admin(end, raw);
    bind_aliases(end, raw);
}

void
goquery_options_usage(FILE *out, bool is_admin)
{
    struct raw raw = defaults;
    struct go_flag flags[FLAG_COUNT];
    bind_flags(flags, &raw);
    if (is_admin) {
        fputs("usage: goquery -clean TIME [-d DIR] [-yes]\n"
              "       goquery -wipe [-d DIR] [-yes]\n"
              "Delete old days, or all of them, from a database.  What is not goDB's\n"
              "stays.  See goquery(1).\n\n",
            out);
        go_flags_usage(out, flags + QUESTION_FLAGS, ADMIN_FLAGS);
        return;
    }
    fputs("usage: goquery -i IFACE [-c CONDITION] [-f FIRST] [-l LAST] [...] QUERY\n"
          "       goquery -report FILE | -q SQL | -shell | -list [...]\n"
          "Report network flows.  QUERY comes last and is talk_src, talk_dst,\n"
          "talk_conv, apps_port, apps_dpi, agg_talk_port, raw, or columns with commas\n"
          "between them: time, iface, sip, dip, dport, proto, l7proto.\n"
          "See goquery(1).\n\n",
        out);
    go_flags_usage(out, flags, QUESTION_FLAGS);
}

/* --- Conditions and times --------------------------------------------------------- */

/* The condition with addresses for host names, which SQL does not resolve. */
static int
resolve_condition(struct goquery_options *out, struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    struct godb_err why;
    size_t at = 0;
    int rc = godb_filter_parse(
        &filter, out->condition, resolve_host, &out->resolve_timeout_ms, &at, &why);
    if (rc == GODB_EARG) out->condition_error_at = at;
    if (rc != GODB_OK) return shell_err(err, why.status, "-c: %.480s", why.msg);
    out->resolved = godb_filter_text(filter);
    godb_filter_free(filter);
    if (out->resolved == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    out->scope.condition = out->resolved;
    return GODB_OK;
}

static int
check_condition(struct goquery_options *out, struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    if (out->condition == NULL) return GODB_OK;
    int rc = godb_filter_parse(&filter, out->condition, NULL, NULL, NULL, NULL);
    godb_filter_free(filter);
    return rc == GODB_OK ? GODB_OK : resolve_condition(out, err);
}

static int
check_time(const char *flag, const char *text, int64_t *out_s, struct godb_err *err)
{
    struct godb_err why;
    if (text == NULL) return GODB_OK;
    int rc = godb_time_parse(out_s, text, time(NULL), &why);
    return rc == GODB_OK ? GODB_OK
                         : shell_err(err, why.status, "%s: %.480s", flag, why.msg);
}

static int
check_times(const struct goquery_options *out, struct godb_err *err)
{
    int64_t first_s = 0, last_s = GODB_STAMP_MAX;
    int rc = check_time("-f", out->scope.first, &first_s, err);
    if (rc == GODB_OK) rc = check_time("-l", out->scope.last, &last_s, err);
    if (rc != GODB_OK || first_s < last_s) return rc;
    return shell_err(err, GODB_EARG,
        "the time range is upside down: -f (%" PRId64 ") is not before -l (%" PRId64
        ")",
        first_s, last_s);
}

/* "1", "1s", "1.5s", "500ms", "2m". */
static int
read_duration(int64_t *out_ms, const char *text, struct godb_err *err)
{
    static const struct {
        const char *unit;
        double ms;
    } units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60000}};
    char *end;
    const bool is_number = (*text >= '0' && *text <= '9') || *text == '.';
    const double number = strtod(text, &end);
    for (size_t i = 0; is_number && i < sizeof units / sizeof units[0]; i++) {
        const double ms = number * units[i].ms;
        if (strcmp(end, units[i].unit) != 0 || ms < 1 || ms > 3600e3) continue;
        *out_ms = (int64_t)ms;
        return GODB_OK;
    }
    return shell_err(err, GODB_EARG,
        "-resolve-timeout: '%.40s' is no time like 1s or 500ms, up to an hour", text);
}

/* --- Reports ---------------------------------------------------------------------- */

static int
choose_sort(enum report_sort *out, const struct raw *raw, struct godb_err *err)
{
    *out = raw->by_packets ? REPORT_BY_PACKETS : REPORT_BY_DEFAULT;
    if (raw->sort == NULL) return GODB_OK;
    if (strcmp(raw->sort, "bytes") == 0)
        *out = REPORT_BY_BYTES;
    else if (strcmp(raw->sort, "packets") == 0)
        *out = REPORT_BY_PACKETS;
    else if (strcmp(raw->sort, "time") == 0)
        *out = REPORT_BY_TIME;
    else
        return shell_err(
            err, GODB_EARG, "-s: '%.60s' is none of bytes, packets, time", raw->sort);
    if (raw->by_packets && *out != REPORT_BY_PACKETS)
        return shell_err(
            err, GODB_EARG, "-p sorts by packets, and -s by %s: choose one", raw->sort);
    return GODB_OK;
}

/* Text has one number each unless both are asked for; 1.05 knew nothing else, and 2.x
 * had both but for other programs. */
static enum report_direction
choose_direction(const struct goquery_options *options, const struct raw *raw)
{
    const bool is_txt = options->report.format == REPORT_TXT;
    const bool is_plot = raw->is_plot;
    if (raw->is_sum) return REPORT_SUM;
    if (raw->is_rcvd != raw->is_sent) return raw->is_rcvd ? REPORT_RCVD : REPORT_SENT;
    if (options->compat == OUTPUT_1_05 || raw->is_external) return REPORT_SUM;
    return (is_txt || is_plot) && !raw->is_rcvd ? REPORT_SUM : REPORT_BOTH;
}

static int
choose_limit(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    int64_t limit = raw->has_limit ? raw->limit : -1;
    if (raw->has_limit && limit < 0)
        return shell_err(err, GODB_EARG, "-n: %" PRId64 " is negative", limit);
    /* 1.05 never printed more. */
    if (out->compat == OUTPUT_1_05 && (limit < 0 || limit > REPORT_LIMIT_DEFAULT))
        limit = REPORT_LIMIT_DEFAULT;
    out->report.limit = limit;
    return GODB_OK;
}

static int
choose_report(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    int rc = choose_limit(out, raw, err);
    if (rc != GODB_OK) return rc;
    out->report.is_ascending = raw->is_ascending;
    out->report.direction = choose_direction(out, raw);
    rc = choose_sort(&out->report.sort, raw, err);
    if (rc != GODB_OK || !raw->is_plot) return rc;
    /* A picture is of all times, from left to right. */
    out->is_of_packets = out->report.sort == REPORT_BY_PACKETS;
    out->report.sort = REPORT_BY_DEFAULT;
    out->report.limit = -1;
    return GODB_OK;
}

static int
choose_compat(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    if (raw->compat == NULL) return GODB_OK;
    if (strcmp(raw->compat, "1.05") != 0)
        return shell_err(err, GODB_EARG,
            "-compat: '%.40s' is not 1.05; without it output is 2.x's but for txt",
            raw->compat);
    if (strcmp(raw->format, "influxdb") == 0 || raw->is_plot || raw->has_bars)
        return shell_err(err, GODB_EARG,
            "-compat 1.05: goQuery 1.05 had no -e influxdb, -plot and -bars");
    out->compat = OUTPUT_1_05;
    return GODB_OK;
}

static int
choose_writer(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    const struct output_writer *writer = output_find(raw->format);
    if (writer == NULL)
        return shell_err(err, GODB_EARG,
            "-e: '%.60s' is none of txt, json, csv, influxdb", raw->format);
    if (raw->is_plot && writer != &output_txt)
        return shell_err(err, GODB_EARG, "-plot draws; drop -e %s", raw->format);
    out->writer = raw->is_plot ? &output_plot : writer;
    out->report.format = out->writer->format;
    return choose_compat(out, raw, err);
}

static int
choose_resolving(
    struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    if (raw->resolve_rows < 0)
        return shell_err(err, GODB_EARG, "-resolve-rows: %" PRId64 " is negative",
            raw->resolve_rows);
    if (raw->does_resolve && out->writer == &output_influx)
        return shell_err(
            err, GODB_EARG, "-resolve: influxdb takes addresses; drop one");
    if (raw->has_rows && !raw->does_resolve)
        return shell_err(err, GODB_EARG, "-resolve-rows does nothing without -resolve");
    out->does_resolve = raw->does_resolve;
    out->resolve_rows = raw->resolve_rows;
    return read_duration(&out->resolve_timeout_ms, raw->resolve_timeout, err);
}

/* --- The database ----------------------------------------------------------------- */

static const char *
find_db(const struct raw *raw)
{
    const char *from_environment = getenv("GOPROBE_DB");
    if (raw->db) return raw->db;
    return from_environment && *from_environment ? from_environment : GOPROBE_DB_PATH;
}

/* goQuery 2.x's percent of the machine's memory. */
static int
choose_memory(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    const int64_t percent = raw->memory_percent;
    if (!raw->has_memory) return GODB_OK;
    if (percent < 1 || percent > 100)
        return shell_err(err, GODB_EARG,
            "-mem: %" PRId64 " is no percentage from 1 to 100", percent);
    const int64_t page_count = sysconf(_SC_PHYS_PAGES);
    const int64_t bytes = page_count / 100 * percent * sysconf(_SC_PAGESIZE);
    snprintf(out->memory_limit, sizeof out->memory_limit, "%" PRId64, bytes);
    out->scope.memory_limit = out->memory_limit;
    return GODB_OK;
}

/* --- Modes ------------------------------------------------------------------------ */

struct mode_flag {
    const char *name;
    enum goquery_mode mode;
    bool is_on;
};

static int
choose_mode(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    const struct mode_flag flags[] = {
        {"-list", GOQUERY_LIST, raw->is_list},
        {"-q", GOQUERY_STATEMENT, raw->statement != NULL},
        {"-report", GOQUERY_PAGE, raw->page_path != NULL},
        {"-shell", GOQUERY_SHELL, raw->is_shell},
        {"-clean", GOQUERY_CLEAN, raw->clean != NULL},
        {"-wipe", GOQUERY_WIPE, raw->is_wipe},
    };
    const char *found = NULL;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (!flags[i].is_on) continue;
        if (found)
            return shell_err(
                err, GODB_EARG, "%s and %s: one at a time", found, flags[i].name);
        found = flags[i].name;
        out->mode = flags[i].mode;
    }
    if (raw->is_yes && out->mode != GOQUERY_CLEAN && out->mode != GOQUERY_WIPE)
        return shell_err(err, GODB_EARG, "-yes belongs to -clean and -wipe");
    return GODB_OK;
}

static bool
is_help(struct goquery_options *out, const struct raw *raw)
{
    if (raw->is_version) out->mode = GOQUERY_VERSION;
    if (raw->is_help_admin) out->mode = GOQUERY_HELP_ADMIN;
    if (raw->is_help) out->mode = GOQUERY_HELP;
    return raw->is_help || raw->is_help_admin || raw->is_version;
}

static const char *
mode_name(enum goquery_mode mode)
{
    static const char *const names[] = {[GOQUERY_LIST] = "-list",
        [GOQUERY_STATEMENT] = "-q",
        [GOQUERY_PAGE] = "-report",
        [GOQUERY_SHELL] = "-shell",
        [GOQUERY_CLEAN] = "-clean",
        [GOQUERY_WIPE] = "-wipe"};
    return names[mode];
}

/* A page has all directions and orders that it needs. */
static int
check_page(const struct raw *raw, struct godb_err *err)
{
    const struct {
        const char *name;
        bool is_on;
    } others[] = {{"-s", raw->sort != NULL}, {"-p", raw->by_packets},
        {"-a", raw->is_ascending}, {"-in", raw->is_rcvd}, {"-out", raw->is_sent},
        {"-sum", raw->is_sum}, {"-bars", raw->are_bars_chosen},
        {"-resolve", raw->does_resolve}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].is_on)
            return shell_err(
                err, GODB_EARG, "-report does not know %s; drop one", others[i].name);
    if (raw->has_limit && raw->limit == 0)
        return shell_err(err, GODB_EARG, "-report: lists of 0 rows; -n 1 is the least");
    return *raw->page_path ? GODB_OK
                           : shell_err(err, GODB_EARG,
                                 "-report: no file given; - is standard output");
}

static bool
can_print(const struct goquery_options *out)
{
    const enum report_format format = out->report.format;
    if (out->mode == GOQUERY_LIST) return format == REPORT_TXT || format == REPORT_JSON;
    return out->mode == GOQUERY_STATEMENT && format != REPORT_INFLUX;
}

/* For messages. */
static const char *
prints(enum goquery_mode mode)
{
    return mode == GOQUERY_LIST        ? "txt and json"
           : mode == GOQUERY_PAGE      ? "HTML alone"
           : mode == GOQUERY_STATEMENT ? "txt, csv and json"
                                       : "text alone";
}

/* Modes that take no query do not take it silently. */
static int
check_other_mode(const struct goquery_options *out, const struct raw *raw,
    bool has_query, struct godb_err *err)
{
    const char *name = mode_name(out->mode);
    const bool is_list = out->mode == GOQUERY_LIST;
    if (has_query) return shell_err(err, GODB_EARG, "%s takes no query", name);
    if (raw->is_plot || (raw->has_format && !can_print(out)))
        return shell_err(err, GODB_EARG, "%s prints %s; drop -plot and other formats",
            name, prints(out->mode));
    if (raw->is_sql && !is_list)
        return shell_err(err, GODB_EARG, "-sql and %s: one at a time", name);
    if (raw->compat && !is_list)
        return shell_err(err, GODB_EARG, "-compat is for reports; drop it or %s", name);
    return out->mode == GOQUERY_PAGE ? check_page(raw, err) : GODB_OK;
}

static int
check_report_mode(struct goquery_options *out, const char *query, struct godb_err *err)
{
    if (query == NULL)
        return shell_err(
            err, GODB_EARG, "no query given; talk_conv is one, -h has more");
    if (out->scope.iface == NULL || *out->scope.iface == '\0')
        return shell_err(err, GODB_EARG, "no interface given: -i NAME, or -i ANY");
    out->report.type = query;
    return GODB_OK;
}

static int
choose_query(struct goquery_options *out, const struct raw *raw, int argc, char **argv,
    int rest, struct godb_err *err)
{
    if (rest + 1 < argc)
        return shell_err(err, GODB_EARG,
            "the query comes last: '%.60s' stands behind '%.60s'", argv[rest + 1],
            argv[rest]);
    if (out->mode != GOQUERY_REPORT)
        return check_other_mode(out, raw, rest < argc, err);
    return check_report_mode(out, rest < argc ? argv[rest] : NULL, err);
}

void
goquery_options_free(struct goquery_options *options)
{
    free(options->resolved);
    options->resolved = NULL;
}

static void
take_texts(struct goquery_options *out, const struct raw *raw)
{
    out->is_sql = raw->is_sql;
    out->is_external = raw->is_external;
    out->is_yes = raw->is_yes;
    out->has_bars = raw->has_bars;
    out->are_bars_chosen = raw->are_bars_chosen;
    out->statement = raw->statement;
    out->page_path = raw->page_path;
    out->condition = raw->condition;
    out->scope = (struct session_scope){
        find_db(raw), raw->iface, raw->first, raw->last, raw->condition, NULL};
}

static int
judge(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    int rc = choose_mode(out, raw, err);
    if (rc == GODB_OK) rc = choose_writer(out, raw, err);
    if (rc == GODB_OK) rc = choose_report(out, raw, err);
    if (rc == GODB_OK) rc = choose_resolving(out, raw, err);
    return rc == GODB_OK ? choose_memory(out, raw, err) : rc;
}

int
goquery_options_parse(
    struct goquery_options *out, int argc, char **argv, struct godb_err *err)
{
    struct raw raw = defaults;
    struct go_flag flags[FLAG_COUNT];
    bind_flags(flags, &raw);
    *out =
        (struct goquery_options){.writer = &output_txt, .condition_error_at = SIZE_MAX};
    int rest = go_flags_parse(flags, FLAG_COUNT, argc, argv, err);
    if (rest < 0) return rest;
    if (is_help(out, &raw)) return GODB_OK;
    take_texts(out, &raw);
    int rc = judge(out, &raw, err);
    if (rc == GODB_OK) rc = choose_query(out, &raw, argc, argv, rest, err);
    if (rc == GODB_OK) rc = check_times(out, err);
    if (rc == GODB_OK) rc = check_time("-clean", raw.clean, &out->clean_before_s, err);
    return rc == GODB_OK ? check_condition(out, err) : rc;
}
