/* SPDX-License-Identifier: MIT
 *
 * export_flows -- the rows of a database in the form that a peer loads fastest.
 *
 *      shell_export_flows DATABASE csv > FILE       for DuckDB
 *      shell_export_flows DATABASE rowbinary > FILE for ClickHouse
 *      shell_export_flows DATABASE nfdump DIRECTORY for nfdump
 *
 * csv: time, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, packets_rcvd,
 * packets_sent; addresses as decimal numbers of up to 128 bits, IPv4 below 2^32.
 *
 * rowbinary: the same columns, little-endian; addresses are 16 bytes, IPv4 as
 * ::ffff:a.b.c.d.
 *
 * nfdump: one file a block, nfcapd.YYYYMMDDhhmm named by the begin of the interval in
 * UTC, in nfdump's file layout 2, not compressed (nfdump -J does that):
 *
 *      0  file header, 40 bytes: magic, layout, version, created, ..., number of blocks
 *     40  block header, 12 bytes: records, bytes, type 3
 *     52  records of type 11, each a header and three extensions: times and forward
 *         counters, addresses (4 or 6), reverse counters
 *
 * All little-endian; found by looking at what nfcapd 1.7.1 writes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "godb/godb.h"

/* --- Bytes -------------------------------------------------------------------- */

struct bytes {
    uint8_t *data;
    size_t length, room;
};

static void
put(struct bytes *out, const void *data, size_t length)
{
    if (out->length + length > out->room) {
        out->room = (out->room + length) * 2;
        out->data = realloc(out->data, out->room);
        if (out->data == NULL) abort();
    }
    memcpy(out->data + out->length, data, length);
    out->length += length;
}

static void
put_le(struct bytes *out, uint64_t value, int width_bytes)
{
    uint8_t raw[8];
    for (int i = 0; i < width_bytes; i++)
        raw[i] = (uint8_t)(value >> (8 * i));
    put(out, raw, (size_t)width_bytes);
}

static uint64_t
get_be(const uint8_t *raw, int width_bytes)
{
    uint64_t value = 0;
    for (int i = 0; i < width_bytes; i++)
        value = value << 8 | raw[i];
    return value;
}

/* --- CSV ---------------------------------------------------------------------- */

static char *
decimal(char *end, unsigned __int128 value)
{
    do
        *--end = (char)('0' + (int)(value % 10));
    while (value /= 10);
    return end;
}

static void
put_csv_ip(struct bytes *out, const uint8_t ip[GODB_IP_BYTES])
{
    char text[48];
    char *const end = text + sizeof text;
    const unsigned __int128 value =
        godb_ip_is_v4(ip) ? get_be(ip, 4)
                          : (unsigned __int128)get_be(ip, 8) << 64 | get_be(ip + 8, 8);
    const char *begin = decimal(end, value);
    put(out, begin, (size_t)(end - begin));
}

static void
put_csv(struct bytes *out, const struct godb_chunk *chunk, uint32_t row)
{
    char text[160];
    put(out, text, (size_t)sprintf(text, "%" PRId64 ",", chunk->time_s));
    put_csv_ip(out, chunk->sip[row]);
    put(out, ",", 1);
    put_csv_ip(out, chunk->dip[row]);
    const int length =
        sprintf(text, ",%u,%u,%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 "\n",
            chunk->dport[row], chunk->proto[row], chunk->l7proto[row],
            chunk->counters[0][row], chunk->counters[1][row], chunk->counters[2][row],
            chunk->counters[3][row]);
    put(out, text, (size_t)length);
}

/* --- ClickHouse's RowBinary ------------------------------------------------------ */

