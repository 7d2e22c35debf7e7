/* SPDX-License-Identifier: MIT
 *
 * csv_export.c -- see csv_export.h.
 *
 * l7proto is the number, so that an import gives the same flows; l7_name and
 * l7_category say what it means, which depends on the library that found it.
 */
#include "shell/csv_export.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/csv_field.h"
#include "shell/shell_err.h"

static const char header[] =
    "time,iface,sip,dip,dport,proto,l7proto,l7_name,l7_category,bytes_rcvd,"
    "bytes_sent,packets_rcvd,packets_sent\n";

struct export
{
    FILE *out;
    const char *name; /* of the file, for messages */
    uint64_t row_count, warning_count;
};

static void
warn(void *arg, const struct godb_err *warning)
{
    struct export *export = arg;
    export->warning_count++;
    fprintf(stderr, "goconvert: warning: %s\n", warning->msg);
}

/* --- Rows ------------------------------------------------------------------------- */

static void
print_row(FILE *out, const struct godb_chunk *chunk, uint32_t row)
{
    char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
    const uint16_t l7proto = chunk->l7proto[row];
    godb_ip_format(sip, chunk->sip[row]);
    godb_ip_format(dip, chunk->dip[row]);
    fprintf(out, "%" PRId64 ",", chunk->time_s);
    csv_field_print(out, chunk->iface);
    fprintf(out, ",%s,%s,%u,%u,%u,", sip, dip, chunk->dport[row], chunk->proto[row],
        l7proto);
    csv_field_print(out, godb_l7_name(chunk->l7_names, l7proto));
    fputc(',', out);
    csv_field_print(out, godb_l7_category(chunk->l7_names, l7proto));
    for (int i = 0; i < 4; i++)
        fprintf(out, ",%" PRIu64, chunk->counters[i][row]);
    fputc('\n', out);
}

static int
print_all(struct export *export, struct godb_scan *scan, struct godb_err *err)
{
    struct godb_chunk chunk;
    int rc;
    fputs(header, export->out);
    while ((rc = godb_scan_next(scan, &chunk, err)) == GODB_OK) {
        for (uint32_t i = 0; i < chunk.selected_count; i++)
            print_row(export->out, &chunk, chunk.selected ? chunk.selected[i] : i);
        export->row_count += chunk.selected_count;
        if (ferror(export->out)) return shell_err_sys(err, errno, "%s", export->name);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

/* --- Interfaces ------------------------------------------------------------------- */

/* Parts `list`, which is changed, at its commas; *out is for free(3). */
static int
part_ifaces(const char ***out, size_t *out_count, char *list, struct godb_err *err)
{
    size_t count = 1;
    for (const char *c = list; *c; c++)
        count += *c == ',';
    *out = calloc(count, sizeof **out);
    if (*out == NULL) return shell_err(err, GODB_ENOMEM, "out of memory");
    *out_count = 0;
    for (char *name; (name = strsep(&list, ",")) != NULL;)
        (*out)[(*out_count)++] = name;
    return GODB_OK;
}

static int
export_from(struct export *export, struct godb *db, const char *const *ifaces,
    size_t iface_count, struct godb_err *err)
{
    /* By interface, and in it by time, as an import wants them. */
    const struct godb_scan_spec spec = {
        .sel = {ifaces, iface_count, GODB_STAMP_MIN, GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL,
        .block_order = {{GODB_BLOCK_IFACE, false}, {GODB_BLOCK_TIME, false}},
        .block_order_count = 2,
        .warn = warn,
        .warn_arg = export,
    };
    struct godb_scan *scan;
    int rc = godb_scan_open(&scan, db, &spec, err);
    if (rc != GODB_OK) return rc;
    rc = print_all(export, scan, err);
    godb_scan_close(scan);
    return rc;
}

static int
export_db(struct export *export, const char *db_path, const char *ifaces,
    struct godb_err *err)
{
    struct godb *db;
    const char **names = NULL;
    size_t count = 0;
    char *list = NULL;
    int rc = godb_open(&db, db_path, GODB_READ, err);
    if (rc != GODB_OK) return rc;
    if (ifaces && strcasecmp(ifaces, "ANY") != 0) {
        list = strdup(ifaces);
        rc = list ? part_ifaces(&names, &count, list, err)
                  : shell_err(err, GODB_ENOMEM, "out of memory");
    }
    if (rc == GODB_OK) rc = export_from(export, db, names, count, err);
    free(names);
    free(list);
    godb_close(db);
    return rc;
}

/* --- Files ------------------------------------------------------------------------ */

static int
finish_file(FILE *out, int rc, const char *from, const char *to, struct godb_err *err)
{
    if (rc == GODB_OK && fflush(out) != 0) rc = shell_err_sys(err, errno, "%s", to);
    if (fclose(out) != 0 && rc == GODB_OK) rc = shell_err_sys(err, errno, "%s", to);
    if (rc == GODB_OK && rename(from, to) != 0)
        rc = shell_err_sys(err, errno, "%s", to);
    if (rc != GODB_OK) unlink(from);
    return rc;
}

/* Something other than a plain file, /dev/stdout or a link, is not to be replaced. */
static bool
is_special(const char *file)
{
    struct stat status;
    return lstat(file, &status) == 0 && !S_ISREG(status.st_mode);
}

static int
export_in_place(struct export *export, const char *db_path, const char *ifaces,
    const char *file, struct godb_err *err)
{
    export->out = fopen(file, "we");
    if (export->out == NULL) return shell_err_sys(err, errno, "%s", file);
    int rc = export_db(export, db_path, ifaces, err);
    if (fclose(export->out) != 0 && rc == GODB_OK)
        rc = shell_err_sys(err, errno, "%s", file);
    return rc;
}

static int
export_file(struct export *export, const char *db_path, const char *ifaces,
    const char *file, struct godb_err *err)
{
    char *temporary = NULL;
    if (asprintf(&temporary, "%s.%ld.new", file, (long)getpid()) < 0)
        return shell_err(err, GODB_ENOMEM, "out of memory");
    export->out = fopen(temporary, "we");
    int rc = export->out ? export_db(export, db_path, ifaces, err)
                         : shell_err_sys(err, errno, "%s", temporary);
    if (export->out) rc = finish_file(export->out, rc, temporary, file, err);
    free(temporary);
    return rc;
}

int
csv_export_run(const char *db_path, const char *ifaces, const char *file,
    uint64_t *out_rows, struct godb_err *err)
{
    const bool is_stdout = strcmp(file, "-") == 0;
    struct export export = {
        .out = stdout, .name = is_stdout ? "standard output" : file};
    int rc = is_stdout          ? export_db(&export, db_path, ifaces, err)
             : is_special(file) ? export_in_place(&export, db_path, ifaces, file, err)
                                : export_file(&export, db_path, ifaces, file, err);
    if (is_stdout && rc == GODB_OK && (fflush(stdout) != 0 || ferror(stdout)))
        rc = shell_err_sys(err, errno, "standard output");
    if (rc == GODB_OK && export.warning_count > 0)
        rc = shell_err(err, GODB_ECORRUPT, "%" PRIu64 " blocks could not be read",
            export.warning_count);
    if (out_rows) *out_rows = export.row_count;
    return rc;
}
