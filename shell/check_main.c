/* SPDX-License-Identifier: MIT
 *
 * check_main.c -- goprobe-check: find what is wrong with a database, and repair it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/go_flags.h"
#include "shell/output.h"
#include "shell/printable.h"
#include "shell/progress.h"
#include "shell/shell_err.h"

/* As fsck's, in their order: nothing; something that does no harm to answers, or was
 * repaired; flows that cannot be read, or not as they were written; no check at all. */
enum { EXIT_CLEAN = 0, EXIT_WARNINGS = 1, EXIT_DAMAGE = 2, EXIT_CANNOT = 3 };

struct options {
    bool is_repair, is_quiet, is_help, is_version;
    const char *format;
};

enum { FLAG_COUNT = 7 };

static void
bind_flags(struct go_flag out[FLAG_COUNT], struct options *options)
{
    const struct go_flag flags[FLAG_COUNT] = {
        {.name = "repair",
            .on = &options->is_repair,
            .help = "put right what can be without losing anything; what has to go is\n"
                    "moved to .quarantine in the database"},
        {.name = "e",
            .text = &options->format,
            .arg = "format",
            .help = "of the report: txt or json"},
        {.name = "q",
            .on = &options->is_quiet,
            .help =
                "print warnings and damage alone: no notes, no progress, no totals"},
        {.name = "h", .on = &options->is_help, .help = "show this help"},
        {.name = "version", .on = &options->is_version, .help = "show the version"},
        {.name = "help", .on = &options->is_help},
        {.name = "format", .text = &options->format},
    };
    memcpy(out, flags, sizeof flags);
}

static void
print_usage(FILE *out, const struct go_flag flags[FLAG_COUNT])
{
    fputs("usage: goprobe-check [-repair] [-e txt|json] [-q] DATABASE [INTERFACE...]\n"
          "Read a whole database and report every problem.  See goprobe-check(8).\n\n",
        out);
    go_flags_usage(out, flags, FLAG_COUNT);
}

static int
fail(const struct godb_err *err)
{
    fprintf(stderr, "goprobe-check: %s\n", err->msg);
    return EXIT_CANNOT;
}

/* --- Report ----------------------------------------------------------------------- */

struct printer {
    const struct options *options;
    bool is_json;
    uint64_t problem_count;
    struct progress progress;
};

static const char *
severity_name(enum godb_severity severity)
{
    static const char *const names[] = {"note", "warning", "damage"};
    return names[severity];
}

static const char *
repair_name(enum godb_repair repair)
{
    static const char *const names[] = {"none", "possible", "done", "failed"};
    return names[repair];
}

static void
print_json(struct printer *printer, const struct godb_problem *problem)
{
    printf("%s{\"severity\":\"%s\",\"kind\":\"%s\",\"file\":",
        printer->problem_count > 0 ? ",\n" : "", severity_name(problem->severity),
        problem->kind);
    output_json_string(stdout, problem->path);
    if (problem->iface) {
        fputs(",\"iface\":", stdout);
        output_json_string(stdout, problem->iface);
    }
    if (problem->time_s) printf(",\"block\":%" PRId64, problem->time_s);
    fputs(",\"reason\":", stdout);
    output_json_string(stdout, problem->reason);
    printf(",\"repair\":\"%s\"}", repair_name(problem->repair));
}

static void
print_text(const struct godb_problem *problem)
{
    static const char *const remedies[] = {
        "", " [can be repaired]", " [repaired]", " [not repaired]"};
    printf("%s: ", severity_name(problem->severity));
    print_printable(stdout, problem->path);
    if (problem->time_s) printf(": block %" PRId64, problem->time_s);
    fputs(": ", stdout);
    print_printable(stdout, problem->reason);
    puts(remedies[problem->repair]);
}

static void
print_problem(struct printer *printer, const struct godb_problem *problem)
{
    if (problem->severity == GODB_NOTE && printer->options->is_quiet) return;
    progress_hide(&printer->progress);
    if (printer->is_json)
        print_json(printer, problem);
    else
        print_text(problem);
    printer->problem_count++;
}

static void
print_json_counts(const struct godb_check_counts *counts)
{
    printf("],\n\"counts\":{\"interfaces\":%" PRIu64 ",\"days\":%" PRIu64
           ",\"blocks\":%" PRIu64 ",\"flows\":%" PRIu64 ",\"damaged_blocks\":%" PRIu64,
        counts->iface_count, counts->day_count, counts->block_count, counts->flow_count,
        counts->bad_block_count);
    printf(",\"notes\":%" PRIu64 ",\"warnings\":%" PRIu64 ",\"damages\":%" PRIu64
           ",\"repaired\":%" PRIu64 ",\"busy_interfaces\":%" PRIu64 "}}\n",
        counts->note_count, counts->warning_count, counts->damage_count,
        counts->repaired_count, counts->busy_count);
}

