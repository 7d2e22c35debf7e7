/* SPDX-License-Identifier: MIT
 *
 * codec.c -- LZ4 behind a few functions.
 */
#include "godb/codec.h"

#include <lz4.h>
#include <lz4hc.h>
#include <zstd.h>

/* The originals search 512 candidates a position; level 9 comes nearest at a fifth of
 * the time, and any valid LZ4 block is readable by all of them. */
static const int levels[] = {
    [CODEC_FASTEST] = 0, /* not HC */
    [CODEC_FAST] = LZ4HC_CLEVEL_MIN,
    [CODEC_QUICK] = 4,
    [CODEC_GOOD] = 5,
    [CODEC_SMALL] = LZ4HC_CLEVEL_DEFAULT,
};

bool
codec_is_plausible(uint64_t packed_bytes, uint64_t raw_bytes)
{
    return raw_bytes <= CODEC_RAW_MAX && packed_bytes <= LZ4_MAX_INPUT_SIZE &&
           raw_bytes <= packed_bytes * 255;
}

size_t
codec_bound(size_t raw_bytes)
{
    return (size_t)LZ4_compressBound((int)raw_bytes);
}

struct codec_state *
codec_state_new(void)
{
    return (struct codec_state *)LZ4_createStreamHC();
}

void
codec_state_free(struct codec_state *state)
{
    LZ4_freeStreamHC((LZ4_streamHC_t *)state);
}

size_t
codec_pack(struct codec_state *state, enum codec_effort effort, uint8_t *out,
    size_t out_bytes, const uint8_t *raw, size_t raw_bytes)
{
    LZ4_streamHC_t *stream = (LZ4_streamHC_t *)state;
    if (effort == CODEC_FASTEST) {
        const int fast = LZ4_compress_default(
            (const char *)raw, (char *)out, (int)raw_bytes, (int)out_bytes);
        return fast > 0 ? (size_t)fast : 0;
    }
    /* Forgets what came before without clearing 256 KiB of tables, which would cost
     * more than a small block. */
    LZ4_resetStreamHC_fast(stream, levels[effort]);
    const int packed = LZ4_compress_HC_continue(
        stream, (const char *)raw, (char *)out, (int)raw_bytes, (int)out_bytes);
    return packed > 0 ? (size_t)packed : 0;
}

bool
codec_unpack(uint8_t *raw, size_t raw_bytes, const uint8_t *packed, size_t packed_bytes)
{
    int got = LZ4_decompress_safe(
        (const char *)packed, (char *)raw, (int)packed_bytes, (int)raw_bytes);
    return got >= 0 && (size_t)got == raw_bytes;
}

bool
codec_unpack_first(
    uint8_t *raw, size_t first_bytes, const uint8_t *packed, size_t packed_bytes)
{
    int got = LZ4_decompress_safe_partial((const char *)packed, (char *)raw,
        (int)packed_bytes, (int)first_bytes, (int)first_bytes);
    return got >= 0 && (size_t)got == first_bytes;
}

bool
codec_unpack_zstd(
    uint8_t *raw, size_t raw_bytes, const uint8_t *packed, size_t packed_bytes)
{
    const size_t got = ZSTD_decompress(raw, raw_bytes, packed, packed_bytes);
    return !ZSTD_isError(got) && got == raw_bytes;
}
