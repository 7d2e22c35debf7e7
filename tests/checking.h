/* SPDX-License-Identifier: MIT
 *
 * checking.h -- what a check says of a database, what can be read in it, and whether a
 * repair kept everything.
 */
#ifndef TESTS_CHECKING_H
#define TESTS_CHECKING_H

#include "tests/damages.h"

/* --- Looking ---------------------------------------------------------------------- */

/* What a check said. */
struct seen {
    int rc;
    enum level level; /* of what is not repaired */
    struct godb_check_counts counts;
    struct godb_err err;
    char told[8192]; /* a line for each problem: severity, kind, path, reason */
};

static inline void
take(void *arg, const struct godb_problem *problem)
{
    static const char *const severities[] = {"note", "warning", "damage"};
    struct seen *seen = arg;
    const size_t used = strlen(seen->told);
    snprintf(seen->told + used, sizeof seen->told - used, "%s %s %s: %s\n",
        severities[problem->severity], problem->kind, problem->path, problem->reason);
    assert_true(problem->reason[0] != '\0');
    assert_null(strchr(problem->reason, '\n'));
    if (problem->repair != GODB_REPAIRED && (int)problem->severity > (int)seen->level)
        seen->level = (enum level)problem->severity;
}

static inline struct seen
look(struct godb *db, bool does_repair)
{
    struct seen seen = {0};
    const struct godb_check_spec spec = {
        .does_repair = does_repair, .problem = take, .arg = &seen};
    seen.rc = godb_check(&seen.counts, db, &spec, &seen.err);
    return seen;
}

static inline struct seen
look_at(const char *root, bool does_repair)
{
    struct godb *db = store_open(root, does_repair ? GODB_WRITE : GODB_READ);
    const struct seen seen = look(db, does_repair);
    godb_close(db);
    return seen;
}

/* One value of each block and column: what can be read. */
struct readable {
    char iface[GODB_IFACE_MAX];
    int64_t time_s;
    int col;
    uint64_t hash;
};

struct readables {
    struct readable of[64];
    size_t count;
    int64_t received; /* by pcap, of the first block */
};

static inline uint64_t
hash_of(const void *bytes, size_t count)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
    return hash;
}

static inline const void *
values_of(const struct godb_chunk *chunk, int col)
{
    const void *const values[GODB_COLUMN_COUNT] = {[GODB_SIP] = chunk->sip,
        [GODB_DIP] = chunk->dip,
        [GODB_PROTO] = chunk->proto,
        [GODB_DPORT] = chunk->dport,
        [GODB_L7PROTO] = chunk->l7proto,
        [GODB_BYTES_RCVD] = chunk->counters[0],
        [GODB_BYTES_SENT] = chunk->counters[1],
        [GODB_PACKETS_RCVD] = chunk->counters[2],
        [GODB_PACKETS_SENT] = chunk->counters[3]};
    return values[col];
}

static inline void
read_column(struct godb *db, int col, struct readables *out)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(col), &warnings);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    assert_int_equal(godb_scan_open(&scan, db, &spec, NULL), GODB_OK);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK) {
        assert_true(out->count < 64);
        struct readable *block = &out->of[out->count++];
        *block = (struct readable){.time_s = chunk.time_s, .col = col};
        snprintf(block->iface, sizeof block->iface, "%s", chunk.iface);
        block->hash = hash_of(values_of(&chunk, col),
            (size_t)chunk.row_count * godb_columns[col].width_bytes);
    }
    godb_scan_close(scan);
}

static inline void
read_statistics(struct godb *db, struct readables *out)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    out->received = -1;
    assert_int_equal(godb_block_list_open(&list, db, &all, NULL, NULL, NULL), GODB_OK);
    while (godb_block_list_next(list, &info, NULL) == GODB_OK)
        if (info.time_s == BLOCK(0) && strcmp(info.iface, "eth0") == 0)
            out->received = info.pcap.received;
    godb_block_list_close(list);
}

static inline struct readables
read_all(const char *root)
{
    struct readables all = {.count = 0};
    struct godb *db = store_open(root, GODB_READ);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        read_column(db, col, &all);
    read_statistics(db, &all);
    godb_close(db);
    return all;
}

static inline void
expect_readable(const struct readables *before, const struct readables *after,
    bool is_vague, const char *when)
{
    for (size_t i = 0; i < before->count; i++) {
        size_t at = 0;
        while (at < after->count &&
               memcmp(&before->of[i], &after->of[at], sizeof before->of[i]) != 0)
            at++;
        if (at == after->count)
            fail_msg("%s: %s of block %" PRId64 " of %s is not read as before", when,
                godb_columns[before->of[i].col].file, before->of[i].time_s,
                before->of[i].iface);
    }
    /* As in expect_statistics(). */
    if (!is_vague && before->received > 0 && after->received != before->received)
        fail_msg("%s: statistics are lost", when);
}

