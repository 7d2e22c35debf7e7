/* SPDX-License-Identifier: MIT
 *
 * table.h -- what all of goprobe's tables share: a session, and maybe a database.
 *
 * Each is eponymous, and CREATE VIRTUAL TABLE temp.lab USING flows('/path') opens
 * another database.  Neither SQLITE_VTAB_INNOCUOUS (they read files) nor
 * SQLITE_VTAB_DIRECTONLY: the views of sql/ may be stored in a database file, and would
 * be refused there.
 */
#ifndef VTAB_TABLE_H
#define VTAB_TABLE_H

#include "vtab/cost.h"
#include "vtab/session.h"

struct table {
    sqlite3_vtab base; /* first */
    sqlite3 *db;
    struct session *session;
    char *db_path; /* NULL: the session's */
    /* How much there is, for estimates: asked once a second and scope. */
    struct table_size {
        struct godb_size size;
        int64_t first_s, last_s; /* of the scope */
        int64_t read_s;          /* 0: never */
        unsigned change_count;   /* of the session, when it was read */
    } size;
};

/* xCreate and xConnect with the table's declaration; aux is the session. */
int table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
    const char *schema, sqlite3_vtab **out, char **error);

/* xDisconnect and xDestroy. */
int table_disconnect(sqlite3_vtab *table);

/* Begin an estimate; a database that cannot be asked is taken for a usual one. */
void table_cost(struct table *table, struct cost *out);

/* The counter as SQLite has it: what exceeds INT64_MAX becomes a REAL. */
void table_result_count(sqlite3_context *context, uint64_t count);

/* NULL where count is negative: not known. */
void table_result_known(sqlite3_context *context, int64_t count);

/* A text that outlives the statement, and one that does not. */
void table_result_static(sqlite3_context *context, const char *text);
void table_result_text(sqlite3_context *context, const char *text);
void table_result_ip(sqlite3_context *context, const uint8_t ip[GODB_IP_BYTES]);

/* The protocol's name, or its number as text where it has none. */
void table_result_proto_name(sqlite3_context *context, uint8_t proto);

extern const sqlite3_module flows_module, traffic_module, blocks_module,
    interfaces_module;

#endif
