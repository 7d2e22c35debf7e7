/* SPDX-License-Identifier: MIT
 *
 * terminal.h -- what stands behind an output stream: a terminal of some width that
 * knows colours and UTF-8, or a file.
 */
#ifndef SHELL_TERMINAL_H
#define SHELL_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct terminal {
    bool is_terminal;
    bool has_colour; /* never with NO_COLOR, TERM=dumb, or without a terminal */
    bool is_utf8;    /* as the locale says; setlocale(3) must have been called */
    size_t columns;  /* 0: no terminal, so lines may be of any length */
};

struct terminal terminal_of(FILE *out);

#endif
