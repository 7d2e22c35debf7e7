/* SPDX-License-Identifier: MIT
 *
 * maintain.c -- see maintain.h.
 */
#include "shell/maintain.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "shell/shell_err.h"

static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    fprintf(stderr, "goquery: warning: %s\n", warning->msg);
}

static void
print_counts(FILE *out, const struct godb_clean_counts *counts)
{
    char size[OUTPUT_NUMBER];
    output_human_bytes(size, (double)counts->disk_bytes);
    fprintf(out, "%" PRIu64 " days with %" PRIu64 " flows, %s", counts->day_count,
        counts->flow_count, size);
}

/* Yes, and nothing else, is yes. */
static bool
says_yes(void)
{
    char line[16] = "";
    if (fgets(line, sizeof line, stdin) == NULL) return false;
    line[strcspn(line, "\n")] = '\0';
    return strcmp(line, "y") == 0 || strcmp(line, "yes") == 0;
}

/* GODB_DONE: the answer is no. */
static int
ask(const struct goquery_options *options, const struct godb_clean_counts *counts,
    struct godb_err *err)
{
    const char *flag = options->mode == GOQUERY_WIPE ? "-wipe" : "-clean";
    if (options->is_yes) return GODB_OK;
    if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return shell_err(err, GODB_EARG,
            "%s: nobody can be asked here; with -yes it deletes without asking", flag);
    fprintf(stderr, "%s: delete ", options->scope.db);
    print_counts(stderr, counts);
    fputs("? [y/N] ", stderr);
    return says_yes() ? GODB_OK : GODB_DONE;
}

static void
report(FILE *out, const struct godb_clean_counts *counts)
{
    fputs("deleted ", out);
    print_counts(out, counts);
    if (counts->busy_count > 0)
        fprintf(out, "; %" PRIu64 " days left to their writers", counts->busy_count);
    if (counts->kept_count > 0)
        fprintf(out, "; %" PRIu64 " directories hold files that are not goDB's",
            counts->kept_count);
    fputc('\n', out);
}

static int
clean(FILE *out, const struct goquery_options *options, int64_t before_s,
    struct godb_err *err)
{
    struct godb_clean_counts counts;
    struct godb *db;
    int rc = godb_open(&db, options->scope.db, GODB_WRITE, err);
    if (rc != GODB_OK) return rc;
    rc = godb_clean(&counts, db, before_s, true, NULL, NULL, err);
    if (rc == GODB_OK) rc = ask(options, &counts, err);
    if (rc == GODB_OK) rc = godb_clean(&counts, db, before_s, false, warn, NULL, err);
    if (rc == GODB_OK) report(out, &counts);
    if (rc == GODB_DONE) fputs("nothing deleted\n", out);
    godb_close(db);
    return rc == GODB_DONE ? GODB_OK : rc;
}

int
maintain(FILE *out, const struct goquery_options *options, struct godb_err *err)
{
    if (options->mode == GOQUERY_WIPE) return clean(out, options, GODB_STAMP_MAX, err);
    if (options->clean_before_s > time(NULL))
        return shell_err(err, GODB_EARG, "-clean: %" PRId64 " lies in the future",
            options->clean_before_s);
    return clean(out, options, options->clean_before_s, err);
}
