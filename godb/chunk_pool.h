/* SPDX-License-Identifier: MIT
 *
 * chunk_pool.h -- memory in chunks of one size: what the rows of a question live in.
 *
 *      blocks   | chunk | chunk | chunk | fresh ...   |    from the system
 *      given    chunk -> chunk -> chunk                    back by lists, to be taken
 *
 * All lists of a question are made of the same chunks, so that what one gives back fits
 * wherever another one grows: nothing is lost between them, and what the question takes
 * is known to the chunk.  Blocks stay until the pool is freed.
 *
 * Huge pages are not asked for.  As lists are gone through one after the other, they
 * gain little, and a machine that lends its memory from a host may wait for the host at
 * each: a question was a third slower with them there.
 *
 * Threads: any, at any time between init and free.
 */
#ifndef GODB_CHUNK_POOL_H
#define GODB_CHUNK_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Not an error: the limit is reached.  Beside enum godb_status. */
enum { CHUNK_POOL_FULL = 2 };

enum { CHUNK_BYTES_MIN = 4096, CHUNK_BYTES_MAX = 32768 };

struct chunk_block {
    void *memory;
    size_t bytes;
};

struct chunk_pool {
    pthread_mutex_t lock;
    size_t chunk_bytes;
    size_t limit_bytes, used_bytes; /* of blocks */
    struct chunk_block *blocks;
    size_t block_count;
    uint8_t *fresh; /* what was never taken of the last block */
    size_t fresh_bytes;
    void *given; /* each begins with the next one's address */
};

/* chunk_bytes is a power of two. */
void chunk_pool_init(struct chunk_pool *pool, size_t chunk_bytes, size_t limit_bytes);

/* All chunks, taken or not; a second time there is nothing left to free. */
void chunk_pool_free(struct chunk_pool *pool);

/* A chunk of unknown content: GODB_OK, GODB_ENOMEM, or CHUNK_POOL_FULL where the limit
 * leaves none; with must_have the limit gives way. */
int chunk_pool_take(struct chunk_pool *pool, bool must_have, void **out);
void chunk_pool_give(struct chunk_pool *pool, void *chunk);

#endif
