/* SPDX-License-Identifier: ISC */
/* System calls that the kernel refuses to this process and its children. */
#ifndef TESTS_LAB_FILTER_H
#define TESTS_LAB_FILTER_H

#include <stddef.h>

/* The calls of os_sandbox_enter. */
extern const long filter_landlock[];
/* The call of os_stat, where the machine has it. */
extern const long filter_statx[];
/* One call each, by its number on this machine. */
extern const long filter_setuid[], filter_setgid[], filter_setgroups[];

/*
 * Make these calls, up to a 0, fail with that error.  Returns 0, or -1 with
 * errno; only Linux can do that.
 */
int filter_refuse(const long calls[], int error);

#endif
