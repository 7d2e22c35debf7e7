/* SPDX-License-Identifier: MIT
 *
 * daemon.h -- the daemon within a process of a test, for calls that fail in it: started
 * as main() starts it, in a network of its own, and ended again.
 */
#ifndef TESTS_DAEMON_H
#define TESTS_DAEMON_H

#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "capture/capture.h"
#include "capture/unix_socket.h"
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
daemon_on_signal(int number)
{
    if (number == SIGHUP)
        daemon_signals.reload = 1;
    else if (number == SIGUSR1)
        daemon_signals.tell = 1;
    else
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
    static const int numbers[] = {SIGALRM, SIGTERM, SIGHUP, SIGUSR1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        signal(numbers[i], daemon_on_signal);
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
        print_message("# %s %d: signal %d\n", run->call ? run->call : "", run->at,
            WTERMSIG(status));
    if (!WIFEXITED(status)) return end;
    end.has_broken = WEXITSTATUS(status) >= 100;
    end.exit_code = WEXITSTATUS(status) % 100;
    return end;
}

/* --- Beside it, in its process ---------------------------------------------------- */

enum { DAEMON_PORT = 5000, DAEMON_ANSWER = 64 << 10 };

static inline void
daemon_pause(int ms)
{
    usleep((useconds_t)ms * 1000);
}

/* Until it answers questions. */
static inline void
daemon_wait(void)
{
    while (access("db/goprobe.sock", F_OK) != 0)
        daemon_pause(5);
}

static inline void
daemon_thread(void *(*run)(void *))
{
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all); /* signals are the capture thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, run, NULL) != 0) _exit(93);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_detach(thread);
}

/* Somebody takes the packets of daemon_hello(), so that no ICMP says that nobody does.
 */
static inline void
daemon_listen(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(DAEMON_PORT)};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0) _exit(93);
}

/* So many packets over lo, each from a port of its own. */
static inline void
daemon_hello(int count)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
        .sin_port = htons(DAEMON_PORT),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 0; i < count; i++) {
        const int fd = socket(AF_INET, SOCK_DGRAM, 0);
        if (sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof to) != 5)
            _exit(96);
        close(fd);
    }
}

/* What it says, whatever that is; good until the next question. */
static inline const char *
daemon_ask(const char *request)
{
    static char answer[DAEMON_ANSWER];
    size_t used = 0;
    ssize_t got;
    const int fd = unix_socket_connect("db/goprobe.sock");
    if (fd < 0 || __real_send(fd, request, strlen(request), MSG_NOSIGNAL) < 0)
        _exit(95);
    while ((got = __real_recv(fd, answer + used, sizeof answer - 1 - used, 0)) > 0)
        used += (size_t)got;
    answer[used] = '\0';
    close(fd);
    return answer;
}

/* Until it has said this; questions wake it meanwhile. */
static inline void
daemon_hear(const char *what)
{
    static char text[DAEMON_SAID];
    for (int i = 0; i < 1000; i++) {
        FILE *said = fopen("said", "r");
        if (said == NULL) _exit(87);
        text[fread(text, 1, sizeof text - 1, said)] = '\0';
        fclose(said);
        if (strstr(text, what) != NULL) return;
        daemon_ask("status text\n");
        daemon_pause(20);
    }
    _exit(86);
}

/* Packets of daemon_hello() in the database that it left in root. */
static inline int64_t
daemon_hellos(const char *root)
{
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    char path[200];
    int64_t sum = 0;
    snprintf(path, sizeof path, "%s/db", root);
    struct godb *db = store_open(path, GODB_READ);
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        for (uint32_t i = 0; i < chunk.row_count; i++)
            if (chunk.dport[i] == DAEMON_PORT)
                sum += (int64_t)(chunk.counters[2][i] + chunk.counters[3][i]);
    godb_scan_close(scan);
    godb_close(db);
    return sum;
}

#endif
