/* SPDX-License-Identifier: MIT
 *
 * csv_flow.c -- see csv_flow.h.
 *
 *      lengths 3 | proto 1 | dport 2 | l7proto 2 | sip 4 or 16 | dip | counters 0 to 8
 *
 * For this process alone: numbers are in the machine's own order, but for counters,
 * whose low bytes come first.
 */
#include "shell/csv_flow.h"

#include <endian.h>
#include <string.h>

enum { HEAD = 8, V4_BYTES = 4 };

static unsigned
length_of(uint64_t counter)
{
    return counter ? (71 - (unsigned)__builtin_clzll(counter)) / 8 : 0;
}

static uint8_t *
put_counter(uint8_t *to, uint64_t counter, unsigned length)
{
    counter = htole64(counter);
    memcpy(to, &counter, sizeof counter);
    return to + length;
}

static const uint8_t *
get_counter(uint64_t *out, const uint8_t *from, unsigned length)
{
    uint64_t value;
    memcpy(&value, from, sizeof value);
    *out = length ? le64toh(value) & UINT64_MAX >> (64 - 8 * length) : 0;
    return from + length;
}

static uint8_t *
put_ip(uint8_t *to, const uint8_t ip[GODB_IP_BYTES], bool is_v4)
{
    memcpy(to, ip, GODB_IP_BYTES);
    return to + (is_v4 ? V4_BYTES : GODB_IP_BYTES);
}

static const uint8_t *
get_ip(uint8_t ip[GODB_IP_BYTES], const uint8_t *from, bool is_v4)
{
    memcpy(ip, from, GODB_IP_BYTES);
    if (!is_v4) return from + GODB_IP_BYTES;
    memset(ip + V4_BYTES, 0, GODB_IP_BYTES - V4_BYTES);
    return from + V4_BYTES;
}

size_t
csv_flow_put(uint8_t to[CSV_FLOW_MAX], const struct godb_flow *flow)
{
    const uint64_t counters[4] = {
        flow->bytes_rcvd, flow->bytes_sent, flow->packets_rcvd, flow->packets_sent};
    const bool sip_is_v4 = godb_ip_is_v4(flow->sip),
               dip_is_v4 = godb_ip_is_v4(flow->dip);
    unsigned lengths[4];
    for (int i = 0; i < 4; i++)
        lengths[i] = length_of(counters[i]);
    to[0] = (uint8_t)(lengths[0] | lengths[1] << 4);
    to[1] = (uint8_t)(lengths[2] | lengths[3] << 4);
    to[2] = (uint8_t)(sip_is_v4 | dip_is_v4 << 1);
    to[3] = flow->proto;
    memcpy(to + 4, &flow->dport, 2);
    memcpy(to + 6, &flow->l7proto, 2);
    uint8_t *at = put_ip(to + HEAD, flow->sip, sip_is_v4);
    at = put_ip(at, flow->dip, dip_is_v4);
    for (int i = 0; i < 4; i++)
        at = put_counter(at, counters[i], lengths[i]);
    return (size_t)(at - to);
}

size_t
csv_flow_get(struct godb_flow *out, const uint8_t from[CSV_FLOW_MAX])
{
    out->proto = from[3];
    memcpy(&out->dport, from + 4, 2);
    memcpy(&out->l7proto, from + 6, 2);
    const uint8_t *at = get_ip(out->sip, from + HEAD, from[2] & 1);
    at = get_ip(out->dip, at, from[2] & 2);
    at = get_counter(&out->bytes_rcvd, at, from[0] & 15);
    at = get_counter(&out->bytes_sent, at, from[0] >> 4);
    at = get_counter(&out->packets_rcvd, at, from[1] & 15);
    at = get_counter(&out->packets_sent, at, from[1] >> 4);
    return (size_t)(at - from);
}
