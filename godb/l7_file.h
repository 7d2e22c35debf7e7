/* SPDX-License-Identifier: MIT
 *
 * l7_file.h -- the sidecar that says what a day's l7proto ids mean.
 *
 * <day>/l7proto.json, which other readers ignore, one line of JSON:
 *
 *   {"version":2,"name_spaces":[
 *      {"from":1700000000,"library":"nDPI 4.2.0",
 *       "protocols":[[0,"Unknown","Unspecified"],[7,"HTTP","Web"], ...]}],
 *    "check":"0123456789abcdef"}
 *
 * A block stamped S follows the last entry with from <= S; where there is none, or no
 * file, ids are libprotoident's.  An entry of the library "libprotoident" needs no
 * protocols: a converter that appends to a captured day writes one.
 */
#ifndef GODB_L7_FILE_H
#define GODB_L7_FILE_H

#include "godb/godb.h"

struct l7_space {
    int64_t from_s;
    const struct godb_l7_names *names;
    struct godb_l7_names *owned; /* == names, or NULL where they are static */
};

struct l7_spaces {
    struct l7_space *spaces;
    size_t count;
};

/* Read a day's sidecar; a missing one gives no spaces and GODB_OK. err->msg names the
 * file only. */
int l7_file_read(struct l7_spaces *out, int dir_fd, struct godb_err *err);
void l7_spaces_free(struct l7_spaces *spaces);

/* What the ids of a block with this stamp mean; borrowed from spaces, or static. */
const struct godb_l7_names *l7_spaces_at(
    const struct l7_spaces *spaces, int64_t time_s);

/* Make blocks from time_s on mean names; replaces the file where that is news. */
int l7_file_declare(int dir_fd, int64_t time_s, const struct godb_l7_names *names,
    struct godb_err *err);

#endif
