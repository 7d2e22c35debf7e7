/* SPDX-License-Identifier: MIT
 *
 * Flows that are not written yet: how they come beside the stored ones, each once, and
 * what a broken answer, or none, is called.
 */
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "godb/live.h"
#include "tests/live.h"

#define DAY INT64_C(1700006400)

/* eth0 has blocks DAY + 300 and + 600, eth1 none; both have live flows. */
struct scene {
    char *root;
    struct godb *db;
    struct godb_live *live;
};

static struct live_text text;

static void
begin(struct scene *scene)
{
    scene->root = store_new();
    scene->db = store_open(scene->root, GODB_CREATE);
    assert_int_equal(store_append(scene->db, "eth0", DAY + 300, 0, 100, NULL), GODB_OK);
    assert_int_equal(
        store_append(scene->db, "eth0", DAY + 600, 100, 100, NULL), GODB_OK);
    live_begin(&text, 2);
    live_put_iface(&text, "eth0", DAY + 600, DAY + 900, 200, 50);
    live_put_iface(&text, "eth1", 0, DAY + 900, 250, 30);
    assert_int_equal(live_parse(&scene->live, text.bytes, text.count, NULL), GODB_OK);
}

static void
end(struct scene *scene)
{
    godb_live_free(scene->live);
    godb_close(scene->db);
    free(scene->root);
}

/* Each flow of store.h has another count of packets: which of them come, how often? */
static size_t
scan(struct scene *scene, const struct godb_scan_spec *spec, int seen[400])
{
    struct godb_scan *scan;
    struct godb_chunk chunk;
    struct godb_err err = {0};
    size_t count = 0;
    memset(seen, 0, 400 * sizeof seen[0]);
    if (godb_scan_open(&scan, scene->db, spec, &err) != GODB_OK)
        fail_msg("%s", err.msg);
    while (godb_scan_next(scan, &chunk, NULL) == GODB_OK)
        for (uint32_t i = 0; i < chunk.selected_count; i++) {
            const uint32_t row = chunk.selected ? chunk.selected[i] : i;
            const uint64_t number = chunk.counters[GODB_SUM_PACKETS_RCVD][row] - 3;
            assert_true(number < 400);
            const struct godb_flow want = store_flow(number);
            assert_memory_equal(chunk.sip[row], want.sip, 16);
            assert_memory_equal(chunk.dip[row], want.dip, 16);
            assert_int_equal(chunk.proto[row], want.proto);
            assert_int_equal(chunk.dport[row], want.dport);
            assert_int_equal(chunk.l7proto[row], want.l7proto);
            assert_int_equal(chunk.counters[0][row], want.bytes_rcvd);
            assert_int_equal(chunk.counters[1][row], want.bytes_sent);
            assert_int_equal(chunk.counters[3][row], want.packets_sent);
            assert_int_equal(chunk.slot == GODB_SLOT_LIVE, number >= 200);
            seen[number]++;
            count++;
        }
    godb_scan_close(scan);
    return count;
}

static void
live_flows_come_with_the_stored_ones(void **state)
{
    (void)state;
    struct scene scene;
    int seen[400];
    begin(&scene);
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    assert_int_equal(scan(&scene, &spec, seen), 200);
    spec.live = scene.live;
    assert_int_equal(scan(&scene, &spec, seen), 280);
    for (int i = 0; i < 280; i++)
        assert_int_equal(seen[i], 1);
    end(&scene);
}

/* The goprobe writes its block between its answer and our reading: not twice. */
static void
what_is_written_after_the_answer_does_not_come_twice(void **state)
{
    (void)state;
    struct scene scene;
    int seen[400];
    begin(&scene);
    assert_int_equal(
        store_append(scene.db, "eth0", DAY + 900, 200, 120, NULL), GODB_OK);
    assert_int_equal(store_append(scene.db, "eth1", DAY + 900, 250, 40, NULL), GODB_OK);
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    spec.live = scene.live;
    for (size_t order = 0; order <= 1; order++) {
        spec.block_order_count = order;
        spec.block_order[0] = (struct godb_block_order){GODB_BLOCK_TIME, true};
        assert_int_equal(scan(&scene, &spec, seen), 280);
        for (int i = 0; i < 280; i++)
            assert_int_equal(seen[i], 1);
    }
    end(&scene);
}

