/* SPDX-License-Identifier: MIT
 *
 * mkdb -- a small database for the tests of SQL, the same every time.
 *
 *      eth0   2023-11-14 23:55 .. 2023-11-15 00:05   3 blocks of 20 flows, over
 * midnight eth1   2023-11-15 00:00                       1 block of 10 flows
 *
 * Its flows are those of store_flow(), numbered 0..59 and 60..69.
 */
#include "tests/store.h"

#define MIDNIGHT INT64_C(1700006400)

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: mkdb DIR\n");
        return 2;
    }
    struct godb_err err;
    struct godb *db = store_open(argv[1], GODB_CREATE);
    int rc = GODB_OK;
    for (int i = 0; i < 3 && rc == GODB_OK; i++)
        rc = store_append(
            db, "eth0", MIDNIGHT + (i - 1) * 300, (uint64_t)i * 20, 20, &err);
    if (rc == GODB_OK) rc = store_append(db, "eth1", MIDNIGHT, 60, 10, &err);
    if (rc != GODB_OK) fprintf(stderr, "mkdb: %s\n", err.msg);
    godb_close(db);
    return rc != GODB_OK;
}
