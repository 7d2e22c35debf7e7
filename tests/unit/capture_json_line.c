/* SPDX-License-Identifier: MIT
 *
 * Where keys of a JSON text stand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/json_line.h"

static const char text[] = "\n"
                           "{ \"db_path\": \"a\\\"}{\", \"n\": [1, {\"x\": 2},\n"
                           "    3],\n"
                           "  \"interfaces\": {\n"
                           "    \"eth\": { \"snaplen\": 1 },\n"
                           "    \"eth0\": {\n"
                           "      \"promisc\"\n"
                           "        : false,\n"
                           "      \"snaplen\": 2 } },\n"
                           "  \"snaplen\": 3 }\n";

static void
keys_are_found_at_their_depth(void **state)
{
    (void)state;
    const char *path[] = {"interfaces", "eth0", "snaplen"}, *top[] = {"snaplen"};
    const char *promisc[] = {"interfaces", "eth0", "promisc"};
    assert_int_equal(json_line(text, path, 0), 2);
    assert_int_equal(json_line(text, path, 1), 4);
    assert_int_equal(json_line(text, path, 2), 6);
    assert_int_equal(json_line(text, path, 3), 9);
    assert_int_equal(json_line(text, promisc, 3), 7);
    assert_int_equal(json_line(text, top, 1), 10);
}

static void
a_key_that_is_not_there_has_the_line_of_what_holds_it(void **state)
{
    (void)state;
    const char *path[] = {"interfaces", "eth1", "snaplen"};
    const char *deep[] = {"db_path", "x", "y"};
    assert_int_equal(json_line(text, path, 3), 4);
    assert_int_equal(json_line(text, deep, 3), 2);
    assert_int_equal(json_line("[]", deep, 3), 1);
    assert_int_equal(json_line("", deep, 3), 1);
    assert_int_equal(json_line("{\"a", deep, 3), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_at_their_depth),
        cmocka_unit_test(a_key_that_is_not_there_has_the_line_of_what_holds_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
