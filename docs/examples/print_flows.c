/* SPDX-License-Identifier: MIT
 *
 * print_flows -- the flows of one interface as they are stored, block by block.
 *
 *      cc print_flows.c $(pkg-config --cflags --libs godb) -o print_flows
 *      ./print_flows /var/lib/goprobe/db eth0 -1h
 *
 * A scan gives columns, not rows: only those that are asked for are read, and
 * `selected` says which rows passed the filter.
 */
#include <godb/godb.h>

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static void
print_row(const struct godb_chunk *chunk, uint32_t i)
{
    char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
    godb_ip_format(sip, chunk->sip[i]);
    godb_ip_format(dip, chunk->dip[i]);
    /* What a layer 7 number means is the block's own matter. */
    printf("%" PRId64 " %s > %s port %u %s %" PRIu64 " %" PRIu64 "\n", chunk->time_s,
        sip, dip, chunk->dport[i], godb_l7_name(chunk->l7_names, chunk->l7proto[i]),
        chunk->counters[0][i], chunk->counters[1][i]);
}

static int
print_flows(struct godb *db, const struct godb_selection *sel, struct godb_err *err)
{
    const struct godb_scan_spec spec = {
        .sel = *sel,
        .columns = GODB_COLUMN_BIT(GODB_SIP) | GODB_COLUMN_BIT(GODB_DIP) |
                   GODB_COLUMN_BIT(GODB_DPORT) | GODB_COLUMN_BIT(GODB_L7PROTO) |
                   GODB_COLUMN_BIT(GODB_BYTES_RCVD) | GODB_COLUMN_BIT(GODB_BYTES_SENT),
    };
    struct godb_scan *scan = NULL;
    struct godb_chunk chunk;
    int rc = godb_scan_open(&scan, db, &spec, err);
    while (rc == GODB_OK && (rc = godb_scan_next(scan, &chunk, err)) == GODB_OK)
        for (uint32_t i = 0; i < chunk.selected_count; i++)
            print_row(&chunk, chunk.selected ? chunk.selected[i] : i);
    godb_scan_close(scan);
    return rc == GODB_DONE ? GODB_OK : rc;
}

int
main(int argc, char **argv)
{
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: print_flows DATABASE INTERFACE [FIRST]\n");
        return 2;
    }
    const char *const ifaces[] = {argv[2]};
    struct godb_selection sel = {.ifaces = ifaces,
        .iface_count = 1,
        .first_s = GODB_STAMP_MIN,
        .last_s = GODB_STAMP_MAX};
    struct godb_err err;
    struct godb *db = NULL;
    int rc = GODB_OK;
    if (argc == 4) rc = godb_time_parse(&sel.first_s, argv[3], time(NULL), &err);
    if (rc == GODB_OK) rc = godb_open(&db, argv[1], GODB_READ, &err);
    if (rc == GODB_OK) rc = print_flows(db, &sel, &err);
    if (rc != GODB_OK) fprintf(stderr, "print_flows: %s\n", err.msg);
    godb_close(db);
    return rc != GODB_OK;
}
