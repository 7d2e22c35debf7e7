/* SPDX-License-Identifier: MIT
 *
 * meta.c -- see meta.h.
 */
#include "godb/meta.h"

#include <stdlib.h>
#include <string.h>

#include "godb/error.h"
#include "godb/json_file.h"

static const char META_FILE[] = "meta.json";

static const char *const undecoded_keys[GODB_UNDECODED_COUNT] = {
    [GODB_NOT_IP] = "packets_not_ip",
    [GODB_TRUNCATED] = "packets_truncated",
    [GODB_BAD_HEADER] = "packets_bad_header",
    [GODB_TOO_DEEP] = "packets_too_deep",
};

static int64_t
number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* Have we or goDB 2.x written the entry so?  Both write all of their keys. */
static bool
has_all_keys(const json_t *entry)
{
    static const char *const keys[] = {"pcap_packets_received", "pcap_packets_dropped",
        "pcap_packets_if_dropped", "packets_logged", "flowcount", "traffic"};
    int undecoded_count = 0;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (json_object_get(entry, keys[i]) == NULL) return false;
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        undecoded_count += json_object_get(entry, undecoded_keys[i]) != NULL;
    return undecoded_count == 0 || undecoded_count == GODB_UNDECODED_COUNT;
}

static bool
read_block(const json_t *entry, struct meta_block *out)
{
    out->time_s = number_of(entry, "timestamp");
    out->pcap.received = number_of(entry, "pcap_packets_received");
    out->pcap.dropped = number_of(entry, "pcap_packets_dropped");
    out->pcap.if_dropped = number_of(entry, "pcap_packets_if_dropped");
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        out->pcap.undecoded[i] = number_of(entry, undecoded_keys[i]);
    out->packets_logged = number_of(entry, "packets_logged");
    out->flow_count = number_of(entry, "flowcount");
    out->traffic_bytes = number_of(entry, "traffic");
    return out->time_s > 0;
}

static bool
lacks_keys(const json_t *blocks)
{
    const json_t *entry;
    size_t i;
    json_array_foreach(blocks, i, entry) if (!has_all_keys(entry)) return true;
    return false;
}

/* Where memory runs out jansson 2.14 drops letters of a long key, and says nothing: a
 * key that is missing is looked for twice, so that what it counts is not thrown away
 * when the file is written again. */
static int
read_root(json_t **out, int dir_fd, struct godb_err *err)
{
    int rc = json_file_read(out, dir_fd, META_FILE, err);
    if (rc != GODB_OK || !lacks_keys(json_object_get(*out, "blocks"))) return rc;
    json_decref(*out);
    return json_file_read(out, dir_fd, META_FILE, err);
}

static int
read_blocks(struct meta *out, const json_t *blocks, struct godb_err *err)
{
    if (!json_is_array(blocks))
        return err_set(err, GODB_ECORRUPT, "%s: no array \"blocks\"", META_FILE);
    for (size_t i = 0; i < json_array_size(blocks); i++) {
        struct meta_block block;
        if (!read_block(json_array_get(blocks, i), &block))
            return err_set(
                err, GODB_ECORRUPT, "%s: entry %zu has no timestamp", META_FILE, i);
        if (meta_add(out, &block) != GODB_OK) return err_nomem(err);
    }
    return GODB_OK;
}

int
meta_read(struct meta *out, int dir_fd, struct godb_err *err)
{
    json_t *root;
    memset(out, 0, sizeof *out);
    int rc = read_root(&root, dir_fd, err);
    if (rc != GODB_OK) return rc;
    rc = read_blocks(out, json_object_get(root, "blocks"), err);
    json_decref(root);
    if (rc != GODB_OK) meta_free(out);
    return rc;
}

static json_t *
block_json(const struct meta_block *block)
{
    json_t *json = json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "timestamp",
        (json_int_t)block->time_s, "pcap_packets_received",
        (json_int_t)block->pcap.received, "pcap_packets_dropped",
        (json_int_t)block->pcap.dropped, "pcap_packets_if_dropped",
        (json_int_t)block->pcap.if_dropped, "packets_logged",
        (json_int_t)block->packets_logged, "flowcount", (json_int_t)block->flow_count,
        "traffic", (json_int_t)block->traffic_bytes);
    for (int i = 0; i < GODB_UNDECODED_COUNT; i++)
        if (block->pcap.undecoded[i] >= 0 &&
            json_object_set_new(
                json, undecoded_keys[i], json_integer(block->pcap.undecoded[i])) != 0) {
            json_decref(json);
            return NULL;
        }
    return json;
}

static json_t *
meta_json(const struct meta *meta)
{
    json_t *blocks = json_array();
    for (size_t i = 0; i < meta->count; i++)
        if (json_array_append_new(blocks, block_json(&meta->blocks[i])) != 0) {
            json_decref(blocks);
            return NULL;
        }
    return json_pack("{s:o}", "blocks", blocks);
}

int
meta_write(int dir_fd, const struct meta *meta, struct godb_err *err)
{
    return json_file_write(dir_fd, META_FILE, meta_json(meta), err);
}

int
meta_add(struct meta *meta, const struct meta_block *block)
{
    if (meta->count == meta->capacity) {
        size_t capacity = meta->capacity ? meta->capacity * 2 : GODB_DAY_BLOCKS;
        void *more = realloc(meta->blocks, capacity * sizeof *meta->blocks);
        if (more == NULL) return GODB_ENOMEM;
        meta->blocks = more;
        meta->capacity = capacity;
    }
    meta->blocks[meta->count++] = *block;
    return GODB_OK;
}

const struct meta_block *
meta_find(const struct meta *meta, int64_t time_s)
{
    for (size_t i = 0; i < meta->count; i++)
        if (meta->blocks[i].time_s == time_s) return &meta->blocks[i];
    return NULL;
}

void
meta_free(struct meta *meta)
{
    free(meta->blocks);
    memset(meta, 0, sizeof *meta);
}
