/* SPDX-License-Identifier: MIT
 *
 * The daemon's start with each call of the system failing in turn: it ends, and says
 * what failed and why, or it goes on, and says what it has to do without.
 */
#include <pwd.h>
#include <sys/file.h>

#include "capture/privileges.h"
#include "tests/daemon.h"

/* --- What must hold --------------------------------------------------------------- */

struct refusal {
    struct daemon_run run;
    int exit_code;
    const char *says; /* a part of it; NULL: nothing of it is to be seen */
};

#define LIVE "-d", "db", "-user", "root", "lo"

static void
expect(const struct refusal *refusal)
{
    char *root = store_new();
    const struct daemon_end end = daemon_run(&refusal->run, root);
    const char *const call = refusal->run.call ? refusal->run.call : "no call";
    const int at = refusal->run.at;
    if (refusal->run.call && !end.has_broken)
        fail_msg("%s %d was not called: %s", call, at, end.said);
    if (end.exit_code != refusal->exit_code)
        fail_msg("%s %d: status %d: %s", call, at, end.exit_code, end.said);
    if (refusal->says != NULL && strstr(end.said, refusal->says) == NULL)
        fail_msg("%s %d: %s", call, at, end.said);
    if (refusal->says == NULL && strstr(end.said, "warning") != NULL)
        fail_msg("%s %d: %s", call, at, end.said);
    free(root);
}

static void
expect_all(const struct refusal *refusals, size_t count)
{
    if (!daemon_is_possible()) skip();
    for (size_t i = 0; i < count; i++)
        expect(&refusals[i]);
}

#define EXPECT_ALL(refusals)                                                           \
    expect_all(refusals, sizeof(refusals) / sizeof(refusals)[0])

/* --- Tests ------------------------------------------------------------------------ */

static void
it_starts_and_ends_where_nothing_fails(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    char *root = store_new();
    const struct daemon_run run = {.words = {LIVE, "--seccomp"}, .run_ms = 50};
    const struct daemon_end end = daemon_run(&run, root);
    if (end.exit_code != 0) fail_msg("status %d: %s", end.exit_code, end.said);
    assert_non_null(strstr(end.said, "capturing on 1 interface(s)"));
    assert_null(strstr(end.said, "warning"));
    free(root);
}

static void
a_capture_that_cannot_be_opened_says_why(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"pcap_create", 1, ENOMEM, .words = {LIVE}}, EXIT_FAILURE,
            "capture: Cannot allocate memory"},
        {{"pcap_activate", 1, -PCAP_ERROR_PERM_DENIED, .words = {LIVE}},
            EXIT_NO_PERMISSION, "capture: not permitted; run it as root"},
        {{"pcap_activate", 1, -PCAP_ERROR_RFMON_NOTSUP, .words = {LIVE}}, EXIT_FAILURE,
            "capture: That device doesn't support monitor mode"},
        {{"pcap_set_datalink", 1, EINVAL, .words = {LIVE}}, EXIT_FAILURE, "capture: "},
        {{"pcap_setnonblock", 1, EBADF, .words = {LIVE}}, EXIT_FAILURE,
            "capture: Bad file descriptor"},
        {{"setsockopt", 1, ENOMEM, .words = {LIVE}}, EXIT_FAILURE,
            "filter: Cannot allocate memory"},
        {{"socket", 1, EMFILE, .words = {LIVE}}, EXIT_FAILURE,
            "promiscuous mode: Too many open files"},
        {{"ndpi_init_detection_module", 1, ENOMEM, .words = {LIVE}}, EXIT_FAILURE,
            "out of memory"},
        {{"mmap", 1, ENOMEM, .words = {LIVE}}, EXIT_FAILURE, "out of memory"},
        {{"eventfd", 1, EMFILE, .words = {LIVE}}, EXIT_FAILURE,
            "live view: Too many open files"},
        {{"pcap_open_dead", 1, ENOMEM, .words = {LIVE, "-f", "udp"}}, EXIT_USAGE_,
            "filter: out of memory"},
    };
    EXPECT_ALL(refusals);
}

