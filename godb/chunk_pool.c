/* SPDX-License-Identifier: MIT
 *
 * chunk_pool.c -- see chunk_pool.h.
 */
#include "godb/chunk_pool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "godb/godb.h"

enum {
    BLOCK_MAX = 2 << 20,
    FIRST_BLOCK = 128 << 10,
    RUN = 256 << 10,      /* see populate() */
    RUNS_FROM = 64 << 20, /* memory in use, from which on chunks will be filled */
};

void
chunk_pool_init(struct chunk_pool *pool, size_t chunk_bytes, size_t limit_bytes)
{
    memset(pool, 0, sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pool->chunk_bytes = chunk_bytes;
    pool->limit_bytes = limit_bytes;
}

/* --- Blocks ----------------------------------------------------------------------- */

/* Large blocks are mapped: they go back to the system when the question is answered,
 * whatever malloc(3) would rather keep. */
static void *
map_block(void)
{
    void *mapped = mmap(
        NULL, BLOCK_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

static void
release(const struct chunk_block *block)
{
    if (block->bytes == BLOCK_MAX)
        munmap(block->memory, BLOCK_MAX);
    else
        free(block->memory);
}

void
chunk_pool_free(struct chunk_pool *pool)
{
    for (size_t i = 0; i < pool->block_count; i++)
        release(&pool->blocks[i]);
    free(pool->blocks);
    pthread_mutex_destroy(&pool->lock);
    memset(pool, 0, sizeof *pool);
}

/* Blocks double up to BLOCK_MAX, as a question with few groups should take little.
 * 0: the limit leaves no chunk. */
static size_t
next_block_bytes(const struct chunk_pool *pool)
{
    size_t bytes = pool->used_bytes < FIRST_BLOCK ? FIRST_BLOCK : pool->used_bytes;
    if (bytes > BLOCK_MAX) bytes = BLOCK_MAX;
    const size_t left =
        pool->used_bytes < pool->limit_bytes ? pool->limit_bytes - pool->used_bytes : 0;
    return (left < bytes ? left : bytes) & ~(pool->chunk_bytes - 1);
}

static int
add_block(struct chunk_pool *pool, bool must_have)
{
    size_t bytes = next_block_bytes(pool);
    if (bytes == 0 && !must_have) return CHUNK_POOL_FULL;
    if (bytes == 0) bytes = pool->chunk_bytes;
    struct chunk_block *blocks =
        realloc(pool->blocks, (pool->block_count + 1) * sizeof *blocks);
    if (blocks == NULL) return GODB_ENOMEM;
    pool->blocks = blocks;
    void *memory = bytes == BLOCK_MAX ? map_block() : malloc(bytes);
    if (memory == NULL) return GODB_ENOMEM;
    blocks[pool->block_count++] = (struct chunk_block){memory, bytes};
    pool->used_bytes += bytes;
    pool->fresh = memory;
    pool->fresh_bytes = bytes;
    return GODB_OK;
}

/* What was never touched becomes memory a run at a time, which takes a fraction of what
 * as many page faults would.  Advice: where the kernel cannot, pages come one by one.
 */
static void
populate(void *run)
{
    (void)madvise(run, RUN, MADV_POPULATE_WRITE);
}

/* *out_is_run: the chunk is the first of a run of mapped memory. */
static int
take_locked(struct chunk_pool *pool, bool must_have, void **out, bool *out_is_run)
{
    *out_is_run = false;
    if (pool->given != NULL) {
        *out = pool->given;
        memcpy(&pool->given, *out, sizeof pool->given);
        return GODB_OK;
    }
    if (pool->fresh_bytes == 0) {
        int rc = add_block(pool, must_have);
        if (rc != GODB_OK) return rc;
    }
    *out_is_run = pool->blocks[pool->block_count - 1].bytes == BLOCK_MAX &&
                  pool->used_bytes >= RUNS_FROM && pool->fresh_bytes % RUN == 0;
    *out = pool->fresh;
    pool->fresh += pool->chunk_bytes;
    pool->fresh_bytes -= pool->chunk_bytes;
    return GODB_OK;
}

int
chunk_pool_take(struct chunk_pool *pool, bool must_have, void **out)
{
    pthread_mutex_lock(&pool->lock);
    bool is_run;
    int rc = take_locked(pool, must_have, out, &is_run);
    pthread_mutex_unlock(&pool->lock);
    if (is_run) populate(*out);
    return rc;
}

void
chunk_pool_give(struct chunk_pool *pool, void *chunk)
{
    pthread_mutex_lock(&pool->lock);
    memcpy(chunk, &pool->given, sizeof pool->given);
    pool->given = chunk;
    pthread_mutex_unlock(&pool->lock);
}
