/* SPDX-License-Identifier: MIT
 *
 * group_key.c -- see group_key.h.
 */
#include "godb/group_key.h"

#include <string.h>

#include "godb/bytes.h"

/* Bytes of each dimension in a key; 0: as many as the layout gives an address. */
static const uint8_t dim_bytes[GODB_DIM_COUNT] = {
    [GODB_DIM_TIME] = 8,
    [GODB_DIM_IFACE] = 4,
    [GODB_DIM_SIP] = 0,
    [GODB_DIM_DIP] = 0,
    [GODB_DIM_DPORT] = 2,
    [GODB_DIM_PROTO] = 1,
    [GODB_DIM_L7PROTO] = 2,
    [GODB_DIM_L7_NAME] = 4,
    [GODB_DIM_L7_CATEGORY] = 4,
};

static bool
has(unsigned dims, enum godb_dim dim)
{
    return dims & GODB_DIM_BIT(dim);
}

void
key_layout_init(struct key_layout *layout, unsigned dims, uint8_t ip_bytes)
{
    unsigned bytes = 0;
    memset(layout, 0, sizeof *layout);
    layout->dims = dims;
    layout->ip_bytes = ip_bytes;
    for (int dim = 0; dim < GODB_DIM_COUNT; dim++) {
        if (!has(dims, (enum godb_dim)dim)) continue;
        layout->offset[dim] = (uint8_t)bytes;
        bytes += dim_bytes[dim] ? dim_bytes[dim] : ip_bytes;
    }
    layout->bytes = bytes;
    layout->words = (bytes + 7) / 8;
}

unsigned
key_columns(unsigned dims)
{
    unsigned columns = 0;
    if (has(dims, GODB_DIM_SIP)) columns |= GODB_COLUMN_BIT(GODB_SIP);
    if (has(dims, GODB_DIM_DIP)) columns |= GODB_COLUMN_BIT(GODB_DIP);
    if (has(dims, GODB_DIM_DPORT)) columns |= GODB_COLUMN_BIT(GODB_DPORT);
    if (has(dims, GODB_DIM_PROTO)) columns |= GODB_COLUMN_BIT(GODB_PROTO);
    if (has(dims, GODB_DIM_L7PROTO) || has(dims, GODB_DIM_L7_NAME) ||
        has(dims, GODB_DIM_L7_CATEGORY))
        columns |= GODB_COLUMN_BIT(GODB_L7PROTO);
    return columns;
}

/* --- Packing: one dimension at a time over the rows ------------------------------- */

struct target {
    uint8_t *at; /* the first key, or a dimension's place in it */
    size_t step; /* from key to key */
    const uint32_t *rows;
    size_t count;
};

static struct target
target_of(const struct key_layout *layout, enum godb_dim dim, struct target keys)
{
    keys.at += layout->offset[dim];
    return keys;
}

static void
put_constant(struct target to, const uint8_t *bytes, size_t width)
{
    for (size_t i = 0; i < to.count; i++)
        memcpy(to.at + i * to.step, bytes, width);
}

static void
put_ips(struct target to, const uint8_t (*ips)[GODB_IP_BYTES], uint8_t ip_bytes)
{
    if (ip_bytes == 4)
        for (size_t i = 0; i < to.count; i++)
            memcpy(to.at + i * to.step, ips[to.rows[i]], 4);
    else
        for (size_t i = 0; i < to.count; i++)
            memcpy(to.at + i * to.step, ips[to.rows[i]], GODB_IP_BYTES);
}

static void
put_u16s(struct target to, const uint16_t *values)
{
    for (size_t i = 0; i < to.count; i++)
        put_be16(to.at + i * to.step, values[to.rows[i]]);
}

static void
put_bytes(struct target to, const uint8_t *values)
{
    for (size_t i = 0; i < to.count; i++)
        to.at[i * to.step] = values[to.rows[i]];
}

typedef const char *l7_text_fn(const struct godb_l7_names *names, uint16_t id);

