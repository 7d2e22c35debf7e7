/* SPDX-License-Identifier: MIT
 *
 * live_parse.c -- a goprobe's answer as blocks in memory; see live.h.
 */
#include <stdlib.h>
#include <string.h>

#include "godb/bytes.h"
#include "godb/error.h"
#include "godb/live.h"

enum { IFACES_MAX = 4096, NAMES_MAX = UINT16_MAX + 1, ROW_BYTES = 69 };

static const char MAGIC[] = "GODBLIV1";

/* What is left to read.  take() is the one place that hands bytes out. */
struct cursor {
    const uint8_t *at;
    size_t left;
};

static const uint8_t *
take(struct cursor *c, size_t count)
{
    if (count > c->left) return NULL;
    const uint8_t *bytes = c->at;
    c->at += count;
    c->left -= count;
    return bytes;
}

static int
broken(struct godb_err *err, const char *what)
{
    return err_set(err, GODB_ECORRUPT, "the goprobe's answer is broken: %s", what);
}

/* Text with its length in front, as a string in *to, which moves on. */
static bool
take_text(struct cursor *c, char **to)
{
    const uint8_t *length = take(c, 1);
    const uint8_t *text = length ? take(c, *length) : NULL;
    if (text == NULL || memchr(text, '\0', *length) != NULL) return false;
    memcpy(*to, text, *length);
    (*to)[*length] = '\0';
    *to += *length + 1;
    return true;
}

/* --- Names ------------------------------------------------------------------------ */

/* Library and entries into texts and entries, which have room. */
static bool
take_entries(
    struct cursor *c, struct godb_l7_entry *entries, uint32_t count, char *texts)
{
    if (!take_text(c, &texts)) return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *id = take(c, 2);
        if (id == NULL) return false;
        entries[i].id = get_be16(id);
        entries[i].name = texts;
        if (!take_text(c, &texts)) return false;
        entries[i].category = texts;
        if (!take_text(c, &texts)) return false;
    }
    return true;
}

static int
parse_names(
    struct godb_live *live, struct cursor *c, uint32_t count, struct godb_err *err)
{
    if (count > NAMES_MAX || count > c->left / 4) return broken(err, "names");
    /* Each text has a length in front, for which its NUL has room behind it. */
    char *texts = malloc(c->left + 1);
    struct godb_l7_entry *entries = calloc((size_t)count + 1, sizeof *entries);
    int rc = texts && entries ? GODB_OK : err_nomem(err);
    if (rc == GODB_OK && !take_entries(c, entries, count, texts))
        rc = broken(err, "names");
    if (rc == GODB_OK && count > 0)
        rc = godb_l7_names_new(&live->owned_names, texts, entries, count, err);
    if (rc == GODB_EARG) rc = broken(err, "names");
    live->names = live->owned_names ? live->owned_names : godb_l7_libprotoident();
    free(texts);
    free(entries);
    return rc;
}

/* --- Blocks ----------------------------------------------------------------------- */

/* One allocation, with the widest columns first so that each is aligned. */
static int
make_columns(struct live_block *block, struct godb_err *err)
{
    static const enum godb_column by_width[GODB_COLUMN_COUNT] = {GODB_SIP, GODB_DIP,
        GODB_BYTES_RCVD, GODB_BYTES_SENT, GODB_PACKETS_RCVD, GODB_PACKETS_SENT,
        GODB_DPORT, GODB_L7PROTO, GODB_PROTO};
    uint8_t *memory = malloc((size_t)block->row_count * ROW_BYTES + 1);
    if (memory == NULL) return err_nomem(err);
    for (int i = 0; i < GODB_COLUMN_COUNT; i++) {
        block->columns[by_width[i]] = memory;
        memory += (size_t)block->row_count * godb_columns[by_width[i]].width_bytes;
    }
    return GODB_OK;
}

static void
fill_row(struct live_block *block, uint32_t row, const uint8_t *from)
{
    uint8_t(*sip)[GODB_IP_BYTES] = block->columns[GODB_SIP];
    uint8_t(*dip)[GODB_IP_BYTES] = block->columns[GODB_DIP];
    memcpy(sip[row], from, GODB_IP_BYTES);
    memcpy(dip[row], from + 16, GODB_IP_BYTES);
    ((uint8_t *)block->columns[GODB_PROTO])[row] = from[32];
    ((uint16_t *)block->columns[GODB_DPORT])[row] = get_be16(from + 33);
    ((uint16_t *)block->columns[GODB_L7PROTO])[row] = get_be16(from + 35);
    for (size_t i = 0; i < 4; i++)
        ((uint64_t *)block->columns[GODB_BYTES_RCVD + i])[row] =
            get_be64(from + 37 + 8 * i);
}

