/* SPDX-License-Identifier: MIT
 *
 * fsutil.h -- whole reads, whole writes, and files that change at once or not at all.
 *
 * Functions return 0 or an errno; the caller knows the path for the message.  A short
 * read is ENODATA.
 */
#ifndef GODB_FSUTIL_H
#define GODB_FSUTIL_H

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>

int fs_read_at(int fd, void *to, size_t count_bytes, uint64_t offset_bytes);
int fs_write_at(int fd, const void *from, size_t count_bytes, uint64_t offset_bytes);

/* fsync(2), fdatasync(2) and ftruncate(2), begun again where a signal came. */
int fs_sync(int fd);
int fs_sync_data(int fd);
int fs_truncate(int fd, uint64_t size_bytes);

/* The whole file as a NUL-terminated string for free(3).  EFBIG above max_bytes. */
int fs_read_file(
    char **out, size_t *out_bytes, int dir_fd, const char *name, size_t max_bytes);

/* Replace the file's content: a reader sees the old or the new one, after a crash too.
 * Writes a temporary file beside it, syncs, renames, and syncs the directory. */
int fs_replace(int dir_fd, const char *name, const char *text, size_t count_bytes);

/* A directory opened for the *at() calls, or -1 with errno. */
int fs_open_dir(int dir_fd, const char *name);

/* The same of <root>/<iface>[/<below>], where no part behind root may be a symbolic
 * link (ELOOP): what is in a database leads nowhere else.  below may be NULL, or have
 * several parts. */
int fs_open_below(const char *root, const char *iface, const char *below);

/* The same, for readdir(3); NULL with errno. */
DIR *fs_read_below(const char *root, const char *iface, const char *below);

/* What the programs create is for their user and group alone: flows say who talked to
 * whom. */
enum { FS_FILE_MODE = 0640, FS_DIR_MODE = 0750 };

#endif
