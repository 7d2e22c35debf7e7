/* SPDX-License-Identifier: MIT
 *
 * goprobe -- capture flows and keep them as a goDB.
 */
#include <signal.h>
#include <stddef.h>

#include "capture/ask_status.h"
#include "capture/capture.h"
#include "capture/options.h"

/* The one global of the program: a signal handler has nowhere else to write. */
static volatile sig_atomic_t stop;

static void
on_signal(int number)
{
    (void)number;
    stop = 1;
}

int
main(int argc, char **argv)
{
    struct options options;
    int exit_code;
    struct sigaction action = {.sa_handler = on_signal};
    if (ask_status_is_meant(argc, argv)) return ask_status(argc, argv);
    if (options_read(&options, argc, argv, &exit_code) == OPTIONS_EXIT)
        return exit_code;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    return capture_run(&options, &stop);
}