static int
parse_rows(struct live_block *block, struct cursor *c, struct godb_err *err)
{
    if (block->row_count > c->left / ROW_BYTES) return broken(err, "rows");
    int rc = make_columns(block, err);
    if (rc != GODB_OK) return rc;
    const uint8_t *rows = take(c, (size_t)block->row_count * ROW_BYTES);
    for (uint32_t row = 0; row < block->row_count; row++)
        fill_row(block, row, rows + (size_t)row * ROW_BYTES);
    return GODB_OK;
}

static bool
parse_head(struct live_block *block, struct cursor *c)
{
    char name[UINT8_MAX + 1], *end = name;
    if (!take_text(c, &end) || godb_iface_check(name, NULL) != GODB_OK) return false;
    const uint8_t *numbers = take(c, 20);
    if (numbers == NULL) return false;
    memcpy(block->iface, name, (size_t)(end - name));
    block->written_s = (int64_t)get_be64(numbers);
    block->time_s = (int64_t)get_be64(numbers + 8);
    block->row_count = get_be32(numbers + 16);
    return block->written_s >= 0 && block->time_s > block->written_s &&
           block->time_s <= GODB_STAMP_MAX;
}

static int
compare_blocks(const void *a, const void *b)
{
    const struct live_block *one = a, *two = b;
    return strcmp(one->iface, two->iface);
}

static int
parse_blocks(
    struct godb_live *live, struct cursor *c, uint32_t count, struct godb_err *err)
{
    if (count > IFACES_MAX) return broken(err, "interfaces");
    live->blocks = calloc((size_t)count + 1, sizeof *live->blocks);
    if (live->blocks == NULL) return err_nomem(err);
    for (; live->count < count; live->count++) {
        struct live_block *block = &live->blocks[live->count];
        if (!parse_head(block, c)) return broken(err, "interfaces");
        int rc = parse_rows(block, c, err);
        if (rc != GODB_OK) return rc;
    }
    if (count > 1) qsort(live->blocks, count, sizeof *live->blocks, compare_blocks);
    for (uint32_t i = 1; i < count; i++)
        if (compare_blocks(&live->blocks[i - 1], &live->blocks[i]) == 0)
            return broken(err, "an interface comes twice");
    return c->left == 0 ? GODB_OK : broken(err, "more than there should be");
}

int
live_parse(struct godb_live **out, const uint8_t *bytes, size_t count_bytes,
    struct godb_err *err)
{
    struct cursor c = {bytes, count_bytes};
    const uint8_t *head = take(&c, 16);
    if (head == NULL || memcmp(head, MAGIC, 8) != 0)
        return broken(err, "it does not begin as one");
    struct godb_live *live = calloc(1, sizeof *live);
    if (live == NULL) return err_nomem(err);
    int rc = parse_names(live, &c, get_be32(head + 8), err);
    if (rc == GODB_OK) rc = parse_blocks(live, &c, get_be32(head + 12), err);
    if (rc != GODB_OK) {
        godb_live_free(live);
        return rc;
    }
    *out = live;
    return GODB_OK;
}

void
godb_live_free(struct godb_live *live)
{
    if (live == NULL) return;
    /* The block that failed is behind those that count. */
    for (size_t i = 0; live->blocks && i < live->count; i++)
        free(live->blocks[i].columns[GODB_SIP]);
    free(live->blocks);
    godb_l7_names_free(live->owned_names);
    free(live);
}

/* --- Selecting -------------------------------------------------------------------- */

const struct live_block *
live_find(const struct godb_live *live, const char *iface)
{
    for (size_t i = 0; live && i < live->count; i++)
        if (strcmp(live->blocks[i].iface, iface) == 0) return &live->blocks[i];
    return NULL;
}

int64_t
live_stored_until(const struct godb_live *live, const char *iface)
{
    const struct live_block *block = live_find(live, iface);
    return block ? block->written_s : INT64_MAX;
}

static bool
is_selected(const struct live_block *block, const struct godb_selection *sel)
{
    if (block->row_count == 0 || block->time_s < sel->first_s ||
        block->time_s > sel->last_s)
        return false;
    for (size_t i = 0; sel->ifaces && i < sel->iface_count; i++)
        if (strcmp(sel->ifaces[i], block->iface) == 0) return true;
    return sel->ifaces == NULL;
}

int
live_add_days(struct day_list *list, const struct godb_live *live,
    const struct godb_selection *sel, struct godb_err *err)
{
    for (size_t i = 0; live && i < live->count; i++) {
        if (!is_selected(&live->blocks[i], sel)) continue;
        int rc = day_list_add(list, live->blocks[i].iface, DAY_LIVE, err);
        if (rc != GODB_OK) return rc;
    }
    return GODB_OK;
}
