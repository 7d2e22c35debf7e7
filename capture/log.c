/* SPDX-License-Identifier: MIT
 *
 * log.c -- see log.h.
 *
 * Where lines go belongs to the process, as standard error does: so it is the stream
 * stderr that is replaced, by one whose lines become messages.
 */
#include "capture/log.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define TAG    "goprobe"
#define PREFIX TAG ": "

enum { LINE_MAX_ = 1024, MESSAGE_MAX = LINE_MAX_ + 512, BUFFER_BYTES = 8192 };

struct log_sink {
    enum log_target target;
    int fd; /* -1: none */
    FILE *stream, *before;
    char host[256]; /* this machine's */
};

void
log_line(const char *format, ...)
{
    char text[LINE_MAX_];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, PREFIX "%s\n", text);
}

/* --- Messages -------------------------------------------------------------- */

static bool
begins_with(const char *text, size_t length, const char *start)
{
    const size_t start_length = strlen(start);
    return length >= start_length && memcmp(text, start, start_length) == 0;
}

static int
severity_of(const char *text, size_t length)
{
    if (begins_with(text, length, "error: ")) return LOG_ERR;
    if (begins_with(text, length, "warning: ")) return LOG_WARNING;
    return LOG_INFO;
}

static int
put_rfc3164(const struct log_sink *sink, char *out, int severity, const struct tm *time)
{
    char stamp[64];
    strftime(stamp, sizeof stamp, "%b %e %H:%M:%S", time);
    return snprintf(out, MESSAGE_MAX, "<%d>%s %s %s[%d]: ", LOG_DAEMON | severity,
        stamp, sink->host, TAG, (int)getpid());
}

/* The zone as "+01:00": strftime() has no colon in it. */
static int
put_rfc5424(const struct log_sink *sink, char *out, int severity, const struct tm *time,
    long time_us)
{
    char stamp[64], zone[16];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", time);
    strftime(zone, sizeof zone, "%z", time);
    return snprintf(out, MESSAGE_MAX, "<%d>1 %s.%06ld%.3s:%.2s %s %s %d - - ",
        LOG_DAEMON | severity, stamp, time_us, zone, zone + 3, sink->host, TAG,
        (int)getpid());
}

static void
send_datagram(
    const struct log_sink *sink, int severity, const char *text, size_t length)
{
    char message[MESSAGE_MAX];
    struct timeval now;
    struct tm time;
    gettimeofday(&now, NULL);
    localtime_r(&now.tv_sec, &time);
    int used = sink->target == LOG_TO_RFC3164
                   ? put_rfc3164(sink, message, severity, &time)
                   : put_rfc5424(sink, message, severity, &time, now.tv_usec);
    if (used < 0 || used >= MESSAGE_MAX) return;
    if (length > (size_t)(MESSAGE_MAX - used)) length = (size_t)(MESSAGE_MAX - used);
    memcpy(message + used, text, length);
    /* Nobody listening is told with the next datagram, which is then not sent. */
    for (int i = 0; i < 2; i++)
        if (send(sink->fd, message, (size_t)used + length, MSG_DONTWAIT) >= 0) return;
}

static void
send_line(const struct log_sink *sink, const char *text, size_t length)
{
    if (begins_with(text, length, PREFIX)) {
        text += strlen(PREFIX);
        length -= strlen(PREFIX);
    }
    const int severity = severity_of(text, length);
    if (length == 0) return;
    if (sink->target == LOG_TO_SYSLOG)
        syslog(severity, "%.*s", (int)length, text);
    else
        send_datagram(sink, severity, text, length);
}

/* What the stream has gathered: whole lines. */
static ssize_t
take_lines(void *cookie, const char *bytes, size_t count)
{
    const char *const end = bytes + count;
    for (const char *line = bytes; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *const line_end = newline ? newline : end;
        send_line(cookie, line, (size_t)(line_end - line));
        line = line_end + 1;
    }
    return (ssize_t)count;
}

/* --- Life ------------------------------------------------------------------ */

static bool
connect_to(struct log_sink *sink, const char *host, int port, char *error)
{
    char service[16];
    const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *list;
    snprintf(service, sizeof service, "%d", port);
    const int rc = getaddrinfo(host, service, &hints, &list);
    if (rc != 0) {
        snprintf(error, LOG_ERROR_MAX, "log host %.100s: %s", host, gai_strerror(rc));
        return false;
    }
    for (struct addrinfo *at = list; at != NULL && sink->fd < 0; at = at->ai_next) {
        sink->fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, 0);
        if (sink->fd < 0 || connect(sink->fd, at->ai_addr, at->ai_addrlen) == 0)
            continue;
        close(sink->fd);
        sink->fd = -1;
    }
    freeaddrinfo(list);
    if (sink->fd >= 0) return true;
    snprintf(error, LOG_ERROR_MAX, "log host %.100s: %s", host, strerror(errno));
    return false;
}

bool
log_open(struct log_sink **out, enum log_target target, const char *host, int port,
    char *error)
{
    struct log_sink *sink = calloc(1, sizeof *sink);
    if (sink == NULL) {
        snprintf(error, LOG_ERROR_MAX, "out of memory");
        return false;
    }
    sink->target = target;
    sink->fd = -1;
    if (gethostname(sink->host, sizeof sink->host - 1) != 0) strcpy(sink->host, "-");
    const bool is_remote = target == LOG_TO_RFC3164 || target == LOG_TO_RFC5424;
    if (is_remote && !connect_to(sink, host, port, error)) {
        free(sink);
        return false;
    }
    *out = sink;
    return true;
}

void
log_use(struct log_sink *sink)
{
    const cookie_io_functions_t calls = {.write = take_lines};
    if (sink->target == LOG_TO_STDERR || sink->stream != NULL) return;
    sink->stream = fopencookie(sink, "w", calls);
    if (sink->stream == NULL) return; /* then they stay where they are */
    setvbuf(sink->stream, NULL, _IOLBF, BUFFER_BYTES);
    if (sink->target == LOG_TO_SYSLOG) openlog(TAG, LOG_PID | LOG_NDELAY, LOG_DAEMON);
    sink->before = stderr;
    stderr = sink->stream;
}

void
log_close(struct log_sink *sink)
{
    if (sink == NULL) return;
    if (sink->stream != NULL) {
        stderr = sink->before;
        fclose(sink->stream);
        if (sink->target == LOG_TO_SYSLOG) closelog();
    }
    if (sink->fd >= 0) close(sink->fd);
    free(sink);
}
