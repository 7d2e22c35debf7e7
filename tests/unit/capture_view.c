/* SPDX-License-Identifier: MIT
 *
 * Views: copies of the interval at hand while packets come and intervals end, the way
 * of a question to the capture thread and back, and the bytes that a reader gets.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "capture/exchange.h"
#include "capture/view_bytes.h"
#include "godb/live.h"
#include "tests/store.h"

enum { FLOWS = 3000, FRAME = 28 };

/* A pipeline of one interface, and how often each flow had a packet in the interval. */
struct scene {
    struct ifaces *ifaces;
    struct pipeline *pipeline;
    uint32_t counts[FLOWS];
    size_t rotations;
};

static void
done(void *arg, struct rotation *rotation)
{
    struct scene *scene = arg;
    scene->rotations++;
    rotation_free(rotation);
}

static void
begin(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    scene->ifaces = ifaces_new_file("eth0");
    assert_non_null(scene->ifaces);
    const struct pipeline_options options = {.link = PACKET_RAW,
        .ifaces = scene->ifaces,
        .max_flows = 1 << 16,
        .done = done,
        .arg = scene};
    scene->pipeline = pipeline_new(&options);
    assert_non_null(scene->pipeline);
}

static void
end(struct scene *scene)
{
    pipeline_free(scene->pipeline);
    ifaces_free(scene->ifaces);
}

static unsigned
pick(uint64_t *seed, unsigned below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)((*seed >> 33) % below);
}

/* A packet of flow i, 10.x.x.x:40000 -> 10.0.0.2:53. */
static void
feed(struct scene *scene, uint32_t i)
{
    uint8_t bytes[FRAME] = "\x45\0\0\x1c\0\1\0\0\x40\x11\0\0\x0a\0\0\0\x0a\0\0\2"
                           "\x9c\x40\0\x35\0\x08\0";
    bytes[13] = (uint8_t)(i >> 16);
    bytes[14] = (uint8_t)(i >> 8);
    bytes[15] = (uint8_t)i;
    const struct source_packet packet = {.bytes = bytes,
        .captured_bytes = FRAME,
        .wire_bytes = FRAME,
        .time_s = 1700000000};
    pipeline_packet(scene->pipeline, &packet);
    scene->counts[i]++;
}

static void
end_interval(struct scene *scene)
{
    const struct pipeline_drops none = {0, NULL};
    assert_true(pipeline_end_interval(scene->pipeline, 300, &none));
    memset(scene->counts, 0, sizeof scene->counts);
}

/* Each flow of the copy has at least what it had when the copy was begun, and at most
 * what it has now; and those with something are all there. */
static void
expect_between(const struct scene *scene, struct rotation *rows, const uint32_t *least)
{
    uint32_t got[FLOWS] = {0};
    assert_true(rotation_merge(rows));
    for (size_t i = 0; i < rows->count; i++) {
        const struct godb_flow *flow = &rows->rows[i].flow;
        const uint32_t number =
            (uint32_t)flow->sip[1] << 16 | (uint32_t)flow->sip[2] << 8 | flow->sip[3];
        assert_true(number < FLOWS);
        assert_int_equal(got[number], 0);
        got[number] = (uint32_t)flow->packets_rcvd;
        assert_int_equal(flow->bytes_rcvd, FRAME * flow->packets_rcvd);
    }
    for (size_t i = 0; i < FLOWS; i++) {
        assert_true(got[i] >= least[i]);
        assert_true(got[i] <= scene->counts[i]);
    }
}

static void
a_view_of_a_quiet_capture_is_exact(void **state)
{
    (void)state;
    struct scene scene;
    uint64_t seed = 1;
    begin(&scene);
    for (int interval = 0; interval < 3; interval++) {
        for (int i = 0; i < 5000; i++)
            feed(&scene, pick(&seed, FLOWS));
        pipeline_flush(scene.pipeline);
        struct rotation *rows = rotation_new(0, 0);
        pipeline_begin_view(scene.pipeline, rows);
        enum pipeline_view copied;
        while ((copied = pipeline_copy_view(scene.pipeline, 100)) == PIPELINE_VIEW_MORE)
            pipeline_collect(scene.pipeline, 100);
        assert_int_equal(copied, PIPELINE_VIEW_WHOLE);
        pipeline_end_view(scene.pipeline);
        expect_between(&scene, rows, scene.counts);
        rotation_free(rows);
        end_interval(&scene);
    }
    end(&scene);
}

