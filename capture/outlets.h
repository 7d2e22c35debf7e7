/* SPDX-License-Identifier: MIT
 *
 * outlets.h -- the ways of interfaces to disk, and what could not take them yet.
 *
 * An outlet keeps rows of blocks that could not be written, and adds them to the next
 * block of its interface.
 */
#ifndef CAPTURE_OUTLETS_H
#define CAPTURE_OUTLETS_H

#include "capture/rotation.h"

struct outlet {
    struct outlet *next;
    char iface[GODB_IFACE_MAX];
    struct godb_writer *writer; /* NULL: it could not be opened yet */
    struct rotation_row *kept;  /* rows of blocks that failed */
    size_t kept_count;
    struct godb_pcap_stats kept_stats; /* of those blocks; all 0: none failed */
    bool is_ahead;                     /* its last block is later than the clock */
    bool is_named;                     /* by the rotation at hand */
};

struct outlets {
    struct godb *db;
    struct godb_block *block;
    struct outlet *first;
    const struct godb_l7_names *l7_names; /* borrowed; NULL: none are known */
    bool is_strict;                       /* see writeout.h */
    size_t max_waiting;                   /* likewise */
    size_t kept_count;                    /* of all outlets */
    bool has_failed; /* is_strict: a block that will not be tried again */
    bool has_lost;   /* rows that there was no memory for, which was said */
};

/* Open the database, creating it, and an outlet for each of these interfaces.  What was
 * opened is for outlets_close() in every case. */
int outlets_open(struct outlets *out, const char *db_path, const char *const *ifaces,
    size_t iface_count, struct godb_err *err);
void outlets_close(struct outlets *outlets);

/* Write a rotation's blocks, which merges it.  False: has_failed, nothing more is
 * written. */
bool outlets_write(struct outlets *outlets, struct rotation *rotation);

/* GODB_ENOMEM, which *err says. */
int outlets_no_memory(struct godb_err *err);

#endif
