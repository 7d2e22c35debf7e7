/* SPDX-License-Identifier: MIT
 *
 * The machine's outside addresses, from a file that may hold anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shell/ext_ips.h"

static const char *
in_tmp(const char *name)
{
    static char path[4096];
    const char *dir = getenv("TMP");
    snprintf(path, sizeof path, "%s/%s", dir ? dir : "/tmp", name);
    return path;
}

static struct ext_ips
read_bytes(const char *bytes, size_t length)
{
    struct ext_ips ips = {.count = 99};
    const char *path = in_tmp("macros.conf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    fclose(file);
    ext_ips_read(&ips, path);
    unlink(path);
    return ips;
}

#define READ(text) read_bytes(text, sizeof(text) - 1)

static void
the_addresses_of_its_line_are_told(void **state)
{
    (void)state;
    struct ext_ips ips =
        READ("# macros\nip_LOCAL=10.0.0.1\nip_LOCAL_EXT=192.0.2.1,2001:DB8::1\nx=1\n");
    assert_int_equal(ips.count, 2);
    assert_string_equal(ips.texts[0], "192.0.2.1");
    assert_string_equal(ips.texts[1], "2001:db8::1");
    ips = READ("ip_LOCAL_EXT=\"192.0.2.1, 192.0.2.2\"\r\n");
    assert_int_equal(ips.count, 2);
    assert_int_equal(READ("xip_LOCAL_EXT=192.0.2.1\n").count, 0);
    assert_int_equal(READ("").count, 0);
}

static void
what_is_no_address_is_passed_over(void **state)
{
    (void)state;
    const struct ext_ips ips =
        READ("ip_LOCAL_EXT=,\x1b[31m,$(reboot),192.0.2.300,192.0.2.1\0,192.0.2.2\n");
    assert_int_equal(ips.count, 1);
    assert_string_equal(ips.texts[0], "192.0.2.1");
}

static void
too_many_and_too_much_are_bounded(void **state)
{
    (void)state;
    static char text[70000] = "ip_LOCAL_EXT=";
    size_t length = strlen(text);
    while (length < 60000)
        length += (size_t)sprintf(text + length, "10.0.0.1,");
    assert_int_equal(read_bytes(text, length).count, EXT_IPS_MAX);
    memset(text + length, ',', sizeof text - length);
    assert_int_equal(read_bytes(text, sizeof text).count, 0);
}

static void
what_is_no_file_is_not_waited_for(void **state)
{
    (void)state;
    struct ext_ips ips = {.count = 99};
    const char *path = in_tmp("macros.pipe");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    ext_ips_read(&ips, path);
    assert_int_equal(ips.count, 0);
    unlink(path);
    ext_ips_read(&ips, path);
    assert_int_equal(ips.count, 0);
    ext_ips_read(&ips, "/");
    assert_int_equal(ips.count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_addresses_of_its_line_are_told),
        cmocka_unit_test(what_is_no_address_is_passed_over),
        cmocka_unit_test(too_many_and_too_much_are_bounded),
        cmocka_unit_test(what_is_no_file_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