static void
times_interfaces_and_filters_hold_for_live_flows_too(void **state)
{
    (void)state;
    struct scene scene;
    int seen[400];
    const char *const eth1[] = {"eth1"}, *const eth0[] = {"eth0"};
    begin(&scene);
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    spec.live = scene.live;
    spec.sel.last_s = DAY + 899;
    assert_int_equal(scan(&scene, &spec, seen), 200);
    spec.sel.first_s = spec.sel.last_s = DAY + 901;
    assert_int_equal(scan(&scene, &spec, seen), 0);
    spec.sel.first_s = spec.sel.last_s = DAY + 900;
    assert_int_equal(scan(&scene, &spec, seen), 80);
    spec.sel.ifaces = eth0;
    spec.sel.iface_count = 1;
    assert_int_equal(scan(&scene, &spec, seen), 50);
    struct godb_filter *filter;
    assert_int_equal(godb_filter_number(&filter, GODB_PROTO, GODB_EQ, 17), GODB_OK);
    spec.filter = filter;
    size_t wanted = 0;
    for (uint64_t i = 200; i < 250; i++)
        wanted += store_flow(i).proto == 17;
    assert_int_equal(scan(&scene, &spec, seen), wanted);
    assert_true(wanted > 0 && wanted < 50);
    godb_filter_free(filter);
    /* eth1 has no directory yet: it cannot be asked for, but is in all of them. */
    spec.filter = NULL;
    spec.sel.ifaces = eth1;
    struct godb_scan *refused;
    assert_int_equal(godb_scan_open(&refused, scene.db, &spec, NULL), GODB_ENOTFOUND);
    end(&scene);
}

static void
blocks_in_order_have_the_live_ones_where_they_belong(void **state)
{
    (void)state;
    struct scene scene;
    struct godb_scan *open;
    struct godb_chunk chunk;
    begin(&scene);
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_SIP), NULL);
    spec.live = scene.live;
    spec.block_order_count = 1;
    spec.block_order[0] = (struct godb_block_order){GODB_BLOCK_TIME, true};
    static const struct {
        const char *iface;
        int64_t time_s;
    } wanted[] = {{"eth0", DAY + 900}, {"eth1", DAY + 900}, {"eth0", DAY + 600},
        {"eth0", DAY + 300}};
    assert_int_equal(godb_scan_open(&open, scene.db, &spec, NULL), GODB_OK);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(godb_scan_next(open, &chunk, NULL), GODB_OK);
        assert_string_equal(chunk.iface, wanted[i].iface);
        assert_int_equal(chunk.time_s, wanted[i].time_s);
    }
    assert_int_equal(godb_scan_next(open, &chunk, NULL), GODB_DONE);
    godb_scan_close(open);
    end(&scene);
}

static void
live_flows_are_summed_with_the_stored_ones(void **state)
{
    (void)state;
    struct scene scene;
    struct godb_result *result;
    struct godb_row row;
    begin(&scene);
    for (int threads = 1; threads <= 4; threads += 3) {
        struct godb_aggregate_spec spec = {.scan = store_spec(0, NULL),
            .dims = GODB_DIM_BIT(GODB_DIM_IFACE),
            .sums = GODB_SUMS_ALL,
            .limit = -1,
            .threads = threads};
        spec.scan.live = scene.live;
        uint64_t packets[2] = {0, 0};
        for (uint64_t i = 0; i < 280; i++)
            packets[i >= 250] += store_flow(i).packets_rcvd;
        assert_int_equal(godb_aggregate(&result, scene.db, &spec, NULL), GODB_OK);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(godb_result_next(result, &row, NULL), GODB_OK);
            assert_string_equal(row.iface, i ? "eth1" : "eth0");
            assert_int_equal(row.sums[GODB_SUM_FLOWS], i ? 30 : 250);
            assert_int_equal(row.sums[GODB_SUM_PACKETS_RCVD], packets[i]);
        }
        assert_int_equal(godb_result_next(result, &row, NULL), GODB_DONE);
        godb_result_free(result);
    }
    end(&scene);
}

