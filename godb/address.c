/* SPDX-License-Identifier: MIT
 *
 * address.c -- addresses and networks, as bytes and as text.
 */
#include <arpa/inet.h>
#include <string.h>

#include "godb/godb.h"

/* --- To text ---------------------------------------------------------------------- */

/* "0." to "255.", each in four bytes: with a branch a digit, random addresses cost
 * twice as much, and rows with addresses cost little else. */
#define OCTET(n)                                                                       \
    {                                                                                  \
        (n) > 99  ? '0' + (n) / 100                                                    \
        : (n) > 9 ? '0' + (n) / 10                                                     \
                  : '0' + (n),                                                         \
            (n) > 99  ? '0' + (n) / 10 % 10                                            \
            : (n) > 9 ? '0' + (n) % 10                                                 \
                      : '.',                                                           \
            (n) > 99 ? '0' + (n) % 10 : '.', '.'                                       \
    }
#define OCTETS4(n)  OCTET(n), OCTET((n) + 1), OCTET((n) + 2), OCTET((n) + 3)
#define OCTETS16(n) OCTETS4(n), OCTETS4((n) + 4), OCTETS4((n) + 8), OCTETS4((n) + 12)
#define OCTETS64(n)                                                                    \
    OCTETS16(n), OCTETS16((n) + 16), OCTETS16((n) + 32), OCTETS16((n) + 48)

static const char octets[256][4] = {
    OCTETS64(0), OCTETS64(64), OCTETS64(128), OCTETS64(192)};

static char *
put_v4(char *to, const uint8_t ip[GODB_IP_BYTES])
{
    for (int i = 0; i < 4; i++) {
        memcpy(to, octets[ip[i]], 4);
        to += 2 + (ip[i] > 9) + (ip[i] > 99);
    }
    return to - 1;
}

static char *
put_hex(char *to, uint16_t value)
{
    static const char digits[] = "0123456789abcdef";
    if (value >= 0x1000) *to++ = digits[value >> 12];
    if (value >= 0x100) *to++ = digits[value >> 8 & 15];
    if (value >= 0x10) *to++ = digits[value >> 4 & 15];
    *to++ = digits[value & 15];
    return to;
}

/* The first longest run of at least two zero groups; its length, or 0. */
static int
longest_zeros(const uint16_t groups[8], int *out_start)
{
    int best = 0;
    for (int start = 0; start < 8; start++) {
        int length = 0;
        while (start + length < 8 && groups[start + length] == 0)
            length++;
        if (length > best) {
            best = length;
            *out_start = start;
        }
    }
    return best >= 2 ? best : 0;
}

static char *
put_groups(char *to, const uint16_t *groups, int from, int until)
{
    for (int i = from; i < until; i++) {
        if (i > from) *to++ = ':';
        to = put_hex(to, groups[i]);
    }
    return to;
}

static char *
put_v6(char *to, const uint8_t ip[GODB_IP_BYTES])
{
    uint16_t groups[8];
    int start = 0;
    for (size_t i = 0; i < 8; i++)
        groups[i] = (uint16_t)(ip[2 * i] << 8 | ip[2 * i + 1]);
    const int zeros = longest_zeros(groups, &start);
    if (zeros == 0) return put_groups(to, groups, 0, 8);
    to = put_groups(to, groups, 0, start);
    *to++ = ':';
    *to++ = ':';
    return put_groups(to, groups, start + zeros, 8);
}

size_t
godb_ip_format(char out[GODB_IP_TEXT], const uint8_t ip[GODB_IP_BYTES])
{
    char *to = out;
    to = godb_ip_is_v4(ip) ? put_v4(to, ip) : put_v6(to, ip);
    *to = '\0';
    return (size_t)(to - out);
}

/* --- From text -------------------------------------------------------------------- */

/* As inet_pton(3), at a third of its cost: an import parses two of them a row. */
static bool
parse_v4(uint8_t out[GODB_IP_BYTES], const char *text)
{
    uint8_t octets_read[4];
    for (int i = 0; i < 4; i++) {
        unsigned value = (unsigned)(unsigned char)*text++ - '0', digit;
        if (value > 9) return false;
        const bool is_zero = value == 0; /* nothing may follow: 010 is 8 for some */
        while ((digit = (unsigned)(unsigned char)*text - '0') <= 9) {
            value = value * 10 + digit;
            if (is_zero || value > UINT8_MAX) return false;
            text++;
        }
        if (*text++ != (i < 3 ? '.' : '\0')) return false;
        octets_read[i] = (uint8_t)value;
    }
    memset(out, 0, GODB_IP_BYTES);
    memcpy(out, octets_read, sizeof octets_read);
    return true;
}

bool
godb_ip_parse(uint8_t out[GODB_IP_BYTES], const char *text)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    uint8_t ip[GODB_IP_BYTES];
    if (parse_v4(out, text)) return true;
    if (inet_pton(AF_INET6, text, ip) != 1) return false;
    if (strchr(text, '.') != NULL && memcmp(ip, mapped, sizeof mapped) == 0) {
        memmove(ip, ip + 12, 4);
        memset(ip + 4, 0, 12);
    }
    memcpy(out, ip, GODB_IP_BYTES);
    return true;
}

/* --- Networks --------------------------------------------------------------------- */

static void
mask(uint8_t addr[GODB_IP_BYTES], unsigned prefix_bits)
{
    for (unsigned i = 0; i < GODB_IP_BYTES; i++) {
        const unsigned bit = i * 8;
        if (bit >= prefix_bits)
            addr[i] = 0;
        else if (bit + 8 > prefix_bits)
            addr[i] &= (uint8_t)(0xff << (8 - prefix_bits % 8));
    }
}

/* Decimal digits only: no sign, no blank, at most three. */
static bool
parse_prefix(const char *text, unsigned max, unsigned *out)
{
    unsigned value = 0;
    size_t i = 0;
    for (; text[i] >= '0' && text[i] <= '9' && i < 3; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    if (i == 0 || text[i] != '\0' || value > max) return false;
    *out = value;
    return true;
}

bool
godb_net_parse(struct godb_net *out, const char *text)
{
    char addr_text[GODB_IP_TEXT];
    uint8_t addr[GODB_IP_BYTES];
    const char *slash = strchrnul(text, '/');
    const size_t length = (size_t)(slash - text);
    if (length >= sizeof addr_text) return false;
    memcpy(addr_text, text, length);
    addr_text[length] = '\0';
    if (!godb_ip_parse(addr, addr_text)) return false;
    /* By the text, not by the bytes: 2001:db8:: would pass for IPv4. */
    const bool is_v4 = strchr(addr_text, ':') == NULL ||
                       (strchr(addr_text, '.') != NULL && godb_ip_is_v4(addr));
    unsigned prefix_bits = is_v4 ? 32 : 128;
    if (*slash && !parse_prefix(slash + 1, prefix_bits, &prefix_bits)) return false;
    mask(addr, prefix_bits);
    memcpy(out->addr, addr, GODB_IP_BYTES);
    out->prefix_bits = (uint8_t)prefix_bits;
    out->is_v4 = is_v4;
    return true;
}

bool
godb_net_holds(const struct godb_net *net, const uint8_t ip[GODB_IP_BYTES])
{
    if (godb_ip_is_v4(ip) != net->is_v4) return false;
    const unsigned bytes = net->prefix_bits / 8, bits = net->prefix_bits % 8;
    if (memcmp(ip, net->addr, bytes) != 0) return false;
    return bits == 0 || (ip[bytes] ^ net->addr[bytes]) >> (8 - bits) == 0;
}
