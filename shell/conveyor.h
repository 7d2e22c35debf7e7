/* SPDX-License-Identifier: MIT
 *
 * conveyor.h -- items that several threads work on, handed back in the order in which
 * they were put.
 *
 *      put --> | done | at work | at work | waiting | waiting | --> no room
 *                 `--> take
 */
#ifndef SHELL_CONVEYOR_H
#define SHELL_CONVEYOR_H

#include <stdbool.h>
#include <stddef.h>

struct conveyor;

/* Runs in a thread of its own, below a number of conveyor_workers(). */
typedef void conveyor_fn(void *arg, unsigned worker, void *item);

/* Processors that this process may use, at most CONVEYOR_WORKERS_MAX. */
enum { CONVEYOR_WORKERS_MAX = 32 };
unsigned conveyor_processors(void);

/* Start threads, as many as can be had.  Where there is none, conveyor_take() does the
 * work.  One thread calls all functions below.  NULL: out of memory. */
struct conveyor *conveyor_new(
    unsigned worker_count, size_t capacity, conveyor_fn *work, void *arg);

/* Waits for the items that are at work, and forgets the others. */
void conveyor_free(struct conveyor *conveyor);

bool conveyor_has_room(const struct conveyor *conveyor);

/* There must be room. */
void conveyor_put(struct conveyor *conveyor, void *item);

/* The item that was put first, once its work is done; NULL where there is none. */
void *conveyor_take(struct conveyor *conveyor);

#endif
