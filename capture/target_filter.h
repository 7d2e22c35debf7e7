/* SPDX-License-Identifier: MIT
 *
 * target_filter.h -- the kernel's filter for what is to be captured; see
 * kernel_filter.h.
 */
#ifndef CAPTURE_TARGET_FILTER_H
#define CAPTURE_TARGET_FILTER_H

#include "capture/kernel_filter.h"
#include "capture/source.h"

enum { SOURCE_FILTER_TEXT_MAX = 4096 };

/* What source_filter_new() makes. */
struct source_filter {
    char text[SOURCE_FILTER_TEXT_MAX + 1];
    size_t count;
    struct sock_filter code[];
};

/* Targets with the same filter share it.  SOURCE_OK, SOURCE_EFILTER (it is too long),
 * or SOURCE_EFAILED; error has why. */
enum source_status target_filter_build(struct kernel_filter *out,
    const struct source_target *targets, size_t count, char *error);

#endif
