/* SPDX-License-Identifier: MIT
 *
 * exchange.c -- see exchange.h.
 */
#include "capture/exchange.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "capture/deadline.h"

struct exchange {
    int event_fd;
    atomic_uint ticket; /* of the question at hand; 0: none */
    pthread_mutex_t lock;
    pthread_cond_t answered;
    uint32_t last_ticket;
    bool with_flows, has_answer, is_closed;
    struct view *answer;
};

struct exchange *
exchange_new(void)
{
    struct exchange *x = calloc(1, sizeof *x);
    if (x == NULL) return NULL;
    x->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (x->event_fd < 0) {
        free(x);
        return NULL;
    }
    deadline_cond_init(&x->answered);
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

void
exchange_free(struct exchange *x)
{
    if (x == NULL) return;
    pthread_cond_destroy(&x->answered);
    pthread_mutex_destroy(&x->lock);
    close(x->event_fd);
    free(x);
}

/* --- Asking ----------------------------------------------------------------------- */

static void
put_question(struct exchange *x, bool with_flows)
{
    const uint64_t one = 1;
    if (++x->last_ticket == 0) x->last_ticket = 1;
    x->with_flows = with_flows;
    x->has_answer = false;
    atomic_store(&x->ticket, x->last_ticket);
    (void)!write(x->event_fd, &one, sizeof one);
}

struct view *
exchange_ask(struct exchange *x, bool with_flows, int timeout_ms)
{
    const struct timespec until = deadline_in(timeout_ms);
    struct view *view = NULL;
    pthread_mutex_lock(&x->lock);
    put_question(x, with_flows);
    while (!x->has_answer && !x->is_closed)
        if (pthread_cond_timedwait(&x->answered, &x->lock, &until) != 0) break;
    if (x->has_answer) view = x->answer;
    x->has_answer = false;
    atomic_store(&x->ticket, 0);
    pthread_mutex_unlock(&x->lock);
    return view;
}

void
exchange_close(struct exchange *x)
{
    pthread_mutex_lock(&x->lock);
    x->is_closed = true;
    pthread_cond_broadcast(&x->answered);
    pthread_mutex_unlock(&x->lock);
}

/* --- Answering -------------------------------------------------------------------- */

int
exchange_fd(const struct exchange *x)
{
    return x->event_fd;
}

void
exchange_woken(struct exchange *x)
{
    uint64_t count;
    (void)!read(x->event_fd, &count, sizeof count);
}

uint32_t
exchange_asked(struct exchange *x, bool *out_with_flows)
{
    if (atomic_load_explicit(&x->ticket, memory_order_relaxed) == 0) return 0;
    pthread_mutex_lock(&x->lock);
    const uint32_t ticket = atomic_load(&x->ticket);
    *out_with_flows = x->with_flows;
    pthread_mutex_unlock(&x->lock);
    return ticket;
}

void
exchange_answer(struct exchange *x, uint32_t ticket, struct view *view)
{
    pthread_mutex_lock(&x->lock);
    const bool is_wanted = atomic_load(&x->ticket) == ticket && !x->has_answer;
    if (is_wanted) {
        x->answer = view;
        x->has_answer = true;
        atomic_store(&x->ticket, 0);
        pthread_cond_signal(&x->answered);
    }
    pthread_mutex_unlock(&x->lock);
    if (!is_wanted) view_free(view);
}