static void
put_mapped_ip(struct bytes *out, const uint8_t ip[GODB_IP_BYTES])
{
    if (!godb_ip_is_v4(ip)) {
        put(out, ip, GODB_IP_BYTES);
        return;
    }
    put(out, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
    put(out, ip, 4);
}

static void
put_rowbinary(struct bytes *out, const struct godb_chunk *chunk, uint32_t row)
{
    put_le(out, (uint64_t)chunk->time_s, 4);
    put_mapped_ip(out, chunk->sip[row]);
    put_mapped_ip(out, chunk->dip[row]);
    put_le(out, chunk->dport[row], 2);
    put_le(out, chunk->proto[row], 1);
    put_le(out, chunk->l7proto[row], 2);
    for (int i = 0; i < 4; i++)
        put_le(out, chunk->counters[i][row], 8);
}

/* --- nfdump ------------------------------------------------------------------- */

static void
put_nfdump_ips(struct bytes *out, const uint8_t *sip, const uint8_t *dip, bool v4)
{
    put_le(out, v4 ? 2 : 3, 2);
    put_le(out, v4 ? 12 : 36, 2);
    for (int i = 0; i < 2; i++) {
        const uint8_t *ip = i == 0 ? sip : dip;
        if (v4) {
            put_le(out, get_be(ip, 4), 4);
        } else {
            put_le(out, get_be(ip, 8), 8);
            put_le(out, get_be(ip + 8, 8), 8);
        }
    }
}

static void
put_nfdump(struct bytes *out, const struct godb_chunk *chunk, uint32_t row)
{
    enum { RECORD = 11, GENERIC = 1, REVERSE = 5, IPFIX = 10 };
    const bool v4 = godb_ip_is_v4(chunk->sip[row]);
    const uint64_t time_ms = (uint64_t)(chunk->time_s - 1) * 1000;
    put_le(out, RECORD, 2);
    put_le(out, v4 ? 12 + 52 + 12 + 28 : 12 + 52 + 36 + 28, 2);
    put_le(out, 3, 2); /* extensions */
    put_le(out, 0, 4); /* engine, exporter: none */
    put_le(out, 0, 1);
    put_le(out, IPFIX, 1);
    put_le(out, GENERIC, 2);
    put_le(out, 52, 2);
    for (int i = 0; i < 3; i++) /* first, last, received */
        put_le(out, time_ms, 8);
    put_le(out, chunk->counters[2][row], 8);
    put_le(out, chunk->counters[0][row], 8);
    put_le(out, 0, 2); /* source port */
    put_le(out, chunk->dport[row], 2);
    put_le(out, chunk->proto[row], 1);
    put_le(out, 0, 3); /* flags, status, service */
    put_nfdump_ips(out, chunk->sip[row], chunk->dip[row], v4);
    put_le(out, REVERSE, 2);
    put_le(out, 28, 2);
    put_le(out, 1, 8); /* flows */
    put_le(out, chunk->counters[3][row], 8);
    put_le(out, chunk->counters[1][row], 8);
}

static void
put_nfdump_headers(struct bytes *out, const struct godb_chunk *chunk, size_t body_bytes)
{
    put_le(out, 0xa50c, 2);
    put_le(out, 2, 2);
    put_le(out, 0x01070100, 4);
    put_le(out, (uint64_t)chunk->time_s, 8);
    put_le(out, 0, 4); /* not compressed, not encrypted, no appendix */
    put_le(out, 0, 4);
    put_le(out, 0, 8);
    put_le(out, 0, 4);
    put_le(out, 1, 4); /* blocks */
    put_le(out, chunk->selected_count, 4);
    put_le(out, body_bytes, 4);
    put_le(out, 3, 2);
    put_le(out, 0, 2);
}

static bool
write_nfdump_file(const char *directory, const struct godb_chunk *chunk,
    const struct bytes *body, struct bytes *head)
{
    char path[4096], name[32];
    const time_t begin_s = (time_t)chunk->time_s - 300;
    struct tm tm;
    strftime(name, sizeof name, "nfcapd.%Y%m%d%H%M", gmtime_r(&begin_s, &tm));
    if (snprintf(path, sizeof path, "%s/%s", directory, name) >= (int)sizeof path)
        return false;
    head->length = 0;
    put_nfdump_headers(head, chunk, body->length);
    FILE *file = fopen(path, "wb");
    if (file == NULL) return false;
    bool good = fwrite(head->data, head->length, 1, file) == 1;
    good = fwrite(body->data, body->length, 1, file) == 1 && good;
    return fclose(file) == 0 && good;
}

/* --- Export ------------------------------------------------------------------- */

struct form {
    const char *name;
    void (*put)(struct bytes *out, const struct godb_chunk *chunk, uint32_t row);
};

/* A step that visits all of count rows: prime to it. */
static uint32_t
scatter_step(uint32_t count)
{
    for (uint32_t step = 7919;; step++) {
        uint32_t a = step, b = count;
        while (b != 0) {
            const uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1) return step;
    }
}

/* A block's rows in no order, as a collector has them: the order in which we store them
 * is no gift to the peers. */
static void
put_rows(struct bytes *out, const struct form *form, const struct godb_chunk *chunk)
{
    const uint64_t step = scatter_step(chunk->row_count);
    out->length = 0;
    for (uint64_t i = 0; i < chunk->row_count; i++)
        form->put(out, chunk, (uint32_t)(i * step % chunk->row_count));
}

static int export(struct godb_scan *scan, const struct form *form,
    const char *directory, struct godb_err *err)
{
    struct bytes body = {0}, head = {0};
    struct godb_chunk chunk;
    int rc = GODB_OK;
    bool good = true;
    while (good && (rc = godb_scan_next(scan, &chunk, err)) == GODB_OK) {
        put_rows(&body, form, &chunk);
        good = directory != NULL ? write_nfdump_file(directory, &chunk, &body, &head)
                                 : fwrite(body.data, body.length, 1, stdout) == 1;
    }
    if (!good) perror(directory != NULL ? directory : "standard output");
    free(body.data);
    free(head.data);
    if (!good) return 1;
    if (rc != GODB_DONE) fprintf(stderr, "export_flows: %s\n", err->msg);
    return rc == GODB_DONE ? 0 : 1;
}

static const struct form *
form_of(int argc, char **argv)
{
    static const struct form forms[] = {
        {"csv", put_csv}, {"rowbinary", put_rowbinary}, {"nfdump", put_nfdump}};
    for (size_t i = 0; argc >= 3 && i < sizeof forms / sizeof forms[0]; i++)
        if (strcmp(argv[2], forms[i].name) == 0 && argc == (i == 2 ? 4 : 3))
            return &forms[i];
    return NULL;
}

int
main(int argc, char **argv)
{
    const struct form *form = form_of(argc, argv);
    if (form == NULL) {
        fprintf(stderr, "usage: %s DATABASE csv|rowbinary|nfdump DIRECTORY\n", argv[0]);
        return 64;
    }
    const struct godb_scan_spec spec = {
        .sel = {.first_s = GODB_STAMP_MIN, .last_s = GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL};
    struct godb *db = NULL;
    struct godb_scan *scan = NULL;
    struct godb_err err = {0};
    int rc = godb_open(&db, argv[1], GODB_READ, &err);
    if (rc == GODB_OK) rc = godb_scan_open(&scan, db, &spec, &err);
    if (rc == GODB_OK)
        rc = export(scan, form, argc == 4 ? argv[3] : NULL, &err);
    else
        fprintf(stderr, "export_flows: %s\n", err.msg);
    godb_scan_close(scan);
    godb_close(db);
    return rc == 0 ? 0 : 1;
}
