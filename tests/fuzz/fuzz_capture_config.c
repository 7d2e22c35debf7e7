/* SPDX-License-Identifier: MIT
 *
 * Any bytes as goprobe.conf, in either form: an error of one line, or a configuration
 * that prints as one which reads back as the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(bool holds)
{
    if (!holds) abort();
}

static bool
read_bytes(struct config *config, const void *bytes, size_t size)
{
    char path[64], error[CONFIG_ERROR_MAX] = "";
    int fd = memfd_create("config", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check(config_init(config));
    const bool is_good = config_read(config, path, error);
    if (!is_good) {
        check(error[0] != '\0' && memchr(error, '\0', sizeof error) != NULL);
        check(strchr(error, '\n') == NULL);
    }
    close(fd);
    return is_good;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config, again;
    /* A file without interfaces is completed by arguments. */
    if (read_bytes(&config, data, size) && config.rule_count > 0) {
        char *text = config_print(&config);
        check(text != NULL);
        check(read_bytes(&again, text, strlen(text)));
        char *same = config_print(&again);
        check(same != NULL && strcmp(text, same) == 0);
        check(!config_needs_restart(&config, &again));
        check(config_ring_bytes(&config) > 0);
        free(text);
        free(same);
        config_free(&again);
    }
    config_free(&config);
    return 0;
}
