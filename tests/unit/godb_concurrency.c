/* SPDX-License-Identifier: MIT
 *
 * Readers beside a writer: they are never blocked, and each scan sees whole blocks,
 * from the first one on, in order, with nothing to warn of.
 */
#include <pthread.h>
#include <stdatomic.h>

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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_see_whole_blocks_while_a_writer_appends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
