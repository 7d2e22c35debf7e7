/* SPDX-License-Identifier: MIT
 *
 * goconvert_main.c -- goconvert: the command line of the CSV importer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shell/csv_import.h"
#include "shell/go_flags.h"
#include "shell/shell_err.h"

struct options {
    struct csv_import_spec spec;
    int64_t row_limit;
    bool is_help, is_version;
};

/* Aliases are the names of goConvert 1.05. */
enum { FLAG_COUNT = 10 };

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct options *options)
{
    struct csv_import_spec *spec = &options->spec;
    const struct go_flag flags[FLAG_COUNT] = {
        {.name = "in",
            .text = &spec->in,
            .arg = "FILE",
            .help = "CSV file to import; - is standard input"},
        {.name = "out",
            .text = &spec->out,
            .arg = "DIR",
            .help = "goDB database to append to; made where it is missing"},
        {.name = "iface",
            .text = &spec->iface,
            .arg = "NAME",
            .help = "interface of the rows that name none themselves"},
        {.name = "n",
            .number = &options->row_limit,
            .arg = "ROWS",
            .help = "stop after so many rows; 0: all of them"},
        {.name = "h", .on = &options->is_help, .help = "show this help"},
        {.name = "version", .on = &options->is_version, .help = "show the version"},
        {.name = "f", .text = &spec->in},
        {.name = "s", .text = &spec->out},
        {.name = "i", .text = &spec->iface},
        {.name = "help", .on = &options->is_help},
    };
    memcpy(out, flags, sizeof flags);
}

static void
print_usage(FILE *out, const struct go_flag flags[FLAG_COUNT])
{
    fputs("usage: goconvert -in FILE.csv -out DIR -iface NAME\n"
          "Import flows from CSV into a goDB database.  See goconvert(1).\n\n",
        out);
    go_flags_usage(out, flags, FLAG_COUNT);
}

static int
check(struct options *options, int rest, int argc, char **argv, struct godb_err *err)
{
    struct csv_import_spec *spec = &options->spec;
    if (rest < argc)
        return shell_err(
            err, GODB_EARG, "'%s' is not a flag; -h lists them", argv[rest]);
    if (spec->in == NULL || *spec->in == '\0')
        return shell_err(err, GODB_EARG, "no CSV file given: -in FILE");
    if (spec->out == NULL || *spec->out == '\0')
        return shell_err(err, GODB_EARG, "no database given: -out DIR");
    if (options->row_limit < 0)
        return shell_err(
            err, GODB_EARG, "-n: %" PRId64 " is negative", options->row_limit);
    spec->row_limit = (uint64_t)options->row_limit;
    return spec->iface ? godb_iface_check(spec->iface, err) : GODB_OK;
}

/* A file that cannot be understood is bad data, as are rows. */
static int
fail(const struct godb_err *err)
{
    fprintf(stderr, "goconvert: %s\n", err->msg);
    return err->status == GODB_ECORRUPT ? EX_DATAERR : shell_exit_code(err);
}

static int
import(const struct csv_import_spec *spec)
{
    struct csv_import_stats stats;
    struct godb_err err = {0};
    if (csv_import_run(&stats, spec, &err) != GODB_OK) return fail(&err);
    fprintf(stderr,
        "goconvert: %" PRIu64 " rows imported, %" PRIu64 " refused; %" PRIu64
        " blocks in %" PRIu64 " day directories of %" PRIu64 " interfaces\n",
        stats.imported, stats.refused, stats.blocks, stats.days, stats.ifaces);
    return stats.refused > 0 ? EX_DATAERR : EX_OK;
}

int
main(int argc, char **argv)
{
    struct options options = {0};
    struct go_flag flags[FLAG_COUNT];
    struct godb_err err = {0};
    bind_flags(flags, &options);
    int rest = go_flags_parse(flags, FLAG_COUNT, argc, argv, &err);
    if (rest < 0) return fail(&err);
    if (options.is_help) {
        options = (struct options){0};
        print_usage(stdout, flags);
        return EX_OK;
    }
    if (options.is_version) {
        puts("goconvert " GODB_VERSION);
        return EX_OK;
    }
    if (check(&options, rest, argc, argv, &err) != GODB_OK) return fail(&err);
    return import(&options.spec);
}
