/* SPDX-License-Identifier: MIT
 *
 * Files that are read without libpcap, against libpcap, which reads the same bytes when
 * they come through a pipe.
 */
#include <byteswap.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/source.h"

enum { FILE_MAX = 1 << 20, ETHERNET = 1 };

struct file {
    uint8_t bytes[FILE_MAX];
    size_t size;
    bool is_swapped;
};

/* What was read of a file: its packets as a sum, and how it ended. */
struct story {
    int opened, ended, count;
    uint64_t sum;
    bool is_lasting; /* all of its packets were */
};

static char folder[] = "/tmp/goprobe-records.XXXXXX";
static char file_path[64], pipe_path[64];

/* --- Writing ------------------------------------------------------------------- */

static void
put32(struct file *file, uint32_t value)
{
    if (file->is_swapped) value = bswap_32(value);
    memcpy(file->bytes + file->size, &value, 4);
    file->size += 4;
}

static void
put_header(struct file *file, uint32_t magic, uint32_t snaplen)
{
    uint16_t version[2] = {2, 4};
    put32(file, magic);
    if (file->is_swapped) version[0] = bswap_16(2), version[1] = bswap_16(4);
    memcpy(file->bytes + file->size, version, 4);
    file->size += 4;
    put32(file, 0);
    put32(file, 0);
    put32(file, snaplen);
    put32(file, ETHERNET);
}

static void
put_packet(struct file *file, uint32_t time_s, uint32_t fraction, uint32_t bytes)
{
    put32(file, time_s);
    put32(file, fraction);
    put32(file, bytes);
    put32(file, bytes + 7);
    for (uint32_t i = 0; i < bytes; i++)
        file->bytes[file->size++] = (uint8_t)(i * 31 + bytes);
}

/* --- Reading, both ways ----------------------------------------------------------- */

