/* SPDX-License-Identifier: MIT
 *
 * source.c -- see source.h.
 */
#include "capture/source.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

#include "capture/pcap_records.h"
#include "capture/promiscuous.h"
#include "capture/target_filter.h"

enum {
    READ_BUFFER_BYTES = 256 << 10, /* stdio's 4 KiB halve the speed of reading a file */
    TIMEOUT_MS = 100,              /* at most that old are packets when they come */
    SNAPLEN_MAX = 65535 + 20       /* with its header; filters say what is kept */
};

struct source {
    struct source_options options;
    pcap_t *pcap;
    char *read_buffer; /* of a file's stream, which the handle has; may be NULL */
    enum packet_link link;
    struct pcap_records *records; /* of a file that is read without libpcap, or NULL */
    struct bpf_program file_filter; /* for them; without instructions: none */
    struct promiscuous promiscuous;
    bool is_following;     /* a filter is in place, ... */
    bool is_settled;       /* ... and packets from before it have passed */
    struct timeval follow; /* when it was */
    int64_t settled_by_s;  /* of a clock that nobody sets */
    struct source_stats total;
    struct pcap_stat last; /* libpcap's counters, which wrap at 32 bits */
};

static enum source_status
fail(enum source_status status, char *error, const char *what, const char *why)
{
    snprintf(error, SOURCE_ERROR_MAX, "%s: %s", what, why);
    return status;
}

/* --- Link types -------------------------------------------------------------- */

static bool
link_of(int datalink, enum packet_link *out)
{
    switch (datalink) {
    case DLT_EN10MB:
        *out = PACKET_ETHERNET;
        return true;
    case DLT_LINUX_SLL:
        *out = PACKET_SLL;
        return true;
    case DLT_LINUX_SLL2:
        *out = PACKET_SLL2;
        return true;
    case DLT_RAW:
    case 14: /* DLT_RAW on some systems */
    case DLT_IPV4:
    case DLT_IPV6:
        *out = PACKET_RAW;
        return true;
    case DLT_NULL:
    case DLT_LOOP:
        *out = PACKET_NULL;
        return true;
    case DLT_PPP:
    case DLT_PPP_SERIAL:
        *out = PACKET_PPP;
        return true;
    default:
        return false;
    }
}

static enum source_status
find_link(struct source *source, const char *what, char *error)
{
    const int datalink = pcap_datalink(source->pcap);
    if (link_of(datalink, &source->link)) return 0;
    const char *name = pcap_datalink_val_to_name(datalink);
    snprintf(error, SOURCE_ERROR_MAX, "%s: link type %s (%d) is not supported", what,
        name ? name : "unknown", datalink);
    return SOURCE_EFILE;
}

/* --- Filters ----------------------------------------------------------------- */

static enum source_status
fail_filter(const char *text, const char *why, char *error)
{
    snprintf(error, SOURCE_ERROR_MAX, "filter '%.200s': %s", text, why);
    return SOURCE_EFILTER;
}

static enum source_status
compile(pcap_t *pcap, const char *text, struct bpf_program *out, char *error)
{
    if (pcap_compile(pcap, out, text, 1, PCAP_NETMASK_UNKNOWN) == 0) return SOURCE_OK;
    return fail_filter(text, pcap_geterr(pcap), error);
}

static enum source_status
set_file_filter(struct source *source, const char *text, char *error)
{
    const enum source_status status =
        compile(source->pcap, text, &source->file_filter, error);
    if (status != SOURCE_OK) return status;
    if (pcap_setfilter(source->pcap, &source->file_filter) == 0) return SOURCE_OK;
    return fail(SOURCE_EFAILED, error, "filter", pcap_geterr(source->pcap));
}

static struct source_filter *
copy_program(const char *text, const struct bpf_program *program)
{
    const size_t count = program->bf_len;
    struct source_filter *filter =
        calloc(1, sizeof *filter + count * sizeof filter->code[0]);
    if (filter == NULL) return NULL;
    snprintf(filter->text, sizeof filter->text, "%s", text);
    filter->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct bpf_insn *from = &program->bf_insns[i];
        filter->code[i] = (struct sock_filter){from->code, from->jt, from->jf, from->k};
    }
    return filter;
}

