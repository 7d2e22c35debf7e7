/* SPDX-License-Identifier: MIT
 *
 * writeout.h -- the thread that writes blocks, and what is in the database by then.
 */
#ifndef TESTS_WRITEOUT_H
#define TESTS_WRITEOUT_H

#include "capture/writeout.h"
#include "tests/store.h"

static inline struct writeout *
writeout_new(const struct writeout_options *options)
{
    struct writeout *writeout;
    struct godb_err err;
    if (writeout_open(&writeout, options, &err) != GODB_OK) fail_msg("%s", err.msg);
    return writeout;
}

static inline void
writeout_count_kept(
    void *arg, const struct writeout_state *state, const struct rotation_row *kept)
{
    (void)kept;
    *(uint64_t *)arg += state->kept_count;
}

/* Hand over the rotation, the submitted'th, wait until it is done, and give how many
 * flows wait for the disk. */
static inline uint64_t
writeout_kept(struct writeout *writeout, struct rotation *rotation, uint64_t submitted)
{
    uint64_t kept = 0;
    writeout_submit(writeout, rotation);
    assert_int_equal(
        writeout_look(writeout, submitted, 60000, writeout_count_kept, &kept),
        WRITEOUT_QUIET);
    return kept;
}

/* Packets that were received in all flows of the database. */
static inline uint64_t
count_packets(const char *path, size_t *flows, const char *when)
{
    struct godb *db = store_open(path, GODB_READ);
    struct store_warnings warnings = {0, ""};
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, &warnings);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    uint64_t packets = 0;
    *flows = 0;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        for (uint32_t i = 0; i < chunk.row_count; i++, ++*flows)
            packets += chunk.counters[2][i];
    godb_scan_close(scan);
    godb_close(db);
    if (warnings.count) fail_msg("%s: %s", when, warnings.last);
    return packets;
}

/* There are so many; gives the flows. */
static inline size_t
expect_packets(const char *path, uint64_t want, const char *when)
{
    size_t flows;
    const uint64_t packets = count_packets(path, &flows, when);
    if (packets != want)
        fail_msg("%s: %llu packets of %llu", when, (unsigned long long)packets,
            (unsigned long long)want);
    return flows;
}

#endif
