/* SPDX-License-Identifier: MIT
 *
 * target_filter.c -- see target_filter.h.
 */
#include "capture/target_filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum source_status
fail(enum source_status status, const char *why, char *error)
{
    snprintf(error, SOURCE_ERROR_MAX, "filter: %s", why);
    return status;
}

static bool
are_alike(const struct source_target *one, const struct source_target *two)
{
    const char *const a = one->filter ? one->filter->text : "";
    const char *const b = two->filter ? two->filter->text : "";
    return one->ifindex != 0 && two->ifindex != 0 && one->snaplen == two->snaplen &&
           strcmp(a, b) == 0;
}

/* The first target and all that are captured like it. */
static void
add_targets(struct kernel_filter *filter, const struct source_target *targets,
    size_t count, uint32_t *ifindexes)
{
    static const struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, 1)};
    static const struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
    const struct source_filter *own = targets->filter;
    const struct sock_filter *code = own ? own->code : all;
    size_t alike = 0;
    if (targets->ifindex != 0) ifindexes[alike++] = targets->ifindex;
    for (size_t i = 1; i < count; i++)
        if (are_alike(&targets[0], &targets[i]))
            ifindexes[alike++] = targets[i].ifindex;
    if (targets->snaplen == 0) code = none;
    kernel_filter_add(filter, ifindexes, alike, code,
        code == all || code == none ? 1 : own->count, (uint32_t)targets->snaplen);
}

static bool
is_first_of_its_like(const struct source_target *targets, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (are_alike(&targets[i], &targets[at])) return false;
    return true;
}

enum source_status
target_filter_build(struct kernel_filter *filter, const struct source_target *targets,
    size_t count, char *error)
{
    uint32_t *ifindexes = calloc(count + 1, sizeof *ifindexes);
    if (ifindexes == NULL) return fail(SOURCE_EFAILED, "out of memory", error);
    kernel_filter_begin(filter);
    for (size_t i = 0; i < count; i++)
        if (is_first_of_its_like(targets, i))
            add_targets(filter, targets + i, count - i, ifindexes);
    free(ifindexes);
    if (kernel_filter_end(filter)) return SOURCE_OK;
    return fail(SOURCE_EFILTER,
        "those of all interfaces together are too long for the kernel", error);
}
