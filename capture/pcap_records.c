/* SPDX-License-Identifier: MIT
 *
 * pcap_records.c -- see pcap_records.h.
 */
#include "capture/pcap_records.h"

#include <byteswap.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 24,
    RECORD_BYTES = 16,
    CAPTURED_MAX = 262144, /* as in libpcap: no packet has more */
    BUFFER_BYTES = 512 << 10
};
_Static_assert(BUFFER_BYTES > RECORD_BYTES + CAPTURED_MAX, "one packet fits");

struct pcap_records {
    int fd;
    off_t offset; /* in the file, of what is read next */
    uint32_t snaplen;
    bool is_swapped;
    uint32_t fractions_a_us;
    size_t at, end; /* in buffer: what is not handed out yet */
    uint8_t buffer[BUFFER_BYTES];
};

static uint32_t
number_at(const struct pcap_records *r, const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return r->is_swapped ? bswap_32(value) : value;
}

/* --- Opening ----------------------------------------------------------------- */

static bool
take_magic(struct pcap_records *r, uint32_t magic)
{
    const uint32_t us = 0xa1b2c3d4, ns = 0xa1b23c4d;
    r->is_swapped = magic == bswap_32(us) || magic == bswap_32(ns);
    if (r->is_swapped) magic = bswap_32(magic);
    r->fractions_a_us = magic == ns ? 1000 : 1;
    return magic == us || magic == ns;
}

static bool
is_version_2_4(const struct pcap_records *r, const uint8_t *bytes)
{
    uint16_t version[2];
    memcpy(version, bytes, sizeof version);
    if (r->is_swapped) return version[0] == bswap_16(2) && version[1] == bswap_16(4);
    return version[0] == 2 && version[1] == 4;
}

static bool
take_header(struct pcap_records *r)
{
    uint8_t header[HEADER_BYTES];
    struct stat stat;
    uint32_t magic;
    if (fstat(r->fd, &stat) != 0 || !S_ISREG(stat.st_mode)) return false;
    if (pread(r->fd, header, sizeof header, 0) != sizeof header) return false;
    memcpy(&magic, header, sizeof magic);
    return take_magic(r, magic) && is_version_2_4(r, header + 4);
}

struct pcap_records *
pcap_records_open(int fd, uint32_t snaplen)
{
    struct pcap_records *r = malloc(sizeof *r);
    if (r == NULL) return NULL;
    r->fd = fd;
    r->offset = HEADER_BYTES;
    r->snaplen = snaplen;
    r->at = r->end = 0;
    if (take_header(r)) return r;
    free(r);
    return NULL;
}

void
pcap_records_close(struct pcap_records *r)
{
    free(r);
}

/* --- Reading ----------------------------------------------------------------- */

/* Bytes of the packet at hand as far as its header is there, else of that. */
static size_t
record_bytes(const struct pcap_records *r)
{
    if (r->end - r->at < RECORD_BYTES) return RECORD_BYTES;
    return RECORD_BYTES + (size_t)number_at(r, r->buffer + r->at + 8);
}

static int
fail_cut_off(const struct pcap_records *r, char *error)
{
    snprintf(error, SOURCE_ERROR_MAX,
        "truncated; the last packet has %zu bytes of %zu, with its header",
        r->end - r->at, record_bytes(r));
    return -1;
}

int
pcap_records_fill(struct pcap_records *r, char *error)
{
    if (record_bytes(r) > RECORD_BYTES + CAPTURED_MAX) {
        snprintf(error, SOURCE_ERROR_MAX,
            "invalid packet at byte %lld: it claims %zu captured bytes",
            (long long)r->offset - (long long)(r->end - r->at),
            record_bytes(r) - RECORD_BYTES);
        return -1;
    }
    memmove(r->buffer, r->buffer + r->at, r->end - r->at);
    r->end -= r->at;
    r->at = 0;
    ssize_t count;
    do
        count = pread(r->fd, r->buffer + r->end, BUFFER_BYTES - r->end, r->offset);
    while (count < 0 && errno == EINTR);
    if (count < 0) {
        snprintf(error, SOURCE_ERROR_MAX, "%s", strerror(errno));
        return -1;
    }
    if (count == 0) return r->end == 0 ? 0 : fail_cut_off(r, error);
    r->end += (size_t)count;
    r->offset += count;
    return 1;
}

bool
pcap_records_next(struct pcap_records *r, struct source_packet *out)
{
    const uint8_t *record = r->buffer + r->at;
    const size_t left = r->end - r->at;
    if (left < RECORD_BYTES) return false;
    const uint32_t captured = number_at(r, record + 8);
    if (captured > CAPTURED_MAX || left - RECORD_BYTES < captured) return false;
    r->at += RECORD_BYTES + captured;
    *out = (struct source_packet){
        .bytes = record + RECORD_BYTES,
        .captured_bytes = captured < r->snaplen ? captured : r->snaplen,
        .wire_bytes = number_at(r, record + 12),
        .time_s = number_at(r, record),
        .time_us = number_at(r, record + 4) / r->fractions_a_us,
        .is_lasting = true,
    };
    return true;
}