/* Copy with packets and ends of intervals in between. */
static int
copy_under_load(struct scene *scene, struct rotation *rows, uint64_t *seed,
    unsigned end_in, uint32_t *least)
{
    int restarts = 0;
    memcpy(least, scene->counts, sizeof scene->counts);
    pipeline_begin_view(scene->pipeline, rows);
    for (;;) {
        for (unsigned i = pick(seed, 40); i > 0; i--)
            feed(scene, pick(seed, FLOWS));
        if (pick(seed, end_in) == 0) {
            end_interval(scene);
            memset(least, 0, sizeof scene->counts);
            restarts++;
        }
        pipeline_flush(scene->pipeline);
        pipeline_collect(scene->pipeline, pick(seed, 300));
        const enum pipeline_view copied =
            pipeline_copy_view(scene->pipeline, 1 + pick(seed, 200));
        if (copied == PIPELINE_VIEW_WHOLE) break;
        assert_int_equal(copied, PIPELINE_VIEW_MORE);
    }
    pipeline_end_view(scene->pipeline);
    return restarts;
}

static void
a_view_has_each_packet_of_its_interval_once_whatever_happens_meanwhile(void **state)
{
    (void)state;
    static uint32_t least[FLOWS];
    struct scene scene;
    uint64_t seed = 2;
    int restarts = 0;
    begin(&scene);
    for (int i = 0; i < 60; i++) {
        for (int k = 0; k < 2000; k++)
            feed(&scene, pick(&seed, FLOWS));
        pipeline_flush(scene.pipeline);
        struct rotation *rows = rotation_new(0, 0);
        restarts += copy_under_load(&scene, rows, &seed, 60, least);
        expect_between(&scene, rows, least);
        rotation_free(rows);
    }
    assert_true(restarts > 5);
    end(&scene);
}

static void
a_view_that_is_dropped_leaves_nothing(void **state)
{
    (void)state;
    struct scene scene;
    begin(&scene);
    for (uint32_t i = 0; i < 1000; i++)
        feed(&scene, i);
    pipeline_flush(scene.pipeline);
    struct rotation *rows = rotation_new(0, 0);
    pipeline_begin_view(scene.pipeline, rows);
    assert_int_equal(pipeline_copy_view(scene.pipeline, 10), PIPELINE_VIEW_MORE);
    pipeline_end_view(scene.pipeline);
    rotation_free(rows);
    end_interval(&scene);
    pipeline_collect(scene.pipeline, SIZE_MAX);
    assert_int_equal(scene.rotations, 1);
    end(&scene);
}

/* --- Questions -------------------------------------------------------------------- */

struct capture_thread {
    struct exchange *exchange;
    atomic_bool stop;
    atomic_uint answered, with_flows;
};

/* Answers each question with the number of its ticket. */
static void *
answer_questions(void *arg)
{
    struct capture_thread *thread = arg;
    uint32_t last = 0;
    while (!atomic_load(&thread->stop)) {
        bool with_flows;
        const uint32_t ticket = exchange_asked(thread->exchange, &with_flows);
        if (ticket == 0 || ticket == last) continue;
        struct view *view = view_new(1);
        view->submitted = ticket;
        last = ticket;
        atomic_fetch_add(&thread->with_flows, with_flows);
        exchange_answer(thread->exchange, ticket, view);
        atomic_fetch_add(&thread->answered, 1);
    }
    return NULL;
}

static void
each_question_gets_its_own_answer(void **state)
{
    (void)state;
    struct capture_thread thread = {.exchange = exchange_new()};
    pthread_t id;
    assert_non_null(thread.exchange);
    assert_int_equal(pthread_create(&id, NULL, answer_questions, &thread), 0);
    for (uint32_t i = 1; i <= 2000; i++) {
        struct view *view = exchange_ask(thread.exchange, i % 2, 60000);
        assert_non_null(view);
        assert_int_equal(view->submitted, i);
        view_free(view);
    }
    atomic_store(&thread.stop, true);
    pthread_join(id, NULL);
    assert_int_equal(thread.answered, 2000);
    assert_int_equal(thread.with_flows, 1000);
    exchange_free(thread.exchange);
}

