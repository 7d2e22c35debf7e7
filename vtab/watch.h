/* SPDX-License-Identifier: MIT
 *
 * watch.h -- has the statement that waits for us been interrupted?
 *
 * SQLite looks between the rows of a table, never while the table works on one: there
 * we have to ask.  sqlite3_is_interrupted() came with 3.41, and a time-out that a host
 * puts into sqlite3_progress_handler() is no interrupt before the handler was called.
 * So a statement of our own is stepped now and then: it ends with SQLITE_INTERRUPT
 * where the connection was interrupted, and its instructions are counted for the
 * progress handler like any other's.
 *
 *      xFilter, xNext   watch_begin ... godb (stop: watch_stop) ... watch_end
 *      watch_stop          nothing |---- 5 ms ----| step |---- 5 ms ----| step ...
 *
 * The statement is made by the first step and gone by watch_end, so that no host finds
 * it among its own, and what takes less than 5 ms never has one.
 */
#ifndef VTAB_WATCH_H
#define VTAB_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sqlite3ext.h>

struct watch {
    sqlite3 *db;
    pthread_t thread; /* the statement's own: only it may call SQLite */
    sqlite3_stmt *probe;
    int64_t due_ns; /* when to look next, of CLOCK_MONOTONIC */
    atomic_bool is_over;
};

/* Begin where SQLite has called; *watch needs no value before. */
void watch_begin(struct watch *watch, sqlite3 *db);

/* A godb_stop_fn: arg is the watch.  In other threads than watch_begin()'s it says what
 * was last found there. */
bool watch_stop(void *watch);

/* From now on watch_stop() says so.  In any thread. */
void watch_give_up(struct watch *watch);

/* Before going back to SQLite. */
void watch_end(struct watch *watch);

#endif
