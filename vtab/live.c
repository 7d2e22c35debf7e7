/* SPDX-License-Identifier: MIT
 *
 * live.c -- see live.h.
 */
#include "vtab/live.h"

#include <string.h>

SQLITE_EXTENSION_INIT3

struct live_view {
    struct live_view *next; /* of the session's */
    int references;
    char *root;             /* of the database */
    char *socket;           /* NULL: the usual one */
    struct godb_live *live; /* NULL: no goprobe answers */
};

/* Is it of this database and socket?  The session's scope may have changed. */
static bool
is_of(const struct live_view *view, const char *root, const char *socket)
{
    if (strcmp(view->root, root) != 0) return false;
    if (view->socket == NULL || socket == NULL) return view->socket == socket;
    return strcmp(view->socket, socket) == 0;
}

static void
free_view(struct live_view *view)
{
    godb_live_free(view->live);
    sqlite3_free(view->root);
    sqlite3_free(view->socket);
    sqlite3_free(view);
}

void
live_release(struct live_view **view, struct session *session)
{
    if (*view != NULL && --(*view)->references == 0) {
        struct live_view **link = &session->views;
        while (*link != *view)
            link = &(*link)->next;
        *link = (*view)->next;
        free_view(*view);
    }
    *view = NULL;
}

static struct live_view *
new_view(const char *root, const char *socket)
{
    struct live_view *view = sqlite3_malloc(sizeof *view);
    if (view == NULL) return NULL;
    memset(view, 0, sizeof *view);
    view->references = 1;
    view->root = sqlite3_mprintf("%s", root);
    view->socket = socket ? sqlite3_mprintf("%s", socket) : NULL;
    if (view->root && (view->socket || socket == NULL)) return view;
    free_view(view);
    return NULL;
}

static int
ask(struct live_view **out, struct session *session, const struct godb *db,
    const char *socket, struct watch *watch, struct godb_err *err)
{
    struct live_view *view = new_view(godb_root(db), socket);
    if (view == NULL) {
        *err = (struct godb_err){GODB_ENOMEM, 0, "out of memory"};
        return GODB_ENOMEM;
    }
    int rc = godb_live_open(&view->live, db, socket, watch_stop, watch, err);
    if (rc == GODB_ENOTFOUND) session_warn(session, err);
    if (rc != GODB_OK && rc != GODB_ENOTFOUND) {
        free_view(view);
        return rc;
    }
    view->next = session->views;
    session->views = view;
    *out = view;
    return GODB_OK;
}

int
live_hold(struct live_view **view, struct session *session, const struct godb *db,
    struct watch *watch, struct godb_err *err)
{
    const char *socket;
    if (!session_live(session, &socket)) {
        live_release(view, session);
        return GODB_OK;
    }
    if (*view && is_of(*view, godb_root(db), socket)) return GODB_OK;
    live_release(view, session);
    for (struct live_view *other = session->views; other; other = other->next)
        if (is_of(other, godb_root(db), socket)) {
            other->references++;
            *view = other;
            return GODB_OK;
        }
    return ask(view, session, db, socket, watch, err);
}

const struct godb_live *
live_flows(const struct live_view *view)
{
    return view ? view->live : NULL;
}