static void
layer_7_names_are_the_goprobes(void **state)
{
    (void)state;
    struct scene scene;
    struct godb_flow flow = store_flow(1);
    struct godb_filter *filter;
    struct godb_scan *open;
    struct godb_chunk chunk;
    begin(&scene);
    godb_live_free(scene.live);
    live_begin(&text, 1);
    live_put_iface(&text, "eth1", 0, DAY + 900, 0, 0);
    put_be32(text.bytes + text.count - 4, 2);
    flow.l7proto = 91;
    live_put_flow(&text, &flow);
    flow.l7proto = 7;
    live_put_flow(&text, &flow);
    assert_int_equal(live_parse(&scene.live, text.bytes, text.count, NULL), GODB_OK);
    assert_int_equal(
        godb_filter_parse(&filter, "l7proto = TLS", NULL, NULL, NULL, NULL), GODB_OK);
    struct godb_scan_spec spec = store_spec(GODB_COLUMN_BIT(GODB_L7PROTO), NULL);
    spec.filter = filter;
    /* No day knows the name, only the goprobe does. */
    assert_int_equal(godb_scan_open(&open, scene.db, &spec, NULL), GODB_EARG);
    spec.live = scene.live;
    assert_int_equal(godb_scan_open(&open, scene.db, &spec, NULL), GODB_OK);
    assert_int_equal(godb_scan_next(open, &chunk, NULL), GODB_OK);
    assert_int_equal(chunk.selected_count, 1);
    assert_string_equal(godb_l7_name(chunk.l7_names, 91), "TLS");
    assert_string_equal(godb_l7_category(chunk.l7_names, 91), "Secure");
    assert_int_equal(godb_scan_next(open, &chunk, NULL), GODB_DONE);
    godb_scan_close(open);
    godb_filter_free(filter);
    end(&scene);
}

/* Exact-size copies on the heap, so that a sanitizer sees any byte too far. */
static int
parse_copy(const uint8_t *bytes, size_t count)
{
    struct godb_live *live;
    struct godb_err err;
    uint8_t *copy = malloc(count + (count == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, count);
    const int rc = live_parse(&live, copy, count, &err);
    free(copy);
    if (rc == GODB_OK) godb_live_free(live);
    if (rc == GODB_ECORRUPT) assert_non_null(strstr(err.msg, "answer is broken"));
    return rc;
}

static void
an_answer_cut_off_at_any_length_is_broken(void **state)
{
    (void)state;
    live_begin(&text, 2);
    live_put_iface(&text, "eth0", DAY, DAY + 300, 0, 3);
    live_put_iface(&text, "eth1", 0, DAY + 300, 3, 2);
    assert_int_equal(parse_copy(text.bytes, text.count), GODB_OK);
    for (size_t count = 0; count < text.count; count++)
        assert_int_equal(parse_copy(text.bytes, count), GODB_ECORRUPT);
    live_put(&text, "x", 1);
    assert_int_equal(parse_copy(text.bytes, text.count), GODB_ECORRUPT);
}

static void
an_answer_that_lies_is_broken(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t written_s, time_s;
    } lies[] = {{"a/b", 0, DAY}, {"", 0, DAY}, {".x", 0, DAY}, {"eth0", DAY, DAY},
        {"eth0", -1, DAY}, {"eth0", DAY, DAY - 1}, {"eth0", 0, INT64_MAX}};
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        live_begin(&text, 1);
        live_put_iface(&text, lies[i].name, lies[i].written_s, lies[i].time_s, 0, 1);
        assert_int_equal(parse_copy(text.bytes, text.count), GODB_ECORRUPT);
    }
    live_begin(&text, 2); /* one interface twice */
    live_put_iface(&text, "eth0", 0, DAY, 0, 1);
    live_put_iface(&text, "eth0", 0, DAY, 1, 1);
    assert_int_equal(parse_copy(text.bytes, text.count), GODB_ECORRUPT);
    live_begin(&text, UINT32_MAX);
    assert_int_equal(parse_copy(text.bytes, text.count), GODB_ECORRUPT);
    live_begin(&text, 1); /* more rows than there are bytes */
    live_put_iface(&text, "eth0", 0, DAY, 0, 0);
    put_be32(text.bytes + text.count - 4, UINT32_MAX);
    assert_int_equal(parse_copy(text.bytes, text.count), GODB_ECORRUPT);
}

