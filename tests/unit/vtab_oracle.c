/* SPDX-License-Identifier: MIT
 *
 * The oracle: random flows go into a goDB and into a plain SQLite table, and random
 * statements over the one and the other must give the same rows.
 *
 * A statement is a template in which {T} is `flows`, `traffic` or the plain table `o`;
 * for `traffic`, which is summed already, the plain side groups and sums by itself. The
 * seed is printed; GOPROBE_TEST_SEED repeats a run.
 */
#include <sqlite3.h>
#include <time.h>

#include "tests/mischief.h"
#include "tests/store.h"
#include "vtab/register.h"

#define DAY INT64_C(1700006400)

enum { STATEMENTS = 400, TEXT_MAX = 4096 };

/* --- Random numbers that any machine repeats -------------------------------------- */

static uint64_t random_state;

static uint32_t
pick(uint32_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16) % below;
}

/* --- The data --------------------------------------------------------------------- */

static const char *const ips[] = {"10.0.0.1", "10.0.0.2", "10.0.1.1", "10.1.0.1",
    "192.168.1.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "2001:db8::2",
    "fe80::1", "ff02::fb", "::ffff:0:1"};
static const uint16_t ports[] = {0, 22, 53, 80, 443, 8080, 40000, 65535};
static const uint8_t protos[] = {1, 6, 17, 58, 143, 255};
static const char *const ifaces[] = {"eth0", "eth1", "wg-7"};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const struct godb_l7_entry l7_entries[] = {{0, "Unknown", "Unspecified"},
    {4, "HTTP", "Web"}, {5, "DNS", "Network"}, {7, "SMTP", "Mail"}};

static struct godb_flow
random_flow(void)
{
    struct godb_flow flow;
    memset(&flow, 0, sizeof flow);
    godb_ip_parse(flow.sip, ips[pick(COUNT(ips))]);
    godb_ip_parse(flow.dip, ips[pick(COUNT(ips))]);
    flow.dport = ports[pick(COUNT(ports))];
    flow.proto = protos[pick(COUNT(protos))];
    flow.l7proto = (uint16_t)pick(8);
    flow.bytes_rcvd = pick(5000);
    flow.bytes_sent = pick(4) ? pick(1 << 30) : 0;
    flow.packets_rcvd = pick(100);
    flow.packets_sent = pick(100);
    return flow;
}

static void
bind_ip(sqlite3_stmt *insert, int at, const uint8_t *ip)
{
    char text[GODB_IP_TEXT];
    godb_ip_format(text, ip);
    sqlite3_bind_text(insert, at, text, -1, SQLITE_TRANSIENT);
}

static void
insert_flow(sqlite3_stmt *insert, const char *iface, int64_t time_s,
    const struct godb_flow *flow, const struct godb_l7_names *names)
{
    char number[8];
    const char *proto_name = godb_proto_name(flow->proto);
    snprintf(number, sizeof number, "%u", flow->proto);
    sqlite3_bind_int64(insert, 1, time_s);
    sqlite3_bind_text(insert, 2, iface, -1, SQLITE_STATIC);
    bind_ip(insert, 3, flow->sip);
    bind_ip(insert, 4, flow->dip);
    sqlite3_bind_int(insert, 5, flow->dport);
    sqlite3_bind_int(insert, 6, flow->proto);
    sqlite3_bind_int(insert, 7, flow->l7proto);
    sqlite3_bind_int64(insert, 8, (sqlite3_int64)flow->bytes_rcvd);
    sqlite3_bind_int64(insert, 9, (sqlite3_int64)flow->bytes_sent);
    sqlite3_bind_int64(insert, 10, (sqlite3_int64)flow->packets_rcvd);
    sqlite3_bind_int64(insert, 11, (sqlite3_int64)flow->packets_sent);
    sqlite3_bind_text(
        insert, 12, proto_name ? proto_name : number, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(insert, 13, godb_l7_name(names, flow->l7proto), -1, NULL);
    sqlite3_bind_text(insert, 14, godb_l7_category(names, flow->l7proto), -1, NULL);
    assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
    sqlite3_reset(insert);
}

static void
fill_iface(struct godb *db, sqlite3_stmt *insert, const char *iface,
    const struct godb_l7_names *names)
{
    struct godb_writer *writer;
    struct godb_block *block;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, iface, names, NULL, NULL, NULL), GODB_OK);
    int64_t time_s = DAY - 900;
    for (int i = 0; i < 12; i++, time_s += pick(3) ? 300 : 40000) {
        godb_block_reset(block);
        for (uint32_t row = pick(4) ? pick(60) : 0; row > 0; row--) {
            const struct godb_flow flow = random_flow();
            assert_int_equal(godb_block_add(block, &flow), GODB_OK);
            insert_flow(
                insert, iface, time_s, &flow, names ? names : godb_l7_libprotoident());
        }
        assert_int_equal(
            godb_writer_append(writer, time_s, block, NULL, NULL), GODB_OK);
        if (pick(2)) assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    }
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
}