enum source_status
source_filter_new(struct source_filter **out, const char *text, char *error)
{
    struct bpf_program program;
    /* libpcap's time goes up by the third power of what it is given. */
    if (strlen(text) > SOURCE_FILTER_TEXT_MAX)
        return fail_filter(text, "it is longer than 4096 bytes", error);
    pcap_t *dead = pcap_open_dead(DLT_LINUX_SLL2, SNAPLEN_MAX);
    if (dead == NULL) return fail(SOURCE_EFAILED, error, "filter", "out of memory");
    const enum source_status status = compile(dead, text, &program, error);
    pcap_close(dead);
    if (status != SOURCE_OK) return status;
    struct source_filter *filter = copy_program(text, &program);
    pcap_freecode(&program);
    if (filter == NULL) return fail(SOURCE_EFAILED, error, "filter", "out of memory");
    if (!kernel_filter_adapt(filter->code, filter->count)) {
        source_filter_free(filter);
        return fail_filter(text, "it reads link headers, which are not there", error);
    }
    *out = filter;
    return SOURCE_OK;
}

void
source_filter_free(struct source_filter *filter)
{
    free(filter);
}

/* --- Following interfaces ------------------------------------------------------- */

static int64_t
steady_clock_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* pcap_setfilter() would let nothing through for a moment, and set counters to 0. */
static enum source_status
attach_filter(struct source *source, struct kernel_filter *filter, char *error)
{
    const struct sock_fprog program = {(unsigned short)filter->count, filter->code};
    if (setsockopt(pcap_fileno(source->pcap), SOL_SOCKET, SO_ATTACH_FILTER, &program,
            sizeof program) != 0)
        return fail(SOURCE_EFAILED, error, "filter", strerror(errno));
    if (!source->is_following) {
        gettimeofday(&source->follow, NULL);
        source->settled_by_s = steady_clock_s() + 1;
    }
    source->is_following = true;
    return SOURCE_OK;
}

enum source_status
source_follow(struct source *source, const struct source_target *targets, size_t count,
    char *error)
{
    struct kernel_filter filter;
    enum source_status status = target_filter_build(&filter, targets, count, error);
    if (status == SOURCE_OK) status = attach_filter(source, &filter, error);
    if (status == SOURCE_OK) promiscuous_set(&source->promiscuous, targets, count);
    return status;
}

/* --- Live -------------------------------------------------------------------- */

static enum source_status
activate(struct source *source, char *error)
{
    pcap_t *pcap = source->pcap;
    pcap_set_snaplen(pcap, SNAPLEN_MAX);
    pcap_set_timeout(pcap, TIMEOUT_MS);
    pcap_set_buffer_size(pcap, source->options.buffer_mib * 1024 * 1024);
    const int rc = pcap_activate(pcap);
    if (rc == PCAP_ERROR_PERM_DENIED)
        return fail(SOURCE_EPERMISSION, error, "capture",
            "not permitted; run it as root or with the capability CAP_NET_RAW");
    if (rc < 0) {
        const char *why = pcap_geterr(pcap);
        return fail(
            SOURCE_EFAILED, error, "capture", *why ? why : pcap_statustostr(rc));
    }
    if (pcap_set_datalink(pcap, DLT_LINUX_SLL2) != 0)
        return fail(SOURCE_EFAILED, error, "capture", pcap_geterr(pcap));
    return 0;
}

static enum source_status
open_live(struct source *source, char *error)
{
    char why[PCAP_ERRBUF_SIZE];
    enum source_status status;
    source->pcap = pcap_create("any", why);
    if (source->pcap == NULL) return fail(SOURCE_EFAILED, error, "capture", why);
    if ((status = activate(source, error)) != SOURCE_OK) return status;
    if (!promiscuous_open(&source->promiscuous))
        return fail(SOURCE_EFAILED, error, "promiscuous mode", strerror(errno));
    if ((status = find_link(source, "capture", error)) != SOURCE_OK) return status;
    if ((status = source_follow(source, NULL, 0, error)) != SOURCE_OK) return status;
    source->is_following = false;
    if (pcap_setnonblock(source->pcap, 1, why) != 0)
        return fail(SOURCE_EFAILED, error, "capture", why);
    return SOURCE_OK;
}

/* --- Files ------------------------------------------------------------------- */

static enum source_status
open_file(struct source *source, char *error)
{
    char why[PCAP_ERRBUF_SIZE];
    const char *path = source->options.file;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return fail(SOURCE_EFILE, error, path, strerror(errno));
    /* Without memory of ours glibc takes its own 4 KiB, whatever the size. */
    source->read_buffer = malloc(READ_BUFFER_BYTES);
    if (source->read_buffer != NULL)
        setvbuf(file, source->read_buffer, _IOFBF, READ_BUFFER_BYTES);
    __fsetlocking(file, FSETLOCKING_BYCALLER); /* libpcap reads a packet in two calls */
    source->pcap = pcap_fopen_offline(file, why);
    if (source->pcap == NULL) {
        fclose(file);
        return fail(SOURCE_EFILE, error, path, why);
    }
    const enum source_status status = find_link(source, path, error);
    if (status != SOURCE_OK) return status;
    source->records =
        pcap_records_open(fileno(file), (uint32_t)pcap_snapshot(source->pcap));
    if (source->options.filter == NULL) return SOURCE_OK;
    return set_file_filter(source, source->options.filter, error);
}

