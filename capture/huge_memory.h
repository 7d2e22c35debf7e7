/* SPDX-License-Identifier: MIT
 *
 * huge_memory.h -- large pieces of memory, in huge pages where the machine has them.
 *
 * What is looked up all over misses the address cache of 4 KiB pages at nearly every
 * access.
 */
#ifndef CAPTURE_HUGE_MEMORY_H
#define CAPTURE_HUGE_MEMORY_H

#include <stddef.h>

/* All zero; a multiple of HUGE_PAGE_BYTES begins at one.  NULL: out of memory. */
enum { HUGE_PAGE_BYTES = 2 << 20 };
void *huge_memory_new(size_t bytes);

/* bytes: as many as were asked for.  NULL does nothing. */
void huge_memory_free(void *memory, size_t bytes);

#endif