static void
run(sqlite3 *sql, const char *text)
{
    char *error = NULL;
    if (sqlite3_exec(sql, text, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s: %s", text, error);
}

static char *root; /* of the database that is asked */

static sqlite3 *
open_both(void)
{
    sqlite3 *sql;
    sqlite3_stmt *insert;
    char *error = NULL, *text;
    root = store_new();
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_l7_names *names;
    assert_int_equal(sqlite3_open(":memory:", &sql), SQLITE_OK);
    if (goprobe_register(sql, NULL, NULL, &error) != SQLITE_OK) fail_msg("%s", error);
    run(sql, "CREATE TABLE o(time INTEGER, iface TEXT, sip TEXT, dip TEXT,"
             " dport INTEGER, proto INTEGER, l7proto INTEGER, bytes_rcvd INTEGER,"
             " bytes_sent INTEGER, packets_rcvd INTEGER, packets_sent INTEGER,"
             " proto_name TEXT, l7_name TEXT, l7_category TEXT, bytes INTEGER,"
             " packets INTEGER)");
    run(sql, "CREATE TABLE p(dport INTEGER, sip TEXT, iface TEXT, text TEXT);"
             "INSERT INTO p VALUES(443, '10.0.0.1', 'eth0', '443'),"
             "(53, '2001:db8::1', 'eth1', '53'), (7, 'nobody', 'nowhere', 'x'),"
             "(NULL, NULL, NULL, NULL), (443, '10.0.0.2', 'eth0', '0443')");
    assert_int_equal(sqlite3_prepare_v2(sql,
                         "INSERT INTO o VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?8+?9,"
                         "?10+?11)",
                         -1, &insert, NULL),
        SQLITE_OK);
    assert_int_equal(
        godb_l7_names_new(&names, "nDPI 0.0", l7_entries, COUNT(l7_entries), NULL),
        GODB_OK);
    for (size_t i = 0; i < COUNT(ifaces); i++)
        fill_iface(db, insert, ifaces[i], i == 1 ? names : NULL);
    sqlite3_finalize(insert);
    godb_l7_names_free(names);
    text = sqlite3_mprintf("SELECT goprobe_scope('db', %Q)", root);
    run(sql, text);
    sqlite3_free(text);
    godb_close(db);
    return sql;
}

/* --- Answers ---------------------------------------------------------------------- */

/* All rows as one text, for sqlite3_free(). */
static char *
answer(sqlite3 *sql, const char *text)
{
    sqlite3_stmt *statement;
    sqlite3_str *out = sqlite3_str_new(NULL);
    int rc = sqlite3_prepare_v2(sql, text, -1, &statement, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW) {
        rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW) break;
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            const char *value = (const char *)sqlite3_column_text(statement, i);
            sqlite3_str_appendf(out, "%s|", value ? value : "NULL");
        }
        sqlite3_str_appendall(out, "\n");
    }
    if (rc != SQLITE_DONE) sqlite3_str_appendf(out, "error: %s", sqlite3_errmsg(sql));
    sqlite3_finalize(statement);
    sqlite3_str_appendall(out, "");
    char *rows = sqlite3_str_finish(out);
    return rows ? rows : sqlite3_mprintf("");
}

/* Now and then something happens to the indexes, or they are built again. */
static void
disturb_indexes(void)
{
    const struct godb_selection sel = {NULL, 0, GODB_STAMP_MIN, GODB_STAMP_MAX};
    struct godb_index_counts counts;
    if (pick(20) != 0) return;
    mischief_do(root, (enum mischief)pick(MISCHIEF_KINDS), pick);
    if (pick(2)) return;
    struct godb *db = store_open(root, GODB_READ);
    assert_int_equal(
        godb_index(&counts, db, &sel, pick(2) ? GODB_INDEX_ALL : GODB_INDEX_MISSING,
            NULL, NULL, NULL),
        GODB_OK);
    godb_close(db);
}

