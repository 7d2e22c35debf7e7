/* SPDX-License-Identifier: MIT
 *
 * What a process in the sandbox can no longer do, in all of its threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/sandbox.h"

enum { NOT_OFFERED = 99 };

/* The number of the first thing that is not as it has to be; 0: none. */
static int
try_all(void)
{
    char name[] = "true", *const argv[] = {name, NULL};
    char byte;
    const int fd = open("/dev/zero", O_RDONLY);
    if (fd < 0 || read(fd, &byte, 1) != 1) return 1;
    if (socket(AF_UNIX, SOCK_DGRAM, 0) < 0) return 2;
    if (execv("/bin/true", argv) != -1 || errno != EPERM) return 3;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != -1 || errno != EPERM) return 4;
    if (setuid(getuid()) != -1 || errno != EPERM) return 5;
    if (chroot("/") != -1 || errno != EPERM) return 6;
    return 0;
}

struct thread {
    int ends[2];
    intptr_t wrong;
};

static void *
wait_and_try(void *arg)
{
    struct thread *thread = arg;
    char byte;
    thread->wrong = read(thread->ends[0], &byte, 1) == 1 ? try_all() : 7;
    return NULL;
}

static int
in_child(void)
{
    char error[256];
    struct thread thread;
    pthread_t id;
    if (pipe(thread.ends) != 0 || pthread_create(&id, NULL, wait_and_try, &thread) != 0)
        return 8;
    if (!sandbox_enter(error)) return NOT_OFFERED;
    if (write(thread.ends[1], "x", 1) != 1) return 9;
    pthread_join(id, NULL);
    return thread.wrong != 0 ? 10 + (int)thread.wrong : try_all();
}

static void
programs_cannot_be_run_and_files_can_be_read(void **state)
{
    (void)state;
    int status;
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) _exit(in_child());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_OFFERED) skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_cannot_be_run_and_files_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
