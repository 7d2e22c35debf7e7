/* SPDX-License-Identifier: MIT
 *
 * index_main.c -- goprobe-index: give the days of a database their blocks.index.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "shell/go_flags.h"
#include "shell/shell_err.h"

struct options {
    bool is_check, is_rebuild, is_help, is_version;
};

enum { FLAG_COUNT = 5 };

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct options *options)
{
    const struct go_flag flags[FLAG_COUNT] = {
        {.name = "check",
            .on = &options->is_check,
            .help = "count what is indexed, and change nothing"},
        {.name = "rebuild",
            .on = &options->is_rebuild,
            .help = "index everything again, and take the columns as they are for\n"
                    "right: for files that were replaced on purpose"},
        {.name = "h", .on = &options->is_help, .help = "show this help"},
        {.name = "version", .on = &options->is_version, .help = "show the version"},
        {.name = "help", .on = &options->is_help},
    };
    memcpy(out, flags, sizeof flags);
}

static void
print_usage(FILE *out, const struct go_flag flags[FLAG_COUNT])
{
    fputs("usage: goprobe-index [-check | -rebuild] DATABASE [INTERFACE...]\n"
          "Build the block indexes that a database lacks, so that questions about few\n"
          "addresses or ports read few blocks.  See goprobe-index(1).\n\n",
        out);
    go_flags_usage(out, flags, FLAG_COUNT);
}

static int
fail(const struct godb_err *err)
{
    fprintf(stderr, "goprobe-index: %s\n", err->msg);
    return shell_exit_code(err);
}

static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    fprintf(stderr, "goprobe-index: %s\n", warning->msg);
}

/* 65 where blocks are damaged, 1 where -check found blocks without a record. */
static int
report(const struct godb_index_counts *counts, const struct options *options)
{
    printf("%" PRIu64 " days, %" PRIu64 " blocks: %" PRIu64 " indexed",
        counts->day_count, counts->block_count, counts->indexed_count);
    if (!options->is_check) printf(", %" PRIu64 " days new", counts->built_count);
    if (counts->bad_count > 0) printf(", %" PRIu64 " damaged", counts->bad_count);
    if (counts->busy_count > 0)
        printf(", %" PRIu64 " days left to their writers", counts->busy_count);
    putchar('\n');
    if (counts->bad_count > 0) return EX_DATAERR;
    return options->is_check && counts->indexed_count < counts->block_count;
}

static int
run(const struct options *options, const char *path, char **ifaces, size_t iface_count)
{
    const struct godb_selection sel = {
        iface_count > 0 ? (const char *const *)ifaces : NULL, iface_count,
        GODB_STAMP_MIN, GODB_STAMP_MAX};
    enum godb_index_mode mode = GODB_INDEX_MISSING;
    if (options->is_check) mode = GODB_INDEX_CHECK;
    if (options->is_rebuild) mode = GODB_INDEX_ALL;
    struct godb_index_counts counts;
    struct godb_err err = {0};
    struct godb *db;
    if (godb_open(&db, path, 0, &err) != GODB_OK) return fail(&err);
    int rc = godb_index(&counts, db, &sel, mode, warn, NULL, &err);
    godb_close(db);
    return rc == GODB_OK ? report(&counts, options) : fail(&err);
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
        puts("goprobe-index " GODB_VERSION);
        return EX_OK;
    }
    if (options.is_check && options.is_rebuild)
        shell_err(&err, GODB_EARG, "-check and -rebuild exclude each other");
    else if (rest == argc || argv[rest][0] == '\0')
        shell_err(&err, GODB_EARG, "no database given; -h shows the usage");
    if (err.status != GODB_OK) return fail(&err);
    return run(&options, argv[rest], argv + rest + 1, (size_t)(argc - rest - 1));
}