static void
expect_equal(sqlite3 *sql, const char *ours, const char *plain)
{
    disturb_indexes();
    static const char *const threads[] = {"NULL", "1", "2", "3", "7"};
    static const char *const limits[] = {"", "", "1", "64KiB", "200000", "1G"};
    char *scope = sqlite3_mprintf(
        "SELECT goprobe_scope('threads', %s), goprobe_scope('memory_limit', %Q)",
        threads[pick(COUNT(threads))], limits[pick(COUNT(limits))]);
    run(sql, scope);
    sqlite3_free(scope);
    char *a = answer(sql, ours), *b = answer(sql, plain);
    if (strcmp(a, b) != 0)
        fail_msg("answers differ\n  %s\ngave:\n%.2000s\n  %s\ngave:\n%.2000s", ours, a,
            plain, b);
    sqlite3_free(a);
    sqlite3_free(b);
}

/* --- Random terms ----------------------------------------------------------------- */

static const char *const numbers[] = {"443", "53", "0", "65535", "-1", "70000", "443.0",
    "443.5", "52.5", "6.5", "'443'", "'443abc'", "NULL", "x'00'", "6", "17", "1e3",
    "' 53 '", "'6.0'", "9223372036854775807", "-9223372036854775808", "1e300", "-1e300",
    "4"};
static const char *const texts[] = {"'10.0.0.1'", "'10.0.0.2'", "'2001:db8::1'",
    "'2001:DB8::1'", "'010.0.0.1'", "'fe80::1'", "NULL", "''", "10",
    "x'31302e302e302e31'", "'eth0'", "'ETH0'", "'eth1'", "'TCP'", "'UDP'", "'HTTP'",
    "'Web'", "'143'", "143", "'0.0.0.0'", "'::ffff:0:1'", "'wg-7'"};
static const char *const nets[] = {"'10.0.0.0/8'", "'10.0.0.0/24'", "'2001:db8::/32'",
    "'0.0.0.0/0'", "'::/0'", "'10.0.0.1'", "NULL"};
static const char *const number_columns[] = {
    "dport", "proto", "l7proto", "dport", "bytes_rcvd", "packets_sent", "bytes"};
static const char *const text_columns[] = {
    "sip", "dip", "iface", "sip", "proto_name", "l7_name", "l7_category"};
static const char *const comparisons[] = {"=", "<", "<=", ">", ">=", "!=", "IS", "=="};

/* With `summed`, no counters: in traffic they are sums. */
static void
number_term(char *out, bool summed)
{
    const char *column = number_columns[pick(summed ? 4 : COUNT(number_columns))];
    const char *a = numbers[pick(COUNT(numbers))], *b = numbers[pick(COUNT(numbers))];
    switch (pick(5)) {
    case 0:
        snprintf(out, TEXT_MAX, "%s IN (%s, %s, 80)", column, a, b);
        break;
    case 1:
        snprintf(out, TEXT_MAX, "%s BETWEEN %s AND %s", column, a, b);
        break;
    case 2:
        snprintf(out, TEXT_MAX, "%s IN (SELECT dport FROM p)", column);
        break;
    default:
        snprintf(out, TEXT_MAX, "%s %s %s", column,
            comparisons[pick(COUNT(comparisons))], a);
    }
}

static void
text_term(char *out)
{
    const char *column = text_columns[pick(COUNT(text_columns))];
    const char *a = texts[pick(COUNT(texts))], *b = texts[pick(COUNT(texts))];
    switch (pick(7)) {
    case 0:
        snprintf(out, TEXT_MAX, "%s IN (%s, %s, '10.1.0.1')", column, a, b);
        break;
    case 1:
        snprintf(out, TEXT_MAX, "%s LIKE '%%0.1'", column);
        break;
    case 2:
        snprintf(out, TEXT_MAX, "ip_in(%s, %s)", pick(2) ? "sip" : "dip",
            nets[pick(COUNT(nets))]);
        break;
    case 3:
        /* On the left: SQLite 3.40 forgets a COLLATE on the right of `a = x OR a = y`
         * when it makes `a IN (x, y)` of it, with an index on a plain table too. */
        snprintf(out, TEXT_MAX, "%s COLLATE NOCASE = %s", column, a);
        break;
    default:
        snprintf(out, TEXT_MAX, "%s %s %s", column,
            comparisons[pick(COUNT(comparisons))], a);
    }
}

static void
time_term(char *out)
{
    const long long at = (long long)DAY - 900 + 300 * (long long)pick(200);
    switch (pick(3)) {
    case 0:
        snprintf(out, TEXT_MAX, "time IN (%lld, %lld)", at, (long long)DAY);
        break;
    case 1:
        snprintf(out, TEXT_MAX, "time BETWEEN %lld AND %lld", at, at + 20000);
        break;
    default:
        snprintf(
            out, TEXT_MAX, "time %s %lld", comparisons[pick(COUNT(comparisons))], at);
    }
}

