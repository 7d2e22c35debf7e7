/* SPDX-License-Identifier: MIT
 *
 * godb_kill -- kill goprobe and goconvert at random moments while they write, and look
 * whether a block that was committed is ever lost, or one is half there.
 *
 *   godb_kill BIN_DIR WORK_DIR ROUNDS [SEED]
 *
 * Even rounds let goprobe read a recorded file, odd ones goconvert import a CSV file;
 * each goes on where the database ends.  What a block has to hold follows from its
 * stamp, so that any gap and any wrong row is seen.  Blocks that a reader saw before
 * the kill are committed ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "godb/godb.h"

#define START_S INT64_C(1700000100)

enum { BLOCKS = 60, FLOWS = 30, MOST_MS = 120 };

struct world {
    const char *bin, *work;
    char db[300];
    uint64_t seed;
    uint64_t rounds, killed, finished, blocks, repairs;
};

struct state {
    int64_t last_s; /* of the last block; 0: none */
    uint64_t count;
};

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("godb_kill: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static unsigned
pick(struct world *world, unsigned below)
{
    world->seed =
        world->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((world->seed >> 33) % below);
}

/* --- What is written -------------------------------------------------------------- */

/* Flow i of the block stamped time_s has this many packets. */
static uint64_t
packets_of(int64_t time_s, unsigned i)
{
    return 1 + ((uint64_t)time_s / 300 + i) % 3;
}

static void
put_le32(FILE *file, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8),
        (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
    fwrite(bytes, 1, sizeof bytes, file);
}

/* 10.0.0.i asks 10.0.1.1:53 */
static void
put_packet(FILE *file, int64_t time_s, unsigned i)
{
    uint8_t bytes[32] =
        "\x45\0\0\x20\0\1\0\0\x40\x11\0\0\x0a\0\0\0\x0a\0\1\1\x9c\x40\0\x35"
        "\0\x0c\0\0";
    bytes[15] = (uint8_t)i;
    put_le32(file, (uint32_t)time_s);
    put_le32(file, 0);
    put_le32(file, sizeof bytes);
    put_le32(file, sizeof bytes);
    fwrite(bytes, 1, sizeof bytes, file);
}

static void
make_pcap(const char *path, int64_t first_s)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) die("%s: %s", path, strerror(errno));
    fwrite("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0", 1, 16, file);
    put_le32(file, 65535);
    put_le32(file, 101);
    for (int64_t time_s = first_s; time_s < first_s + 300 * BLOCKS; time_s += 300)
        for (unsigned i = 0; i < FLOWS; i++)
            for (uint64_t n = packets_of(time_s, i); n > 0; n--)
                put_packet(file, time_s - 100, i);
    fclose(file);
}

static void
make_csv(const char *path, int64_t first_s)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) die("%s: %s", path, strerror(errno));
    fputs("time,iface,sip,dip,dport,proto,bytes_rcvd,bytes_sent,packets_rcvd,"
          "packets_sent\n",
        file);
    for (int64_t time_s = first_s; time_s < first_s + 300 * BLOCKS; time_s += 300)
        for (unsigned i = 0; i < FLOWS; i++)
            fprintf(file,
                "%" PRId64 ",import,10.0.0.%u,10.0.1.1,53,17,%" PRIu64 ",0,%" PRIu64
                ",0\n",
                time_s, i, 32 * packets_of(time_s, i), packets_of(time_s, i));
    fclose(file);
}

/* --- What is read ----------------------------------------------------------------- */

static void
check_block(const struct godb_chunk *chunk)
{
    if (chunk->row_count != FLOWS)
        die("%s: block %" PRId64 " has %u flows, not %d", chunk->iface, chunk->time_s,
            chunk->row_count, FLOWS);
    for (uint32_t row = 0; row < FLOWS; row++) {
        const uint64_t want = packets_of(chunk->time_s, chunk->sip[row][3]);
        if (chunk->counters[2][row] != want || chunk->counters[0][row] != 32 * want ||
            chunk->dport[row] != 53 || chunk->proto[row] != 17)
            die("%s: block %" PRId64 ": flow %u is wrong", chunk->iface, chunk->time_s,
                row);
    }
}

static void
fail_warning(void *arg, const struct godb_err *warning)
{
    (void)arg;
    die("a reader is warned: %s", warning->msg);
}

/* All blocks from from_s on are whole and follow each other. */
static struct state
read_all(const struct world *world, const char *iface, int64_t from_s)
{
    struct state state = {0, 0};
    struct godb_scan_spec spec = {.sel = {&iface, 1, from_s, GODB_STAMP_MAX},
        .columns = GODB_COLUMNS_ALL,
        .warn = fail_warning};
    struct godb *db;
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err;
    if (godb_open(&db, world->db, GODB_READ, &err) != GODB_OK) return state;
    if (godb_has_iface(db, iface)) {
        int rc = godb_scan_open(&scan, db, &spec, &err);
        if (rc != GODB_OK) die("%s", err.msg);
        while ((rc = godb_scan_next(scan, &chunk, &err)) == GODB_OK) {
            check_block(&chunk);
            if (state.last_s != 0 && chunk.time_s != state.last_s + 300)
                die("%s: block %" PRId64 " is lost", iface, state.last_s + 300);
            state.last_s = chunk.time_s;
            state.count++;
        }
        if (rc != GODB_DONE) die("%s", err.msg);
        godb_scan_close(scan);
    }
    godb_close(db);
    return state;
}

