/* SPDX-License-Identifier: MIT
 *
 * How much memory a question may take by default, on machines and in control groups of
 * all kinds: files of /proc and /sys are read below a directory of the test's.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "godb/memory_limit.h"
#include "tests/store.h"

#define MIB (UINT64_C(1) << 20)

static struct {
    char root[300]; /* what is "/" */
    long pages;     /* of the machine, of 4096 bytes; -1: not known */
} machine;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
long __wrap_sysconf(int name);

int
__wrap_open(const char *path, int flags, ...)
{
    char below[1400];
    if (strncmp(path, "/proc/", 6) != 0 && strncmp(path, "/sys/", 5) != 0)
        return __real_open(path, flags, 0600);
    snprintf(below, sizeof below, "%s%s", machine.root, path);
    return __real_open(below, flags);
}

long
__wrap_sysconf(int name)
{
    return name == _SC_PAGESIZE ? 4096 : machine.pages;
}

/* --- A machine -------------------------------------------------------------------- */

static void
make_dirs(char *path)
{
    for (char *at = path + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(path, 0700);
        *at = '/';
    }
}

static void
put(const char *name, const char *text)
{
    char path[1400];
    snprintf(path, sizeof path, "%s%s", machine.root, name);
    make_dirs(path);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* With a gibibyte, no groups, and nothing said of what is available. */
static int
set_up(void **state)
{
    (void)state;
    char *root = store_new();
    snprintf(machine.root, sizeof machine.root, "%s", root);
    free(root);
    machine.pages = (long)(1024 * MIB / 4096);
    return 0;
}

static uint64_t
limit_mib(void)
{
    return memory_limit_default() / MIB;
}

/* --- Tests ------------------------------------------------------------------------ */

static void
half_of_the_machine_is_taken_where_nothing_else_is_known(void **state)
{
    (void)state;
    assert_int_equal(limit_mib(), 512);
}

static void
three_quarters_of_what_is_available_are_the_most(void **state)
{
    (void)state;
    put("/proc/meminfo",
        "MemTotal: 1048576 kB\nMemFree: 4 kB\nMemAvailable: 409600 kB\n");
    assert_int_equal(limit_mib(), 300);
    put("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: 1000000 kB\n");
    assert_int_equal(limit_mib(), 512);
}

static void
an_old_kernel_that_does_not_say_what_is_available_sets_no_limit(void **state)
{
    (void)state;
    put("/proc/meminfo", "MemTotal: 1048576 kB\nMemFree: 4 kB\n");
    assert_int_equal(limit_mib(), 512);
    put("/proc/meminfo", "MemTotal: 1048576 kB\nMemAvailable: none\n");
    assert_int_equal(limit_mib(), 512);
}

static void
sixty_four_mebibytes_are_the_least(void **state)
{
    (void)state;
    machine.pages = 4096;
    assert_int_equal(limit_mib(), 64);
}

static void
a_machine_that_does_not_know_its_memory_is_limited_by_what_is_available(void **state)
{
    (void)state;
    machine.pages = -1;
    put("/proc/meminfo", "X: 1\nMemAvailable: 819200 kB\n");
    assert_int_equal(limit_mib(), 600);
}

static void
half_of_what_a_group_of_version_2_allows_is_the_most(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a.slice/b.service\n");
    put("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
    assert_int_equal(limit_mib(), 512);
    put("/sys/fs/cgroup/a.slice/memory.max", "419430400\n"); /* the one above it */
    assert_int_equal(limit_mib(), 200);
    put("/sys/fs/cgroup/a.slice/b.service/memory.max", "209715200\n");
    assert_int_equal(limit_mib(), 100);
}

static void
half_of_what_a_group_of_version_1_allows_is_the_most(void **state)
{
    (void)state;
    put("/proc/self/cgroup",
        "9:cpu,cpuacct:/x\nno line of a group\n4:pids\n5:mem,memory:/docker/1\n");
    put("/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes", "419430400\n");
    put("/sys/fs/cgroup/memory/x/memory.limit_in_bytes", "1\n"); /* not its own */
    assert_int_equal(limit_mib(), 200);
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "314572800\n");
    assert_int_equal(limit_mib(), 150);
}

static void
the_root_group_counts(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/\n");
    put("/sys/fs/cgroup/memory.max", "419430400\n");
    assert_int_equal(limit_mib(), 200);
}

static void
numbers_that_make_no_sense_set_no_limit(void **state)
{
    static const char *const texts[] = {"", "0\n", "max\n", "-\n", "x12\n"};
    (void)state;
    put("/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        put("/sys/fs/cgroup/a/memory.max", texts[i]);
        assert_int_equal(limit_mib(), 512);
    }
}

static void
a_group_whose_path_is_endless_is_left_out_and_those_above_it_count(void **state)
{
    char line[2000] = "0::/a";
    (void)state;
    for (int i = 0; i < 60; i++)
        strcat(line, "/a-name-of-twenty-5-");
    strcat(line, "\n");
    put("/proc/self/cgroup", line);
    put("/sys/fs/cgroup/a/memory.max", "419430400\n");
    assert_int_equal(limit_mib(), 200);
}

/* As in a container that shows directories in place of files. */
static void
files_that_cannot_be_read_set_no_limit(void **state)
{
    static const char *const names[] = {"/proc/meminfo/x", "/proc/self/cgroup/x"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i], "");
    assert_int_equal(limit_mib(), 512);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            half_of_the_machine_is_taken_where_nothing_else_is_known, set_up),
        cmocka_unit_test_setup(
            three_quarters_of_what_is_available_are_the_most, set_up),
        cmocka_unit_test_setup(
            an_old_kernel_that_does_not_say_what_is_available_sets_no_limit, set_up),
        cmocka_unit_test_setup(sixty_four_mebibytes_are_the_least, set_up),
        cmocka_unit_test_setup(
            a_machine_that_does_not_know_its_memory_is_limited_by_what_is_available,
            set_up),
        cmocka_unit_test_setup(
            half_of_what_a_group_of_version_2_allows_is_the_most, set_up),
        cmocka_unit_test_setup(
            half_of_what_a_group_of_version_1_allows_is_the_most, set_up),
        cmocka_unit_test_setup(the_root_group_counts, set_up),
        cmocka_unit_test_setup(numbers_that_make_no_sense_set_no_limit, set_up),
        cmocka_unit_test_setup(
            a_group_whose_path_is_endless_is_left_out_and_those_above_it_count, set_up),
        cmocka_unit_test_setup(files_that_cannot_be_read_set_no_limit, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
