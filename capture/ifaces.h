/* SPDX-License-Identifier: MIT
 *
 * ifaces.h -- which of the machine's interfaces are captured, and as what.
 *
 *      rules   "eth0", "ppp*", ANY: the user's, in order      --.
 *      links   what the machine has now, by index              --+--> slots
 *                                                                     0 eth0  index 2
 *      packet of index 7 --> ifaces_slot() --> 1 --> its flows        1 ppp0  index 7
 *
 * A slot is a small number that flows carry instead of a name.  An interface keeps its
 * slot while it is gone, so that it goes on where it was when it comes back under
 * another index.  A slot is given to another interface only when the flows of the one
 * before have all been written: what is removed loses nothing.
 *
 * No I/O but log lines: one for each thing that happens to an interface.
 */
#ifndef CAPTURE_IFACES_H
#define CAPTURE_IFACES_H

#include "capture/links.h"
#include "godb/godb.h"

enum { IFACES_MAX = 1024 };

struct source_filter;

/* How an interface is captured. */
struct iface_rule {
    char name[GODB_IFACE_MAX]; /* or a pattern as a shell has them, or ANY */
    char *filter;              /* BPF; NULL: none */
    struct source_filter *compiled;
    int snaplen;      /* bytes of a packet that are looked at */
    int buffer_bytes; /* its share of the ring; 0: not given */
    bool promiscuous;
};

/* ANY: all interfaces but loopback. */
#define IFACES_ANY "ANY"

/* Whether a rule's name stands for more than one interface. */
bool iface_rule_is_pattern(const struct iface_rule *rule);

struct ifaces;

/* NULL: out of memory. */
struct ifaces *ifaces_new(void);
void ifaces_free(struct ifaces *ifaces);

/* One interface in slot 0, that has all packets: of a recorded file. */
struct ifaces *ifaces_new_file(const char *name);

/* Follow these rules from now on, and see what the machine has.  Of several rules that
 * fit an interface its name counts first, then patterns as they come, then ANY.  rules
 * are borrowed until the next call. */
void ifaces_apply(struct ifaces *ifaces, const struct iface_rule *rules, size_t count,
    const struct link *links, size_t link_count);

/* The machine's links have changed. */
void ifaces_update(struct ifaces *ifaces, const struct link *links, size_t link_count);

/* What interfaces do is news from here on, and that some are not there. */
void ifaces_begin(struct ifaces *ifaces);

enum { IFACES_IGNORED = -1, IFACES_UNKNOWN = -2 };

/* The slot of packets of this index, also of the index that an interface had until
 * lately: such packets are still on their way. */
int ifaces_slot(const struct ifaces *ifaces, uint32_t ifindex);

/* Packets of this index are nobody's: it was gone before it could be asked for. */
void ifaces_ignore(struct ifaces *ifaces, uint32_t ifindex);

/* What one slot is. */
struct iface_view {
    const char *name; /* NULL: the slot is free */
    const struct iface_rule *rule;
    uint32_t ifindex; /* 0: not there now */
    bool is_up;
    bool is_wanted; /* false: no longer, but its flows may not all be written */
};
struct iface_view ifaces_view(const struct ifaces *ifaces, int slot);

/* One more than the last slot in use. */
int ifaces_slot_count(const struct ifaces *ifaces);

/* Indexes that are there and are not captured, for a filter; their number, at most max.
 */
size_t ifaces_ignored(const struct ifaces *ifaces, uint32_t *out, size_t max);

/* Those that are there, among those wanted. */
size_t ifaces_count_present(const struct ifaces *ifaces);

/* An interval is over: slots that have waited long enough become free. */
void ifaces_end_interval(struct ifaces *ifaces);

#endif
