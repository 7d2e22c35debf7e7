/* SPDX-License-Identifier: MIT
 *
 * shell_open.c -- see shell_open.h.
 */
#include "shell/shell_open.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/shell_err.h"

/* The extension beside this program, as it is after a build, in the library folder of
 * its tree, or by its name alone, for the loader to find.  For free(3). */
static char *
find_extension(void)
{
    static const char *const places[] = {"goprobe.so", "../lib/goprobe.so"};
    char self[GODB_PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) return strdup("goprobe");
    self[length] = '\0';
    const char *folder = dirname(self);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/%s", folder, places[i]) < 0) return NULL;
        if (access(path, R_OK) == 0) return path;
        free(path);
    }
    return strdup("goprobe");
}

/* A word of a dot-command, in quotes that keep blanks in it.  For free(3). */
static char *
load_command(const char *extension)
{
    char *command = NULL;
    const int length = asprintf(&command, ".load \"%s\"", extension);
    return length < 0 ? NULL : command;
}

/* The scope as one text; what the statements give is not shown. */
static char *
scope_commands(const struct session_scope *scope)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) return NULL;
    session_print_scope(scope, out);
    return fclose(out) == 0 ? text : NULL;
}

int
shell_open(const struct session_scope *scope, struct godb_err *err)
{
    char *extension = find_extension();
    char *load = extension ? load_command(extension) : NULL;
    char *set = scope_commands(scope);
    if (load && set) {
        fflush(stdout);
        execlp("sqlite3", "sqlite3", "-cmd", ".bail on", "-cmd", load, "-cmd",
            ".output /dev/null", "-cmd", set, "-cmd", ".output", "-cmd", ".bail off",
            "-cmd", ".mode column", "-cmd", ".headers on", (char *)NULL);
        shell_err(err, GODB_ENOTFOUND, "-shell: sqlite3: %s", strerror(errno));
    } else {
        shell_err(err, GODB_ENOMEM, "out of memory");
    }
    free(extension);
    free(load);
    free(set);
    return err->status;
}
