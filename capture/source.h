/* SPDX-License-Identifier: MIT
 *
 * source.h -- where packets come from: interfaces, or a recorded file.
 *
 * The only part that knows libpcap.  Live, there is one handle for all interfaces: the
 * "any" device with cooked headers of version 2, which say for each packet on which
 * interface it was and whether it was sent.  It survives interfaces that go down,
 * vanish and come back.  Messages are one line, in the caller's buffer.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "capture/packet.h"

enum { SOURCE_ERROR_MAX = 512 };

enum source_status {
    SOURCE_OK = 0,
    SOURCE_EFAILED = -1,
    SOURCE_EPERMISSION = -2,
    SOURCE_EFILTER = -3, /* the user's filter does not compile */
    SOURCE_EFILE = -4    /* the file cannot be read as a capture */
};

struct source;

struct source_options {
    const char *const *ifaces; /* live */
    size_t iface_count;
    const char *file;   /* recorded; NULL: live */
    const char *filter; /* BPF, or NULL */
    int buffer_mib;     /* of the kernel's ring */
    int snaplen;
    bool promiscuous;
};

/* One packet; bytes are borrowed for the call. */
struct source_packet {
    const uint8_t *bytes;
    uint32_t captured_bytes, wire_bytes;
    int64_t time_s;
    uint32_t time_us;
};

typedef void source_packet_fn(void *arg, const struct source_packet *packet);

struct source_stats {
    uint64_t received, dropped, if_dropped; /* since the source was opened */
};

/* What options points to is borrowed until close.  Other than SOURCE_OK: there is a
 * line in error. */
enum source_status source_open(
    struct source **out, const struct source_options *options, char *error);
void source_close(struct source *source);

enum packet_link source_link(const struct source *source);

/* Which of options->ifaces has this index now; -1: none.  A file has one interface, 0.
 */
int source_iface(const struct source *source, uint32_t ifindex);

/* A file descriptor that is readable when packets wait; live only. */
int source_fd(const struct source *source);

/* Hand over what is there, at most max packets.  Their number; 0: nothing now, or the
 * file's end; -1 with a line in error. */
int source_dispatch(
    struct source *source, int max, source_packet_fn *call, void *arg, char *error);

/* Look whether interfaces came, went, or came back under another index; live only.
 * Other than SOURCE_OK: the filter could not follow, and error says why. */
enum source_status source_refresh(struct source *source, char *error);

void source_read_stats(struct source *source, struct source_stats *out);

#endif
