/* SPDX-License-Identifier: MIT
 *
 * spill_file.h -- a temporary file for what does not fit in memory.
 *
 * It is made where SQLite makes its own, in the directory that SQLITE_TMPDIR or TMPDIR
 * names, or the first of /var/tmp, /usr/tmp and /tmp that takes it.  It has no name
 * there: nobody else can open it, and it is gone when the process is.
 *
 * Threads: any, each reading what it has written or what was written before it began.
 */
#ifndef GODB_SPILL_FILE_H
#define GODB_SPILL_FILE_H

#include <pthread.h>

#include "godb/godb.h"

struct spill_file {
    pthread_mutex_t lock;
    bool is_made;
    int fd;
    uint64_t end_bytes;
    char dir[GODB_PATH_MAX]; /* for messages */
};

void spill_file_init(struct spill_file *file);
void spill_file_free(struct spill_file *file);

/* Set room aside, which is then the caller's; makes the file when first asked.  An
 * error names the directory and says what to do. */
int spill_file_reserve(struct spill_file *file, uint64_t count_bytes,
    uint64_t *out_offset_bytes, struct godb_err *err);
int spill_file_write(struct spill_file *file, const void *from, size_t count_bytes,
    uint64_t offset_bytes, struct godb_err *err);
int spill_file_read(struct spill_file *file, void *to, size_t count_bytes,
    uint64_t offset_bytes, struct godb_err *err);

/* The bytes will not be read again: give their room back where the system can. */
void spill_file_drop(
    struct spill_file *file, uint64_t count_bytes, uint64_t offset_bytes);

#endif
