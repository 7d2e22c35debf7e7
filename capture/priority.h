/* SPDX-License-Identifier: MIT
 *
 * priority.h -- which thread has the processor when two want it.
 */
#ifndef CAPTURE_PRIORITY_H
#define CAPTURE_PRIORITY_H

/* For a thread that packets wait for: it runs briefly and at once.  Since Linux 6.12 a
 * thread that asks for short slices takes the processor, when it wakes, from those with
 * longer ones, of which each could keep it from the ring for some milliseconds.  Older
 * kernels ignore it. */
void priority_be_prompt(void);

/* For a thread that has minutes, and must not take the processor from one that has
 * none.  A block that takes half a second is written within half a minute all the same
 * where all processors are busy. */
void priority_be_patient(void);

#endif
