/* SPDX-License-Identifier: MIT
 *
 * ext_ips.c -- see ext_ips.h.
 */
#include "shell/ext_ips.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MAX = 64 << 10 };

/* The file as a text, or NULL.  A pipe is not waited for. */
static char *
read_text(const char *path)
{
    struct stat status;
    char *text = NULL;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size <= FILE_MAX && (text = malloc(FILE_MAX + 1)) != NULL) {
        const ssize_t got = read(fd, text, FILE_MAX);
        text[got > 0 ? got : 0] = '\0';
    }
    close(fd);
    return text;
}

static void
add(struct ext_ips *ips, const char *word)
{
    uint8_t ip[GODB_IP_BYTES];
    if (ips->count < EXT_IPS_MAX && godb_ip_parse(ip, word))
        godb_ip_format(ips->texts[ips->count++], ip);
}

void
ext_ips_read(struct ext_ips *out, const char *path)
{
    static const char key[] = "ip_LOCAL_EXT=";
    char *text = read_text(path), *rest = text, *line, *word;
    out->count = 0;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0) continue;
        line += strlen(key);
        while ((word = strsep(&line, ", \t\r\"'")) != NULL)
            add(out, word);
    }
    free(text);
}
