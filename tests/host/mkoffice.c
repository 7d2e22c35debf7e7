/* SPDX-License-Identifier: MIT
 *
 * mkoffice -- two days of an office's firewall, the same every time: what the examples
 * of docs/ and README.md ask about.
 *
 *      2026-11-22 03:00 .. 2026-11-24 03:00 UTC, a block every five minutes
 *
 *      eth0   the line to the internet      eth1   the office and its servers
 *      wg0    the tunnel to the branch office, where backups go every night
 *
 *      mkoffice DIR [NAME]       NAME: another one for YouTube and its category
 *
 * Fifty clients work in the daytime.  In the second night something is going on: see
 * habits[] and add_scan().  Nothing was captured on 2026-11-23 from 14:10 to 14:30.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

#define END_S   INT64_C(1795489200) /* 2026-11-24 03:00:00 UTC */
#define BEGIN_S (END_S - 2 * 86400)
/* A time in the second of the two days, which begins at 03:00. */
#define SECOND(hour, minute) (BEGIN_S + 86400 + ((hour)-3) * 3600 + (minute)*60)
#define NIGHT(hour, minute)  SECOND((hour) + 24, minute)

enum { TCP = 6, UDP = 17, ICMP = 1, CLIENTS = 50, SITES = 24 };
enum {
    UNKNOWN,
    TLS,
    DNS,
    QUIC,
    HTTP,
    SSH,
    SMB,
    NTP,
    ZOOM,
    YOUTUBE,
    RSYNC,
    TELNET,
    PING
};
enum { L7_COUNT = PING + 1, IFACES = 3 };

static const struct godb_l7_entry l7_entries[L7_COUNT] = {
    {UNKNOWN, "Unknown", "Unspecified"},
    {TLS, "TLS", "Web"},
    {DNS, "DNS", "Network"},
    {QUIC, "QUIC", "Web"},
    {HTTP, "HTTP", "Web"},
    {SSH, "SSH", "RemoteAccess"},
    {SMB, "SMBv23", "System"},
    {NTP, "NTP", "System"},
    {ZOOM, "Zoom", "Video"},
    {YOUTUBE, "YouTube", "Media"},
    {RSYNC, "RSYNC", "DataTransfer"},
    {TELNET, "Telnet", "RemoteAccess"},
    {PING, "ICMP", "Network"},
};

enum curve { FLAT, OFFICE };

struct habit {
    int iface;
    const char *sip, *dip;
    uint16_t dport;
    uint8_t proto, l7;
    uint32_t rcvd_kb, sent_kb, packet; /* in five minutes; bytes of a packet */
    enum curve curve;
    int64_t from_s, until_s; /* 0: always */
};

static const struct habit habits[] = {
    /* What is always there. */
    {0, "10.1.1.5", "192.0.2.53", 53, UDP, DNS, 90, 30, 120, OFFICE, 0, 0},
    {0, "10.1.1.5", "2001:db8:53::1", 53, UDP, DNS, 40, 14, 130, OFFICE, 0, 0},
    {0, "10.1.1.5", "192.0.2.123", 123, UDP, NTP, 1, 1, 90, FLAT, 0, 0},
    {0, "10.1.1.20", "203.0.113.25", 25, TCP, UNKNOWN, 60, 420, 700, OFFICE, 0, 0},
    {1, "10.1.0.14", "10.1.1.10", 445, TCP, SMB, 90000, 25000, 1100, OFFICE, 0, 0},
    {1, "10.1.0.31", "10.1.1.10", 445, TCP, SMB, 30000, 52000, 1100, OFFICE, 0, 0},
    {1, "10.1.0.8", "10.1.1.10", 22, TCP, SSH, 12, 9, 180, FLAT, 0, 0},
    {2, "10.2.0.9", "10.1.1.10", 445, TCP, SMB, 9000, 26000, 1000, OFFICE, 0, 0},
    {2, "10.1.1.5", "10.2.0.1", 0, ICMP, PING, 3, 3, 98, FLAT, 0, 0},
    /* Backups: an hour and a half in the first night, and longer in the second. */
    {2, "10.1.1.30", "10.2.0.5", 873, TCP, RSYNC, 9000, 640000, 1400, FLAT,
        NIGHT(1, 0) - 86400, NIGHT(2, 30) - 86400},
    {2, "10.1.1.30", "10.2.0.5", 873, TCP, RSYNC, 11000, 760000, 1400, FLAT,
        NIGHT(1, 0), NIGHT(3, 0)},
    /* Somebody's machine calls home, another talks through the DNS. */
    {0, "10.1.0.42", "192.0.2.99", 8443, TCP, TLS, 2, 1, 260, FLAT, 0, 0},
    {0, "10.1.0.51", "198.51.100.53", 53, UDP, DNS, 210, 1900, 220, FLAT, SECOND(9, 0),
        SECOND(17, 30)},
    /* An old switch is configured in clear text. */
    {1, "10.1.0.17", "10.1.1.77", 23, TCP, TELNET, 40, 11, 110, OFFICE, SECOND(10, 0),
        SECOND(10, 40)},
    /* The second night: a fetch, and then much more goes out than comes in. */
    {0, "10.1.0.23", "203.0.113.66", 443, TCP, TLS, 14000, 760000, 1300, FLAT,
        NIGHT(2, 35), 0},
    /* Packets to the mail server that nobody answers. */
    {0, "203.0.113.200", "10.1.1.20", 25, TCP, UNKNOWN, 3900, 6, 60, FLAT, NIGHT(1, 15),
        NIGHT(1, 40)},
};

