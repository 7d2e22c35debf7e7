/* SPDX-License-Identifier: MIT
 *
 * live.h -- the answer of a goprobe, put together for tests.
 */
#ifndef TESTS_LIVE_H
#define TESTS_LIVE_H

#include "godb/bytes.h"
#include "tests/store.h"

struct live_text {
    uint8_t bytes[256 << 10];
    size_t count;
};

static inline void
live_put(struct live_text *to, const void *bytes, size_t count)
{
    if (to->count + count > sizeof to->bytes) abort();
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
}

static inline void
live_put_number(struct live_text *to, uint64_t value, size_t width)
{
    uint8_t bytes[8];
    put_be64(bytes, value);
    live_put(to, bytes + 8 - width, width);
}

static inline void
live_put_text(struct live_text *to, const char *text)
{
    live_put_number(to, strlen(text), 1);
    live_put(to, text, strlen(text));
}

/* Two names, 7 HTTP and 91 TLS, and so many interfaces to follow. */
static inline void
live_begin(struct live_text *to, uint32_t iface_count)
{
    to->count = 0;
    live_put(to, "GODBLIV1", 8);
    live_put_number(to, 2, 4);
    live_put_number(to, iface_count, 4);
    live_put_text(to, "nDPI 4.2.0");
    live_put_number(to, 7, 2);
    live_put_text(to, "HTTP");
    live_put_text(to, "Web");
    live_put_number(to, 91, 2);
    live_put_text(to, "TLS");
    live_put_text(to, "Secure");
}

static inline void
live_put_flow(struct live_text *to, const struct godb_flow *flow)
{
    live_put(to, flow->sip, 16);
    live_put(to, flow->dip, 16);
    live_put_number(to, flow->proto, 1);
    live_put_number(to, flow->dport, 2);
    live_put_number(to, flow->l7proto, 2);
    live_put_number(to, flow->bytes_rcvd, 8);
    live_put_number(to, flow->bytes_sent, 8);
    live_put_number(to, flow->packets_rcvd, 8);
    live_put_number(to, flow->packets_sent, 8);
}

/* An interface with flows first..first + count - 1 of store.h. */
static inline void
live_put_iface(struct live_text *to, const char *name, int64_t written_s,
    int64_t time_s, uint64_t first, uint32_t count)
{
    live_put_text(to, name);
    live_put_number(to, (uint64_t)written_s, 8);
    live_put_number(to, (uint64_t)time_s, 8);
    live_put_number(to, count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const struct godb_flow flow = store_flow(first + i);
        live_put_flow(to, &flow);
    }
}

#endif
