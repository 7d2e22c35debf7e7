/* SPDX-License-Identifier: MIT
 *
 * goquery_options.c -- see goquery_options.h.  bind_flags() is the table of options.
 */
#include "shell/goquery_options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/go_flags.h"
#include "shell/resolve.h"
#include "shell/shell_err.h"

/* What the flags say, before anybody judges it. */
struct raw {
    const char *iface, *db, *condition, *first, *last, *format, *sort;
    int64_t limit;
    bool has_limit, by_packets, is_ascending, is_rcvd, is_sent, is_sum, is_list, is_sql,
        is_help, is_version;
};

static const struct raw defaults = {.format = "txt", .limit = REPORT_LIMIT_DEFAULT};

enum { FLAG_COUNT = 18 };

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct raw *raw)
{
    const struct go_flag flags[FLAG_COUNT] = {
        {.name = "i",
            .text = &raw->iface,
            .arg = "IFACE",
            .help = "interface, several with commas between them, or ANY"},
        {.name = "d",
            .text = &raw->db,
            .arg = "DIR",
            .help = "goDB database (default $GOPROBE_DB, then " GOPROBE_DB_PATH ")"},
        {.name = "c",
            .text = &raw->condition,
            .arg = "CONDITION",
            .help = "only flows that it holds for: 'snet=10.0.0.0/8 & dport=443'"},
        {.name = "f",
            .text = &raw->first,
            .arg = "TIME",
            .help = "from this time on: -1d, '2016-02-25 19:29', 1456428875\n"
                    "(default the first block)"},
        {.name = "l",
            .text = &raw->last,
            .arg = "TIME",
            .help = "up to this time (default the last block)"},
        {.name = "n",
            .number = &raw->limit,
            .given = &raw->has_limit,
            .arg = "ROWS",
            .help = "at most so many rows; 0: only the totals"},
        {.name = "e",
            .text = &raw->format,
            .arg = "FORMAT",
            .help = "txt, csv or json"},
        {.name = "s",
            .text = &raw->sort,
            .arg = "KEY",
            .help = "sort by bytes, packets or time (default time where the query\n"
                    "has it, else bytes)"},
        {.name = "p", .on = &raw->by_packets, .help = "the same as -s packets"},
        {.name = "a", .on = &raw->is_ascending, .help = "smallest first"},
        {.name = "in", .on = &raw->is_rcvd, .help = "count what was received"},
        {.name = "out", .on = &raw->is_sent, .help = "count what was sent"},
        {.name = "sum",
            .on = &raw->is_sum,
            .help = "count both in one; json has them side by side without\n"
                    "-in, -out and -sum"},
        {.name = "list", .on = &raw->is_list, .help = "list the interfaces"},
        {.name = "sql",
            .on = &raw->is_sql,
            .help = "print the SQL for the sqlite3 shell instead of running it"},
        {.name = "h", .on = &raw->is_help, .help = "show this help"},
        {.name = "version", .on = &raw->is_version, .help = "show the version"},
        {.name = "help", .on = &raw->is_help},
    };
    memcpy(out, flags, sizeof flags);
}

void
goquery_options_usage(FILE *out)
{
    struct raw raw = defaults;
    struct go_flag flags[FLAG_COUNT];
    bind_flags(flags, &raw);
    fputs("usage: goquery -i IFACE [-c CONDITION] [-f FIRST] [-l LAST] [...] QUERY\n"
          "Report network flows.  QUERY comes last and is talk_src, talk_dst,\n"
          "talk_conv, apps_port, apps_dpi, agg_talk_port, raw, or columns with commas\n"
          "between them: time, iface, sip, dip, dport, proto, l7proto.\n"
          "See goquery(1).\n\n",
        out);
    go_flags_usage(out, flags, FLAG_COUNT);
}

/* --- Judging ---------------------------------------------------------------------- */

/* The condition with addresses for host names, which SQL does not resolve. */
static int
resolve_condition(struct goquery_options *out, struct godb_err *err)
{
    struct godb_filter *filter = NULL;
    struct godb_err why;
    size_t at = 0;
    int rc = godb_filter_parse(&filter, out->condition, resolve_host, NULL, &at, &why);
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
    return GODB_OK;
}

static int
choose_report(struct report_spec *out, const struct raw *raw, struct godb_err *err)
{
    if (raw->limit < 0)
        return shell_err(err, GODB_EARG, "-n: %" PRId64 " is negative", raw->limit);
    out->limit = raw->has_limit ? raw->limit : -1;
    out->is_ascending = raw->is_ascending;
    out->direction =
        out->format == REPORT_JSON && !raw->is_sum ? REPORT_BOTH : REPORT_SUM;
    if (!raw->is_sum && raw->is_rcvd != raw->is_sent)
        out->direction = raw->is_rcvd ? REPORT_RCVD : REPORT_SENT;
    return choose_sort(&out->sort, raw, err);
}

static int
choose_writer(struct goquery_options *out, const struct raw *raw, struct godb_err *err)
{
    const struct output_writer *writer = output_find(raw->format);
    if (writer == NULL)
        return shell_err(
            err, GODB_EARG, "-e: '%.60s' is none of txt, csv, json", raw->format);
    out->writer = writer;
    out->report.format = writer->format;
    return GODB_OK;
}

static const char *
find_db(const struct raw *raw)
{
    const char *from_environment = getenv("GOPROBE_DB");
    if (raw->db) return raw->db;
    return from_environment && *from_environment ? from_environment : GOPROBE_DB_PATH;
}

static int
choose_query(
    struct goquery_options *out, int argc, char **argv, int rest, struct godb_err *err)
{
    if (rest + 1 < argc)
        return shell_err(err, GODB_EARG,
            "the query comes last: '%.60s' stands behind '%.60s'", argv[rest + 1],
            argv[rest]);
    if (out->is_list) {
        if (rest < argc) return shell_err(err, GODB_EARG, "-list takes no query");
        if (out->report.format != REPORT_TXT)
            return shell_err(err, GODB_EARG, "-list prints txt alone; drop -e");
        return GODB_OK;
    }
    if (rest == argc)
        return shell_err(
            err, GODB_EARG, "no query given; talk_conv is one, -h has more");
    if (out->scope.iface == NULL || *out->scope.iface == '\0')
        return shell_err(err, GODB_EARG, "no interface given: -i NAME, or -i ANY");
    out->report.type = argv[rest];
    return GODB_OK;
}

static enum goquery_mode
choose_mode(const struct raw *raw)
{
    if (raw->is_help) return GOQUERY_HELP;
    if (raw->is_version) return GOQUERY_VERSION;
    return raw->is_sql ? GOQUERY_SQL : GOQUERY_RUN;
}

void
goquery_options_free(struct goquery_options *options)
{
    free(options->resolved);
    options->resolved = NULL;
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
    out->mode = choose_mode(&raw);
    if (out->mode == GOQUERY_HELP || out->mode == GOQUERY_VERSION) return GODB_OK;
    out->is_list = raw.is_list;
    out->condition = raw.condition;
    out->scope = (struct session_scope){
        find_db(&raw), raw.iface, raw.first, raw.last, raw.condition};
    int rc = choose_writer(out, &raw, err);
    if (rc == GODB_OK) rc = choose_report(&out->report, &raw, err);
    if (rc == GODB_OK) rc = choose_query(out, argc, argv, rest, err);
    if (rc == GODB_OK) rc = check_times(out, err);
    return rc == GODB_OK ? check_condition(out, err) : rc;
}