static void
mix(uint64_t *sum, uint64_t value)
{
    *sum = (*sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    *sum ^= *sum >> 29;
}

static void
take(void *arg, const struct source_packet *packet)
{
    struct story *story = arg;
    story->is_lasting = packet->is_lasting && (story->count == 0 || story->is_lasting);
    story->count++;
    mix(&story->sum, packet->captured_bytes);
    mix(&story->sum, packet->wire_bytes);
    mix(&story->sum, (uint32_t)packet->time_s); /* which libpcap has as negative */
    mix(&story->sum, packet->time_us);
    for (uint32_t i = 0; i < packet->captured_bytes; i++)
        mix(&story->sum, packet->bytes[i]);
}

static struct story
read_all(const char *path, const char *filter)
{
    char error[SOURCE_ERROR_MAX] = "";
    struct source *source;
    const struct source_options options = {.file = path, .filter = filter};
    struct story story = {.opened = source_open(&source, &options, error)};
    if (story.opened != SOURCE_OK) return story;
    do
        story.ended = source_dispatch(source, 3, take, &story, error);
    while (story.ended > 0);
    assert_true(story.ended == 0 || strncmp(error, path, strlen(path)) == 0);
    source_close(source);
    return story;
}

static void *
write_to_pipe(void *arg)
{
    const struct file *file = arg;
    const int fd = open(pipe_path, O_WRONLY);
    for (size_t at = 0; at < file->size;) {
        const ssize_t count = write(fd, file->bytes + at, file->size - at);
        if (count <= 0) break; /* the reader has seen enough */
        at += (size_t)count;
    }
    close(fd);
    return NULL;
}

static struct story
by_libpcap(struct file *file, const char *filter)
{
    pthread_t writer;
    assert_int_equal(pthread_create(&writer, NULL, write_to_pipe, file), 0);
    const struct story story = read_all(pipe_path, filter);
    assert_int_equal(pthread_join(writer, NULL), 0);
    return story;
}

static struct story
by_us(const struct file *file, const char *filter)
{
    FILE *to = fopen(file_path, "wb");
    assert_non_null(to);
    assert_int_equal(fwrite(file->bytes, 1, file->size, to), file->size);
    assert_int_equal(fclose(to), 0);
    return read_all(file_path, filter);
}

static struct story
assert_alike(struct file *file, const char *filter)
{
    const struct story ours = by_us(file, filter), theirs = by_libpcap(file, filter);
    assert_int_equal(ours.opened, theirs.opened);
    assert_int_equal(ours.ended, theirs.ended);
    assert_int_equal(ours.count, theirs.count);
    assert_int_equal(ours.sum, theirs.sum);
    return ours;
}

/* --- Tests ------------------------------------------------------------------------ */

static const uint32_t magics[] = {0xa1b2c3d4, 0xa1b23c4d};

static void
make_file(struct file *file, int kind, uint32_t snaplen, uint32_t step)
{
    *file = (struct file){.is_swapped = kind / 2};
    put_header(file, magics[kind % 2], snaplen);
    for (uint32_t i = 0, bytes = 0; file->size + bytes + 16 < FILE_MAX && i < 200;
         i++, bytes = (bytes + step) % 70000)
        put_packet(file, 1700000000 + i, i * 4999, bytes);
}

static void
both_byte_orders_and_fractions_are_read(void **state)
{
    (void)state;
    static struct file file;
    for (int kind = 0; kind < 4; kind++) {
        make_file(&file, kind, 262144, 617);
        const struct story story = assert_alike(&file, NULL);
        assert_int_equal(story.ended, 0);
        assert_true(story.is_lasting); /* or it was libpcap that read it */
        assert_true(story.count > 50);
    }
}

static void
packets_are_cut_to_the_files_snap_length(void **state)
{
    (void)state;
    static struct file file;
    make_file(&file, 0, 96, 13);
    assert_int_equal(assert_alike(&file, NULL).ended, 0);
}

static void
a_filter_lets_the_same_packets_through(void **state)
{
    (void)state;
    static struct file file;
    make_file(&file, 0, 262144, 11);
    const struct story all = assert_alike(&file, NULL);
    const struct story some = assert_alike(&file, "greater 700");
    assert_true(some.count > 0 && some.count < all.count);
}

static void
a_file_that_is_cut_anywhere_keeps_what_was_before(void **state)
{
    (void)state;
    static struct file file;
    file = (struct file){.is_swapped = false};
    put_header(&file, magics[0], 65535);
    for (uint32_t i = 0; i < 4; i++)
        put_packet(&file, 1700000000, i, 9 * i);
    for (size_t size = file.size; size > 0; size--) {
        file.size = size;
        assert_alike(&file, NULL);
    }
}

static void
a_file_with_wrong_bytes_is_read_as_far_as_libpcap_reads_it(void **state)
{
    (void)state;
    static struct file file, whole;
    unsigned seed = 7;
    int odd = 0;
    make_file(&whole, 0, 65535, 1);
    whole.size = 6000;
    for (int round = 0; round < 400; round++) {
        file = whole;
        for (int i = 0; i < 3; i++) {
            const size_t at = (size_t)rand_r(&seed) % (round % 2 ? 120 : file.size);
            file.bytes[at] = (uint8_t)rand_r(&seed);
        }
        odd += assert_alike(&file, NULL).ended != 0;
    }
    assert_true(odd > 50);
}

/* The fields of a packet's header had another order in some of them: libpcap knows. */
static void
other_versions_of_the_format_are_left_to_libpcap(void **state)
{
    (void)state;
    static const uint16_t versions[][2] = {{2, 3}, {2, 5}, {1, 4}, {3, 4}, {2, 0}};
    static struct file file;
    for (size_t i = 0; i < 2 * sizeof versions / sizeof versions[0]; i++) {
        make_file(&file, i % 2 ? 2 : 0, 262144, 617);
        uint16_t version[2] = {versions[i / 2][0], versions[i / 2][1]};
        if (i % 2) version[0] = bswap_16(version[0]), version[1] = bswap_16(version[1]);
        memcpy(file.bytes + 4, version, 4);
        assert_false(assert_alike(&file, NULL).is_lasting);
    }
}

static int
make_folder(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    if (mkdtemp(folder) == NULL) return -1;
    snprintf(file_path, sizeof file_path, "%s/file", folder);
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe", folder);
    return mkfifo(pipe_path, 0600);
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(file_path);
    unlink(pipe_path);
    return rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_byte_orders_and_fractions_are_read),
        cmocka_unit_test(packets_are_cut_to_the_files_snap_length),
        cmocka_unit_test(a_filter_lets_the_same_packets_through),
        cmocka_unit_test(a_file_that_is_cut_anywhere_keeps_what_was_before),
        cmocka_unit_test(other_versions_of_the_format_are_left_to_libpcap),
        cmocka_unit_test(a_file_with_wrong_bytes_is_read_as_far_as_libpcap_reads_it),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
