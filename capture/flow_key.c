/* SPDX-License-Identifier: MIT
 *
 * flow_key.c -- see flow_key.h.
 */
#include "capture/flow_key.h"

#include <stddef.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { TCP = 6, DNS = 53 };

uint32_t
flow_key_hash(const struct flow_key *key, uint64_t seed)
{
    return (uint32_t)XXH3_64bits_withSeed(key, sizeof *key, seed);
}

/* The last eight bytes of a key, in a register: the hash reads them as one word, which
 * had to wait for stores of single fields. */
static uint64_t
tail_of(uint16_t dport, uint16_t sport, uint16_t iface, uint8_t proto)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return dport | (uint64_t)sport << 16 | (uint64_t)iface << 32 |
           (uint64_t)proto << 48;
#else
    return (uint64_t)dport << 48 | (uint64_t)sport << 32 | (uint64_t)iface << 16 |
           (uint64_t)proto << 8;
#endif
}

static struct flow_key
make_key(const uint8_t *sip, const uint8_t *dip, uint64_t tail)
{
    struct flow_key key = {.zero = 0};
    _Static_assert(sizeof key == offsetof(struct flow_key, dport) + sizeof tail, "");
    memcpy(key.sip, sip, 16);
    memcpy(key.dip, dip, 16);
    memcpy(&key.dport, &tail, sizeof tail);
    return key;
}

static uint64_t
word(const uint8_t *ip)
{
    uint64_t value;
    memcpy(&value, ip, sizeof value);
    return value;
}

/* Is the packet's source the end that stands second in the key of a connection?  Any
 * order will do that is the other way round for the answer. */
static bool
is_second(const struct packet *packet)
{
    const uint64_t a = word(packet->sip), b = word(packet->dip);
    const uint64_t c = word(packet->sip + 8), d = word(packet->dip + 8);
    if (a != b) return a > b;
    if (c != d) return c > d;
    return packet->sport > packet->dport;
}

static void
place_connection(
    struct flow_place *out, const struct packet *packet, uint16_t iface, uint64_t seed)
{
    const bool turned = is_second(packet);
    const uint8_t *ends[2] = {packet->sip, packet->dip};
    const uint16_t ports[2] = {packet->sport, packet->dport};
    out->key = make_key(ends[turned], ends[!turned],
        tail_of(ports[!turned], ports[turned], iface, packet->proto));
    out->hash = flow_key_hash(&out->key, seed);
    out->is_forward = !turned;
    out->has_turned = false;
}

static void
place_request(
    struct flow_place *out, const struct packet *packet, uint16_t iface, uint64_t seed)
{
    out->key = make_key(
        packet->sip, packet->dip, tail_of(packet->dport, 0, iface, packet->proto));
    out->hash = flow_key_hash(&out->key, seed);
    out->is_forward = true;
    out->has_turned = true;
    out->turned = make_key(
        packet->dip, packet->sip, tail_of(packet->sport, 0, iface, packet->proto));
    out->turned_hash = flow_key_hash(&out->turned, seed);
}

void
flow_place_of(
    struct flow_place *out, const struct packet *packet, uint16_t iface, uint64_t seed)
{
    if (packet->proto == TCP && packet->sport != DNS && packet->dport != DNS)
        place_connection(out, packet, iface, seed);
    else
        place_request(out, packet, iface, seed);
}
