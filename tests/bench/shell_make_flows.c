/* SPDX-License-Identifier: MIT
 *
 * make_flows -- a database of realistic flows for measuring, the same for the same
 * seed.
 *
 *      shell_make_flows DATABASE DAYS FLOWS_PER_BLOCK [INSIDE OUTSIDE [SEED]]
 *
 * Writes 288 blocks a day to interface eth0.  INSIDE hosts talk to OUTSIDE ones, both
 * Zipf-popular, each host with favourites of its own; ports are those of the web, DNS
 * and SSH with an ephemeral tail; 5 % is IPv6; bytes are heavy-tailed.  Keys are unique
 * in a block, rows in no order, as a hash table leaves them.
 *
 *      inside    10.0.N.H            250 hosts a network; popularity is no order
 *                2001:db8:0:N:IID    with a random interface id
 *      outside   NET.H               50 hosts a network, as providers have them
 *                2001:N:N::H
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "godb/godb.h"

#define START INT64_C(1700006400)

enum { DAY_BLOCKS = 288, FAVOURITES = 200, INSIDE = 2000, OUTSIDE = 200000 };
enum { INSIDE_NET_HOSTS = 250, OUTSIDE_NET_HOSTS = 50, POPULAR = 50 };

/* --- Random numbers ----------------------------------------------------------- */

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

/* --- Addresses ---------------------------------------------------------------- */

static void
put_number(uint8_t *out, uint64_t number, int width_bytes)
{
    while (width_bytes-- > 0) {
        out[width_bytes] = (uint8_t)number;
        number >>= 8;
    }
}

/* Rank to place, so that neighbours in popularity are none in the network.  The step
 * is a prime that divides no count used here; rank POPULAR has place POPULAR - 1 and
 * with it 10.0.0.50. */
static uint64_t
place_of(uint64_t rank, uint64_t count)
{
    return (POPULAR - 1 + (rank + count - POPULAR) * 7919) % count;
}

static void
put_inside(uint8_t ip[GODB_IP_BYTES], uint64_t place, bool v6)
{
    const uint64_t net = place / INSIDE_NET_HOSTS, host = 1 + place % INSIDE_NET_HOSTS;
    memset(ip, 0, GODB_IP_BYTES);
    if (v6) {
        memcpy(ip, "\x20\x01\x0d\xb8", 4);
        put_number(ip + 6, net, 2);
        put_number(ip + 8, scramble(place) | 1, 8);
    } else {
        ip[0] = 10;
        put_number(ip + 1, net, 2);
        ip[3] = (uint8_t)host;
    }
}

static void
put_outside(uint8_t ip[GODB_IP_BYTES], uint64_t place, bool v6)
{
    const uint64_t net = scramble(place / OUTSIDE_NET_HOSTS);
    const uint64_t host = 1 + place % OUTSIDE_NET_HOSTS * 5;
    memset(ip, 0, GODB_IP_BYTES);
    if (v6) {
        memcpy(ip, "\x20\x01", 2);
        put_number(ip + 2, net, 4);
        put_number(ip + 14, host, 2);
    } else {
        ip[0] = (uint8_t)(11 + net % 100);
        put_number(ip + 1, net >> 8, 2);
        ip[3] = (uint8_t)host;
    }
}

/* --- Flows -------------------------------------------------------------------- */

struct generator {
    struct zipf inside, outside, favourite;
    uint64_t seed;
    int flows;
    uint64_t *seen; /* hashes of the keys of the block at hand; 0: free */
    size_t seen_mask;
};

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
    peer = next(state) % 3 ? scramble(host * 1000 + peer) % g->outside.count
                           : zipf_pick(&g->outside, state);
    put_inside(flow->sip, place_of(host, g->inside.count), v6);
    put_outside(flow->dip, place_of(peer, g->outside.count), v6);
    choose_service(state, flow);
    flow->l7proto = (uint16_t)(flow->proto == 1 ? 81 : flow->dport % 256);
    flow->bytes_rcvd = heavy_tail(state, 300);
    flow->bytes_sent = heavy_tail(state, 120);
    flow->packets_rcvd = 1 + flow->bytes_rcvd / (300 + next(state) % 1200);
    flow->packets_sent = 1 + flow->bytes_sent / (80 + next(state) % 700);
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

static int
fill_block(struct generator *g, int number, struct godb_block *block)
{
    uint64_t state = scramble(g->seed ^ (uint64_t)number << 32);
    int rc = GODB_OK;
    godb_block_reset(block);
    memset(g->seen, 0, (g->seen_mask + 1) * sizeof *g->seen);
    for (int made = 0; made < g->flows && rc == GODB_OK;) {
        struct godb_flow flow;
        random_flow(g, &state, &flow);
        if (!take_key(g, &flow)) continue;
        rc = godb_block_add(block, &flow);
        made++;
    }
    return rc;
}

static int
write_blocks(
    struct generator *g, struct godb_writer *writer, int count, struct godb_err *err)
{
    struct godb_block *block = NULL;
    int rc = godb_block_new(&block);
    for (int number = 0; number < count && rc == GODB_OK; number++) {
        rc = fill_block(g, number, block);
        if (rc == GODB_OK)
            rc = godb_writer_append(
                writer, START + 300 * (int64_t)number, block, NULL, err);
    }
    if (rc == GODB_OK) rc = godb_writer_commit(writer, err);
    godb_block_free(block);
    return rc;
}

static int
write_database(struct generator *g, const char *path, int days)
{
    struct godb *db = NULL;
    struct godb_writer *writer = NULL;
    struct godb_err err = {GODB_ENOMEM, 0, "out of memory"};
    int rc = godb_open(&db, path, GODB_CREATE, &err);
    if (rc == GODB_OK)
        rc = godb_writer_open(&writer, db, "eth0", NULL, NULL, NULL, &err);
    if (rc == GODB_OK) rc = write_blocks(g, writer, days * DAY_BLOCKS, &err);
    if (rc != GODB_OK) fprintf(stderr, "make_flows: %s\n", err.msg);
    godb_writer_close(writer);
    godb_close(db);
    return rc == GODB_OK ? 0 : 1;
}

static long
number_argument(int argc, char **argv, int at, long otherwise)
{
    return at < argc ? strtol(argv[at], NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
    const long days = number_argument(argc, argv, 2, 0);
    const long flows = number_argument(argc, argv, 3, 0);
    const long inside = number_argument(argc, argv, 4, INSIDE);
    const long outside = number_argument(argc, argv, 5, OUTSIDE);
    if (days < 1 || days > 3650 || flows < 1 || flows > 1000000 || inside < 100 ||
        inside > 60000 || outside < 100 || outside > 5000000) {
        fprintf(stderr,
            "usage: %s DATABASE DAYS FLOWS_PER_BLOCK [INSIDE OUTSIDE [SEED]]\n",
            argv[0]);
        return 64;
    }
    struct generator g = {.inside = zipf_new((size_t)inside, 0.8),
        .outside = zipf_new((size_t)outside, 1.0),
        .favourite = zipf_new(FAVOURITES, 1.1),
        .flows = (int)flows,
        .seed = (uint64_t)number_argument(argc, argv, 6, 1),
        .seen_mask = 1023};
    while (g.seen_mask < (size_t)g.flows * 3)
        g.seen_mask = g.seen_mask * 2 + 1;
    g.seen = malloc((g.seen_mask + 1) * sizeof *g.seen);
    if (g.seen == NULL) return 1;
    const int rc = write_database(&g, argv[1], (int)days);
    free(g.seen);
    free(g.inside.sums);
    free(g.outside.sums);
    free(g.favourite.sums);
    return rc;
}
