/* SPDX-License-Identifier: ISC */
/* Make the kernel refuse system calls of this process and its children. */
#ifndef TESTS_LAB_FILTER_H
#define TESTS_LAB_FILTER_H

#include <stddef.h>

/* The calls of os_sandbox_enter. */
extern const long filter_landlock[];
/* The call of os_stat; an empty list if the machine lacks it. */
extern const long filter_statx[];
/* One call each. */
extern const long filter_setuid[], filter_setgid[], filter_setgroups[];

/*
 * Make these calls fail with this error.  A 0 ends the list.  Returns 0, or -1
 * with errno; always ENOTSUP on systems other than Linux.
 */
int filter_refuse(const long calls[], int error);

#endif
