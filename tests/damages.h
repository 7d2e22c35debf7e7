/* SPDX-License-Identifier: MIT
 *
 * damages.h -- a small database, and what can be wrong with it.
 *
 *      eth0   a day of two blocks, of 10 and 8 flows, with statistics and a table of
 *             layer 7 protocols; what is damaged is its
 *      wan0   the same day, one block of 5 flows
 */
#ifndef TESTS_DAMAGES_H
#define TESTS_DAMAGES_H

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "godb/bytes.h"
#include "tests/deeds.h"

#define DAY_DIR  "eth0/1700006400"
#define WAN_DIR  "wan0/1700006400"
#define BLOCK(n) (DAY + 300 * ((n) + 1))

enum { HEADER_BYTES = 12288, SECTION_BYTES = 4096, TWO_BLOCKS_ROWS = 18 };
enum section { SECTION_END, SECTION_STAMP, SECTION_LENGTH };

/* --- Trees of files --------------------------------------------------------------- */

static inline void
path_in(char out[600], const char *root, const char *name)
{
    snprintf(out, 600, "%.300s/%.290s", root, name);
}

/* The whole file, for free(3); NULL where there is no file of that name. */
static inline uint8_t *
file_bytes(const char *root, const char *name, size_t *out_count)
{
    char path[600];
    struct stat st;
    path_in(path, root, name);
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    *out_count = 0;
    if (fd < 0) return NULL;
    uint8_t *bytes = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        bytes = malloc((size_t)st.st_size + 1);
        if (bytes == NULL || read(fd, bytes, (size_t)st.st_size) != st.st_size) abort();
        *out_count = (size_t)st.st_size;
    }
    close(fd);
    return bytes;
}

/* Call visit() with the path below root of all that is there, directories before what
 * they hold. */
static inline void
each_file(const char *root, const char *below,
    void (*visit)(void *arg, const char *name, const struct stat *st), void *arg)
{
    char path[600];
    struct dirent **entries;
    path_in(path, root, below);
    const int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char name[600];
        struct stat st;
        const char *entry = entries[i]->d_name;
        snprintf(
            name, sizeof name, "%.200s%s%.255s", below, below[0] ? "/" : "", entry);
        path_in(path, root, name);
        if (strcmp(entry, ".") != 0 && strcmp(entry, "..") != 0 &&
            lstat(path, &st) == 0) {
            visit(arg, name, &st);
            if (S_ISDIR(st.st_mode)) each_file(root, name, visit, arg);
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

struct tree_copy {
    const char *from, *to;
};

static inline void
copy_one(void *arg, const char *name, const struct stat *st)
{
    const struct tree_copy *trees = arg;
    const struct timespec times[2] = {{0, UTIME_OMIT}, st->st_mtim};
    char from[600], to[600], target[600] = "";
    size_t count;
    path_in(from, trees->from, name);
    path_in(to, trees->to, name);
    if (S_ISDIR(st->st_mode)) {
        assert_int_equal(mkdir(to, st->st_mode & 07777), 0);
        return; /* what comes into it changes its time again */
    }
    if (S_ISLNK(st->st_mode)) {
        assert_true(readlink(from, target, sizeof target - 1) > 0);
        assert_int_equal(symlink(target, to), 0);
    } else if (!S_ISREG(st->st_mode)) {
        assert_int_equal(mknod(to, st->st_mode, 0), 0);
    } else {
        uint8_t *bytes = file_bytes(trees->from, name, &count);
        const int fd = open(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, bytes, count), count);
        assert_int_equal(fchmod(fd, st->st_mode & 07777), 0);
        close(fd);
        free(bytes);
    }
    assert_int_equal(utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW), 0);
}

/* With the times of files; `to` is an empty directory. */
static inline void
copy_tree(const char *from, const char *to)
{
    struct tree_copy trees = {from, to};
    each_file(from, "", copy_one, &trees);
}

static inline void
remove_tree(char *root)
{
    empty_directory(root);
    assert_int_equal(rmdir(root), 0);
    free(root);
}