static void
a_list_of_interfaces_that_cannot_be_had_says_why(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"mnl_socket_open2", 1, EMFILE, .words = {LIVE}}, EXIT_FAILURE,
            "list of interfaces: netlink: Too many open files"},
        {{"mnl_socket_open2", 2, EMFILE, .words = {LIVE}}, EXIT_FAILURE,
            "list of interfaces: netlink: Too many open files"},
        {{"mnl_socket_bind", 1, EPERM, .words = {LIVE}}, EXIT_FAILURE,
            "list of interfaces: netlink: Operation not permitted"},
        {{"mnl_socket_sendto", 1, ENOBUFS, .words = {LIVE}}, EXIT_FAILURE,
            "list of interfaces: no answer: No buffer space available"},
        {{"mnl_socket_recvfrom", 1, EAGAIN, .words = {LIVE}}, EXIT_FAILURE,
            "list of interfaces: no answer: Resource temporarily unavailable"},
        {{"mnl_socket_recvfrom", 1, EINTR, .words = {LIVE}}, EXIT_SUCCESS, NULL},
    };
    EXPECT_ALL(refusals);
}

static void
a_socket_that_cannot_be_made_is_a_warning_unless_it_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *call;
        int at, os_errno;
        const char *why;
    } calls[] = {
        {"socket", 2, EMFILE, "socket db/goprobe.sock: Too many open files"},
        {"bind", 1, EACCES, "socket db/goprobe.sock: Permission denied"},
        {"chmod", 1, EPERM, "socket db/goprobe.sock: Operation not permitted"},
        {"listen", 1, EADDRINUSE, "socket db/goprobe.sock: Address already in use"},
        {"eventfd", 2, EMFILE, "socket db/goprobe.sock: Too many open files"},
        {"pthread_create", 2, EAGAIN,
            "socket db/goprobe.sock: Resource temporarily unavailable"},
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char warning[200];
        snprintf(warning, sizeof warning, "warning: no live view: %s", calls[i].why);
        const struct refusal refusals[] = {
            {{calls[i].call, calls[i].at, calls[i].os_errno, .words = {LIVE}},
                EXIT_SUCCESS, warning},
            {{calls[i].call, calls[i].at, calls[i].os_errno,
                 .words = {LIVE, "--socket", "db/goprobe.sock"}},
                EXIT_IO, calls[i].why},
        };
        EXPECT_ALL(refusals);
    }
}

/* One that nobody listens to any more. */
static void
leave_socket(const char *root)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "db/goprobe.sock"};
    (void)root;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (mkdir("db", 0750) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0)
        _exit(97);
    close(fd);
}

static void
a_socket_that_was_left_is_taken_over_or_the_reason_is_said(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"unlink", 1, EROFS, .words = {LIVE}, .prepare = leave_socket}, EXIT_SUCCESS,
            "warning: no live view: socket db/goprobe.sock: Read-only file system"},
        {{"connect", 1, EACCES, .words = {LIVE}, .prepare = leave_socket}, EXIT_SUCCESS,
            "warning: no live view: socket db/goprobe.sock: Permission denied"},
    };
    EXPECT_ALL(refusals);
}

static void
rights_that_are_not_given_up_are_told(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"capng_apply", 1, EPERM, .words = {LIVE}}, EXIT_SUCCESS,
            "warning: capabilities could not be dropped"},
        {{"capng_get_caps_process", 1, EPERM, .words = {LIVE}}, EXIT_SUCCESS,
            "warning: capabilities could not be dropped"},
        {{"prctl", 1, EINVAL, .words = {LIVE}}, EXIT_SUCCESS,
            "warning: no_new_privs: Invalid argument"},
        {{"capng_change_id", 1, EPERM, .words = {"-d", "db", "-user", "nobody", "lo"}},
            EXIT_NO_PERMISSION, "cannot become user nobody"},
        {{"seccomp_init", 1, EINVAL, .words = {LIVE, "--seccomp"}}, EXIT_FAILURE,
            "seccomp: Cannot allocate memory"},
        {{"seccomp_attr_set", 1, EOPNOTSUPP, .words = {LIVE, "--seccomp"}},
            EXIT_FAILURE, "seccomp: Operation not supported"},
        {{"seccomp_load", 1, EINVAL, .words = {LIVE, "--seccomp"}}, EXIT_FAILURE,
            "seccomp: Invalid argument"},
    };
    EXPECT_ALL(refusals);
}