/* --- Public ------------------------------------------------------------------ */

enum source_status
source_open(struct source **out, const struct source_options *options, char *error)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) return fail(SOURCE_EFAILED, error, "capture", "out of memory");
    source->options = *options;
    source->promiscuous.fd = -1;
    source->is_settled = options->file != NULL;
    const enum source_status status =
        options->file ? open_file(source, error) : open_live(source, error);
    if (status != SOURCE_OK) {
        source_close(source);
        return status;
    }
    *out = source;
    return SOURCE_OK;
}

void
source_close(struct source *source)
{
    if (source == NULL) return;
    pcap_records_close(source->records);
    pcap_freecode(&source->file_filter);
    if (source->pcap) pcap_close(source->pcap);
    promiscuous_close(&source->promiscuous);
    free(source->read_buffer);
    free(source);
}

enum packet_link
source_link(const struct source *source)
{
    return source->link;
}

int
source_fd(const struct source *source)
{
    return pcap_get_selectable_fd(source->pcap);
}

struct delivery {
    struct source *source;
    source_packet_fn *call;
    void *arg;
};

static int64_t
microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

/* Packets that came between opening and the first filter are nobody's. */
static bool
is_early(struct source *source, const struct timeval *time)
{
    if (source->is_following)
        source->is_settled = microseconds(time) >= microseconds(&source->follow) ||
                             steady_clock_s() > source->settled_by_s;
    return !source->is_settled;
}

static void
deliver(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    const struct delivery *delivery = (const void *)user;
    const struct source_packet packet = {.bytes = bytes,
        .captured_bytes = header->caplen,
        .wire_bytes = header->len,
        .time_s = header->ts.tv_sec,
        .time_us = (uint32_t)header->ts.tv_usec};
    if (!delivery->source->is_settled && is_early(delivery->source, &header->ts))
        return;
    delivery->call(delivery->arg, &packet);
}

static bool
passes_file_filter(const struct source *source, const struct source_packet *packet)
{
    const struct pcap_pkthdr header = {
        .caplen = packet->captured_bytes, .len = packet->wire_bytes};
    if (source->file_filter.bf_len == 0) return true;
    return pcap_offline_filter(&source->file_filter, &header, packet->bytes) != 0;
}

/* The next packet, which may have to be read; as source_dispatch(). */
static int
next_record(struct source *source, struct source_packet *out, char *error)
{
    char why[SOURCE_ERROR_MAX];
    int rc = 1;
    while (rc > 0 && !pcap_records_next(source->records, out))
        rc = pcap_records_fill(source->records, why);
    if (rc < 0)
        snprintf(error, SOURCE_ERROR_MAX, "%.250s: %.250s", source->options.file, why);
    return rc;
}

static int
dispatch_records(
    struct source *source, int max, source_packet_fn *call, void *arg, char *error)
{
    struct source_packet packet;
    int count = next_record(source, &packet, error);
    if (count <= 0) return count;
    for (;; count++) {
        if (passes_file_filter(source, &packet)) call(arg, &packet);
        if (count == max || !pcap_records_next(source->records, &packet)) return count;
    }
}

int
source_dispatch(
    struct source *source, int max, source_packet_fn *call, void *arg, char *error)
{
    struct delivery delivery = {source, call, arg};
    if (source->records) return dispatch_records(source, max, call, arg, error);
    const int count = pcap_dispatch(source->pcap, max, deliver, (u_char *)&delivery);
    if (count >= 0) return count;
    fail(SOURCE_EFAILED, error, source->options.file ? source->options.file : "capture",
        pcap_geterr(source->pcap));
    return -1;
}

void
source_read_stats(struct source *source, struct source_stats *out)
{
    struct pcap_stat now;
    if (source->options.file == NULL && pcap_stats(source->pcap, &now) == 0) {
        source->total.received += now.ps_recv - source->last.ps_recv;
        source->total.dropped += now.ps_drop - source->last.ps_drop;
        source->total.if_dropped += now.ps_ifdrop - source->last.ps_ifdrop;
        source->last = now;
    }
    *out = source->total;
}