static void
random_term(char *out, bool summed, int depth)
{
    char *a = malloc(TEXT_MAX), *b = malloc(TEXT_MAX);
    assert_true(a && b);
    const uint32_t kind = pick(depth > 0 ? 9 : 5);
    if (kind < 2) {
        number_term(out, summed);
    } else if (kind < 4) {
        text_term(out);
    } else if (kind < 5) {
        time_term(out);
    } else {
        random_term(a, summed, depth - 1);
        random_term(b, summed, depth - 1);
        if (kind == 8)
            snprintf(out, TEXT_MAX, "NOT (%.1900s)", a);
        else
            snprintf(
                out, TEXT_MAX, "(%.1900s %s %.1900s)", a, kind < 7 ? "AND" : "OR", b);
    }
    free(a);
    free(b);
}

static const char *const dims[] = {"time", "iface", "sip", "dip", "dport", "proto",
    "l7proto", "proto_name", "l7_name", "l7_category"};
static const char *const counters[] = {
    "bytes_rcvd", "bytes_sent", "packets_rcvd", "packets_sent", "bytes", "packets"};

/* A random choice of dimensions as "a, b, c"; their number. */
static int
random_dims(char *out)
{
    int count = 0;
    out[0] = '\0';
    for (size_t i = 0; i < COUNT(dims); i++)
        if (pick(4) == 0 || (i + 1 == COUNT(dims) && count == 0)) {
            if (count++ > 0) strcat(out, ", ");
            strcat(out, dims[i]);
        }
    return count;
}

/* --- Tests ------------------------------------------------------------------------ */

static sqlite3 *shared;
static char ours[3 * TEXT_MAX], plain[3 * TEXT_MAX];

/* A template with {T}, {A} and {B} filled in. */
static void
fill(char *out, const char *template, const char *table, const char *a, const char *b)
{
    size_t used = 0;
    for (; *template && used < 3 * TEXT_MAX - 1; template ++) {
        const char *value = NULL;
        if (strncmp(template, "{T}", 3) == 0) value = table;
        if (strncmp(template, "{A}", 3) == 0) value = a;
        if (strncmp(template, "{B}", 3) == 0) value = b;
        if (value == NULL) {
            out[used++] = *template;
            continue;
        }
        const size_t length = strlen(value);
        assert_true(used + length < 3 * TEXT_MAX);
        memcpy(out + used, value, length);
        used += length;
        template += 2;
    }
    out[used] = '\0';
}

static void
expect_same(const char *template, const char *table, const char *a, const char *b)
{
    fill(ours, template, table, a, b);
    fill(plain, template, "o", a, b);
    expect_equal(shared, ours, plain);
}

static void
flows_answer_like_a_plain_table(void **state)
{
    (void)state;
    static char term[TEXT_MAX], columns[TEXT_MAX];
    for (int i = 0; i < STATEMENTS; i++) {
        random_term(term, false, 2);
        random_dims(columns);
        if (pick(3))
            expect_same(
                "SELECT count(*), sum(bytes), min(packets), group_concat(dport) "
                "FROM (SELECT {A}, bytes, packets, dport FROM {T} WHERE {B} "
                "ORDER BY 1, bytes, packets, dport)",
                "flows", columns, term);
        else
            expect_same("SELECT DISTINCT sip, dport, iface FROM {T} WHERE {B} "
                        "ORDER BY 1, 2, 3",
                "flows", "", term);
    }
}

static void
every_column_of_every_row_is_the_same(void **state)
{
    (void)state;
    expect_same(
        "SELECT time, iface, sip, dip, dport, proto, l7proto, bytes_rcvd, "
        "bytes_sent, packets_rcvd, packets_sent, proto_name, l7_name, l7_category, "
        "bytes, packets FROM {T} ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11",
        "flows", "", "");
    expect_same("SELECT count(*) FROM {T}", "flows", "", "");
}

