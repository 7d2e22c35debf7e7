/* SPDX-License-Identifier: MIT
 *
 * A database with one thing wrong in it, again and again: nothing crashes or hangs, and
 * each answer is the one that it was, or an error or a warning names a file.  Then a
 * repair: what it leaves answers as before, or says why not.
 *
 *   MUTATIONS=20000          how many, 300 otherwise; make mutate
 *   GOPROBE_TEST_SEED=N      which ones; printed
 */
#include <signal.h>
#include <sqlite3.h>
#include <time.h>

#include "tests/mutate.h"
#include "vtab/register.h"

#define DAY INT64_C(1700006400)

enum { MUTATIONS = 300, REPAIR_EVERY = 5, HANG_S = 60, SHOWN_MAX = 20 };

/* Rows come in an order that the statement alone gives. */
static const char *const questions[] = {
    "SELECT count(*) FROM flows",
    "SELECT time, iface, sip, dip, dport, proto, l7proto, bytes_rcvd, bytes_sent, "
    "packets_rcvd, packets_sent FROM flows ORDER BY 1,2,3,4,5,6,7,8,9,10,11",
    "SELECT sip, dip, bytes, packets FROM traffic ORDER BY sip, dip, bytes",
    "SELECT time, iface, flows, bytes FROM traffic ORDER BY time, iface",
    "SELECT sum(packets_sent) FROM flows WHERE time > 1700006400 AND time <= "
    "1700007300",
    "SELECT sum(bytes_rcvd), count(*) FROM flows('dport = 443 & snet = 10.0.0.0/8')",
    "SELECT sum(bytes_sent) FROM flows WHERE sip = '10.0.0.40'",
    "SELECT l7_name, l7_category, flows FROM traffic ORDER BY l7_name, l7_category",
    "SELECT proto, sum(flows) FROM traffic WHERE iface = 'eth1' GROUP BY proto",
    "SELECT time, iface, flow_count, traffic_bytes, packets_logged, pcap_received, "
    "pcap_dropped, pcap_if_dropped, not_ip, status FROM blocks ORDER BY 1, 2",
    "SELECT iface, flow_count, traffic_bytes, first, last FROM interfaces "
    "ORDER "
    "BY 1",
};
enum { QUESTIONS = sizeof questions / sizeof questions[0] };

struct answer {
    char *text; /* rows, or the error */
    bool is_error;
    bool is_told; /* by a warning or a status, with a file's name */
};

struct asker {
    sqlite3 *sql;
    const char *root;
    int warning_count;
};

static void
take_warning(void *arg, const char *message)
{
    struct asker *asker = arg;
    asker->warning_count += strstr(message, asker->root) || strstr(message, ".gpf") ||
                            strstr(message, "more warnings");
}