/* --- A round ---------------------------------------------------------------------- */

static pid_t
start(const struct world *world, bool is_probe, const char *in)
{
    char program[400], log[400];
    snprintf(program, sizeof program, "%s/%s", world->bin,
        is_probe ? "goprobe" : "goconvert");
    snprintf(log, sizeof log, "%s/log", world->work);
    pid_t child = fork();
    if (child != 0) return child;
    const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || dup2(fd, 2) < 0 || dup2(fd, 1) < 0) _exit(126);
    if (is_probe)
        execl(program, program, "-r", in, "-i", "probe", "-d", world->db, "--no-dpi",
            (char *)NULL);
    else
        execl(program, program, "-in", in, "-out", world->db, (char *)NULL);
    _exit(127);
}

/* Did it say that it put something right? */
static bool
has_repaired(const struct world *world)
{
    char log[400], line[1000];
    bool found = false;
    snprintf(log, sizeof log, "%s/log", world->work);
    FILE *file = fopen(log, "r");
    while (file && fgets(line, sizeof line, file))
        found = found || strstr(line, "half-written") || strstr(line, "meta.json");
    if (file) fclose(file);
    return found;
}

static void
print_log(const struct world *world)
{
    char log[400], line[1000];
    snprintf(log, sizeof log, "%s/log", world->work);
    FILE *file = fopen(log, "r");
    while (file && fgets(line, sizeof line, file))
        fputs(line, stderr);
    if (file) fclose(file);
}

static void
wait_ms(unsigned ms)
{
    nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL);
}

/* Even where nobody kills it, it must do its work. */
static void
reap(struct world *world, pid_t child)
{
    int status;
    if (waitpid(child, &status, 0) != child) die("waitpid: %s", strerror(errno));
    world->killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    world->finished += WIFEXITED(status);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        print_log(world);
        die("status %d", WEXITSTATUS(status));
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
        die("signal %d", WTERMSIG(status));
}

static void
one_round(struct world *world, bool is_probe, struct state *last)
{
    const char *iface = is_probe ? "probe" : "import";
    char in[400];
    const int64_t from_s = last->last_s ? last->last_s : START_S - 300;
    snprintf(in, sizeof in, "%s/in.%s", world->work, is_probe ? "pcap" : "csv");
    if (is_probe)
        make_pcap(in, from_s + 300);
    else
        make_csv(in, from_s + 300);
    pid_t child = start(world, is_probe, in);
    wait_ms(pick(world, MOST_MS));
    const struct state seen = read_all(world, iface, from_s);
    wait_ms(pick(world, 10));
    kill(child, SIGKILL);
    reap(world, child);
    world->repairs += has_repaired(world);
    const struct state now = read_all(world, iface, from_s);
    if (now.last_s < seen.last_s || now.last_s < last->last_s)
        die("%s: blocks up to %" PRId64 " were there, now up to %" PRId64, iface,
            seen.last_s > last->last_s ? seen.last_s : last->last_s, now.last_s);
    if (now.last_s == 0) return;
    world->blocks += (uint64_t)(now.last_s - from_s) / 300;
    last->last_s = now.last_s;
}

int
main(int argc, char **argv)
{
    if (argc < 4) die("usage: godb_kill BIN_DIR WORK_DIR ROUNDS [SEED]");
    struct world world = {.bin = argv[1], .work = argv[2]};
    struct state probe = {0, 0}, import = {0, 0};
    world.seed = argc > 4 ? strtoull(argv[4], NULL, 10) : (uint64_t)time(NULL);
    printf("# seed %" PRIu64 "\n", world.seed);
    snprintf(world.db, sizeof world.db, "%s/db", world.work);
    const uint64_t rounds = strtoull(argv[3], NULL, 10);
    for (; world.rounds < rounds; world.rounds++)
        one_round(
            &world, world.rounds % 2 == 0, world.rounds % 2 == 0 ? &probe : &import);
    const struct state all_probe = read_all(&world, "probe", GODB_STAMP_MIN);
    const struct state all_import = read_all(&world, "import", GODB_STAMP_MIN);
    if (all_probe.count + all_import.count != world.blocks)
        die("%" PRIu64 " blocks were committed, %" PRIu64 " are there", world.blocks,
            all_probe.count + all_import.count);
    printf("%" PRIu64 " rounds: %" PRIu64 " killed, %" PRIu64 " had finished; %" PRIu64
           " blocks committed, 0 lost; %" PRIu64 " starts put something right\n",
        world.rounds, world.killed, world.finished, world.blocks, world.repairs);
    return 0;
}
