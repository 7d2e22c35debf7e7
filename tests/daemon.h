/* SPDX-License-Identifier: MIT
 *
 * daemon.h -- the daemon within a process of a test, for calls that fail in it: started
 * as main() starts it, in a network of its own, and ended again.
 */
#ifndef TESTS_DAEMON_H
#define TESTS_DAEMON_H

#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "capture/capture.h"
#include "tests/broken.h"
#include "tests/store.h"

enum { DAEMON_WORDS = 16, DAEMON_SAID = 16 << 10 };

/* What came of a run. */
struct daemon_end {
    int exit_code; /* -1: a signal ended it */
    bool has_broken;
    char said[DAEMON_SAID]; /* on standard error */
};

/* What fails in it, and what it is told. */
struct daemon_run {
    const char *call; /* see broken.h; NULL: nothing fails */
    int at, os_errno;
    bool is_lasting;
    const char *words[DAEMON_WORDS];   /* of its command line, behind "goprobe" */
    void (*prepare)(const char *root); /* in its process, or NULL */
    int run_ms;                        /* how long it captures, live */
};

static struct capture_signals daemon_signals;

static inline void
daemon_stop(int number)
{
    (void)number;
    daemon_signals.stop = 1;
}

/* A network with nothing in it but lo.  False: that is not allowed here. */
static inline bool
daemon_own_network(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    if (unshare(CLONE_NEWNET) != 0) return false;
    const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool is_up = fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0;
    if (fd >= 0) close(fd);
    return is_up;
}

/* True: its test may run. */
static inline bool
daemon_is_possible(void)
{
    int status;
    const pid_t child = fork();
    if (child == 0) _exit(geteuid() == 0 && daemon_own_network() ? 0 : 1);
    return waitpid(child, &status, 0) == child && status == 0;
}

/* As main(). */
static inline int
daemon_main(int argc, char **argv)
{
    struct options options;
    struct service *service;
    int exit_code;
    if (options_read(&options, argc, argv, &exit_code) == OPTIONS_RUN &&
        service_begin(&service, &options, &exit_code) == SERVICE_RUN) {
        exit_code = capture_run(&options, &daemon_signals, service);
        service_end(service, exit_code);
    }
    options_free(&options);
    return exit_code;
}

/* 100 more than its exit code where the call failed. */
static inline void
daemon_be(const struct daemon_run *run, const char *root)
{
    char *argv[DAEMON_WORDS + 2], name[] = "goprobe";
    int argc = 0;
    argv[argc++] = name;
    for (int i = 0; run->words[i] != NULL; i++)
        argv[argc++] = (char *)(uintptr_t)run->words[i];
    argv[argc] = NULL;
    if (!daemon_own_network()) _exit(99);
    if (run->prepare) run->prepare(root);
    signal(SIGALRM, daemon_stop);
    signal(SIGSEGV, SIG_DFL); /* it would be cmocka's, which goes on with other tests */
    daemon_signals.stop = run->run_ms == 0;
    if (run->run_ms > 0) ualarm((useconds_t)run->run_ms * 1000, 0);
    broken_from(run->call, run->at, run->os_errno, run->is_lasting);
    const int exit_code = daemon_main(argc, argv);
    const int status = exit_code + (broken_mend() ? 100 : 0);
#ifdef __SANITIZE_ADDRESS__
    /* Its leak checker wants to trace the process, which a sandbox refuses. */
    if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0) _exit(status);
#endif
    exit(status);
}

static inline void
daemon_read(const char *path, struct daemon_end *end)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    end->said[fread(end->said, 1, sizeof end->said - 1, file)] = '\0';
    fclose(file);
}

/* Run it in `root`, a directory that is its own, to its end. */
static inline struct daemon_end
daemon_run(const struct daemon_run *run, const char *root)
{
    struct daemon_end end = {.exit_code = -1};
    char path[200];
    int status;
    snprintf(path, sizeof path, "%s/said", root);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDERR_FILENO) < 0 || chdir(root) != 0) _exit(98);
        close(fd);
        daemon_be(run, root);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    daemon_read(path, &end);
    if (WIFSIGNALED(status))
        print_message("# %s %d: signal %d\n", run->call, run->at, WTERMSIG(status));
    if (!WIFEXITED(status)) return end;
    end.has_broken = WEXITSTATUS(status) >= 100;
    end.exit_code = WEXITSTATUS(status) % 100;
    return end;
}

#endif
