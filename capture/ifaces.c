/* SPDX-License-Identifier: MIT
 *
 * ifaces.c -- see ifaces.h.
 */
#include "capture/ifaces.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/log.h"

enum {
    FORMER_MAX = 4, /* indexes that an interface had before */
    NOBODY_MAX = 64,
    /* Intervals without it until a slot is free.  In the first its counters are taken,
     * in the second its flows are forgotten, the third is for flows that found no
     * memory. */
    QUIET_INTERVALS = 4
};

struct slot {
    char name[GODB_IFACE_MAX]; /* "": free */
    const struct iface_rule *rule;
    uint32_t ifindex;
    uint32_t former[FORMER_MAX];
    unsigned former_count; /* so many in all */
    unsigned quiet_intervals;
    bool is_up;
    bool is_seen; /* among the links that are being looked at */
};

/* Open addressing by index: neighbours have different places. */
struct place {
    uint32_t ifindex; /* 0: none */
    int slot;
};

struct ifaces {
    const struct iface_rule *rules;
    size_t rule_count;
    bool is_file;
    bool is_running; /* what changes is news from here on */
    bool is_full;    /* and that has been said */
    int slot_count;
    struct place *places;
    uint32_t place_mask;
    uint32_t *ignored; /* there and not captured */
    size_t ignored_count;
    uint32_t nobody[NOBODY_MAX];
    unsigned nobody_count;
    struct slot slots[IFACES_MAX];
};

/* --- Rules ------------------------------------------------------------------------ */

bool
iface_rule_is_pattern(const struct iface_rule *rule)
{
    return strcmp(rule->name, IFACES_ANY) == 0 || strpbrk(rule->name, "*?[") != NULL;
}

static const struct iface_rule *
find_named(const struct ifaces *ifaces, const char *name)
{
    for (size_t i = 0; i < ifaces->rule_count; i++)
        if (!iface_rule_is_pattern(&ifaces->rules[i]) &&
            strcmp(ifaces->rules[i].name, name) == 0)
            return &ifaces->rules[i];
    return NULL;
}

static const struct iface_rule *
find_pattern(const struct ifaces *ifaces, const char *name)
{
    for (size_t i = 0; i < ifaces->rule_count; i++)
        if (strcmp(ifaces->rules[i].name, IFACES_ANY) != 0 &&
            iface_rule_is_pattern(&ifaces->rules[i]) &&
            fnmatch(ifaces->rules[i].name, name, 0) == 0)
            return &ifaces->rules[i];
    return NULL;
}

static const struct iface_rule *
find_any(const struct ifaces *ifaces)
{
    for (size_t i = 0; i < ifaces->rule_count; i++)
        if (strcmp(ifaces->rules[i].name, IFACES_ANY) == 0) return &ifaces->rules[i];
    return NULL;
}

static const struct iface_rule *
find_rule(const struct ifaces *ifaces, const char *name, bool is_loopback)
{
    const struct iface_rule *rule = find_named(ifaces, name);
    if (rule == NULL) rule = find_pattern(ifaces, name);
    if (rule == NULL && !is_loopback) rule = find_any(ifaces);
    return rule;
}

/* --- Slots ------------------------------------------------------------------------ */

static struct slot *
find_slot(struct ifaces *ifaces, const char *name)
{
    for (int i = 0; i < ifaces->slot_count; i++)
        if (strcmp(ifaces->slots[i].name, name) == 0) return &ifaces->slots[i];
    return NULL;
}

static struct slot *
new_slot(struct ifaces *ifaces, const char *name)
{
    struct slot *slot = find_slot(ifaces, "");
    if (slot == NULL && ifaces->slot_count < IFACES_MAX)
        slot = &ifaces->slots[ifaces->slot_count++];
    if (slot == NULL) {
        if (!ifaces->is_full)
            log_line("warning: %s is not captured: more than %d interfaces", name,
                IFACES_MAX);
        ifaces->is_full = true;
        return NULL;
    }
    *slot = (struct slot){.rule = NULL};
    snprintf(slot->name, sizeof slot->name, "%s", name);
    return slot;
}

static struct slot *
slot_of(struct ifaces *ifaces, const char *name)
{
    struct slot *slot = find_slot(ifaces, name);
    return slot ? slot : new_slot(ifaces, name);
}

static void
set_ifindex(struct slot *slot, uint32_t ifindex)
{
    if (slot->ifindex != 0)
        slot->former[slot->former_count++ % FORMER_MAX] = slot->ifindex;
    slot->ifindex = ifindex;
}

static void
tell_new(const struct ifaces *ifaces, const struct slot *slot)
{
    if (!ifaces->is_running) return;
    if (slot->ifindex == 0)
        log_line("%s: not there yet; captured once it is", slot->name);
    else
        log_line("%s: captured from now on%s", slot->name, slot->is_up ? "" : "; down");
}

