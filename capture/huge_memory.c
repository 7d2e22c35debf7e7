/* SPDX-License-Identifier: MIT
 *
 * huge_memory.c -- see huge_memory.h.
 */
#include "capture/huge_memory.h"

#include <stdint.h>
#include <sys/mman.h>

/* Map more than is wanted, and give back what is not at huge pages. */
static void *
map_aligned(size_t bytes)
{
    const size_t all = bytes + HUGE_PAGE_BYTES;
    char *start =
        mmap(NULL, all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) return NULL;
    const size_t before = -(uintptr_t)start & (HUGE_PAGE_BYTES - 1);
    const size_t behind = HUGE_PAGE_BYTES - before;
    if (before > 0) munmap(start, before);
    munmap(start + before + bytes, behind);
    return start + before;
}

void *
huge_memory_new(size_t bytes)
{
    if (bytes % HUGE_PAGE_BYTES != 0) {
        void *memory = mmap(
            NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return memory == MAP_FAILED ? NULL : memory;
    }
    void *memory = map_aligned(bytes);
    if (memory != NULL) madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

void
huge_memory_free(void *memory, size_t bytes)
{
    if (memory != NULL) munmap(memory, bytes);
}
