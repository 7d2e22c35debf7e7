/* SPDX-License-Identifier: MIT
 *
 * append_block -- store flows of one's own: one block, all of it or nothing.
 *
 *      cc append_block.c $(pkg-config --cflags --libs godb) -o append_block
 *      echo '10.0.0.1 192.0.2.7 443 6 1000 200 5 3' |
 *          ./append_block /tmp/db lab0 1700006700
 *
 * Lines are sip dip dport proto, bytes and packets received, bytes and packets sent.
 * Each stamp has to be later than the interface's last block.
 */
#include <godb/godb.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool
parse(struct godb_flow *flow, const char *line)
{
    char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
    *flow = (struct godb_flow){0};
    return sscanf(line,
               "%45s %45s %" SCNu16 " %" SCNu8 " %" SCNu64 " %" SCNu64 " %" SCNu64
               " %" SCNu64,
               sip, dip, &flow->dport, &flow->proto, &flow->bytes_rcvd,
               &flow->packets_rcvd, &flow->bytes_sent, &flow->packets_sent) == 8 &&
           godb_ip_parse(flow->sip, sip) && godb_ip_parse(flow->dip, dip);
}

/* False, having said why, where a line is no flow. */
static bool
read_block(struct godb_block *block, FILE *from)
{
    char line[256];
    struct godb_flow flow;
    for (int number = 1; fgets(line, sizeof line, from) != NULL; number++) {
        if (!parse(&flow, line)) {
            fprintf(stderr, "append_block: line %d is no flow\n", number);
            return false;
        }
        if (godb_block_add(block, &flow) != GODB_OK) return false;
    }
    return true;
}

static int
append(struct godb *db, const char *iface, int64_t time_s, struct godb_block *block,
    struct godb_err *err)
{
    struct godb_writer *writer = NULL;
    int rc = godb_writer_open(&writer, db, iface, NULL, NULL, NULL, err);
    if (rc == GODB_OK) rc = godb_writer_append(writer, time_s, block, NULL, err);
    /* Nobody sees the block before this, and everybody after it. */
    if (rc == GODB_OK) rc = godb_writer_commit(writer, err);
    godb_writer_close(writer);
    return rc;
}

int
main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: append_block DATABASE INTERFACE STAMP <FLOWS\n");
        return 2;
    }
    struct godb_err err = {.status = GODB_OK};
    struct godb *db = NULL;
    struct godb_block *block = NULL;
    int rc = godb_block_new(&block);
    if (rc == GODB_OK && !read_block(block, stdin)) {
        godb_block_free(block);
        return 1;
    }
    if (rc == GODB_OK) rc = godb_open(&db, argv[1], GODB_CREATE, &err);
    if (rc == GODB_OK)
        rc = append(db, argv[2], strtoll(argv[3], NULL, 10), block, &err);
    if (rc != GODB_OK)
        fprintf(stderr, "append_block: %s\n", *err.msg ? err.msg : "out of memory");
    godb_block_free(block);
    godb_close(db);
    return rc != GODB_OK;
}
