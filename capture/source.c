/* SPDX-License-Identifier: MIT
 *
 * source.c -- see source.h.
 */
#include "capture/source.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BUFFER_BYTES = 1 << 20, /* stdio's 4 KiB halve the speed of reading a file */
    TIMEOUT_MS = 100,            /* at most that old are packets when they come */
    FILTER_MAX = 64 * 1024       /* room for all interfaces that options.h allows */
};

struct source {
    struct source_options options;
    pcap_t *pcap;
    enum packet_link link;
    unsigned *ifindexes; /* of options.ifaces; 0: not there now */
    int promiscuous_fd;  /* its memberships end with it */
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
set_filter(struct source *source, const char *text, char *error)
{
    struct bpf_program program;
    if (pcap_compile(source->pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(error, SOURCE_ERROR_MAX, "filter '%.200s': %s",
            source->options.filter ? source->options.filter : text,
            pcap_geterr(source->pcap));
        return SOURCE_EFILTER;
    }
    const int rc = pcap_setfilter(source->pcap, &program);
    pcap_freecode(&program);
    if (rc == 0) return SOURCE_OK;
    return fail(SOURCE_EFAILED, error, "filter", pcap_geterr(source->pcap));
}

/* IP, alone or behind MPLS or PPPoE, on our interfaces, and the user's filter: the
 * kernel drops the rest before it costs a copy. */
static enum source_status
set_live_filter(struct source *source, char *error)
{
    char text[FILTER_MAX];
    size_t used = (size_t)snprintf(text, sizeof text,
        "(ip or ip6 or ether proto 0x8847 or ether proto 0x8864) and (ifindex 0");
    for (size_t i = 0; i < source->options.iface_count && used < sizeof text; i++)
        if (source->ifindexes[i] != 0)
            used += (size_t)snprintf(text + used, sizeof text - used, " or ifindex %u",
                source->ifindexes[i]);
    if (used < sizeof text)
        used += (size_t)snprintf(text + used, sizeof text - used, ")%s%s%s",
            source->options.filter ? " and (" : "",
            source->options.filter ? source->options.filter : "",
            source->options.filter ? ")" : "");
    if (used >= sizeof text)
        return fail(SOURCE_EFILTER, error, "filter", "it is too long");
    return set_filter(source, text, error);
}

/* --- Live -------------------------------------------------------------------- */

static void
join_promiscuous(struct source *source, unsigned ifindex)
{
    struct packet_mreq request = {
        .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_PROMISC};
    if (source->promiscuous_fd < 0) return;
    /* A device without the mode (a tunnel) sees all its packets anyway. */
    (void)setsockopt(source->promiscuous_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP,
        &request, sizeof request);
}

/* Returns whether an interface came or went. */
static bool
find_ifaces(struct source *source)
{
    bool changed = false;
    for (size_t i = 0; i < source->options.iface_count; i++) {
        const unsigned ifindex = if_nametoindex(source->options.ifaces[i]);
        if (ifindex == source->ifindexes[i]) continue;
        source->ifindexes[i] = ifindex;
        changed = true;
        if (ifindex != 0) join_promiscuous(source, ifindex);
    }
    return changed;
}

static enum source_status
check_ifaces(const struct source *source, char *error)
{
    for (size_t i = 0; i < source->options.iface_count; i++)
        if (source->ifindexes[i] == 0)
            return fail(SOURCE_EFAILED, error, source->options.ifaces[i],
                "no such interface; `ip link` lists them");
    return 0;
}

static enum source_status
activate(struct source *source, char *error)
{
    pcap_t *pcap = source->pcap;
    pcap_set_snaplen(pcap, source->options.snaplen);
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
    if (source->options.promiscuous)
        source->promiscuous_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    find_ifaces(source);
    enum source_status status = check_ifaces(source, error);
    if (status != SOURCE_OK) return status;
    source->pcap = pcap_create("any", why);
    if (source->pcap == NULL) return fail(SOURCE_EFAILED, error, "capture", why);
    if ((status = activate(source, error)) != SOURCE_OK) return status;
    if ((status = find_link(source, "capture", error)) != SOURCE_OK) return status;
    if ((status = set_live_filter(source, error)) != SOURCE_OK) return status;
    if (pcap_setnonblock(source->pcap, 1, why) != 0)
        return fail(SOURCE_EFAILED, error, "capture", why);
    return 0;
}

/* --- Files ------------------------------------------------------------------- */

static enum source_status
open_file(struct source *source, char *error)
{
    char why[PCAP_ERRBUF_SIZE];
    const char *path = source->options.file;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return fail(SOURCE_EFILE, error, path, strerror(errno));
    setvbuf(file, NULL, _IOFBF, READ_BUFFER_BYTES);
    source->pcap = pcap_fopen_offline(file, why);
    if (source->pcap == NULL) {
        fclose(file);
        return fail(SOURCE_EFILE, error, path, why);
    }
    const enum source_status status = find_link(source, path, error);
    if (status != SOURCE_OK || source->options.filter == NULL) return status;
    return set_filter(source, source->options.filter, error);
}

/* --- Public ------------------------------------------------------------------ */

enum source_status
source_open(struct source **out, const struct source_options *options, char *error)
{
    struct source *source = calloc(1, sizeof *source);
    unsigned *ifindexes = calloc(options->iface_count + 1, sizeof *ifindexes);
    if (source == NULL || ifindexes == NULL) {
        free(source);
        free(ifindexes);
        return fail(SOURCE_EFAILED, error, "capture", "out of memory");
    }
    source->options = *options;
    source->ifindexes = ifindexes;
    source->promiscuous_fd = -1;
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
    if (source->pcap) pcap_close(source->pcap);
    if (source->promiscuous_fd >= 0) close(source->promiscuous_fd);
    free(source->ifindexes);
    free(source);
}

enum packet_link
source_link(const struct source *source)
{
    return source->link;
}

int
source_iface(const struct source *source, uint32_t ifindex)
{
    if (source->options.file) return 0;
    for (size_t i = 0; i < source->options.iface_count; i++)
        if (source->ifindexes[i] == ifindex) return (int)i;
    return -1;
}

int
source_fd(const struct source *source)
{
    return pcap_get_selectable_fd(source->pcap);
}

struct delivery {
    source_packet_fn *call;
    void *arg;
};

static void
deliver(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes)
{
    const struct delivery *delivery = (const void *)user;
    const struct source_packet packet = {bytes, header->caplen, header->len,
        header->ts.tv_sec, (uint32_t)header->ts.tv_usec};
    delivery->call(delivery->arg, &packet);
}

int
source_dispatch(
    struct source *source, int max, source_packet_fn *call, void *arg, char *error)
{
    struct delivery delivery = {call, arg};
    const int count = pcap_dispatch(source->pcap, max, deliver, (u_char *)&delivery);
    if (count >= 0) return count;
    fail(SOURCE_EFAILED, error, source->options.file ? source->options.file : "capture",
        pcap_geterr(source->pcap));
    return -1;
}

enum source_status
source_refresh(struct source *source, char *error)
{
    if (!find_ifaces(source)) return SOURCE_OK;
    struct source_stats stats;
    source_read_stats(source, &stats);
    const enum source_status status = set_live_filter(source, error);
    /* A change of the filter sets libpcap's counters to 0. */
    memset(&source->last, 0, sizeof source->last);
    return status;
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
