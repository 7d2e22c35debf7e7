/* SPDX-License-Identifier: MIT
 *
 * watch.c -- see watch.h.
 */
#include "vtab/watch.h"

#include <time.h>

SQLITE_EXTENSION_INIT3

enum { STEP_NS = 5000000 };

/* One row every 1000 rounds of the innermost loop, which is some 4000 instructions and
 * 20 us: handlers are set to 1000 instructions or to many times that.  It asks an
 * authorizer for no more than any SELECT, and lasts for 10^4 steps. */
static const char probe_sql[] =
    "WITH v(x) AS (VALUES(0),(1),(2),(3),(4),(5),(6),(7),(8),(9)) "
    "SELECT 1 FROM v AS a, v AS b, v AS c, v AS d, v AS e, v AS f, v AS g "
    "WHERE e.x + f.x + g.x = 0 /* goprobe: interrupted? */";

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void
watch_begin(struct watch *watch, sqlite3 *db)
{
    watch->db = db;
    watch->thread = pthread_self();
    watch->probe = NULL;
    watch->due_ns = now_ns() + STEP_NS;
    atomic_init(&watch->is_over, false);
}

/* A probe that cannot be made or run says nothing about the statement. */
static void
step(struct watch *watch)
{
    if (watch->probe == NULL &&
        sqlite3_prepare_v2(watch->db, probe_sql, -1, &watch->probe, NULL) != SQLITE_OK)
        return;
    const int rc = sqlite3_step(watch->probe);
    if (rc == SQLITE_INTERRUPT) atomic_store(&watch->is_over, true);
    if (rc != SQLITE_ROW) sqlite3_reset(watch->probe);
}

bool
watch_stop(void *arg)
{
    struct watch *watch = arg;
    if (pthread_equal(watch->thread, pthread_self()) && !atomic_load(&watch->is_over)) {
        const int64_t at_ns = now_ns();
        if (at_ns >= watch->due_ns) {
            step(watch);
            watch->due_ns = at_ns + STEP_NS;
        }
    }
    return atomic_load(&watch->is_over);
}

void
watch_give_up(struct watch *watch)
{
    atomic_store(&watch->is_over, true);
}

void
watch_end(struct watch *watch)
{
    sqlite3_finalize(watch->probe);
    watch->probe = NULL;
}
