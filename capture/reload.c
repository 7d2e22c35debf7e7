/* SPDX-License-Identifier: MIT
 *
 * reload.c -- see reload.h.
 */
#include "capture/reload.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "capture/log.h"

struct reload {
    pthread_t thread;
    int argc;
    char **argv;
    struct options options;
    bool is_good;
    atomic_bool is_done;
};

static void *
run(void *arg)
{
    struct reload *reload = arg;
    int exit_code;
    reload->is_good = options_read(&reload->options, reload->argc, reload->argv,
                          &exit_code) == OPTIONS_RUN;
    atomic_store(&reload->is_done, true);
    return NULL;
}

/* Signals are for the thread that captures. */
static int
start(struct reload *reload)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int rc = pthread_create(&reload->thread, NULL, run, reload);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

struct reload *
reload_begin(const struct options *options)
{
    struct reload *reload = calloc(1, sizeof *reload);
    if (reload != NULL) {
        reload->argc = options->argc;
        reload->argv = options->argv;
        if (start(reload) == 0) return reload;
    }
    free(reload);
    log_line("warning: not reloaded: out of memory");
    return NULL;
}

bool
reload_is_done(const struct reload *reload)
{
    return atomic_load(&reload->is_done);
}

bool
reload_end(struct reload *reload, struct options *out)
{
    pthread_join(reload->thread, NULL);
    *out = reload->options;
    const bool is_good = reload->is_good;
    free(reload);
    return is_good;
}
