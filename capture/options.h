/* SPDX-License-Identifier: MIT
 *
 * options.h -- goprobe's command line, and the configuration that it makes with
 * goprobe.conf.
 */
#ifndef CAPTURE_OPTIONS_H
#define CAPTURE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "capture/config.h"

#define OPTIONS_PID_FILE "/run/goprobe.pid"

/* Exit codes, of sysexits(3), that a service manager can act on. */
enum {
    EXIT_USAGE_ = 64,
    EXIT_NO_INPUT = 66,
    EXIT_NO_USER = 67,
    EXIT_NOT_THERE = 69, /* no goprobe answers */
    EXIT_IO = 74,
    EXIT_NO_PERMISSION = 77,
    EXIT_CONFIG_ = 78
};

struct options {
    struct config config;    /* what holds, the command line first */
    const char *config_path; /* NULL: no file was read */
    const char *file;        /* -r; NULL: live */
    const char *filter;      /* -f; NULL: none */
    char file_iface[2 * GODB_IFACE_MAX];
    bool has_arguments; /* interfaces came as arguments */
    bool check_only;    /* -n */
    bool detach;        /* -D */
    bool no_socket;     /* --no-socket */
    int argc;           /* borrowed, to read them again */
    char **argv;
};

/* How many flows a machine with so much memory has room for: they, their index, the
 * rows of an interval that is being written, and those of a live view take a quarter of
 * it at most. */
size_t options_flows_for(uint64_t memory_bytes);

/* Where the socket is: as asked for, or in the database. */
void options_socket_path(
    char *out, size_t size, const char *db_path, const char *socket);

enum options_verdict { OPTIONS_RUN, OPTIONS_EXIT };

/* Read the command line, and the file where it takes one; what is wrong, and help and
 * version, have been printed where OPTIONS_EXIT is returned, with *out_exit_code. For
 * options_free() either way. */
enum options_verdict options_read(
    struct options *out, int argc, char **argv, int *out_exit_code);

void options_free(struct options *options);

#endif