struct office {
    struct godb_writer *writers[IFACES];
    struct godb_block *block;
    uint64_t seed;
    struct godb_err err;
};

/* --- Numbers ---------------------------------------------------------------------- */

/* xorshift64 */
static uint32_t
dice(struct office *office, uint32_t sides)
{
    uint64_t x = office->seed;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    office->seed = x;
    return (uint32_t)((x >> 20) % sides);
}

/* Percent of the clients who work in the hour, which begins at 00:00 UTC; 2026-11-22
 * was a Sunday. */
static uint32_t
work(int64_t time_s)
{
    static const uint8_t by_hour[24] = {2, 2, 2, 2, 2, 3, 8, 30, 65, 85, 95, 90, 60, 75,
        90, 95, 88, 70, 40, 22, 15, 10, 6, 3};
    const uint32_t percent = by_hour[(time_s - 1) / 3600 % 24];
    const bool is_sunday = (time_s - 1) / 86400 == BEGIN_S / 86400;
    return is_sunday ? percent / 8 + 1 : percent;
}

/* 70 to 130 percent of an amount. */
static uint64_t
about(struct office *office, uint64_t amount)
{
    return amount * (70 + dice(office, 61)) / 100;
}

/* --- Flows ------------------------------------------------------------------------ */

static void
add(struct office *office, const char *sip, const char *dip, struct godb_flow flow,
    uint32_t packet_bytes)
{
    if (!godb_ip_parse(flow.sip, sip) || !godb_ip_parse(flow.dip, dip)) abort();
    flow.packets_rcvd = flow.bytes_rcvd / packet_bytes + (flow.bytes_rcvd > 0);
    flow.packets_sent = flow.bytes_sent / packet_bytes + (flow.bytes_sent > 0);
    if (godb_block_add(office->block, &flow) != GODB_OK) abort();
}

static void
add_habits(struct office *office, int iface, int64_t time_s)
{
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++) {
        const struct habit *habit = &habits[i];
        const uint32_t percent = habit->curve == OFFICE ? work(time_s) : 100;
        if (habit->iface != iface || (habit->from_s && time_s <= habit->from_s) ||
            (habit->until_s && time_s > habit->until_s))
            continue;
        const struct godb_flow flow = {
            .dport = habit->dport,
            .proto = habit->proto,
            .l7proto = habit->l7,
            .bytes_rcvd = about(office, habit->rcvd_kb * UINT64_C(10) * percent),
            .bytes_sent = about(office, habit->sent_kb * UINT64_C(10) * percent),
        };
        add(office, habit->sip, habit->dip, flow, habit->packet);
    }
}

/* One client and one site of the internet; those with low numbers are popular. */
static void
add_visit(struct office *office, uint32_t client, uint32_t site)
{
    static const uint8_t l7[] = {TLS, QUIC, TLS, ZOOM, TLS, YOUTUBE, HTTP, QUIC};
    static const uint32_t kb[] = {9000, 12000, 4000, 19000, 3500, 21000, 2000, 5000};
    char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
    const uint32_t kind = site % 8;
    const bool is_v6 = client % 4 == 1 && kind < 2;
    const bool is_udp = l7[kind] == QUIC || l7[kind] == ZOOM;
    const uint64_t volume = about(office, kb[kind] * UINT64_C(1000) / (1 + site / 8));
    snprintf(sip, sizeof sip, is_v6 ? "2001:db8:1::%x" : "10.1.0.%u", client + 10);
    snprintf(dip, sizeof dip, is_v6 ? "2001:db8:a::%x" : "198.51.100.%u", site + 40);
    const struct godb_flow flow = {
        .dport = l7[kind] == HTTP   ? 80
                 : l7[kind] == ZOOM ? 8801
                                    : 443,
        .proto = is_udp ? UDP : TCP,
        .l7proto = l7[kind],
        .bytes_rcvd = volume,
        .bytes_sent = l7[kind] == ZOOM ? volume * 6 / 10 : volume / 14,
    };
    add(office, sip, dip, flow, 900);
}

static void
add_visits(struct office *office, int64_t time_s)
{
    for (uint32_t client = 0; client < CLIENTS; client++) {
        if (dice(office, 100) >= work(time_s)) continue;
        const uint32_t count = 1 + dice(office, 3);
        uint32_t site = dice(office, SITES) * dice(office, SITES) / SITES;
        for (uint32_t i = 0; i < count; i++, site += 1 + dice(office, 4))
            add_visit(office, client, site % SITES);
    }
}

