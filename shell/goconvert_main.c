/* SPDX-License-Identifier: MIT
 *
 * goconvert_main.c -- goconvert: the command line of CSV in and CSV out.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shell/csv_export.h"
#include "shell/csv_import.h"
#include "shell/go_flags.h"
#include "shell/shell_err.h"

enum { WINDOW_S = 3600 };

struct options {
    struct csv_import_spec spec;
    const char *from, *export, *short_s;
    int64_t row_limit;
    bool is_small, is_help, is_version;
};

/* Aliases are the names of goConvert 1.05, and of goquery's flags. */
enum { FLAG_COUNT = 18 };

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct options *options)
{
    struct csv_import_spec *spec = &options->spec;
    const struct go_flag flags[FLAG_COUNT] = {
        {.name = "in",
            .text = &spec->in,
            .arg = "FILE",
            .help = "CSV file to import, also .gz or .zst; - is standard input"},
        {.name = "out",
            .long_name = "db",
            .text = &spec->out,
            .arg = "DIR",
            .help = "goDB database to append to, made where it is missing; or to\n"
                    "export from"},
        {.name = "iface",
            .text = &spec->iface,
            .arg = "NAME",
            .help = "interface of the rows that name none themselves; or those to\n"
                    "export, with commas between them"},
        {.name = "schema",
            .text = &spec->schema,
            .arg = "COLUMNS",
            .help = "the columns of a file: time,sip,dip,..."},
        {.name = "from",
            .text = &options->from,
            .arg = "FORMAT",
            .help = "csv or nfdump, which is what nfdump -o csv writes"},
        {.name = "n",
            .number = &options->row_limit,
            .arg = "ROWS",
            .help = "stop after so many rows; 0: all of them"},
        {.name = "window",
            .number = &spec->window_s,
            .arg = "SECONDS",
            .help = "how much later than rows of a later block a row may come"},
        {.name = "keep-going",
            .on = &spec->keeps_going,
            .help = "import the other rows where some are refused; without it none"},
        {.name = "small",
            .on = &options->is_small,
            .help = "look longer for smaller blocks: 4 % less, at half the rate"},
        {.name = "rejects",
            .text = &spec->rejects,
            .arg = "FILE",
            .help = "list refused rows here, all of them, with line and reason"},
        {.name = "export",
            .text = &options->export,
            .arg = "FILE",
            .help = "write the database to a CSV file; - is standard output"},
        {.name = "h", .on = &options->is_help, .help = "show this help"},
        {.name = "version", .on = &options->is_version, .help = "show the version"},
        {.name = "f", .text = &spec->in},
        {.name = "s", .text = &options->short_s},
        {.name = "d", .text = &spec->out},
        {.name = "i", .text = &spec->iface},
        {.name = "help", .on = &options->is_help},
    };
    memcpy(out, flags, sizeof flags);
}

static void
print_usage(FILE *out)
{
    struct options options = {.spec.window_s = WINDOW_S};
    struct go_flag flags[FLAG_COUNT];
    bind_flags(flags, &options);
    fputs("usage: goconvert -in FILE.csv -out DIR -iface NAME\n"
          "       goconvert -export FILE.csv -db DIR\n"
          "Import flows from CSV into a goDB database, or export them.  See\n"
          "goconvert(1).\n\n",
        out);
    go_flags_usage(out, flags, FLAG_COUNT);
}

/* --- Judging ---------------------------------------------------------------------- */

static int
check_export(const struct options *options, struct godb_err *err)
{
    const struct csv_import_spec *spec = &options->spec;
    if (spec->in || spec->schema || spec->rejects || options->from ||
        spec->keeps_going || options->is_small || options->row_limit)
        return shell_err(err, GODB_EARG,
            "-export takes -db and -iface; the other flags are for imports");
    if (spec->out == NULL || *spec->out == '\0')
        return shell_err(err, GODB_EARG, "no database given: -db DIR");
    return GODB_OK;
}

static int
check_format(struct options *options, struct godb_err *err)
{
    struct csv_import_spec *spec = &options->spec;
    const char *from = options->from ? options->from : "csv";
    spec->is_nfdump = strcmp(from, "nfdump") == 0;
    if (!spec->is_nfdump && strcmp(from, "csv") != 0)
        return shell_err(err, GODB_EARG, "-from: '%.60s' is none of csv, nfdump", from);
    if (spec->is_nfdump && spec->schema)
        return shell_err(
            err, GODB_EARG, "-from nfdump has its own header; drop -schema");
    return GODB_OK;
}

