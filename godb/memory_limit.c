/* SPDX-License-Identifier: MIT
 *
 * memory_limit.c -- see memory_limit.h.
 */
#include "godb/memory_limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "godb/godb.h"

#define FLOOR_BYTES (UINT64_C(64) << 20)

static uint64_t
smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A small text file of the system's, which knows no size: a part of it will do. */
static bool
read_text(const char *path, char *out, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = read(fd, out, room - 1);
    close(fd);
    if (got < 0) return false;
    out[got] = '\0';
    return true;
}

static uint64_t
physical_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    return pages > 0 ? (uint64_t)pages * (uint64_t)page_bytes : UINT64_MAX;
}

static uint64_t
available_bytes(void)
{
    char text[1024];
    if (!read_text("/proc/meminfo", text, sizeof text)) return UINT64_MAX;
    const char *line = strstr(text, "\nMemAvailable:");
    const uint64_t kib = line ? strtoull(strchr(line, ':') + 1, NULL, 10) : 0;
    return kib > 0 ? kib * 1024 : UINT64_MAX;
}

/* --- Control groups --------------------------------------------------------------- */

/* What one group's file allows; "max" and what cannot be read allow everything. */
static uint64_t
group_bytes(const char *path)
{
    char text[64];
    if (!read_text(path, text, sizeof text)) return UINT64_MAX;
    char *end;
    const uint64_t bytes = strtoull(text, &end, 10);
    return end > text && bytes > 0 ? bytes : UINT64_MAX;
}

/* The least that a group and those above it allow.  group: "/a/b", and overwritten. */
static uint64_t
least_bytes(const char *root, char *group, const char *name)
{
    uint64_t least = UINT64_MAX;
    char path[1024];
    for (;;) {
        const int length = snprintf(path, sizeof path, "%s%s/%s", root, group, name);
        if ((size_t)length < sizeof path) least = smaller(least, group_bytes(path));
        char *last = strrchr(group, '/');
        if (last == NULL) return least;
        *last = '\0';
    }
}

/* Does the comma list hold the name? */
static bool
lists(const char *list, const char *name)
{
    const size_t length = strlen(name);
    while (*list != '\0') {
        const size_t item = strcspn(list, ",");
        if (item == length && strncmp(list, name, length) == 0) return true;
        list += item + (list[item] == ',');
    }
    return false;
}

/* "0::/user.slice" is version 2, "4:memory:/docker/1" version 1. */
static uint64_t
line_bytes(char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers ? strchr(controllers + 1, ':') : NULL;
    if (group == NULL) return UINT64_MAX;
    *group++ = '\0';
    if (strcmp(group, "/") == 0) *group = '\0';
    if (controllers[1] == '\0')
        return least_bytes("/sys/fs/cgroup", group, "memory.max");
    if (!lists(controllers + 1, "memory")) return UINT64_MAX;
    return least_bytes("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
}

static uint64_t
control_group_bytes(void)
{
    uint64_t least = UINT64_MAX;
    char text[4096];
    char *rest = text;
    if (!read_text("/proc/self/cgroup", text, sizeof text)) return least;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;)
        least = smaller(least, line_bytes(line));
    return least;
}

uint64_t
memory_limit_default(void)
{
    uint64_t bytes = smaller(physical_bytes(), control_group_bytes()) / 2;
    bytes = smaller(bytes, available_bytes() / 4 * 3);
    return bytes > FLOOR_BYTES ? bytes : FLOOR_BYTES;
}
