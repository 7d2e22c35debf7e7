/* SPDX-License-Identifier: MIT
 *
 * source.h -- where packets come from: interfaces, or a recorded file.
 *
 * The only part that knows libpcap.  Live, there is one handle for all interfaces: the
 * "any" device with cooked headers of version 2, which say for each packet on which
 * interface it was and whether it was sent.  It survives interfaces that go down,
 * vanish and come back.  Filters of all interfaces run in the kernel, as one program
 * that is replaced without a gap; see kernel_filter.h.  Messages are one line, in the
 * caller's buffer.
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
    const char *file;   /* recorded; NULL: live */
    const char *filter; /* of the file: BPF, or NULL */
    int buffer_mib;     /* live: of the kernel's ring */
};

/* A filter of interfaces, compiled. */
struct source_filter;

/* What to capture of an interface that is there. */
struct source_target {
    uint32_t ifindex;                   /* 0: all others; only as the last */
    const struct source_filter *filter; /* or NULL */
    int snaplen;                        /* bytes kept of a packet; 0: none is wanted */
    bool promiscuous;
};

/* One packet; bytes are borrowed for the call. */
struct source_packet {
    const uint8_t *bytes;
    uint32_t captured_bytes, wire_bytes;
    int64_t time_s;
    uint32_t time_us;
    bool is_lasting; /* bytes stay until the next source_dispatch() */
};

typedef void source_packet_fn(void *arg, const struct source_packet *packet);

struct source_stats {
    uint64_t received, dropped, if_dropped; /* since the source was opened */
};

/* What options points to is borrowed until close.  Live, nothing is captured before the
 * first source_follow().  Other than SOURCE_OK: there is a line in error. */
enum source_status source_open(
    struct source **out, const struct source_options *options, char *error);
void source_close(struct source *source);

/* Compile a filter of interfaces, without a source.  A long one takes seconds: not to
 * be done while packets wait.  For source_filter_free(). */
enum source_status source_filter_new(
    struct source_filter **out, const char *text, char *error);
void source_filter_free(struct source_filter *filter);

/* Capture these from now on, and nothing else; live only.  Packets of those that were
 * followed before, with the same filter, are all there.  Other than SOURCE_OK: nothing
 * has changed. */
enum source_status source_follow(struct source *source,
    const struct source_target *targets, size_t count, char *error);

enum packet_link source_link(const struct source *source);

/* A file descriptor that is readable when packets wait; live only. */
int source_fd(const struct source *source);

/* Hand over what is there, at most max packets.  Their number; 0: nothing now, or the
 * file's end; -1 with a line in error. */
int source_dispatch(
    struct source *source, int max, source_packet_fn *call, void *arg, char *error);

void source_read_stats(struct source *source, struct source_stats *out);

#endif