/* Neighbouring rows mostly carry the same id: look a name up only where it changes. */
static int
put_l7_texts(struct target to, const struct godb_chunk *chunk,
    const struct key_context *context, l7_text_fn *text_of)
{
    uint32_t code = UINT32_MAX;
    for (size_t i = 0; i < to.count; i++) {
        const uint16_t id = chunk->l7proto[to.rows[i]];
        if (i == 0 || id != chunk->l7proto[to.rows[i - 1]])
            code = context->l7_code(context->l7_arg, text_of(chunk->l7_names, id));
        if (code == UINT32_MAX) return GODB_ENOMEM;
        put_be32(to.at + i * to.step, code);
    }
    return GODB_OK;
}

static int
pack_l7(const struct key_layout *layout, const struct key_context *context,
    const struct godb_chunk *chunk, struct target keys)
{
    const unsigned dims = layout->dims;
    int rc = GODB_OK;
    if (has(dims, GODB_DIM_L7PROTO))
        put_u16s(target_of(layout, GODB_DIM_L7PROTO, keys), chunk->l7proto);
    if (has(dims, GODB_DIM_L7_NAME))
        rc = put_l7_texts(
            target_of(layout, GODB_DIM_L7_NAME, keys), chunk, context, godb_l7_name);
    if (rc == GODB_OK && has(dims, GODB_DIM_L7_CATEGORY))
        rc = put_l7_texts(target_of(layout, GODB_DIM_L7_CATEGORY, keys), chunk, context,
            godb_l7_category);
    return rc;
}

static void
pack_block_dims(const struct key_layout *layout, const struct key_context *context,
    const struct godb_chunk *chunk, struct target keys)
{
    uint8_t bytes[8];
    put_be64(bytes, (uint64_t)chunk->time_s);
    if (has(layout->dims, GODB_DIM_TIME))
        put_constant(target_of(layout, GODB_DIM_TIME, keys), bytes, 8);
    put_be32(bytes, context->iface);
    if (has(layout->dims, GODB_DIM_IFACE))
        put_constant(target_of(layout, GODB_DIM_IFACE, keys), bytes, 4);
}

/* What dimensions leave of the last word. */
static void
put_padding(const struct key_layout *layout, struct target keys)
{
    static const uint8_t zeros[8];
    if (layout->words == 0) return;
    keys.at += (layout->words - 1) * sizeof zeros;
    put_constant(keys, zeros, sizeof zeros);
}

int
key_pack(const struct key_layout *layout, const struct key_context *context,
    const struct godb_chunk *chunk, const uint32_t *rows, size_t count, uint64_t *keys,
    size_t step_words)
{
    const unsigned dims = layout->dims;
    const struct target all = {(uint8_t *)keys, step_words * sizeof *keys, rows, count};
    put_padding(layout, all);
    pack_block_dims(layout, context, chunk, all);
    if (has(dims, GODB_DIM_SIP))
        put_ips(target_of(layout, GODB_DIM_SIP, all), chunk->sip, layout->ip_bytes);
    if (has(dims, GODB_DIM_DIP))
        put_ips(target_of(layout, GODB_DIM_DIP, all), chunk->dip, layout->ip_bytes);
    if (has(dims, GODB_DIM_DPORT))
        put_u16s(target_of(layout, GODB_DIM_DPORT, all), chunk->dport);
    if (has(dims, GODB_DIM_PROTO))
        put_bytes(target_of(layout, GODB_DIM_PROTO, all), chunk->proto);
    return pack_l7(layout, context, chunk, all);
}

/* --- Numbers ---------------------------------------------------------------------- */

/* Where rows are in a row, which most are, the compiler makes vectors of them. */
static bool
is_run(const uint32_t *rows, size_t count)
{
    return rows[count - 1] - rows[0] == count - 1;
}

/* A number's bits of a byte of the key. */
static unsigned
shift_of(unsigned offset)
{
    static const uint8_t shifts[KEY_NUMBER_BYTES] = {8, 0, 16};
    return shifts[offset];
}

