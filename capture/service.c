/* SPDX-License-Identifier: MIT
 *
 * service.c -- see service.h.
 *
 * The pid file is held by a lock, which ends with the process, however it ends.  So a
 * file that was left behind stops nobody; it is emptied and not removed, since another
 * process may be about to lock it, and since its directory is root's.
 */
#include "capture/service.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "capture/log.h"

struct service {
    int pid_fd;        /* -1: none */
    int foreground_fd; /* a pipe to the process that waits; -1: none does */
    bool is_detached;
    bool has_watchdog;
    struct log_sink *log;
};

/* --- Background ------------------------------------------------------------ */

/* What the process in the background says of itself: its exit code, or nothing. */
static int
wait_for_background(int fd)
{
    uint8_t exit_code = EXIT_FAILURE;
    ssize_t count;
    do
        count = read(fd, &exit_code, 1);
    while (count < 0 && errno == EINTR);
    close(fd);
    return exit_code;
}

static enum service_verdict
detach(struct service *service, int *out_exit_code)
{
    int ends[2] = {-1, -1};
    const pid_t pid = pipe2(ends, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0) {
        log_line("cannot detach: %s", strerror(errno));
        *out_exit_code = EXIT_FAILURE;
        return SERVICE_DONE;
    }
    if (pid > 0) {
        close(ends[1]);
        *out_exit_code = wait_for_background(ends[0]);
        return SERVICE_DONE;
    }
    close(ends[0]);
    service->foreground_fd = ends[1];
    service->is_detached = true;
    setsid();
    return SERVICE_RUN;
}

static void
tell_foreground(struct service *service, int exit_code)
{
    const uint8_t byte = (uint8_t)exit_code;
    if (service->foreground_fd < 0) return;
    /* Nobody may be there any more to read it. */
    if (write(service->foreground_fd, &byte, 1) != 1) log_line("nobody waited");
    close(service->foreground_fd);
    service->foreground_fd = -1;
}

/* The terminal is somebody else's. */
static void
leave_terminal(void)
{
    const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO) close(fd);
}

/* --- Pid file -------------------------------------------------------------- */

static int
refuse_second(int fd, const char *path)
{
    char pid[16] = "";
    const ssize_t count = pread(fd, pid, sizeof pid - 1, 0);
    pid[count > 0 ? strcspn(pid, "\n") : 0] = '\0';
    log_line(
        "it runs already%s%s; %s is locked", *pid ? ", as process " : "", pid, path);
    return EXIT_FAILURE;
}

/* An exit code, or -1. */
static int
take_pid_file(struct service *service, const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
        S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH);
    if (fd < 0) {
        log_line("%s: %s", path, strerror(errno));
        return errno == EACCES || errno == EPERM ? EXIT_NO_PERMISSION : EXIT_IO;
    }
    service->pid_fd = fd;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        const int exit_code = refuse_second(fd, path);
        close(fd);
        service->pid_fd = -1;
        return exit_code;
    }
    if (ftruncate(fd, 0) == 0 && dprintf(fd, "%d\n", (int)getpid()) > 0) return -1;
    log_line("%s: %s", path, strerror(errno));
    return EXIT_IO;
}

static void
give_back_pid_file(const struct service *service)
{
    if (service->pid_fd < 0) return;
    if (ftruncate(service->pid_fd, 0) != 0)
        log_line("warning: the pid file keeps this process: %s", strerror(errno));
    close(service->pid_fd);
}

/* --- Log ------------------------------------------------------------------- */

/* Under a service manager standard error may be the journal, which says which file it
 * is. */
static bool
is_journal(int fd)
{
    const char *text = getenv("JOURNAL_STREAM");
    struct stat st;
    uintmax_t device, inode;
    /* A number that does not fit is none of a file's.  NOLINTNEXTLINE(cert-err34-c) */
    return text != NULL && sscanf(text, "%ju:%ju", &device, &inode) == 2 &&
           fstat(fd, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static enum log_target
log_target(const struct config *config, bool is_service)
{
    if (config->log == NULL) return is_service ? LOG_TO_SYSLOG : LOG_TO_STDERR;
    if (strcmp(config->log, "syslog") == 0) return LOG_TO_SYSLOG;
    if (strcmp(config->log, "stderr") == 0) return LOG_TO_STDERR;
    return strcmp(config->log_format, "rfc5424") == 0 ? LOG_TO_RFC5424 : LOG_TO_RFC3164;
}

static int
open_log(struct service *service, const struct config *config)
{
    char error[LOG_ERROR_MAX];
    const bool is_service = service->is_detached || getenv("NOTIFY_SOCKET") != NULL ||
                            is_journal(STDERR_FILENO);
    if (log_open(&service->log, log_target(config, is_service), config->log_host,
            config->log_port, error))
        return -1;
    log_line("%s", error);
    return EXIT_CONFIG_;
}

/* --- Public ---------------------------------------------------------------- */

enum service_verdict
service_begin(struct service **out, const struct options *options, int *out_exit_code)
{
    struct service *service = calloc(1, sizeof *service);
    if (service == NULL) {
        log_line("out of memory");
        *out_exit_code = EXIT_FAILURE;
        return SERVICE_DONE;
    }
    service->pid_fd = service->foreground_fd = -1;
    service->has_watchdog = sd_watchdog_enabled(0, NULL) > 0;
    enum service_verdict verdict = SERVICE_RUN;
    int exit_code = -1;
    if (options->detach) verdict = detach(service, &exit_code);
    if (verdict == SERVICE_RUN && options->file == NULL && options->config.pid_file)
        exit_code = take_pid_file(service, options->config.pid_file);
    if (verdict == SERVICE_RUN && exit_code < 0)
        exit_code = open_log(service, &options->config);
    *out = service;
    if (exit_code < 0) return SERVICE_RUN;
    service_end(service, exit_code);
    *out_exit_code = exit_code;
    return SERVICE_DONE;
}

void
service_ready(struct service *service, const char *status)
{
    tell_foreground(service, EXIT_SUCCESS);
    if (service->is_detached) leave_terminal();
    log_use(service->log);
    sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

void
service_alive(const struct service *service)
{
    if (service->has_watchdog) sd_notify(0, "WATCHDOG=1");
}

void
service_reloading(const struct service *service)
{
    struct timespec now;
    (void)service;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
        (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void
service_stopping(const struct service *service)
{
    (void)service;
    sd_notify(0, "STOPPING=1\nSTATUS=writing the last block");
}

void
service_end(struct service *service, int exit_code)
{
    if (service == NULL) return;
    tell_foreground(service, exit_code);
    give_back_pid_file(service);
    log_close(service->log);
    free(service);
}
