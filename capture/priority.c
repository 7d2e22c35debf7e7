/* SPDX-License-Identifier: MIT
 *
 * priority.c -- see priority.h.
 */
#include "capture/priority.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    SLICE_NS = 100 * 1000, /* the shortest there is */
    PATIENT_NICE = 19
};

/* Where it is forbidden, all goes on as well as without it. */
static void
set(const struct sched_attr *attr)
{
    (void)syscall(SYS_sched_setattr, 0, attr, 0);
}

void
priority_be_prompt(void)
{
    const struct sched_attr attr = {.size = sizeof attr,
        .sched_policy = SCHED_NORMAL,
        .sched_nice = getpriority(PRIO_PROCESS, 0),
        .sched_runtime = SLICE_NS};
    set(&attr);
}

void
priority_be_patient(void)
{
    const struct sched_attr attr = {
        .size = sizeof attr, .sched_policy = SCHED_BATCH, .sched_nice = PATIENT_NICE};
    set(&attr);
}