/* The library says that root is another user, and root can still be had. */
static void
a_user_that_can_become_root_again_is_refused(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    char *root = store_new();
    struct daemon_run run = {
        .call = "nobody changes", .words = {"-d", "db", "-user", "nobody", "lo"}};
    struct daemon_end end = daemon_run(&run, root);
    assert_int_equal(end.exit_code, EXIT_NO_PERMISSION);
    assert_non_null(strstr(end.said, "cannot become user nobody"));
    /* Where it cannot, the capture runs. */
    run.call = "setuid";
    run.at = 1;
    run.os_errno = EPERM;
    end = daemon_run(&run, root);
    if (end.exit_code != EXIT_SUCCESS) fail_msg("%s", end.said);
    assert_true(end.has_broken);
    free(root);
}

static void
a_directory_that_cannot_be_made_is_named(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"mkdir", 1, EACCES, .words = {LIVE}}, EXIT_NO_PERMISSION,
            "db: Permission denied"},
        {{"mkdir", 1, EPERM, .words = {LIVE}}, EXIT_NO_PERMISSION,
            "db: Operation not permitted"},
        {{"mkdir", 1, EROFS, .words = {LIVE}}, EXIT_IO, "db: Read-only file system"},
        {{"mkdir", 1, ENOSPC, .words = {"-d", "a/b/c", "-user", "root", "lo"}}, EXIT_IO,
            "a/b/c: No space left on device"},
        {{"chown", 1, EPERM, .words = {"-d", "db", "-user", "nobody", "lo"}},
            EXIT_NO_PERMISSION, "db: Operation not permitted"},
        {{"chown", 1, EIO, .words = {"-d", "db", "-user", "nobody", "lo"}}, EXIT_IO,
            "db: Input/output error"},
    };
    EXPECT_ALL(refusals);
}

static void
a_pid_file_that_cannot_be_taken_is_named(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"open", 1, EACCES, .words = {LIVE, "-pidfile", "x.pid"}}, EXIT_NO_PERMISSION,
            "x.pid: Permission denied"},
        {{"open", 1, EPERM, .words = {LIVE, "-pidfile", "x.pid"}}, EXIT_NO_PERMISSION,
            "x.pid: Operation not permitted"},
        {{"open", 1, EROFS, .words = {LIVE, "-pidfile", "x.pid"}}, EXIT_IO,
            "x.pid: Read-only file system"},
        {{"ftruncate", 1, EIO, .words = {LIVE, "-pidfile", "x.pid"}}, EXIT_IO,
            "x.pid: Input/output error"},
        {{"ftruncate", 2, EIO, true, .words = {LIVE, "-pidfile", "x.pid"}},
            EXIT_SUCCESS,
            "warning: the pid file keeps this process: Input/output error"},
        {{"pipe2", 1, EMFILE, .words = {LIVE, "-D", "-pidfile", "x.pid"}}, EXIT_FAILURE,
            "cannot detach: Too many open files"},
        {{"fork", 1, EAGAIN, .words = {LIVE, "-D", "-pidfile", "x.pid"}}, EXIT_FAILURE,
            "cannot detach: Resource temporarily unavailable"},
    };
    EXPECT_ALL(refusals);
}

static void
a_log_that_cannot_be_opened_is_named(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"socket", 1, EMFILE, .words = {LIVE, "-log", "udp:127.0.0.1:9"}},
            EXIT_CONFIG_, "log host 127.0.0.1: Too many open files"},
        {{"connect", 1, ENETUNREACH, .words = {LIVE, "-log", "udp:127.0.0.1:9"}},
            EXIT_CONFIG_, "log host 127.0.0.1: Network is unreachable"},
        /* Then lines stay on standard error. */
        {{"fopencookie", 1, ENOMEM, .words = {LIVE, "-log", "udp:127.0.0.1:9"}},
            EXIT_SUCCESS, "capturing on 1 interface(s)"},
    };
    EXPECT_ALL(refusals);
}

static void
what_it_can_do_without_does_not_stop_it(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"getrandom", 1, ENOSYS, .words = {LIVE}}, EXIT_SUCCESS, NULL},
        {{"getifaddrs", 1, ENOBUFS, .words = {LIVE}}, EXIT_SUCCESS, NULL},
        {{"pcap_stats", 1, EBADF, .words = {LIVE}}, EXIT_SUCCESS, NULL},
        {{"gethostname", 1, EPERM, .words = {LIVE, "-log", "stderr"}}, EXIT_SUCCESS,
            NULL},
    };
    EXPECT_ALL(refusals);
}

