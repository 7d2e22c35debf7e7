/* SPDX-License-Identifier: MIT
 *
 * Layer 7: what detection takes, when it lets go, and that it lasts over a rotation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/classify.h"
#include "capture/pipeline.h"

enum { TCP = 6, UDP = 17, LIMIT_BYTES = 1 << 20 };

/* A packet of 10.x.x.x -> 10.0.0.2 with its bytes. */
struct frame {
    uint8_t bytes[1024];
    struct packet packet;
};

static void
make_frame(struct frame *f, uint8_t proto, uint32_t client, uint16_t sport,
    uint16_t dport, uint8_t flags, const void *payload, size_t payload_bytes)
{
    const size_t header = proto == TCP ? 20 : 8;
    const uint16_t total = (uint16_t)(20 + header + payload_bytes);
    uint8_t *b = f->bytes, *t = f->bytes + 20;
    assert_true(total <= sizeof f->bytes);
    memset(b, 0, sizeof f->bytes);
    memcpy(b, "\x45\0\0\0\0\1\0\0\x40", 9);
    b[2] = (uint8_t)(total >> 8);
    b[3] = (uint8_t)total;
    b[9] = proto;
    memcpy(b + 12, "\x0a\0\0\0\x0a\0\0\2", 8);
    b[13] = (uint8_t)(client >> 16);
    b[14] = (uint8_t)(client >> 8);
    b[15] = (uint8_t)client;
    t[0] = (uint8_t)(sport >> 8);
    t[1] = (uint8_t)sport;
    t[2] = (uint8_t)(dport >> 8);
    t[3] = (uint8_t)dport;
    if (proto == TCP) {
        t[12] = 0x50;
        t[13] = flags;
    } else {
        t[4] = (uint8_t)((header + payload_bytes) >> 8);
        t[5] = (uint8_t)(header + payload_bytes);
    }
    memcpy(t + header, payload, payload_bytes);
    assert_int_equal(packet_parse(&f->packet, PACKET_RAW, b, total, total), PACKET_OK);
}

struct scene {
    struct classify *classify;
    struct flowtab *table;
    uint16_t taken_l7; /* of the last flow that an interval's end took */
    size_t taken;
};

static bool
take(void *arg, const struct flow *flow)
{
    struct scene *scene = arg;
    scene->taken_l7 = classify_now(scene->classify, flow);
    scene->taken++;
    return true;
}

static void
forget(void *arg, struct flow *flow)
{
    struct scene *scene = arg;
    classify_end(scene->classify, flow);
}

static void
begin(struct scene *scene, size_t limit_bytes)
{
    const struct flowtab_calls calls = {take, forget, scene};
    memset(scene, 0, sizeof *scene);
    scene->classify = classify_new(limit_bytes);
    scene->table = flowtab_new(1 << 16, &calls);
    assert_true(scene->classify && scene->table);
    assert_int_equal(classify_bytes(scene->classify), 0);
}

static void
end(struct scene *scene)
{
    flowtab_begin_epoch(scene->table);
    flowtab_begin_epoch(scene->table); /* all are forgotten */
    assert_false(flowtab_sweep(scene->table, SIZE_MAX));
    assert_int_equal(flowtab_count(scene->table), 0);
    assert_int_equal(classify_count(scene->classify), 0);
    flowtab_free(scene->table);
    classify_free(scene->classify);
}

static struct flow *
show(struct scene *scene, const struct frame *frame, uint64_t time_ms)
{
    struct flow_place place;
    bool is_forward;
    flowtab_prepare(scene->table, &frame->packet, 0, &place);
    struct flow *flow = flowtab_add(scene->table, &place, &frame->packet, &is_forward);
    assert_non_null(flow);
    if (!flow->l7_done)
        classify_packet(scene->classify, flow, &frame->packet, is_forward, time_ms);
    return flow;
}

