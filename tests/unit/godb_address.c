/* SPDX-License-Identifier: MIT
 *
 * Addresses and networks: bytes to text, text to bytes, and who holds whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct ip {
    uint8_t bytes[GODB_IP_BYTES];
};

static struct ip
ip_of(const char *text)
{
    struct ip ip;
    if (!godb_ip_parse(ip.bytes, text)) fail_msg("'%s' is no address", text);
    return ip;
}

static void
formats_as(const char *text, const char *expected)
{
    const struct ip ip = ip_of(text);
    char out[GODB_IP_TEXT];
    assert_int_equal(godb_ip_format(out, ip.bytes), strlen(expected));
    assert_string_equal(out, expected);
}

/* --- To text --------------------------------------------------------------------- */

static void
every_byte_of_a_dotted_quad_is_right(void **state)
{
    char expected[16], out[GODB_IP_TEXT];
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t ip[GODB_IP_BYTES] = {
            (uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i * 7), (uint8_t)(i ^ 0x55)};
        snprintf(expected, sizeof expected, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
        assert_int_equal(godb_ip_format(out, ip), strlen(expected));
        assert_string_equal(out, expected);
    }
}

static void
the_first_longest_run_of_zeros_is_cut(void **state)
{
    (void)state;
    formats_as("2001:db8:0:0:0:0:0:1", "2001:db8::1");
    formats_as("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
    formats_as("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
    formats_as("0:0:0:0:0:0:0:1", "::1");
    formats_as("fe80:0:0:0:0:0:1:0", "fe80::1:0");
    formats_as("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::");
}

static void
one_zero_group_is_written_out(void **state)
{
    (void)state;
    formats_as("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8");
    formats_as("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8");
}

static void
the_longest_address_fits(void **state)
{
    (void)state;
    formats_as("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    formats_as("ABCD:EF01:1234:5678:9ABC:DEF0:123:45", /* lower case, no zeros */
        "abcd:ef01:1234:5678:9abc:def0:123:45");
}

static void
mapped_addresses_are_written_in_hex_groups(void **state)
{
    (void)state;
    formats_as("::ffff:102:304", "::ffff:102:304");
    formats_as("::102:304", "::102:304");
}

static uint32_t
next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

/* Sparse bytes, so that runs of zeros are many. */
static void
random_addresses_come_back_from_their_text(void **state)
{
    uint32_t seed = 20160225;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint8_t ip[GODB_IP_BYTES], back[GODB_IP_BYTES], libc[GODB_IP_BYTES];
        char text[GODB_IP_TEXT];
        for (int k = 0; k < GODB_IP_BYTES; k++)
            ip[k] = next_random(&seed) % 3 ? 0 : (uint8_t)next_random(&seed);
        const size_t length = godb_ip_format(text, ip);
        assert_int_equal(length, strlen(text));
        assert_true(godb_ip_parse(back, text));
        assert_memory_equal(back, ip, sizeof ip);
        if (godb_ip_is_v4(ip)) continue;
        assert_int_equal(inet_pton(AF_INET6, text, libc), 1);
        assert_memory_equal(libc, ip, sizeof ip);
    }
}

/* --- From text ------------------------------------------------------------------- */

static void
an_address_whose_last_bytes_are_zero_is_ipv4(void **state)
{
    (void)state;
    assert_true(godb_ip_is_v4(ip_of("10.0.0.1").bytes));
    assert_true(godb_ip_is_v4(ip_of("0.0.0.0").bytes));
    assert_true(godb_ip_is_v4(ip_of("::").bytes));
    assert_false(godb_ip_is_v4(ip_of("::1").bytes));
    assert_false(godb_ip_is_v4(ip_of("2001:db8:1::").bytes));
    assert_false(godb_ip_is_v4(ip_of("::ffff:0:0").bytes));
}

static void
a_mapped_address_with_dots_is_ipv4(void **state)
{
    (void)state;
    formats_as("::ffff:1.2.3.4", "1.2.3.4");
    formats_as("::FFFF:1.2.3.4", "1.2.3.4");
    formats_as("::1.2.3.4", "::102:304");
}

static void
what_is_no_address_leaves_the_output_alone(void **state)
{
    static const char *const texts[] = {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1",
        "1.2.3.4 ", " 1.2.3.4", "01.2.3.4x", "1.2.3.-4", ":", ":::", "1::2::3",
        "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0", "::g",
        "::ffff:1.2.3", "localhost", "10.0.0.0/8"};
    uint8_t before[GODB_IP_BYTES], ip[GODB_IP_BYTES];
    (void)state;
    memset(before, 0xa5, sizeof before);
    for (size_t i = 0; i < COUNT(texts); i++) {
        memcpy(ip, before, sizeof ip);
        if (godb_ip_parse(ip, texts[i])) fail_msg("'%s' is taken", texts[i]);
        assert_memory_equal(ip, before, sizeof ip);
    }
}

/* --- Networks -------------------------------------------------------------------- */

static struct godb_net
net_of(const char *text)
{
    struct godb_net net;
    if (!godb_net_parse(&net, text)) fail_msg("'%s' is no network", text);
    return net;
}

static bool
holds(const char *net_text, const char *ip_text)
{
    const struct godb_net net = net_of(net_text);
    return godb_net_holds(&net, ip_of(ip_text).bytes);
}

static void
host_bits_of_a_network_are_masked_away(void **state)
{
    static const struct {
        const char *text, *addr;
        unsigned prefix_bits;
        bool is_v4;
    } rows[] = {
        {"10.1.2.3/8", "10.0.0.0", 8, true},
        {"10.255.255.255/13", "10.248.0.0", 13, true},
        {"10.1.2.3/0", "0.0.0.0", 0, true},
        {"10.1.2.3", "10.1.2.3", 32, true},
        {"::ffff:10.1.2.3/16", "10.1.0.0", 16, true},
        {"2001:db8:ffff::1/33", "2001:db8:8000::", 33, false},
        {"2001:db8::1", "2001:db8::1", 128, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct godb_net net = net_of(rows[i].text);
        assert_memory_equal(net.addr, ip_of(rows[i].addr).bytes, GODB_IP_BYTES);
        assert_int_equal(net.prefix_bits, rows[i].prefix_bits);
        assert_int_equal(net.is_v4, rows[i].is_v4);
    }
}

static void
an_ipv6_network_stays_one_when_its_last_bytes_are_zero(void **state)
{
    (void)state;
    assert_false(net_of("2001:db8::/32").is_v4);
    assert_false(net_of("::/0").is_v4);
    assert_true(holds("2001:db8::/32", "2001:db8:1::1"));
    assert_false(holds("2001:db8::/32", "2001:db9::1"));
}

static void
bad_networks_leave_the_output_alone(void **state)
{
    static const char *const texts[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33",
        "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.0/8/8",
        "10.0.0.0/256", "10.0.0.0/4294967304", "10.0.0.0/255.0.0.0", "2001:db8::/129",
        "::ffff:1.2.3.4/33", "10/8", "x/8",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/8"};
    struct godb_net before, net;
    (void)state;
    memset(&before, 0xa5, sizeof before);
    for (size_t i = 0; i < COUNT(texts); i++) {
        memcpy(&net, &before, sizeof net);
        if (godb_net_parse(&net, texts[i])) fail_msg("'%s' is taken", texts[i]);
        assert_memory_equal(&net, &before, sizeof net);
    }
}

static void
families_never_mix(void **state)
{
    (void)state;
    assert_true(holds("0.0.0.0/0", "10.0.0.1"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "2001:db8::1"));
    assert_false(holds("::/0", "10.0.0.1"));
    assert_false(holds("32.1.13.184/32", "2001:db8::1")); /* the same first bytes */
}

/* By single bits, as slowly as it can be said. */
static bool
holds_slowly(const struct godb_net *net, const uint8_t *ip)
{
    if (godb_ip_is_v4(ip) != net->is_v4) return false;
    for (unsigned bit = 0; bit < net->prefix_bits; bit++)
        if (((ip[bit / 8] ^ net->addr[bit / 8]) >> (7 - bit % 8)) & 1) return false;
    return true;
}

static void
every_prefix_length_holds_what_its_bits_say(void **state)
{
    const struct ip v4 = ip_of("170.85.204.51");
    const struct ip v6 = ip_of("2001:db8:aaaa:5555:cccc:3333:f0f0:0f0f");
    char text[GODB_IP_TEXT + 5];
    (void)state;
    for (unsigned prefix = 0; prefix <= 128; prefix++)
        for (unsigned flip = 0; flip <= 128; flip++) {
            const bool is_v4 = prefix <= 32 && flip <= 32;
            struct ip ip = is_v4 ? v4 : v6;
            snprintf(text, sizeof text, "%s/%u",
                is_v4 ? "170.85.204.51" : "2001:db8:aaaa:5555:cccc:3333:f0f0:0f0f",
                prefix);
            const struct godb_net net = net_of(text);
            if (flip < (is_v4 ? 32 : 128)) ip.bytes[flip / 8] ^= 0x80 >> flip % 8;
            assert_int_equal(
                godb_net_holds(&net, ip.bytes), holds_slowly(&net, ip.bytes));
            assert_int_equal(godb_net_holds(&net, ip.bytes), flip >= prefix);
        }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_of_a_dotted_quad_is_right),
        cmocka_unit_test(the_first_longest_run_of_zeros_is_cut),
        cmocka_unit_test(one_zero_group_is_written_out),
        cmocka_unit_test(the_longest_address_fits),
        cmocka_unit_test(mapped_addresses_are_written_in_hex_groups),
        cmocka_unit_test(random_addresses_come_back_from_their_text),
        cmocka_unit_test(an_address_whose_last_bytes_are_zero_is_ipv4),
        cmocka_unit_test(a_mapped_address_with_dots_is_ipv4),
        cmocka_unit_test(what_is_no_address_leaves_the_output_alone),
        cmocka_unit_test(host_bits_of_a_network_are_masked_away),
        cmocka_unit_test(an_ipv6_network_stays_one_when_its_last_bytes_are_zero),
        cmocka_unit_test(bad_networks_leave_the_output_alone),
        cmocka_unit_test(families_never_mix),
        cmocka_unit_test(every_prefix_length_holds_what_its_bits_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