static void
a_question_that_waits_too_long_is_withdrawn(void **state)
{
    (void)state;
    struct exchange *exchange = exchange_new();
    bool with_flows;
    assert_int_equal(exchange_asked(exchange, &with_flows), 0);
    assert_null(exchange_ask(exchange, true, 10));
    assert_int_equal(exchange_asked(exchange, &with_flows), 0);
    /* An answer that comes too late goes nowhere, and is freed. */
    exchange_answer(exchange, 1, view_new(3));
    exchange_woken(exchange);
    exchange_close(exchange);
    assert_null(exchange_ask(exchange, true, 60000)); /* at once */
    exchange_free(exchange);
}

/* --- Bytes ------------------------------------------------------------------------ */

struct sink {
    uint8_t bytes[256 << 10];
    size_t count, room;
};

static bool
put(void *arg, const void *bytes, size_t count)
{
    struct sink *sink = arg;
    if (sink->count + count > sink->room) return false;
    memcpy(sink->bytes + sink->count, bytes, count);
    sink->count += count;
    return true;
}

/* eth0 with three flows, a free number, eth1 with none, and eth2 that was added. */
static struct view *
make_view(void)
{
    struct view *view = view_new(3);
    view->stamp_s = 1700000400;
    view->rows = rotation_new(0, 0);
    strcpy(view->ifaces[0].name, "eth0");
    strcpy(view->ifaces[2].name, "eth1");
    view->ifaces[0].written_s = 1700000100;
    view->ifaces[2].written_s = -1;
    assert_int_equal(view_iface_of(&view, "eth1"), 2);
    assert_int_equal(view_iface_of(&view, "eth2"), 3);
    view->ifaces[3].written_s = 1700000999; /* the clock was set back */
    for (uint16_t i = 0; i < 5; i++) {
        const struct rotation_row row = {i < 3 ? 0 : 3, store_flow(i)};
        assert_true(rotation_add(view->rows, &row, 1));
    }
    assert_true(rotation_merge(view->rows));
    return view;
}

static void
a_reader_gets_what_was_sent(void **state)
{
    (void)state;
    static struct sink sink = {.room = sizeof sink.bytes};
    static const struct godb_l7_entry entries[] = {{7, "HTTP", "Web"}};
    struct godb_l7_names *names;
    struct godb_live *live;
    struct view *view = make_view();
    assert_int_equal(
        godb_l7_names_new(&names, "nDPI 4.2.0", entries, 1, NULL), GODB_OK);
    assert_true(view_bytes_send(view, names, put, &sink));
    assert_int_equal(sink.count, view_bytes_size(view, names));
    assert_int_equal(live_parse(&live, sink.bytes, sink.count, NULL), GODB_OK);
    assert_int_equal(live->count, 3);
    assert_string_equal(godb_l7_name(live->names, 7), "HTTP");
    assert_string_equal(godb_l7_library(live->names), "nDPI 4.2.0");
    const struct live_block *eth0 = live_find(live, "eth0");
    assert_int_equal(eth0->row_count, 3);
    assert_int_equal(eth0->written_s, 1700000100);
    assert_int_equal(eth0->time_s, 1700000400);
    assert_int_equal(live_find(live, "eth1")->row_count, 0);
    assert_int_equal(live_find(live, "eth1")->written_s, 1700000399);
    assert_int_equal(live_find(live, "eth2")->row_count, 2);
    assert_int_equal(live_find(live, "eth2")->time_s, 1700001000);
    uint64_t packets = 0, wanted = 0;
    for (uint32_t i = 0; i < 3; i++) {
        packets += ((const uint64_t *)eth0->columns[GODB_PACKETS_RCVD])[i];
        wanted += store_flow(i).packets_rcvd;
    }
    assert_int_equal(packets, wanted);
    godb_live_free(live);
    /* Without names, and to a reader that goes away. */
    sink.count = 0;
    assert_true(view_bytes_send(view, NULL, put, &sink));
    assert_int_equal(sink.count, view_bytes_size(view, NULL));
    sink.count = 0;
    sink.room = 10;
    assert_false(view_bytes_send(view, NULL, put, &sink));
    godb_l7_names_free(names);
    view_free(view);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_of_a_quiet_capture_is_exact),
        cmocka_unit_test(
            a_view_has_each_packet_of_its_interval_once_whatever_happens_meanwhile),
        cmocka_unit_test(a_view_that_is_dropped_leaves_nothing),
        cmocka_unit_test(each_question_gets_its_own_answer),
        cmocka_unit_test(a_question_that_waits_too_long_is_withdrawn),
        cmocka_unit_test(a_reader_gets_what_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
