/* SPDX-License-Identifier: MIT
 *
 * seen.c -- see seen.h.
 */
#include "vtab/seen.h"

#include <string.h>

#include <sqlite3ext.h>

SQLITE_EXTENSION_INIT3

enum { SLOTS = 16384 }; /* 1 MiB: most of a cache */

#define BLOCK_FIELDS (FIELD_BIT(FIELD_TIME) | FIELD_BIT(FIELD_IFACE))
#define NAME_FIELDS  (FIELD_BIT(FIELD_L7_NAME) | FIELD_BIT(FIELD_L7_CATEGORY))
#define ARGUMENTS                                                                      \
    (FIELD_BIT(FIELD_CONDITION) | FIELD_BIT(FIELD_FIRST) | FIELD_BIT(FIELD_LAST))
#define ROW_FIELDS                                                                     \
    (FIELD_BIT(FIELD_SIP) | FIELD_BIT(FIELD_DIP) | FIELD_BIT(FIELD_DPORT) |            \
        FIELD_BIT(FIELD_PROTO) | FIELD_BIT(FIELD_PROTO_NAME) |                         \
        FIELD_BIT(FIELD_L7PROTO) | NAME_FIELDS)

/* What the fields are made of; the others are zero. */
struct seen_key {
    uint64_t sip[2], dip[2];
    int64_t time_s;
    const char *iface; /* one pointer an interface, as long as the scan lasts */
    uint32_t is_used;
    uint16_t dport, l7proto;
    uint64_t proto;
};

bool
seen_can(unsigned fields)
{
    return fields != 0 && !(fields & ~(BLOCK_FIELDS | ROW_FIELDS | ARGUMENTS));
}

int
seen_begin(struct seen *seen, unsigned fields)
{
    seen->fields = fields;
    seen->is_by_block = !(fields & ROW_FIELDS);
    seen->slots = sqlite3_malloc64(SLOTS * sizeof *seen->slots);
    if (seen->slots == NULL) return SQLITE_NOMEM;
    memset(seen->slots, 0, SLOTS * sizeof *seen->slots);
    return SQLITE_OK;
}

void
seen_end(struct seen *seen)
{
    sqlite3_free(seen->slots);
    seen->slots = NULL;
}

static bool
has(const struct seen *seen, unsigned fields)
{
    return seen->fields & fields;
}

/* Names mean the same within a block; the next one may have another name space. */
static void
fill_key(struct seen_key *key, const struct seen *seen, const struct godb_chunk *chunk,
    uint32_t row)
{
    memset(key, 0, sizeof *key);
    key->is_used = 1;
    if (has(seen, FIELD_BIT(FIELD_TIME) | NAME_FIELDS)) key->time_s = chunk->time_s;
    if (has(seen, FIELD_BIT(FIELD_IFACE) | NAME_FIELDS)) key->iface = chunk->iface;
    if (has(seen, FIELD_BIT(FIELD_SIP))) memcpy(key->sip, chunk->sip[row], 16);
    if (has(seen, FIELD_BIT(FIELD_DIP))) memcpy(key->dip, chunk->dip[row], 16);
    if (has(seen, FIELD_BIT(FIELD_DPORT))) key->dport = chunk->dport[row];
    if (has(seen, FIELD_BIT(FIELD_L7PROTO) | NAME_FIELDS))
        key->l7proto = chunk->l7proto[row];
    if (has(seen, FIELD_BIT(FIELD_PROTO) | FIELD_BIT(FIELD_PROTO_NAME)))
        key->proto = chunk->proto[row];
}

static struct seen_key *
slot_of(const struct seen *seen, const struct seen_key *key)
{
    uint64_t words[sizeof *key / 8], hash = 0;
    memcpy(words, key, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        hash = (hash ^ words[i] ^ hash >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return &seen->slots[(hash >> 32) % SLOTS];
}

bool
seen_before(struct seen *seen, const struct godb_chunk *chunk, uint32_t row)
{
    struct seen_key key;
    fill_key(&key, seen, chunk, row);
    struct seen_key *slot = slot_of(seen, &key);
    if (memcmp(slot, &key, sizeof key) == 0) return true;
    *slot = key;
    return false;
}