static void
update_slot(struct ifaces *ifaces, struct slot *slot, const struct iface_rule *rule,
    const struct link *link)
{
    const struct slot before = *slot;
    slot->rule = rule;
    slot->is_seen = true;
    slot->is_up = link->is_up;
    if (before.ifindex != link->ifindex) set_ifindex(slot, link->ifindex);
    if (before.rule == NULL || before.ifindex == 0)
        tell_new(ifaces, slot);
    else if (before.ifindex != link->ifindex)
        log_line(
            "%s: made anew, captured on%s", slot->name, link->is_up ? "" : "; down");
    else if (before.is_up != link->is_up)
        log_line("%s: %s", slot->name, link->is_up ? "up again" : "down");
}

static void
lose_slot(struct slot *slot)
{
    if (slot->ifindex == 0 || slot->is_seen) return;
    log_line("%s: it has vanished; captured again once it is back", slot->name);
    set_ifindex(slot, 0);
    slot->is_up = false;
}

/* --- By index -------------------------------------------------------------- */

/* What is there already stays: current owners come first. */
static void
put_place(struct ifaces *ifaces, uint32_t ifindex, int slot)
{
    uint32_t at = ifindex & ifaces->place_mask;
    if (ifindex == 0) return;
    while (ifaces->places[at].ifindex != 0) {
        if (ifaces->places[at].ifindex == ifindex) return;
        at = (at + 1) & ifaces->place_mask;
    }
    ifaces->places[at] = (struct place){ifindex, slot};
}

static void
put_former(struct ifaces *ifaces, int number)
{
    const struct slot *slot = &ifaces->slots[number];
    for (unsigned i = 0; i < slot->former_count && i < FORMER_MAX; i++)
        put_place(ifaces, slot->former[i], number);
}

static void
rebuild_places(struct ifaces *ifaces)
{
    const size_t count = (size_t)ifaces->slot_count * (1 + FORMER_MAX) +
                         ifaces->ignored_count + NOBODY_MAX;
    uint32_t room = 256;
    while (room < 2 * count)
        room *= 2;
    struct place *places = calloc(room, sizeof *places);
    if (places == NULL) {
        log_line("warning: out of memory, changes of interfaces are not followed");
        return;
    }
    free(ifaces->places);
    ifaces->places = places;
    ifaces->place_mask = room - 1;
    for (int i = 0; i < ifaces->slot_count; i++)
        put_place(ifaces, ifaces->slots[i].ifindex, i);
    for (size_t i = 0; i < ifaces->ignored_count; i++)
        put_place(ifaces, ifaces->ignored[i], IFACES_IGNORED);
    for (int i = 0; i < ifaces->slot_count; i++)
        put_former(ifaces, i);
    for (unsigned i = 0; i < ifaces->nobody_count && i < NOBODY_MAX; i++)
        put_place(ifaces, ifaces->nobody[i], IFACES_IGNORED);
}

int
ifaces_slot(const struct ifaces *ifaces, uint32_t ifindex)
{
    if (ifaces->is_file) return 0;
    uint32_t at = ifindex & ifaces->place_mask;
    while (ifaces->places[at].ifindex != 0) {
        if (ifaces->places[at].ifindex == ifindex) return ifaces->places[at].slot;
        at = (at + 1) & ifaces->place_mask;
    }
    return IFACES_UNKNOWN;
}

void
ifaces_ignore(struct ifaces *ifaces, uint32_t ifindex)
{
    ifaces->nobody[ifaces->nobody_count++ % NOBODY_MAX] = ifindex;
    rebuild_places(ifaces);
}

/* --- Links ----------------------------------------------------------------- */

static void
ignore_link(struct ifaces *ifaces, const struct link *link, size_t link_count)
{
    if (ifaces->ignored == NULL)
        ifaces->ignored = calloc(link_count, sizeof *ifaces->ignored);
    if (ifaces->ignored != NULL)
        ifaces->ignored[ifaces->ignored_count++] = link->ifindex;
}

static void
take_link(struct ifaces *ifaces, const struct link *link, size_t link_count)
{
    const struct iface_rule *rule = find_rule(ifaces, link->name, link->is_loopback);
    const bool has_good_name = godb_iface_check(link->name, NULL) == GODB_OK;
    struct slot *slot =
        rule != NULL && has_good_name ? slot_of(ifaces, link->name) : NULL;
    if (slot != NULL)
        update_slot(ifaces, slot, rule, link);
    else
        ignore_link(ifaces, link, link_count);
}

/* Interfaces that were named have a slot whether they are there or not. */
static void
expect_named(struct ifaces *ifaces)
{
    for (size_t i = 0; i < ifaces->rule_count; i++) {
        const struct iface_rule *rule = &ifaces->rules[i];
        if (iface_rule_is_pattern(rule)) continue;
        struct slot *slot = slot_of(ifaces, rule->name);
        if (slot == NULL || slot->is_seen) continue;
        const bool is_new = slot->rule == NULL;
        slot->rule = rule;
        if (is_new) tell_new(ifaces, slot);
    }
}