static void
set_scope(struct asker *asker, const char *name, const char *value)
{
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(asker->sql, "SELECT goprobe_scope(?, ?)", -1,
                         &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, value, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    sqlite3_finalize(statement);
}

static void
print_row(FILE *out, sqlite3_stmt *statement, bool *is_told)
{
    for (int i = 0; i < sqlite3_column_count(statement); i++) {
        const char *text = (const char *)sqlite3_column_text(statement, i);
        fprintf(out, "%s|", text ? text : "-");
        /* NULL is what is not known; all other columns always are. */
        *is_told |= text == NULL;
        /* The column "status" of blocks. */
        if (strcmp(sqlite3_column_name(statement, i), "status") == 0 && text &&
            strcmp(text, "ok") != 0)
            *is_told = true;
    }
    fputc('\n', out);
}

static struct answer
ask(struct asker *asker, const char *question)
{
    struct answer answer = {NULL, false, false};
    sqlite3_stmt *statement = NULL;
    size_t length;
    int rc;
    FILE *out = open_memstream(&answer.text, &length);
    asker->warning_count = 0;
    rc = sqlite3_prepare_v2(asker->sql, question, -1, &statement, NULL);
    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        if ((rc = sqlite3_step(statement)) == SQLITE_ROW)
            print_row(out, statement, &answer.is_told);
    if (rc != SQLITE_DONE) {
        rewind(out);
        answer.is_error = true;
        fprintf(out, "%s", sqlite3_errmsg(asker->sql));
    }
    sqlite3_finalize(statement);
    fclose(out);
    if (answer.is_error) answer.is_told = strstr(answer.text, asker->root) != NULL;
    answer.is_told |= asker->warning_count > 0;
    return answer;
}

/* --- The database ----------------------------------------------------------------- */

/* Two interfaces of the same stamps and numbers of flows, over midnight; the protocols
 * of one have a table. */
static void
make_database(const char *root)
{
    static const struct godb_l7_entry entries[] = {{0, "Unknown", "Unspecified"},
        {1, "FTP", "Download"}, {2, "POP3", "Email"}, {3, "SMTP", "Email"}};
    struct godb *db = store_open(root, GODB_CREATE);
    struct godb_l7_names *names;
    struct godb_block *block;
    assert_int_equal(
        godb_l7_names_new(&names, "nDPI 4.2.0", entries, 4, NULL), GODB_OK);
    assert_int_equal(godb_block_new(&block), GODB_OK);
    for (int iface = 0; iface < 2; iface++) {
        struct godb_writer *writer;
        assert_int_equal(godb_writer_open(&writer, db, iface ? "eth1" : "eth0",
                             iface ? NULL : names, NULL, NULL, NULL),
            GODB_OK);
        for (int b = 0; b < 5; b++) {
            const struct godb_block_stats stats = {{900 + b, b, 6, {1, 2, 3, 4}}, 800};
            store_fill(block, (uint64_t)(4000 * iface + 37 * b), 40);
            assert_int_equal(
                godb_writer_append(writer, DAY - 600 + 300 * b, block, &stats, NULL),
                GODB_OK);
            assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
        }
        godb_writer_close(writer);
    }
    godb_block_free(block);
    godb_l7_names_free(names);
    godb_close(db);
}

/* --- Judging ---------------------------------------------------------------------- */

struct campaign {
    struct asker asker;
    char *wanted[QUESTIONS];
    int failure_count;
    int error_count, told_count, damage_count, repaired_count;
};

static void
blame(struct campaign *campaign, const struct mutation *mutation, const char *when,
    const char *question, const struct answer *answer)
{
    if (++campaign->failure_count > SHOWN_MAX) return;
    print_error("# %s%s\n#   %s%.60s\n#   %.160s\n", mutation->what,
        mutation->keeps_times ? ", times kept" : "", when, question, answer->text);
}

/* An answer is right, or is told not to be. */
static void
judge(struct campaign *campaign, const struct mutation *mutation, const char *when,
    int i, bool *out_is_told)
{
    const struct answer answer = ask(&campaign->asker, questions[i]);
    const bool is_same =
        !answer.is_error && strcmp(answer.text, campaign->wanted[i]) == 0;
    if (!is_same && !answer.is_told)
        blame(campaign, mutation, when, questions[i], &answer);
    campaign->error_count += answer.is_error;
    campaign->told_count += answer.is_told;
    *out_is_told |= answer.is_told;
    free(answer.text);
}

static struct godb_check_counts
check(const struct mutation *mutation, bool does_repair)
{
    struct godb *db = store_open(mutation->root, does_repair ? GODB_WRITE : GODB_READ);
    const struct godb_check_spec spec = {.does_repair = does_repair};
    struct godb_check_counts counts;
    struct godb_err err = {0};
    if (godb_check(&counts, db, &spec, &err) != GODB_OK)
        fail_msg("%s: goprobe-check: %s", mutation->what, err.msg);
    godb_close(db);
    return counts;
}

/* What questions tell of, the check has found. */
static void
compare_check(struct campaign *campaign, const struct mutation *mutation, bool is_told)
{
    const struct godb_check_counts counts = check(mutation, false);
    char what[] = "questions tell, the check does not";
    const struct answer silent = {what, false, false};
    campaign->damage_count += counts.damage_count > 0;
    if (is_told && counts.damage_count + counts.warning_count + counts.note_count == 0)
        blame(campaign, mutation, "", "goprobe-check", &silent);
}

static void
judge_repair(struct campaign *campaign, const struct mutation *mutation)
{
    bool is_told = false;
    const struct godb_check_counts first = check(mutation, true);
    const struct godb_check_counts second = check(mutation, true);
    char what[] = "a second repair has more to do";
    const struct answer again = {what, false, false};
    campaign->repaired_count += first.repaired_count > 0;
    if (second.repaired_count > 0) blame(campaign, mutation, "", "repair", &again);
    for (int i = 0; i < QUESTIONS; i++)
        judge(campaign, mutation, "repaired: ", i, &is_told);
}

/* For whoever waits in vain. */
static char at_work[400];

static void
tell_hang(int signal)
{
    (void)signal;
    if (write(STDERR_FILENO, at_work, strlen(at_work)) < 0) _exit(3);
    _exit(2);
}

static void
run_round(struct campaign *campaign, struct tree *tree, int round)
{
    struct mutation mutation = {.tree = tree, .root = campaign->asker.root};
    bool is_told = false;
    mutation.keeps_times = mutate_pick(2);
    tree_restore(tree, mutation.keeps_times || mutate_pick(2));
    mutate(&mutation);
    snprintf(at_work, sizeof at_work, "# took too long: %s\n", mutation.what);
    alarm(HANG_S);
    set_scope(&campaign->asker, "on_corrupt", "error");
    for (int i = 0; i < QUESTIONS; i++)
        judge(campaign, &mutation, "", i, &is_told);
    set_scope(&campaign->asker, "on_corrupt", "skip");
    for (int i = 0; i < QUESTIONS; i++)
        judge(campaign, &mutation, "skipping: ", i, &is_told);
    compare_check(campaign, &mutation, is_told);
    if (round % REPAIR_EVERY == 0) judge_repair(campaign, &mutation);
    tree->is_dirty |= round % REPAIR_EVERY == 0;
}

static void
a_mutated_database_never_answers_wrongly_without_telling(void **state)
{
    (void)state;
    const char *count_text = getenv("MUTATIONS");
    const int count = count_text && *count_text ? atoi(count_text) : MUTATIONS;
    struct campaign campaign = {.asker = {NULL, NULL, 0}};
    static struct tree tree;
    char *root = store_new(), *error = NULL;
    assert_int_equal(sqlite3_open(":memory:", &campaign.asker.sql), SQLITE_OK);
    assert_int_equal(
        goprobe_register(campaign.asker.sql, take_warning, &campaign.asker, &error),
        SQLITE_OK);
    signal(SIGALRM, tell_hang);
    make_database(root);
    tree_read(&tree, root);
    campaign.asker.root = root;
    set_scope(&campaign.asker, "db", root);
    set_scope(&campaign.asker, "threads", "2");
    for (int i = 0; i < QUESTIONS; i++) {
        const struct answer answer = ask(&campaign.asker, questions[i]);
        if (answer.is_error || answer.is_told)
            fail_msg("%s: %s", questions[i], answer.text);
        campaign.wanted[i] = answer.text;
    }
    for (int round = 0; round < count; round++)
        run_round(&campaign, &tree, round);
    print_message("# %d mutated databases: %d answers were errors, %d were told to be "
                  "incomplete, %d have damage, %d of %d were repaired, %d wrong\n",
        count, campaign.error_count, campaign.told_count, campaign.damage_count,
        campaign.repaired_count, (count + REPAIR_EVERY - 1) / REPAIR_EVERY,
        campaign.failure_count);
    alarm(0);
    sqlite3_close(campaign.asker.sql);
    for (int i = 0; i < QUESTIONS; i++)
        free(campaign.wanted[i]);
    for (size_t i = 0; i < tree.count; i++)
        free(tree.files[i].bytes);
    free(root);
    assert_int_equal(campaign.failure_count, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mutated_database_never_answers_wrongly_without_telling),
    };
    const char *seed = getenv("GOPROBE_TEST_SEED");
    mutate_seed = seed && *seed ? strtoull(seed, NULL, 10)
                                : (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
    printf("# GOPROBE_TEST_SEED=%llu\n", (unsigned long long)mutate_seed);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