/* --- Over a socket ---------------------------------------------------------------- */

struct server {
    pthread_t thread;
    int listen_fd;
    const void *answer;
    size_t count;
};

/* Answer one question, and hang up. */
static void *
serve(void *arg)
{
    const struct server *server = arg;
    char request[16];
    const int fd = accept(server->listen_fd, NULL, NULL);
    if (fd < 0) return NULL;
    if (recv(fd, request, sizeof request, 0) == 6 && memcmp(request, "flows\n", 6) == 0)
        (void)!send(fd, server->answer, server->count, MSG_NOSIGNAL);
    close(fd);
    return NULL;
}

static int
bind_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 4), 0);
    return fd;
}

/* What a question comes to where this is answered. */
static int
ask(const struct scene *scene, const void *answer, size_t count, struct godb_live **out,
    struct godb_err *err)
{
    char path[512];
    snprintf(path, sizeof path, "%s/goprobe.sock", scene->root);
    struct server server = {.answer = answer, .count = count};
    server.listen_fd = bind_socket(path);
    assert_int_equal(pthread_create(&server.thread, NULL, serve, &server), 0);
    const int rc = godb_live_open(out, scene->db, NULL, NULL, NULL, err);
    pthread_join(server.thread, NULL);
    close(server.listen_fd);
    assert_int_equal(unlink(path), 0);
    return rc;
}

static void
a_goprobe_is_asked_over_its_socket(void **state)
{
    (void)state;
    struct scene scene;
    struct godb_live *live;
    struct godb_err err;
    static char answer[sizeof text.bytes + 32];
    begin(&scene);
    const int head = snprintf(answer, sizeof answer, "OK %zu\n", text.count);
    memcpy(answer + head, text.bytes, text.count);
    const size_t whole = (size_t)head + text.count;
    assert_int_equal(ask(&scene, answer, whole, &live, &err), GODB_OK);
    assert_int_equal(live_find(live, "eth0")->row_count, 50);
    assert_int_equal(live_stored_until(live, "eth0"), DAY + 600);
    assert_int_equal(live_stored_until(live, "eth7"), INT64_MAX);
    godb_live_free(live);
    assert_int_equal(ask(&scene, answer, whole - 1, &live, &err), GODB_EIO);
    assert_non_null(strstr(err.msg, "goprobe.sock: goprobe's answer is cut off"));
    answer[head] ^= 1;
    assert_int_equal(ask(&scene, answer, whole, &live, &err), GODB_ECORRUPT);
    end(&scene);
}

