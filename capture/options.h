/* SPDX-License-Identifier: MIT
 *
 * options.h -- goprobe's command line.
 */
#ifndef CAPTURE_OPTIONS_H
#define CAPTURE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "godb/godb.h"

enum { OPTIONS_IFACES_MAX = 1024 };

/* Exit codes, of sysexits(3), that a service manager can act on. */
enum {
    EXIT_USAGE_ = 64,
    EXIT_NO_INPUT = 66,
    EXIT_NOT_THERE = 69, /* no goprobe answers */
    EXIT_IO = 74,
    EXIT_NO_PERMISSION = 77
};

struct options {
    const char *db_path;
    const char *file;   /* -r; NULL: live */
    const char *filter; /* -f; NULL: none */
    const char *ifaces[OPTIONS_IFACES_MAX];
    size_t iface_count;
    char file_iface[2 * GODB_IFACE_MAX]; /* made from the file's name */
    const char *socket;                  /* --socket; NULL: the usual place */
    int buffer_mib;
    size_t max_flows;
    bool no_dpi;
    bool no_promiscuous;
    bool no_socket;
};

/* How many flows a machine with so much memory has room for: they, their index, the
 * rows of an interval that is being written, and those of a live view take a quarter of
 * it at most. */
size_t options_flows_for(uint64_t memory_bytes);

/* Where the socket is: as asked for, or in the database. */
void options_socket_path(
    char *out, size_t size, const char *db_path, const char *socket);

enum options_verdict { OPTIONS_RUN, OPTIONS_EXIT };

/* Read the command line; what is wrong, and help and version, have been printed where
 * OPTIONS_EXIT is returned, with *out_exit_code. */
enum options_verdict options_read(
    struct options *out, int argc, char **argv, int *out_exit_code);

#endif
