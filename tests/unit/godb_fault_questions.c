/* SPDX-License-Identifier: MIT
 *
 * Every call that a question makes fails, once or from then on: memory, descriptors,
 * reads, looks at files and lists of directories in turn.  What comes without an error
 * and without a warning is the right answer.
 */
#include "godb/live.h"
#include "tests/deeds.h"
#include "tests/faults.h"
#include "tests/live.h"
#include "tests/v4.h"

/* The database has eth0 with 10 flows, wan0 with 5, mon0 with 4 of nDPI's names, and
 * old0 with 20 in the form of goDB v4; a goprobe knows 4 more of eth0, and 2 of lan0,
 * which has nothing stored. */
enum { ETH0 = 10, WAN0 = 5, MON0 = 4, OLD0 = 20, LIVE = 6 };
enum { STORED = ETH0 + WAN0 + MON0 + OLD0, SUMMARY = ETH0 + WAN0 + MON0 };

static struct live_text live_text;

static void
put_named(struct godb *db)
{
    static const struct godb_l7_entry entries[] = {
        {0, "Unknown", "Unspecified"}, {7, "HTTP", "Web"}, {91, "TLS", "Secure"}};
    struct godb_l7_names *names;
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(
        godb_l7_names_new(&names, "nDPI 4.2.0", entries, 3, NULL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    for (uint64_t i = 0; i < MON0; i++) {
        struct godb_flow flow = store_flow(i);
        flow.l7proto = i % 2 ? 7 : 91;
        assert_int_equal(godb_block_add(block, &flow), GODB_OK);
    }
    assert_int_equal(
        godb_writer_open(&writer, db, "mon0", names, NULL, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_append(writer, DAY + 300, block, NULL, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_l7_names_free(names);
}

/* In the month before, as the zone of its writer had it. */
static void
put_v4(const char *root)
{
    static const int64_t march_s = 1456790400;
    static const struct v4_test_block old[] = {
        {march_s + 300, 0, 12, V4_LZ4}, {march_s + 600, 12, 8, V4_ZSTD}};
    free(v4_make_dir("%s/old0/2016/03/1456876800_1", root));
    char *dir = v4_make_dir("%s/old0/2016/02/1456790400_1", root);
    v4_write_day(dir, old, 2);
    free(dir);
    dir = v4_make_dir("%s/old0/2016/03/1456876800_1", root);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

/* --- Questions: a number, or -1 where it was said that it is not known ------------ */

static int64_t
count_flows(struct godb *db, struct godb_scan_spec spec)
{
    struct store_warnings warnings = {0, ""};
    struct godb_scan *scan;
    struct godb_chunk chunk;
    int64_t rows = 0;
    spec.warn = store_warn;
    spec.warn_arg = &warnings;
    int rc = godb_scan_open(&scan, db, &spec, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_scan_next(scan, &chunk, NULL)) == GODB_OK)
        rows += chunk.selected_count;
    godb_scan_close(scan);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int
resolve(void *arg, const char *host, uint8_t (*out)[GODB_IP_BYTES], size_t max)
{
    (void)arg;
    (void)host;
    assert_true(max >= 2);
    memset(out, 0, 2 * sizeof *out);
    memcpy(out[0], "\x0a\x00\x00\x01", 4);
    memcpy(out[1], "\x0a\x00\x00\x02", 4);
    return 2;
}

static int64_t
count_where(struct godb *db, const char *condition, const struct godb_live *live)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    struct godb_filter *filter = NULL;
    if (godb_filter_parse(&filter, condition, resolve, NULL, NULL, NULL) != GODB_OK)
        return -1;
    spec.filter = filter;
    spec.live = live;
    const int64_t rows = count_flows(db, spec);
    godb_filter_free(filter);
    return rows;
}

static int64_t
ask_flows(struct godb *db)
{
    return count_where(db, "dport != 9 & sip != 10.9.9.9", NULL);
}

static int64_t
ask_everything(struct godb *db)
{
    return count_where(db, "", NULL);
}

/* Flow 1 of each interface, and flow 2, has an address of the host. */
static int64_t
ask_host(struct godb *db)
{
    return count_where(db, "sip = www.example.com | dip = www.example.com", NULL);
}

static int64_t
ask_networks(struct godb *db)
{
    return count_where(db,
        "(net = 10.0.0.0/8 | snet != 10.0.0.0/8) & dnet != 172.16.0.0/12 & "
        "!(proto = 1 | dport > 60000 | host = 1.2.3.4)",
        NULL);
}

static int64_t
ask_name(struct godb *db)
{
    return count_where(db, "l7proto = HTTP", NULL);
}

/* Which no day knows: that is an error, whatever else fails. */
static int64_t
ask_no_name(struct godb *db)
{
    return count_where(db, "l7proto = NoSuchName", NULL);
}

/* In order of time, the newest first. */
static int64_t
ask_in_order(struct godb *db)
{
    struct godb_scan_spec spec = store_spec(GODB_COLUMNS_ALL, NULL);
    spec.block_order_count = 1;
    spec.block_order[0] = (struct godb_block_order){GODB_BLOCK_TIME, true};
    return count_flows(db, spec);
}

static int64_t
ask_live(struct godb *db)
{
    struct godb_live *live;
    if (live_parse(&live, live_text.bytes, live_text.count, NULL) != GODB_OK) return -1;
    const int64_t rows = count_where(db, "dport != 9 & l7proto != TLS", live);
    godb_live_free(live);
    return rows;
}

static int64_t
ask_blocks(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_block_list *list;
    struct godb_block_info info;
    int64_t rows = 0;
    int rc = godb_block_list_open(&list, db, &all, store_warn, &warnings, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_block_list_next(list, &info, NULL)) == GODB_OK) {
        if (strcmp(info.status, "ok") != 0) warnings.count++;
        rows += (int64_t)info.flow_count;
    }
    godb_block_list_close(list);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t
ask_ifaces(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    struct godb_iface_info *ifaces;
    size_t count;
    int64_t rows = 0;
    if (godb_ifaces(db, &ifaces, &count, store_warn, &warnings, NULL, NULL, NULL) !=
        GODB_OK)
        return -1;
    for (size_t i = 0; i < count; i++)
        rows += (int64_t)ifaces[i].flow_count;
    godb_ifaces_free(ifaces);
    return warnings.count == 0 ? rows : -1;
}

/* The flows of all groups. */
static int64_t
sum_groups(struct godb *db, struct godb_aggregate_spec spec)
{
    struct store_warnings warnings = {0, ""};
    struct godb_result *result;
    struct godb_row row;
    int64_t rows = 0;
    spec.scan = store_spec(0, &warnings);
    spec.sums |= GODB_SUM_BIT(GODB_SUM_FLOWS);
    spec.threads = 1;
    int rc = godb_aggregate(&result, db, &spec, NULL);
    if (rc != GODB_OK) return -1;
    while ((rc = godb_result_next(result, &row, NULL)) == GODB_OK)
        rows += (int64_t)row.sums[GODB_SUM_FLOWS];
    godb_result_free(result);
    return rc == GODB_DONE && warnings.count == 0 ? rows : -1;
}

static int64_t
ask_groups(struct godb *db)
{
    return sum_groups(
        db, (struct godb_aggregate_spec){.dims = GODB_DIM_BIT(GODB_DIM_IFACE) |
                                                 GODB_DIM_BIT(GODB_DIM_SIP) |
                                                 GODB_DIM_BIT(GODB_DIM_L7_NAME),
                .order = {{GODB_KEY_DIM + GODB_DIM_SIP, false}},
                .order_count = 1,
                .limit = -1});
}

static int64_t
ask_ports(struct godb *db)
{
    return sum_groups(db, (struct godb_aggregate_spec){
                              .dims = GODB_DIM_BIT(GODB_DIM_DPORT), .limit = -1});
}

static int64_t
ask_totals(struct godb *db)
{
    return sum_groups(db, (struct godb_aggregate_spec){.limit = -1});
}

static int64_t
ask_size(struct godb *db)
{
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_size size;
    return godb_size(&size, db, &all, NULL) == GODB_OK ? size.flow_count : -1;
}

/* Of eth0, mon0, old0 and wan0. */
static int64_t
ask_number(struct godb *db)
{
    return godb_iface_number(db, "old0");
}

static int64_t
ask_index(struct godb *db)
{
    struct store_warnings warnings = {0, ""};
    const struct godb_selection all = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    if (godb_index(&counts, db, &all, GODB_INDEX_CHECK, store_warn, &warnings, NULL) !=
        GODB_OK)
        return -1;
    return warnings.count == 0 ? (int64_t)counts.block_count : -1;
}

/* Whether the database can be opened, and made. */
static int64_t
ask_open(struct godb *db)
{
    struct godb *same = NULL;
    struct godb_err err;
    if (godb_open(&same, godb_root(db), GODB_CREATE, &err) != GODB_OK) {
        if (err.status != GODB_ENOMEM) assert_non_null(strstr(err.msg, godb_root(db)));
        return -1;
    }
    assert_string_equal(godb_root(same), godb_root(db));
    godb_close(same);
    return 1;
}

static int64_t
ask_text(struct godb *db)
{
    static const char condition[] = "(l7proto = \"HTTP\" | dport >= 1024)";
    struct godb_filter *filter;
    (void)db;
    if (godb_filter_parse(&filter, condition, NULL, NULL, NULL, NULL) != GODB_OK)
        return -1;
    char *text = godb_filter_text(filter);
    if (text != NULL) assert_string_equal(text, "(l7proto = \"HTTP\" | dport >= 1024)");
    godb_filter_free(filter);
    free(text);
    return text != NULL ? 1 : -1;
}

struct question {
    const char *name;
    int64_t (*ask)(struct godb *db);
    int64_t answer;
};

static const struct question questions[] = {
    {"flows", ask_flows, STORED},
    {"everything", ask_everything, STORED},
    {"host", ask_host, 8},
    {"networks", ask_networks, STORED},
    {"name", ask_name, MON0 / 2},
    {"no name", ask_no_name, -1},
    {"in order", ask_in_order, STORED},
    {"live", ask_live, STORED + LIVE - MON0 / 2},
    {"blocks", ask_blocks, STORED},
    {"interfaces", ask_ifaces, STORED},
    {"groups", ask_groups, STORED},
    {"ports", ask_ports, STORED},
    {"totals", ask_totals, STORED},
    {"size", ask_size, SUMMARY},
    {"number", ask_number, 2},
    {"index", ask_index, 3},
    {"open", ask_open, 1},
    {"text", ask_text, 1},
};

/* --- Every call ------------------------------------------------------------------- */

struct scene {
    char *root;
    struct godb *db;
};

static void
set_up(struct scene *scene)
{
    scene->root = store_new_quick();
    scene->db = store_open(scene->root, GODB_CREATE);
    begin(scene->db);
    put_named(scene->db);
    put_v4(scene->root);
    live_begin(&live_text, 3);
    live_put_iface(&live_text, "eth0", DAY + 300, DAY + 600, 100, LIVE - 2);
    live_put_iface(&live_text, "lan0", 0, DAY + 600, 104, 2);
    live_put_iface(&live_text, "wan0", DAY + 300, DAY + 600, 0, 0);
}

static void
tear_down(struct scene *scene)
{
    godb_close(scene->db);
    empty_directory(scene->root);
    assert_int_equal(rmdir(scene->root), 0);
    free(scene->root);
}

/* How many such calls it makes. */
static int
fail_each(const struct scene *scene, const struct question *question, unsigned calls)
{
    for (int at = 1;; at++) {
        faults_arm(at % 2 ? FAULT_ONCE : FAULT_FROM, calls, EIO, (at + 1) / 2);
        const int64_t answer = question->ask(scene->db);
        const bool happened = faults_disarm();
        if (answer != question->answer && (answer != -1 || !happened))
            fail_msg("%s, calls %u, at %d: %lld", question->name, calls, at,
                (long long)answer);
        if (!happened) return at / 2;
    }
}

static int
fail_each_of_all(unsigned calls)
{
    struct scene scene;
    int count = 0;
    set_up(&scene);
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++)
        count += fail_each(&scene, &questions[i], calls);
    tear_down(&scene);
    return count;
}

static void
memory_runs_out_anywhere_and_no_answer_is_wrong(void **state)
{
    (void)state;
    assert_true(fail_each_of_all(FAULT_MEMORY) > 200);
    assert_true(fail_each_of_all(FAULT_JANSSON) > 100);
}

static void
descriptors_run_out_anywhere_and_no_answer_is_wrong(void **state)
{
    (void)state;
    assert_true(fail_each_of_all(FAULT_OPEN) > 200);
}

static void
any_read_fails_and_no_answer_is_wrong(void **state)
{
    (void)state;
    assert_true(fail_each_of_all(FAULT_READ) > 200);
}

static void
any_directory_cannot_be_listed_and_no_answer_is_wrong(void **state)
{
    (void)state;
    assert_true(fail_each_of_all(FAULT_LIST) > 100);
}

static void
no_file_can_be_looked_at_and_no_answer_is_wrong(void **state)
{
    (void)state;
    assert_true(fail_each_of_all(FAULT_LOOK) > 100);
}

/* A seed is then made of something else. */
static void
without_randomness_answers_are_the_same(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    faults_arm(FAULT_FROM, FAULT_RANDOM, EAGAIN, 1);
    assert_int_equal(ask_groups(scene.db), STORED);
    assert_true(faults_disarm());
    tear_down(&scene);
}

/* Some file systems keep no types in their directories; a file among them is none. */
static void
directories_without_types_are_looked_at_one_by_one(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    char *path = NULL;
    assert_true(asprintf(&path, "%s/notes", scene.root) > 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    free(path);
    fault.hides_types = true;
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        assert_int_equal(questions[i].ask(scene.db), questions[i].answer);
        fail_each(&scene, &questions[i], FAULT_LOOK);
        fail_each(&scene, &questions[i], FAULT_LIST);
    }
    fault.hides_types = false;
    tear_down(&scene);
}

/* --- Days that go while they are asked for -----------------------------------------
 */

/* As godb_clean() does it. */
static void
delete_day(void *arg)
{
    const char *root = arg;
    char *day = NULL, *trash = NULL;
    if (asprintf(&day, "%s/eth0/%lld", root, (long long)DAY) < 0 ||
        asprintf(&trash, "%s/eth0/.deleted-%lld", root, (long long)DAY) < 0)
        abort();
    assert_int_equal(rename(day, trash), 0);
    empty_directory(trash);
    assert_int_equal(rmdir(trash), 0);
    free(day);
    free(trash);
}

/* goDB v4 renames a day with each block. */
static void
rename_v4(void *arg)
{
    const char *root = arg;
    char *old = NULL, *new = NULL;
    if (asprintf(&old, "%s/old0/2016/02/1456790400_1", root) < 0 ||
        asprintf(&new, "%s/old0/2016/02/1456790400_2-7", root) < 0)
        abort();
    assert_int_equal(rename(old, new), 0);
    free(old);
    free(new);
}

/* It happens before the `at`th call.  False: there are not so many. */
static bool
let_happen(const struct question *question, void (*event)(void *), int64_t without,
    unsigned calls, int at)
{
    struct scene scene;
    set_up(&scene);
    fault.event = event;
    fault.event_arg = scene.root;
    faults_arm(FAULT_EVENT, calls, 0, at);
    const int64_t answer = question->ask(scene.db);
    const bool happened = faults_disarm();
    if (answer != question->answer && answer != without)
        fail_msg(
            "%s, calls %u, at %d: %lld", question->name, calls, at, (long long)answer);
    tear_down(&scene);
    return happened;
}

/* There or not, but without a warning, and never half. */
static void
a_day_is_deleted_at_any_moment_of_a_question(void **state)
{
    static const struct question *const asked[] = {
        &questions[1], &questions[6], &questions[8], &questions[9], &questions[10]};
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int at = 1;
        fault.hides_types = i % 2;
        while (let_happen(asked[i], delete_day, asked[i]->answer - ETH0,
            FAULT_OPEN | FAULT_LIST | FAULT_LOOK, at))
            at++;
        assert_true(at > 20);
    }
    fault.hides_types = false;
}

static void
a_day_of_v4_is_renamed_at_any_moment_of_a_question(void **state)
{
    static const struct question *const asked[] = {&questions[1], &questions[8]};
    (void)state;
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int at = 1;
        while (let_happen(asked[i], rename_v4, asked[i]->answer,
            FAULT_OPEN | FAULT_LIST | FAULT_LOOK, at))
            at++;
        assert_true(at > 20);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_runs_out_anywhere_and_no_answer_is_wrong),
        cmocka_unit_test(descriptors_run_out_anywhere_and_no_answer_is_wrong),
        cmocka_unit_test(any_read_fails_and_no_answer_is_wrong),
        cmocka_unit_test(any_directory_cannot_be_listed_and_no_answer_is_wrong),
        cmocka_unit_test(no_file_can_be_looked_at_and_no_answer_is_wrong),
        cmocka_unit_test(a_day_is_deleted_at_any_moment_of_a_question),
        cmocka_unit_test(a_day_of_v4_is_renamed_at_any_moment_of_a_question),
        cmocka_unit_test(without_randomness_answers_are_the_same),
        cmocka_unit_test(directories_without_types_are_looked_at_one_by_one),
    };
    faults_begin();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
