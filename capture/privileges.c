/* SPDX-License-Identifier: MIT
 *
 * privileges.c -- see privileges.h.
 */
#include "capture/privileges.h"

#include <cap-ng.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/log.h"

void
privileges_drop(const char *db_path)
{
    struct stat st;
    const int is_owner = stat(db_path, &st) == 0 && st.st_uid == geteuid();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (capng_get_caps_process() != 0 ||
        capng_have_capabilities(CAPNG_SELECT_CAPS) <= 0)
        return; /* none to drop */
    capng_clear(CAPNG_SELECT_BOTH);
    if (!is_owner)
        capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_DAC_OVERRIDE);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        log_line("warning: capabilities could not be dropped");
}
