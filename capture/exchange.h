/* SPDX-License-Identifier: MIT
 *
 * exchange.h -- a question of one thread that the capture thread answers when it has a
 * moment.
 *
 *      asking thread                         capture thread
 *      exchange_ask() ---- ticket ---->      exchange_asked(), between packets
 *         waits       <---- view ------      exchange_answer()
 *
 * One question at a time.  While there is none it costs the capture thread one load of
 * an integer.
 */
#ifndef CAPTURE_EXCHANGE_H
#define CAPTURE_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/view.h"

struct exchange;

/* NULL: out of memory or file descriptors. */
struct exchange *exchange_new(void);
void exchange_free(struct exchange *exchange);

/* Ask, and wait for the answer at most so long; NULL: none came. */
struct view *exchange_ask(struct exchange *exchange, bool with_flows, int timeout_ms);

/* From now on there are no answers: whoever waits goes away, and others need not. */
void exchange_close(struct exchange *exchange);

/* For the capture thread: readable when there is a question, until exchange_woken(). */
int exchange_fd(const struct exchange *exchange);
void exchange_woken(struct exchange *exchange);

/* The question at hand, 0: none; a question that waited too long is withdrawn. */
uint32_t exchange_asked(struct exchange *exchange, bool *out_with_flows);

/* Answer a question with a view, which is no longer the caller's, or with NULL: it
 * cannot be. */
void exchange_answer(struct exchange *exchange, uint32_t ticket, struct view *view);

#endif