static int
check_import(struct options *options, struct godb_err *err)
{
    struct csv_import_spec *spec = &options->spec;
    if (spec->in == NULL || *spec->in == '\0')
        return shell_err(err, GODB_EARG, "no CSV file given: -in FILE");
    if (spec->out == NULL || *spec->out == '\0')
        return shell_err(err, GODB_EARG, "no database given: -out DIR");
    if (options->row_limit < 0)
        return shell_err(
            err, GODB_EARG, "-n: %" PRId64 " is negative", options->row_limit);
    if (spec->window_s < 0 || spec->window_s > GODB_DAY_S)
        return shell_err(err, GODB_EARG,
            "-window: %" PRId64 " is not from 0 to a day, %d", spec->window_s,
            GODB_DAY_S);
    spec->row_limit = (uint64_t)options->row_limit;
    spec->effort = options->is_small ? GODB_EFFORT_SMALL : GODB_EFFORT_QUICK;
    int rc = check_format(options, err);
    if (rc != GODB_OK) return rc;
    return spec->iface ? godb_iface_check(spec->iface, err) : GODB_OK;
}

/* 1.05 has the database after -s; a list of columns is none, and means -schema. */
static void
take_short_s(struct options *options)
{
    struct csv_import_spec *spec = &options->spec;
    if (options->short_s == NULL) return;
    if (strchr(options->short_s, ',') && strchr(options->short_s, '/') == NULL)
        spec->schema = options->short_s;
    else
        spec->out = options->short_s;
}

static int
check(struct options *options, int rest, int argc, char **argv, struct godb_err *err)
{
    if (rest < argc)
        return shell_err(
            err, GODB_EARG, "'%s' is not a flag; -h lists them", argv[rest]);
    take_short_s(options);
    return options->export ? check_export(options, err) : check_import(options, err);
}

/* --- Running ---------------------------------------------------------------------- */

/* A file that cannot be understood is bad data, as are rows. */
static int
fail(const struct godb_err *err)
{
    fprintf(stderr, "goconvert: %s\n", err->msg);
    return err->status == GODB_ECORRUPT ? EX_DATAERR : shell_exit_code(err);
}

static void
report(const struct csv_import_stats *stats)
{
    if (stats->is_left_out) {
        fprintf(stderr,
            "goconvert: nothing imported: %" PRIu64
            " rows refused; -keep-going imports the others\n",
            stats->refused);
        return;
    }
    fprintf(stderr, "goconvert: %" PRIu64 " rows imported, %" PRIu64 " refused",
        stats->imported, stats->refused);
    if (stats->there > 0) fprintf(stderr, ", %" PRIu64 " there already", stats->there);
    fprintf(stderr,
        "; %" PRIu64 " blocks in %" PRIu64 " day directories of %" PRIu64
        " interfaces\n",
        stats->blocks, stats->days, stats->ifaces);
}

static int
import(const struct csv_import_spec *spec)
{
    struct csv_import_stats stats;
    struct godb_err err = {0};
    if (csv_import_run(&stats, spec, &err) != GODB_OK) return fail(&err);
    report(&stats);
    return stats.refused > 0 ? EX_DATAERR : EX_OK;
}

static int export(const struct options *options)
{
    struct godb_err err = {0};
    uint64_t row_count;
    if (csv_export_run(options->spec.out, options->spec.iface, options->export,
            &row_count, &err) != GODB_OK)
        return fail(&err);
    fprintf(stderr, "goconvert: %" PRIu64 " rows exported\n", row_count);
    return EX_OK;
}

int
main(int argc, char **argv)
{
    struct options options = {.spec.window_s = WINDOW_S};
    struct go_flag flags[FLAG_COUNT];
    struct godb_err err = {0};
    signal(SIGPIPE, SIG_DFL); /* goconvert -export - | head */
    bind_flags(flags, &options);
    int rest = go_flags_parse(flags, FLAG_COUNT, argc, argv, &err);
    if (rest < 0) return fail(&err);
    if (options.is_help) {
        print_usage(stdout);
        return EX_OK;
    }
    if (options.is_version) {
        puts("goconvert " GODB_VERSION);
        return EX_OK;
    }
    if (check(&options, rest, argc, argv, &err) != GODB_OK) return fail(&err);
    return options.export ? export(&options) : import(&options.spec);
}