static const char *
name_of(struct scene *scene, uint16_t id)
{
    static char name[64];
    struct godb_l7_names *names;
    assert_int_equal(classify_names(scene->classify, &names, NULL), GODB_OK);
    snprintf(name, sizeof name, "%s", godb_l7_name(names, id));
    godb_l7_names_free(names);
    return name;
}

static const char query[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\3org\0\0\1\0\1";
static const char answer[] =
    "\x12\x34\x81\x80\0\1\0\1\0\0\0\0\3www\7example\3org\0\0\1\0\1"
    "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4";
static const char request[] = "GET /index.html HTTP/1.1\r\nHost: www.example.org\r\n"
                              "User-Agent: test\r\n\r\n";

static void
a_tcp_flow_has_no_state_before_its_first_payload(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    begin(&scene, LIMIT_BYTES);
    make_frame(&frame, TCP, 1, 40000, 80, PACKET_SYN, "", 0);
    struct flow *flow = show(&scene, &frame, 1);
    assert_int_equal(flow->dpi, 0);
    assert_false(flow->l7_done);
    make_frame(&frame, TCP, 1, 40000, 80, PACKET_ACK, request, sizeof request - 1);
    flow = show(&scene, &frame, 2);
    assert_string_equal(name_of(&scene, classify_now(scene.classify, flow)), "HTTP");
    end(&scene);
}

static void
a_flow_that_is_named_gives_its_state_back(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    begin(&scene, LIMIT_BYTES);
    struct flow *flow = NULL;
    for (uint64_t i = 0; i < 40 && (flow == NULL || !flow->l7_done); i++) {
        make_frame(&frame, UDP, 1, 40000, 53, 0, query, sizeof query - 1);
        flow = show(&scene, &frame, i);
    }
    assert_true(flow->l7_done);
    assert_int_equal(flow->dpi, 0);
    assert_string_equal(name_of(&scene, flow->l7proto), "DNS");
    assert_int_equal(classify_count(scene.classify), 0);
    end(&scene);
}

static void
detection_goes_on_over_a_rotation(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    begin(&scene, LIMIT_BYTES);
    make_frame(&frame, TCP, 1, 40000, 8123, PACKET_SYN, "", 0);
    show(&scene, &frame, 1);
    /* The request is the last packet of its interval, with more to come to light. */
    make_frame(&frame, TCP, 1, 40000, 8123, PACKET_ACK, request, sizeof request - 1);
    struct flow *flow = show(&scene, &frame, 2);
    const uint32_t dpi = flow->dpi;
    assert_int_not_equal(dpi, 0);
    flowtab_begin_epoch(scene.table);
    assert_false(flowtab_sweep(scene.table, SIZE_MAX));
    assert_int_equal(scene.taken, 1);
    const uint16_t before = scene.taken_l7;
    make_frame(&frame, TCP, 1, 40000, 8123, PACKET_ACK, "", 0);
    flow = show(&scene, &frame, 3);
    assert_int_equal(flow->dpi, dpi);
    flowtab_begin_epoch(scene.table);
    assert_false(flowtab_sweep(scene.table, SIZE_MAX));
    assert_int_equal(scene.taken, 2);
    assert_string_equal(name_of(&scene, before), "HTTP");
    assert_int_equal(scene.taken_l7, before);
    end(&scene);
}

static void
states_never_take_more_than_their_limit(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    size_t most = 0, guessed = 0;
    begin(&scene, LIMIT_BYTES);
    for (uint32_t i = 0; i < 5000; i++) {
        make_frame(&frame, UDP, i, 40000, 3478, 0, "\xff\xfe\xfd some noise", 14);
        const struct flow *flow = show(&scene, &frame, i);
        guessed += flow->l7_done && flow->dpi == 0;
        if (classify_bytes(scene.classify) > most)
            most = classify_bytes(scene.classify);
    }
    assert_true(most <= LIMIT_BYTES);
    assert_true(most > LIMIT_BYTES / 2);
    assert_int_equal(guessed + classify_count(scene.classify), 5000);
    assert_true(guessed > 1000);
    end(&scene);
}

static void
a_flow_that_is_silent_for_long_is_given_up(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    begin(&scene, LIMIT_BYTES);
    make_frame(&frame, UDP, 1, 40000, 53, 0, "\xff\xfe noise", 8);
    struct flow *flow = show(&scene, &frame, 1000);
    assert_int_not_equal(flow->dpi, 0);
    classify_age(scene.classify, flow, 2000);
    assert_int_not_equal(flow->dpi, 0);
    classify_age(scene.classify, flow, 100000);
    assert_int_equal(flow->dpi, 0);
    assert_true(flow->l7_done);
    end(&scene);
}

static void
packets_cut_off_at_every_length_are_looked_into(void **state)
{
    (void)state;
    struct scene scene;
    struct frame frame;
    begin(&scene, LIMIT_BYTES);
    make_frame(&frame, UDP, 1, 53, 40000, 0, answer, sizeof answer - 1);
    const uint32_t whole = frame.packet.ip_captured_bytes;
    for (uint32_t length = 20; length <= whole; length++) {
        /* Exact size, so that a sanitizer sees any byte too far. */
        uint8_t *copy = malloc(length);
        struct frame cut = frame;
        assert_non_null(copy);
        memcpy(copy, frame.bytes, length);
        copy[13] = (uint8_t)length; /* a flow of its own */
        assert_int_equal(
            packet_parse(&cut.packet, PACKET_RAW, copy, length, whole), PACKET_OK);
        show(&scene, &cut, length);
        free(copy);
    }
    end(&scene);
}

static void
drop_rotation(void *arg, struct rotation *rotation)
{
    (void)arg;
    rotation_free(rotation);
}

static void
packets_in_a_hurry_are_counted_and_later_ones_looked_into(void **state)
{
    (void)state;
    static const uint8_t bytes[29] =
        "\x45\0\0\x1d\0\1\0\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\2"
        "\x9c\x40\0\x35\0\x09\0\0\xff";
    const struct source_packet packet = {.bytes = bytes,
        .captured_bytes = sizeof bytes,
        .wire_bytes = sizeof bytes,
        .time_s = 1700000000};
    struct ifaces *ifaces = ifaces_new_file("eth0");
    struct classify *classify = classify_new(LIMIT_BYTES);
    const struct pipeline_options options = {.link = PACKET_RAW,
        .ifaces = ifaces,
        .max_flows = 1 << 10,
        .classify = classify,
        .done = drop_rotation};
    struct pipeline *pipeline = pipeline_new(&options);
    assert_true(ifaces && classify && pipeline);
    pipeline_hurry(pipeline, true);
    for (int i = 0; i < 3; i++)
        pipeline_packet(pipeline, &packet);
    pipeline_flush(pipeline);
    assert_int_equal(pipeline_hurried_packets(pipeline), 3);
    assert_int_equal(classify_count(classify), 0);
    assert_int_equal(pipeline_flow_count(pipeline), 1);
    pipeline_hurry(pipeline, false);
    pipeline_packet(pipeline, &packet);
    pipeline_flush(pipeline);
    assert_int_equal(pipeline_hurried_packets(pipeline), 3);
    assert_int_equal(classify_count(classify), 1);
    assert_int_equal(pipeline_interval(pipeline, 0).packets[PACKET_RECEIVED], 4);
    pipeline_free(pipeline);
    classify_free(classify);
    ifaces_free(ifaces);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tcp_flow_has_no_state_before_its_first_payload),
        cmocka_unit_test(a_flow_that_is_named_gives_its_state_back),
        cmocka_unit_test(detection_goes_on_over_a_rotation),
        cmocka_unit_test(states_never_take_more_than_their_limit),
        cmocka_unit_test(a_flow_that_is_silent_for_long_is_given_up),
        cmocka_unit_test(packets_in_a_hurry_are_counted_and_later_ones_looked_into),
        cmocka_unit_test(packets_cut_off_at_every_length_are_looked_into),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
