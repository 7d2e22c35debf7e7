/* SPDX-License-Identifier: MIT
 *
 * printable.h -- text of strangers on a terminal: names of interfaces, hosts and
 * protocols, and what somebody else put on the command line.
 */
#ifndef SHELL_PRINTABLE_H
#define SHELL_PRINTABLE_H

#include <stdio.h>

/* Turn control characters, also those of UTF-8 (U+0080 to U+009F), into '?', in place.
 * Returns text. */
char *printable(char *text);

/* The same, of a text that stays, to a stream. */
void print_printable(FILE *out, const char *text);

#endif
