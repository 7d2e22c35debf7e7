/* SPDX-License-Identifier: MIT
 *
 * follow.c -- see follow.h.
 */
#include "capture/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/log.h"

enum { IGNORED_MAX = 512 }; /* others are dropped when they come */

struct follow {
    struct source *source;
    struct ifaces *ifaces;
    struct links *links;
    const struct iface_rule *rules;
    size_t rule_count;
    struct source_target targets[IFACES_MAX + IGNORED_MAX + 1];
};

/* --- Targets --------------------------------------------------------------- */

static size_t
add_wanted(struct follow *f, const struct ifaces *ifaces)
{
    size_t count = 0;
    for (int i = 0; i < ifaces_slot_count(ifaces); i++) {
        const struct iface_view view = ifaces_view(ifaces, i);
        if (view.name == NULL || view.ifindex == 0 || view.rule == NULL) continue;
        f->targets[count++] = (struct source_target){
            .ifindex = view.ifindex,
            .filter = view.rule->compiled,
            .snaplen = view.rule->snaplen,
            .promiscuous = view.rule->promiscuous,
        };
    }
    return count;
}

static const struct iface_rule *
rule_of_any(const struct iface_rule *rules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(rules[i].name, IFACES_ANY) == 0) return &rules[i];
    return NULL;
}

/* With ANY, an interface that appears is captured from its first packet on. */
static size_t
add_any(struct follow *f, const struct ifaces *ifaces, const struct iface_rule *any,
    size_t count)
{
    uint32_t ignored[IGNORED_MAX];
    if (any == NULL) return count;
    const size_t ignored_count = ifaces_ignored(ifaces, ignored, IGNORED_MAX);
    for (size_t i = 0; i < ignored_count; i++)
        f->targets[count++] = (struct source_target){.ifindex = ignored[i]};
    f->targets[count++] =
        (struct source_target){.filter = any->compiled, .snaplen = any->snaplen};
    return count;
}

static enum source_status
follow_targets(struct follow *f, const struct ifaces *ifaces,
    const struct iface_rule *rules, size_t rule_count, char *error)
{
    const size_t count =
        add_any(f, ifaces, rule_of_any(rules, rule_count), add_wanted(f, ifaces));
    return source_follow(f->source, f->targets, count, error);
}

static void
follow_targets_or_warn(struct follow *f)
{
    char error[SOURCE_ERROR_MAX];
    if (follow_targets(f, f->ifaces, f->rules, f->rule_count, error) != SOURCE_OK)
        log_line("warning: interfaces could not be followed: %s", error);
}

/* --- Changes --------------------------------------------------------------- */

static bool
read_links(struct follow *f)
{
    char error[LINKS_ERROR_MAX];
    if (links_read(f->links, error)) return true;
    log_line("warning: %s", error);
    return false;
}

static void
update(struct follow *f)
{
    size_t count;
    if (!read_links(f)) return;
    const struct link *list = links_list(f->links, &count);
    ifaces_update(f->ifaces, list, count);
    follow_targets_or_warn(f);
}

void
follow_look(struct follow *f)
{
    if (links_have_changed(f->links)) update(f);
}

/* Whether the kernel takes what they make of the interfaces that are there. */
static bool
try_rules(struct follow *f, const struct iface_rule *rules, size_t count)
{
    char error[SOURCE_ERROR_MAX] = "out of memory";
    size_t link_count;
    const struct link *list = links_list(f->links, &link_count);
    struct ifaces *trial = ifaces_new();
    enum source_status status = SOURCE_EFAILED;
    if (trial != NULL) {
        ifaces_apply(trial, rules, count, list, link_count);
        status = follow_targets(f, trial, rules, count, error);
    }
    ifaces_free(trial);
    if (status != SOURCE_OK) log_line("warning: not reloaded: %s", error);
    return status == SOURCE_OK;
}

bool
follow_rules(struct follow *f, const struct iface_rule *rules, size_t count)
{
    size_t link_count;
    read_links(f);
    if (!try_rules(f, rules, count)) return false;
    const struct link *list = links_list(f->links, &link_count);
    f->rules = rules;
    f->rule_count = count;
    ifaces_apply(f->ifaces, rules, count, list, link_count);
    return true;
}

void
follow_learn(struct follow *f, uint32_t ifindex)
{
    update(f);
    if (ifaces_slot(f->ifaces, ifindex) == IFACES_UNKNOWN)
        ifaces_ignore(f->ifaces, ifindex);
}

int
follow_fd(const struct follow *f)
{
    return links_fd(f->links);
}

/* --- Life ------------------------------------------------------------------ */

enum source_status
follow_open(struct follow **out, struct source *source, struct ifaces *ifaces,
    const struct iface_rule *rules, size_t count, char *error)
{
    size_t link_count;
    struct follow *f = calloc(1, sizeof *f);
    if (f == NULL) {
        snprintf(error, SOURCE_ERROR_MAX, "out of memory");
        return SOURCE_EFAILED;
    }
    f->source = source;
    f->ifaces = ifaces;
    f->rules = rules;
    f->rule_count = count;
    enum source_status status = SOURCE_EFAILED;
    if (links_open(&f->links, error)) {
        const struct link *list = links_list(f->links, &link_count);
        ifaces_apply(ifaces, rules, count, list, link_count);
        status = follow_targets(f, ifaces, rules, count, error);
    }
    if (status != SOURCE_OK) {
        follow_close(f);
        return status;
    }
    *out = f;
    return SOURCE_OK;
}

void
follow_close(struct follow *f)
{
    if (f == NULL) return;
    links_close(f->links);
    free(f);
}