/* --- Places and names ------------------------------------------------------------- */

#define LONG_NAME                                                                      \
    "0123456789012345678901234567890123456789012345678901234567890123456789"

static void
hold_pid_file(const char *root)
{
    (void)root;
    const int fd = open("x.pid", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) _exit(97);
}

static void
places_that_cannot_be_are_named(void **state)
{
    (void)state;
    static char path[5000];
    memset(path, 'x', sizeof path - 1);
    const struct refusal refusals[] = {
        {{.words = {"-d", path, "-user", "root", "lo"}}, EXIT_IO, "File name too long"},
        {{.words = {"-d", "", "-user", "root", "lo"}}, EXIT_IO,
            "no database given: its path is empty"},
        {{.words = {LIVE, "--socket", LONG_NAME LONG_NAME}}, EXIT_IO,
            "its path has more than 107 bytes"},
        {{.words = {LIVE, "--socket", "said/s"}}, EXIT_IO,
            "socket said/s: Not a directory"},
        {{.words = {LIVE, "--socket", "said"}}, EXIT_IO,
            "there is a file of that name, which is no socket"},
        {{.words = {LIVE, "-pidfile", "x.pid"}, .prepare = hold_pid_file}, EXIT_FAILURE,
            "goprobe: it runs already; x.pid is locked"},
        {{.words = {LIVE, "-pidfile", "none/x.pid"}}, EXIT_IO,
            "none/x.pid: No such file or directory"},
    };
    EXPECT_ALL(refusals);
}

static void
interfaces_that_are_not_there_are_an_error_unless_a_pattern_waits_for_them(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{.words = {"-d", "db", "-user", "root", "x*", "nosuch0"}}, EXIT_FAILURE,
            "nosuch0: no such interface; `ip link` lists them"},
        {{.words = {"-d", "db", "-user", "root", "x*"}}, EXIT_SUCCESS,
            "capturing on 0 interface(s)"},
        {{.words = {"-d", "db", "-user", "root", "lo", "nosuch0"}}, EXIT_SUCCESS,
            "nosuch0: not there yet; captured once it is"},
    };
    EXPECT_ALL(refusals);
}

static void
no_socket_is_made_where_none_is_wanted(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    char *root = store_new(), path[300];
    const struct daemon_run run = {
        .call = "bind", .at = 1, .os_errno = EIO, .words = {LIVE, "--no-socket"}};
    const struct daemon_end end = daemon_run(&run, root);
    assert_int_equal(end.exit_code, EXIT_SUCCESS);
    assert_false(end.has_broken);
    snprintf(path, sizeof path, "%s/db/goprobe.sock", root);
    assert_int_equal(access(path, F_OK), -1);
    free(root);
}

/* --- Without being root ----------------------------------------------------------- */

/* As a user that can be left again, so that what was covered can be written. */
static int
drop_as_nobody(const char *user)
{
    enum { NOBODY = 65534 };
    if (seteuid(NOBODY) != 0) exit(96);
    const int exit_code = privileges_drop("/nowhere", user, "root");
    if (seteuid(0) != 0) exit(95);
    return exit_code;
}

static int
in_child(int (*call)(const char *), const char *user)
{
    int status;
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        const int exit_code = call(user);
        exit(exit_code < 0 ? 1 : exit_code);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void
whoever_is_not_root_stays_what_he_is(void **state)
{
    (void)state;
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() != 0 || nobody == NULL || nobody->pw_uid != 65534) skip();
    assert_int_equal(in_child(drop_as_nobody, "root"), EXIT_NO_PERMISSION);
    assert_int_equal(in_child(drop_as_nobody, "nosuchuser"), EXIT_NO_USER);
    assert_int_equal(in_child(drop_as_nobody, "nobody"), 1); /* -1: it goes on */
    assert_int_equal(in_child(drop_as_nobody, NULL), 1);
}

/* --- The log ---------------------------------------------------------------------- */

enum { LOG_PORT = 5514 };

/* A process that makes a line of the file "log" of each datagram, as long as
 * they come. */