/* Each client asks the office's DNS server. */
static void
add_lookups(struct office *office, int64_t time_s)
{
    char sip[GODB_IP_TEXT];
    for (uint32_t client = 0; client < CLIENTS; client++) {
        if (dice(office, 100) >= work(time_s)) continue;
        snprintf(sip, sizeof sip, "10.1.0.%u", client + 10);
        const struct godb_flow flow = {.dport = 53,
            .proto = UDP,
            .l7proto = DNS,
            .bytes_rcvd = about(office, 2600),
            .bytes_sent = about(office, 5200)};
        add(office, sip, "10.1.1.5", flow, 110);
    }
}

/* One host tries the ports of a server, another the servers' SSH. */
static void
add_scan(struct office *office, int64_t time_s)
{
    char dip[GODB_IP_TEXT];
    if (time_s > NIGHT(2, 10) && time_s <= NIGHT(2, 40))
        for (uint16_t i = 0; i < 80; i++) {
            const uint16_t port = (uint16_t)(1 + i + 80 * (time_s / 300 % 8));
            const struct godb_flow flow = {.dport = port,
                .proto = TCP,
                .bytes_rcvd = 60,
                .bytes_sent = port % 7 ? 54 : 0};
            add(office, "198.51.100.23", "10.1.1.20", flow, 60);
        }
    if (time_s > NIGHT(2, 45))
        for (uint32_t i = 1; i < 60; i++) {
            const struct godb_flow flow = {
                .dport = 22, .proto = TCP, .bytes_rcvd = 180, .bytes_sent = 0};
            snprintf(dip, sizeof dip, "10.1.%u.%u", time_s / 300 % 2 ? 0u : 1u, i);
            add(office, "198.51.100.77", dip, flow, 60);
        }
}

/* --- Blocks ----------------------------------------------------------------------- */

/* Capture had no room for some packets of the line while most went through it. */
static struct godb_block_stats
make_stats(int iface, int64_t time_s, uint64_t packets)
{
    const bool is_lossy = iface == 0 && time_s > NIGHT(2, 40) && time_s <= NIGHT(2, 55);
    const int64_t dropped = is_lossy ? (int64_t)packets / 23 : 0;
    return (struct godb_block_stats){
        .pcap = {(int64_t)packets + dropped + 14, dropped, 0, {14, 0, 0, 0}},
        .packets_logged = -1,
    };
}

static bool
is_captured(int64_t time_s)
{
    return time_s <= SECOND(14, 10) || time_s > SECOND(14, 30);
}

static int
append(struct office *office, int iface, int64_t time_s)
{
    godb_block_reset(office->block);
    add_habits(office, iface, time_s);
    if (iface == 0) add_visits(office, time_s);
    if (iface == 0) add_scan(office, time_s);
    if (iface == 1) add_lookups(office, time_s);
    /* What the counters add up to is the writer's to know: so near enough. */
    const uint64_t packets = godb_block_count(office->block) * UINT64_C(1500);
    const struct godb_block_stats stats = make_stats(iface, time_s, packets);
    return godb_writer_append(
        office->writers[iface], time_s, office->block, &stats, &office->err);
}

static int
fill(struct office *office)
{
    int rc = GODB_OK;
    for (int64_t time_s = BEGIN_S + 300; time_s <= END_S && rc == GODB_OK;
         time_s += 300)
        for (int iface = 0; iface < IFACES && rc == GODB_OK; iface++)
            if (is_captured(time_s)) rc = append(office, iface, time_s);
    for (int iface = 0; iface < IFACES && rc == GODB_OK; iface++)
        rc = godb_writer_commit(office->writers[iface], &office->err);
    return rc;
}

int
main(int argc, char **argv)
{
    static const char *const names[IFACES] = {"eth0", "eth1", "wg0"};
    struct office office = {.seed = 2026};
    struct godb_l7_names *l7 = NULL;
    struct godb *db = NULL;
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: mkoffice DIR [NAME]\n");
        return 2;
    }
    int rc = godb_open(&db, argv[1], GODB_CREATE, &office.err);
    struct godb_l7_entry entries[L7_COUNT];
    memcpy(entries, l7_entries, sizeof entries);
    if (argc == 3) entries[YOUTUBE] = (struct godb_l7_entry){YOUTUBE, argv[2], argv[2]};
    if (rc == GODB_OK)
        rc = godb_l7_names_new(&l7, "office 1", entries, L7_COUNT, &office.err);
    if (rc == GODB_OK && godb_block_new(&office.block) != GODB_OK) abort();
    for (int i = 0; i < IFACES && rc == GODB_OK; i++)
        rc = godb_writer_open(
            &office.writers[i], db, names[i], l7, NULL, NULL, &office.err);
    if (rc == GODB_OK) rc = fill(&office);
    if (rc != GODB_OK) fprintf(stderr, "mkoffice: %s\n", office.err.msg);
    for (int i = 0; i < IFACES; i++)
        godb_writer_close(office.writers[i]);
    godb_block_free(office.block);
    godb_l7_names_free(l7);
    godb_close(db);
    return rc != GODB_OK;
}
