/* SPDX-License-Identifier: MIT
 *
 * top_talkers -- who sent and got the most, over all interfaces and times.
 *
 *      cc top_talkers.c $(pkg-config --cflags --libs godb) -o top_talkers
 *      ./top_talkers /var/lib/goprobe/db 'dport = 443'
 *
 * godb_aggregate() does in one call what SQL does with traffic: filter, group, sum,
 * sort and cut, on all cores.
 */
#include <godb/godb.h>

#include <inttypes.h>
#include <stdio.h>

/* Told about blocks that cannot be read; the others still answer. */
static void
warn(void *arg, const struct godb_err *warning)
{
    (void)arg;
    fprintf(stderr, "skipped: %s\n", warning->msg);
}

static int
print(struct godb_result *result, struct godb_err *err)
{
    const uint64_t total = godb_result_totals(result)[GODB_SUM_BYTES];
    struct godb_row row;
    int rc;
    while ((rc = godb_result_next(result, &row, err)) == GODB_OK) {
        char sip[GODB_IP_TEXT];
        godb_ip_format(sip, row.sip);
        printf("%-39s %12" PRIu64 " bytes %5.1f %%\n", sip, row.sums[GODB_SUM_BYTES],
            total > 0 ? 100.0 * (double)row.sums[GODB_SUM_BYTES] / (double)total : 0);
    }
    return rc == GODB_DONE ? GODB_OK : rc;
}

int
main(int argc, char **argv)
{
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: top_talkers DATABASE [CONDITION]\n");
        return 2;
    }
    struct godb_err err;
    struct godb *db = NULL;
    struct godb_filter *filter = NULL;
    struct godb_result *result = NULL;

    int rc = godb_open(&db, argv[1], GODB_READ, &err);
    if (rc == GODB_OK)
        rc = godb_filter_parse(
            &filter, argc == 3 ? argv[2] : "", NULL, NULL, NULL, &err);
    if (rc == GODB_OK) {
        const struct godb_aggregate_spec spec = {
            .scan = {.sel = {.first_s = GODB_STAMP_MIN, .last_s = GODB_STAMP_MAX},
                .filter = filter,
                .warn = warn},
            .dims = GODB_DIM_BIT(GODB_DIM_SIP),
            .sums = GODB_SUM_BIT(GODB_SUM_BYTES),
            .order = {{.key = GODB_KEY_SUM + GODB_SUM_BYTES, .descending = true}},
            .order_count = 1,
            .limit = 10,
        };
        rc = godb_aggregate(&result, db, &spec, &err);
    }
    if (rc == GODB_OK) rc = print(result, &err);
    if (rc != GODB_OK) fprintf(stderr, "top_talkers: %s\n", err.msg);
    /* Each takes NULL. */
    godb_result_free(result);
    godb_filter_free(filter);
    godb_close(db);
    return rc != GODB_OK;
}
