/* SPDX-License-Identifier: MIT
 *
 * Readers beside a writer, in threads and in processes of their own, while old days are
 * deleted and indexes are built anew: they are never blocked, and each scan sees whole
 * blocks, in order, none missing in between, with nothing to warn of.  A second writer
 * is refused.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tests/store.h"

#define DAY INT64_C(1700006400)

enum { BLOCKS = 120, FLOWS = 50, READERS = 2 };

struct scene {
    struct godb *db;
    atomic_int committed; /* blocks, at least */
    atomic_bool is_over;
    atomic_int failures;
    atomic_int scans;
};

static void
fail_reader(struct scene *scene, const char *what)
{
    if (atomic_fetch_add(&scene->failures, 1) == 0) print_error("%s\n", what);
}

/* One scan of everything: block i holds the flows from 10 * i on. */
/* Are the chunk's rows the flows counted from `first`, in any order? */
static bool
has_flows(const struct godb_chunk *chunk, uint64_t first)
{
    bool seen[FLOWS] = {false};
    for (uint32_t row = 0; row < FLOWS; row++) {
        const uint64_t i = chunk->counters[2][row] - 3;
        const struct godb_flow want = store_flow(i);
        if (i < first || i >= first + FLOWS || seen[i - first] ||
            memcmp(chunk->sip[row], want.sip, 16) != 0 ||
            chunk->counters[3][row] != want.packets_sent)
            return false;
        seen[i - first] = true;
    }
    return true;
}

static void
scan_once(struct scene *scene)
{
    const int least = atomic_load(&scene->committed);
    struct store_warnings warnings = {0, ""};
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, &warnings);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int blocks = 0;
    if (godb_scan_open(&scan, scene->db, &spec, NULL) != GODB_OK) {
        fail_reader(scene, "a scan cannot be opened");
        return;
    }
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK) {
        if (chunk.row_count != FLOWS || chunk.time_s != DAY - 3000 + 300 * blocks ||
            !has_flows(&chunk, (uint64_t)(10 * blocks)))
            fail_reader(scene, "a block is not whole, or not in its place");
        blocks++;
    }
    godb_scan_close(scan);
    if (blocks < least) fail_reader(scene, "a committed block is missing");
    if (warnings.count > 0) fail_reader(scene, warnings.last);
    atomic_fetch_add(&scene->scans, 1);
}

static void *
read_until_over(void *arg)
{
    struct scene *scene = arg;
    while (!atomic_load(&scene->is_over))
        scan_once(scene);
    scan_once(scene);
    return NULL;
}

static void
write_all(struct scene *scene)
{
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, scene->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i < BLOCKS; i++) {
        store_fill(block, (uint64_t)(10 * i), FLOWS);
        assert_int_equal(
            godb_writer_append(writer, DAY - 3000 + 300 * i, block, NULL, NULL),
            GODB_OK);
        /* Now and then several blocks in one commit. */
        if (i % 5 == 1 || i % 5 == 2) continue;
        assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
        atomic_store(&scene->committed, i + 1);
    }
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    atomic_store(&scene->committed, BLOCKS);
    godb_writer_close(writer);
    godb_block_free(block);
}

static void
readers_see_whole_blocks_while_a_writer_appends(void **state)
{
    (void)state;
    char *root = store_new();
    struct scene scene = {.db = store_open(root, GODB_CREATE)};
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_until_over, &scene), 0);
    write_all(&scene);
    atomic_store(&scene.is_over, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    assert_int_equal(atomic_load(&scene.failures), 0);
    assert_true(atomic_load(&scene.scans) > READERS);
    godb_close(scene.db);
    free(root);
}

/* --- Deleting and indexing beside it ---------------------------------------------- */

enum { STEP_S = 7200, LONG_BLOCKS = 240, KEPT_DAYS = 5, PROCESSES = 2 };

