/* SPDX-License-Identifier: MIT
 *
 * go_flags.h -- command lines in the syntax of Go's flag package, which goProbe's
 * programs have always had, so that old scripts keep working.
 *
 *      -i eth0   --i eth0   -i=eth0        a value; it may begin with '-'
 *      -a   -a=true   -a=0                 a boolean: its value only after '='
 *      -n 10   -n 0x0a                     an integer, also hexadecimal and octal
 *      --limit 10                          a long name, where the flag has one
 *
 * Parsing stops at the first word that is no flag, or after `--`.  getopt_long_only(3)
 * differs: it abbreviates, reorders, and takes values of its own for `-f -1d`.
 */
#ifndef SHELL_GO_FLAGS_H
#define SHELL_GO_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "godb/godb.h"

/* One flag.  Exactly one of text, number and on is set: where its value goes, which
 * beforehand holds the default. */
struct go_flag {
    const char *name;      /* without dashes */
    const char *long_name; /* another one, for `--long`; may be NULL */
    const char **text;
    int64_t *number;
    bool *on;
    bool *given;      /* told that the flag was there; may be NULL */
    const char *arg;  /* what the usage text calls the value */
    const char *help; /* lines, parted by '\n'; NULL: an alias, left out of the usage */
};

/* Returns the index of the first word that is not part of a flag, or GODB_EARG with
 * the flag's name in *err.  Texts are borrowed from argv.  A flag that comes twice has
 * its last value. */
int go_flags_parse(const struct go_flag *flags, size_t count, int argc, char **argv,
    struct godb_err *err);

/* The flags with their help and the defaults their variables hold now. */
void go_flags_usage(FILE *out, const struct go_flag *flags, size_t count);

#endif
