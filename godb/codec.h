/* SPDX-License-Identifier: MIT
 *
 * codec.h -- LZ4 blocks with exact sizes, and zstd frames, which goDB v4 may hold.  The
 * only part that knows LZ4 and zstd.
 */
#ifndef GODB_CODEC_H
#define GODB_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Largest raw block that LZ4 takes. */
#define CODEC_RAW_MAX ((size_t)0x7E000000)

/* Can packed_bytes of LZ4 decode to raw_bytes at all?  A sequence spends a byte for at
 * most 255 bytes of output, so a header that claims more lies, and is found out before
 * anything is allocated for it. */
bool codec_is_plausible(uint64_t packed_bytes, uint64_t raw_bytes);

/* Room that codec_pack() needs for raw_bytes (<= CODEC_RAW_MAX). */
size_t codec_bound(size_t raw_bytes);

/* Working memory of codec_pack(); NULL: out of memory. */
struct codec_state;
struct codec_state *codec_state_new(void);
void codec_state_free(struct codec_state *state);

/* How hard to look for a smaller block. */
enum codec_effort {
    CODEC_FASTEST, /* 600 MB/s, 30 % larger than the smallest */
    CODEC_FAST,    /* 220 MB/s, 11 % larger than the smallest */
    CODEC_QUICK,   /* 140 MB/s, 4 to 8 % */
    CODEC_GOOD,    /* 110 MB/s, 2 to 6 % */
    CODEC_SMALL,   /* 20 MB/s */
};

/* Compress (LZ4 HC, as goDB does, but for the fastest) as a block of its own.  Returns
 * the packed size, 0 on failure. */
size_t codec_pack(struct codec_state *state, enum codec_effort effort, uint8_t *out,
    size_t out_bytes, const uint8_t *raw, size_t raw_bytes);

/* Decompress exactly raw_bytes; false where the packed bytes give anything else.  Never
 * reads or writes outside the two buffers. */
bool codec_unpack(
    uint8_t *raw, size_t raw_bytes, const uint8_t *packed, size_t packed_bytes);

/* The same of a zstd frame. */
bool codec_unpack_zstd(
    uint8_t *raw, size_t raw_bytes, const uint8_t *packed, size_t packed_bytes);

/* Decompress the first first_bytes alone; false where there are not as many.  Bytes
 * behind those that it needs are not looked at. */
bool codec_unpack_first(
    uint8_t *raw, size_t first_bytes, const uint8_t *packed, size_t packed_bytes);

#endif
