/* SPDX-License-Identifier: MIT
 *
 * Any text as a condition: it is refused in one line that points into the text, or it
 * is a filter whose canonical text parses to itself and selects the same rows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "godb/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    ROWS = 64,
    TEXT_MAX_BYTES = 2000 /* so that the canonical text is no longer than allowed */
};

/* Few different values, so that equalities meet some. */
struct rows {
    uint8_t ips[ROWS][GODB_IP_BYTES];
    uint8_t proto[ROWS];
    uint16_t ports[ROWS];
};

static void
fill(struct rows *rows)
{
    static const char *const addresses[] = {
        "10.0.0.1", "192.0.2.1", "2001:db8::1", "::1", "0.0.0.0"};
    for (int i = 0; i < ROWS; i++) {
        godb_ip_parse(rows->ips[i], addresses[i % 5]);
        rows->proto[i] = (uint8_t)(i % 7 * 3);
        rows->ports[i] = (uint16_t)(i % 11 * 40);
    }
}

static const void *
column_of(void *arg, enum godb_column col)
{
    const struct rows *rows = arg;
    if (col == GODB_SIP || col == GODB_DIP) return rows->ips;
    if (col == GODB_PROTO) return rows->proto;
    if (col == GODB_DPORT || col == GODB_L7PROTO) return rows->ports;
    abort(); /* no condition names a counter */
}

static int
resolve(void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max)
{
    (void)arg;
    if (max < 2 || host[0] == 'x') return -1;
    godb_ip_parse(out[0], "10.0.0.1");
    godb_ip_parse(out[1], "2001:db8::1");
    return host[0] == 'y' ? 2 : 1;
}

static uint32_t
select_rows(const struct godb_filter *filter, uint32_t *selected)
{
    struct rows rows;
    struct filter_scratch scratch = {NULL, 0};
    const struct filter_source source = {
        column_of, &rows, godb_l7_libprotoident(), ROWS};
    uint32_t count;
    fill(&rows);
    if (filter_select(filter, &source, &scratch, selected, &count) != GODB_OK) abort();
    filter_scratch_free(&scratch);
    return count;
}

static void
check_same(const struct godb_filter *a, const struct godb_filter *b)
{
    uint32_t of_a[ROWS], of_b[ROWS];
    const uint32_t count = select_rows(a, of_a);
    if (select_rows(b, of_b) != count) abort();
    if (memcmp(of_a, of_b, count * sizeof *of_a) != 0) abort();
    if (godb_filter_columns(a) != godb_filter_columns(b)) abort();
}

static void
check_round_trip(const struct godb_filter *filter)
{
    struct godb_filter *again;
    char *once = godb_filter_text(filter);
    if (once == NULL) abort();
    if (godb_filter_parse(&again, once, NULL, NULL, NULL, NULL) != GODB_OK) abort();
    char *twice = godb_filter_text(again);
    if (twice == NULL) abort();
    check_same(filter, again);
    godb_filter_free(again);
    if (godb_filter_parse(&again, twice, NULL, NULL, NULL, NULL) != GODB_OK) abort();
    check_same(filter, again);
    godb_filter_free(again);
    free(once);
    free(twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct godb_filter *filter;
    struct godb_err err = {GODB_OK, 0, ""};
    size_t at = SIZE_MAX;
    if (size > TEXT_MAX_BYTES) return 0;
    char *text = malloc(size + 1);
    if (text == NULL) return 0;
    if (size > 0) memcpy(text, data, size);
    text[size] = '\0';
    const int rc = godb_filter_parse(&filter, text, resolve, NULL, &at, &err);
    if (rc == GODB_OK) {
        check_round_trip(filter);
        godb_filter_free(filter);
    } else if (rc != GODB_EARG || at > strlen(text) || strchr(err.msg, '\n')) {
        abort();
    }
    free(text);
    return 0;
}