/* Shared with processes. */
struct tumult {
    struct godb *db;
    atomic_int committed; /* blocks, at least */
    atomic_int deleted;   /* blocks, at most */
    atomic_bool is_over;
    atomic_int failures, scans, builds, deletions;
    char why[512];
};

static void
fail_tumult(struct tumult *tumult, const char *why)
{
    if (atomic_fetch_add(&tumult->failures, 1) == 0)
        snprintf(tumult->why, sizeof tumult->why, "%s", why);
}

/* Days are deleted from the oldest on, so what a scan sees follows each other; blocks
 * that were committed before it, and not to be deleted before its end, are all there.
 */
static void
scan_tumult(struct tumult *tumult)
{
    const int least = atomic_load(&tumult->committed);
    struct store_warnings warnings = {0, ""};
    const struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, &warnings);
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err = {0};
    int first = -1, next = -1, rc;
    if (godb_scan_open(&scan, tumult->db, &spec, &err) != GODB_OK) {
        fail_tumult(tumult, err.msg);
        return;
    }
    while ((rc = godb_scan_next(scan, &chunk, &err)) == GODB_OK) {
        const int number = (int)((chunk.time_s - DAY) / STEP_S);
        if (first < 0) first = next = number;
        /* A day may go between two others only while it is among the oldest. */
        if (number > next && number <= atomic_load(&tumult->deleted)) next = number;
        if (number != next || chunk.row_count != FLOWS ||
            !has_flows(&chunk, (uint64_t)(10 * number)))
            fail_tumult(tumult, "a block is not whole, or not in its place");
        next++;
    }
    if (rc != GODB_DONE) fail_tumult(tumult, err.msg);
    godb_scan_close(scan);
    if (warnings.count > 0) fail_tumult(tumult, warnings.last);
    const int deleted = atomic_load(&tumult->deleted);
    char why[100];
    snprintf(why, sizeof why, "blocks %d to %d are there, not %d to %d", first,
        next - 1, deleted, least - 1);
    /* What is missing at the end may have been deleted by now, too. */
    if ((next < least && least > deleted) || first > deleted) fail_tumult(tumult, why);
    atomic_fetch_add(&tumult->scans, 1);
}

static void *
read_tumult(void *arg)
{
    struct tumult *tumult = arg;
    while (!atomic_load(&tumult->is_over))
        scan_tumult(tumult);
    scan_tumult(tumult);
    return NULL;
}

static void *
index_tumult(void *arg)
{
    struct tumult *tumult = arg;
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    while (!atomic_load(&tumult->is_over)) {
        struct godb_index_counts counts;
        struct godb_err err = {0};
        if (godb_index(&counts, tumult->db, &all, GODB_INDEX_ALL, NULL, NULL, &err) !=
                GODB_OK &&
            err.status != GODB_ENOTFOUND)
            fail_tumult(tumult, err.msg);
        atomic_fetch_add(&tumult->builds, (int)counts.built_count);
    }
    return NULL;
}

static void *
delete_tumult(void *arg)
{
    struct tumult *tumult = arg;
    while (!atomic_load(&tumult->is_over)) {
        const int64_t day =
            (int64_t)atomic_load(&tumult->committed) * STEP_S / GODB_DAY_S;
        const int64_t before_s = DAY + (day - KEPT_DAYS) * GODB_DAY_S;
        struct godb_clean_counts counts;
        struct godb_err err = {0};
        if (day <= KEPT_DAYS) continue;
        atomic_store(&tumult->deleted, (int)((before_s - DAY) / STEP_S));
        if (godb_clean(&counts, tumult->db, before_s, false, NULL, NULL, &err) !=
            GODB_OK)
            fail_tumult(tumult, err.msg);
        atomic_fetch_add(&tumult->deletions, (int)counts.day_count);
    }
    return NULL;
}