static void
begin_log_host(const char *root)
{
    char bytes[4096];
    const struct timeval patience = {.tv_sec = 5};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(LOG_PORT)};
    (void)root;
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    FILE *file = fopen("log", "w");
    if (file == NULL || bind(fd, (struct sockaddr *)&at, sizeof at) != 0) _exit(93);
    if (__real_fork() != 0) return;
    __real_setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    for (;;) {
        const ssize_t got = __real_recv(fd, bytes, sizeof bytes, 0);
        if (got < 0) _exit(0);
        fprintf(file, "%.*s\n", (int)got, bytes);
        fflush(file);
    }
}

/* Facility daemon is 3: <8 * 3 + severity>. */
static void
each_severity_reaches_the_log_host(void **state)
{
    (void)state;
    if (!daemon_is_possible()) skip();
    const struct daemon_run run = {.call = "pcap_dispatch",
        .at = 3,
        .os_errno = EIO,
        .words = {LIVE, "nosuch0", "-log", "udp:127.0.0.1:5514"},
        .prepare = begin_log_host,
        .run_ms = 20000};
    char *root = store_new();
    const struct daemon_end end = daemon_run(&run, root);
    assert_int_equal(end.exit_code, EXIT_IO);
    assert_string_equal(end.said, ""); /* nothing of it is on standard error */
    char *log = NULL;
    for (int i = 0; i < 200; i++) { /* until it has taken the last */
        free(log);
        log = store_file(root, "log");
        assert_non_null(log);
        if (strstr(log, "error: capture: ") != NULL) break;
        daemon_pause(10);
    }
    if (strncmp(log, "<30>", 4) != 0 ||
        strstr(log, "capturing on 1 interface") == NULL ||
        strstr(log, "\n<27>") == NULL || strstr(log, "error: capture: ") == NULL)
        fail_msg("%s", log);
    free(log);
    free(root);
}

static void
a_log_host_that_takes_nothing_does_not_stop_it(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"send", 1, ECONNREFUSED, .words = {LIVE, "-log", "udp:127.0.0.1:9"}},
            EXIT_SUCCESS, NULL},
        {{"send", 1, ENETDOWN, true, .words = {LIVE, "-log", "udp:127.0.0.1:9"}},
            EXIT_SUCCESS, NULL},
        {{"read", 1, EINTR, .words = {LIVE, "-D", "-pidfile", "x.pid"}}, EXIT_SUCCESS,
            NULL},
    };
    EXPECT_ALL(refusals);
}

static void
a_capture_that_breaks_later_says_so_and_writes_what_it_has(void **state)
{
    (void)state;
    static const struct refusal refusals[] = {
        {{"pcap_dispatch", 1, EIO, .words = {LIVE}, .run_ms = 5000}, EXIT_IO,
            "error: capture: "},
        {{"pcap_dispatch", 2, EIO, .words = {LIVE}, .run_ms = 5000}, EXIT_IO,
            "error: capture: "},
    };
    EXPECT_ALL(refusals);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_and_ends_where_nothing_fails),
        cmocka_unit_test(a_capture_that_cannot_be_opened_says_why),
        cmocka_unit_test(a_list_of_interfaces_that_cannot_be_had_says_why),
        cmocka_unit_test(
            a_socket_that_cannot_be_made_is_a_warning_unless_it_was_asked_for),
        cmocka_unit_test(a_socket_that_was_left_is_taken_over_or_the_reason_is_said),
        cmocka_unit_test(rights_that_are_not_given_up_are_told),
        cmocka_unit_test(a_user_that_can_become_root_again_is_refused),
        cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
        cmocka_unit_test(a_pid_file_that_cannot_be_taken_is_named),
        cmocka_unit_test(a_log_that_cannot_be_opened_is_named),
        cmocka_unit_test(what_it_can_do_without_does_not_stop_it),
        cmocka_unit_test(places_that_cannot_be_are_named),
        cmocka_unit_test(
            interfaces_that_are_not_there_are_an_error_unless_a_pattern_waits_for_them),
        cmocka_unit_test(no_socket_is_made_where_none_is_wanted),
        cmocka_unit_test(whoever_is_not_root_stays_what_he_is),
        cmocka_unit_test(each_severity_reaches_the_log_host),
        cmocka_unit_test(a_log_host_that_takes_nothing_does_not_stop_it),
        cmocka_unit_test(a_capture_that_breaks_later_says_so_and_writes_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
