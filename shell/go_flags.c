/* SPDX-License-Identifier: MIT
 *
 * go_flags.c -- see go_flags.h.
 */
#include "shell/go_flags.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "shell/shell_err.h"

/* --- Values ----------------------------------------------------------------------- */

static bool
one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(text, *words) == 0) return true;
    return false;
}

static int
set_bool(const struct go_flag *flag, const char *value, struct godb_err *err)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
    const bool is_yes = value == NULL || one_of(value, yes);
    if (!is_yes && !one_of(value, no))
        return shell_err(
            err, GODB_EARG, "-%s: '%s' is neither true nor false", flag->name, value);
    *flag->on = is_yes;
    return GODB_OK;
}

static int
set_number(const struct go_flag *flag, const char *value, struct godb_err *err)
{
    char *end;
    errno = 0;
    const long long number = strtoll(value, &end, 0);
    if (*value == '\0' || strchr(" \t\n\v\f\r", *value) || *end != '\0')
        return shell_err(
            err, GODB_EARG, "-%s: '%s' is not an integer", flag->name, value);
    if (errno == ERANGE)
        return shell_err(err, GODB_EARG, "-%s: %s is out of range", flag->name, value);
    *flag->number = number;
    return GODB_OK;
}

static int
set_value(const struct go_flag *flag, const char *value, struct godb_err *err)
{
    if (flag->on) return set_bool(flag, value, err);
    if (flag->number) return set_number(flag, value, err);
    *flag->text = value;
    return GODB_OK;
}

/* --- Words ------------------------------------------------------------------------ */

static bool
is_called(const char *name, const char *word, size_t length)
{
    return name && strlen(name) == length && strncmp(name, word, length) == 0;
}

static const struct go_flag *
find(const struct go_flag *flags, size_t count, const char *name, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (is_called(flags[i].name, name, length) ||
            is_called(flags[i].long_name, name, length))
            return &flags[i];
    return NULL;
}

static bool
is_flag(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

/* The flag in argv[i] and its value.  Returns how many words they took. */
static int
parse_flag(const struct go_flag *flags, size_t count, char **words, bool has_next,
    struct godb_err *err)
{
    const char *name = words[0] + (words[0][1] == '-' ? 2 : 1);
    const size_t length = strcspn(name, "=");
    if (length == 0 || *name == '-')
        return shell_err(err, GODB_EARG, "'%s' is not a flag", words[0]);
    const struct go_flag *flag = find(flags, count, name, length);
    if (flag == NULL)
        return shell_err(
            err, GODB_EARG, "unknown flag -%.*s; -h lists them", (int)length, name);
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    const bool takes_next = value == NULL && flag->on == NULL;
    if (takes_next && !has_next)
        return shell_err(err, GODB_EARG, "-%s needs a value", flag->name);
    int rc = set_value(flag, takes_next ? words[1] : value, err);
    if (rc != GODB_OK) return rc;
    if (flag->given) *flag->given = true;
    return takes_next ? 2 : 1;
}

int
go_flags_parse(const struct go_flag *flags, size_t count, int argc, char **argv,
    struct godb_err *err)
{
    int i = 1;
    while (i < argc && is_flag(argv[i])) {
        if (strcmp(argv[i], "--") == 0) return i + 1;
        int taken = parse_flag(flags, count, &argv[i], i + 1 < argc, err);
        if (taken < 0) return taken;
        i += taken;
    }
    return i;
}

/* --- Usage ------------------------------------------------------------------------ */

static void
print_default(FILE *out, const struct go_flag *flag)
{
    if (flag->number && *flag->number != 0)
        fprintf(out, " (default %" PRId64 ")", *flag->number);
    if (flag->text && *flag->text) fprintf(out, " (default %s)", *flag->text);
}

void
go_flags_usage(FILE *out, const struct go_flag *flags, size_t count)
{
    for (const struct go_flag *flag = flags; flag < flags + count; flag++) {
        if (flag->help == NULL) continue;
        fprintf(out, "  -%s%s%s%s%s\n        ", flag->name,
            flag->long_name ? ", --" : "", flag->long_name ? flag->long_name : "",
            flag->arg ? " " : "", flag->arg ? flag->arg : "");
        for (const char *c = flag->help; *c; c++) {
            fputc(*c, out);
            if (*c == '\n') fputs("        ", out);
        }
        print_default(out, flag);
        fputc('\n', out);
    }
}