static void
traffic_sums_like_group_by(void **state)
{
    (void)state;
    static char chosen[TEXT_MAX];
    for (int i = 0; i < STATEMENTS; i++) {
        const int count = random_dims(chosen);
        const char *sum = counters[pick(COUNT(counters))];
        char order[200] = "";
        for (int k = 1; k <= count; k++)
            snprintf(order + strlen(order), 20, "%s%d", k > 1 ? ", " : "", k);
        const char *descending = pick(2) ? " DESC" : "";
        snprintf(ours, sizeof ours,
            "SELECT %s, %s, flows FROM traffic ORDER BY %s%s, %s LIMIT %u OFFSET %u",
            chosen, sum, sum, descending, order, 1 + i % 50, i % 7);
        snprintf(plain, sizeof plain,
            "SELECT %s, sum(%s) AS s, count(*) FROM o GROUP BY %s ORDER BY s%s, %s "
            "LIMIT "
            "%u OFFSET %u",
            chosen, sum, chosen, descending, order, 1 + i % 50, i % 7);
        expect_equal(shared, ours, plain);
    }
}

static void
traffic_with_group_by_is_right_whatever_the_terms(void **state)
{
    (void)state;
    static char chosen[TEXT_MAX], term[TEXT_MAX];
    for (int i = 0; i < STATEMENTS; i++) {
        random_dims(chosen);
        random_term(term, true, 2);
        expect_same("SELECT {A}, sum(bytes), sum(packets_rcvd) FROM {T} WHERE {B} "
                    "GROUP BY {A} ORDER BY {A}",
            "traffic", chosen, term);
    }
}

static void
totals_are_of_the_whole_selection(void **state)
{
    (void)state;
    for (int i = 0; i < STATEMENTS / 4; i++) {
        const uint16_t port = ports[pick(COUNT(ports))];
        const char *ip = ips[pick(COUNT(ips))];
        snprintf(ours, sizeof ours,
            "SELECT DISTINCT total_bytes, total_packets, total_flows, "
            "total_bytes_rcvd, "
            "total_bytes_sent, total_packets_rcvd, total_packets_sent FROM traffic "
            "WHERE "
            "dport = %u AND sip = '%s'",
            port, ip);
        snprintf(plain, sizeof plain,
            "SELECT sum(bytes), sum(packets), count(*), sum(bytes_rcvd), "
            "sum(bytes_sent), "
            "sum(packets_rcvd), sum(packets_sent) FROM o WHERE dport = %u AND sip = "
            "'%s' "
            "GROUP BY dport",
            port, ip);
        expect_equal(shared, ours, plain);
        snprintf(ours, sizeof ours,
            "SELECT total_flows, total_groups, sip FROM traffic WHERE dport = %u OR "
            "sip = "
            "'%s' ORDER BY sip LIMIT 1",
            port, ip);
        snprintf(plain, sizeof plain,
            "SELECT (SELECT count(*) FROM o), (SELECT count(*) FROM (SELECT DISTINCT "
            "sip, "
            "dport FROM o)), min(sip) FROM o WHERE dport = %u OR sip = '%s'",
            port, ip);
        expect_equal(shared, ours, plain);
    }
    expect_equal(shared, "SELECT bytes, flows, count(*) FROM traffic",
        "SELECT sum(bytes), count(*), 1 FROM o");
}

static void
conditions_take_what_where_takes(void **state)
{
    (void)state;
    static const struct {
        const char *condition, *where;
    } pairs[] = {
        {"dport = 443", "dport = 443"},
        {"proto=TCP AND dport=443", "proto = 6 AND dport = 443"},
        {"dport < 1024 & !(proto = udp)", "dport < 1024 AND NOT proto = 17"},
        {"snet = 10.0.0.0/8 | dip = 2001:db8::2", "ip_in(sip, '10.0.0.0/8') OR dip = "
                                                  "'2001:db8::2'"},
        {"host = 10.0.0.1", "sip = '10.0.0.1' OR dip = '10.0.0.1'"},
        {"host != 10.0.0.1", "sip != '10.0.0.1' AND dip != '10.0.0.1'"},
        {"net = ::/0 and not dport >= 53", "(ip_in(sip, '::/0') OR ip_in(dip, '::/0')) "
                                           "AND NOT dport >= 53"},
        {"l7proto = http", "l7_name = 'HTTP'"},
        {"l7proto != 4", "l7proto != 4"},
        {"proto > 6 and proto <= 58", "proto > 6 AND proto <= 58"},
    };
    for (size_t i = 0; i < COUNT(pairs); i++) {
        snprintf(ours, sizeof ours,
            "SELECT sip, sum(bytes), count(*) FROM flows('%s') GROUP BY sip ORDER BY 1",
            pairs[i].condition);
        snprintf(plain, sizeof plain,
            "SELECT sip, sum(bytes), count(*) FROM o WHERE %s GROUP BY sip ORDER BY 1",
            pairs[i].where);
        expect_equal(shared, ours, plain);
        snprintf(ours, sizeof ours,
            "SELECT dport, iface, bytes, flows FROM traffic('%s') ORDER BY 1, 2",
            pairs[i].condition);
        snprintf(plain, sizeof plain,
            "SELECT dport, iface, sum(bytes), count(*) FROM o WHERE %s GROUP BY 1, 2 "
            "ORDER "
            "BY 1, 2",
            pairs[i].where);
        expect_equal(shared, ours, plain);
    }
}

