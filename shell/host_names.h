/* SPDX-License-Identifier: MIT
 *
 * host_names.h -- names for the addresses of the first rows of a report.
 */
#ifndef SHELL_HOST_NAMES_H
#define SHELL_HOST_NAMES_H

#include "shell/output.h"
#include "shell/resolve.h"

/* Rows that wait for names, copied. */
struct host_names {
    const struct report *report; /* borrowed */
    struct output_row *rows;     /* whose texts are for free(3) */
    size_t row_count;
    struct resolve_query *queries; /* each address once */
    size_t query_count, capacity;
};

void host_names_init(struct host_names *names, const struct report *report);
void host_names_free(struct host_names *names);

/* False: out of memory. */
bool host_names_add(struct host_names *names, const struct output_row *row);

/* Ask for names of the rows' sip and dip, and put them in their place. */
int host_names_resolve(
    struct host_names *names, int64_t timeout_ms, struct godb_err *err);

#endif
