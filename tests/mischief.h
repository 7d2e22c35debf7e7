/* SPDX-License-Identifier: MIT
 *
 * mischief.h -- what can happen to the indexes of a database between two questions.
 */
#ifndef TESTS_MISCHIEF_H
#define TESTS_MISCHIEF_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/store.h"

enum mischief {
    MISCHIEF_NONE,
    MISCHIEF_DELETE,   /* the index is gone */
    MISCHIEF_TOUCH,    /* the columns look as if somebody had written to them */
    MISCHIEF_FLIP,     /* a bit of it is wrong */
    MISCHIEF_CUT,      /* its end is gone */
    MISCHIEF_EXCHANGE, /* it is another day's */
    MISCHIEF_KINDS
};

struct mischief_walk {
    enum mischief kind;
    unsigned (*pick)(unsigned below);
    char last[600]; /* the index of the day before */
};

static inline void
mischief_touch(const char *day)
{
    for (int col = 0; col < GODB_COLUMN_COUNT; col++) {
        char path[700];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", day, godb_columns[col].file);
        if (stat(path, &st) != 0) continue;
        const struct timespec times[2] = {{0, UTIME_OMIT}, {st.st_mtim.tv_sec + 1, 0}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
}

static inline void
mischief_flip(const char *path, unsigned at, unsigned bit)
{
    uint8_t byte;
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= (uint8_t)(1u << bit);
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static inline void
mischief_day(struct mischief_walk *walk, const char *day)
{
    char path[700], spare[720];
    struct stat st;
    snprintf(path, sizeof path, "%s/blocks.index", day);
    if (stat(path, &st) != 0 || st.st_size == 0) return;
    switch (walk->kind) {
    case MISCHIEF_DELETE:
        unlink(path);
        break;
    case MISCHIEF_TOUCH:
        mischief_touch(day);
        break;
    case MISCHIEF_FLIP:
        for (int i = 0; i < 20; i++)
            mischief_flip(path, walk->pick((unsigned)st.st_size), walk->pick(8));
        break;
    case MISCHIEF_CUT:
        assert_int_equal(truncate(path, walk->pick((unsigned)st.st_size)), 0);
        break;
    case MISCHIEF_EXCHANGE:
        if (walk->last[0] != '\0') {
            snprintf(spare, sizeof spare, "%s.spare", path);
            assert_int_equal(rename(path, spare), 0);
            assert_int_equal(rename(walk->last, path), 0);
            assert_int_equal(rename(spare, walk->last), 0);
        }
        snprintf(walk->last, sizeof walk->last, "%.599s", path);
        break;
    default:
        break;
    }
}

static inline void
mischief_each(struct mischief_walk *walk, const char *dir, int depth)
{
    DIR *entries = opendir(dir);
    if (entries == NULL) return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        char path[600];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%.300s/%.255s", dir, entry->d_name);
        if (depth == 0)
            mischief_each(walk, path, 1);
        else
            mischief_day(walk, path);
    }
    closedir(entries);
}

/* Do it to every day of the database.  pick gives a number below its argument. */
static inline void
mischief_do(const char *root, enum mischief kind, unsigned (*pick)(unsigned below))
{
    struct mischief_walk walk = {kind, pick, ""};
    mischief_each(&walk, root, 0);
}

#endif
