/* SPDX-License-Identifier: MIT
 *
 * scan.c -- flows, block by block, over interfaces and days in order.
 */
#include "godb/scan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "godb/block_reader.h"
#include "godb/error.h"
#include "godb/filter.h"
#include "godb/fsutil.h"

/* --- Names in the filter ------------------------------------------------------------
 */

struct l7_search {
    const struct day_list *days;
    const char *root;
};

static bool
day_knows(const struct l7_search *search, const struct day_ref *ref, const char *name)
{
    char path[GODB_PATH_MAX];
    struct l7_spaces spaces;
    bool found = false;
    int length = snprintf(path, sizeof path, "%s/%s/%" PRId64, search->root,
        search->days->ifaces[ref->iface], ref->day_s);
    if (length < 0 || (size_t)length >= sizeof path) return false;
    int dir_fd = fs_open_dir(AT_FDCWD, path);
    if (dir_fd < 0) return false;
    if (l7_file_read(&spaces, dir_fd, NULL) == GODB_OK) {
        for (size_t i = 0; i < spaces.count && !found; i++)
            found = godb_l7_id(spaces.spaces[i].names, name) >= 0;
        l7_spaces_free(&spaces);
    }
    close(dir_fd);
    return found;
}

static bool
is_known(void *arg, const char *name)
{
    const struct l7_search *search = arg;
    if (godb_l7_id(godb_l7_libprotoident(), name) >= 0) return true;
    for (size_t i = 0; i < search->days->count; i++)
        if (day_knows(search, &search->days->days[i], name)) return true;
    return false;
}

int
scan_days(struct day_list *out, struct godb *db, const struct godb_scan_spec *spec,
    struct godb_err *err)
{
    int rc = day_list_make(out, db, &spec->sel, err);
    if (rc != GODB_OK || spec->filter == NULL || out->count == 0) return rc;
    struct l7_search search = {out, godb_root(db)};
    const char *unknown = filter_unknown_l7_name(spec->filter, is_known, &search);
    if (unknown == NULL) return GODB_OK;
    err_set(err, GODB_EARG,
        "condition: no layer 7 protocol is called '%s' in the days asked for", unknown);
    day_list_free(out);
    return GODB_EARG;
}

/* --- The scan
 * ------------------------------------------------------------------------- */

struct godb_scan {
    struct godb *db;
    struct godb_scan_spec spec;
    struct day_list days;
    size_t next_day;
    struct block_reader reader;
};

int
godb_scan_open(struct godb_scan **out, struct godb *db,
    const struct godb_scan_spec *spec, struct godb_err *err)
{
    struct godb_scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL) return err_nomem(err);
    scan->db = db;
    scan->spec = *spec;
    int rc = scan_days(&scan->days, db, spec, err);
    if (rc != GODB_OK) {
        free(scan);
        return rc;
    }
    block_reader_init(&scan->reader, &scan->spec);
    *out = scan;
    return GODB_OK;
}

int
godb_scan_next(struct godb_scan *scan, struct godb_chunk *out, struct godb_err *err)
{
    for (;;) {
        int rc = block_reader_next(&scan->reader, out, err);
        if (rc != GODB_DONE) return rc;
        if (scan->next_day >= scan->days.count) return GODB_DONE;
        const struct day_ref *ref = &scan->days.days[scan->next_day++];
        rc = block_reader_enter(&scan->reader, godb_root(scan->db),
            scan->days.ifaces[ref->iface], ref->day_s, err);
        if (rc != GODB_OK) return rc;
    }
}

void
godb_scan_close(struct godb_scan *scan)
{
    if (scan == NULL) return;
    block_reader_free(&scan->reader);
    day_list_free(&scan->days);
    free(scan);
}