/* --- Changing files --------------------------------------------------------------- */

static inline void
put_bytes(const char *root, const char *name, off_t at, const void *bytes, size_t count)
{
    char path[600];
    path_in(path, root, name);
    const int fd = open(path, O_WRONLY | O_CREAT, 0640);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, at), count);
    close(fd);
}

static inline off_t
size_of(const char *root, const char *name)
{
    char path[600];
    struct stat st;
    path_in(path, root, name);
    assert_int_equal(stat(path, &st), 0);
    return st.st_size;
}

static inline void
cut_to(const char *root, const char *name, off_t bytes)
{
    char path[600];
    path_in(path, root, name);
    assert_int_equal(truncate(path, bytes), 0);
}

static inline void
add_bytes(const char *root, const char *name, const char *text)
{
    put_bytes(root, name, size_of(root, name), text, strlen(text));
}

static inline void
write_text(const char *root, const char *name, const char *text)
{
    put_bytes(root, name, 0, text, strlen(text));
    cut_to(root, name, (off_t)strlen(text));
}

static inline void
put_slot(const char *root, const char *file, enum section section, int slot, uint64_t n)
{
    char name[100];
    uint8_t bytes[8];
    snprintf(name, sizeof name, DAY_DIR "/%s", file);
    put_be64(bytes, n);
    put_bytes(root, name, (int)section * SECTION_BYTES + slot * 8, bytes, 8);
}

static inline void
turn_bit(const char *root, const char *name, size_t at)
{
    size_t count;
    uint8_t *bytes = file_bytes(root, name, &count);
    assert_true(at < count);
    bytes[at] ^= 1;
    put_bytes(root, name, (off_t)at, bytes + at, 1);
    free(bytes);
}

/* Exchange a text in a file by another. */
static inline void
edit(const char *root, const char *name, const char *from, const char *to)
{
    char *text = store_file(root, name), *all = NULL;
    char *at = text ? strstr(text, from) : NULL;
    assert_non_null(at);
    if (asprintf(&all, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) < 0)
        abort();
    write_text(root, name, all);
    free(all);
    free(text);
}

static inline void
take_away(const char *root, const char *name)
{
    char path[600];
    path_in(path, root, name);
    assert_int_equal(remove(path), 0);
}

static inline void
make_dir(const char *root, const char *name)
{
    char path[600];
    path_in(path, root, name);
    assert_int_equal(mkdir(path, 0750), 0);
}

