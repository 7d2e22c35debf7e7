/* SPDX-License-Identifier: MIT
 *
 * terminal.c -- see terminal.h.
 */
#include "shell/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_DEFAULT = 80 };

static bool
is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value && *value;
}

static bool
knows_colours(void)
{
    const char *term = getenv("TERM");
    return !is_set("NO_COLOR") && term && *term && strcmp(term, "dumb") != 0;
}

struct terminal
terminal_of(FILE *out)
{
    struct winsize size;
    struct terminal terminal = {.is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
    terminal.is_terminal = isatty(fileno(out));
    if (!terminal.is_terminal) return terminal;
    terminal.has_colour = knows_colours();
    const bool is_known = ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    terminal.columns = is_known ? size.ws_col : COLUMNS_DEFAULT;
    return terminal;
}