static void
first_and_last_select_overlapping_blocks(void **state)
{
    (void)state;
    for (int i = 0; i < STATEMENTS / 4; i++) {
        const long long first = (long long)DAY - 1000 + pick(50000);
        const long long last = first + 1 + pick(5000);
        snprintf(ours, sizeof ours,
            "SELECT time, bytes FROM traffic(NULL, %lld, '%lld') ORDER BY time", first,
            last);
        snprintf(plain, sizeof plain,
            "SELECT time, sum(bytes) FROM o WHERE time > %lld AND time < %lld + 300 "
            "GROUP "
            "BY time ORDER BY time",
            first, last);
        expect_equal(shared, ours, plain);
    }
}

/* Blocks come in order, so that rows of one time, or of one interface, have none. */
static void
flows_come_by_time_and_interface(void **state)
{
    (void)state;
    static const char *const templates[] = {
        "SELECT {A} FROM {T} WHERE {B} ORDER BY {A}",
        "SELECT {A} FROM {T} WHERE {B} ORDER BY {A} LIMIT 7 OFFSET 3",
        "SELECT DISTINCT {A} FROM {T} WHERE {B} ORDER BY {A}",
        "SELECT {A}, count(*), sum(bytes) FROM {T} WHERE {B} GROUP BY {A} ORDER BY {A}",
        "SELECT min({A}) FROM {T} WHERE {B}",
        "SELECT max({A}) FROM {T} WHERE {B}",
        "SELECT min({A}), max({A}) FROM {T} WHERE {B}",
        "SELECT (SELECT min({A}) FROM {T} WHERE {B}), (SELECT max({A}) FROM {T})",
        "SELECT p.sip, (SELECT max({A}) FROM {T} a WHERE a.sip = p.sip) FROM p",
        "SELECT {A} FROM p JOIN {T} USING (dport) WHERE {B} ORDER BY {A}",
    };
    static const char *const columns[] = {"time", "iface"};
    static const char *const lists[] = {"time, iface", "iface, time", "time", "iface"};
    static char term[TEXT_MAX], a[100], qualified[TEXT_MAX];
    for (int i = 0; i < STATEMENTS; i++) {
        const size_t which = pick(COUNT(templates));
        snprintf(a, sizeof a, "%s",
            which < 4 ? lists[pick(COUNT(lists))] : columns[pick(COUNT(columns))]);
        random_term(term, false, 1);
        snprintf(qualified, sizeof qualified, "%s",
            which == COUNT(templates) - 1 ? "packets > 50" : term);
        expect_same(templates[which], "flows", a, qualified);
    }
}

static void
flows_come_backwards_too(void **state)
{
    (void)state;
    static const char *const orders[] = {"time DESC, iface", "time DESC, iface DESC",
        "iface DESC, time", "iface, time DESC", "time, iface DESC"};
    static char term[TEXT_MAX];
    for (int i = 0; i < STATEMENTS / 4; i++) {
        random_term(term, false, 1);
        const char *order = orders[pick(COUNT(orders))];
        expect_same("SELECT time, iface FROM {T} WHERE {B} ORDER BY {A} LIMIT 20",
            "flows", order, term);
        expect_same("SELECT time, iface, sum(packets) FROM {T} WHERE {B} "
                    "GROUP BY time, iface ORDER BY {A}",
            "flows", order, term);
    }
}

/* Rows that were just seen are dropped, but for those that a statement tells apart. */
static void
distinct_flows_are_those_of_a_plain_table(void **state)
{
    (void)state;
    static char chosen[TEXT_MAX], term[TEXT_MAX];
    for (int i = 0; i < STATEMENTS; i++) {
        random_dims(chosen);
        random_term(term, false, 1);
        expect_same("SELECT {A} FROM (SELECT DISTINCT {A} FROM {T} WHERE {B}) ORDER BY "
                    "{A}",
            "flows", chosen, term);
    }
    expect_same("SELECT DISTINCT a.sip, a.dport FROM {T} a JOIN p ON p.sip = a.dip OR "
                "p.dport = a.dport ORDER BY 1, 2",
        "flows", "", "");
    expect_same("SELECT count(*) FROM (SELECT DISTINCT dport FROM {T} a WHERE EXISTS "
                "(SELECT 1 FROM p WHERE p.sip = a.dip AND p.iface = a.iface))",
        "flows", "", "");
    expect_equal(shared,
        "SELECT DISTINCT dport FROM flows WHERE dport > 0 + 22 AND rowid % 3 = 1",
        "SELECT dport FROM flows WHERE dport > 0 + 22 AND rowid % 3 = 1 GROUP BY dport "
        "ORDER BY min((SELECT min(f.rowid) FROM flows f WHERE f.dport = flows.dport "
        "AND "
        "f.rowid % 3 = 1))");
}

