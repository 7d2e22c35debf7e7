/* SPDX-License-Identifier: MIT
 *
 * Who may talk to the daemon: root, its user and its group, by what the kernel says of
 * the peer; and by the mode of the socket.
 */
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/unix_socket.h"

enum { STRANGER = 65534 };

struct identity {
    uid_t uid;
    gid_t gid, extra; /* extra: a supplementary group */
};

/* An abstract address: no directory is in the way of the stranger. */
static socklen_t
make_address(struct sockaddr_un *address)
{
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    const int length = snprintf(address->sun_path + 1, sizeof address->sun_path - 1,
        "goprobe-test-%ld", (long)getpid());
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static void
connect_as(
    const struct identity *who, const struct sockaddr_un *address, socklen_t length)
{
    char byte;
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (setgroups(1, &who->extra) != 0 ||
        setresgid(who->gid, who->gid, who->gid) != 0 ||
        setresuid(who->uid, who->uid, who->uid) != 0 ||
        connect(fd, (const struct sockaddr *)address, length) != 0)
        _exit(1);
    _exit(read(fd, &byte, 1) != 0); /* until it was judged */
}

static bool
may(struct identity who)
{
    struct sockaddr_un address;
    int status;
    const socklen_t length = make_address(&address);
    const int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, length), 0);
    assert_int_equal(listen(listening, 1), 0);
    const pid_t child = fork();
    if (child == 0) connect_as(&who, &address, length);
    const int fd = accept(listening, NULL, NULL);
    const bool is_allowed = unix_socket_peer_may(fd);
    close(fd);
    close(listening);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return is_allowed;
}

static void
a_peer_is_judged_by_what_the_kernel_knows_of_it(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    assert_true(may((struct identity){0, 0, 0}));
    assert_true(may((struct identity){0, STRANGER, STRANGER}));
    assert_true(may((struct identity){STRANGER, getegid(), STRANGER}));
    assert_true(may((struct identity){STRANGER, STRANGER, getegid()}));
    assert_false(may((struct identity){STRANGER, STRANGER, STRANGER}));
}

static void
the_socket_is_for_user_and_group_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t umasks[] = {0, 022, 0777};
    char path[100], error[256];
    struct stat st;
    snprintf(path, sizeof path, "/tmp/goprobe-test-%ld.sock", (long)getpid());
    for (size_t i = 0; i < sizeof umasks / sizeof umasks[0]; i++) {
        const mode_t old = umask(umasks[i]);
        const int fd = unix_socket_listen(path, error);
        umask(old);
        if (fd < 0) fail_msg("%s", error);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0660);
        close(fd);
        unlink(path);
    }
}

static void
a_file_in_the_sockets_place_is_left_alone(void **state)
{
    (void)state;
    char path[100], error[256];
    struct stat st;
    snprintf(path, sizeof path, "/tmp/goprobe-test-%ld.sock", (long)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(unix_socket_listen(path, error), -1);
    assert_non_null(strstr(error, "no socket"));
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    unlink(path);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_judged_by_what_the_kernel_knows_of_it),
        cmocka_unit_test(the_socket_is_for_user_and_group_whatever_the_umask),
        cmocka_unit_test(a_file_in_the_sockets_place_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
