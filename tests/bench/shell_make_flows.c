/* SPDX-License-Identifier: MIT
 *
 * make_flows -- realistic flows for measuring, the same for the same seed.
 *
 *      shell_make_flows DATABASE DAYS FLOWS_PER_BLOCK [SEED]
 *      shell_make_flows -csv    DAYS FLOWS_PER_BLOCK [SEED]
 *
 * Writes 288 blocks a day to interface eth0, or CSV with a header to standard output.
 * Internal hosts talk to external ones, both Zipf-popular, each host with favourites of
 * its own; ports are those of the web, DNS and SSH with an ephemeral tail; 5 % is IPv6;
 * bytes are heavy-tailed.  Keys are unique in a block, rows in no order, as a hash
 * table leaves them.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

#define START INT64_C(1700006400)

enum { DAY_BLOCKS = 288, FAVOURITES = 200, INSIDE = 2000, OUTSIDE = 200000 };

/* --- Random numbers
 * -------------------------------------------------------------------- */

static uint64_t
scramble(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t
next(uint64_t *state)
{
    return scramble((*state)++);
}

static double
next_unit(uint64_t *state)
{
    return (double)(next(state) >> 11) * 0x1p-53;
}

/* Ranks 0.. with probability ~ 1 / (rank + 1)^exponent, by their summed weights. */
struct zipf {
    double *sums;
    size_t count;
};

static struct zipf
zipf_new(size_t count, double exponent)
{
    struct zipf zipf = {malloc(count * sizeof(double)), count};
    double sum = 0;
    if (zipf.sums == NULL) abort();
    for (size_t i = 0; i < count; i++)
        zipf.sums[i] = sum += pow((double)(i + 1), -exponent);
    return zipf;
}

static size_t
zipf_pick(const struct zipf *zipf, uint64_t *state)
{
    const double at = next_unit(state) * zipf->sums[zipf->count - 1];
    size_t low = 0, high = zipf->count - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (zipf->sums[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* --- Flows
 * ----------------------------------------------------------------------------- */

struct generator {
    struct zipf inside, outside, favourite;
    uint64_t seed;
    int flows;
    uint64_t *seen; /* hashes of the keys of the block at hand; 0: free */
    size_t seen_mask;
};

static void
put_address(uint8_t *ip, uint8_t net, uint64_t host, bool v6)
{
    memset(ip, 0, GODB_IP_BYTES);
    if (v6) {
        memcpy(ip, "\x20\x01\x0d\xb8", 4);
        ip[4] = net;
        for (int i = 0; i < 4; i++)
            ip[12 + i] = (uint8_t)(host >> (24 - 8 * i));
        ip[15] |= 1; /* not the one that reads as IPv4 */
    } else {
        ip[0] = net;
        for (int i = 0; i < 3; i++)
            ip[1 + i] = (uint8_t)(host >> (16 - 8 * i));
    }
}

static void
choose_service(uint64_t *state, struct godb_flow *flow)
{
    static const struct {
        uint16_t until, port;
        uint8_t proto;
    } mix[] = {{520, 443, 6}, {600, 80, 6}, {770, 53, 17}, {830, 443, 17}, {860, 22, 6},
        {880, 123, 17}, {895, 25, 6}, {910, 993, 6}, {920, 445, 6}, {930, 8080, 6},
        {955, 0, 1}};
    const uint64_t dice = next(state) % 1000;
    for (size_t i = 0; i < sizeof mix / sizeof mix[0]; i++)
        if (dice < mix[i].until) {
            flow->dport = mix[i].port;
            flow->proto = mix[i].proto;
            return;
        }
    flow->dport = (uint16_t)(1024 + next(state) % 64512);
    flow->proto = dice < 985 ? 6 : 17;
}

static uint64_t
heavy_tail(uint64_t *state, double least)
{
    const double bytes = least * pow(1 - next_unit(state), -1 / 1.1);
    return bytes < 4e9 ? (uint64_t)bytes : UINT64_C(4000000000);
}

static void
random_flow(const struct generator *g, uint64_t *state, struct godb_flow *flow)
{
    memset(flow, 0, sizeof *flow);
    const bool v6 = next(state) % 20 == 0;
    const size_t host = zipf_pick(&g->inside, state);
    /* Two thirds go to what this host always talks to, the rest to what all do. */
    uint64_t peer = zipf_pick(&g->favourite, state);
    peer = next(state) % 3 ? scramble(host * 1000 + peer) % OUTSIDE
                           : zipf_pick(&g->outside, state);
    put_address(flow->sip, 10, host, v6);
    put_address(flow->dip, (uint8_t)(11 + scramble(peer) % 200), peer, v6);
    choose_service(state, flow);
    flow->l7proto = (uint16_t)(flow->proto == 1 ? 81 : flow->dport % 256);
    flow->bytes_rcvd = heavy_tail(state, 300);
    flow->bytes_sent = heavy_tail(state, 120);
    flow->packets_rcvd = 1 + flow->bytes_rcvd / 900;
    flow->packets_sent = 1 + flow->bytes_sent / 400;
}

/* Is this key new in the block? */
static bool
take_key(struct generator *g, const struct godb_flow *flow)
{
    uint64_t hash = 1, part;
    for (int i = 0; i < 2; i++) {
        memcpy(&part, flow->sip + 8 * i, 8);
        hash = scramble(hash ^ part);
        memcpy(&part, flow->dip + 8 * i, 8);
        hash = scramble(hash ^ part);
    }
    hash = scramble(hash ^ flow->dport ^ (uint64_t)flow->proto << 16) | 1;
    size_t at = hash & g->seen_mask;
    while (g->seen[at] != 0 && g->seen[at] != hash)
        at = (at + 1) & g->seen_mask;
    if (g->seen[at] == hash) return false;
    g->seen[at] = hash;
    return true;
}

static void
make_block(struct generator *g, int number,
    void (*take)(void *arg, int64_t time_s, const struct godb_flow *flow), void *arg)
{
    uint64_t state = scramble(g->seed ^ (uint64_t)number << 32);
    memset(g->seen, 0, (g->seen_mask + 1) * sizeof *g->seen);
    for (int made = 0; made < g->flows;) {
        struct godb_flow flow;
        random_flow(g, &state, &flow);
        if (!take_key(g, &flow)) continue;
        take(arg, START + 300 * (int64_t)(number + 1), &flow);
        made++;
    }
}

/* --- Output
 * ------------------------------------------------------------------------------ */

static void
add_to_block(void *block, int64_t time_s, const struct godb_flow *flow)
{
    (void)time_s;
    if (godb_block_add(block, flow) != GODB_OK) abort();
}

static void
print_csv(void *arg, int64_t time_s, const struct godb_flow *flow)
{
    char sip[GODB_IP_TEXT], dip[GODB_IP_TEXT];
    (void)arg;
    godb_ip_format(sip, flow->sip);
    godb_ip_format(dip, flow->dip);
    printf("%" PRId64 ",%s,%s,%u,%u,%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
           "\n",
        time_s, sip, dip, flow->dport, flow->proto, flow->l7proto, flow->bytes_rcvd,
        flow->bytes_sent, flow->packets_rcvd, flow->packets_sent);
}

static int
write_database(struct generator *g, const char *path, int days)
{
    struct godb *db = NULL;
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    int rc = godb_open(&db, path, GODB_CREATE, &err);
    if (rc == GODB_OK)
        rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, &err);
    if (rc == GODB_OK) rc = godb_block_new(&block);
    for (int number = 0; number < days * DAY_BLOCKS && rc == GODB_OK; number++) {
        godb_block_reset(block);
        make_block(g, number, add_to_block, block);
        rc = godb_writer_append(
            writer, START + 300 * (int64_t)(number + 1), block, NULL, &err);
    }
    if (rc == GODB_OK) rc = godb_writer_commit(writer, &err);
    if (rc != GODB_OK) fprintf(stderr, "make_flows: %s\n", err.msg);
    godb_block_free(block);
    godb_writer_close(writer);
    godb_close(db);
    return rc == GODB_OK ? 0 : 1;
}

static int
write_csv(struct generator *g, int days)
{
    puts("time,sip,dip,dport,proto,l7proto,bytes_rcvd,bytes_sent,packets_rcvd,"
         "packets_sent");
    for (int number = 0; number < days * DAY_BLOCKS; number++)
        make_block(g, number, print_csv, NULL);
    return ferror(stdout) ? 1 : 0;
}

int
main(int argc, char **argv)
{
    if (argc < 4 || atoi(argv[2]) < 1 || atoi(argv[3]) < 1) {
        fprintf(
            stderr, "usage: %s DATABASE|-csv DAYS FLOWS_PER_BLOCK [SEED]\n", argv[0]);
        return 64;
    }
    struct generator g = {.inside = zipf_new(INSIDE, 0.8),
        .outside = zipf_new(OUTSIDE, 1.0),
        .favourite = zipf_new(FAVOURITES, 1.1),
        .flows = atoi(argv[3]),
        .seed = argc > 4 ? strtoull(argv[4], NULL, 0) : 1,
        .seen_mask = 1023};
    while (g.seen_mask < (size_t)g.flows * 3)
        g.seen_mask = g.seen_mask * 2 + 1;
    g.seen = malloc((g.seen_mask + 1) * sizeof *g.seen);
    if (g.seen == NULL) return 1;
    const int rc = strcmp(argv[1], "-csv") == 0
                       ? write_csv(&g, atoi(argv[2]))
                       : write_database(&g, argv[1], atoi(argv[2]));
    free(g.seen);
    free(g.inside.sums);
    free(g.outside.sums);
    free(g.favourite.sums);
    return rc;
}