/* Terms on the columns that blocks have. */
static void
block_term(char *out, int depth)
{
    char *a = malloc(TEXT_MAX), *b = malloc(TEXT_MAX);
    assert_true(a && b);
    const char *text = texts[pick(COUNT(texts))];
    switch (pick(depth > 0 ? 6 : 4)) {
    case 0:
        snprintf(
            out, TEXT_MAX, "iface %s %s", comparisons[pick(COUNT(comparisons))], text);
        break;
    case 1:
        snprintf(out, TEXT_MAX, "iface IN ('eth1', %s, 'none')", text);
        break;
    case 2:
    case 3:
        time_term(out);
        break;
    default:
        block_term(a, depth - 1);
        block_term(b, depth - 1);
        snprintf(out, TEXT_MAX, "(%.1900s %s %.1900s)", a, pick(2) ? "AND" : "OR", b);
    }
    free(a);
    free(b);
}

static void
blocks_count_the_flows_of_the_same_times_and_interfaces(void **state)
{
    (void)state;
    static char term[TEXT_MAX];
    for (int i = 0; i < STATEMENTS / 2; i++) {
        block_term(term, 2);
        snprintf(ours, sizeof ours,
            "SELECT time, iface, flow_count FROM blocks WHERE flow_count > 0 AND %s "
            "ORDER BY 1, 2",
            term);
        snprintf(plain, sizeof plain,
            "SELECT time, iface, count(*) FROM o WHERE %s GROUP BY 1, 2 ORDER BY 1, 2",
            term);
        expect_equal(shared, ours, plain);
    }
}

static void
joins_and_subqueries_see_the_same_rows(void **state)
{
    (void)state;
    static const char *const templates[] = {
        "SELECT p.text, count(*), sum(bytes) FROM p, {T} a WHERE a.dport = p.dport "
        "GROUP BY "
        "p.text ORDER BY 1",
        "SELECT p.dport, count(a.sip) FROM p LEFT JOIN {T} a ON a.sip = p.sip AND "
        "a.iface = "
        "p.iface GROUP BY p.rowid ORDER BY p.rowid",
        "SELECT count(*) FROM {T} a WHERE dport IN (SELECT text FROM p) OR sip IN "
        "(SELECT "
        "sip FROM p)",
        "SELECT count(*) FROM {T} a JOIN p ON a.dport = p.text",
        "SELECT count(*) FROM {T} a WHERE EXISTS (SELECT 1 FROM p WHERE p.sip = a.dip)",
        "SELECT iface, (SELECT count(*) FROM p WHERE p.iface = a.iface) FROM {T} a "
        "GROUP BY "
        "iface ORDER BY 1",
        "SELECT max(time), min(time), count(DISTINCT sip), avg(dport) FROM {T} a",
        "SELECT sip, dport FROM {T} a WHERE proto = 6 ORDER BY bytes DESC, 1, 2 LIMIT "
        "5",
    };
    for (size_t i = 0; i < COUNT(templates); i++)
        expect_same(templates[i], "flows", "", "");
    static const char *const summed[] = {
        "SELECT p.rowid, sum(t.bytes) FROM p JOIN {T} t ON t.sip = p.sip AND t.iface = "
        "p.iface GROUP BY 1",
        "SELECT p.rowid, sum(t.bytes) FROM p LEFT JOIN {T} t ON t.dport = p.dport "
        "GROUP BY 1",
        "SELECT count(DISTINCT p.rowid) FROM p LEFT JOIN {T} t ON t.sip = p.sip",
        "SELECT t.dport, sum(t.packets) FROM {T} t JOIN {T} u ON t.time = u.time "
        "WHERE u.sip = '10.0.0.1' AND t.iface = u.iface AND t.dport IN (SELECT dport "
        "FROM p) AND u.dport = 443 AND u.dip = t.dip AND u.proto = 6 GROUP BY 1",
    };
    for (size_t i = 0; i + 1 < COUNT(summed); i++)
        expect_same(summed[i], "traffic", "", "");
    expect_same(summed[COUNT(summed) - 1], "flows", "", "");
    expect_same(
        "SELECT p.rowid, sum(t.bytes) FROM p, {T} t WHERE t.sip = p.sip GROUP BY 1",
        "traffic", "", "");
}

