/* SPDX-License-Identifier: MIT
 *
 * view_bytes.c -- see view_bytes.h.
 */
#include "capture/view_bytes.h"

#include <string.h>

enum { NAMES = 512, ROW_BYTES = 69, BUFFER_BYTES = 64 << 10 };

/* Bytes on their way; without put they are only counted. */
struct stream {
    view_bytes_put_fn *put;
    void *arg;
    uint64_t size;
    size_t used;
    bool has_failed;
    uint8_t buffer[BUFFER_BYTES];
};

static void
flush(struct stream *s)
{
    if (s->used > 0 && s->put && !s->has_failed)
        s->has_failed = !s->put(s->arg, s->buffer, s->used);
    s->used = 0;
}

static void
put_bytes(struct stream *s, const void *bytes, size_t count)
{
    s->size += count;
    if (s->put == NULL) return;
    if (s->used + count > sizeof s->buffer) flush(s);
    memcpy(s->buffer + s->used, bytes, count);
    s->used += count;
}

/* Big-endian, the lower `width` bytes. */
static void
put_number(struct stream *s, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> 8 * (width - 1 - i));
    put_bytes(s, bytes, width);
}

static void
put_text(struct stream *s, const char *text)
{
    const size_t length = strnlen(text, UINT8_MAX);
    put_number(s, length, 1);
    put_bytes(s, text, length);
}

/* --- Parts ------------------------------------------------------------------------ */

static void
put_names(struct stream *s, const struct godb_l7_names *names)
{
    put_text(s, names ? godb_l7_library(names) : "");
    for (uint16_t id = 0; names && id < NAMES; id++) {
        put_number(s, id, 2);
        put_text(s, godb_l7_name(names, id));
        put_text(s, godb_l7_category(names, id));
    }
}

static void
put_row(struct stream *s, const struct godb_flow *flow)
{
    put_bytes(s, flow->sip, GODB_IP_BYTES);
    put_bytes(s, flow->dip, GODB_IP_BYTES);
    put_number(s, flow->proto, 1);
    put_number(s, flow->dport, 2);
    put_number(s, flow->l7proto, 2);
    put_number(s, flow->bytes_rcvd, 8);
    put_number(s, flow->bytes_sent, 8);
    put_number(s, flow->packets_rcvd, 8);
    put_number(s, flow->packets_sent, 8);
}

/* Rows are by interface. */
static size_t
put_iface(struct stream *s, const struct view *view, size_t i, size_t at)
{
    const struct view_iface *iface = &view->ifaces[i];
    const struct rotation *rows = view->rows;
    size_t end = at;
    while (end < rows->count && rows->rows[end].iface == i)
        end++;
    if (iface->name[0] == '\0') return end;
    /* Of one that has had no block since the start all that is there was stored. */
    const int64_t written_s =
        iface->written_s >= 0 ? iface->written_s : view->stamp_s - 1;
    put_text(s, iface->name);
    put_number(s, (uint64_t)written_s, 8);
    put_number(
        s, (uint64_t)(view->stamp_s > written_s ? view->stamp_s : written_s + 1), 8);
    put_number(s, end - at, 4);
    if (s->put == NULL) s->size += (uint64_t)(end - at) * ROW_BYTES;
    for (; s->put && !s->has_failed && at < end; at++)
        put_row(s, &rows->rows[at].flow);
    return end;
}

static uint32_t
count_ifaces(const struct view *view)
{
    uint32_t count = 0;
    for (size_t i = 0; i < view->iface_count; i++)
        count += view->ifaces[i].name[0] != '\0';
    return count;
}

static void
put_view(struct stream *s, const struct view *view, const struct godb_l7_names *names)
{
    size_t at = 0;
    put_bytes(s, "GODBLIV1", 8);
    put_number(s, names ? NAMES : 0, 4);
    put_number(s, count_ifaces(view), 4);
    put_names(s, names);
    for (size_t i = 0; i < view->iface_count; i++)
        at = put_iface(s, view, i, at);
    flush(s);
}

uint64_t
view_bytes_size(const struct view *view, const struct godb_l7_names *names)
{
    struct stream s = {.put = NULL};
    put_view(&s, view, names);
    return s.size;
}

bool
view_bytes_send(const struct view *view, const struct godb_l7_names *names,
    view_bytes_put_fn *put, void *arg)
{
    struct stream s = {.put = put, .arg = arg};
    put_view(&s, view, names);
    return !s.has_failed;
}
