/* SPDX-License-Identifier: MIT
 *
 * links.h -- the machine's network interfaces, and word of their changes.
 *
 * The only part that speaks rtnetlink.  It takes no privileges.
 */
#ifndef CAPTURE_LINKS_H
#define CAPTURE_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct link {
    uint32_t ifindex;
    char name[IF_NAMESIZE];
    bool is_up; /* set up, and with a carrier */
    bool is_loopback;
};

struct links;

enum { LINKS_ERROR_MAX = 256 };

/* Open, and read the list.  False: there is a line in error. */
bool links_open(struct links **out, char *error);
void links_close(struct links *links);

/* A file descriptor that is readable when something has changed. */
int links_fd(const struct links *links);

/* Whether something has changed since the last call.  Does not wait. */
bool links_have_changed(struct links *links);

/* Read the list anew.  False: the list is the one before, and error has a line. */
bool links_read(struct links *links, char *error);

/* Borrowed until the next reading. */
const struct link *links_list(const struct links *links, size_t *out_count);

#endif