static void
a_row_that_both_terms_of_an_or_give_is_counted_once(void **state)
{
    (void)state;
    expect_same(
        "SELECT count(*), sum(bytes) FROM {T} WHERE dport = 443 OR sip = '10.0.0.1'",
        "flows", "", "");
    expect_same("SELECT sip, dport, sum(bytes) FROM {T} WHERE dport = 443 OR sip = "
                "'10.0.0.1' GROUP BY 1, 2 ORDER BY 1, 2",
        "traffic", "", "");
}

static void
group_by_proto_name_comes_in_the_order_of_names(void **state)
{
    (void)state;
    expect_same("SELECT proto_name, sum(bytes) FROM {T} GROUP BY proto_name ORDER BY "
                "proto_name",
        "traffic", "", "");
}

static void
views_say_what_the_plain_table_says(void **state)
{
    (void)state;
    static const struct {
        const char *view, *columns;
    } views[] = {
        {"talk_conv", "sip, dip"},
        {"talk_src", "sip"},
        {"talk_dst", "dip"},
        {"apps_port", "dport, proto"},
        {"apps_dpi", "l7_name, l7_category"},
        {"agg_talk_port", "sip, dip, dport, proto"},
    };
    run(shared,
        "CREATE TEMP VIEW o_named AS SELECT time, iface, sip, dip, dport, "
        "proto_name AS proto, l7_name, l7_category, packets, bytes, packets_rcvd, "
        "packets_sent, bytes_rcvd, bytes_sent FROM o");
    for (size_t i = 0; i < COUNT(views); i++) {
        snprintf(ours, sizeof ours, "SELECT * FROM %s ORDER BY bytes DESC, %s LIMIT 40",
            views[i].view, views[i].columns);
        snprintf(plain, sizeof plain,
            "SELECT %1$s, sum(packets), round(100.0 * sum(packets) / (SELECT "
            "sum(packets) "
            "FROM o), 2), sum(bytes) AS b, round(100.0 * sum(bytes) / (SELECT "
            "sum(bytes) "
            "FROM o), 2) FROM o_named GROUP BY %1$s ORDER BY b DESC, %1$s LIMIT 40",
            views[i].columns);
        expect_equal(shared, ours, plain);
    }
    expect_equal(shared,
        "SELECT * FROM raw ORDER BY 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12",
        "SELECT time, iface, sip, dip, dport, proto, l7_name, l7_category, "
        "packets_rcvd, "
        "packets_sent, bytes_rcvd, bytes_sent FROM o_named ORDER BY 1, 2, 3, 4, 5, 6, "
        "7, 9,"
        " 10, 11, 12");
}

static int
set_up(void **state)
{
    const char *seed = getenv("GOPROBE_TEST_SEED");
    (void)state;
    random_state = seed ? strtoull(seed, NULL, 0) : (uint64_t)time(NULL) * 2654435761u;
    if (random_state == 0) random_state = 1;
    printf("# GOPROBE_TEST_SEED=%llu\n", (unsigned long long)random_state);
    shared = open_both();
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    sqlite3_close(shared);
    free(root);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_column_of_every_row_is_the_same),
        cmocka_unit_test(flows_answer_like_a_plain_table),
        cmocka_unit_test(traffic_sums_like_group_by),
        cmocka_unit_test(traffic_with_group_by_is_right_whatever_the_terms),
        cmocka_unit_test(totals_are_of_the_whole_selection),
        cmocka_unit_test(conditions_take_what_where_takes),
        cmocka_unit_test(first_and_last_select_overlapping_blocks),
        cmocka_unit_test(flows_come_by_time_and_interface),
        cmocka_unit_test(flows_come_backwards_too),
        cmocka_unit_test(distinct_flows_are_those_of_a_plain_table),
        cmocka_unit_test(blocks_count_the_flows_of_the_same_times_and_interfaces),
        cmocka_unit_test(joins_and_subqueries_see_the_same_rows),
        cmocka_unit_test(a_row_that_both_terms_of_an_or_give_is_counted_once),
        cmocka_unit_test(group_by_proto_name_comes_in_the_order_of_names),
        cmocka_unit_test(views_say_what_the_plain_table_says),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
