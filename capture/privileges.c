/* SPDX-License-Identifier: MIT
 *
 * privileges.c -- see privileges.h.
 */
#include "capture/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/log.h"
#include "capture/options.h"

/* --- The database's directory ----------------------------------------------------- */

/* mkdir -p; *out_made: the last one was not there.  Those above it are for everyone to
 * go through: they are not the database's. */
static bool
make_path(const char *path, bool *out_made)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    *out_made = false;
    for (size_t end = 1; end <= strlen(path); end++) {
        if (path[end] != '/' && path[end] != '\0') continue;
        snprintf(part, sizeof part, "%.*s", (int)end, path);
        const bool is_last = path[end + strspn(path + end, "/")] == '\0';
        *out_made = mkdir(part, is_last ? 0750 : 0755) == 0;
        if (is_last) return *out_made || errno == EEXIST;
        if (!*out_made && errno != EEXIST) return false;
    }
    return true;
}

/* user NULL: it belongs to whoever makes it.  An exit code, or -1. */
static int
prepare_directory(const char *db_path, const struct passwd *user)
{
    bool is_made;
    if (make_path(db_path, &is_made) &&
        (!is_made || user == NULL || chown(db_path, user->pw_uid, user->pw_gid) == 0))
        return -1;
    log_line("%.300s: %s", db_path, strerror(errno));
    return errno == EACCES || errno == EPERM ? EXIT_NO_PERMISSION : EXIT_IO;
}

/* --- Capabilities ----------------------------------------------------------------- */

static void
drop_capabilities(bool keep_override)
{
    const bool are_known = capng_get_caps_process() == 0;
    if (are_known && capng_have_capabilities(CAPNG_SELECT_CAPS) <= CAPNG_NONE)
        return; /* none to drop */
    capng_clear(CAPNG_SELECT_BOTH);
    if (keep_override)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE);
    if (!are_known || capng_apply(CAPNG_SELECT_CAPS) != 0)
        log_line("warning: capabilities could not be dropped");
}

static int
become(const struct passwd *user)
{
    capng_clear(CAPNG_SELECT_BOTH);
    const int rc = capng_change_id((int)user->pw_uid, (int)user->pw_gid,
        CAPNG_INIT_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
    if (rc == 0 && (user->pw_uid == 0 || setuid(0) != 0)) return -1;
    log_line("cannot become user %s (%d)", user->pw_name, rc);
    return EXIT_NO_PERMISSION;
}

static bool
is_own(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_uid == geteuid();
}

/* --- Public --------------------------------------------------------------------- */

int
privileges_drop(const char *db_path, const char *user, const char *other)
{
    const char *name = user ? user : other;
    const struct passwd *account = name ? getpwnam(name) : NULL;
    const bool is_root = geteuid() == 0;
    int exit_code = -1;
    if (account == NULL && user != NULL) {
        log_line("there is no user '%s'", user);
        return EXIT_NO_USER;
    }
    if (user != NULL && !is_root && account->pw_uid != geteuid()) {
        log_line("only root can become user %s", user);
        return EXIT_NO_PERMISSION;
    }
    if (is_root && account != NULL && account->pw_uid != 0) {
        exit_code = prepare_directory(db_path, account);
        if (exit_code < 0) exit_code = become(account);
    } else {
        if (is_root) exit_code = prepare_directory(db_path, NULL);
        drop_capabilities(is_root && !is_own(db_path));
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        log_line("warning: no_new_privs: %s", strerror(errno));
    return exit_code;
}