static void
other_answers_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        int rc;
        const char *message;
    } cases[] = {
        {"", GODB_EIO, "does not answer"},
        {"OK 5", GODB_EIO, "does not answer"},
        {"ERROR not for you\n", GODB_EIO, "goprobe says: not for you"},
        {"OK\n", GODB_ECORRUPT, "no answer of a goprobe"},
        {"OK x\n", GODB_ECORRUPT, "no answer of a goprobe"},
        {"OK 99999999999999999999\n", GODB_ECORRUPT, "no answer of a goprobe"},
        {"OK 18446744073709551615\n", GODB_ECORRUPT, "no answer of a goprobe"},
        {"HTTP/1.1 400 Bad Request\n", GODB_ECORRUPT, "no answer of a goprobe"},
        {"OK 0\n", GODB_ECORRUPT, "broken"},
        {"OK 16\nGODBLIV1", GODB_EIO, "cut off"},
    };
    struct scene scene;
    struct godb_live *live;
    struct godb_err err;
    begin(&scene);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *answer = cases[i].answer;
        assert_int_equal(ask(&scene, answer, strlen(answer), &live, &err), cases[i].rc);
        if (strstr(err.msg, cases[i].message) == NULL) fail_msg("%s", err.msg);
    }
    /* A first line without an end is not read on for ever. */
    static char endless[5000];
    memset(endless, 'x', sizeof endless);
    assert_int_equal(ask(&scene, endless, sizeof endless, &live, &err), GODB_EIO);
    assert_non_null(strstr(err.msg, "goprobe.sock: goprobe does not answer"));
    end(&scene);
}

static bool
stop_at_once(void *arg)
{
    (void)arg;
    return true;
}

static void
where_no_goprobe_answers_it_is_not_found(void **state)
{
    (void)state;
    struct scene scene;
    struct godb_live *live;
    struct godb_err err;
    char path[512], too_long[300];
    begin(&scene);
    assert_int_equal(
        godb_live_open(&live, scene.db, NULL, NULL, NULL, &err), GODB_ENOTFOUND);
    assert_non_null(strstr(err.msg, "goprobe.sock: no goprobe answers"));
    /* One that was killed leaves its socket. */
    snprintf(path, sizeof path, "%s/goprobe.sock", scene.root);
    const int fd = bind_socket(path);
    /* Nobody accepts: a statement that is interrupted does not wait for it. */
    assert_int_equal(godb_live_open(&live, scene.db, NULL, stop_at_once, NULL, &err),
        GODB_ECANCELLED);
    close(fd);
    assert_int_equal(
        godb_live_open(&live, scene.db, NULL, NULL, NULL, &err), GODB_ENOTFOUND);
    /* A socket of another kind is nobody's that could be asked. */
    struct sockaddr_un other = {.sun_family = AF_UNIX};
    const int datagrams = socket(AF_UNIX, SOCK_DGRAM, 0);
    snprintf(other.sun_path, sizeof other.sun_path, "%s/other.sock", scene.root);
    assert_int_equal(bind(datagrams, (struct sockaddr *)&other, sizeof other), 0);
    assert_int_equal(
        godb_live_open(&live, scene.db, other.sun_path, NULL, NULL, &err), GODB_EIO);
    assert_non_null(strstr(err.msg, "other.sock: Protocol wrong type for socket"));
    close(datagrams);
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[sizeof too_long - 1] = '\0';
    assert_int_equal(
        godb_live_open(&live, scene.db, too_long, NULL, NULL, &err), GODB_EARG);
    end(&scene);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_flows_come_with_the_stored_ones),
        cmocka_unit_test(what_is_written_after_the_answer_does_not_come_twice),
        cmocka_unit_test(times_interfaces_and_filters_hold_for_live_flows_too),
        cmocka_unit_test(blocks_in_order_have_the_live_ones_where_they_belong),
        cmocka_unit_test(live_flows_are_summed_with_the_stored_ones),
        cmocka_unit_test(layer_7_names_are_the_goprobes),
        cmocka_unit_test(an_answer_cut_off_at_any_length_is_broken),
        cmocka_unit_test(an_answer_that_lies_is_broken),
        cmocka_unit_test(a_goprobe_is_asked_over_its_socket),
        cmocka_unit_test(other_answers_are_errors),
        cmocka_unit_test(where_no_goprobe_answers_it_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