static void
add_bytes(uint32_t *numbers, const uint32_t *rows, size_t count, const uint8_t *values,
    unsigned offset)
{
    const unsigned shift = shift_of(offset);
    const uint8_t *run = values + rows[0];
    if (is_run(rows, count))
        for (size_t i = 0; i < count; i++)
            numbers[i] |= (uint32_t)run[i] << shift;
    else
        for (size_t i = 0; i < count; i++)
            numbers[i] |= (uint32_t)values[rows[i]] << shift;
}

static void
add_u16s(uint32_t *numbers, const uint32_t *rows, size_t count, const uint16_t *values,
    unsigned offset)
{
    const unsigned high = shift_of(offset), low = shift_of(offset + 1);
    const uint16_t *run = values + rows[0];
    if (is_run(rows, count) && high == 8 && low == 0)
        for (size_t i = 0; i < count; i++)
            numbers[i] |= run[i];
    else
        for (size_t i = 0; i < count; i++) {
            const uint32_t value = values[rows[i]];
            numbers[i] |= (value >> 8) << high | (value & 0xff) << low;
        }
}

bool
key_has_number(const struct key_layout *layout)
{
    return layout->bytes > 0 && layout->bytes <= KEY_NUMBER_BYTES;
}

void
key_numbers(const struct key_layout *layout, const struct godb_chunk *chunk,
    const uint32_t *rows, size_t count, uint32_t *numbers)
{
    const uint8_t *offset = layout->offset;
    memset(numbers, 0, count * sizeof *numbers);
    if (has(layout->dims, GODB_DIM_DPORT))
        add_u16s(numbers, rows, count, chunk->dport, offset[GODB_DIM_DPORT]);
    if (has(layout->dims, GODB_DIM_PROTO))
        add_bytes(numbers, rows, count, chunk->proto, offset[GODB_DIM_PROTO]);
    if (has(layout->dims, GODB_DIM_L7PROTO))
        add_u16s(numbers, rows, count, chunk->l7proto, offset[GODB_DIM_L7PROTO]);
}

/* --- Unpacking -------------------------------------------------------------------- */

void
key_unpack(const struct key_layout *layout, const uint64_t *key,
    const char (*ifaces)[GODB_IFACE_MAX], const struct intern *l7, struct godb_row *out)
{
    const uint8_t *bytes = (const uint8_t *)key;
    const uint8_t *offset = layout->offset;
    const unsigned dims = layout->dims;
    if (has(dims, GODB_DIM_TIME))
        out->time_s = (int64_t)get_be64(bytes + offset[GODB_DIM_TIME]);
    if (has(dims, GODB_DIM_IFACE))
        out->iface = ifaces[get_be32(bytes + offset[GODB_DIM_IFACE])];
    if (has(dims, GODB_DIM_SIP))
        memcpy(out->sip, bytes + offset[GODB_DIM_SIP], layout->ip_bytes);
    if (has(dims, GODB_DIM_DIP))
        memcpy(out->dip, bytes + offset[GODB_DIM_DIP], layout->ip_bytes);
    if (has(dims, GODB_DIM_DPORT))
        out->dport = get_be16(bytes + offset[GODB_DIM_DPORT]);
    if (has(dims, GODB_DIM_PROTO)) out->proto = bytes[offset[GODB_DIM_PROTO]];
    if (has(dims, GODB_DIM_L7PROTO))
        out->l7proto = get_be16(bytes + offset[GODB_DIM_L7PROTO]);
    if (has(dims, GODB_DIM_L7_NAME))
        out->l7_name = intern_text(l7, get_be32(bytes + offset[GODB_DIM_L7_NAME]));
    if (has(dims, GODB_DIM_L7_CATEGORY))
        out->l7_category =
            intern_text(l7, get_be32(bytes + offset[GODB_DIM_L7_CATEGORY]));
}
