/* SPDX-License-Identifier: ISC */
/* System calls that fail for this process and what it starts. */
#ifndef TESTS_LAB_FILTER_H
#define TESTS_LAB_FILTER_H

#include <stddef.h>

/* What the kernel is asked for by os_sandbox_enter. */
extern const long filter_landlock[];
/* What it is asked for by os_stat, where the machine has it. */
extern const long filter_statx[];
/* Each alone, as it is called on this machine. */
extern const long filter_setuid[], filter_setgid[], filter_setgroups[];

/*
 * From now on these calls, up to a 0, do nothing and return that error.
 * Returns 0, or -1 with errno: only Linux can do that.
 */
int filter_refuse(const long calls[], int error);

#endif
