/* SPDX-License-Identifier: MIT
 *
 * goprobe -- capture flows and keep them as a goDB.
 */
#include <signal.h>
#include <stddef.h>

#include "capture/ask_status.h"
#include "capture/capture.h"
#include "capture/options.h"
#include "capture/service.h"

/* The one global of the program: a signal handler has nowhere else to write. */
static struct capture_signals signals;

static void
on_signal(int number)
{
    if (number == SIGHUP || number == SIGUSR2)
        signals.reload = 1;
    else if (number == SIGUSR1)
        signals.tell = 1;
    else
        signals.stop = 1;
}

/* There is nothing to reload while a file is read. */
static void
listen_to_signals(bool is_live)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < (is_live ? 5 : 2); i++)
        sigaction(numbers[i], &action, NULL);
}

int
main(int argc, char **argv)
{
    struct options options;
    struct service *service;
    int exit_code;
    if (ask_status_is_meant(argc, argv)) return ask_status(argc, argv);
    enum options_verdict verdict = options_read(&options, argc, argv, &exit_code);
    if (verdict == OPTIONS_RUN) {
        listen_to_signals(options.file == NULL);
        if (service_begin(&service, &options, &exit_code) == SERVICE_RUN) {
            exit_code = capture_run(&options, &signals, service);
            service_end(service, exit_code);
        }
    }
    options_free(&options);
    return exit_code;
}
