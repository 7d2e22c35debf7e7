/* SPDX-License-Identifier: MIT
 *
 * What an error says: one line, whatever names it is made of, and a name for each
 * status.
 */
#include <errno.h>

#include "godb/error.h"
#include "tests/store.h"

static void
every_status_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int one = GODB_ECANCELLED; one <= GODB_DONE; one++) {
        const char *name = godb_status_name((enum godb_status)one);
        assert_non_null(name);
        assert_string_not_equal(name, "unknown status");
        for (int two = GODB_ECANCELLED; two < one; two++)
            assert_string_not_equal(name, godb_status_name((enum godb_status)two));
    }
    assert_string_equal(godb_status_name((enum godb_status)99), "unknown status");
    assert_string_equal(godb_status_name(GODB_OK), "ok");
    assert_string_equal(godb_status_name(GODB_DONE), "done");
    assert_string_equal(godb_status_name(GODB_EARG), "bad argument");
    assert_string_equal(godb_status_name(GODB_ENOMEM), "out of memory");
    assert_string_equal(godb_status_name(GODB_EIO), "input/output error");
    assert_string_equal(godb_status_name(GODB_ENOTFOUND), "not found");
    assert_string_equal(godb_status_name(GODB_ECORRUPT), "corrupt");
    assert_string_equal(godb_status_name(GODB_EBUSY), "busy");
    assert_string_equal(godb_status_name(GODB_EFULL), "day full");
    assert_string_equal(godb_status_name(GODB_ECANCELLED), "cancelled");
}

static void
a_message_keeps_to_one_line_whatever_is_named_in_it(void **state)
{
    struct godb_err err;
    (void)state;
    assert_int_equal(err_set(&err, GODB_EARG, "%s", "a\nb\x1b[1m\x7f."), GODB_EARG);
    assert_string_equal(err.msg, "a?b?[1m?.");
    assert_int_equal(err_sys(&err, EIO, "%s", "a\r\x7f"), GODB_EIO);
    assert_string_equal(err.msg, "a??: Input/output error");
    assert_int_equal(err.os_errno, EIO);
    /* Nobody needs to listen. */
    assert_int_equal(err_set(NULL, GODB_EBUSY, "x"), GODB_EBUSY);
    assert_int_equal(err_sys(NULL, ENOENT, "x"), GODB_ENOTFOUND);
    err_prefix(NULL, "x");
}

/* It is cut, and no byte is written behind it. */
static void
a_message_that_is_too_long_ends_where_its_room_does(void **state)
{
    struct godb_err err;
    char path[sizeof err.msg + 100];
    (void)state;
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    err_set(&err, GODB_ECORRUPT, "sip.gpf: bad");
    err_prefix(&err, "/db/eth0");
    assert_string_equal(err.msg, "/db/eth0: sip.gpf: bad");
    err_prefix(&err, path);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    assert_int_equal(strspn(err.msg, "p"), sizeof err.msg - 1);
    err_sys(&err, EACCES, "%s", path);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_of_its_own),
        cmocka_unit_test(a_message_keeps_to_one_line_whatever_is_named_in_it),
        cmocka_unit_test(a_message_that_is_too_long_ends_where_its_room_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