static void
write_tumult(struct tumult *tumult)
{
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, tumult->db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    for (int i = 0; i < LONG_BLOCKS; i++) {
        store_fill(block, (uint64_t)(10 * i), FLOWS);
        assert_int_equal(
            godb_writer_append(writer, DAY + (int64_t)i * STEP_S, block, NULL, NULL),
            GODB_OK);
        assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
        atomic_store(&tumult->committed, i + 1);
    }
    godb_writer_close(writer);
    godb_block_free(block);
}

static void
start_processes(struct tumult *tumult, pid_t pids[PROCESSES])
{
    fflush(NULL);
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] > 0) continue;
        read_tumult(tumult);
        _exit(0);
    }
}

static void
readers_see_whole_blocks_while_days_go_and_indexes_come(void **state)
{
    (void)state;
    static void *(*const acts[])(void *) = {
        read_tumult, read_tumult, index_tumult, delete_tumult};
    enum { THREADS = sizeof acts / sizeof acts[0] };
    char *root = store_new();
    pthread_t threads[THREADS];
    pid_t pids[PROCESSES];
    struct tumult *tumult = mmap(NULL, sizeof *tumult, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(tumult != MAP_FAILED);
    tumult->db = store_open(root, GODB_CREATE);
    start_processes(tumult, pids);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, acts[i], tumult), 0);
    write_tumult(tumult);
    atomic_store(&tumult->is_over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    print_message("# %d scans, %d indexes built, %d days deleted\n",
        atomic_load(&tumult->scans), atomic_load(&tumult->builds),
        atomic_load(&tumult->deletions));
    if (atomic_load(&tumult->failures) > 0) fail_msg("%s", tumult->why);
    assert_true(atomic_load(&tumult->deletions) > 0);
    assert_true(atomic_load(&tumult->builds) > 0);
    godb_close(tumult->db);
    munmap(tumult, sizeof *tumult);
    free(root);
}

static void
a_second_writer_is_refused_with_the_pid_of_the_first(void **state)
{
    (void)state;
    char *root = store_new(), want[40];
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_writer *first, *second = NULL;
    struct godb_err err = {0};
    assert_int_equal(
        godb_writer_open(&first, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(
        godb_writer_open(&second, db, "eth0", NULL, NULL, NULL, &err), GODB_EBUSY);
    snprintf(want, sizeof want, "process %ld is writing", (long)getpid());
    if (strstr(err.msg, want) == NULL) fail_msg("%s", err.msg);
    godb_writer_close(first);
    /* No file has to be removed. */
    assert_int_equal(
        godb_writer_open(&second, db, "eth0", NULL, NULL, NULL, NULL), GODB_OK);
    godb_writer_close(second);
    godb_close(db);
    free(root);
}

static void
a_summary_lock_of_a_killed_process_is_taken_over_at_once(void **state)
{
    (void)state;
    char *root = store_new(), *path = NULL;
    struct godb *db = store_open(root, GODB_CREATE);
    struct store_warnings warnings = {0, ""};
    struct godb_writer *writer;
    struct godb_block *block;
    if (asprintf(&path, "%s/summary.lock", root) < 0) abort();
    FILE *lock = fopen(path, "w");
    assert_non_null(lock);
    fprintf(lock, "%d\n", 1);
    fclose(lock);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    store_fill(block, 0, 3);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", NULL, store_warn, &warnings, NULL),
        GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    assert_int_equal(warnings.count, 0);
    assert_int_equal(access(path, F_OK), -1);
    char *summary = store_file(root, "summary.json");
    assert_non_null(strstr(summary, "\"flowcount\":3,"));
    free(summary);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_close(db);
    free(path);
    free(root);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_whole_blocks_while_a_writer_appends),
        cmocka_unit_test(readers_see_whole_blocks_while_days_go_and_indexes_come),
        cmocka_unit_test(a_second_writer_is_refused_with_the_pid_of_the_first),
        cmocka_unit_test(a_summary_lock_of_a_killed_process_is_taken_over_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
