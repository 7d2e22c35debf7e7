/* SPDX-License-Identifier: MIT
 *
 * maintain.h -- goquery -clean and -wipe.
 */
#ifndef SHELL_MAINTAIN_H
#define SHELL_MAINTAIN_H

#include "shell/goquery_options.h"

/* Delete old days, or all, after asking on the terminal; GODB_EARG where there is none
 * and nobody said -yes. */
int maintain(FILE *out, const struct goquery_options *options, struct godb_err *err);

#endif
