/* SPDX-License-Identifier: MIT
 *
 * ask_status.c -- see ask_status.h.
 */
#include "capture/ask_status.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "capture/log.h"
#include "capture/options.h"
#include "capture/request.h"
#include "capture/unix_socket.h"

enum { HEAD_MAX = 256, ANSWER_S = 30 };

struct question {
    const char *db_path, *socket_path, *config_path;
    struct config config;
    enum request request;
};

bool
ask_status_is_meant(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "-status") == 0 || strcmp(argv[i], "--status") == 0)
            return true;
    return false;
}

/* --- The command line ------------------------------------------------------------- */

static bool
read_format(struct question *q, const char *format)
{
    static const struct {
        const char *name;
        enum request request;
    } formats[] = {
        {"txt", REQUEST_STATUS_TEXT},
        {"json", REQUEST_STATUS_JSON},
        {"prometheus", REQUEST_STATUS_PROMETHEUS},
    };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(format, formats[i].name) == 0) {
            q->request = formats[i].request;
            return true;
        }
    log_line("-e takes txt, json or prometheus, not %s", format);
    return false;
}

static bool
read_options(struct question *q, int argc, char **argv)
{
    static const struct option known[] = {
        {"status", no_argument, NULL, 's'},
        {"db", required_argument, NULL, 'd'},
        {"d", required_argument, NULL, 'd'},
        {"config", required_argument, NULL, 'c'},
        {"socket", required_argument, NULL, 'S'},
        {"e", required_argument, NULL, 'e'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long_only(argc, argv, "", known, NULL)) != -1) {
        if (option == 'd') q->db_path = optarg;
        if (option == 'c') q->config_path = optarg;
        if (option == 'S') q->socket_path = optarg;
        if (option == 'e' && !read_format(q, optarg)) return false;
        if (option == '?') return false; /* getopt has said it */
    }
    if (optind == argc) return true;
    log_line("-status takes no interface: %s", argv[optind]);
    return false;
}

/* What the command line does not say the configuration does, where it is to be read. */
static int
read_config(struct question *q)
{
    char error[CONFIG_ERROR_MAX];
    const bool is_asked_for = q->config_path != NULL;
    const char *path = is_asked_for ? q->config_path : GOPROBE_CONFIG_PATH;
    if (!config_init(&q->config)) {
        log_line("out of memory");
        return EXIT_FAILURE;
    }
    const bool is_enough = q->db_path != NULL || q->socket_path != NULL;
    if ((is_asked_for || (!is_enough && access(path, R_OK) == 0)) &&
        !config_read(&q->config, path, error)) {
        log_line("%s", error);
        return EXIT_CONFIG_;
    }
    if (q->socket_path == NULL && q->db_path == NULL) q->socket_path = q->config.socket;
    if (q->db_path == NULL) q->db_path = q->config.db_path;
    return EXIT_SUCCESS;
}

/* --- The answer ------------------------------------------------------------------- */

static bool
receive_line(int fd, char line[HEAD_MAX])
{
    size_t used = 0;
    while (used < HEAD_MAX - 1 && recv(fd, line + used, 1, 0) == 1) {
        if (line[used] == '\n') {
            line[used] = '\0';
            return true;
        }
        used++;
    }
    return false;
}

/* "OK 123": how many bytes follow. */
static bool
read_size(const char *line, unsigned long long *out)
{
    char *end;
    if (strncmp(line, "OK ", 3) != 0 || line[3] < '0' || line[3] > '9') return false;
    *out = strtoull(line + 3, &end, 10);
    return *end == '\0';
}

/* Whoever answers may be anyone, and a terminal obeys control characters. */
static void
mask_controls(char *line)
{
    for (; *line != '\0'; line++)
        if (*line < ' ' || *line > '~') *line = '?';
}

static bool
copy_answer(int fd, unsigned long long size)
{
    char bytes[4096];
    while (size > 0) {
        const size_t want = size < sizeof bytes ? (size_t)size : sizeof bytes;
        const ssize_t got = recv(fd, bytes, want, 0);
        if (got <= 0) return false;
        fwrite(bytes, 1, (size_t)got, stdout);
        size -= (unsigned long long)got;
    }
    return true;
}

static int
ask(int fd, const char *path, enum request request)
{
    char line[HEAD_MAX];
    unsigned long long size;
    const char *const question = request_line(request);
    const struct timeval wait = {.tv_sec = ANSWER_S};
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    if (send(fd, question, strlen(question), MSG_NOSIGNAL) < 0 ||
        !receive_line(fd, line)) {
        log_line("%s: goprobe does not answer", path);
        return EXIT_NOT_THERE;
    }
    if (!read_size(line, &size)) {
        mask_controls(line);
        log_line("%s: goprobe says: %s", path, line);
        return strstr(line, "not permitted") ? EXIT_NO_PERMISSION : EXIT_NOT_THERE;
    }
    if (!copy_answer(fd, size)) {
        log_line("%s: the answer is cut off", path);
        return EXIT_IO;
    }
    if (fflush(stdout) == 0 && !ferror(stdout)) return EXIT_SUCCESS;
    log_line("standard output: %s", strerror(errno));
    return EXIT_IO;
}

static int
connect_and_ask(const struct question *q)
{
    char path[GODB_PATH_MAX];
    options_socket_path(path, sizeof path, q->db_path, q->socket_path);
    const int fd = unix_socket_connect(path);
    if (fd < 0) {
        const int os_errno = errno;
        log_line("%s: no goprobe answers: %s", path, strerror(os_errno));
        return os_errno == EACCES ? EXIT_NO_PERMISSION : EXIT_NOT_THERE;
    }
    const int exit_code = ask(fd, path, q->request);
    close(fd);
    return exit_code;
}

int
ask_status(int argc, char **argv)
{
    struct question q = {.request = REQUEST_STATUS_TEXT};
    if (!read_options(&q, argc, argv)) return EXIT_USAGE_;
    int exit_code = read_config(&q);
    if (exit_code == EXIT_SUCCESS) exit_code = connect_and_ask(&q);
    config_free(&q.config);
    return exit_code;
}