/* --- What is kept ----------------------------------------------------------------- */

struct kept {
    const char *before, *after, *when;
    const uint8_t *bytes, *now; /* of the file at hand, and what it is now */
    size_t count, now_count;
    const char *name;
    bool has_all, has_header, has_tail;
};

/* A file of the quarantine: is it this one, or its header or tail? */
static inline void
take_quarantined(void *arg, const char *name, const struct stat *st)
{
    struct kept *kept = arg;
    char header[600], tail[600];
    /* Below the directory of its run. */
    const char *below = strchr(name, '/');
    if (below == NULL || !S_ISREG(st->st_mode)) return;
    snprintf(header, sizeof header, "%s.header", kept->name);
    snprintf(tail, sizeof tail, "%s.tail", kept->name);
    char place[600];
    size_t count;
    path_in(place, kept->after, ".quarantine");
    uint8_t *bytes = file_bytes(place, name, &count);
    below++;
    if (strcmp(below, kept->name) == 0 && count == kept->count &&
        memcmp(bytes, kept->bytes, count) == 0)
        kept->has_all = true;
    if (strncmp(below, header, strlen(header)) == 0 && count == HEADER_BYTES &&
        kept->count >= count && memcmp(bytes, kept->bytes, count) == 0)
        kept->has_header = true;
    if (strncmp(below, tail, strlen(tail)) == 0 &&
        kept->now_count + count == kept->count &&
        memcmp(bytes, kept->bytes + kept->now_count, count) == 0)
        kept->has_tail = true;
    free(bytes);
}

static inline bool
is_same(const struct kept *kept, size_t from, size_t to)
{
    return kept->now_count >= to &&
           memcmp(kept->bytes + from, kept->now + from, to - from) == 0;
}

/* Made from what columns say, or left by the dead and taken over by who needs it. */
static inline bool
is_for_anybody(const char *name)
{
    static const char *const names[] = {
        "summary.json", "summary.lock", DAY_DIR "/blocks.index.new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

static inline void
expect_one_kept(void *arg, const char *name, const struct stat *st)
{
    struct kept kept = *(const struct kept *)arg;
    if (!S_ISREG(st->st_mode) || is_for_anybody(name)) return;
    kept.name = name;
    uint8_t *bytes = file_bytes(kept.before, name, &kept.count);
    uint8_t *now = file_bytes(kept.after, name, &kept.now_count);
    kept.bytes = bytes;
    kept.now = now;
    if (now == NULL || kept.now_count != kept.count ||
        memcmp(now, bytes, kept.count) != 0) {
        char place[600];
        path_in(place, kept.after, ".quarantine");
        each_file(place, "", take_quarantined, &kept);
        const size_t header = kept.count < HEADER_BYTES ? kept.count : HEADER_BYTES;
        const size_t end = kept.has_tail ? kept.now_count : kept.count;
        if (!kept.has_all && !(is_same(&kept, header, end) &&
                                 (kept.has_header || is_same(&kept, 0, header))))
            fail_msg(
                "%s: %s is neither as it was nor in the quarantine", kept.when, name);
    }
    free(bytes);
    free(now);
}

/* Each file of before is there or in the quarantine, or what was taken from it is. */
static inline void
expect_kept(const char *before, const char *after, const char *when)
{
    struct kept kept = {.before = before, .after = after, .when = when};
    each_file(before, "", expect_one_kept, &kept);
}

struct quarantined {
    const char *root, *name, *text;
    bool is_there;
};

static inline void
compare_quarantined(void *arg, const char *name, const struct stat *st)
{
    struct quarantined *wanted = arg;
    const char *below = strchr(name, '/');
    char place[600];
    if (!S_ISREG(st->st_mode) || below == NULL || strcmp(below + 1, wanted->name) != 0)
        return;
    path_in(place, wanted->root, ".quarantine");
    char *text = store_file(place, name);
    wanted->is_there |= strcmp(text, wanted->text) == 0;
    free(text);
}

/* Has a repair kept a file of this name with this text? */
static inline bool
is_quarantined(const char *root, const char *name, const char *text)
{
    struct quarantined wanted = {root, name, text, false};
    char place[600];
    path_in(place, root, ".quarantine");
    each_file(place, "", compare_quarantined, &wanted);
    return wanted.is_there;
}

static inline int
lowest_free_fd(void)
{
    const int fd = dup(STDERR_FILENO);
    close(fd);
    return fd;
}

#endif