void
ifaces_update(struct ifaces *ifaces, const struct link *links, size_t link_count)
{
    free(ifaces->ignored);
    ifaces->ignored = NULL;
    ifaces->ignored_count = 0;
    for (int i = 0; i < ifaces->slot_count; i++)
        ifaces->slots[i].is_seen = false;
    for (size_t i = 0; i < link_count; i++)
        take_link(ifaces, &links[i], link_count);
    for (int i = 0; i < ifaces->slot_count; i++)
        lose_slot(&ifaces->slots[i]);
    expect_named(ifaces);
    rebuild_places(ifaces);
}

void
ifaces_begin(struct ifaces *ifaces)
{
    ifaces->is_running = true;
    for (int i = 0; i < ifaces->slot_count; i++)
        if (ifaces->slots[i].ifindex == 0) tell_new(ifaces, &ifaces->slots[i]);
}

/* A slot of an interface that the rules have no more. */
static void
drop_slot(struct slot *slot)
{
    log_line("%s: removed, no longer captured", slot->name);
    slot->rule = NULL;
    set_ifindex(slot, 0);
}

static bool
is_loopback(const struct link *links, size_t count, uint32_t ifindex)
{
    for (size_t i = 0; i < count; i++)
        if (links[i].ifindex == ifindex) return links[i].is_loopback;
    return false;
}

void
ifaces_apply(struct ifaces *ifaces, const struct iface_rule *rules, size_t count,
    const struct link *links, size_t link_count)
{
    ifaces->rules = rules;
    ifaces->rule_count = count;
    ifaces->is_full = false;
    for (int i = 0; i < ifaces->slot_count; i++) {
        struct slot *slot = &ifaces->slots[i];
        if (slot->rule == NULL) continue;
        const struct iface_rule *rule = find_rule(
            ifaces, slot->name, is_loopback(links, link_count, slot->ifindex));
        if (rule == NULL)
            drop_slot(slot);
        else
            slot->rule = rule; /* the ones before are going away */
    }
    ifaces_update(ifaces, links, link_count);
}

/* --- Views ----------------------------------------------------------------- */

struct iface_view
ifaces_view(const struct ifaces *ifaces, int number)
{
    const struct slot *slot = &ifaces->slots[number];
    return (struct iface_view){
        .name = slot->name[0] ? slot->name : NULL,
        .rule = slot->rule,
        .ifindex = slot->ifindex,
        .is_up = slot->is_up,
        .is_wanted = slot->rule != NULL &&
                     (slot->ifindex != 0 || !iface_rule_is_pattern(slot->rule)),
    };
}

int
ifaces_slot_count(const struct ifaces *ifaces)
{
    return ifaces->slot_count;
}

size_t
ifaces_ignored(const struct ifaces *ifaces, uint32_t *out, size_t max)
{
    const size_t count = ifaces->ignored_count < max ? ifaces->ignored_count : max;
    if (count > 0) memcpy(out, ifaces->ignored, count * sizeof *out);
    return count;
}

size_t
ifaces_count_present(const struct ifaces *ifaces)
{
    size_t count = 0;
    for (int i = 0; i < ifaces->slot_count; i++)
        if (ifaces->slots[i].rule != NULL && ifaces->slots[i].ifindex != 0) count++;
    return count;
}

void
ifaces_end_interval(struct ifaces *ifaces)
{
    if (ifaces->is_file) return;
    for (int i = 0; i < ifaces->slot_count; i++) {
        struct slot *slot = &ifaces->slots[i];
        if (slot->name[0] == '\0') continue;
        slot->quiet_intervals =
            ifaces_view(ifaces, i).is_wanted ? 0 : slot->quiet_intervals + 1;
        if (slot->quiet_intervals >= QUIET_INTERVALS)
            *slot = (struct slot){.rule = NULL};
    }
    rebuild_places(ifaces);
}

/* --- Life ------------------------------------------------------------------ */

struct ifaces *
ifaces_new(void)
{
    struct ifaces *ifaces = calloc(1, sizeof *ifaces);
    if (ifaces == NULL) return NULL;
    rebuild_places(ifaces);
    if (ifaces->places != NULL) return ifaces;
    free(ifaces);
    return NULL;
}

struct ifaces *
ifaces_new_file(const char *name)
{
    static const struct iface_rule everything = {.promiscuous = false};
    struct ifaces *ifaces = ifaces_new();
    if (ifaces == NULL) return NULL;
    ifaces->is_file = true;
    struct slot *slot = new_slot(ifaces, name);
    slot->rule = &everything;
    return ifaces;
}

void
ifaces_free(struct ifaces *ifaces)
{
    if (ifaces == NULL) return;
    free(ifaces->places);
    free(ifaces->ignored);
    free(ifaces);
}
