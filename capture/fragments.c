/* SPDX-License-Identifier: MIT
 *
 * fragments.c -- see fragments.h.
 */
#include "capture/fragments.h"

#include <string.h>
#include <xxhash.h>

static size_t
slot_of(const struct packet *packet)
{
    uint8_t key[41];
    memcpy(key, packet->sip, 16);
    memcpy(key + 16, packet->dip, 16);
    memcpy(key + 32, &packet->fragment_id, 4);
    memcpy(key + 36, &packet->ifindex, 4);
    key[40] = packet->fragment_proto;
    return XXH3_64bits(key, sizeof key) % FRAGMENTS_SLOTS;
}

void
fragments_apply(struct fragments *fragments, struct packet *packet)
{
    if (!packet->is_fragment) return;
    const size_t slot = slot_of(packet);
    if (packet->is_first_fragment) {
        memcpy(fragments->slots[slot].sip, packet->sip, 16);
        memcpy(fragments->slots[slot].dip, packet->dip, 16);
        fragments->slots[slot].id = packet->fragment_id;
        fragments->slots[slot].ifindex = packet->ifindex;
        fragments->slots[slot].sport = packet->sport;
        fragments->slots[slot].dport = packet->dport;
        fragments->slots[slot].proto = packet->proto;
        fragments->slots[slot].fragment_proto = packet->fragment_proto;
        fragments->slots[slot].has_ports = packet->has_ports;
        fragments->slots[slot].is_used = true;
        return;
    }
    if (!fragments->slots[slot].is_used ||
        fragments->slots[slot].id != packet->fragment_id ||
        fragments->slots[slot].ifindex != packet->ifindex ||
        fragments->slots[slot].fragment_proto != packet->fragment_proto ||
        memcmp(fragments->slots[slot].sip, packet->sip, 16) != 0 ||
        memcmp(fragments->slots[slot].dip, packet->dip, 16) != 0)
        return;
    packet->proto = fragments->slots[slot].proto;
    packet->sport = fragments->slots[slot].sport;
    packet->dport = fragments->slots[slot].dport;
    packet->has_ports = fragments->slots[slot].has_ports;
}
