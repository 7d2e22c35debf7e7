/* SPDX-License-Identifier: MIT
 *
 * small_groups.h -- what one thread sums up by ports and protocols.
 *
 *      number of a key --> page --> number of the group --> its key and sums
 *
 * Such keys are so few that their value says where their group is: there is nothing to
 * hash, and no row is made.
 */
#ifndef GODB_SMALL_GROUPS_H
#define GODB_SMALL_GROUPS_H

#include <stddef.h>
#include <stdint.h>

enum { SMALL_PAGES = 256, SMALL_PAGE_KEYS = 65536 };

/* Groups have numbers of 16 bits. */
enum { SMALL_GROUPS_MAX = UINT16_MAX };

struct small_groups {
    unsigned sum_count;
    size_t max, count;
    uint64_t *rows;               /* of each group its key and sums */
    uint16_t *pages[SMALL_PAGES]; /* number + 1; 0: no group */
};

/* For at most `max` groups, which is no more than SMALL_GROUPS_MAX. */
void small_groups_init(struct small_groups *small, unsigned sum_count, size_t max);
void small_groups_free(struct small_groups *small);

/* Add rows by the numbers of their keys, as of key_numbers(); sums has sum_count a row.
 * There is to be room for as many groups.  GODB_OK or GODB_ENOMEM. */
int small_groups_add(struct small_groups *small, const uint32_t *numbers,
    const uint64_t *sums, size_t count);

/* Forget the groups. */
void small_groups_clear(struct small_groups *small);

#endif