static void
print_counts(const struct godb_check_counts *counts)
{
    printf("%" PRIu64 " interfaces, %" PRIu64 " days, %" PRIu64 " blocks, %" PRIu64
           " flows: ",
        counts->iface_count, counts->day_count, counts->block_count,
        counts->flow_count);
    printf("%" PRIu64 " damages, %" PRIu64 " warnings, %" PRIu64 " notes",
        counts->damage_count, counts->warning_count, counts->note_count);
    if (counts->bad_block_count > 0)
        printf("; %" PRIu64 " blocks cannot be read", counts->bad_block_count);
    if (counts->repaired_count > 0)
        printf("; %" PRIu64 " repaired", counts->repaired_count);
    if (counts->busy_count > 0)
        printf("; %" PRIu64 " interfaces are being written to: side files of their "
               "newest days were left out",
            counts->busy_count);
    putchar('\n');
}

/* What is left counts; something that was repaired was not clean. */
struct verdict {
    bool has_damage, has_any;
};

static int
exit_code(const struct verdict *verdict)
{
    if (verdict->has_damage) return EXIT_DAMAGE;
    return verdict->has_any ? EXIT_WARNINGS : EXIT_CLEAN;
}

struct run {
    struct printer printer;
    struct verdict verdict;
};

static void
take_progress(void *arg, uint64_t day, uint64_t day_count, uint64_t flow_count)
{
    struct run *run = arg;
    progress_show(&run->printer.progress, day, day_count, flow_count);
}

static void
take_problem(void *arg, const struct godb_problem *problem)
{
    struct run *run = arg;
    run->verdict.has_damage |=
        problem->severity == GODB_DAMAGE && problem->repair != GODB_REPAIRED;
    run->verdict.has_any |= problem->severity != GODB_NOTE;
    print_problem(&run->printer, problem);
}

static int
check(const struct options *options, struct godb *db, char **ifaces, size_t count)
{
    struct run run = {.printer = {.options = options,
                          .is_json = strcmp(options->format, "json") == 0,
                          .progress = progress_start(stderr, "checking")}};
    const struct godb_check_spec spec = {
        .ifaces = count > 0 ? (const char *const *)ifaces : NULL,
        .iface_count = count,
        .does_repair = options->is_repair,
        .problem = take_problem,
        .progress = options->is_quiet ? NULL : take_progress,
        .arg = &run,
    };
    struct godb_check_counts counts;
    struct godb_err err = {0};
    if (run.printer.is_json) fputs("{\"problems\":[\n", stdout);
    int rc = godb_check(&counts, db, &spec, &err);
    progress_hide(&run.printer.progress);
    if (run.printer.is_json)
        print_json_counts(&counts);
    else if (rc == GODB_OK && !options->is_quiet)
        print_counts(&counts);
    if (rc != GODB_OK) return fail(&err);
    if (fflush(stdout) == 0 && !ferror(stdout)) return exit_code(&run.verdict);
    shell_err(&err, GODB_EIO, "the report cannot be written");
    return fail(&err);
}

static int
run(const struct options *options, const char *path, char **ifaces, size_t iface_count)
{
    struct godb_err err = {0};
    struct godb *db;
    const unsigned flags = options->is_repair ? GODB_WRITE : GODB_READ;
    if (godb_open(&db, path, flags, &err) != GODB_OK) return fail(&err);
    const int code = check(options, db, ifaces, iface_count);
    godb_close(db);
    return code;
}

int
main(int argc, char **argv)
{
    struct options options = {.format = "txt"};
    struct go_flag flags[FLAG_COUNT];
    struct godb_err err = {0};
    bind_flags(flags, &options);
    int rest = go_flags_parse(flags, FLAG_COUNT, argc, argv, &err);
    if (rest < 0) return fail(&err);
    if (options.is_help) {
        options = (struct options){.format = "txt"};
        print_usage(stdout, flags);
        return EXIT_CLEAN;
    }
    if (options.is_version) {
        puts("goprobe-check " GODB_VERSION);
        return EXIT_CLEAN;
    }
    if (strcmp(options.format, "txt") != 0 && strcmp(options.format, "json") != 0)
        shell_err(&err, GODB_EARG, "-e: '%s' is neither txt nor json", options.format);
    else if (rest == argc || argv[rest][0] == '\0')
        shell_err(&err, GODB_EARG, "no database given; -h shows the usage");
    if (err.status != GODB_OK) return fail(&err);
    return run(&options, argv[rest], argv + rest + 1, (size_t)(argc - rest - 1));
}
