/* SPDX-License-Identifier: MIT
 *
 * A check that cannot read a directory, since no memory is left for it, says which one
 * and holds on to nothing.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

static int opens_left; /* until the call that fails */

/* In place of libc's, which fails where malloc(3) does, within libc. */
DIR *fdopendir(int fd);

DIR *
fdopendir(int fd)
{
    if (opens_left > 0 && --opens_left == 0) {
        errno = ENOMEM;
        return NULL;
    }
    DIR *(*libc_fdopendir)(int);
    *(void **)&libc_fdopendir = dlsym(RTLD_NEXT, "fdopendir");
    return libc_fdopendir(fd);
}

static int
count_open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    if (dir == NULL) abort();
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static void
a_check_gives_back_a_directory_it_cannot_read(void **state)
{
    char *root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    assert_int_equal(store_append(db, "eth0", DAY + 300, 1000, 10, NULL), GODB_OK);
    const int open_before = count_open_files();
    int fail_at = 0, rc;
    do {
        const struct godb_check_spec spec = {.does_repair = false};
        struct godb_check_counts counts;
        struct godb_err err = {0};
        opens_left = ++fail_at;
        rc = godb_check(&counts, db, &spec, &err);
        assert_int_equal(count_open_files(), open_before);
        if (opens_left == 0) {
            assert_int_equal(rc, GODB_ENOMEM);
            assert_non_null(strstr(err.msg, root));
            assert_non_null(strstr(err.msg, "Cannot allocate memory"));
        }
    } while (opens_left == 0);
    assert_int_equal(rc, GODB_OK);
    assert_true(fail_at > 3); /* the root, the interface and the day, at least */
    godb_close(db);
    free(root);
    (void)state;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_gives_back_a_directory_it_cannot_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
