/* SPDX-License-Identifier: MIT
 *
 * own_groups.h -- the groups that one thread sums up for itself.
 */
#ifndef GODB_OWN_GROUPS_H
#define GODB_OWN_GROUPS_H

#include "godb/group_key.h"
#include "godb/group_table.h"

/* What fits a core's cache beside the columns of a block. */
enum { OWN_GROUPS_MAX = 12288 };

struct own_groups {
    struct row_list rows; /* groups */
    unsigned key_words;
    uint64_t seed;
    uint64_t row_count; /* that groups were made of since they were cleared */
    struct group_table table;
};

/* pool is borrowed until own_groups_free(). */
void own_groups_init(struct own_groups *own, const struct key_layout *layout,
    struct chunk_pool *pool, unsigned row_words, uint64_t seed);
void own_groups_free(struct own_groups *own);

/* Add rows.  There are never to be more than OWN_GROUPS_MAX groups.  GODB_OK or
 * GODB_ENOMEM. */
int own_groups_add(struct own_groups *own, const uint64_t *rows, size_t count);

/* Forget the groups. */
void own_groups_clear(struct own_groups *own);

#endif