static inline void
set_age(const char *root, const char *name, time_t age_s)
{
    char path[600];
    path_in(path, root, name);
    const struct timespec times[2] = {{0, UTIME_OMIT}, {time(NULL) - age_s, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static inline void
leave_behind(const char *root, const char *name)
{
    write_text(root, name, "rest");
    set_age(root, name, 3600);
}

/* --- The database ----------------------------------------------------------------- */

static inline struct godb_l7_names *
a_table(void)
{
    static const struct godb_l7_entry entries[] = {
        {0, "Unknown", "Unspecified"}, {1, "DNS", "Network"}, {2, "TLS", "Web"}};
    struct godb_l7_names *names;
    assert_int_equal(
        godb_l7_names_new(&names, "nDPI 4.2.0", entries, 3, NULL), GODB_OK);
    return names;
}

static inline void
fill_whole(struct godb *db)
{
    const struct godb_block_stats stats = {{70, 3, 6, {1, 2, 3, 4}}, 60};
    struct godb_l7_names *names = a_table();
    struct godb_writer *writer = NULL;
    struct godb_block *block = NULL;
    assert_int_equal(godb_block_new(&block), GODB_OK);
    assert_int_equal(
        godb_writer_open(&writer, db, "eth0", names, NULL, NULL, NULL), GODB_OK);
    store_fill(block, 0, 10);
    assert_int_equal(
        godb_writer_append(writer, BLOCK(0), block, &stats, NULL), GODB_OK);
    store_fill(block, 20, 8);
    assert_int_equal(
        godb_writer_append(writer, BLOCK(1), block, &stats, NULL), GODB_OK);
    assert_int_equal(godb_writer_commit(writer, NULL), GODB_OK);
    godb_writer_close(writer);
    godb_block_free(block);
    godb_l7_names_free(names);
    assert_int_equal(store_append(db, "wan0", BLOCK(0), 0, 5, NULL), GODB_OK);
}

/* For remove_tree(). */
static inline char *
make_whole(void)
{
    char *root = store_new_quick();
    struct godb *db = store_open(root, GODB_CREATE);
    fill_whole(db);
    godb_close(db);
    return root;
}

/* --- Damage ----------------------------------------------------------------------- */

static inline void
nothing(const char *root)
{
    (void)root;
}

static inline void
lose_commit_slot(const char *root)
{
    for (int section = 0; section < 3; section++)
        put_slot(root, "pkts_sent.gpf", (enum section)section, 1, 0);
}

static inline void
point_far_away(const char *root)
{
    put_slot(root, "sip.gpf", SECTION_END, 0, UINT64_MAX);
}

static inline void
claim_too_much(const char *root)
{
    put_slot(root, "dport.gpf", SECTION_LENGTH, 1, 0x00fffffffffffff8);
}

static inline void
clear_headers(const char *root)
{
    static const uint8_t zeros[HEADER_BYTES];
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        char name[100];
        snprintf(name, sizeof name, DAY_DIR "/%s", godb_columns[col].file);
        put_bytes(root, name, 0, zeros, sizeof zeros);
    }
}

static inline void
lose_index(const char *root)
{
    take_away(root, DAY_DIR "/blocks.index");
}

static inline void
point_far_away_without_index(const char *root)
{
    lose_index(root);
    point_far_away(root);
}

static inline void
leave_a_hole(const char *root)
{
    put_slot(root, "sip.gpf", SECTION_STAMP, 400, BLOCK(2));
}

static inline void
lose_column(const char *root)
{
    take_away(root, DAY_DIR "/proto.gpf");
}

static inline void
lose_commit_column(const char *root)
{
    take_away(root, DAY_DIR "/pkts_sent.gpf");
}

static inline void
shorten_column(const char *root)
{
    cut_to(root, DAY_DIR "/sip.gpf", 6);
}

static inline void
turn_value(const char *root)
{
    turn_bit(root, DAY_DIR "/bytes_rcvd.gpf", HEADER_BYTES + 40);
}

static inline void
turn_value_without_index(const char *root)
{
    lose_index(root);
    put_bytes(root, DAY_DIR "/bytes_rcvd.gpf", HEADER_BYTES, "\xff\xff\xff\xff", 4);
}

/* The index is not as new as the column, so that a repair builds it anew. */
static inline void
turn_value_and_touch(const char *root)
{
    turn_value(root);
    set_age(root, DAY_DIR "/bytes_rcvd.gpf", 7200);
}

static inline void
tear_block(const char *root)
{
    cut_to(root, DAY_DIR "/dip.gpf", size_of(root, DAY_DIR "/dip.gpf") - 1);
}

static inline void
leave_tail(const char *root)
{
    add_bytes(root, DAY_DIR "/dip.gpf", "rest");
}

/* A third slot, which the commit column does not have. */
static inline void
leave_half_a_block(const char *root)
{
    const off_t end = size_of(root, DAY_DIR "/sip.gpf");
    add_bytes(root, DAY_DIR "/sip.gpf", "junk\n");
    put_slot(root, "sip.gpf", SECTION_END, 2, (uint64_t)end + 5);
    put_slot(root, "sip.gpf", SECTION_LENGTH, 2, 32);
    put_slot(root, "sip.gpf", SECTION_STAMP, 2, BLOCK(2));
}

static inline void
leave_half_a_block_and_turn_header(const char *root)
{
    leave_half_a_block(root);
    put_slot(root, "sip.gpf", SECTION_STAMP, 0, 5);
}

static inline void
stamp_twice(const char *root)
{
    lose_index(root);
    for (int col = 0; col < GODB_COLUMN_COUNT; col++)
        put_slot(root, godb_columns[col].file, SECTION_STAMP, 1, BLOCK(0));
}

static inline void
move_day(const char *root)
{
    char from[600], to[600];
    path_in(from, root, DAY_DIR);
    path_in(to, root, "eth0/86400");
    assert_int_equal(rename(from, to), 0);
}

static inline void
lose_meta(const char *root)
{
    take_away(root, DAY_DIR "/meta.json");
}

static inline void
garble_meta(const char *root)
{
    write_text(root, DAY_DIR "/meta.json", "{\"blocks\":[{\"timest");
}

static inline void
change_traffic(const char *root)
{
    edit(root, DAY_DIR "/meta.json", "\"traffic\":", "\"traffic\":9");
}

static inline void
change_flow_count(const char *root)
{
    edit(root, DAY_DIR "/meta.json", "\"flowcount\":8", "\"flowcount\":9");
}

static inline void
rename_block_of_meta(const char *root)
{
    edit(root, DAY_DIR "/meta.json", "\"timestamp\":1700007000",
        "\"timestamp\":1700007001");
}

static inline void
lose_block_of_meta(const char *root)
{
    write_text(root, DAY_DIR "/meta.json", "{\"blocks\":[]}");
}

static inline void
lose_names(const char *root)
{
    take_away(root, DAY_DIR "/l7proto.json");
}

static inline void
garble_names(const char *root)
{
    turn_bit(root, DAY_DIR "/l7proto.json", 20);
}

static inline void
garble_index(const char *root)
{
    turn_bit(root, DAY_DIR "/blocks.index", 4100);
}

static inline void
exchange_index(const char *root)
{
    size_t count;
    uint8_t *bytes = file_bytes(root, WAN_DIR "/blocks.index", &count);
    put_bytes(root, DAY_DIR "/blocks.index", 0, bytes, count);
    cut_to(root, DAY_DIR "/blocks.index", (off_t)count);
    free(bytes);
}

static inline void
touch_column(const char *root)
{
    set_age(root, DAY_DIR "/sip.gpf", 7200);
}

static inline void
lose_summary(const char *root)
{
    take_away(root, "summary.json");
}

static inline void
garble_summary(const char *root)
{
    write_text(root, "summary.json", "garbage");
}

static inline void
change_flows_of_summary(const char *root)
{
    edit(root, "summary.json", "\"flowcount\":18", "\"flowcount\":19");
}

static inline void
change_traffic_of_summary(const char *root)
{
    edit(root, "summary.json", "\"traffic\":", "\"traffic\":1");
}

static inline void
change_begin_of_summary(const char *root)
{
    edit(root, "summary.json", "\"begin\":1700006700", "\"begin\":1700006400");
}

static inline void
change_end_of_summary(const char *root)
{
    edit(root, "summary.json", "\"end\":1700007000", "\"end\":1700007300");
}

static inline void
add_to_summary(const char *root)
{
    edit(root, "summary.json", "\"wan0\":",
        "\"eth7\":{\"flowcount\":1,\"traffic\":1,\"begin\":1,\"end\":1},\"wan0\":");
}

static inline void
leave_rest(const char *root)
{
    leave_behind(root, DAY_DIR "/.meta.json.4711");
    leave_behind(root, DAY_DIR "/blocks.index.new");
    leave_behind(root, ".summary.json.4711");
    leave_behind(root, "summary.lock");
    make_dir(root, "eth0/.deleted-86400");
    leave_behind(root, "eth0/.deleted-86400/sip.gpf");
    set_age(root, "eth0/.deleted-86400", 3600);
}

static inline void
open_for_everybody(const char *root)
{
    char path[600];
    path_in(path, root, DAY_DIR "/sip.gpf");
    assert_int_equal(chmod(path, 0666), 0);
    path_in(path, root, "eth0");
    assert_int_equal(chmod(path, 0755), 0);
}

static inline void
link_column(const char *root)
{
    char from[600], to[600];
    path_in(from, root, DAY_DIR "/sip.gpf");
    path_in(to, root, "away");
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink("../../away", from), 0);
}

static inline void
link_iface(const char *root)
{
    char from[600], to[600];
    path_in(from, root, "eth0");
    path_in(to, root, ".away");
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(symlink(".away", from), 0);
}

static inline void
link_day(const char *root)
{
    char path[600];
    path_in(path, root, "eth0/86400");
    assert_int_equal(symlink(".", path), 0);
}

static inline void
link_stranger(const char *root)
{
    char path[600];
    path_in(path, root, DAY_DIR "/notes");
    assert_int_equal(symlink("meta.json", path), 0);
}

static inline void
put_fifo(const char *root)
{
    char path[600];
    take_away(root, DAY_DIR "/sip.gpf");
    path_in(path, root, DAY_DIR "/sip.gpf");
    assert_int_equal(mkfifo(path, 0640), 0);
}

static inline void
put_socket(const char *root)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[600];
    take_away(root, DAY_DIR "/meta.json");
    path_in(path, root, DAY_DIR "/meta.json");
    snprintf(address.sun_path, sizeof address.sun_path, "%.100s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    assert_int_equal(chmod(path, 0640), 0);
}

static inline void
put_directory(const char *root)
{
    take_away(root, DAY_DIR "/blocks.index");
    make_dir(root, DAY_DIR "/blocks.index");
}

/* What the file is not that the daemon's socket should be. */
static inline void
put_file_for_socket(const char *root)
{
    write_text(root, GODB_LIVE_SOCKET, "no socket");
}

enum level { CLEAN, WARNING, DAMAGE };

struct damage {
    const char *name;
    void (*make)(const char *root);
    enum level before, after; /* after a repair */
    const char *told;         /* of it; NULL: nothing but notes */
};

static const struct damage damages[] = {
    {"nothing", nothing, CLEAN, CLEAN, NULL},
    {"lost slot of the commit column", lose_commit_slot, DAMAGE, CLEAN,
        "damage header " DAY_DIR "/pkts_sent.gpf"},
    {"absurd end", point_far_away, DAMAGE, CLEAN, "damage header " DAY_DIR "/sip.gpf"},
    {"huge length", claim_too_much, DAMAGE, CLEAN,
        "damage header " DAY_DIR "/dport.gpf"},
    {"headers gone", clear_headers, DAMAGE, CLEAN,
        "damage header " DAY_DIR "/pkts_sent.gpf"},
    {"header without index", point_far_away_without_index, DAMAGE, DAMAGE,
        "damage block " DAY_DIR "/sip.gpf"},
    {"hole", leave_a_hole, DAMAGE, DAMAGE, "damage header " DAY_DIR "/sip.gpf"},
    {"column gone", lose_column, DAMAGE, DAMAGE, "damage column " DAY_DIR "/proto.gpf"},
    {"commit column gone", lose_commit_column, DAMAGE, DAMAGE,
        "damage column " DAY_DIR "/pkts_sent.gpf"},
    {"short column", shorten_column, DAMAGE, DAMAGE,
        "damage column " DAY_DIR "/sip.gpf"},
    {"turned byte", turn_value, DAMAGE, DAMAGE,
        "damage hash " DAY_DIR "/bytes_rcvd.gpf"},
    {"turned byte without index", turn_value_without_index, DAMAGE, DAMAGE,
        "damage lz4 " DAY_DIR "/bytes_rcvd.gpf"},
    {"turned byte, old index", turn_value_and_touch, DAMAGE, DAMAGE,
        "damage hash " DAY_DIR "/bytes_rcvd.gpf"},
    {"torn block", tear_block, DAMAGE, DAMAGE, "damage block " DAY_DIR "/dip.gpf"},
    {"tail", leave_tail, WARNING, CLEAN, "warning tail " DAY_DIR "/dip.gpf"},
    {"half a block", leave_half_a_block, WARNING, CLEAN,
        "warning half-written " DAY_DIR "/sip.gpf"},
    {"half a block and a header", leave_half_a_block_and_turn_header, DAMAGE, CLEAN,
        "damage header " DAY_DIR "/sip.gpf"},
    {"two blocks of a stamp", stamp_twice, WARNING, WARNING,
        "warning double " DAY_DIR "/pkts_sent.gpf"},
    {"day of another date", move_day, DAMAGE, DAMAGE,
        "damage stamp eth0/86400/pkts_sent.gpf"},
    {"meta.json gone", lose_meta, CLEAN, CLEAN, NULL},
    {"garbage meta.json", garble_meta, WARNING, CLEAN,
        "warning meta " DAY_DIR "/meta.json"},
    {"traffic", change_traffic, WARNING, CLEAN, "warning meta " DAY_DIR "/meta.json"},
    {"number of flows", change_flow_count, WARNING, CLEAN,
        "warning meta " DAY_DIR "/meta.json"},
    {"another block in meta.json", rename_block_of_meta, WARNING, CLEAN,
        "warning meta " DAY_DIR "/meta.json"},
    {"no block in meta.json", lose_block_of_meta, WARNING, CLEAN,
        "warning meta " DAY_DIR "/meta.json"},
    {"names gone", lose_names, DAMAGE, DAMAGE,
        "damage l7proto " DAY_DIR "/l7proto.json"},
    {"garbage names", garble_names, DAMAGE, DAMAGE,
        "damage l7proto " DAY_DIR "/l7proto.json"},
    {"index gone", lose_index, CLEAN, CLEAN, NULL},
    {"garbage index", garble_index, WARNING, CLEAN,
        "warning index " DAY_DIR "/blocks.index"},
    {"index of another", exchange_index, WARNING, CLEAN,
        "warning index " DAY_DIR "/blocks.index"},
    {"old index", touch_column, CLEAN, CLEAN, NULL},
    {"summary gone", lose_summary, WARNING, CLEAN, "warning summary summary.json"},
    {"garbage summary", garble_summary, WARNING, CLEAN, "warning summary summary.json"},
    {"flows of summary", change_flows_of_summary, WARNING, CLEAN,
        "warning summary summary.json"},
    {"traffic of summary", change_traffic_of_summary, WARNING, CLEAN,
        "warning summary summary.json"},
    {"begin of summary", change_begin_of_summary, WARNING, CLEAN,
        "warning summary summary.json"},
    {"end of summary", change_end_of_summary, WARNING, CLEAN,
        "warning summary summary.json"},
    {"stranger in summary", add_to_summary, WARNING, CLEAN,
        "warning summary summary.json"},
    {"leftovers", leave_rest, WARNING, CLEAN, "warning leftover eth0/.deleted-86400"},
    {"modes", open_for_everybody, WARNING, CLEAN, "warning mode " DAY_DIR "/sip.gpf"},
    {"link of a column", link_column, DAMAGE, DAMAGE,
        "damage link " DAY_DIR "/sip.gpf"},
    {"link of an interface", link_iface, DAMAGE, DAMAGE, "damage link eth0"},
    {"link of a day", link_day, DAMAGE, DAMAGE, "damage link eth0/86400"},
    {"link of a stranger", link_stranger, WARNING, WARNING,
        "warning link " DAY_DIR "/notes"},
    {"FIFO", put_fifo, DAMAGE, DAMAGE, "damage kind " DAY_DIR "/sip.gpf"},
    {"socket", put_socket, DAMAGE, DAMAGE, "damage kind " DAY_DIR "/meta.json"},
    {"directory", put_directory, DAMAGE, DAMAGE,
        "damage kind " DAY_DIR "/blocks.index"},
    {"file for the socket", put_file_for_socket, DAMAGE, DAMAGE,
        "damage kind " GODB_LIVE_SOCKET},
};

enum { DAMAGE_COUNT = sizeof damages / sizeof damages[0] };

/* For remove_tree(). */
static inline char *
make_damaged_by(void (*make)(const char *root))
{
    char *root = make_whole();
    make(root);
    return root;
}

#endif
